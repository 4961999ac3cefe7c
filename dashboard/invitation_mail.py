"""The mail that carries an invitation's link."""

from __future__ import annotations

import logging
import smtplib

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from remediation.models import Invitation

log = logging.getLogger("dashboard.invitation_mail")


def send(invitation: Invitation, address: str) -> bool:
    """Mail the link; False, and a line in the log, where the mail server does not take it."""
    by = invitation.invited_by.label if invitation.invited_by else "A lead"
    context = {"invitation": invitation, "address": address, "by": by}
    subject = " ".join(f"{by} invites you to {invitation.project.name}".split())  # a name cannot add a header
    message = EmailMessage(subject, render_to_string("email/invitation.txt", context), to=[invitation.email])
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        log.warning("An invitation could not be mailed: %s", " ".join(str(error).split())[:200])
        return False
    return True
