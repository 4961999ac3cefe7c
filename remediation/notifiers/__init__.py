"""How messages leave: one module for each way, each with a plain ``send(message)``."""

from __future__ import annotations

from importlib import import_module

from remediation.notifiers.message import Message, NotSent

__all__ = ["KINDS", "Message", "NotSent", "send"]

KINDS = ("mail", "chat", "webhook")  # a new way to leave is a module and a word here


def send(kind: str, message: Message) -> int | None:
    """Deliver one message; returns what the receiver answered, where it answers by numbers. Raises NotSent.

    The module is loaded here, because only the process that sends needs TLS, HTTP and SMTP in its memory.
    """
    if kind not in KINDS:
        raise NotSent(f"Nobody sends {kind!r}.", final=True)
    status: int | None = import_module(f"remediation.notifiers.{kind}").send(message)
    return status
