"""A ticket's status by every kind of evidence: only a counted pass without the error verifies."""

from __future__ import annotations

import itertools

import pytest

from remediation.core.lifecycle import STATUSES, Decision, Evidence, decide

SEEN, SEEN_AFTER_FIX = Evidence(3, 0), Evidence(3, 0, contains_fix=True)
SEEN_BEFORE_FIX, HIDDEN = Evidence(3, 1, contains_fix=False), Evidence(0, 2)
GONE, GONE_HELD, SEEN_HELD = Evidence(0, 0), Evidence(0, 0, held=True), Evidence(3, 0, held=True)

#             open       awaiting      still-seen    verified     regressed    muted
TABLE = {
    SEEN: ("open", "awaiting", "still-seen", "regressed!", "regressed", "muted"),
    SEEN_BEFORE_FIX: ("open", "awaiting", "still-seen", "regressed!", "regressed", "muted"),
    SEEN_AFTER_FIX: ("open", "still-seen!", "still-seen", "regressed!", "regressed", "muted"),
    SEEN_HELD: ("open", "awaiting", "still-seen", "regressed!", "regressed", "muted"),
    HIDDEN: ("open", "awaiting", "still-seen", "regressed!", "regressed", "muted"),
    GONE: ("verified!", "verified!", "verified!", "verified", "verified!", "verified!"),
    GONE_HELD: ("open", "awaiting", "still-seen", "verified", "regressed", "muted"),
}


@pytest.mark.parametrize("evidence", TABLE, ids=str)
@pytest.mark.parametrize("status", STATUSES)
def test_status_by_evidence(status: str, evidence: Evidence) -> None:
    told = TABLE[evidence][STATUSES.index(status)]
    expected = told.rstrip("!")  # "!": a line in the history
    assert decide(status, evidence) == Decision(expected, expected if told.endswith("!") else "")


@pytest.mark.parametrize("status", STATUSES)
def test_nothing_but_a_free_pass_without_any_error_verifies(status: str) -> None:
    for errors, hidden, fix, held in itertools.product((0, 1), (0, 1), (None, False, True), (False, True)):
        decision = decide(status, Evidence(errors, hidden, fix, held))
        assert decision.status in STATUSES
        if decision.status == "verified":
            assert errors == hidden == 0
            assert status == "verified" or not held
        assert bool(decision.verb) == (decision.status != status)


def test_an_unknown_status_is_an_error() -> None:
    with pytest.raises(ValueError, match="closed"):
        decide("closed", GONE)
