"""A ticket's status by every event: only a counted pass without the error verifies, and a mute only covers."""

from __future__ import annotations

import itertools

import pytest

from remediation.core.lifecycle import (
    BENEATH,
    STATUSES,
    TRANSITIONS,
    Decision,
    Evidence,
    State,
    accepting,
    after,
    decide,
)

SEEN, SEEN_AFTER_FIX = Evidence(3, 0), Evidence(3, 0, contains_fix=True)
SEEN_BEFORE_FIX, HIDDEN = Evidence(3, 1, contains_fix=False), Evidence(0, 2)
GONE, GONE_HELD, SEEN_HELD = Evidence(0, 0), Evidence(0, 0, held=True), Evidence(3, 0, held=True)
PLAIN = tuple(status for status in STATUSES if status != "muted")
PASSES = ("seen", "seen-with-fix", "hidden", "gone", "gone-held")

#             open       awaiting      still-seen    verified     regressed
TABLE = {
    SEEN: ("open", "awaiting", "still-seen", "regressed!", "regressed"),
    SEEN_BEFORE_FIX: ("open", "awaiting", "still-seen", "regressed!", "regressed"),
    SEEN_AFTER_FIX: ("open", "still-seen!", "still-seen", "regressed!", "regressed"),
    SEEN_HELD: ("open", "awaiting", "still-seen", "regressed!", "regressed"),
    HIDDEN: ("open", "awaiting", "still-seen", "regressed!", "regressed"),
    GONE: ("verified!", "verified!", "verified!", "verified", "verified!"),
    GONE_HELD: ("open", "awaiting", "still-seen", "verified", "regressed"),
}


@pytest.mark.parametrize("evidence", TABLE, ids=str)
@pytest.mark.parametrize("status", PLAIN)
def test_status_by_evidence(status: str, evidence: Evidence) -> None:
    told = TABLE[evidence][PLAIN.index(status)]
    expected = told.rstrip("!")  # "!": a line in the history
    assert decide(status, evidence) == Decision(expected, expected if told.endswith("!") else "")


@pytest.mark.parametrize("status", PLAIN)
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


# --- what people say --------------------------------------------------------------------------------------------------

SAID = {
    "fix-named": {**dict.fromkeys(BENEATH, "awaiting"), "verified": None},
    "fix-taken-back": {**dict.fromkeys(BENEATH, "open"), "verified": None},
    "fix-taken-back-2": {**dict.fromkeys(BENEATH, "regressed"), "verified": None},
    "mute": {**dict.fromkeys(BENEATH, "muted"), "verified": None},
    "mute-ends": dict.fromkeys(PLAIN),
    "claim": {**{status: status for status in BENEATH}, "verified": None},
}


def test_every_event_has_an_answer_in_every_status() -> None:
    assert set(TRANSITIONS) == {*PASSES, *SAID}
    assert all(set(row) == set(STATUSES) for row in TRANSITIONS.values())
    assert {evidence.event for evidence in TABLE} == set(PASSES)


@pytest.mark.parametrize("event", SAID)
@pytest.mark.parametrize("status", PLAIN)
def test_status_by_word(status: str, event: str) -> None:
    found = after(State(status), event)
    assert (found.status if found else None) == SAID[event][status]
    assert found is None or found.beneath == (status if event == "mute" else "")


@pytest.mark.parametrize("event", [*PASSES, "fix-named", "fix-taken-back", "fix-taken-back-2", "claim"])
@pytest.mark.parametrize("beneath", BENEATH)
def test_beneath_a_mute_everything_goes_on_and_only_a_verification_shows(beneath: str, event: str) -> None:
    without, found = after(State(beneath), event), after(State("muted", beneath), event)
    assert without is not None and found is not None
    if without.status == "verified":
        assert found == without  # what comes back after it is regressed, not muted
    else:
        assert found == State("muted", without.status)
        assert after(found, "mute-ends") == without


def test_a_muted_ticket_is_not_muted_again_and_only_a_muted_one_is_uncovered() -> None:
    assert after(State("muted", "open"), "mute") is None
    assert [status for status in PLAIN if after(State(status), "mute-ends")] == []
    assert accepting("mute") == ["open", "awaiting", "still-seen", "regressed"]
    assert set(STATUSES) - set(accepting("claim")) == {"verified"}


@pytest.mark.parametrize(
    "pair", [("muted", ""), ("muted", "muted"), ("muted", "verified"), ("open", "open"), ("x", "")]
)
def test_no_ticket_is_muted_over_nothing(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="no ticket is"):
        State(*pair)
