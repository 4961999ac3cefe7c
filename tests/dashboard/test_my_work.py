"""My work: what a person should do now, in every project they may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from remediation import tickets
from remediation.core.mutes import Until
from remediation.models import FixMark, Membership, Project, Transition, User
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

URL = "/me/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def said(client: Client) -> str:
    return words(client.get(URL).content.decode().partition("<main")[2].partition("<footer")[0])


def seen(project: Project, *broken: Any) -> None:
    """A counted pass of today that sees these errors; everything else collects."""
    working = {path: tests for path, tests in WORKING.items() if path not in {error.path for error in broken}}
    working |= {} if any(error.path == "tests/test_c.py" for error in broken) else {"tests/test_c.py": 2}
    factories.counted_pass(project, None, broken, working, at=timezone.now())


def test_nothing_claimed_says_where_something_is_free(cast: Cast) -> None:
    Membership.objects.create(project=cast.other, user=cast.engineer, role="engineer")
    page = said(cast.client("engineer"))
    assert "Nothing claimed. 2 tickets are free in atlas, 2 in borealis." in page
    assert "No pass verified a ticket of yours in the last 7 days." in page
    assert "Good next" not in page
    answer = cast.client("engineer").get(URL).content.decode()
    assert 'href="/p/atlas/tickets/?tab=unclaimed"' in answer


def test_a_viewer_is_told_that_there_is_nothing_to_claim(cast: Cast) -> None:
    assert "Nothing claimed. Your role lets you read atlas, and claim nothing." in said(cast.client("viewer"))
    tickets.claim(cast.ticket(), cast.engineer)
    Membership.objects.filter(user=cast.engineer).update(role="viewer")
    page = cast.client("engineer").get(URL).content.decode().partition("<main")[2].partition("<footer")[0]
    assert "ATL-1" in page and "<form" not in page  # what was theirs is read, not changed


def test_without_a_project_a_lead_is_to_be_asked(cast: Cast) -> None:
    client = Client()
    client.force_login(factories.user("new.comer"))
    assert "Ask a lead to add you." in said(client)
    Project.objects.all().delete()
    assert "Add a repository to count its collection errors" in said(cast.client("admin"))


def test_each_ticket_stands_where_it_asks_for_something(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.engineer)
    assert "You have 1 ticket to repair." in said(cast.client("engineer"))
    tickets.mark_fixed(cast.ticket(1), cast.engineer, "e7710ab")  # nobody has it: the fix is theirs
    Project.objects.filter(pk=cast.project.pk).update(next_pass_at=timezone.now().replace(year=2031))
    page = said(cast.client("engineer"))
    assert "Claimed 1 ticket" in page and "ATL-2 in atlas, 1 error. Claimed " in page
    assert "Awaiting a pass 1 ticket" in page and "Fix in e7710ab. The pass on" in page and "2031" in page
    assert "You named the fix; nobody has it." in page
    FixMark.objects.update(contained_from=2)
    seen(cast.project, *errors()[1:])
    page = said(cast.client("engineer"))
    assert "1 ticket is still seen." in page
    assert "ATL-1 in atlas, 1 error. The fix in e7710ab is not complete." in page
    assert page.index("Still seen by a pass") < page.index("Claimed 1 ticket")


def test_what_a_person_fixed_comes_back_to_them(cast: Cast) -> None:
    tickets.claim(cast.ticket(1), cast.engineer)
    seen(cast.project, errors()[2])
    tickets.release(cast.ticket(1), cast.engineer)
    page = said(cast.client("engineer"))
    assert "Your week 1 ticket verified, 2 errors cleared" in page
    assert "ATL-1, gone since pass #2" in page
    assert "0 tickets" not in said(cast.client("lead"))
    seen(cast.project, *errors())
    page = said(cast.client("engineer"))
    assert "1 ticket came back." in page
    assert "Verified at #2, back since #3. You fixed it; nobody has it now." in page
    assert "No pass verified a ticket of yours in the last 7 days." in page  # it is verified no longer
    tickets.claim(cast.ticket(1), cast.lead)
    assert "You fixed it; Ines Duarte has it now." in said(cast.client("engineer"))
    assert "1 ticket came back." in said(cast.client("lead"))  # it is theirs now


def test_a_fix_is_counted_for_a_week_and_for_nobody_else(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.lead)
    tickets.mark_fixed(cast.ticket(2), cast.engineer, "e7710ab")
    seen(cast.project, *errors()[:2])
    for role in ("engineer", "lead"):  # the one who named the fix, and the one who had it
        assert "1 ticket verified, 1 error cleared" in said(cast.client(role))
    assert "No pass verified" in said(cast.client("admin"))
    cast.project.passes.filter(number=2).update(effective_at=timezone.now() - timedelta(days=8))
    assert "No pass verified" in said(cast.client("lead"))


def test_a_claim_that_was_given_back_before_the_pass_is_no_fix(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.engineer)
    tickets.release(cast.ticket(2), cast.engineer)
    tickets.assign(cast.ticket(2), cast.lead, cast.engineer)
    seen(cast.project, *errors()[:2])
    assert "No pass verified" in said(cast.client("engineer"))
    assert "1 ticket verified" in said(cast.client("lead"))


def test_a_history_with_a_gap_credits_nobody_and_breaks_no_page(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.engineer)
    seen(cast.project, *errors()[:2])
    Transition.objects.filter(ticket=cast.ticket(2), verb="opened").delete()
    assert "No pass verified" in said(cast.client("engineer"))


def test_what_is_next_is_like_what_one_fixed(cast: Cast) -> None:
    more = [factories.missing_module(f"tests/test_{n}.py", "atlas.core.events") for n in "de"]
    seen(cast.project, *errors(), *more, factories.unknown_marker("tests/test_f.py"))
    tickets.claim(cast.ticket(1), cast.engineer)
    seen(cast.project, errors()[2], *more, factories.unknown_marker("tests/test_f.py"))
    page = said(cast.client("engineer"))
    assert "ATL-3 in atlas, 2 errors, unclaimed, like ATL-1 you fixed: missing module." in page
    assert "ATL-4" not in page and "ATL-2" not in page  # nothing in common: no evidence, no suggestion
    assert "Good next" not in said(cast.client("lead"))
    tickets.claim(cast.ticket(3), cast.lead)
    assert "Good next" not in said(cast.client("engineer"))


def test_a_mute_of_theirs_is_listed_while_its_end_comes_nearer(cast: Cast) -> None:
    soon = timezone.now().date() + timedelta(days=30)
    tickets.mute(cast.ticket(1), cast.lead, "waits for a release", Until(day=soon))
    tickets.mute(cast.ticket(2), cast.lead, "waits for a pass", Until(number=9))
    page = said(cast.client("lead"))
    assert "2 tickets of yours are muted." in page
    assert f"Muted by you until {soon.day} " in page and "Muted by you until pass #9." in page
    assert page.index("ATL-1 in atlas") < page.index("ATL-2 in atlas")
    assert "Nothing claimed." in said(cast.client("engineer"))
    tickets.unmute(cast.ticket(2), cast.lead)
    tickets.mute(cast.ticket(2), cast.lead, "never", Until())
    assert "ATL-2" not in said(cast.client("lead"))  # nothing of it will come by itself
    tickets.claim(cast.ticket(2), cast.engineer)
    page = said(cast.client("engineer"))
    assert "1 ticket of yours is muted." in page and "Muted for good. Claimed " in page


def test_a_claim_that_stands_still_comes_first_and_is_renewed_here(cast: Cast) -> None:
    for number in (1, 2):
        tickets.claim(cast.ticket(number), cast.engineer)
    silent = timezone.now() - timedelta(days=6)
    cast.project.tickets.filter(number=2).update(flagged_at=timezone.now(), silent_since=silent)
    client = cast.client("engineer")
    page = said(client)
    assert f"No sign of life since {silent.day} " in page
    assert page.index("ATL-2 in atlas") < page.index("ATL-1 in atlas")
    answer = client.post("/p/atlas/t/ATL-2/renew/", {"next": URL}, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    assert "Noted: you are still on ATL-2." in words(answer.content.decode())
    assert "No sign of life" not in words(answer.content.decode())


def test_only_projects_one_may_see(cast: Cast) -> None:
    tickets.claim(cast.ticket(1), cast.engineer)
    seen(cast.project, errors()[2])
    Membership.objects.filter(user=cast.engineer).delete()
    page = said(cast.client("engineer"))
    assert "ATL" not in page and "No project yet" in page
    assert "borealis" not in said(cast.client("lead"))


def test_actions_come_back_here_without_javascript(cast: Cast) -> None:
    client = cast.client("engineer")
    tickets.claim(cast.ticket(1), cast.engineer)
    answer = client.post("/p/atlas/t/ATL-1/fixed/", {"named": "e7710ab", "next": URL}, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    assert "Noted: e7710ab. The next pass that contains it decides." in words(answer.content.decode())
    answer = client.post("/p/atlas/t/ATL-1/fixed/", {"named": "a..b", "next": URL}, follow=True)
    assert answer.redirect_chain == [(URL, 302)] and "Name a commit" in answer.content.decode()
    answer = client.post("/p/atlas/t/ATL-1/fixed/", {"named": "x", "next": "https://evil.example/"})
    assert answer.url == "/p/atlas/t/ATL-1/"
    answer = client.post("/p/atlas/t/ATL-1/release/", {"next": URL}, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    assert "ATL-1 is free again." in words(answer.content.decode())


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL).url == "/login/?next=/me/"
    assert cast.client("engineer").post(URL).status_code == 405


def _busy(person: User, project: Project) -> None:
    """Something in every part of the page."""
    Membership.objects.get_or_create(project=project, user=person, role="engineer")
    more = [
        factories.missing_module("tests/test_d.py", "atlas.core.events"),
        factories.unknown_marker("tests/test_f.py"),
    ]
    seen(project, *errors(), *more)
    for number in (1, 2):
        tickets.claim(project.tickets.get(number=number), person)
    seen(project, errors()[2], *more)


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_num_queries: Any) -> None:
    _busy(cast.engineer, cast.project)
    client = cast.client("engineer")
    assert "Good next" in said(client)
    with django_assert_num_queries(8):  # session, person, projects, histories, tickets, and three for what is next
        client.get(URL)
    for number in range(19):
        _busy(cast.engineer, factories.project(f"many {number}"))
    with django_assert_num_queries(8):
        page = said(client)
    assert "You have 20 tickets to repair." in page
    assert "20 tickets verified, 40 errors cleared" in page
