"""The sample's tests of users and sessions."""

from __future__ import annotations

from dashboard.sample.suite import Suite

ACCOUNTS = Suite(
    path="tests/unit/users/test_${name}_accounts.py",
    template='''\
"""Accounts of the $name kind."""

import pytest

from atlas.users.service import UserService

RIGHTS = $values


@pytest.fixture
def service():
    service = UserService()
    service.create("$name", rights=RIGHTS)
    return service


@pytest.mark.parametrize("right", RIGHTS)
def test_has_its_rights(service, right):
    assert service.may("$name", right)


def test_has_no_other_right(service):
    assert not service.may("$name", "launch")


def test_loses_rights_when_locked(service):
    service.lock("$name")
    assert not service.may("$name", RIGHTS[0])
''',
    rows="""
admin: invite remove audit
auditor: read export
bot: read write
courier_user: scan sign
driver: navigate scan
guest: browse
partner: quote order
reseller: order refund
warehouse: count move
""",
)

SESSIONS = Suite(
    path="tests/unit/sessions/test_${name}_sessions.py",
    template='''\
"""Sessions of the $name client."""

import pytest

from atlas.users.session_store import SessionStore

DEVICES = $values


@pytest.mark.parametrize("device", DEVICES)
def test_opens_one_session_per_device(device):
    store = SessionStore()
    token = store.open("$name", device)
    assert store.owner(token) == ("$name", device)


def test_forgets_a_closed_session():
    store = SessionStore()
    token = store.open("$name", DEVICES[0])
    store.close(token)
    assert store.owner(token) is None
''',
    rows="""
api: key certificate
broker: consumer producer
browser: desktop tablet
kiosk: counter
mobile: phone watch
terminal: till scanner
""",
)

FROZEN = Suite(
    path="tests/unit/sessions/test_${name}.py",
    template='''\
"""The $name of sessions, with the clock held still."""

from datetime import datetime, timedelta

import pytest
from freezegun import freeze_time

LIMITS = $values


@pytest.mark.parametrize("minutes", LIMITS)
def test_ends_after_its_minutes(minutes):
    with freeze_time("2024-03-01 12:00") as clock:
        end = datetime.now() + timedelta(minutes=int(minutes))
        clock.tick(timedelta(minutes=int(minutes)))
        assert datetime.now() == end
''',
    rows="""
legacy_audit: 60 120
session_expiry: 5 15 30
""",
)

SUITES = (ACCOUNTS, SESSIONS, FROZEN)
