"""A real mail server on loopback that keeps what it is given."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """``mails`` in the order they came; ``answer``: what is said to every recipient's address.

    ``on_mail`` is called when a whole mail is there and its sender has no answer yet.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"
        self.on_mail: Callable[[], object] = lambda: None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """Whether the address is taken."""
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """The mail itself."""
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.on_mail()
        return "250 OK"


@contextmanager
def mail_server(settings: Any) -> Iterator[Mailbox]:
    """Run one and have Django's settings name it."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.MAIL, settings.EMAIL_BACKEND = True, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Dashboard <dashboard@example.org>"
    try:
        yield box
    finally:
        controller.stop()
