"""What people say of the grouping: merge tickets, split causes off, take either back. No count of errors changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from remediation import rebuilding
from remediation.core import fingerprint
from remediation.core.blocker import identify_blocker, is_blocker
from remediation.core.fingerprint import Identified, identify
from remediation.core.grouping import Cause, Grouping, root_of
from remediation.core.text import clean_text
from remediation.models import Fingerprint, Occurrence, Project, Regrouping, Ticket, User
from remediation.projections.groups import grouping_of, said_of, write_grouping
from remediation.projections.mutes import lifted
from remediation.projections.opening import Opening
from remediation.projections.prints import MOVED_FROM
from remediation.projections.recount import recount
from remediation.refusals import Refused
from remediation.rulebook import Rulebook
from remediation.tickets.history import record

__all__ = ["MAX_REASON", "Refused", "chosen_of", "merge", "returns_to", "roots", "split", "undo"]

MAX_REASON = 500


def merge(ticket: Ticket, into: Ticket, user: User, reason: str) -> Regrouping:
    """Count all of ``ticket`` in ``into`` from now on, in every pass; ``ticket`` leads there.

    An ``into`` that was merged itself stands for the ticket that it is part of. Who had claimed ``ticket`` has
    ``into`` where nobody had that. The history is computed again: that is asked for here, the caller sends it on its
    way. Raises Refused, having changed nothing.
    """
    reason = _checked(reason, "Say why they have one root cause.")
    with transaction.atomic():
        board = _Board.locked(ticket.project_id)
        source, target = board.ticket(ticket), board.standing(board.ticket(into))
        if source.merged_into:
            raise Refused("", f"{source.label} is part of {source.merged_into.label} already.")
        if target.pk == source.pk:
            raise Refused("into", f"{into.label} is part of {source.label} already." if into.pk != source.pk else _SAME)
        made = Regrouping(verb="merge", source=source, into=target, reason=reason)
        board.write(made, user)
        made.took_claim = _hand_over(source, target)
        made.save(update_fields=["took_claim"])
        claim = _claim_of(target) if made.took_claim else {}
        record(source, "merged", actor=user, at=made.at, data={"other": target.label, "reason": reason})
        record(target, "took-in", actor=user, at=made.at, data={"other": source.label, "reason": reason, **claim})
    return made


def split(ticket: Ticket, causes: Collection[int], user: User, reason: str) -> Regrouping:
    """Give some of the ticket's root causes (ids of fingerprints) a ticket of their own; returns what was said.

    Exactly what an earlier merge brought gets its old ticket again: that merge is taken back. A cause goes with all
    the names that renames gave it. The new ticket is open and nobody's; a category by hand goes along. Raises Refused.
    """
    reason = _checked(reason, "Say why this is another root cause.")
    with transaction.atomic():
        board = _Board.locked(ticket.project_id)
        source = board.ticket(ticket)
        own = list(Fingerprint.objects.filter(ticket=source, version=fingerprint.VERSION))
        chosen = chosen_of(own, causes)
        if not chosen or len(chosen) == len(own):
            raise Refused("cause", "Choose some of its root causes: not none, and not all.")
        if merged := board.merge_that_brought(source, chosen):
            return board.take_back(merged, user, reason)
        target = _open_beside(source, [row for row in own if row.readable in chosen])
        keys = [[fingerprint.VERSION, key] for key in sorted(chosen)]
        made = Regrouping(verb="split", source=source, into=target, reason=reason, keys=keys)
        board.write(made, user)
        number = {"causes": len({roots(own)[key] for key in chosen}), "reason": reason}
        record(source, "split", actor=user, at=made.at, data={"other": target.label, **number})
        record(target, "split-off", actor=user, at=made.at, data={"other": source.label, **number})
    return made


def undo(said: Regrouping, user: User, reason: str = "") -> Regrouping:
    """Take a merge or a split back: the grouping is what it would be if nobody had said it. Raises Refused."""
    with transaction.atomic():
        board = _Board.locked(said.project_id)
        row = Regrouping.objects.select_related("source__project", "into__project").get(pk=said.pk)
        return board.take_back(row, user, clean_text(reason, MAX_REASON).strip())


def roots(rows: Iterable[Fingerprint]) -> dict[str, str]:
    """Readable key to the first name of its cause among ``rows``, all of one ticket: renames connect within it."""
    causes = {row.readable: Cause(row.home_id, row.facts.get(MOVED_FROM, "")) for row in rows}
    return {key: root_of(key, causes) for key in causes}


def chosen_of(own: Collection[Fingerprint], causes: Collection[int]) -> frozenset[str]:
    """The keys of the chosen causes, each with all the names it ever had. ``own``: every fingerprint of the ticket."""
    of = roots(own)
    wanted = {of[row.readable] for row in own if row.pk in causes}
    return frozenset(key for key, root in of.items() if root in wanted)


def returns_to(ticket: Ticket, causes: Collection[int]) -> Ticket | None:
    """The merged ticket that would stand again if these causes were split off; None where a new one is opened."""
    board = _Board(ticket.project, grouping_of(ticket.project, said_of(ticket.project)))
    own = list(Fingerprint.objects.filter(ticket=ticket, version=fingerprint.VERSION))
    found = board.merge_that_brought(ticket, chosen_of(own, causes))
    return found.source if found else None


_SAME = "A ticket cannot be merged into itself."


@dataclass(frozen=True, slots=True)
class _Board:
    """A project whose grouping is about to change: its row is locked first and then its tickets, as for every pass."""

    project: Project
    before: Grouping

    @classmethod
    def locked(cls, project_id: int) -> _Board:
        project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
        list(Ticket.objects.select_for_update(no_key=True).filter(project=project).order_by("pk").values_list("pk"))
        return cls(project, grouping_of(project, said_of(project)))

    def ticket(self, ticket: Ticket) -> Ticket:
        """The row as it is now. Raises Refused for another project's."""
        row = Ticket.objects.select_related("project", "merged_into", "claimed_by").filter(project=self.project)
        found = row.filter(pk=ticket.pk).first()
        if found is None:
            raise Refused("into", "That ticket belongs to another project, or is gone.")
        return found

    def standing(self, ticket: Ticket) -> Ticket:
        """The ticket that it is part of, else itself."""
        return self.ticket(ticket.merged_into) if ticket.merged_into else ticket

    def write(self, made: Regrouping, user: User) -> None:
        """Store what was said, and everything that follows from it at once. Raises Refused where it cannot hold."""
        made.project, made.actor, made.at = self.project, user, timezone.now()
        made.save(force_insert=True)
        after = grouping_of(self.project, said_of(self.project))
        self._check(after, made)
        with lifted(self.project):
            recount(self.project, write_grouping(self.project, after) | {made.source_id, made.into_id})
        for row in (made.source, made.into):
            row.refresh_from_db()
        rebuilding.ask(self.project)

    def _check(self, after: Grouping, made: Regrouping) -> None:
        if (after.tickets, after.merged) == (self.before.tickets, self.before.merged):
            raise Refused("", "Passes have joined the two since, as a file was renamed. There is nothing to take back.")
        left = after.empty({made.source_id, made.into_id})
        if left:
            label = next(row.label for row in (made.source, made.into) if row.pk in left)
            raise Refused(
                "", f"{label} would be left without a root cause. Take back what was split off from it first."
            )
        blocking = [ticket for key, ticket in after.tickets.items() if is_blocker(key)]
        if len(blocking) != len(set(blocking)):
            raise Refused("", "Each of them blocks every pass in its own way, and is proved repaired by its own file.")

    def merge_that_brought(self, ticket: Ticket, keys: frozenset[str]) -> Regrouping | None:
        """The merge without which exactly these root causes would not be in the ticket."""
        said = said_of(self.project)
        rows = Regrouping.objects.filter(project=self.project).exclude(verb="undo").order_by("pk")
        for place, row in reversed(list(enumerate(rows.select_related("source__project", "into__project")))):
            if said[place].verb == "merge" and not said[place].undone:
                without = grouping_of(
                    self.project, [*said[:place], replace(said[place], undone=True), *said[place + 1 :]]
                )
                left = {key for key, now in self.before.tickets.items() if now == ticket.pk != without.tickets[key]}
                if left == keys and {without.tickets[key] for key in left} == {row.source_id}:
                    return row
        return None

    def take_back(self, said: Regrouping, user: User, reason: str) -> Regrouping:
        """Append that it holds no more."""
        if said.verb == "undo":
            raise Refused("", "What was taken back cannot be taken back again. Merge or split anew.")
        if Regrouping.objects.filter(undoes=said).exists():
            raise Refused("", "It was taken back already.")
        source, target = self.ticket(said.source), self.ticket(said.into)
        made = Regrouping(verb="undo", source=source, into=target, reason=reason, undoes=said)
        self.write(made, user)
        more: dict[int, dict[str, Any]] = {}
        if said.verb == "merge" and said.took_claim:
            more[_give_back(source, target).pk] = {"freed": True}
        elif said.verb == "split" and target.merged_into_id == source.pk and _hand_over(target, source):
            more[source.pk] = _claim_of(source)
            made.took_claim = True
            made.save(update_fields=["took_claim"])
        verb = "unmerged" if said.verb == "merge" else "unsplit"
        for row, other in ((source, target), (target, source)):
            data = {"other": other.label, "reason": reason} | more.get(row.pk, {})
            record(row, verb, actor=user, at=made.at, data=data)
        return made


