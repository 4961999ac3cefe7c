"""What one person should do now, over all their projects: what is theirs, what is like it, what passes verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from dashboard import access
from dashboard.my_fixes import fixed_by
from dashboard.ticket_like import known_causes
from remediation.core import my_work
from remediation.core.similar import next_like
from remediation.models import FixMark, Mute, Project, Ticket
from remediation.querysets import STANDING

WEEK = timedelta(days=7)
NEXT = 3  # tickets that are suggested
_NAMED = 3  # projects with free tickets that are named; more are counted


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A free ticket and the one that the person fixed which it is like."""

    ticket: Ticket
    like: Ticket


def build(user: Any, now: datetime) -> dict[str, Any]:
    """The context of the page. A fixed number of queries, whatever the number of projects and tickets."""
    projects = {project.pk: project for project in access.projects_of(user)}
    fixed = fixed_by(user, projects.values())
    tickets = _tickets(projects, user, fixed, now - WEEK)
    sections = _sections(tickets, user, fixed)
    verified = [ticket for ticket in tickets if ticket.status == "verified"]
    return {
        "projects": list(projects.values()),
        "sentence": my_work.sentence({name: len(rows) for name, rows in sections}),
        "sections": sections,
        "free": _free(projects),
        "suggestions": _suggestions(projects, fixed),
        "verified": verified,
        "cleared": sum(ticket.cleared_since or 0 for ticket in verified),
    }


def _tickets(projects: dict[int, Project], user: Any, fixed: Sequence[int], since: datetime) -> list[Ticket]:
    """What stands and is theirs, and what passes verified for them since a moment; largest first. One query."""
    theirs = Q(claimed_by=user) | Q(claimed_by=None, namer=user.pk) & ~Q(marked_fixed_in="")
    muted = Q(status="muted", muter=user.pk) & (Q(mute_day__isnull=False) | Q(mute_number__isnull=False))
    standing = ~Q(status="verified") & (theirs | muted | Q(status="regressed", pk__in=fixed))
    gone = Q(status="verified", pk__in=fixed, verified_pass__effective_at__gt=since)
    rows = Ticket.objects.filter(project__in=projects).listed().with_cleared_since(since).annotate(**_said())
    return _of_projects(projects, rows.filter(standing | gone).order_by("-errors", "project", "number"))


def _said() -> dict[str, Subquery]:
    """Who named a ticket's last fix, who muted it, and until when."""
    fix = FixMark.objects.filter(ticket=OuterRef("pk")).order_by("-pk")
    mute = Mute.objects.filter(ticket=OuterRef("pk"), ended_at=None)
    return {
        "namer": Subquery(fix.values("actor")[:1]),
        "muter": Subquery(mute.values("actor")[:1]),
        "mute_day": Subquery(mute.values("until_date")[:1]),
        "mute_number": Subquery(mute.values("until_number")[:1]),
    }


def _of_projects(projects: dict[int, Project], rows: QuerySet[Ticket]) -> list[Ticket]:
    tickets = list(rows)
    for ticket in tickets:
        ticket.project = projects[ticket.project_id]  # the loaded one, with the person's rights
    return tickets


def _sections(tickets: Sequence[Ticket], user: Any, fixed: Sequence[int]) -> list[tuple[str, list[Ticket]]]:
    """The sections that hold something, what asks for most first; in them flagged claims and old ones first."""
    found: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        own = ticket.claimed_by_id == user.pk or (ticket.claimed_by_id is None and ticket.namer == user.pk)
        ticket.fixed_by_reader = ticket.pk in fixed
        ticket.muted_by_reader = ticket.muter == user.pk
        name = my_work.section(ticket.status, own=own, fixed=ticket.fixed_by_reader, muted=ticket.muted_by_reader)
        found.setdefault(name, []).append(ticket)
    if "claimed" in found:
        found["claimed"].sort(key=lambda ticket: (not ticket.is_flagged, ticket.claimed_at))
    if "muted" in found:
        found["muted"].sort(key=lambda ticket: (ticket.mute_day is None, ticket.mute_day or date.max))
    return [(name, found[name]) for name in my_work.SECTIONS if name in found]


def _free(projects: dict[int, Project]) -> dict[str, Any]:
    """Where tickets are free that the person could claim, most first."""
    working = [project for project in projects.values() if project.rights.work]
    some = sorted((project for project in working if project.unclaimed), key=lambda each: -each.unclaimed)
    return {"working": len(working), "named": some[:_NAMED], "more": len(some) - len(some[:_NAMED])}


def _suggestions(projects: dict[int, Project], fixed: Sequence[int]) -> list[Suggestion]:
    """Free tickets like those that the person fixed. Three queries, none where they fixed nothing yet."""
    working = [pk for pk, project in projects.items() if project.rights.work]
    if not fixed or not working:
        return []
    unowned = Ticket.objects.filter(STANDING, project__in=working, claimed_by=None, status__in=["open", "regressed"])
    pairs = next_like(known_causes(Q(ticket__in=fixed)), known_causes(Q(ticket__in=unowned)), NEXT)
    wanted = [known.number for pair in pairs for known in pair]
    rows = _of_projects(projects, Ticket.objects.filter(pk__in=wanted).select_related("category"))
    by_id = {ticket.pk: ticket for ticket in rows}
    return [Suggestion(by_id[free.number], by_id[done.number]) for free, done in pairs]
