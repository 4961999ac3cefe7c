"""Addresses that show one thing of a project without an account: made, revoked, and recognised."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction

from remediation import audit
from remediation.core.text import clean_line
from remediation.models import Project, ShareLink, User, WeeklyReport
from remediation.refusals import Refused
from remediation.tokens import digest_of, is_token, new_token

__all__ = ["DAYS", "MOST", "Refused", "link_of", "make", "note_use", "revoke"]

DAYS = (30, 90, 365)
MOST = 50  # of a project at a time
_NOTED = timedelta(hours=1)  # a badge is asked for often; one write an hour is enough to know that it is used


def make(
    project: Project, by: User, *, shows: str, name: str, days: int, now: datetime, report: WeeklyReport | None = None
) -> str:
    """Make an address and return its token, which is not kept. ``report``: the one final it shows. Raises Refused."""
    said = clean_line(name, 60)
    if not said:
        raise Refused("name", "Say where it will be used, so that others know what revoking it breaks.")
    if shows not in ShareLink.Shows.values:
        raise Refused("shows", "Choose what it shows.")
    if days not in DAYS:
        raise Refused("days", "Choose how long it holds.")
    if report is not None and not (report.final and report.project_id == project.pk and shows == "report"):
        raise Refused("week", "Choose a final report of this project, or none.")
    token = new_token()
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # two leads at once cannot pass the limit
        if _holding(now).filter(project=project).count() >= MOST:
            raise Refused("", f"A project has {MOST} addresses at most. Revoke one first.")
        link = ShareLink.objects.create(
            project=project,
            shows=shows,
            report=report,
            name=said,
            digest=digest_of(token),
            made_by=by,
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
        audit.write("shared", _called(link), project=project, changes={"expires": (None, link.expires_at)}, by=by)
    return token


def revoke(project: Project, pk: int, by: User, now: datetime) -> ShareLink | None:
    """End an address at once; None where the project has none of that id that still holds."""
    with transaction.atomic():
        found = _holding(now).select_for_update(of=("self",)).filter(project=project, pk=pk).first()
        if found is None:
            return None
        found.revoked_at = now
        found.save(update_fields=["revoked_at"])
        audit.write("revoked", _called(found), project=project, by=by)
    return found


def link_of(token: str, shows: str, now: datetime) -> ShareLink | None:
    """The address of a token that shows this and still holds. Found by its hash: the time it takes tells nothing."""
    if not is_token(token):
        return None
    return _holding(now).select_related("report").filter(digest=digest_of(token), shows=shows).first()


def note_use(link: ShareLink, now: datetime) -> None:
    """Remember that it is used."""
    stale = models.Q(used_at=None) | models.Q(used_at__lt=now - _NOTED)
    if link.used_at is None or link.used_at < now - _NOTED:
        ShareLink.objects.filter(stale, pk=link.pk).update(used_at=now)


def _holding(now: datetime) -> models.QuerySet[ShareLink]:
    return ShareLink.objects.filter(revoked_at=None, expires_at__gt=now)


def _called(link: ShareLink) -> str:
    return f"{link.shown[:1].lower()}{link.shown[1:]} for “{link.name}”"
