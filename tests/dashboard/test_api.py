"""What the API answers: as its description says, of nobody else's project, and null where nothing was counted."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard.api import schema
from dashboard.views import reports as report_views
from remediation import grouping, passes, pauses, tickets
from remediation.exporters import FORMATS
from remediation.models import CollectionPass
from tests import factories
from tests.core.schema import faults
from tests.dashboard import foreign
from tests.dashboard.cast import WORKING, Cast, errors, words
from tests.dashboard.foreign import MARK
from tests.dashboard.programs import V1, ask, made, strict_schema
from tests.dashboard.test_api_permissions import OPERATIONS, SENT
from tests.dashboard.test_issuing import final

ATLAS = f"{V1}atlas/"


@pytest.fixture
def cast(db: None, clean_redis: Any) -> Cast:
    return Cast.make()


def read(token: str, path: str = "") -> Any:
    """The answer's JSON."""
    answer = ask(token, ATLAS + path)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_every_answer_is_as_the_description_says(cast: Cast) -> None:
    tickets.note(cast.ticket(), cast.engineer, "Half of it is **done**.")
    tickets.mark_fixed(cast.ticket(), cast.engineer, "main")
    tickets.claim(cast.ticket(2), cast.engineer)
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING)
    token, root = made(cast.engineer, "write"), strict_schema()
    seen = set()
    for name, (rest, body) in SENT.items():
        answer = ask(token, V1 + rest.format(slug="atlas", key="ATL"), body)
        _, one = OPERATIONS[name]
        wrong = answer.status_code == 409  # ATL-1 is verified by now
        shape = "Problem" if wrong else one.gives and one.gives.__name__
        assert answer.status_code == (409 if name in {"claim_ticket", "mark_fixed"} else one.status), name
        if shape:
            assert list(faults(answer.json(), {"$ref": f"#/$defs/{shape}"}, root)) == [], name
            seen.add(shape)
    assert seen >= {"Projects", "Project", "Passes", "Pass", "Tickets", "Ticket", "Queued", "Noted", "Problem"}
    wrong = {**read(token), "last_counted": {"number": 1}}
    assert list(faults(wrong, {"$ref": "#/$defs/Project"}, root)), "the check finds nothing at all"


def test_the_description_is_whole_and_open(cast: Cast) -> None:
    answer = Client().get("/api/v1/openapi.json")
    document = answer.json()
    assert answer.status_code == 200 and document == json.loads(json.dumps(schema.document()))
    assert document["openapi"] == "3.1.0" and sum(len(each) for each in document["paths"].values()) == len(SENT)
    named = set(re.findall(r'"#/components/(\w+)/([\w-]+)"', json.dumps(document)))
    assert named and all(name in document["components"][kind] for kind, name in named)
    listed = document["paths"]["/api/v1/projects/{slug}/passes/"]["get"]["parameters"]
    assert [each["name"] for each in listed] == ["slug", "outcome", "since", "until", "limit", "before"]
    asked = document["paths"]["/api/v1/projects/{slug}/passes/"]["post"]
    assert (asked["requestBody"]["required"], asked["x-scope"]) == (False, "trigger")
    page = words(cast.client("viewer").get("/api/v1/").content.decode())
    every = [
        (method.upper(), path.removeprefix("/api/v1/")) for path, each in document["paths"].items() for method in each
    ]
    assert all(f"{method} {path}" in page for method, path in every) and "12 operations" in page
    assert "outcome blocked, counted, failed" in page and "claimed_by me, nobody, or the id of a person." in page


def test_what_was_not_counted_is_null_and_never_zero(cast: Cast) -> None:
    token = made(cast.viewer)
    stopped = factories.missing_name("tests/conftest.py", "atlas.db", "engine")
    factories.blocked_pass(cast.project, 2, blocker=stopped)
    passes.queue(cast.project, trigger="manual")
    found = read(token)
    assert (found["last_counted"]["number"], found["last_counted"]["errors"]) == (1, 3)
    assert (found["last_pass"]["number"], found["last_pass"]["state"], found["last_pass"]["outcome"]) == (
        3,
        "queued",
        None,
    )
    for number in (2, 3):
        row = read(token, f"passes/{number}/")
        numbers = (
            "errors",
            "environment_errors",
            "tests_collected",
            "ledger",
            "categories",
            "compared_with",
            "comparable",
        )
        assert {row[name] for name in numbers} == {None}, number
        assert row["in_sums"] is False
    assert read(token, "passes/2/")["reason"]
    blocker = next(row for row in read(token, "tickets/")["tickets"] if row["errors"] is None)
    assert blocker["label"] == "ATL-3" and all(row["errors"] for row in read(token, "tickets/")["tickets"][:2])
    empty = factories.project("empty")
    nothing = ask(made(cast.admin), f"{V1}{empty.slug}/").json()
    assert (nothing["last_counted"], nothing["last_pass"], nothing["open_tickets"]) == (None, None, 0)
    assert '"errors":0' not in ask(token, f"{ATLAS}passes/").content.decode()


