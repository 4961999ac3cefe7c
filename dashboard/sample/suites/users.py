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

TOKENS = Suite(
    path="tests/unit/sessions/test_${name}.py",
    template='''\
"""What the $name carry."""

import jwt
import pytest

KEY = "a key for tests only, of thirty-two bytes or more"
DEVICES = $values


@pytest.mark.parametrize("device", DEVICES)
def test_carry_the_device(device):
    token = jwt.encode({"sub": "ada", "device": device}, KEY, algorithm="HS256")
    assert jwt.decode(token, KEY, algorithms=["HS256"])["device"] == device


def test_are_refused_with_another_key():
    token = jwt.encode({"sub": "ada"}, KEY, algorithm="HS256")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, KEY[::-1], algorithms=["HS256"])
''',
    rows="""
access_tokens: phone browser terminal
legacy_tokens: pager
""",
)

SUITES = (ACCOUNTS, SESSIONS, TOKENS)
