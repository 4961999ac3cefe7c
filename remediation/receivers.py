"""Where a project's events go: a chat, and webhooks of the team's own; added, changed, tried and removed by leads."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from remediation import audit, outbox
from remediation.core.webhook_events import EVENTS
from remediation.models import Outbox, Project, Receiver
from remediation.refusals import Refused
from remediation.telling.events import sample_message

__all__ = ["MOST", "Refused", "add", "again", "change", "new_secret", "remove", "try_out"]

MOST = 5  # webhooks of a project, beside its one chat


def add(project: Project, style: str, url: str, events: Iterable[str]) -> Receiver:
    """Add a receiver; the secret of a webhook stands in it, to be shown this once. Raises Refused.

    A project has one chat: another one takes its place.
    """
    values = {"url": _checked(url), "events": _known(events)}
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        existing = Receiver.objects.filter(project=project)
        if style == "webhook":
            if existing.filter(style="webhook").count() >= MOST:
                raise Refused("", f"A project has at most {MOST} webhooks.")
            values["secret"] = _secret()
        elif style in Receiver.Style.values:
            for chat in existing.exclude(style="webhook"):
                remove(chat)
        else:
            raise Refused("style", "Choose Slack, Mattermost, Teams or a webhook.")
        made = Receiver.objects.create(project=project, style=style, made_at=Now(), **values)
        audit.write("added", _named(made), project=project, changes={"events": ("", ", ".join(made.events))})
    return made


def change(receiver: Receiver, events: Iterable[str]) -> None:
    """Choose what a receiver is told. Raises Refused for no event at all."""
    before, after = ", ".join(receiver.events), _known(events)
    with transaction.atomic():
        Receiver.objects.filter(pk=receiver.pk).update(events=after)
        audit.write(
            "changed", _named(receiver), project=receiver.project, changes={"events": (before, ", ".join(after))}
        )
    receiver.refresh_from_db()


def new_secret(receiver: Receiver) -> str:
    """Give a webhook another secret and return it, to be shown this once; the old one signs nothing any more."""
    made = _secret()
    with transaction.atomic():
        Receiver.objects.filter(pk=receiver.pk).update(secret=made)
        audit.write("changed", _named(receiver), project=receiver.project, changes={"secret": ("set", "changed")})
    receiver.refresh_from_db()
    return made


def remove(receiver: Receiver) -> None:
    """End it; what waits for it is dropped, too."""
    with transaction.atomic():
        audit.write("removed", _named(receiver), project=receiver.project)
        receiver.delete()


def try_out(receiver: Receiver) -> None:
    """Send a message that says that it arrived; its delivery shows how that went."""
    outbox.put([sample_message(receiver)])


def again(message: Outbox) -> None:
    """Try a message that did not arrive once more, at once."""
    outbox.again(Outbox.objects.filter(pk=message.pk))


def _checked(url: str) -> str:
    from remediation.notifiers import NotSent
    from remediation.notifiers.http import check

    try:
        check(url.strip())
    except NotSent as error:
        raise Refused("url", str(error)) from error
    return url.strip()


def _known(events: Iterable[str]) -> list[str]:
    chosen = set(events)
    found = [event for event in EVENTS if event in chosen]
    if not found:
        raise Refused("events", "Choose at least one event, or remove the receiver.")
    return found


def _secret() -> str:
    from remediation.notifiers.signed import new_secret as made

    return made()


def _named(receiver: Receiver) -> str:
    return f"{receiver.get_style_display()} at {receiver.host}"
