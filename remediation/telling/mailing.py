"""Mail about notices: everything that waits for one person in one mail, put into the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from remediation import outbox
from remediation.core.notices import sentence
from remediation.models import Notice, Project, User
from remediation.telling import stopping
from remediation.telling.choices import stop_token
from remediation.telling.links import absolute, notice_path

_RELATED = ("project", "ticket", "collection_pass")
MOST = 100  # lines of a mail; the others are on the site


def compose() -> int:
    """Put a mail into the outbox for everybody for whom one is due; returns how many. Any number may run at once."""
    due = Notice.objects.filter(mail_at__lte=Now()).order_by("user").values_list("user", flat=True).distinct()
    return sum(_compose_for(pk) for pk in list(due))


def _compose_for(user_pk: int) -> bool:
    with transaction.atomic():
        waiting = Notice.objects.filter(user=user_pk, mail_at__isnull=False).order_by("pk")
        # Another dispatcher that is at it holds the rows; whoever comes second finds none.
        rows = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related(*_RELATED))
        person = User.objects.filter(pk=user_pk).first()
        leaving = _leaving(rows)
        if person is None or not leaving:
            return False
        key = f"notices-{user_pk}-{leaving[-1].pk}"
        visible = set(Project.objects.visible_to(person).values_list("pk", flat=True))
        told = [row for row in leaving if row.project_id in visible]
        if told and person.is_active and person.email:
            outbox.put([outbox.message(key, "mail", mail_of(person, told), user=person)])
        Notice.objects.filter(pk__in=[row.pk for row in leaving]).update(mail_at=None, mailed_as=key)
        return bool(told)


def _leaving(rows: Sequence[Notice]) -> list[Notice]:
    """What leaves now: all, where the daily mail is due, else what is mailed at once."""
    now = timezone.now()
    due = {row.mail for row in rows if row.mail_at is not None and row.mail_at <= now}
    if "digest" in due:
        return list(rows)
    return [row for row in rows if row.mail == "now"] if due else []


def mail_of(person: User, notices: Sequence[Notice]) -> dict[str, Any]:
    """The payload of a mail that tells of these notices, oldest first: subject, text, html, headers."""
    stop = absolute(reverse("notices-stop", args=[stop_token(person)]))
    context = {
        "person": person,
        "lines": [_line(notice) for notice in notices[:MOST]],
        "more": max(0, len(notices) - MOST),
        "list": absolute(reverse("notices")),
        "choices": absolute(reverse("notice-choices")),
        "stop": stop,
    }
    return {
        "subject": _subject(notices),
        "text": render_to_string("email/notices.txt", context),
        "html": render_to_string("email/notices.html", context),
        "headers": stopping.headers(stop),
    }


def _subject(notices: Sequence[Notice]) -> str:
    first = notices[0]
    if len(notices) == 1:
        return f"[{first.project.name}] {sentence(first.kind, first.data)}"
    projects = sorted({notice.project.name for notice in notices})
    named = projects[0] if len(projects) == 1 else f"{len(projects)} projects"
    kinds = {notice.kind for notice in notices}
    if kinds == {"assigned"}:
        return f"[{named}] {len(notices)} tickets were given to you"
    return f"[{named}] {len(notices)} notices"


def _line(notice: Notice) -> dict[str, str]:
    return {
        "project": notice.project.name,
        "text": sentence(notice.kind, notice.data),
        "detail": str(notice.data.get("title") or notice.data.get("reason") or ""),
        "href": absolute(notice_path(notice)),
    }
