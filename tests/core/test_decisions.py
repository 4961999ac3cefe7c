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
        ({"status": "open", "blocks_all": True, "claimed_at": ago(0)}, "blocking"),
        ({"status": "regressed", "claimed_at": ago(0)}, "regressed"),
        ({"status": "still-seen"}, "still-seen"),
        # a claim: only silence makes it idle
        ({"status": "open", "claimed_at": ago(5.1)}, "idle"),
        ({"status": "open", "claimed_at": ago(4.9)}, ""),
        ({"status": "open", "claimed_at": ago(9), "noted_at": ago(9)}, "idle"),
        ({"status": "open", "claimed_at": ago(9), "noted_at": ago(1)}, ""),
        ({"status": "open", "claimed_at": ago(9), "noted_at": ago(12)}, "idle"),
        ({"status": "awaiting", "claimed_at": ago(30)}, ""),
        # nobody's
        ({"status": "open", "seen_at": ago(3.1)}, "unclaimed"),
        ({"status": "open", "seen_at": ago(2.9)}, ""),
        ({"status": "open", "seen_at": ago(30), "freed_at": ago(1)}, ""),
        ({"status": "open", "seen_at": ago(30), "freed_at": ago(4)}, "unclaimed"),
        ({"status": "open"}, ""),
        ({"status": "muted", "seen_at": ago(30)}, ""),
        ({"status": "muted", "seen_at": ago(30), "claimed_at": ago(30)}, ""),
    ],
)
def test_reasons(known: dict[str, Any], said: str) -> None:
    assert reason(Standing(**known), NOW) == said
    assert said == "" or said in REASONS
