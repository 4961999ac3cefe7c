"""What an administrator sees of the machinery: what waits, what is at work, how mail is sent, and a test of it."""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from dashboard.heartbeat import seconds_since_dispatch
from remediation import audit
from remediation.core.text import clean_line
from remediation.models import CollectionPass, ConnectionCheck, Rebuild, User
from remediation.passes import LEASE

SHOWN = 20  # of a queue; more are a number


def build(now: datetime) -> dict[str, Any]:
    """The context of the page. Six queries, however long the queues are."""
    passes = CollectionPass.objects.select_related("project").listed()
    queued = passes.filter(state="queued").order_by("pk")
    running = passes.filter(state="running").order_by("started_at")
    return {
        "running": [(row, row.lease_until - LEASE) for row in running],
        "queued": queued[:SHOWN],
        "waits": queued.count(),
        "checks": ConnectionCheck.objects.exclude(state="ended").order_by("pk"),
        "rebuilds": Rebuild.objects.select_related("project").order_by("pk"),
        "dispatched": _dispatched(now),
        "mail": _mail(),
    }


def _dispatched(now: datetime) -> datetime | None:
    try:
        seconds = seconds_since_dispatch()
    except (redis.RedisError, OSError):
        return None
    return None if seconds is None else now - timedelta(seconds=seconds)


def _mail() -> dict[str, Any] | None:
    """How mail is sent, without the password; None where it is not set up."""
    if not settings.MAIL:
        return None
    kept = "TLS" if settings.EMAIL_USE_SSL else "STARTTLS" if settings.EMAIL_USE_TLS else "no encryption"
    return {
        "server": f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
        "kept": kept,
        "user": settings.EMAIL_HOST_USER,
        "sender": settings.DEFAULT_FROM_EMAIL,
    }


def send_test_mail(to: User) -> tuple[bool, str]:
    """Send a mail to the person who asks, now; whether the server took it, and what to say. Takes seconds."""
    taken, text = _sent(to)
    with transaction.atomic():
        audit.write("tested", "mail", changes={"answer": ("", text)}, by=to)
    return taken, text


def _sent(to: User) -> tuple[bool, str]:
    if not settings.MAIL:
        return False, "Mail is not set up: EMAIL_URL is not set."
    if not to.email:
        return False, "Your account has no e-mail address."
    text = f"This is a test from the Remediation Dashboard, asked for at {timezone.now():%Y-%m-%d %H:%M} UTC."
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        EmailMessage("Test of the Remediation Dashboard's mail", text, to=[to.email]).send()
    except (OSError, smtplib.SMTPException) as error:
        return False, f"{server} did not take it: {clean_line(error, 300) or type(error).__name__}"
    return True, f"{server} took it for {to.email}."
