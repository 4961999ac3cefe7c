"""What is said to be fixed: from which pass on it counts, and what uses it up."""

from __future__ import annotations

import pytest

from remediation.core.fix_marks import Mark, Place, entering, in_force, unheard

OLD, NEW, BACK = Mark("e7710ab", (3, 3), 5), Mark("c41d09e", (6, 6)), Mark("", (7, 7))


@pytest.mark.parametrize(
    ("marks", "place", "verified_at", "found"),
    [
        ([], (4, 4), None, None),
        ([OLD], (3, 3), None, None),  # that pass had ended when it was said
        ([OLD], (4, 4), None, OLD),
        ([OLD, NEW], (6, 6), None, OLD),
        ([OLD, NEW], (7, 7), None, NEW),
        ([OLD], (9, 9), (4, 4), None),  # a pass verified the ticket since: the word is used up
        ([OLD], (9, 9), (2, 2), OLD),  # an earlier verification says nothing of it
        ([OLD, NEW, BACK], (8, 8), None, None),  # taken back
        ([Mark("x", None)], (1, 1), None, Mark("x", None)),
    ],
)
def test_the_mark_that_a_pass_is_asked_about(
    marks: list[Mark], place: Place, verified_at: Place | None, found: Mark | None
) -> None:
    assert in_force(marks, place, verified_at) == found


@pytest.mark.parametrize(
    ("status", "mark", "previous", "becomes"),
    [
        ("open", OLD, (3, 3), "awaiting"),
        ("regressed", OLD, (3, 3), "awaiting"),
        ("still-seen", OLD, (3, 3), "awaiting"),  # said anew since the pass before
        ("still-seen", OLD, (4, 4), "still-seen"),
        ("awaiting", OLD, (4, 4), "awaiting"),
        ("awaiting", None, (4, 4), "open"),
        ("still-seen", None, (4, 4), "open"),
        ("regressed", None, (4, 4), "regressed"),
        ("verified", OLD, (3, 3), "verified"),
        ("open", OLD, None, "awaiting"),
    ],
)
def test_the_status_in_which_a_ticket_meets_a_pass(
    status: str, mark: Mark | None, previous: Place | None, becomes: str
) -> None:
    assert entering(status, mark, previous) == becomes


@pytest.mark.parametrize("status", ["awaiting", "still-seen", "regressed"])
def test_taking_a_fix_back_does_not_undo_a_regression(status: str) -> None:
    assert entering(status, None, (4, 4), came_back=True) == "regressed"


@pytest.mark.parametrize(
    ("marks", "last", "found"),
    [
        ([], (3, 3), None),
        ([OLD], (3, 3), OLD),  # nothing came after it
        ([OLD], (4, 4), None),
        ([OLD, NEW], (6, 6), NEW),
        ([Mark("x", None)], None, Mark("x", None)),
        ([Mark("x", None)], (1, 1), None),
    ],
)
def test_what_was_said_after_the_last_pass(marks: list[Mark], last: Place | None, found: Mark | None) -> None:
    assert unheard(marks, last) == found


def test_contained_is_known_or_it_is_not() -> None:
    assert OLD.contained_in((5, 1))
    assert not OLD.contained_in((4, 9))
    assert not NEW.contained_in((99, 99))
    late = Mark("e7710ab", (3, 3), 4, known_after=(5, 5))  # the pass #5 was recorded before anybody knew
    assert not late.contained_in((5, 5))
    assert late.contained_in((5, 6))
