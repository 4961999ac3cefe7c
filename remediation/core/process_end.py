"""How a process came to its end; of the standard library alone, as whatever watches a target is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessEnd:
    """How the collecting process ended, as the launcher saw it from outside.

    ``returncode`` is None when it never started; negative for a signal. ``stopped`` is why we ended it:
    "" (we did not), "timeout", "output-limit", "disk-limit", "cancelled". ``stdout`` and ``stderr`` are capped tails.
    """

    returncode: int | None
    stopped: str = ""
    seconds: float = 0.0
    stdout: str = ""
    stderr: str = ""
