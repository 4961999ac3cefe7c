"""The audit log on the site: filtered, page by page, as a file without formulas; a lead sees one project's lines."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.audit_page import PER_PAGE
from remediation import audit, pauses, projects
from remediation.models import AuditLine, Project
from tests.dashboard.cast import Cast, words

ALL, ONE = "/admin-area/audit/", "/p/atlas/settings/audit/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def said(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return words(answer.content.decode())


def rows(client: Client, url: str) -> list[dict[str, str]]:
    answer: Any = client.get(url)
    assert answer["Content-Disposition"].startswith('attachment; filename="')
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_a_lead_reads_what_was_changed_in_their_project_and_nothing_else(cast: Cast) -> None:
    cast.client("lead").post("/p/atlas/settings/schedule/pause/", {"reason": "Moving <b>"}, REMOTE_ADDR="203.0.113.9")
    pauses.pause(cast.other, cast.stranger, "borealis sleeps")
    text = said(cast.client("lead"), ONE)
    assert "Ines Duarte (ines.duarte) 203.0.113.9 paused schedule reason: none → became Moving <b>" in text
    assert "borealis" not in text and "Tom Okafor" not in text
    everything = said(cast.client("admin"), ALL)
    assert "borealis sleeps" in everything and "Moving" in everything
    assert cast.client("engineer").get(ONE).status_code == 403
    assert "Audit log" not in cast.client("engineer").get("/p/atlas/settings/").content.decode()
    assert "Audit log" in cast.client("lead").get("/p/atlas/settings/").content.decode()


@pytest.mark.parametrize(
    ("query", "found", "missing"),
    [
        ("who=duarte", "atlas rests", "borealis rests"),
        ("project=borealis", "borealis rests", "atlas rests"),
        ("verb=paused", "atlas rests", "Atlas two"),
        ("verb=changed", "Atlas two", "atlas rests"),
        ("since=2999-01-01", "No line matches.", "atlas rests"),
        ("until=2000-01-01", "No line matches.", "atlas rests"),
        ("since=2000-01-01&until=2999-12-31&who=okafor&verb=paused", "borealis rests", "atlas rests"),
        ("since=soon&until=2026-99-99&before=x&who=%00", "atlas rests", "No line matches"),
        ("before=1", "Nothing was changed yet.", "atlas rests"),
        ("before=99999999999999999999", "atlas rests", "No line matches"),
    ],
)
def test_the_filter(cast: Cast, query: str, found: str, missing: str) -> None:
    pauses.pause(cast.project, cast.lead, "atlas rests")
    pauses.pause(cast.other, cast.stranger, "borealis rests")
    projects.update(cast.project, name="Atlas two")
    text = said(cast.client("admin"), f"{ALL}?{query}")
    assert found in text and missing not in text
    file = rows(cast.client("admin"), f"/admin-area/audit.csv?{query.replace('before=1', 'verb=zzz')}")
    listed = any(found in row["changes"] for row in file)
    assert listed is (found not in {"No line matches.", "Nothing was changed yet."})
    assert not any(missing in row["changes"] for row in file)


def test_a_day_is_whole(cast: Cast) -> None:
    today = timezone.now().date()
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
    client = cast.client("admin")
    assert "No line matches" not in said(client, f"{ALL}?since={today}&until={today}")
    assert "No line matches" in said(client, f"{ALL}?since={tomorrow}")
    assert "No line matches" in said(client, f"{ALL}?until={yesterday}")


def test_pages_by_the_last_line_seen_miss_and_repeat_none(cast: Cast, django_assert_num_queries: Any) -> None:
    for number in range(PER_PAGE * 2 + 7):
        audit.write("changed", f"thing-{number:03}", project=cast.project)
    client, url, seen = cast.client("lead"), f"{ONE}?verb=changed", []
    while url:
        with django_assert_num_queries(5):
            page = client.get(url).content.decode()
        seen += [part[:3] for part in page.split("thing-")[1:]]
        audit.write("changed", "a later one", project=cast.project)  # what comes meanwhile moves nothing
        following = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        url = f"{ONE}{following}" if following else ""
    assert seen == [f"{number:03}" for number in reversed(range(PER_PAGE * 2 + 7))]
    assert "Newest" in page


def test_the_file_holds_every_line_and_no_formula(cast: Cast) -> None:
    for number in range(PER_PAGE + 5):
        audit.write("changed", f"=HYPERLINK({number})", project=cast.project, changes={"name": ("+1", "@x\ty")})
    audit.write("changed", "elsewhere", project=cast.other)
    found = rows(cast.client("lead"), "/p/atlas/settings/audit.csv?verb=changed")
    assert len(found) == PER_PAGE + 5
    assert {row["object"][:2] for row in found} == {"'="}
    assert found[0]["changes"] == "name: +1 -> @x y" and found[0]["at"].endswith("+00:00")
    every = rows(cast.client("admin"), "/admin-area/audit.csv")
    assert len(every) == AuditLine.objects.count()


def test_the_lines_of_a_deleted_project_stay_and_a_new_one_of_its_name_does_not_get_them(cast: Cast) -> None:
    from remediation import deletion
    from tests import factories

    pauses.pause(cast.project, cast.lead, "atlas rests")
    deletion.delete(cast.project, "atlas", cast.admin)
    assert "atlas rests" in said(cast.client("admin"), f"{ALL}?project=atlas")
    again = factories.project("atlas", key="ATL")
    factories.member(again, "lead", "ada.holm")
    assert Project.objects.get(slug="atlas") == again
    assert "atlas rests" not in said(cast.client("admin"), ONE)
