"""Plain signed webhooks: JSON with the headers of Standard Webhooks."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from remediation.core.retrying import asked
from remediation.notifiers.http import Answer, post
from remediation.notifiers.message import Message, NotSent
from remediation.notifiers.signed import signature

_AWAY = {408, 425, 429, 500, 502, 503, 504}  # it is the receiver, not this message


def send(message: Message) -> int:
    """POST the payload, signed anew for this moment; returns the status. Raises NotSent for any other than 2xx."""
    body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
    now = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": message.key,
        "webhook-id": message.key,
        "webhook-timestamp": str(now),
    }
    if message.secret:
        headers["webhook-signature"] = signature(message.secret, message.key, now, body)
    return accepted(post(message.url, body, headers))


def accepted(answer: Answer) -> int:
    """The status of an answer that accepts. Raises NotSent for any other; 410 says that nobody listens any more."""
    status = answer.status
    if 200 <= status < 300:
        return status
    what = f"answered {status}" + ("; redirects are not followed" if 300 <= status < 400 else "")
    wait = asked(answer.retry_after, datetime.now(UTC))
    raise NotSent(f"The receiver {what}.", status=status, final=status == 410, away=status in _AWAY, wait=wait)
