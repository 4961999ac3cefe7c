"""Mutes, lifted while passes decide and laid over what they decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db.models import F
from django.db.models.functions import Now

from remediation.core.fix_marks import Place
from remediation.core.mutes import in_force
from remediation.models import CollectionPass, Mute, Project, Ticket
from remediation.projections.lines import append_line


@contextmanager
def lifted(project: Project, landed: CollectionPass | None = None) -> Iterator[None]:
    """Give muted tickets their status without the mute for as long as passes are folded.

    So a mute changes nothing that a pass decides, and what it covers is right on the day it ends, whatever came
    before: incrementally and computed again. ``landed``: a pass that is being recorded; once it is counted, mutes
    until its number have ended. The caller holds the project's row lock, and whoever mutes takes it, too.
    """
    standing = Mute.objects.filter(ticket__project=project, ended_at=None)
    if not standing.exists():
        yield
        return
    # All of them, in the order of their ids, as the fold locks them: nobody waits for each other in a circle.
    list(
        Ticket.objects.select_for_update(no_key=True, of=("self",))
        .filter(project=project)
        .order_by("pk")
        .values_list("pk")
    )
    covered = Ticket.objects.filter(project=project, status="muted")
    muted = set(covered.values_list("pk", flat=True))
    covered.update(status=F("beneath"), beneath="")
    yield
    if landed is not None and landed.counted:
        _end(standing.filter(until_number__lte=landed.number).select_related("ticket"), landed, muted)
    _cover(project)


def _end(due: Iterable[Mute], landed: CollectionPass, muted: set[int]) -> None:
    """A pass of the awaited number was counted; which one it was is a fact from then on."""
    ended = list(due)
    Mute.objects.filter(pk__in=[mute.pk for mute in ended]).update(ended_at=Now(), ended_pass=landed)
    for mute in ended:
        if mute.ticket_id in muted and mute.ticket.status != "verified":
            append_line(mute.ticket, "unmuted", data={"pass": landed.number, "commit": landed.commit})


def _cover(project: Project) -> None:
    rows = Mute.objects.filter(ticket__project=project, ended_at=None, ticket__merged_into=None)
    rows = rows.exclude(ticket__status="verified").values_list(
        "ticket", "after__position", "after__number", "ticket__verified_pass__position", "ticket__verified_pass__number"
    )
    held = [pk for pk, *place in rows if in_force(_place(*place[:2]), _place(*place[2:]))]
    Ticket.objects.filter(pk__in=held).update(beneath=F("status"), status="muted")


def _place(position: int | None, number: int | None) -> Place | None:
    return None if position is None or number is None else (position, number)
