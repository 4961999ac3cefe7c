"""Who changed what, from where: one line beside every change that is in no ticket's history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from remediation.core.text import clean_line
from remediation.models import AuditLine, Project, User

__all__ = ["Actor", "acting", "differences", "named", "secret", "secrets", "write"]

Changes = Mapping[str, tuple[Any, Any]]

_VALUE = 300  # characters kept of a value


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts for as long as a request or a command lasts, and from which address; ``name`` where no account does.

    ``token``: the name of the token by which a program acts for the account; "" for the person themselves.
    """

    user: Any = None
    name: str = "system"
    address: str = ""
    token: str = ""


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """What is written within is written in this actor's name."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def write(
    verb: str, what: str, *, project: Project | None = None, changes: Changes | None = None, by: User | None = None
) -> AuditLine:
    """Append a line and return it: ``verb`` one word ("paused"), ``what`` the object as people call it ("schedule").

    To be called by the use case inside its own transaction, so that there is no change without its line and no line
    without its change. ``changes``: {setting: (before, after)}, of secrets only what :func:`secret` gives. ``by``:
    the account, where the use case knows it; else whoever is acting.
    """
    actor = _actor.get() or Actor()
    user = by or (actor.user if actor.user is not None and actor.user.is_authenticated else None)
    return AuditLine.objects.create(
        at=timezone.now(),
        actor_id=user.pk if user else None,
        actor=clean_line(named(user) + (f", token “{actor.token}”" if actor.token else ""), 310)
        if user
        else clean_line(actor.name, 310),
        address=actor.address[:45],
        verb=verb,
        object=clean_line(what, 300),
        project_id=project.pk if project else None,
        project=project.slug if project else "",
        changes={name: [_plain(old), _plain(new)] for name, (old, new) in (changes or {}).items()},
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The settings that have another value after than before, each with both."""
    return {name: (before[name], new) for name, new in after.items() if before[name] != new}


def secret(before: str, after: str) -> tuple[str, str]:
    """What may be said of a secret: that it was set, changed or cleared."""
    if before == after:
        return ("set", "set") if before else ("", "")
    return ("set" if before else "", ("changed" if before else "set") if after else "cleared")


def secrets(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The same for variables by their names, of those that changed: {"environment TOKEN": ("", "set")}."""
    names = sorted(before.keys() | after.keys())
    return {
        f"{what} {name}": secret(before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    }


def named(user: User) -> str:
    """Full name and user name: the row may be gone, or bear another name, when somebody reads this."""
    return user.username if user.label == user.username else f"{user.label} ({user.username})"


def _plain(value: Any) -> Any:
    """As JSON holds it: numbers and yes or no as they are, all else as one clean line."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return clean_line(value, _VALUE)
