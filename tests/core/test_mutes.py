"""When a mute ends, and what cannot be its end."""

from __future__ import annotations

from datetime import date

import pytest

from remediation.core.mutes import FARTHEST, Until, in_force

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("until", "refused"),
    [
        (Until(), False),
        (Until(date(2026, 3, 3)), False),
        (Until(date(2027, 3, 3)), False),
        (Until(TODAY), True),  # it would end at once
        (Until(date(2026, 3, 1)), True),
        (Until(date(2027, 3, 4)), True),  # for good in other words
        (Until(number=41), False),
        (Until(number=40 + FARTHEST), False),
        (Until(number=40), True),
        (Until(number=41 + FARTHEST), True),
    ],
    ids=str,
)
def test_what_cannot_be_its_end(until: Until, refused: bool) -> None:
    assert bool(until.refusal(TODAY, 40)) is refused


def test_it_ends_as_its_day_begins() -> None:
    until = Until(date(2026, 3, 3))
    assert [until.reached(date(2026, 3, day)) for day in (2, 3, 4)] == [False, True, True]
    assert not Until().reached(TODAY) and not Until(number=1).reached(TODAY)
    assert Until().for_good and not until.for_good and not Until(number=1).for_good
    with pytest.raises(ValueError, match="not by both"):
        Until(TODAY, 4)


def test_a_verification_since_then_uses_it_up() -> None:
    assert in_force((3, 3), None)
    assert in_force((3, 3), (2, 2))
    assert not in_force((3, 3), (4, 4))
    assert not in_force(None, (1, 1))
