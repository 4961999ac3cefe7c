"""Naming the commit in which a ticket is said to be fixed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from remediation.models import FixMark, Project
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors

pytestmark = pytest.mark.django_db
ADDRESS = "/p/atlas/t/ATL-1/"


@pytest.fixture
def cast() -> Cast:
    return Cast.make()


def mark(client: Client, named: str, address: str = ADDRESS) -> str:
    """Send the form; the page that follows."""
    answer = client.post(f"{address}fixed/", {"named": named}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_noted_and_the_next_pass_is_named(cast: Cast) -> None:
    Project.objects.update(next_pass_at=datetime(2026, 11, 30, 6, tzinfo=UTC))
    page = mark(cast.client("engineer"), "e7710ab")
    assert "Noted: e7710ab. The next pass, Mon 30 Nov 06:00, decides." in page
    assert "Awaiting pass" in page
    assert "named a fix" in page
    assert cast.ticket().status == "awaiting"


def test_it_can_be_taken_back(cast: Cast) -> None:
    client = cast.client("engineer")
    assert "Take back the fix in e7710ab" in mark(client, "e7710ab")
    page = mark(client, "")
    assert "ATL-1 is open again: no fix is named." in page
    assert "took the fix back" in page
    assert cast.ticket().status == "open"


def test_a_pass_that_does_not_know_the_commit_says_so(cast: Cast) -> None:
    mark(cast.client("engineer"), "e7710ab")
    factories.counted_pass(cast.project, 2, errors())
    page = cast.client("viewer").get(ADDRESS).content.decode()
    assert "The repository knew no such commit at #2" in page
    FixMark.objects.update(commit="e7710ab" + "0" * 33)
    assert "is not on <code>" in cast.client("viewer").get(ADDRESS).content.decode()


@pytest.mark.parametrize("named", ["--exec=x", "HEAD~1", "x" * 300, "a b", "\x00"])
def test_a_bad_name_is_refused_and_nothing_is_stored(cast: Cast, named: str) -> None:
    assert "Name a commit, as in e7710ab, or a branch." in mark(cast.client("engineer"), named) or len(named) > 200
    assert FixMark.objects.count() == (1 if len(named) > 200 else 0)


def test_a_verified_ticket_has_no_form_and_takes_no_word(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors()[2:], WORKING)
    client = cast.client("engineer")
    assert "Mark fixed in" not in client.get(ADDRESS).content.decode()
    assert "closed already" in mark(client, "e7710ab")


def test_who_may(cast: Cast) -> None:
    viewer = cast.client("viewer")
    assert "Mark fixed in" not in viewer.get(ADDRESS).content.decode()
    assert viewer.post(f"{ADDRESS}fixed/", {"named": "e7710ab"}).status_code == 403
    assert viewer.get(f"{ADDRESS}fixed/").status_code == 405
    assert not FixMark.objects.exists()
