"""Tells a worker of a queued pass. The row is the truth: a message that cannot be sent costs seconds, not the pass."""

from __future__ import annotations

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

from remediation import tasks
from remediation.models import CollectionPass

log = logging.getLogger(__name__)


def send_soon(collection_pass: CollectionPass) -> None:
    """Send the message once the row is committed. With the broker away the dispatcher finds the row by itself."""
    transaction.on_commit(lambda: _send(collection_pass.pk))


def _send(pass_id: int) -> None:
    try:
        tasks.run_pass.apply_async((pass_id,), retry=False)
    except OperationalError as error:
        log.warning("pass %s waits for the dispatcher, the broker does not answer: %s", pass_id, error)
