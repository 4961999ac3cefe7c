"""What an administrator sees of the machinery: what waits, what is at work, how mail is sent, and a test of it."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from dashboard.celery import app
from dashboard.heartbeat import seconds_since_dispatch
from remediation import audit, operations
from remediation.core.text import clean_line
from remediation.models import Backup, CollectionPass, ConnectionCheck, Rebuild, User
from remediation.passes import LEASE

SHOWN = 20  # of a queue; more are a number


def build(now: datetime) -> dict[str, Any]:
    """The context of the page. Eight queries, however long the queues are."""
    last = Backup.objects.first()
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
        "backup": last,
        "backup_late": operations.late(last, now),
    }


@dataclass(frozen=True, slots=True)
class Worker:
    """One that answers now. ``jobs``: what it does, and for how many seconds."""

    name: str
    queues: str
    jobs: list[tuple[str, float]]


def workers() -> list[Worker]:
    """Every worker that answers within a second, by name; none where the broker is away. Takes seconds."""
    try:
        asked = app.control.inspect(timeout=1.0)
        queues = asked.active_queues() or {}
        active = (asked.active() or {}) if queues else {}
    except (OSError, redis.RedisError, *app.connection().connection_errors):
        return []
    found = {name: sorted(queue["name"] for queue in taken) for name, taken in queues.items()}
    passes = _passes(task for tasks in active.values() for task in tasks)
    return [
        Worker(name, ", ".join(taken), [_job(task, passes) for task in active.get(name, [])])
        for name, taken in sorted(found.items())
    ]


def _passes(tasks: Iterable[Mapping[str, Any]]) -> dict[int, CollectionPass]:
    ids = [task["args"][0] for task in tasks if task["name"].endswith(".run_pass") and task["args"]]
    return CollectionPass.objects.select_related("project").in_bulk(ids)


def _job(task: Mapping[str, Any], passes: Mapping[int, CollectionPass]) -> tuple[str, float]:
    run = passes.get(task["args"][0]) if task["args"] and task["name"].endswith(".run_pass") else None
    what = f"pass #{run.number} of {run.project.name}" if run else task["name"].rpartition(".")[2].replace("_", " ")
    return what, max(0.0, time.time() - (task.get("time_start") or time.time()))


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
