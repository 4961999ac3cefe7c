"""Passes, from the due time to the recorded result."""

from remediation.passes.lease import claim
from remediation.passes.queueing import cancel, queue, queue_due, reap, replay, waiting
from remediation.passes.record import LostLease, Report, confirm, record, renames_between
from remediation.passes.running import run

__all__ = [
    "LostLease",
    "Report",
    "cancel",
    "claim",
    "confirm",
    "queue",
    "queue_due",
    "reap",
    "record",
    "renames_between",
    "replay",
    "run",
    "waiting",
]
