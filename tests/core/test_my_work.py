"""Where a ticket stands on a person's page, and the sentence over all of them."""

from __future__ import annotations

import pytest

from remediation.core.lifecycle import STATUSES
from remediation.core.my_work import SECTIONS, section, sentence


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_is_theirs_is_shown_and_what_they_fixed_when_it_comes_back(status: str) -> None:
    shown = {"open": "claimed", "verified": ""}.get(status, status)
    assert section(status, own=True, fixed=False) == section(status, own=True, fixed=True) == shown
    assert section(status, own=False, fixed=True) == ("regressed" if status == "regressed" else "")
    assert section(status, own=False, fixed=False) == ""
    assert section(status, own=False, muted=True) == ("muted" if status == "muted" else "")
    assert shown in {*SECTIONS, ""}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "Nothing claimed."),
        ({"claimed": 1}, "You have 1 ticket to repair."),
        ({"claimed": 1_200, "awaiting": 3}, "You have 1,200 tickets to repair."),
        ({"awaiting": 1}, "1 ticket awaits a pass."),
        ({"awaiting": 2, "muted": 1}, "2 tickets await a pass."),
        ({"muted": 1}, "1 ticket of yours is muted."),
        ({"muted": 2}, "2 tickets of yours are muted."),
        ({"still-seen": 1, "claimed": 4}, "1 ticket is still seen."),
        ({"still-seen": 2}, "2 tickets are still seen."),
        ({"regressed": 1}, "1 ticket came back."),
        ({"still-seen": 1, "regressed": 2}, "3 tickets need you: 1 is still seen, 2 came back."),
    ],
)
def test_the_sentence_says_what_asks_for_most(counts: dict[str, int], said: str) -> None:
    assert sentence(counts) == said
