"""The sentence over many projects: what is added up, and what is only named."""

from __future__ import annotations

import pytest

from remediation.core.portfolio import Standing, notes, sentence


@pytest.mark.parametrize(
    ("projects", "said"),
    [
        (
            [Standing("payments-api", 41, rise=6), Standing("atlas", 20), Standing("borealis", 0)],
            "3 projects, 61 errors left; payments-api rose by 6 this week.",
        ),
        ([Standing("atlas", 1)], "1 project, 1 error left."),
        ([Standing("atlas", None), Standing("borealis", None)], "2 projects, nothing counted yet."),
        ([Standing("atlas", 1_207), Standing("zephyr", None)], "2 projects, 1,207 errors left."),
        ([Standing("atlas", 0, hidden=7)], "1 project, 0 errors left and 7 hidden."),
        (
            [Standing(name, 9, rise=rise) for name, rise in zip("abcde", (1, 2, 3, 4, 5), strict=True)],
            "5 projects, 45 errors left; e rose by 5, d rose by 4, c rose by 3 and 2 more this week.",
        ),
        (
            [Standing("a", 9, rise=1), Standing("b", 9, rise=2)],
            "2 projects, 18 errors left; b rose by 2 and a rose by 1 this week.",
        ),
    ],
)
def test_sentences(projects: list[Standing], said: str) -> None:
    assert sentence(projects) == said


@pytest.mark.parametrize(
    ("projects", "said"),
    [
        ([Standing("a", 9), Standing("b", 0)], ""),
        ([Standing("a", None)], ""),
        ([Standing("a", 9), Standing("b", None)], "b was never counted and is not in the sum."),
        (
            [Standing("a", 9), Standing("b", None), Standing("c", None)],
            "b and c were never counted and are not in the sum.",
        ),
        ([Standing("a", 9, dated=True)], "The last pass of a was not counted: the sum holds the count before it."),
        ([Standing("a", None, dated=True), Standing("b", 1)], "a was never counted and is not in the sum."),
    ],
)
def test_what_the_sum_holds(projects: list[Standing], said: str) -> None:
    assert notes(projects) == said
