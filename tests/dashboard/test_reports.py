"""The weekly report as a page, as files and from the command line."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from dashboard.views import reports as views
from remediation.categories import save_rules
from remediation.core.period import Period
from remediation.core.rules import Rule
from remediation.exporters import pdf
from remediation.models import Project, WeeklyReport
from remediation.reporting import weeks_of
from tests import factories
from tests.core.workbook import Workbook
from tests.dashboard.cast import WORKING, Cast, errors, words

REPORTS = "/p/atlas/reports/"
WEEK = "/p/atlas/reports/2026-W10/"  # 2 to 8 March; pass #1 is of Tuesday 3 March


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def page(cast: Cast, url: str = WEEK) -> str:
    answer = cast.client("viewer").get(url)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_one_pass_is_a_start_and_no_movement(cast: Cast) -> None:
    text = page(cast)
    assert "3 collection errors at the first counted pass" in text
    assert "#1 is the first counted pass; nothing stands before it." in text
    assert "2 + 1 = 3" in text
    assert "%" not in text


def test_what_moved_is_resolved_back_and_left(cast: Cast) -> None:
    ticket = cast.ticket(1)
    ticket.solution, ticket.business_value = "Moved back <b>", "Registry tests are seen"
    ticket.save()
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING)
    text = page(cast)
    assert "3 collection errors became 1 this week" in text
    assert "before 3 cleared −2 now 1" in text
    assert "Verified by #2" in text and "2 errors; 2 files freed" in text
    assert "Moved back <b> stated, not measured" in text
    assert "No verified ticket was seen again this week." in text
    factories.counted_pass(cast.project, 3, errors(), WORKING)
    text = page(cast)
    assert "No ticket was verified this week." in text
    assert "Seen again at #3" in text and "Verified at #2. 2 errors at #3. Owner: none." in text


def test_a_past_week_keeps_its_numbers_when_later_passes_change_them(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors(), WORKING)
    before = page(cast)
    factories.counted_pass(cast.project, 9, [errors()[2]], WORKING)
    after = page(cast)
    assert before.split("Remaining work")[1].split("Pace")[0].replace("open", "") == (
        after.split("Remaining work")[1].split("Pace")[0].replace("verified", "").replace("open", "")
    )
    later = page(cast, "/p/atlas/reports/2026-W11/")
    assert "3 collection errors became 1 this week" in later


def test_a_past_week_keeps_the_categories_of_its_rules(cast: Cast) -> None:
    save_rules(cast.project, [Rule("Test infrastructure", kind="missing-module")], history=False)
    factories.counted_pass(cast.project, 9, errors(), WORKING)
    first, second = (json.loads(cast.client("viewer").get(f"{REPORTS}2026-W{n}.json").content) for n in (10, 11))
    names = [{row["label"]: row["category_name"] for row in week["remaining"]} for week in (first, second)]
    assert names[0] == {"ATL-1": "Missing core modules", "ATL-2": "Monitoring & caching"}
    assert names[1] == {"ATL-1": "Test infrastructure", "ATL-2": "Uncategorised"}
    said = "Some tickets stand under another category now than when #1 was counted."
    assert said not in page(cast)
    infrastructure = cast.project.categories.get(name="Test infrastructure")
    cast.project.tickets.filter(number=1).update(category=infrastructure, category_by_hand=True)
    assert said in page(cast)  # what a person sorted is so in every week


def test_silenced_errors_are_no_progress(cast: Cast) -> None:
    silent = {"tests/test_a.py": ("skipped", 0, "no display", "skip"), "tests/test_b.py": 4}
    factories.counted_pass(cast.project, 2, [errors()[1], errors()[2]], silent)
    text = page(cast)
    assert "1 error more can no longer be seen though nobody repaired them." in text
    assert "1 silenced" in text and "Test files: 1 pytest.skip for the whole module" in text
    assert "No ticket was verified this week." in text


def test_a_week_without_a_count_is_not_zero(cast: Cast) -> None:
    factories.blocked_pass(cast.project, 9)
    text = page(cast, "/p/atlas/reports/2026-W11/")
    assert "Collection errors could not be counted this week" in text
    assert "The last number is from 3 Mar 2026: 3 errors at pass #1." in text
    assert "Not counted this week." in text and "#2 blocked" in text
    assert page(cast, REPORTS).count("not counted") >= 1


def test_weeks_without_a_pass_stand_in_one_line_and_those_with_a_report_never(cast: Cast) -> None:
    """Of ten silent weeks the fourth has a draft: three before it, six behind it."""
    cut = weeks_of(cast.project)
    now = cut.named("2026-W21").start
    WeeklyReport.objects.create(project=cast.project, **row_of(cut.named("2026-W14")))
    with time_machine.travel(now, tick=False):
        text = page(cast, REPORTS)
    assert "6 weeks without a pass, 2026-W15 to 2026-W20" in text
    assert "3 weeks without a pass, 2026-W11 to 2026-W13" in text
    assert "2026-W14 30 Mar 2026 Draft 0 of 0 not counted" in text and "2026-W10 2 Mar 2026 not drafted 1 of 1" in text
    assert "2026-W21 18 May 2026 still runs 0 of 0 not counted" in text
    assert "2026-W12" not in text and "2026-W16" not in text


def row_of(week: Period) -> dict[str, Any]:
    return {"label": week.label, "start": week.start, "end": week.end, "zone": "UTC", "drafted_at": week.end}


def test_a_project_without_a_pass_says_so(cast: Cast) -> None:
    factories.project("empty")
    client = cast.client("admin")
    assert "No pass has ended yet." in words(client.get("/p/empty/reports/").content.decode())
    text = words(client.get("/p/empty/reports/2026-W10/").content.decode())
    assert "Nothing was counted this week" in text and "This is not zero errors." in text


@pytest.mark.parametrize(
    "label",
    ["2026-W54", "x", "9999-W52", "0000-W01", "2999-W01", "2026-W10.docx", "2026-03-04-to-2026-03-03", "x.md", "%00"],
)
def test_a_week_or_format_that_does_not_exist_is_not_found(cast: Cast, label: str) -> None:
    for end in ("", "/"):
        answer = cast.client("viewer").get(f"{REPORTS}{label}{end}", follow=True)
        assert answer.status_code == 404


def test_files_say_the_same(cast: Cast) -> None:
    factories.blocked_pass(cast.project, 2)
    client = cast.client("viewer")
    answer = client.get(WEEK[:-1] + ".csv")
    assert answer["Content-Disposition"] == 'attachment; filename="atlas-2026-W10.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert sum(int(row["errors"]) for row in rows if row["pass"] == "1") == 3
    assert [(row["errors"], row["total"]) for row in rows if row["pass"] == "2"] == [("", "")]
    document = json.loads(client.get(WEEK[:-1] + ".json").content)
    assert (document["format"], document["last"]["total"], document["passes"][1]["total"]) == (1, 3, None)
    for format, (start, kind) in {"pdf": (b"%PDF-", "application/pdf"), "xlsx": (b"PK", "officedocument"),
                                  "html": (b"<!doctype html>", "text/html")}.items():  # fmt: skip
        answer = client.get(f"{WEEK[:-1]}.{format}")
        assert answer.content.startswith(start) and kind in answer["Content-Type"], format
        assert answer["Content-Disposition"] == f'attachment; filename="atlas-2026-W10.{format}"'
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert "#2 blocked" in words(client.get(f"{WEEK[:-1]}.html").content.decode())
    assert client.get(WEEK[:-1] + ".md").content.decode().startswith("# 3 collection errors at the first counted pass")


def test_it_stays_cheap_and_light(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    many = [factories.missing_module(f"tests/area_{n}/test_x.py", f"atlas.part_{n}") for n in range(40)]
    factories.counted_pass(cast.project, 2, many, WORKING)
    factories.counted_pass(cast.project, 3, many[:20], WORKING)
    client = cast.client("viewer")
    with django_assert_max_num_queries(19):  # two of them are session and account
        answer = client.get(WEEK)
    with django_assert_max_num_queries(19):
        client.get(WEEK[:-1] + ".html")
    assert len(gzip.compress(answer.content)) <= 15 * 1024


def test_any_days_have_a_report(cast: Cast) -> None:
    client = cast.client("viewer")
    answer = client.get(REPORTS, {"since": "2026-03-03", "until": "2026-03-05"})
    assert answer.url == "/p/atlas/reports/2026-03-03-to-2026-03-05/"
    text = page(cast, answer.url)
    assert "3 Mar 2026 to 5 Mar 2026" in text and "3 collection errors at the first counted pass" in text
    assert client.get(answer.url[:-1] + ".md")["Content-Disposition"].endswith('"atlas-2026-03-03-to-2026-03-05.md"')


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        ("2026-03-05", "2026-03-03", "The last day, 2026-03-03, lies before the first, 2026-03-05."),
        ("2999-03-05", "2999-03-06", "These days have not begun."),
        ("2026-03-05", "", "This field is required."),
        ("x", "2026-03-03", "Enter a valid date."),
        ("2026-03-03", "9999-12-31", "9999-12-31 is too late a day."),
    ],
)
def test_days_that_cannot_be_are_refused_in_words(cast: Cast, since: str, until: str, says: str) -> None:
    answer = cast.client("viewer").get(REPORTS, {"since": since, "until": until})
    assert answer.status_code == 422 and says in words(answer.content.decode())


def test_every_test_file_with_an_error_is_in_the_workbook(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING)
    book = Workbook(cast.client("viewer").get(WEEK[:-1] + ".xlsx").content)
    assert book.rows("Files")[1:] == [
        ("tests/test_a.py", "ATL-1", "fixed"),
        ("tests/test_b.py", "ATL-1", "fixed"),
        ("tests/test_c.py", "ATL-2", "error"),
    ]
    assert book.faults() == []


def test_pdfs_are_not_made_without_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PDFS_PER_MINUTE", 0)
    answer = cast.client("viewer").get(WEEK[:-1] + ".pdf", follow=True)
    assert answer.redirect_chain == [(WEEK, 302)]
    assert "That were many PDFs." in words(answer.content.decode())


def test_a_pdf_that_cannot_be_made_is_said_beside_the_other_files(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pdf, "SECONDS", 0.001)
    answer = cast.client("viewer").get(WEEK[:-1] + ".pdf", follow=True)
    assert "The PDF could not be made, and the log says why." in words(answer.content.decode())
    assert "was not set within" in caplog.text


def test_the_overview_leads_to_it(cast: Cast) -> None:
    text = cast.client("viewer").get("/p/atlas/").content.decode()
    assert "/p/atlas/reports/now/" in text and 'data-key="g r"' in text
    assert cast.client("viewer").get("/p/atlas/reports/now/").status_code == 200


def test_the_command_writes_a_file(cast: Cast, tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    call_command("weekly_report", "atlas", week="2026-W10", output=str(out))
    assert out.read_text().startswith("# 3 collection errors at the first counted pass")


def test_the_command_replaces_a_file_whole(cast: Cast, tmp_path: Path) -> None:
    out = tmp_path / "report.pdf"
    out.write_text("what was there")
    out.chmod(0o640)
    call_command("weekly_report", "atlas", week="2026-W10", output=str(out), format="pdf")
    assert out.read_bytes().startswith(b"%PDF-") and out.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [out]


def test_a_full_disk_leaves_what_was_there(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "report.xlsx"
    out.write_text("what was there")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(CommandError, match="No space left"):
        call_command("weekly_report", "atlas", week="2026-W10", output=str(out), format="xlsx")
    assert out.read_text() == "what was there" and list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("place", [".", "nowhere/x.md"])
def test_the_command_refuses_what_is_no_place_for_a_file(cast: Cast, tmp_path: Path, place: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("weekly_report", "atlas", week="2026-W10", output=str(tmp_path / place))
    assert refused.value.returncode == 2 and list(tmp_path.iterdir()) == []


def test_the_command_writes_any_days_to_standard_output(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("weekly_report", "atlas", since="2026-03-03", until="2026-03-03", format="json", output="-")
    printed = capsys.readouterr().out
    assert '"label": "2026-03-03-to-2026-03-03"' in printed


@pytest.mark.parametrize(
    "options",
    [
        {"week": "2026-W54"},
        {"since": "2026-03-03"},
        {"since": "yesterday", "until": "2026-03-03"},
        {"since": "2026-03-04", "until": "2026-03-03"},
        {"week": "2026-W10", "since": "2026-03-03", "until": "2026-03-04"},
    ],
)
def test_the_command_refuses_what_it_cannot_mean(cast: Cast, options: dict[str, str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("weekly_report", "atlas", output="-", **options)
    assert refused.value.returncode == 2


def test_weeks_begin_in_the_projects_zone(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(time_zone="Pacific/Auckland")
    # Sunday 8 March 13:00 UTC is Monday there.
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING, at=factories.START + timedelta(days=6, hours=7))
    assert "3 collection errors became 1 this week" in page(cast, "/p/atlas/reports/2026-W11/")
    assert "at the first counted pass" in page(cast)
