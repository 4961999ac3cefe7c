"""Checks of a connection: does a draft of a project reach its repository, its Python and its pytest."""

from remediation.checks.queueing import (
    DRAFT,
    ENDED_BY_HAND,
    forget,
    hand_over,
    reap,
    start,
    steps_of,
    stop,
    test,
    waiting,
)
from remediation.checks.running import STEPS, run

__all__ = [
    "DRAFT",
    "ENDED_BY_HAND",
    "STEPS",
    "forget",
    "hand_over",
    "reap",
    "run",
    "start",
    "steps_of",
    "stop",
    "test",
    "waiting",
]
