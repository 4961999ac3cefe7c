"""Who gets a project's final reports by mail: added by a lead, subscribed by themselves, and gone at their word."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from remediation import audit
from remediation.models import Outbox, Project, Recipient, User
from remediation.refusals import Refused
from remediation.reporting.delivering import topic_of

MOST = 100  # of a project
ATTACHED = ("pdf", "html", "md", "csv", "xlsx", "json")


def add(project: Project, by: User, *, address: str, formats: Iterable[str], now: datetime) -> Recipient:
    """Add an outside address. Raises Refused."""
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Refused("address", "This is no e-mail address.") from error
    with transaction.atomic():
        _lock(project)
        if Recipient.objects.filter(project=project, address__iexact=address).exists():
            raise Refused("address", f"{address} gets the reports already.")
        return _add(project, by, formats, now, address=address)


def subscribe(project: Project, user: User, *, formats: Iterable[str], now: datetime) -> Recipient:
    """Add an account, at its own wish; who is on the list stays on it, with these attachments. Raises Refused."""
    if not user.email:
        raise Refused("", "Your account has no e-mail address. Your profile takes one.")
    with transaction.atomic():
        _lock(project)
        found = Recipient.objects.filter(project=project, user=user).first()
        if found is None:
            return _add(project, user, formats, now, user=user)
        found.formats = _known(formats)
        found.save(update_fields=["formats"])
        return found


def remove(recipient: Recipient, by: User | None) -> None:
    """Take somebody off the list; what waits for them is dropped, too. ``by`` None: by the link in a mail."""
    with transaction.atomic():
        Outbox.objects.waiting().filter(topic=topic_of(recipient)).delete()
        audit.write("removed", _called(recipient), project=recipient.project, by=by)
        recipient.delete()


def _add(project: Project, by: User, formats: Iterable[str], now: datetime, **whom: object) -> Recipient:
    if Recipient.objects.filter(project=project).count() >= MOST:
        raise Refused("", f"A project has {MOST} recipients at most. Remove one first, or use a list of your own.")
    made = Recipient.objects.create(project=project, formats=_known(formats), made_at=now, **whom)
    audit.write("added", _called(made), project=project, by=by)
    return made


def _lock(project: Project) -> None:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # two at once cannot pass the limit


def _known(formats: Iterable[str]) -> list[str]:
    chosen = set(formats)
    return [format for format in ATTACHED if format in chosen]


def _called(recipient: Recipient) -> str:
    return f"report by mail to {recipient.label}"
