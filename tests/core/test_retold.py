"""A ticket's history told again from nothing: every line follows from those before it, or is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from remediation.core.retold import Fix, Line, Told, Unexplained, retell

ADA, GRACE, LIN = 7, 8, 9
START = datetime(2026, 3, 2, tzinfo=UTC)


def story(*steps: tuple[Any, ...]) -> list[Line]:
    """(verb, person) or (verb, pass, before, after), or a verb with data; one a day."""
    lines = []
    for day, (verb, *rest) in enumerate(steps):
        at = START + timedelta(days=day)
        if len(rest) == 3:
            lines.append(Line(verb, at, None, rest[0], {"before": rest[1], "after": rest[2], "hidden": 0}))
        else:
            lines.append(Line(verb, at, rest[0], None, rest[1] if rest[1:] else {}))
    return lines


CAMPAIGN = story(
    ("opened", 1, 0, 3),
    ("claimed", ADA),
    ("marked-fixed", ADA, {"named": "e7710ab"}),
    ("still-seen", 2, 3, 1),
    ("released", ADA),
    ("assigned", ADA, {"to": "Grace", "to_id": GRACE}),
    ("marked-fixed", LIN, {"named": "c41d09e"}),
    ("verified", 3, 1, 0),
    ("regressed", 4, 0, 2),
    ("note", ADA),
    ("changed", 5, 2, 1),
)
STATUSES = ["open", "open", "awaiting", "still-seen", "still-seen", "still-seen", "awaiting", "verified", "regressed"]
STATUSES += ["regressed", "regressed"]


def test_a_history_is_told_line_by_line() -> None:
    told = [retell(CAMPAIGN[:count]) for count in range(1, len(CAMPAIGN) + 1)]
    assert [each.status for each in told] == STATUSES
    assert [each.owner for each in told] == [None, ADA, ADA, ADA, None, *[GRACE] * 6]
    assert [each.named for each in told][1:9] == ["", "e7710ab", "e7710ab", "e7710ab", "e7710ab", *["c41d09e"] * 2, ""]
    end = told[-1]
    assert (end.errors, end.since, end.namer) == (1, START + timedelta(days=5), None)
    # Both the one who had it and the one who named the fix that was in force.
    assert end.fixes == (Fix(3, START + timedelta(days=7), frozenset({GRACE, LIN})),)


def test_it_goes_on_from_where_it_was() -> None:
    for place in range(len(CAMPAIGN)):
        assert retell(CAMPAIGN[place:], so_far=retell(CAMPAIGN[:place])) == retell(CAMPAIGN)
    assert retell([]) == Told()


@pytest.mark.parametrize("place", [n for n, line in enumerate(CAMPAIGN) if line.verb != "note"])
def test_a_line_that_is_dropped_is_missed(place: int) -> None:
    """The control of the oracle: what is left is refused, or arrives somewhere else."""
    try:
        found = retell(CAMPAIGN[:place] + CAMPAIGN[place + 1 :])
    except Unexplained:
        return
    assert found != retell(CAMPAIGN)


SEEN = ("opened", 1, 0, 1)
GONE = ("verified", 2, 1, 0)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([("claimed", ADA)], None),  # a person may act before the first line is told: nothing contradicts it
        ([SEEN, SEEN], "opened, though open"),
        ([GONE], "verified, though never seen"),
        ([SEEN, ("claimed", ADA), ("claimed", GRACE)], "though 7 has it"),
        ([SEEN, ("claimed", ADA), ("released", GRACE)], "released by 8"),
        ([SEEN, ("released", ADA)], "nobody has it"),
        ([SEEN, ("claimed", ADA), ("assigned", ADA, {"to_id": GRACE})], "assigned, though 7 has it"),
        ([SEEN, ("assigned", ADA, {"to_id": GRACE, "from": "Ada"})], "assigned, though None has it"),
        ([SEEN, ("unmarked", ADA)], "no fix was named"),
        ([SEEN, GONE, ("claimed", ADA)], "claimed, though verified"),
        ([SEEN, GONE, ("marked-fixed", ADA, {"named": "x"})], "marked-fixed, though verified"),
        ([SEEN, GONE, GONE], "1 errors before, 0 told"),
        ([SEEN, GONE, ("verified", 3, 0, 0)], "verified twice"),
        ([SEEN, ("verified", 2, 1, 1)], "verified with 1 and 0 errors"),
        ([SEEN, ("regressed", 2, 1, 1)], "back, though open"),
        ([SEEN, ("still-seen", 2, 1, 1)], "still seen, though open"),
        ([SEEN, ("changed", 2, 2, 1)], "2 errors before, 1 told"),
        ([SEEN, ("changed", None, 1, 2)], "changed without a pass"),
        ([SEEN, GONE, ("released", ADA, {"owner": "Grace"})], "nobody has it"),
    ],
)
def test_what_cannot_follow_is_refused(steps: list[tuple[Any, ...]], words: str | None) -> None:
    if words is None:
        retell(story(*steps))
        return
    with pytest.raises(Unexplained, match=words):
        retell(story(*steps))


def test_a_mute_that_a_late_verification_ended_may_end_again_and_only_then() -> None:
    muted = story(("opened", 1, 0, 2), ("muted", ADA, {"number": 3}))
    late = [*muted, *story(("verified", 4, 2, 0), ("regressed", 3, 0, 2))]
    told = retell([*late, *story(("unmuted", None, {"pass": 3}))])
    assert (told.status, told.muted) == ("regressed", False)
    for twice in (
        [*late, *story(("unmuted", None), ("unmuted", None))],
        [*muted, *story(("unmuted", ADA), ("unmuted", None))],
        [*muted, *story(("muted", ADA))],
        story(("opened", 1, 0, 2), ("verified", 2, 2, 0), ("regressed", 3, 0, 2), ("unmuted", None)),
    ):
        with pytest.raises(Unexplained, match=r"though (not )?muted"):
            retell(twice)
