"""The outbox: messages are put in with the change they tell of, and sent at least once, each under its own key."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from remediation.core.retrying import MAX_ATTEMPTS, wait_after
from remediation.core.text import clean_line
from remediation.models import Delivery, Outbox, Receiver, ReportFile, User
from remediation.notifiers import KINDS, Message, NotSent, send

__all__ = ["MAX_ATTEMPTS", "again", "deliver", "deliver_beside", "forget", "give_up", "message", "put"]

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than any sender takes: a mail server may use its time limit at every step
LOGGED = 50  # deliveries of a receiver
BUSY_SECONDS = 60.0  # of one round; what is due after it waits for the next
_CLOSED = "Not sent: the account is closed or has no address."
_one_at_a_time = threading.Lock()


def message(
    key: str,
    kind: str,
    payload: Mapping[str, Any],
    *,
    user: User | None = None,
    receiver: Receiver | None = None,
    topic: str = "",
) -> Outbox:
    """A row for :func:`put`. ``kind`` is one of ``notifiers.KINDS``; ``key`` says which message it is, for ever.

    A mail goes to ``user`` at the address of the moment, or to ``payload["to"]``. Rows of one ``topic`` leave in order.
    """
    if kind not in KINDS:
        raise ValueError(f"no sender for {kind!r}")
    lane = f"receiver {receiver.pk}" if receiver else kind
    return Outbox(
        key=key, kind=kind, lane=lane, topic=topic, payload=dict(payload), user=user, receiver=receiver,
        made_at=Now(), next_at=Now(),
    )  # fmt: skip


def put(messages: Iterable[Outbox]) -> None:
    """Put messages in, in the caller's transaction: they leave if it commits. A known key is the same message."""
    Outbox.objects.bulk_create(messages, ignore_conflicts=True, batch_size=500)


def deliver(seconds: float = BUSY_SECONDS) -> int:
    """Send what is due, one after the other, for about so many seconds; returns how many arrived. Several may run."""
    until, arrived = time.monotonic() + seconds, 0
    while time.monotonic() < until and (row := _claim()) is not None:
        arrived += _send(row)
    return arrived


def deliver_beside() -> None:
    """Like :func:`deliver`, in a thread of its own: a receiver that does not answer holds up no tick, and no pass."""
    if not Outbox.objects.due().exists() or not _one_at_a_time.acquire(blocking=False):
        return

    def work() -> None:
        try:
            deliver()
        except Exception:  # a database that is away; the rows are due as before
            log.exception("messages could not be delivered")
        finally:
            connection.close()  # this thread's own
            _one_at_a_time.release()

    threading.Thread(target=work, name="outbox", daemon=True).start()


def again(rows: Any) -> int:
    """Try given-up or waiting messages at once, with all their attempts before them; returns how many.

    One that somebody is sending at this moment is left to them."""
    unsent = rows.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=Now()), done_at__isnull=True)
    return int(unsent.update(gave_up_at=None, attempts=0, next_at=Now(), lease_until=None, fence=F("fence") + 1))


def give_up() -> None:
    """Give up what kills its workers."""
    lost = Outbox.objects.waiting().filter(attempts__gte=MAX_ATTEMPTS, lease_until__lt=Now())
    lost.update(gave_up_at=Now(), lease_until=None, last_error="Its worker died each time.")


def forget(sent: timedelta, lost: timedelta, most: int) -> int:
    """Forget at most so many messages that arrived, or were given up, before these times; returns how many rows."""
    old = Q(done_at__lt=Now() - sent) | Q(gave_up_at__lt=Now() - lost)
    ids = list(Outbox.objects.filter(old).order_by("pk").values_list("pk", flat=True)[:most])
    gone, _ = Outbox.objects.filter(pk__in=ids).delete()
    return gone


def _claim() -> Outbox | None:
    """The next due row, this worker's for the time of the lease. Whoever else looks meanwhile skips it."""
    with transaction.atomic():
        row = Outbox.objects.due().select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        mine = Outbox.objects.filter(pk=row.pk)
        mine.update(lease_until=Now() + LEASE, fence=F("fence") + 1, attempts=F("attempts") + 1)
        return mine.select_related("user", "receiver").get()


def _send(row: Outbox) -> bool:
    """Send outside of any transaction, then note what came of it; True when it arrived."""
    if row.user is not None and not (row.user.is_active and row.user.email):
        _mine(row).update(done_at=Now(), lease_until=None, last_error=_CLOSED)
        return False
    since = time.monotonic()
    try:
        status = send(row.kind, _message(row))
        failure = None
    except NotSent as error:
        status, failure = error.status, error
    except Exception as error:
        log.exception("message %s could not be sent", row.key)
        status, failure = None, NotSent(f"The dashboard itself failed ({type(error).__name__}); its log says more.")
    with transaction.atomic():
        _note(row, failure)
        if row.receiver is not None:
            _log(row, status, str(failure or ""), time.monotonic() - since)
    return failure is None


def _message(row: Outbox) -> Message:
    to = row.user.email if row.user else str(row.payload.get("to", ""))
    if row.receiver is None:
        return Message(row.key, row.payload, to=to, attachments=_attachments(row))
    return Message(row.key, row.payload, url=row.receiver.url, secret=row.receiver.secret, style=row.receiver.style)


def _attachments(row: Outbox) -> list[tuple[str, str, bytes]]:
    """The files that a payload names by their ids: stored once, however many people get them. Raises NotSent."""
    wanted = list(row.payload.get("attachments", ()))
    files = {file.pk: file for file in ReportFile.objects.filter(pk__in=wanted)} if wanted else {}
    if len(files) < len(wanted):
        raise NotSent("What was to be attached is deleted.", final=True)
    return [(files[pk].name, files[pk].content_type.partition(";")[0], bytes(files[pk].content)) for pk in wanted]


def _mine(row: Outbox) -> Any:
    """The row, if this worker still holds it."""
    return Outbox.objects.waiting().filter(pk=row.pk, fence=row.fence)


def _note(row: Outbox, failure: NotSent | None) -> None:
    """What came of a try. A receiver that is away is not tried for its other messages before that time, either."""
    if failure is None:
        _mine(row).update(done_at=Now(), lease_until=None, last_error="")
        return
    wait = None if failure.final else wait_after(row.attempts, random.random())  # noqa: S311  # spreads, hides nothing
    text = clean_line(str(failure), 300)
    if wait is None:
        log.warning("message %s is given up after %s tries: %s", row.key, row.attempts, text)
        _mine(row).update(gave_up_at=Now(), lease_until=None, last_error=text)
        return
    wait = max(wait, failure.wait or wait)
    _mine(row).update(next_at=Now() + wait, lease_until=None, last_error=text)
    if failure.away:
        behind = Outbox.objects.waiting().filter(lane=row.lane, lease_until=None, next_at__lt=Now() + wait)
        behind.update(next_at=Now() + wait)


def _log(row: Outbox, status: int | None, error: str, seconds: float) -> None:
    event = str(row.payload.get("type", row.kind))[:40]
    Delivery.objects.create(
        receiver=row.receiver, message=row, key=row.key, event=event, at=Now(), seconds=round(seconds, 3),
        status=status, error=clean_line(error, 300),
    )  # fmt: skip
    old = Delivery.objects.filter(receiver=row.receiver).order_by("-pk").values("pk")[LOGGED : LOGGED + 1]
    for last in old:
        Delivery.objects.filter(receiver=row.receiver, pk__lte=last["pk"]).delete()