def test_zero_is_zero_where_it_was_counted(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [], {**WORKING, "tests/test_c.py": 2})
    row = read(made(cast.viewer))["last_counted"]
    assert (row["errors"], row["tests_collected"], row["number"]) == (0, 14, 2)
    assert row["ledger"] == {
        "before": 3, "cleared": 3, "hidden": 0, "unmasked": 0, "new": 0, "regressed": 0, "after": 0,
    }  # fmt: skip


def test_a_pass_says_what_moved_and_its_categories_sum(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors()[1:], WORKING)
    row = read(made(cast.viewer), "passes/2/")
    ledger = row["ledger"]
    moved = (
        ledger["before"]
        - ledger["cleared"]
        - ledger["hidden"]
        + ledger["unmasked"]
        + ledger["new"]
        + ledger["regressed"]
    )
    assert (moved, ledger["after"], row["errors"], row["compared_with"]) == (2, 2, 2, 1)
    assert sum(each["errors"] for each in row["categories"]) == 2
    assert sum(each["tickets"] for each in row["categories"]) == 2
    assert row["page"] == "http://testserver/p/atlas/passes/2/"


def test_passes_come_in_pages_that_follow_on_each_other(cast: Cast) -> None:
    for position in range(2, 6):
        factories.counted_pass(cast.project, position, errors())
    factories.blocked_pass(cast.project, 6)
    now = timezone.now()
    for row in CollectionPass.objects.filter(project=cast.project):
        CollectionPass.objects.filter(pk=row.pk).update(queued_at=now - timedelta(days=10 - row.number))
    token, seen, path = made(cast.viewer), [], f"{ATLAS}passes/?limit=2&outcome=counted"
    while path:
        page = ask(token, path).json()
        seen.append([row["number"] for row in page["passes"]])
        path = page["next"] and page["next"].removeprefix("http://testserver")
    assert seen == [[5, 4], [3, 2], [1]]
    since, until = ((now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (7.5, 5.5))
    assert [row["number"] for row in read(token, f"passes/?since={since}&until={until}")["passes"]] == [4, 3]
    assert [row["number"] for row in read(token, "passes/?outcome=blocked")["passes"]] == [6]


def test_tickets_are_chosen_by_what_they_are(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.engineer)
    tickets.mark_fixed(cast.ticket(2), cast.engineer, "main")
    token = made(cast.engineer)
    categories = {row["label"]: row["category"] for row in read(token, "tickets/")["tickets"]}
    chosen = {
        "status=standing": ["ATL-1", "ATL-2"],
        "status=awaiting": ["ATL-2"],
        "status=verified": [],
        "claimed_by=me": ["ATL-2"],
        "claimed_by=nobody": ["ATL-1"],
        f"claimed_by={cast.engineer.pk}": ["ATL-2"],
        f"claimed_by={cast.lead.pk}": [],
        f"category={categories['ATL-1']}": [label for label in categories if categories[label] == categories["ATL-1"]],
        "category=none%00such": [],
        "claimed_by=nobody&status=awaiting": [],
    }
    for query, labels in chosen.items():
        assert [row["label"] for row in read(token, f"tickets/?{query}")["tickets"]] == labels, query
    first = read(token, "tickets/?limit=1")
    assert [row["label"] for row in first["tickets"]] == ["ATL-1"]
    rest = ask(token, first["next"].removeprefix("http://testserver")).json()
    assert ([row["label"] for row in rest["tickets"]], rest["next"]) == (["ATL-2"], None)


def test_a_ticket_has_its_history_without_what_was_withdrawn(cast: Cast) -> None:
    kept = tickets.note(cast.ticket(), cast.engineer, "Half of it is done.")
    gone = tickets.note(cast.ticket(), cast.engineer, "A password that does not belong here.")
    tickets.withdraw(cast.ticket(), gone, cast.engineer)
    grouping.merge(cast.ticket(2), cast.ticket(1), cast.lead, "The same.")
    found = read(made(cast.viewer), "tickets/ATL-1/")
    told = [(line["did"], line["by"], line["pass"], line["text"]) for line in found["history"]]
    assert told[1:] == [
        ("withdrawn", "Mei Lin", None, None),
        ("note", "Mei Lin", None, None),
        ("note", "Mei Lin", None, kept.data["text"]),
        ("opened", None, 1, None),
    ]
    assert told[0][:2] == ("took-in", "Ines Duarte") and "password" not in json.dumps(found)
    assert not re.search(r'"\w+_id":', json.dumps(found))
    merged = read(made(cast.viewer), "tickets/ATL-2/")
    assert merged["merged_into"] == "ATL-1"
    assert [row["label"] for row in read(made(cast.viewer), "tickets/")["tickets"]] == ["ATL-1"]


def test_reports_are_the_files_of_the_site(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    token, client = made(cast.viewer), cast.client("viewer")
    for format in ("md", "csv", "json"):
        ours, theirs = (
            ask(token, f"{ATLAS}reports/2026-W10.{format}"),
            client.get(f"/p/atlas/reports/2026-W10.{format}"),
        )
        assert (ours.status_code, ours["Content-Type"]) == (200, FORMATS[format].content_type)
        assert ours["Content-Disposition"] == theirs["Content-Disposition"]
        if format != "json":  # which says when it was made
            assert ours.content == theirs.content
    for label in ("2026-W10.exe", "2026-W99.md", "2999-W01.md", "x.md"):
        assert ask(token, f"{ATLAS}reports/{label}").status_code == 404, label
    monkeypatch.setattr("dashboard.api.reports.PDFS_PER_MINUTE", 0)
    assert ask(token, f"{ATLAS}reports/2026-W10.pdf").status_code == 429
    assert report_views.PDFS_PER_MINUTE


def test_a_final_report_is_the_one_that_was_released(cast: Cast) -> None:
    kept = {file.format: bytes(file.content) for file in final(cast).files.all()}
    factories.counted_pass(cast.project, 2, [], WORKING, at=factories.START + timedelta(days=2))  # of the same week
    token = made(cast.viewer)
    for format in ("json", "md", "pdf"):
        assert ask(token, f"{ATLAS}reports/2026-W10.{format}").content == kept[format], format


def test_a_paused_project_says_so(cast: Cast) -> None:
    pauses.pause(cast.project, cast.lead, "Moving")
    assert read(made(cast.viewer))["paused"] is True


def test_no_answer_shows_anything_of_another_project(cast: Cast) -> None:
    foreign.fill(cast)
    foreign.mark(cast)
    token = made(cast.lead)
    reading = [rest for name, (rest, _) in SENT.items() if OPERATIONS[name][1].scope == "read"]
    paths = [V1 + rest.format(slug="atlas", key="ATL") for rest in reading]
    paths += [f"{ATLAS}passes/?limit=100", f"{ATLAS}tickets/?status=standing&limit=100"]
    answers = {path: ask(token, path).content.decode().lower() for path in paths}
    assert {path for path, text in answers.items() if MARK in text or "bor-" in text or "borealis" in text} == set()
    missing = ask(token, f"{ATLAS}passes/99/")
    for rest in ("passes/4/", "tickets/BOR-1/", "tickets/ATL-4/", f"passes/{2**40}/", "tickets/ATL-99999999999/"):
        answer = ask(token, ATLAS + rest)
        assert (answer.status_code, answer.content) == (404, missing.content), rest
    marked = ask(made(cast.stranger), f"{V1}{cast.other.slug}/tickets/").content.decode().lower()
    assert MARK in marked, "the mark is nowhere"


def test_reading_stays_cheap(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Of each call one query finds the token, and one that it was noted in this minute already."""
    token = made(cast.viewer)
    cost = {"": 7, "passes/": 4, "passes/1/": 5, "tickets/": 4, "tickets/ATL-1/": 5}
    for rest in cost:
        ask(token, ATLAS + rest)
    for position in range(2, 5):
        factories.counted_pass(
            cast.project,
            position,
            [*errors(), factories.missing_name(f"tests/test_{position}.py", name=f"N{position}")],
        )
    for rest, queries in cost.items():
        with django_assert_num_queries(queries):
            ask(token, ATLAS + rest)
    ask(token, V1)
    with django_assert_num_queries(3):
        ask(token, V1)
