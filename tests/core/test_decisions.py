"""Which tickets wait for a person: every reason, and what is no reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from remediation.core.decisions import REASONS, Standing, reason

NOW = datetime(2026, 3, 20, 6, 0, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"status": "open", "blocks_all": True, "claimed": True}, "blocking"),
        ({"status": "regressed", "claimed": True, "flagged": True}, "regressed"),
        ({"status": "still-seen"}, "still-seen"),
        # a claim: only one that is flagged waits
        ({"status": "open", "claimed": True, "flagged": True}, "flagged"),
        ({"status": "open", "claimed": True, "seen_at": ago(90)}, ""),
        ({"status": "awaiting", "claimed": True, "flagged": True}, ""),
        # nobody's
        ({"status": "open", "seen_at": ago(3.1)}, "unclaimed"),
        ({"status": "open", "seen_at": ago(2.9)}, ""),
        ({"status": "open", "seen_at": ago(30), "freed_at": ago(1)}, ""),
        ({"status": "open", "seen_at": ago(30), "freed_at": ago(4)}, "unclaimed"),
        ({"status": "open"}, ""),
        ({"status": "muted", "seen_at": ago(30)}, ""),
        ({"status": "muted", "seen_at": ago(30), "claimed": True, "flagged": True}, ""),
    ],
)
def test_reasons(known: dict[str, Any], said: str) -> None:
    assert reason(Standing(**known), NOW, 3) == said
    assert said == "" or said in REASONS


@pytest.mark.parametrize(("patience", "said"), [(0, ""), (3, "unclaimed"), (9, ""), (365, "")])
def test_the_project_says_how_long_a_free_ticket_may_wait(patience: int, said: str) -> None:
    assert reason(Standing("open", seen_at=ago(4)), NOW, patience) == said
