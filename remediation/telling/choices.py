"""How a person wants to be told, and what they have read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models.functions import Now

from remediation import schedule
from remediation.core.notices import KINDS, MAILS, mail_due
from remediation.models import Notice, NoticeChoice, User
from remediation.refusals import Refused
from remediation.telling import stopping

_SALT = "remediation.notices.stop"


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """What one person chose for one kind. ``site``: shown on the site. ``mail``: one of ``MAILS``."""

    site: bool
    mail: str


def preference(user: User, kind: str) -> PersonChoice:
    """What holds for a person and a kind: their choice, else the default. No query where the row was loaded along."""
    row = _row(user)
    chosen = row.kinds.get(kind, {}) if row else {}
    return PersonChoice(site=bool(chosen.get("site", True)), mail=str(chosen.get("mail", KINDS[kind].mail)))


def mail_time(user: User, kind: str, now: datetime) -> tuple[str, datetime | None]:
    """How and when a mail about something that happens ``now`` leaves; ("off", None) where none does."""
    mail = preference(user, kind).mail
    if not (settings.MAIL and user.email) or mail not in MAILS:
        return "off", None
    row = _row(user)
    return mail, mail_due(mail, now, _zone(row), row.digest_hour if row else 8)


def choose(user: User, kinds: Mapping[str, Mapping[str, Any]], *, digest_hour: int, time_zone: str) -> None:
    """Store a person's choices. What waits for the daily mail moves with it. Raises Refused for a zone there is not."""
    try:
        schedule.zone(time_zone)
    except schedule.BadSchedule as error:
        raise Refused("time_zone", str(error)) from error
    stored = {code: {"site": bool(kinds[code]["site"]), "mail": str(kinds[code]["mail"])} for code in KINDS}
    values = {"kinds": stored, "digest_hour": digest_hour, "time_zone": time_zone}
    NoticeChoice.objects.update_or_create(user=user, defaults=values)
    off = [code for code, choice in stored.items() if choice["mail"] == "off"]
    Notice.objects.filter(user=user, kind__in=off).update(mail_at=None)


def stop_mail(user: User) -> None:
    """No more mail of any kind; what was chosen for the site stays."""
    row, _ = NoticeChoice.objects.get_or_create(user=user)
    row.kinds = {code: {"site": preference(user, code).site, "mail": "off"} for code in KINDS}
    row.save(update_fields=["kinds"], force_update=True)
    Notice.objects.filter(user=user).update(mail_at=None)


def stop_token(user: User) -> str:
    """What the link at a mail's end bears: it stops that person's mail, and can do nothing else."""
    return stopping.token_of(_SALT, user.pk)


def user_of_token(token: str) -> User | None:
    """Whose mail a link stops; None for a link that we did not make."""
    return User.objects.filter(pk=stopping.pk_of(_SALT, token)).first()


def mark_read(user: User, pks: list[int] | None = None) -> int:
    """Note that a person has read some of their notices, or all of them (None). What is read is not mailed."""
    unread = Notice.objects.filter(user=user, read_at__isnull=True)
    if pks is not None:
        unread = unread.filter(pk__in=pks)
    return int(unread.update(read_at=Now(), mail_at=None))


def _row(user: User) -> NoticeChoice | None:
    try:
        return user.notice_choice
    except NoticeChoice.DoesNotExist:
        return None


def _zone(row: NoticeChoice | None) -> ZoneInfo:
    return schedule.zone_or_utc(row.time_zone if row else "UTC")
