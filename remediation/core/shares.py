"""A part in percent, where a percentage says something."""

from __future__ import annotations

from remediation.core.trend import LEAST_BASE


def share(part: int, of: int | None) -> str:
    """``part`` in percent of ``of``, rounded down, one decimal at most; "" below a base of LEAST_BASE."""
    if of is None or of < LEAST_BASE or not 0 <= part <= of:
        return ""
    tenths = part * 1000 // of
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)
