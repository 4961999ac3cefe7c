"""What a notifier gets, and how it says that nothing arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to deliver. ``key`` stays the same however often it is tried; ``payload`` is the kind's own.

    ``to``: an e-mail address; ``attachments``: (name, content type, bytes). ``url``, ``secret`` and ``style``: the
    receiver's, as they are now.
    """

    key: str
    payload: Mapping[str, Any]
    to: str = ""
    url: str = ""
    secret: str = ""
    style: str = ""
    attachments: Sequence[tuple[str, str, bytes]] = ()


class NotSent(Exception):
    """It did not arrive, or nobody can tell. The text is for people, without secrets.

    ``status``: what the receiver answered, None for nothing. ``final``: trying again is useless. ``away``: it is the
    receiver, not this message, so what else waits for it waits, too. ``wait``: how long it asked to be left alone.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int | None = None,
        final: bool = False,
        away: bool = False,
        wait: timedelta | None = None,
    ) -> None:
        super().__init__(text)
        self.status, self.final, self.away, self.wait = status, final, away, wait
