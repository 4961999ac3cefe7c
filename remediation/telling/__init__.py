"""Who and what is told of what happened: written with the change itself, sent by the outbox."""

from remediation.refusals import Refused
from remediation.telling.choices import (
    PersonChoice,
    choose,
    mark_read,
    preference,
    stop_mail,
    stop_token,
    user_of_token,
)
from remediation.telling.mailing import compose
from remediation.telling.passes import of_pass
from remediation.telling.people import of_line

__all__ = [
    "PersonChoice",
    "Refused",
    "choose",
    "compose",
    "mark_read",
    "of_line",
    "of_pass",
    "preference",
    "stop_mail",
    "stop_token",
    "user_of_token",
]
