"""Celery's entry points: each takes an id and calls one use case."""

from __future__ import annotations

import contextlib

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from remediation import checks, deletion, outbox, passes, people, rebuilding, retention, telling, tickets


@shared_task
def dispatch() -> None:
    """Every 15 s: queue what is due, take back what was lost, and hint at what waits."""
    now = timezone.now()
    passes.queue_due(now)
    for project_id in passes.to_ask(now):
        ask.apply_async((project_id,), expires=15.0)
    tickets.end_mutes(now)
    passes.reap()
    checks.reap()
    tickets.tend_claims(now)
    people.forget()
    retention.keep(now)
    for project_id in deletion.waiting():
        remove_deleted.apply_async((project_id,), expires=15.0)
    hint()
    telling.compose()
    outbox.give_up()
    outbox.deliver_beside()


@shared_task
def ask(project_id: int) -> None:
    """Ask the source of a due project whether its tip is new; the row stays due until somebody did."""
    passes.queue_or_skip(project_id, timezone.now())
    hint()


@shared_task
def run_pass(pass_id: int) -> None:
    """Run one pass; the message may be late, doubled or wrong, the row decides."""
    passes.run(pass_id)
    hint()


@shared_task
def run_check(check_id: int) -> None:
    """Run one check of a connection; the row decides, as for a pass."""
    checks.run(check_id)


@shared_task
def deliver() -> None:
    """Send what waits in the outbox, now and not at the next tick."""
    outbox.deliver_beside()


@shared_task
def rebuild(project_id: int) -> None:
    """Compute a project's history again, after its rules changed; the row decides."""
    rebuilding.run(project_id)


@shared_task
def remove_deleted(project_id: int) -> None:
    """Remove some of a deleted project's rows; the next tick goes on. Then a worker clears its disk."""
    if deletion.remove(project_id):
        clear_folders.delay()


@shared_task
def clear_folders() -> None:
    """Remove what deleted projects have left on this machine; each pass does it, too."""
    passes.clear_deleted()


def hint() -> None:
    """Send a message for everything that could start now."""
    for pass_id in passes.waiting():
        run_pass.delay(pass_id)
    for check_id in checks.waiting():
        run_check.delay(check_id)
    for project_id in rebuilding.waiting():
        rebuild.delay(project_id)


def try_hint() -> None:
    """Like :func:`hint`, for a command that may run without a broker: the next tick finds the rows anyway."""
    with contextlib.suppress(OperationalError):
        hint()
