"""Which commit repaired a verified ticket, as far as git can tell; asked by the worker, kept as a fact."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from django.db.models import Exists, F, OuterRef

from remediation.collection.blaming import commits_between
from remediation.collection.mirror import Mirror, SourceError
from remediation.models import Attribution, CollectionPass, Occurrence, Project, Ticket

MOST = 40  # tickets that are asked about after one pass, the last verified first; the next pass asks about others


def attribute(project: Project, mirror: Mirror, until: float) -> None:
    """Ask about the verified tickets of which nothing is known yet. ``until``: by the monotonic clock.

    Also those of earlier passes: where a late commit moved a verification, the next pass asks anew.
    """
    between = functools.cache(functools.partial(commits_between, mirror))  # tickets of one pass share their range
    known = Attribution.objects.filter(ticket=OuterRef("pk"), verified_pass=OuterRef("verified_pass"))
    rows = Ticket.objects.filter(~Exists(known), project=project, status="verified", merged_into=None)
    order = (F("verified_pass__position").desc(nulls_last=True), "-verified_pass__number", "number")
    for ticket in rows.select_related("verified_pass", "blocked_pass", "blamed").order_by(*order)[:MOST]:
        if time.monotonic() > until:
            return
        seen = _last_seen(project, ticket)
        if seen is not None and seen.commit and ticket.verified_pass.commit:
            _ask(ticket, seen, mirror, between)


def _last_seen(project: Project, ticket: Ticket) -> CollectionPass | None:
    """The last counted pass before the verification that saw the ticket; of one that blocked every pass, the last
    that it blocked."""
    closed = Occurrence.objects.filter(fingerprint__ticket=ticket, closed_pass__isnull=False)
    place = closed.order_by("-closed_pass__position", "-closed_pass__number").select_related("closed_pass").first()
    if place is None:
        return ticket.blocked_pass
    return project.passes.counted().before(place.closed_pass).in_commit_order().last()


def _ask(ticket: Ticket, seen: CollectionPass, mirror: Mirror, between: Callable[[str, str], int | None]) -> None:
    before, after = seen.commit, ticket.verified_pass.commit
    watched = ticket.blamed.watched if hasattr(ticket, "blamed") else []
    try:
        commits = between(before, after)
        found = mirror.log_between(before, after, [], 1) if commits == 1 else []
        how = "only" if found else ""
        if commits and commits > 1 and watched:
            touching = mirror.log_between(before, after, watched, 2)
            found, how = (touching, "files") if len(touching) == 1 else ([], "")
    except SourceError:
        return  # not in time, or not in this mirror: the next pass asks again
    facts = {"seen_pass": seen, "commits": commits, "how": how, "commit": found[0].sha if found else ""}
    Attribution.objects.update_or_create(ticket=ticket, verified_pass=ticket.verified_pass, defaults=facts)
