"""Claims that stand still: renewed by their owner, else flagged and at last released, so that others may take them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value

from remediation.core.claims import Held, Look, Patience, step
from remediation.models import Project, Ticket, Transition, User
from remediation.refusals import Refused
from remediation.tickets.history import lock, record, refresh

# The verb of a flagged claim, for what tells its owner: ``data`` holds "owner" (name), "owner_id" (account), "days"
# without a sign of life, and "release_after", the days that are left (0: it is never released).
CLAIM_FLAGGED = "claim-flagged"
# A claim that was released for standing still: the verb is "released", nobody is its actor, and ``data`` holds "idle".

_NEWS = ("regressed", "still-seen", "unmuted")  # what a pass or the clock says to an owner begins the time anew
_FREE = dict.fromkeys(("claimed_by", "claimed_at", "flagged_at", "silent_since"))
_DAY = timedelta(days=1)
_BEFORE = timedelta(days=60)  # a pass so long before a sign of life is not looked for


def renew(ticket: Ticket, user: User) -> None:
    """The owner says that they are still on it; the time begins anew. Raises Refused for anybody else.

    ``ticket`` is refreshed.
    """
    with transaction.atomic():
        locked = lock(ticket)
        if locked.claimed_by_id != user.pk:
            raise Refused("", f"{ticket.label} is not yours.")
        record(locked, "renewed", actor=user)
    refresh(ticket)


def tend_claims(now: datetime) -> None:
    """Flag the claims that show no sign of life, and release those that were flagged long enough ago.

    May be called at any time, by any number of dispatchers: each ticket is looked at again under its lock, so that
    nothing happens twice and a claim that shows life meanwhile is left alone.
    """
    by_project: dict[int, list[Ticket]] = defaultdict(list)
    for ticket in _suspects(now):
        by_project[ticket.project_id].append(ticket)
    for tickets in by_project.values():
        project = tickets[0].project
        looks = looks_of(project, min(_held(ticket).alive_at for ticket in tickets))
        for ticket in tickets:
            if step(_held(ticket), looks, _patience(project)):
                _tend(ticket, looks, now)


def looks_of(project: Project, since: datetime) -> list[Look]:
    """When the ref's tip was looked at from ``since`` on, in the order of time. One query.

    A pass of a commit that somebody named looks at no tip. A due time that was skipped, because the commit was known
    and counted, looked too.
    """
    ended = project.passes.filter(state="ended", requested_commit="", ended_at__gt=since - _BEFORE)
    looks = [
        Look(at, outcome == "counted") for at, outcome in ended.order_by("ended_at").values_list("ended_at", "outcome")
    ]
    if looks and project.last_skipped_at and project.last_skipped_at > looks[-1].at:
        looks.append(Look(project.last_skipped_at, looks[-1].counted))
    return looks


def _suspects(now: datetime) -> Sequence[Ticket]:
    """Claims without a sign of life for longer than their project waits, by the calendar; and all flagged ones."""
    wait = ExpressionWrapper(F("project__flag_claims_after") * Value(_DAY), output_field=DurationField())
    old = ExpressionWrapper(Value(now) - wait, output_field=DateTimeField())
    claimed = Ticket.objects.standing().filter(claimed_by__isnull=False, project__paused_at=None)
    claimed = claimed.annotate(silent_before=old).filter(Q(claimed_at__lt=old) | Q(flagged_at__isnull=False))
    found = _with_signs(claimed).select_related("project").order_by("pk")
    return [ticket for ticket in found if ticket.flagged_at or _held(ticket).alive_at < ticket.silent_before]


def _with_signs(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """With ``said_at``, the last line that a person wrote, ``news_at``, the last that told its owner something, and
    ``touched_at``, the last commit on its files."""
    lines = Transition.objects.filter(ticket=OuterRef("pk")).order_by("-sequence").values("at")
    return tickets.annotate(
        said_at=Subquery(lines.filter(actor__isnull=False)[:1]),
        news_at=Subquery(lines.filter(verb__in=_NEWS)[:1]),
        touched_at=F("blamed__touched_at"),
    )


def _held(ticket: Ticket) -> Held:
    signs = (ticket.claimed_at, ticket.said_at, ticket.news_at, ticket.touched_at, ticket.project.resumed_at)
    return Held(ticket.status, max(at for at in signs if at), ticket.flagged_at)


def _patience(project: Project) -> Patience:
    return Patience(project.flag_claims_after, project.release_claims_after, project.skip_unchanged)


def _tend(seen: Ticket, looks: Sequence[Look], now: datetime) -> None:
    """Do what is due to one ticket, if it still is once the ticket is held."""
    with transaction.atomic():
        lock(seen)  # everybody who writes a line holds it: what is read after this is the last word
        ticket = _with_signs(Ticket.objects.filter(pk=seen.pk)).select_related("project", "claimed_by").get()
        if ticket.claimed_by is None or ticket.project.paused_at:
            return
        claim = _held(ticket)
        due = step(claim, looks, _patience(ticket.project))
        facts = {
            "owner": ticket.claimed_by.label,
            "owner_id": ticket.claimed_by_id,
            "days": (now - claim.alive_at).days,
        }
        # Compare-and-set all the same: only the claim, and the flag, that were looked at.
        same = Ticket.objects.filter(pk=ticket.pk, claimed_by=ticket.claimed_by, claimed_at=ticket.claimed_at)
        same = same.filter(flagged_at=ticket.flagged_at) if ticket.flagged_at else same.filter(flagged_at=None)
        if due == "unflag":
            same.update(flagged_at=None, silent_since=None)
        elif due == "flag" and same.update(flagged_at=now, silent_since=claim.alive_at):
            left = {"release_after": ticket.project.release_claims_after}
            record(ticket, CLAIM_FLAGGED, actor=None, at=now, data=facts | left)
        elif due == "release" and same.update(**_FREE):
            record(ticket, "released", actor=None, at=now, data=facts | {"idle": True})
