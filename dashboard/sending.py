"""Tells a worker what to do. A message that cannot be sent costs seconds, never the work."""

from __future__ import annotations

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

from remediation import rebuilding, tasks
from remediation.models import CollectionPass, ConnectionCheck, Project

log = logging.getLogger(__name__)


def send_soon(collection_pass: CollectionPass) -> None:
    """Send the message once the row is committed. With the broker away the dispatcher finds the row by itself."""
    transaction.on_commit(lambda: _send(collection_pass.pk))


def _send(pass_id: int) -> None:
    try:
        tasks.run_pass.apply_async((pass_id,), retry=False)
    except OperationalError as error:
        log.warning("pass %s waits for the dispatcher, the broker does not answer: %s", pass_id, error)


def check_soon(check: ConnectionCheck) -> None:
    """As for a pass: the row waits for the dispatcher when the broker is away."""
    transaction.on_commit(lambda: _send_check(check.pk))


def _send_check(check_id: int) -> None:
    try:
        tasks.run_check.apply_async((check_id,), retry=False)
    except OperationalError as error:
        log.warning("check %s waits for the dispatcher, the broker does not answer: %s", check_id, error)


def rebuild_soon(project: Project) -> None:
    """Have a project's history computed again once what changed it is committed.

    Its row waits from then on, and a page can show it; with the broker away it is done here and now.
    """
    rebuilding.ask(project)
    transaction.on_commit(lambda: _rebuild(project))


def _rebuild(project: Project) -> None:
    try:
        tasks.rebuild.apply_async((project.pk,), retry=False)
    except OperationalError as error:
        log.warning("project %s is sorted again by the site, the broker does not answer: %s", project.slug, error)
        rebuilding.run(project.pk)


def deliver_soon() -> None:
    """Have what was put into the outbox sent now; with the broker away the dispatcher does it at its next tick."""
    transaction.on_commit(_deliver)


def _deliver() -> None:
    try:
        tasks.deliver.apply_async(retry=False, expires=15.0)
    except OperationalError as error:
        log.warning("messages wait for the dispatcher, the broker does not answer: %s", error)
