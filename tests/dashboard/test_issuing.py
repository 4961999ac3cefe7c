"""Weekly reports are drafted when their week ends, become final, and then never change."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard import doctor_stored, finals, tasks
from remediation import deletion, projects, rebuilding, reporting
from remediation.categories import save_rules
from remediation.core.rules import Rule
from remediation.exporters import FORMATS
from remediation.models import AuditLine, CategoryCount, Notice, Project, ReportFile, ReportPlan, WeeklyReport
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words
from tests.dashboard.programs import V1, ask, made
from tests.remediation.threads import at_once

WEEK = "/p/atlas/reports/2026-W10/"  # 2 to 8 March; pass #1 is of Tuesday 3 March
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)  # on which it ends
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def plan(cast: Cast, now: datetime = factories.START, **changes: Any) -> ReportPlan:
    values = {"on": True, "weekday": 0, "at": time(), "release_after": 24, **changes}
    return reporting.change(cast.project, cast.lead, now=now, **values)


def issued(project: Project) -> list[tuple[str, str, bool]]:
    return [(row.label, row.state, row.late) for row in project.weekly_reports.order_by("end")]


def drafted(cast: Cast, **changes: Any) -> WeeklyReport:
    """The draft of 2026-W10."""
    plan(cast, **changes)
    assert reporting.draft_due(MONDAY) == 1
    return cast.project.weekly_reports.select_related("project").get()


def final(cast: Cast, now: datetime = MONDAY + DAY) -> WeeklyReport:
    """The same, final."""
    row = finals.release(drafted(cast), cast.lead, now)
    assert row is not None
    return row


def test_a_week_is_drafted_when_it_ends_and_final_by_itself_after_the_delay(cast: Cast) -> None:
    plan(cast)
    assert reporting.draft_due(MONDAY - MINUTE) == 0
    assert [reporting.draft_due(MONDAY + MINUTE) for _ in range(2)] == [1, 0]
    assert issued(cast.project) == [("2026-W10", "draft", False)]
    told = Notice.objects.get()
    assert (told.user, told.kind, told.data["label"]) == (cast.lead, "report", "2026-W10")
    assert finals.release_due(MONDAY + DAY) == 0
    assert [finals.release_due(MONDAY + DAY + MINUTE) for _ in range(2)] == [1, 0]
    row = WeeklyReport.objects.get()
    assert (row.state, row.released_by, row.final_at) == ("final", "", MONDAY + DAY + MINUTE)
    assert row.title == "3 collection errors at the first counted pass"
    line = AuditLine.objects.latest("pk")
    assert (line.verb, line.object, line.actor) == ("released", "report 2026-W10", "system")
    files = {file.format: file for file in row.files.all()}
    assert set(files) == {*FORMATS, "page"}
    for file in files.values():
        assert hashlib.sha256(bytes(file.content)).hexdigest() == file.digest
    assert _hash_of(bytes(files["json"].content)) == row.content_hash
    assert row.content_hash in bytes(files["html"].content).decode()
    assert row.content_hash not in _control(files["html"])  # the control: another hash is another report


def _hash_of(document: bytes) -> str:
    """The hash as the JSON's own description has it, computed from the file that was kept."""
    said = {key: value for key, value in json.loads(document).items() if key not in {"format", "hash", "built"}}
    assert json.loads(document)["hash"]
    return hashlib.sha256(
        json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def _control(file: ReportFile) -> str:
    tampered = json.loads(bytes(file.report.files.get(format="json").content))
    tampered["title"] += "."
    return _hash_of(json.dumps(tampered).encode())


def test_missed_weeks_catch_up_oldest_first_as_late_and_over_a_change_of_the_clock(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(time_zone="Europe/Berlin")
    cast.project.refresh_from_db()
    plan(cast, weekday=4, at=time(17))
    saturday = datetime(2026, 4, 4, 9, tzinfo=UTC)
    assert reporting.draft_due(saturday) == 5
    assert issued(cast.project) == [(f"2026-W{number}", "draft", True) for number in (10, 11, 12, 13, 14)]
    rows = list(cast.project.weekly_reports.order_by("end"))
    assert [(row.end - row.start) / timedelta(hours=1) for row in rows] == [168, 168, 168, 168, 167]
    assert all(before.end == after.start for before, after in pairwise(rows))
    assert {f"{row.end.astimezone(reporting.period_of(row).zone):%a %H:%M}" for row in rows} == {"Fri 17:00"}
    assert len(reporting.to_release(saturday + DAY)) == 5  # each with its own delay from its draft
    assert reporting.draft_due(datetime(2026, 4, 10, 15, 1, tzinfo=UTC)) == 1  # 17:01 there
    assert issued(cast.project)[-1] == ("2026-W15", "draft", False)


def test_where_the_slot_is_moved_no_moment_is_in_two_reports_or_in_none(cast: Cast) -> None:
    plan(cast, weekday=4, at=time(17))
    reporting.draft_due(datetime(2026, 3, 6, 17, tzinfo=UTC))
    plan(cast, now=datetime(2026, 3, 14, 12, tzinfo=UTC), weekday=0, at=time())  # owes the week to 13 March
    assert issued(cast.project) == [("2026-W10", "draft", False), ("2026-W11", "draft", True)]
    reporting.draft_due(datetime(2026, 3, 30, tzinfo=UTC))
    spans = [
        (row.label, f"{row.start:%d %H}", f"{row.end:%d %H}") for row in cast.project.weekly_reports.order_by("end")
    ]
    assert spans == [
        ("2026-W10", "27 17", "06 17"),
        ("2026-W11", "06 17", "13 17"),
        ("2026-W12", "13 17", "23 00"),
        ("2026-W13", "23 00", "30 00"),
    ]


def test_what_is_switched_off_is_not_missed(cast: Cast) -> None:
    plan(cast)
    plan(cast, now=MONDAY - DAY, on=False)
    assert reporting.draft_due(MONDAY + 20 * DAY) == 0
    plan(cast, now=MONDAY + 20 * DAY)
    assert reporting.draft_due(MONDAY + 21 * DAY) == 1
    assert issued(cast.project) == [("2026-W13", "draft", False)]
    changes = AuditLine.objects.filter(object="weekly report").latest("pk").changes
    assert changes == {"drafted": [False, True]}


def test_a_final_stays_whatever_becomes_of_the_project(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors(), WORKING)
    row = final(cast)
    client = cast.client("viewer")
    urls = [WEEK, *(f"{WEEK[:-1]}.{format}" for format in FORMATS)]

    def kept() -> list[bytes]:
        answers = [client.get(url) for url in urls]
        assert all(answer.status_code == 200 for answer in answers)
        page = answers[0].content
        return [page[page.index(b"<article") : page.index(b"</article>")], *(one.content for one in answers[1:])]

    before = kept()
    assert "changed since" not in words(client.get(WEEK).content.decode())
    factories.counted_pass(cast.project, 3, errors()[:1], WORKING, at=MONDAY - DAY)  # of that week, and recorded late
    factories.counted_pass(cast.project, 9, [errors()[2]], WORKING)
    projects.update(cast.project, name="Renamed")
    save_rules(cast.project, [Rule("Test infrastructure", kind="missing-module")], history=True)
    rebuilding.ask(cast.project)
    rebuilding.run(cast.project.pk)
    assert kept() == before
    markdown = ask(made(cast.viewer), f"{V1}atlas/reports/2026-W10.md")
    assert markdown.content == before[1 + list(FORMATS).index("md")]
    assert WeeklyReport.objects.get().content_hash == row.content_hash
    text = words(client.get(WEEK).content.decode())
    assert "The history of this week has changed since, so its numbers would be others now." in text
    now = words(client.get(f"{WEEK}?now").content.decode())
    assert "What you read is computed now." in now and "3 collection errors became 1 this week" in now
    assert json.loads(client.get(f"{WEEK[:-1]}.json?now").content)["last"]["total"] == 1
    assert json.loads(client.get(f"{WEEK[:-1]}.json").content)["last"]["total"] == 3


def test_the_database_refuses_to_change_or_delete_a_final_and_its_files(cast: Cast) -> None:
    row = drafted(cast)
    WeeklyReport.objects.update(trouble="a draft may change")
    row = finals.release(row, cast.lead, MONDAY + DAY)
    mine, files = WeeklyReport.objects.filter(pk=row.pk), ReportFile.objects.filter(report=row)
    more = {"format": "more", "name": "x", "content_type": "x", "content": b"", "digest": "x"}
    refused = [
        lambda: mine.update(title="another"),
        lambda: mine.update(state="draft", final_at=None, content_hash=""),
        lambda: mine._raw_delete(mine.db),
        lambda: files.update(name="another"),
        lambda: files.filter(format="md").delete(),
        lambda: ReportFile.objects.create(report=row, **more),
        lambda: Project.objects.filter(pk=cast.project.pk).delete(),
    ]
    for change in refused:
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()
    deletion.delete(cast.project, "atlas", cast.admin)
    Project.every.filter(pk=cast.project.pk).update(deleted_at=timezone.now() - deletion.GRACE - MINUTE)
    assert deletion.remove(cast.project.pk, seconds=60)
    assert not WeeklyReport.objects.exists() and not ReportFile.objects.exists()


def test_a_lead_releases_a_draft_and_everybody_sees_what_it_is(cast: Cast) -> None:
    drafted(cast)
    with time_machine.travel(MONDAY + timedelta(hours=3), tick=False):
        lead, viewer = cast.client("lead"), cast.client("viewer")
        page = words(viewer.get(WEEK).content.decode())
        assert "Draft. Computed now. It becomes final by itself Tue 10 Mar 00:00 UTC, or when a lead" in page
        assert (
            "Release"
            not in viewer.get(WEEK).content.decode().split("<article")[0].split("repstate")[1].split("Draft")[0]
        )
        assert "It is sent to nobody." in words(lead.get(WEEK).content.decode())
        listed = words(viewer.get("/p/atlas/reports/").content.decode())
        assert "2026-W10 2 Mar 2026 Draft 1 of 1" in listed
        assert viewer.post(f"{WEEK}release/").status_code == 403
        assert lead.post(f"{WEEK}release/").url == WEEK
        row = WeeklyReport.objects.get()
        page = words(viewer.get(WEEK).content.decode())
        said = f"Final. Released by Ines Duarte (ines.duarte) Mon 9 Mar 03:00 UTC. Content hash {row.content_hash[:12]}"
        assert said in page
        again = lead.post(f"{WEEK}release/", follow=True)
        assert "The report of 2026-W10 is final already." in words(again.content.decode())
        listed = words(viewer.get("/p/atlas/reports/").content.decode())
        assert f"Final {row.content_hash[:12]} Ines Duarte (ines.duarte) {row.title} 1 of 1" in listed
        nothing = lead.post("/p/atlas/reports/2026-W09/release/", follow=True)
        assert "There is no draft of that week." in words(nothing.content.decode())


def test_what_does_not_add_up_is_not_released_says_so_and_holds_up_nobody(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    drafted(cast)
    reporting.change(cast.other, cast.stranger, on=True, weekday=0, at=time(), release_after=0, now=factories.START)
    reporting.draft_due(MONDAY + MINUTE)
    wrong = CategoryCount.objects.filter(collection_pass__project=cast.project)
    wrong.update(errors=F("errors") + 1)
    later = MONDAY + DAY
    assert finals.release_due(later) == 1 and issued(cast.other) == [("2026-W10", "final", False)]
    row = cast.project.weekly_reports.get()
    assert row.state == "draft" and "categories sum to 5, total is 3" in row.trouble
    assert "pass #1: categories sum to 5, total is 3" in caplog.text
    said = doctor_stored.reports().line()
    assert said.startswith("warn reports: 1 cannot be made final: atlas 2026-W10: It does not add up"), said
    answer = cast.client("viewer").get(WEEK)
    assert answer.status_code == 500 and "does not add up, so it is not shown" in words(answer.content.decode())
    told = Notice.objects.filter(user=cast.lead, data__what="trouble")
    assert told.count() == 1 and finals.release_due(later + MINUTE) == 0 and told.count() == 1
    wrong.update(errors=F("errors") - 1)
    assert finals.release_due(later + MINUTE) == 0  # not before its time
    text = words(cast.client("viewer").get(WEEK).content.decode())
    assert "It could not be made final: It does not add up:" in text
    assert finals.release_due(later + reporting.releasing.AGAIN + MINUTE) == 1
    assert cast.project.weekly_reports.get().trouble == ""
    assert doctor_stored.reports().line() == "ok   reports: no draft is held up"


def test_nothing_becomes_final_while_history_is_computed_again(cast: Cast) -> None:
    drafted(cast)
    rebuilding.ask(cast.project)
    assert finals.release_due(MONDAY + 2 * DAY) == 0
    rebuilding.run(cast.project.pk)
    assert finals.release_due(MONDAY + 2 * DAY) == 1


def test_a_week_without_a_count_has_an_honest_final(cast: Cast) -> None:
    plan(cast, release_after=0)
    factories.blocked_pass(cast.project, 9)
    reporting.draft_due(MONDAY + 7 * DAY)
    assert finals.release_due(MONDAY + 7 * DAY) == 2
    row = cast.project.weekly_reports.get(label="2026-W11")
    assert row.title == "Collection errors could not be counted this week"
    document = json.loads(bytes(row.files.get(format="json").content))
    assert document["counted"] is False and document["passes"][0]["total"] is None
    assert "Not counted this week." in words(cast.client("viewer").get(WEEK.replace("10", "11")).content.decode())


def test_the_list_of_weeks_has_a_finals_own_numbers_and_says_where_now_is_another(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors()[1:], WORKING)
    final(cast)
    weeks, client = WEEK.replace("2026-W10/", ""), cast.client("viewer")
    assert "2 of 2 −1 2" in words(client.get(weeks).content.decode())
    assert "computed now:" not in words(client.get(weeks).content.decode())
    factories.counted_pass(cast.project, 3, errors()[:1], WORKING, at=MONDAY - DAY)  # of that week, and recorded late
    text = words(client.get(weeks).content.decode())
    assert "2 of 2 −1 2 2026-W10 computed now: 3 of 3 counted, net −2, 1 at its end." in text
    cast.project.passes.update(outcome="failed", total=None, result=None, environment_errors=None)
    text = words(client.get(weeks).content.decode())
    assert "2 of 2 −1 2 2026-W10 computed now: 0 of 3 counted, no number at its end." in text
    cast.project.passes.update(position=None)  # the branch was rewritten
    assert "2 of 2 −1 2 Of 2026-W10 there is no pass any more." in words(client.get(weeks).content.decode())


def test_a_moved_slot_does_not_look_like_a_changed_history(cast: Cast) -> None:
    """The week of the final ended on a Monday; since the slot was moved its name stands for other days."""
    factories.counted_pass(cast.project, 2, errors()[1:], WORKING, at=MONDAY - timedelta(hours=1))
    final(cast)
    plan(cast, now=MONDAY + 2 * DAY, weekday=4)
    page = words(cast.client("viewer").get(WEEK.replace("2026-W10/", "")).content.decode())
    assert "2 of 2 −1 2" in page and "computed now:" not in page


def test_finals_that_were_made_before_get_their_numbers_from_their_files(cast: Cast) -> None:
    """A week with a step, one whose only pass has no number, and one with the first pass alone."""
    plan(cast, release_after=0)
    factories.counted_pass(cast.project, 8, [errors()[2]], WORKING)
    factories.blocked_pass(cast.project, 14)
    factories.failed_pass(cast.project, 15)
    reporting.draft_due(MONDAY + 14 * DAY)
    assert finals.release_due(MONDAY + 14 * DAY) == 3
    numbers = ("label", "counted", "ran", "net", "errors")
    own = list(WeeklyReport.objects.order_by("label").values_list(*numbers))
    assert own == [("2026-W10", 1, 1, None, 3), ("2026-W11", 1, 1, -2, 1), ("2026-W12", 0, 2, None, None)]
    fill = import_module("remediation.migrations.0035_a_finals_own_numbers").FROM_FILES
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE remediation_weeklyreport DISABLE TRIGGER final_report_stays")
        WeeklyReport.objects.update(counted=None, ran=None, net=None, errors=None)
        cursor.execute(fill)
    assert list(WeeklyReport.objects.order_by("label").values_list(*numbers)) == own
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        WeeklyReport.objects.update(net=0)


def test_only_a_lead_releases_where_the_plan_says_so(cast: Cast) -> None:
    drafted(cast, release_after=None)
    assert finals.release_due(MONDAY + 300 * DAY) == 0
    assert "It becomes final when a lead releases it." in words(cast.client("viewer").get(WEEK).content.decode())


@pytest.mark.django_db(transaction=True)
def test_tasks_at_once_draft_once_and_release_once() -> None:
    cast = Cast.make()
    plan(cast, release_after=0)
    assert sum(at_once([lambda: reporting.draft_due(MONDAY + 7 * DAY)] * 3)) == 2
    assert sum(at_once([lambda: finals.release_due(MONDAY + 7 * DAY)] * 2)) <= 2
    finals.release_due(MONDAY + 7 * DAY)
    assert issued(cast.project) == [("2026-W10", "final", True), ("2026-W11", "final", False)]
    assert ReportFile.objects.count() == 2 * 7
    assert AuditLine.objects.filter(verb="released").count() == 2


def test_the_task_does_both(cast: Cast) -> None:
    plan(cast, release_after=0)
    with time_machine.travel(MONDAY + MINUTE, tick=False):
        tasks.issue_reports()
    assert issued(cast.project) == [("2026-W10", "final", False)]


def test_the_command_writes_the_file_that_was_kept(cast: Cast, tmp_path: Path) -> None:
    kept = bytes(final(cast).files.get(format="md").content)
    factories.counted_pass(cast.project, 2, errors()[:1], WORKING)
    call_command("weekly_report", "atlas", week="2026-W10", format="md", output=str(tmp_path / "x.md"))
    assert (tmp_path / "x.md").read_bytes() == kept


def test_a_finals_page_stays_cheap(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    final(cast)
    client = cast.client("viewer")
    with django_assert_max_num_queries(20):  # to say whether its numbers still hold, they are computed
        client.get(WEEK)
    with django_assert_max_num_queries(6):
        client.get(WEEK[:-1] + ".xlsx")
    with django_assert_max_num_queries(12):
        client.get("/p/atlas/reports/")


def test_a_plan_is_read_by_members_and_refused_where_it_cannot_be(cast: Cast) -> None:
    url = "/p/atlas/settings/reports/"
    with time_machine.travel(MONDAY, tick=False):
        assert "No report is drafted. Weeks end Monday 00:00." in words(cast.client("viewer").get(url).content.decode())
        lead = cast.client("lead")
        sent = {"on": "on", "weekday": "4", "at": "17:00", "release_after": "48"}
        text = words(lead.post(url, sent, follow=True).content.decode())
        assert "A report is drafted every Friday 17:00." in text
        assert "Fri 13 Mar 17:00 UTC: week 2026-W11 Fri 20 Mar 17:00 UTC: week 2026-W12 Fri 27 Mar" in text
        for wrong in ({"weekday": "7"}, {"at": "25:00"}, {"release_after": "169"}, {"release_after": "-1"}):
            answer = lead.post(url, sent | wrong)
            assert answer.status_code == 422 and "Nothing was saved." in words(answer.content.decode()), wrong
    stored = ReportPlan.objects.get()
    assert (stored.weekday, stored.at, stored.release_after, stored.since) == (4, time(17), 48, MONDAY)
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute("UPDATE remediation_reportplan SET weekday = 7")