def _checked(reason: str, missing: str) -> str:
    reason = clean_text(reason, MAX_REASON + 1).strip()
    if not reason:
        raise Refused("reason", missing)
    if len(reason) > MAX_REASON:
        raise Refused("reason", f"The reason is longer than {MAX_REASON} characters.")
    return reason


def _hand_over(source: Ticket, target: Ticket) -> bool:
    """Whoever works on what was merged works on it still, where nobody else had the other ticket."""
    if not source.claimed_by_id or target.claimed_by_id or target.status == "verified":
        return False
    target.claimed_by, target.claimed_at = source.claimed_by, source.claimed_at
    target.save(update_fields=["claimed_by", "claimed_at"])
    return True


def _claim_of(ticket: Ticket) -> dict[str, Any]:
    """A claim that came along, for the history: whose it is, and since when."""
    assert ticket.claimed_by and ticket.claimed_at
    owner = ticket.claimed_by
    return {"claim": owner.label, "to_id": owner.pk, "since": ticket.claimed_at.isoformat()}


def _give_back(source: Ticket, target: Ticket) -> Ticket:
    """The claim that came with the merge goes back with it; who gave it up or handed it on since has it no more.

    Returns the ticket that nobody has now.
    """
    same = (source.claimed_by_id, source.claimed_at) == (target.claimed_by_id, target.claimed_at)
    row = target if same else source
    row.claimed_by = row.claimed_at = None
    row.save(update_fields=["claimed_by", "claimed_at"])
    return row


def _open_beside(source: Ticket, rows: Collection[Fingerprint]) -> Ticket:
    """A new ticket for root causes of ``source``, named by the first of them that a pass saw."""
    project = source.project
    (target,) = Opening(project, Rulebook(project), {}).create([_first_seen(source, rows)])
    if source.category_by_hand:
        target.category, target.category_by_hand = source.category, True
        target.save(update_fields=["category", "category_by_hand"])
    return target


def _first_seen(source: Ticket, rows: Collection[Fingerprint]) -> Identified:
    seen = Occurrence.objects.filter(fingerprint__in=rows).exclude(appeared_as="moved")
    first = seen.order_by("first_pass__position", "first_pass__number", "file__path").select_related(
        "first_pass__result", "file", "fingerprint"
    )
    for one in first[:1]:
        result = one.first_pass.result.unpack()
        return identify(result)[one.file.path, one.fingerprint.readable]
    error = source.blocked_pass.blocking_error if source.blocked_pass else None
    if error is None:
        raise Refused("", "No stored pass holds the details of these root causes.")
    return identify_blocker(error)
