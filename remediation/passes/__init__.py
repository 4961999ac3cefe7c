"""Passes, from the due time to the recorded result."""

from remediation.passes.asking import ask
from remediation.passes.lease import LEASE, claim
from remediation.passes.queueing import (
    MAX_ATTEMPTS,
    cancel,
    queue,
    queue_due,
    queue_or_skip,
    reap,
    replay,
    stop_all,
    to_ask,
    waiting,
)
from remediation.passes.record import LostLease, Report, confirm, record, renames_between
from remediation.passes.running import run
from remediation.passes.workshop import clear_deleted

__all__ = [
    "LEASE",
    "MAX_ATTEMPTS",
    "LostLease",
    "Report",
    "ask",
    "cancel",
    "claim",
    "clear_deleted",
    "confirm",
    "queue",
    "queue_due",
    "queue_or_skip",
    "reap",
    "record",
    "renames_between",
    "replay",
    "run",
    "stop_all",
    "to_ask",
    "waiting",
]
