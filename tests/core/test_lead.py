"""The first sentence: every form of it, and no word more than is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from remediation.core import lead
from remediation.core.trend import Headline, Point, Trend
from tests.core.histories import START


def point(number: int, total: int, **values: object) -> Point:
    at = START + timedelta(days=number)
    return replace(Point(number, at, "counted", total, (total,), 0, scope=1, tests=40), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "total", "more", "said"),
    [
        ("one", 112, {}, "112 collection errors at the first pass."),
        ("one", 1, {}, "1 collection error at the first pass."),
        ("zero", 0, {"reached": 31}, "Zero collection errors, at pass #31."),
        ("zero", 0, {"reached": 28}, "Zero collection errors, since pass #28."),
        ("zero-hidden", 0, {"hidden": 1_200}, "0 errors visible, 1,200 hidden."),
        ("zero-held", 0, {}, "0 errors, not confirmed."),
        ("zero-scope", 0, {"changed": "431 to 120 files"}, "0 errors, but the scope changed: 431 to 120 files."),
        ("zero-scope", 0, {}, "0 errors, but the scope changed."),
        ("incomparable", 15, {}, "15 collection errors left."),
        ("back", 2, {}, "2 errors, back after 9 days at zero."),
        ("rising", 18, {"rise": 3}, "18 errors left, 3 more than last week."),
        ("falling", 15, {}, "15 collection errors left, down from 1,112."),
        ("above", 2_000, {}, "2,000 collection errors, up from 1,112."),
        ("level", 1_112, {}, "1,112 collection errors, as many as at the first pass."),
    ],
)
def test_titles(state: str, total: int, more: dict[str, object], said: str) -> None:
    headline = Headline(state, point(31, total), point(1, 1_112), days=9)
    assert lead.title(headline, **more) == said  # type: ignore[arg-type]


def test_no_test_is_no_scope() -> None:
    headline = Headline("zero-scope", point(31, 0, tests=0), point(1, 9))
    assert lead.title(headline, changed="431 to 120 files") == "0 errors, but no test was collected."


def test_nothing_counted_has_no_number() -> None:
    assert lead.title(Headline("none")) == "Nothing counted yet"


def test_an_old_count_is_dated() -> None:
    assert lead.last_counted(point(30, 15), "3 days") == "Last counted: 15 errors at #30, 3 days ago."
    assert lead.last_counted(point(30, 1), "1 day") == "Last counted: 1 error at #30, 1 day ago."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(431, 120, "431 to 120 files"), (120, 120, ""), (120, 431, ""), (None, 120, ""), (431, None, "")],
)
def test_only_a_loss_of_files_is_said(before: int | None, after: int | None, said: str) -> None:
    assert lead.files_fewer(before, after) == said


@pytest.mark.parametrize(
    ("points", "reached"),
    [
        ([point(1, 9), point(2, 0)], 2),
        ([point(1, 9), point(2, 0), point(3, 0)], 2),
        ([point(1, 9), point(2, 0), point(3, 1), point(4, 0)], 4),
        ([point(1, 9), point(2, 0, scope=2), point(3, 0)], 3),
        ([point(1, 9)], None),
        ([point(1, 0), Point(2, START + timedelta(days=2), "blocked"), point(3, 0)], 1),
        ([], None),
    ],
)
def test_since_when_it_is_zero(points: list[Point], reached: int | None) -> None:
    found = lead.zero_since(Trend((), tuple(points)))
    assert (found.number if found else None) == reached
