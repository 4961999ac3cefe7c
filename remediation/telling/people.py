"""Notices for people: written in the transaction of what they tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from remediation.core.notices import TOLD_LINES, told
from remediation.core.text import clean_line
from remediation.models import CollectionPass, Membership, Notice, Project, Ticket, Transition, User, WeeklyReport
from remediation.telling.choices import mail_time, preference


@dataclass(frozen=True, slots=True)
class _News:
    """One thing for one account."""

    user: int
    kind: str
    what: str
    ticket: Ticket | None = None
    collection_pass: CollectionPass | None = None
    data: dict[str, Any] = field(default_factory=dict)


def of_line(ticket: Ticket, line: Transition) -> None:
    """Tell of a line that a person, or the clock, just wrote into a ticket's history. No query where nobody is told."""
    if line.verb not in TOLD_LINES:
        return
    owner = Ticket.objects.filter(pk=ticket.pk).values_list("claimed_by", flat=True).get()
    whom = told(line.verb, actor=line.actor_id, owner=owner, data=line.data)
    said = {name: line.data[name] for name in ("to", "days", "release_after") if name in line.data}
    data = {**_of_ticket(ticket.project, ticket), "by": line.actor.label if line.actor else "", **said}
    if line.verb == "note":
        data["title"] = clean_line(line.data.get("text", ""), 200)
    _write(ticket.project, [_News(user, kind, f"line-{line.pk}", ticket, None, data) for user, kind in whom.items()])


def of_lines(collection_pass: CollectionPass, lines: Sequence[Transition]) -> None:
    """Tell of what a pass wrote into tickets' histories; the lines come with their tickets."""
    project = collection_pass.project
    news = []
    for line in lines:
        owner = line.ticket.claimed_by_id
        data = {**_of_ticket(project, line.ticket), "number": collection_pass.number, "errors": line.data.get("after")}
        for user, kind in told(line.verb, actor=None, owner=owner, data=line.data).items():
            what = f"{line.verb}-{line.ticket_id}-{collection_pass.pk}"
            news.append(_News(user, kind, what, line.ticket, collection_pass, data))
    _write(project, news)


def of_ended(collection_pass: CollectionPass) -> None:
    """Tell the leads of a pass that ended without a count."""
    project = collection_pass.project
    data = {
        "number": collection_pass.number,
        "outcome": collection_pass.outcome,
        "reason": collection_pass.reason_text,
    }
    what = f"ended-{collection_pass.pk}"
    _write(project, [_News(lead, "pass", what, None, collection_pass, data) for lead in _leads(project)])


def of_drafts(project: Project, reports: Sequence[WeeklyReport], release_after: int | None) -> None:
    """Tell the leads of drafts that wait for them. Those that become final at once wait for nobody."""
    if release_after == 0:
        return
    data = {"what": "drafted", "hours": release_after}
    _write(project, [news for report in reports for news in _of_report(project, report, data, f"draft-{report.pk}")])


def of_trouble(project: Project, report: WeeklyReport, why: str, now: datetime) -> None:
    """Tell the leads that a draft cannot be made final, once a day for each report."""
    data = {"what": "trouble", "title": why}
    _write(project, _of_report(project, report, data, f"trouble-{report.pk}-{now:%Y%m%d}"))


def _of_report(project: Project, report: WeeklyReport, data: dict[str, Any], what: str) -> list[_News]:
    data = {"label": report.label, **data}
    return [_News(lead, "report", what, None, None, data) for lead in _leads(project)]


def _leads(project: Project) -> list[int]:
    leads = Membership.objects.filter(project=project, role=Membership.Role.LEAD)
    return list(leads.values_list("user", flat=True))


def _of_ticket(project: Project, ticket: Ticket) -> dict[str, Any]:
    return {"label": f"{project.key}-{ticket.number}", "title": ticket.title}


def _write(project: Project, news: Sequence[_News]) -> None:
    """A notice for each who is still one of the project's people and wants to know. Two queries, none for no news."""
    if not news:
        return
    people = {person.pk: person for person in _people(project, {one.user for one in news})}
    now = timezone.now()
    rows = [_notice(project, one, people[one.user], now) for one in news if one.user in people]
    wanted = [row for row in rows if row.shown or row.mail_at]
    Notice.objects.bulk_create(wanted, ignore_conflicts=True)


def _people(project: Project, pks: Iterable[int]) -> Iterable[User]:
    inside = Q(is_superuser=True) | Q(pk__in=Membership.objects.filter(project=project).values("user"))
    return User.objects.filter(inside, pk__in=pks, is_active=True).select_related("notice_choice")


def _notice(project: Project, news: _News, person: User, now: datetime) -> Notice:
    mail, mail_at = mail_time(person, news.kind, now)
    return Notice(
        key=f"{news.what}-{person.pk}",
        user=person,
        project=project,
        ticket=news.ticket,
        collection_pass=news.collection_pass,
        kind=news.kind,
        data=news.data,
        at=now,
        shown=preference(person, news.kind).site,
        mail=mail,
        mail_at=mail_at,
    )
