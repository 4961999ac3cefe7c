"""Whom to ask, on the ticket's page and in the settings; nobody is said to have broken anything."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from dashboard.whom_to_ask import whom_to_ask
from remediation.models import BlamedFiles, GitIdentity, OwnersFile
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

TICKET, SETTINGS = "/p/atlas/t/ATL-1/", "/p/atlas/settings/"
REGISTRY = "atlas/core/registry.py"
ADA = {
    "name": "Ada Brook",
    "email": "ada@example.org",
    "at": "2026-11-12T06:00:00+00:00",
    "commit": "3f2a91c" + "0" * 33,
    "path": REGISTRY,
    "how": "gone",
    "line": None,
}
GRACE = {**ADA, "name": "Grace <b>Lim</b>", "path": "tests/test_a.py", "how": "line", "line": 3}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def know(cast: Cast, **facts: Any) -> None:
    usual = {"owners": ["@team-core"], "owners_line": 12, "owners_place": "CODEOWNERS", "owned_path": REGISTRY}
    BlamedFiles.objects.create(ticket=cast.ticket(), asked=[REGISTRY], **{**usual, "people": [ADA, GRACE], **facts})


def side(cast: Cast, role: str = "viewer") -> str:
    said = words(cast.client(role).get(TICKET).content.decode())
    return said.partition("Whom to ask")[2].partition("not who broke it")[0]


def test_it_works(cast: Cast) -> None:
    know(cast)
    said = side(cast)
    assert "Owned by @team-core CODEOWNERS line 12, for atlas/core/registry.py, where it would be" in said
    assert "Ada Brook may know last touched atlas/core/registry.py, which is gone since, 12 Nov, 3f2a91c" in said
    assert "may know wrote line 3 of tests/test_a.py, 12 Nov, 3f2a91c" in said
    assert "Grace <b>Lim</b>" in said, "a name is text"
    page = cast.client("admin").get(TICKET).content.decode()
    assert "@example.org" not in page.partition("Whom to ask")[2], "addresses are never shown"


def test_whoever_commits_under_an_address_is_told_by_their_name_here(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    know(cast, people=[ADA, {**GRACE, "email": "grace@example.org"}])
    GitIdentity.objects.create(user=cast.engineer, email="ada@example.org")
    GitIdentity.objects.create(user=cast.stranger, email="grace@example.org")
    said = side(cast)
    assert "Ada Brook, here as Mei Lin, may know" in said
    assert "Okafor" not in said, "of people of other projects nobody learns here"
    ticket = cast.project.tickets.with_passes().with_blamed().get(number=1)
    with django_assert_num_queries(1):
        whom_to_ask(ticket)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"owners": [], "owners_line": 7}, "No owner CODEOWNERS line 7 gives atlas/core/registry.py none"),
        ({"owners": [], "owners_line": None}, "No owner No line of CODEOWNERS matches atlas/core/registry.py"),
        ({"owners": [f"@t{n}" for n in range(7)]}, "Owned by @t0, @t1, @t2, @t3 and 3 more"),
        ({"owners": [], "owners_place": "", "owners_line": None}, "Ada Brook may know"),
        ({"owners": [], "owned_path": "", "owners_line": None}, "Ada Brook may know"),
    ],
)
def test_what_the_file_says(cast: Cast, facts: dict[str, Any], said: str) -> None:
    know(cast, **facts)
    assert side(cast).strip().startswith(said)


def test_nothing_is_said_where_nothing_is_known(cast: Cast) -> None:
    assert "Whom to ask" not in cast.client("viewer").get(TICKET).content.decode()
    know(cast, people=[], owners=[], owners_place="")
    assert "Whom to ask" not in cast.client("viewer").get(TICKET).content.decode()


def test_a_verified_ticket_asks_nobody(cast: Cast) -> None:
    know(cast)
    factories.counted_pass(cast.project, 2, errors()[2:], WORKING)
    assert "Whom to ask" not in cast.client("viewer").get(TICKET).content.decode()


def test_settings_say_which_file_was_read_and_what_of_it_is_ignored(cast: Cast) -> None:
    def page() -> str:
        return words(cast.client("viewer").get(SETTINGS).content.decode())

    assert "The next pass looks for a CODEOWNERS file" in page()
    none = OwnersFile.objects.create(project=cast.project, digest="0")
    cast.project.passes.update(owners_file=none)
    assert "At pass #1 there was no CODEOWNERS file" in page()
    lines = [[n, "a pattern cannot be taken back with !"] for n in range(1, 8)]
    file = OwnersFile.objects.create(project=cast.project, digest="1", path="docs/CODEOWNERS", rules=1, ignored=lines)
    cast.project.passes.update(owners_file=file)
    said = page()
    assert "docs/CODEOWNERS at pass #1: 1 line by the rules of GitHub; the last one that matches counts." in said
    assert "Line 1 is ignored: a pattern cannot be taken back with !." in said
    assert "2 more lines are ignored." in said
