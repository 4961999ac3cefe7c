"""Words beside a line on the plot: on the side with room, and never over other words."""

from __future__ import annotations

import pytest

from dashboard.plot_words import Placed, beside_line

LONG = "scope changed: Python 3.11 to 3.12"


@pytest.mark.parametrize(
    ("x", "words", "expected"),
    [
        (10, LONG, (LONG, "start", 4.0)),
        (60, LONG, (LONG, "start", 4.0)),
        (70, LONG, (LONG, "end", 4.0)),
        (99, LONG, (LONG, "end", 4.0)),
        (50, "scope changed: " + "x" * 60, ("scope changed", "start", 4.0)),
        (95, "scope changed: " + "x" * 90, ("scope changed", "end", 4.0)),
    ],
)
def test_they_stand_where_there_is_room(x: float, words: str, expected: tuple[str, str, float]) -> None:
    assert beside_line(x, words, []) == expected


def test_they_stand_below_what_is_there_already_and_beside_what_is_elsewhere() -> None:
    there: list[Placed] = [(12, 5.0, "peak 117", "start"), (90, 4.0, "2 back", "start"), (30, 9.0, "words", "end")]
    _, _, y = beside_line(10, LONG, there)
    assert y == 14.0
    assert all(abs(y - other[1]) >= 5 for other in there if other[0] < 50)
    assert beside_line(50, "scope changed", there) == ("scope changed", "start", 4.0)


def test_several_changes_never_cover_each_other() -> None:
    placed: list[Placed] = []
    for x in (40, 42, 44, 46, 48):
        words, anchor, y = beside_line(x, LONG, placed)
        assert all(abs(y - other) >= 5 for _, other, _, _ in placed)
        placed.append((x, y, words, anchor))
