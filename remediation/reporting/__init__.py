"""Weekly reports: when a week ends, its draft, the final that never changes, and who gets it."""

from remediation.refusals import Refused
from remediation.reporting.delivering import listeners_of, recipients_of
from remediation.reporting.drafting import draft_due
from remediation.reporting.mail import recipient_of_token, stop_token
from remediation.reporting.planning import change
from remediation.reporting.recipients import ATTACHED, add, remove, subscribe
from remediation.reporting.releasing import File, Made, Unmade, due_at, hold, release, to_release
from remediation.reporting.slots import cut, period_of, plan_of, weeks_of

__all__ = [
    "ATTACHED",
    "File",
    "Made",
    "Refused",
    "Unmade",
    "add",
    "change",
    "cut",
    "draft_due",
    "due_at",
    "hold",
    "listeners_of",
    "period_of",
    "plan_of",
    "recipient_of_token",
    "recipients_of",
    "release",
    "remove",
    "stop_token",
    "subscribe",
    "to_release",
    "weeks_of",
]
