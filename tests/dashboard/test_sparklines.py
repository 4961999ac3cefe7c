"""A ticket's small line: steps, gaps and scale, as numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sparklines import Axis, Interval, draw, intervals_of
from remediation.core.condense import LIMIT
from remediation.models import Project
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors
from tests.dashboard.long_history import lengthen

FLOOR = 20.0  # y of zero in a box of 22


def _axis(outcomes: str) -> Axis:
    """One letter a pass: c counted, anything else not. The pass at place n has the id 100 + n."""
    return Axis({100 + place: place for place in range(len(outcomes))}, tuple(letter == "c" for letter in outcomes))


def test_a_count_holds_until_the_pass_that_changes_it() -> None:
    spark = draw(_axis("cccc"), [(100, None), (101, 103)], width=40)
    assert spark.line == "M0.0,11.5H10.0V3.0H30.0V11.5H40.0"
    assert spark.area == "M0.0,11.5H10.0V3.0H30.0V11.5H40.0V20H0.0Z"
    assert (spark.peak, spark.last, spark.end, spark.gaps) == (2, 1, (40.0, 11.5), ())


def test_a_pass_without_a_count_has_no_line_at_all() -> None:
    spark = draw(_axis("cbfc"), [(100, None)], width=40)
    assert spark.line == "M0.0,3.0H10.0M30.0,3.0H40.0"
    assert [(gap.x, gap.width) for gap in spark.gaps] == [(10.0, 20.0)]


def test_before_its_first_pass_a_ticket_has_zero_and_after_its_last_too() -> None:
    spark = draw(_axis("ccc"), [(101, 102)], width=30)
    assert spark.line == f"M0.0,{FLOOR}H10.0V3.0H20.0V{FLOOR}H30.0"
    assert (spark.peak, spark.last) == (1, 0)


def test_nothing_is_drawn_without_a_counted_pass() -> None:
    for outcomes in ("", "b", "bff"):
        spark = draw(_axis(outcomes), [])
        assert (spark.line, spark.area, spark.end) == ("", "", None)


intervals = st.lists(st.tuples(st.integers(0, 11), st.one_of(st.none(), st.integers(0, 12))), max_size=12)


@given(st.text("cb", min_size=1, max_size=12), intervals)
def test_the_line_is_the_count_at_every_counted_pass_and_nothing_elsewhere(
    outcomes: str, spans: list[tuple[int, int | None]]
) -> None:
    counted = [place for place, letter in enumerate(outcomes) if letter == "c"]
    real: list[Interval] = []
    expected = dict.fromkeys(counted, 0)
    for start, end in spans:
        if start not in expected or (end is not None and (end <= start or end not in expected)):
            continue
        real.append((100 + start, None if end is None else 100 + end))
        for place in counted:
            expected[place] += start <= place and (end is None or place < end)
    spark = draw(_axis(outcomes), real, width=10 * len(outcomes))
    peak = max(expected.values(), default=0)
    assert _values(spark.line, peak) == expected


@given(st.text("cb", min_size=4, max_size=12), intervals, st.integers(1, 3))
def test_an_axis_of_the_last_passes_shows_what_the_whole_one_shows_there(
    outcomes: str, spans: list[tuple[int, int | None]], shown: int
) -> None:
    first = len(outcomes) - shown
    counted = [place for place, letter in enumerate(outcomes) if letter == "c"]
    real = [
        (start, end) for start, end in spans if start in counted and (end is None or (end > start and end in counted))
    ]
    cut = Axis(
        {100 + place: place - first for place in range(first, len(outcomes))},
        tuple(letter == "c" for letter in outcomes[first:]),
        start=(first, 1),
    )
    reaching: list[Interval] = [
        (cut.first(100 + start, start, 1), None if end is None else 100 + end)
        for start, end in real
        if end is None or end >= first
    ]
    spark = draw(cut, reaching, width=10 * shown)
    expected = {
        place - first: sum(start <= place and (end is None or place < end) for start, end in real)
        for place in counted
        if place >= first
    }
    assert _values(spark.line, spark.peak) == expected


@pytest.mark.django_db
def test_a_long_history_is_drawn_by_its_last_passes() -> None:
    cast = Cast.make()
    lengthen(cast.project, LIMIT + 20)
    factories.counted_pass(cast.project, LIMIT + 21, errors()[:1], WORKING)
    axis = Axis.of(Project.objects.with_work().get(pk=cast.project.pk))
    assert (len(axis.counted), axis.only, axis.start) == (LIMIT, LIMIT, (22, 22))
    tickets = {ticket.pk: ticket.errors for ticket in cast.project.tickets.all()}
    found = intervals_of(axis, list(tickets))
    assert {pk: draw(axis, found[pk]).last for pk in tickets} == tickets
    page = cast.client("viewer").get("/p/atlas/tickets/").content.decode()
    assert f"last {LIMIT}</span>" in page
    assert f"Errors in the last {LIMIT} passes" in cast.client("viewer").get("/p/atlas/t/ATL-1/").content.decode()


def _values(line: str, peak: int) -> dict[int, int]:
    """Read the picture back: place -> count."""
    values: dict[int, int] = {}
    x = y = 0.0
    for command, number, second in re.findall(r"([MHV])([\d.]+)(?:,([\d.]+))?", line):
        if command == "M":
            x, y = float(number), float(second)
        elif command == "V":
            y = float(number)
        else:
            for place in range(round(x / 10), round(float(number) / 10)):
                values[place] = round((FLOOR - y) * max(1, peak) / 17)
            x = float(number)
    return values
