"""The overview's parts and states: what waits, what a pass without a count leaves, what is stale, and zero."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import heartbeat
from remediation import passes, tickets
from remediation.models import BlamedFiles, Category, CollectionPass, Project, Ticket
from remediation.projections import chapters
from tests import factories
from tests.dashboard.cast import Cast, words
from tests.dashboard.long_history import lengthen
from tests.dashboard.test_overview import OTHER, broken, counted, files, fresh, page

URL = "/p/zephyr/"


def part(text: str, start: str, end: str) -> str:
    """What stands between two headings."""
    return text.partition(start)[2].partition(end)[0]


def decisions(client: Client) -> str:
    return part(page(client), "Needs a decision", "Largest still open")


def ago(**values: float) -> datetime:
    return timezone.now() - timedelta(**values)


def three_causes(project: Project, at: datetime) -> CollectionPass:
    """Errors of three root causes: five files, two, and one."""
    errors = [
        *broken(5),
        *(factories.missing_name(f"tests/cache/test_{i}.py") for i in range(2)),
        factories.unknown_marker("tests/load/test_0.py"),
    ]
    return factories.counted_pass(project, None, errors, {"tests/test_healthy.py": 5}, at=at)


# --- needs a decision


def test_a_ticket_that_nobody_claims_waits_after_three_days(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=2, hours=23))
    assert "No ticket came back, no fix is still seen" in decisions(client)
    CollectionPass.objects.update(effective_at=ago(days=3, hours=1))
    said = decisions(client)
    assert "5 files. First seen 3 days ago, nobody took it. Claim" in said
    assert said.index("5 files") < said.index("2 files") < said.index("1 file.")


def test_at_most_three_of_them_are_listed_and_the_rest_is_counted(db: None) -> None:
    project, client = fresh()
    errors = [factories.missing_module(f"tests/test_{i}.py", f"atlas.gone_{i}") for i in range(9)]
    factories.counted_pass(project, None, errors, at=ago(days=9))
    said = decisions(client)
    assert said.count("nobody took it") == 3
    assert "6 more unclaimed for over 3 days" in said


def test_claim_is_one_button_and_leads_back(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=9))
    label = Ticket.objects.get(number=1).label
    drawn = client.get(f"{URL}?range=4w").content.decode()
    form = part(drawn, f'action="/p/zephyr/t/{label}/claim/"', "</form>")
    assert 'name="next" value="/p/zephyr/?range=4w"' in form
    answer = client.post(f"/p/zephyr/t/{label}/claim/", {"next": "/p/zephyr/?range=4w"})
    assert answer.url == "/p/zephyr/?range=4w"
    assert label not in decisions(client)
    viewer = Client()
    viewer.force_login(factories.member(project, "viewer"))
    said = decisions(viewer)
    assert "Claim" not in said and "Open" in said


def test_a_claim_that_is_flagged_waits_for_a_word(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=9))
    ticket = Ticket.objects.get(number=1)
    jonas = factories.member(project, "engineer", "jonas.weber")
    tickets.claim(ticket, jonas)
    Ticket.objects.filter(pk=ticket.pk).update(claimed_at=ago(days=30))
    assert "Jonas Weber" not in decisions(client), "only a flag says it"
    at = datetime(2026, 3, 9, tzinfo=UTC)
    Ticket.objects.filter(pk=ticket.pk).update(flagged_at=ago(days=1), silent_since=at)
    said = decisions(client)
    assert "5 files. Jonas Weber claimed it 30 days ago; no commit on its files and no note since 9 Mar" in said
    assert "Still on it" not in said, "that is for its owner"
    own = Client()
    own.force_login(jonas)
    assert "Still on it" in decisions(own)
    assert own.post(f"/p/zephyr/t/{ticket.label}/renew/", {"next": URL}).url == URL
    assert "Jonas Weber" not in decisions(client)


def test_the_projects_own_patience_decides_and_the_owner_in_codeowners_is_named(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=4))
    BlamedFiles.objects.create(ticket=Ticket.objects.get(number=1), owners=["@team-core", "@ada"])
    assert "5 files. First seen 4 days ago, nobody took it. CODEOWNERS: @team-core and 1 more. Claim" in decisions(
        client
    )
    Project.objects.update(unclaimed_after=10)
    assert "nobody took it" not in decisions(client)


def test_what_blocks_everything_and_what_came_back_stand_before_what_is_free(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=9))
    factories.counted_pass(project, None, broken(5), files(40), at=ago(days=8))
    three_causes(project, ago(days=7))
    cause = factories.missing_name("tests/conftest.py", "tests.fixtures.db", "db_engine")
    factories.blocked_pass(project, blocker=cause, at=ago(days=6))
    said = decisions(client)
    assert said.index("blocks everything at pass #4") < said.index("came back at pass #3") < said.index("First seen")
    assert "What stops pytest has a ticket, ZEP-4; no other was closed or reopened by #4." in page(client)


# --- the other lists


def test_fixing_three_together_promises_a_shared_file_once(db: None) -> None:
    project, client = fresh()
    shared = [factories.missing_module("tests/core/test_000.py"), factories.missing_name("tests/core/test_000.py")]
    factories.counted_pass(project, None, [], files(9, 4), at=ago(days=2))
    factories.counted_pass(project, None, [*shared, *broken(3, 1)], dict(list(files(9, 4).items())[3:]), at=ago(days=1))
    said = part(page(client), "Largest still open", "Verified")
    assert "top 2 clear 4 of 4" in said
    assert (
        "Fixing both clears at least 4 errors and gives back 3 files with ≈ 12 tests (as last collected at #1)" in said
    )
    assert "More may be unmasked." in said


def test_verified_says_how_many_errors_went(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=8))
    factories.counted_pass(project, None, broken(2), files(40), at=ago(days=1))
    said = part(page(client), "Verified", "Counts are")
    assert "2 tickets, 3 errors" in said
    assert "gone since pass #2" in said


# --- one category


def test_a_category_narrows_the_chart_and_the_lists_and_not_the_sentence(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=9))
    category = Ticket.objects.get(number=2).category
    drawn = client.get(URL).content.decode()
    assert f'href="/p/zephyr/?category={category.pk}"' in drawn
    said = page(client, f"{URL}?category={category.pk}")
    assert "8 collection errors at the first pass." in said
    assert "All 1 open" in said
    lists = part(said, "Needs a decision", "Counts are")
    assert "ZEP-2" in lists and "ZEP-1" not in lists and "ZEP-3" not in lists
    assert "top 1 clears 2 of 2" in lists
    chosen = client.get(f"{URL}?category={category.pk}&range=4w").content.decode()
    assert 'aria-current="true" data-key=' in chosen
    assert 'href="/p/zephyr/?range=4w" hx-get' in chosen, "the way back keeps the range"


@pytest.mark.parametrize("wanted", ["0", "999999", "x", "-1", "%00", "9" * 40])
def test_a_category_that_is_not_there_shows_all_of_them(db: None, wanted: str) -> None:
    project, client = fresh()
    three_causes(project, ago(days=9))
    assert "All 3 open" in page(client, f"{URL}?category={wanted}")


def test_more_than_eight_categories_are_all_listed(db: None) -> None:
    project, client = fresh()
    three_causes(project, ago(days=9))
    row = CollectionPass.objects.get()
    for n in range(9):
        added = Category.objects.create(project=project, name=f"Extra {n}", order=50 + n)
        row.category_counts.create(category=added, errors=0, tickets=0)
    table = part(client.get(URL).content.decode(), 'class="tbl cats"', "</table>")
    assert table.count("<tr") == 3 + 9 + 2
    assert 'data-key="8"' in table and 'data-key="9"' not in table


# --- a week that may not be compared


def test_a_changed_scope_takes_the_place_of_the_week(db: None) -> None:
    project, client = fresh()
    counted(project, 12, at=ago(days=9))
    table = part(page(client), "Errors by category", "Needs a decision")
    assert "not comparable" not in table
    factories.counted_pass(project, None, broken(9), files(40), session=OTHER, at=ago(days=1))
    table = part(page(client), "Errors by category", "Needs a decision")
    assert table.count("not comparable") == 2
    assert "−3" not in table.partition("Week to")[0]


# --- passes without a count


def test_the_last_line_of_a_blocked_pass_is_shown(db: None) -> None:
    project, client = fresh()
    counted(project, 20)
    factories.blocked_pass(project)
    said = page(client)
    assert "E ImportError: cannot import name 'db_engine'" in said
    assert "The trend, the week’s ledger and the forecast stop at #1." in said
    assert "No ticket was closed or reopened by #2." in said
    factories.blocked_pass(project)
    assert "No ticket was closed or reopened by the 2 passes since." in page(client)


def test_hostile_evidence_stays_text(db: None) -> None:
    project, client = fresh()
    counted(project, 20)
    row = factories.blocked_pass(project)
    hostile = "x" * 5_000 + "\nE   \x1b[31m<script>alert(1)</script>\u202e" + "y" * 4_000
    CollectionPass.objects.filter(pk=row.pk).update(detail=hostile)
    drawn = client.get(URL).content.decode()
    assert "<script>alert" not in drawn and "\x1b" not in drawn and "\u202e" not in drawn
    CollectionPass.objects.filter(pk=row.pk).update(detail="E   <script>alert(1)</script>\u202e\x1b[31m")
    drawn = client.get(URL).content.decode()
    assert "&lt;script&gt;alert(1)" in drawn and "\u202e" not in drawn and "\x1b" not in drawn


def test_what_comes_after_a_failed_pass_is_said(db: None) -> None:
    project, client = fresh(schedule="0 6 * * *")
    counted(project, 20)
    factories.failed_pass(project)
    assert "The next pass is due" in part(page(client), "Pass #2 failed.", "Last counted")
    passes.queue(project, trigger="manual")
    assert "Pass #3 is waiting for a worker." in part(page(client), "Pass #2 failed.", "Last counted")


def test_an_old_count_tells_what_was_missed_and_whether_a_worker_answers(db: None) -> None:
    project, client = fresh(schedule="0 6 * * *")
    only = counted(project, 20)
    CollectionPass.objects.filter(pk=only.pk).update(ended_at=ago(days=3))
    with heartbeat._client() as broker:
        broker.set(heartbeat._KEY, f"{time.time() - 7_200:.3f}")
    said = part(page(client), "The last counted pass is 3 days old.", "20 collection errors")
    assert "3 scheduled passes did not end with a count since then: no worker has answered since" in said
    assert "manage.py doctor" in said, "an administrator can look"
    heartbeat.note_dispatch()
    said = part(page(client), "The last counted pass is 3 days old.", "20 collection errors")
    assert said.strip().endswith("3 scheduled passes did not end with a count since then.")
    with heartbeat._client() as broker:
        broker.delete(heartbeat._KEY)
    assert "whether a worker answers cannot be told" in page(client)


def test_a_due_time_that_was_skipped_is_not_missed(db: None) -> None:
    project, client = fresh(schedule="0 6 * * *")
    only = counted(project, 20)
    CollectionPass.objects.filter(pk=only.pk).update(ended_at=ago(days=9))
    assert "9 scheduled passes did not end with a count" in page(client)
    Project.objects.update(last_skipped_at=ago(days=4))
    said = page(client)
    assert "The last counted pass is 9 days old. 4 scheduled passes did not end with a count" in said


def test_a_project_without_a_schedule_is_never_stale(db: None) -> None:
    project, client = fresh()
    only = counted(project, 20)
    CollectionPass.objects.filter(pk=only.pk).update(ended_at=ago(days=300))
    assert "old." not in page(client)


# --- what runs


def test_what_runs_stands_beside_its_button_and_nothing_is_said_of_nothing(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    assert "No pass is running" not in page(client)
    assert 'class="live-strip idle"' in client.get(URL).content.decode()
    queued = passes.queue(project, trigger="manual")
    passes.claim(queued.pk)
    aside = part(client.get(URL).content.decode(), '<aside class="pass"', "</aside>")
    assert "Pass #2" in words(aside)
    assert "Run a pass now" in words(aside)


# --- zero


def test_zero_tells_since_when_and_that_files_are_fewer(db: None) -> None:
    project, client = fresh()
    counted(project, 12, at=ago(days=50))
    for day in (20, 10):
        factories.counted_pass(project, None, [], files(30), at=ago(days=day))
    said = page(client)
    assert "Zero collection errors, since pass #2." in said
    assert "12 errors at the first pass and 1 ticket in 30 days. It is verified, the last by #2 on commit" in said
    assert "; #3 still counts zero." in said
    assert "there are fewer test files: 40 to 30 files." in said
    assert 'class="zero-line"' in client.get(URL).content.decode()


def test_zero_that_is_blocked_now_is_dated(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    counted(project, 0)
    factories.blocked_pass(project)
    said = page(client)
    assert "Last counted: 0 errors at #2," in said
    assert "Zero collection errors" not in said
    assert "zero-line" not in client.get(URL).content.decode()


def test_silenced_files_stand_beside_the_percentage(db: None) -> None:
    project, client = fresh()
    counted(project, 20)
    works = {path: ("skipped", 0, "later", "skip") if i > 35 else 9 for i, path in enumerate(files(40))}
    factories.counted_pass(project, None, broken(5), works)
    sentence = part(page(client), "75% fewer", "Latest pass")
    assert "4 test files contribute no test" in sentence


# --- cost


def test_a_thousand_passes_and_long_names_cost_no_more_queries_and_stay_light(
    db: None, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    project, client = fresh(schedule="0 6 * * *")
    name = "LongestNameOfAModule" * 12
    errors = [factories.missing_module(f"tests/{name}/test_{i}.py", f"atlas.{name}_{i}") for i in range(30)]
    factories.counted_pass(project, None, [*errors, *broken(9)], files(40), at=ago(days=20))
    three_causes(project, ago(days=19))
    factories.counted_pass(project, None, [*errors, *broken(3)], files(40), at=ago(days=18))
    last = project.passes.order_by("-number").first()
    for n in range(5):
        added = Category.objects.create(project=project, name=f"Extra {n}", order=50 + n)
        last.category_counts.create(category=added, errors=0, tickets=0)
    for number, category in enumerate(project.categories.all()):
        Category.objects.filter(pk=category.pk).update(name=f"{number} category with a name of some length {'y' * 20}")
    measured = []
    for number, closed in ((10, 0), (1_000, 0), (1_000, 9)):
        lengthen(project, number)
        project.refresh_from_db()
        if closed:
            chapters.write(project)
        assert project.chapters.count() == closed
        with django_assert_max_num_queries(10) as queries:
            answer = client.get(URL)
        measured.append(len(queries))
        assert len(gzip.compress(answer.content)) <= 15_000
    assert measured == [7, 8, 8], "a long history is looked over first, however long it is"


def test_no_state_costs_more_than_ten_queries(db: None, django_assert_max_num_queries: Callable[..., Any]) -> None:
    project, client = fresh(schedule="0 6 * * *")
    client.get(URL)

    def cheap() -> None:
        with django_assert_max_num_queries(10):
            assert client.get(URL).status_code == 200

    cheap()
    for row in (
        lambda: counted(project, 20, at=ago(days=9)),
        lambda: factories.blocked_pass(project, at=ago(days=8)),
        lambda: factories.counted_pass(project, None, broken(9), files(40), session=OTHER, at=ago(days=7)),
        lambda: counted(project, 20, at=ago(days=6)),
        lambda: counted(project, 0, at=ago(days=5)),
        lambda: factories.failed_pass(project),
    ):
        row()
        cheap()


def test_the_cast_sees_it_as_their_roles_allow(db: None) -> None:
    cast = Cast.make()
    CollectionPass.objects.update(effective_at=ago(days=9))
    for role, button in (("viewer", False), ("engineer", True), ("lead", True), ("admin", True)):
        said = page(cast.client(role), "/p/atlas/")
        assert ("Run a pass now" in said, "Claim ATL-1" in said) == (button, button), role
    assert cast.client("stranger").get("/p/atlas/?category=1").status_code == 404
