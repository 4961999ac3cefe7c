"""Which tickets a person fixed: told by the histories, with the pass that verified each."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.db.models import Q

from remediation.core.retold import CLAIMING, DECIDING, FIXING, GROUPING, Line, Unexplained, retell
from remediation.models import Project, Ticket, Transition

MOST = 200  # tickets, the latest verified; what is older is no guide to what is next

log = logging.getLogger(__name__)


def fixed_by(user: Any, projects: Iterable[Project]) -> list[int]:
    """The ids of the tickets whose last verification is this person's, the latest first. One query.

    Theirs is a verification of a ticket that they had at that moment, or whose fix in force they had named. Who
    wrote the commits is not asked: a pass verifies a range of them, and nobody knows which one did it.
    """
    touched = Transition.objects.filter(Q(actor=user) | Q(verb="assigned", data__to_id=user.pk))
    touched = touched.filter(verb__in=[*CLAIMING, *FIXING], ticket__project__in=projects)
    theirs = Ticket.objects.filter(pk__in=touched.values("ticket"), merged_into=None, verified_pass__isnull=False)
    latest = theirs.order_by("-verified_pass__effective_at", "-pk").values("pk")[:MOST]
    lines = Transition.objects.filter(ticket__in=latest, verb__in=[*CLAIMING, *FIXING, *GROUPING, *DECIDING])
    rows = lines.order_by("-ticket__verified_pass__effective_at", "-ticket", "sequence").values_list(
        "ticket", "verb", "at", "actor", "collection_pass", "data"
    )
    return [
        pk
        for pk, story in groupby(rows, lambda row: row[0])
        if _last_is_theirs(user.pk, (Line(*row[1:]) for row in story))
    ]


def _last_is_theirs(person: int, story: Iterable[Line]) -> bool:
    try:
        fixes = retell(story).fixes
    except Unexplained as gap:  # a history with a gap credits nobody
        log.warning("a history does not explain its ticket: %s", gap)
        return False
    return bool(fixes) and person in fixes[-1].people
