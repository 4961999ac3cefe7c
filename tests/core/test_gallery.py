"""The example in tests/gallery adds up, and says of the campaign what the campaign's own table says."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from remediation import exporters
from remediation.core.ledger import Ledger
from remediation.core.period import Weeks
from remediation.core.trend import Layer, Point, Trend
from tests.core import refutation, said_refutation, schema

GALLERY = Path(__file__).resolve().parent.parent / "gallery"
SAID = refutation.flat((GALLERY / "campaign-report.md").read_text())
DOCUMENT = json.loads((GALLERY / "campaign-report.json").read_text())
SPAN = Weeks(ZoneInfo("America/Los_Angeles")).named("2025-W37")
QUOTES = [row["text"] for row in DOCUMENT["statements"]]


def told_by_the_passes() -> Trend:
    """The passes of the JSON as a trend: making it sums every pass and every ledger again."""
    layers = tuple(Layer(i, row["name"], 0) for i, row in enumerate(DOCUMENT["categories"]))
    points = []
    for row in DOCUMENT["passes"]:
        ledger = Ledger(**row["ledger"]) if row["ledger"] else None
        at = datetime.fromisoformat(row["at"]).astimezone(UTC)
        given = (row["total"], tuple(row["counts"]), row["environment"], ledger, row["scope"], row["tests"])
        points.append(Point(row["number"], at, row["outcome"], *given))
    return Trend(layers, tuple(points))


def test_the_passes_counted_what_the_history_has() -> None:
    with (GALLERY / "campaign.csv").open() as table:
        rows = list(csv.DictReader(table))
    told = [(row["commit"], row["tests"], row["total"], row["outcome"]) for row in DOCUMENT["passes"]]
    assert told == [(row["commit"], int(row["tests"]), int(row["errors"]), "counted") for row in rows]
    assert len(DOCUMENT["remaining"]) == int(rows[-1]["root causes"])


def test_nothing_in_it_is_refuted_by_its_passes() -> None:
    trend = told_by_the_passes()
    own = said_refutation.bare(SAID, QUOTES)
    assert refutation.faults(own, trend, SPAN) == []
    assert list(said_refutation.faults(SAID, trend, SPAN)) == []
    for right, wrong in (("34 cleared", "33 cleared"), ("from 1 to 15", "from 1 to 14"), ("= 15", "= 16")):
        assert right in own and refutation.faults(own.replace(right, wrong), trend, SPAN), "the control"
    answers = SAID.replace("15 errors at #16", "16 errors at #16")
    assert answers != SAID and list(said_refutation.faults(answers, trend, SPAN)), "the control"


def test_it_is_a_report_of_today_and_answers_what_was_said_then() -> None:
    described = json.loads((Path(exporters.__file__).parent / "report.schema.json").read_text())
    assert list(schema.faults(DOCUMENT, described, described)) == [], "make gallery writes it again"
    answered = {row["text"]: [one["words"] for one in row["disagreements"]] for row in DOCUMENT["statements"]}
    assert answered == {
        "Before: 100+ errors, 0 tests collected": ["100+ errors", "0 tests collected"],
        "After: 15 errors, 3,834 tests": ["3,834 tests"],
        "96% error reduction": ["96%"],
    }
    assert not any(row["measured"] for row in DOCUMENT["statements"])


def test_it_names_no_person_and_no_machine() -> None:
    text = (GALLERY / "campaign-report.md").read_text() + json.dumps(DOCUMENT)
    assert {row["author"] for row in DOCUMENT["statements"]} == {"The report of 9 September 2025"}
    assert {row["owner"] for row in [*DOCUMENT["remaining"], *DOCUMENT["came_back"]]} <= {""}
    assert not re.search(r"@|/home/|/tmp/|/root/", text)
