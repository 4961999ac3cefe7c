"""One counted pass after another in commit order: incrementally at the tip, from the start for anything else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from remediation.core.condense import PART
from remediation.core.fingerprint import Identified, Pair, identify
from remediation.core.grouping import Grouping
from remediation.core.ledger import Ledger
from remediation.core.reconcile import Movement, State, step
from remediation.core.records import PassResult
from remediation.core.whereabouts import Seen, TreeChange, file_reason
from remediation.models import (
    CategoryCount,
    CollectionPass,
    FileState,
    Occurrence,
    Project,
    Rename,
    TestFile,
    Ticket,
    Transition,
)
from remediation.projections import chapters
from remediation.projections.file_counts import FileCounts
from remediation.projections.groups import carry_over, grouping_of, said_of, write_grouping
from remediation.projections.lines import renumber
from remediation.projections.load import is_current, is_settled, load_state
from remediation.projections.mutes import lifted
from remediation.projections.regroup import Inheritance, inheritance
from remediation.projections.tickets import TicketBook
from remediation.projections.write import Writer

Renames = Callable[[str, str], TreeChange]  # (commit before, commit after) -> renamed and deleted files


@dataclass(frozen=True, slots=True)
class Facts:
    """What a pass brought home, read once: its result and the result's errors by what is counted."""

    result: PassResult
    errors: Mapping[Pair, Identified]

    @classmethod
    def of(cls, collection_pass: CollectionPass) -> Facts:
        """From what is stored."""
        result = collection_pass.result.unpack()
        return cls(result, identify(result))


def stored_renames(project: Project) -> Renames:
    """What earlier passes stored; nothing renamed and nothing deleted where they stored nothing."""

    def look_up(before: str, after: str) -> TreeChange:
        row = Rename.objects.filter(project=project, before=before, after=after).first()
        return change_of(row) if row else TreeChange(deleted=frozenset())

    return look_up


def change_of(row: Rename) -> TreeChange:
    """The stored fact as a value."""
    return TreeChange(row.pairs, None if row.deleted is None else frozenset(row.deleted))


def land(collection_pass: CollectionPass, renames: Renames, facts: Facts | None = None) -> None:
    """Project a deciding pass that was just recorded; the caller holds the project's row lock.

    ``facts``: those of the pass, where the caller has them at hand.

    At the tip this is one step from the stored state. For an older commit, or when the grouping has a
    new version, everything is computed again: the result is the same whatever the order of arrival.
    """
    with lifted(collection_pass.project, collection_pass):
        _land(collection_pass, renames, facts)
    if collection_pass.number % PART == 0:
        chapters.write(collection_pass.project)


def _land(collection_pass: CollectionPass, renames: Renames, facts: Facts | None) -> None:
    project = collection_pass.project
    if project.passes.deciding().after(collection_pass).exists() or not is_current(project):
        _rebuild(project, renames, lambda count: None)
        return
    if not collection_pass.counted:
        TicketBook(project).block(collection_pass)
        give_time(collection_pass)
        return
    earlier = project.passes.counted().select_related("result", "scope").before(collection_pass)
    # The content is read where it is asked for: a pass that repeats the one before it never asks.
    before = earlier.defer("result__content").in_commit_order().last()
    facts = facts or Facts.of(collection_pass)
    if before is not None and before.result_id == collection_pass.result_id and is_settled(project, before):
        state = State(open=facts.errors, files={file.path: file for file in facts.result.files}, baseline_done=True)
        _Fold(project, renames, state, before).repeat(collection_pass, facts)
    else:
        _Fold(project, renames, load_state(project, before, facts.errors), before).apply(collection_pass, facts)
    give_time(collection_pass)


@transaction.atomic
def rebuild(
    project: Project, renames: Renames | None = None, on_pass: Callable[[int], None] = lambda count: None
) -> int:
    """Compute every projection of a project again from its facts; returns the number of counted passes.

    ``on_pass`` is told after each counted pass how many are done.
    What people did (claims, marks, mutes, categories by hand, texts, merges) is a fact and stays.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    with lifted(project):
        return _rebuild(project, renames or stored_renames(project), on_pass)


def _rebuild(project: Project, renames: Renames, on_pass: Callable[[int], None]) -> int:
    inherited = inheritance(project)
    carry_over(project, inherited)
    count, sure = _fold_all(project, renames, inherited, on_pass)
    if not sure:
        # What people said of the grouping met renames that were not known then: now they are, and stay.
        count, _ = _fold_all(project, renames, Inheritance(), on_pass)
    retime(project)
    renumber(project)
    chapters.write(project)
    return count


def _fold_all(
    project: Project, renames: Renames, inherited: Inheritance, on_pass: Callable[[int], None]
) -> tuple[int, bool]:
    """The number of counted passes, and whether the grouping that the fold followed is the one it ended with."""
    said = said_of(project)
    grouping = grouping_of(project, said, inherited.homes)
    write_grouping(project, grouping)
    _forget(project)
    state = load_state(project, None)
    known = {key: grouping.tickets[key] for key in inherited.homes}
    state = replace(state, ticket_of={**known, **state.ticket_of})
    fold = _Fold(project, renames, state, None, inherited.homes, grouping)
    passes = project.passes.deciding().select_related("result", "scope").in_commit_order()
    count = 0
    for collection_pass in passes.iterator(chunk_size=50):
        if collection_pass.counted:
            fold.apply(collection_pass, Facts.of(collection_pass))
            count += 1
            on_pass(count)
        else:
            fold.tickets.block(collection_pass)
    # A blocked pass answers no mark: only a counted one is asked.
    fold.tickets.marks.after_all(
        fold.tickets.tickets, (fold.last.position or 0, fold.last.number) if fold.last else None
    )
    fold.tickets.leave_old_versions(inherited.heirs)
    changed = write_grouping(project, grouping_of(project, said_of(project)))
    return count, not changed and not fold.tickets.opening.unsure


def _forget(project: Project) -> None:
    CategoryCount.objects.filter(collection_pass__project=project).delete()
    Occurrence.objects.filter(fingerprint__project=project).delete()
    FileState.objects.filter(file__project=project).delete()
    TestFile.objects.filter(project=project).update(written=None, gave=None, gave_in=None)
    Transition.objects.filter(ticket__project=project, collection_pass__isnull=False).delete()
    Ticket.objects.filter(project=project).update(status="open")
    Ticket.objects.filter(project=project, marks__isnull=False).update(marked_fixed_in="")
    Ticket.objects.filter(project=project).update(
        errors=0,
        hidden_errors=0,
        blocking="",
        blocked_pass=None,
        first_pass=None,
        verified_pass=None,
        regressed_pass=None,
    )
    project.passes.exclude(previous=None, cleared=None, held=False).update(
        previous=None, comparable=None, held=False, cleared=None, hidden=None, unmasked=None, new=None, regressed=None
    )


def give_time(collection_pass: CollectionPass) -> None:
    """Give a pass that just ended its effective time; the times of all others stay unless it stands before some."""
    project = collection_pass.project
    placed = project.passes.filter(state="ended", position__isnull=False)
    if collection_pass.position is None or placed.after(collection_pass).exists():
        retime(project)
        return
    timed = placed.before(collection_pass).filter(effective_at__isnull=False).in_commit_order()
    last = timed.values_list("effective_at", flat=True).last()
    observed = collection_pass.observed_at
    if observed is not None:
        latest = observed if last is None else max(last, observed)
        CollectionPass.objects.filter(pk=collection_pass.pk).update(effective_at=latest)


def retime(project: Project) -> None:
    """Give every ended pass its effective time: its observed time, never decreasing along commit order."""
    ended = project.passes.filter(state="ended", position__isnull=False).in_commit_order()
    latest: datetime | None = None
    for pk, observed, effective in ended.values_list("pk", "observed_at", "effective_at"):
        if observed is None:
            continue
        latest = observed if latest is None else max(latest, observed)
        if effective != latest:
            CollectionPass.objects.filter(pk=pk).update(effective_at=latest)
    # A commit off the ref is shown at its own time and stands in no order.
    project.passes.filter(state="ended", position__isnull=True, effective_at__isnull=True).update(
        effective_at=F("observed_at")
    )


class _Fold:
    """The running state between two passes, and the rows that go with it."""

    def __init__(
        self,
        project: Project,
        renames: Renames,
        state: State,
        last: CollectionPass | None,
        inherited: Mapping[str, int] | None = None,
        grouping: Grouping | None = None,
    ) -> None:
        self.project = project
        self.renames = renames
        self.state = state
        self.last = last
        self.tickets = TicketBook(
            project,
            again=last is None,
            inherited=inherited,
            grouping=grouping,
            sorted_by=last.rules_version if last else None,
        )
        self.writer = Writer(project)

    @functools.cached_property
    def file_counts(self) -> FileCounts:
        """What files gave and hold. A pass that repeats the one before it never asks."""
        return FileCounts(self.project, self.writer.files)

    def repeat(self, collection_pass: CollectionPass, facts: Facts) -> None:
        """The same facts once more, and nothing open between them: only the pass's own numbers are written."""
        total = len(facts.errors)
        movement = Movement(
            facts.errors, {}, {}, {}, {}, {}, {}, held=False, ledger=Ledger(total, 0, 0, 0, 0, 0, total)
        )
        self.tickets.follow(collection_pass)
        self.writer.write_counts(collection_pass, movement, self.tickets)
        self._write_pass(collection_pass, movement)

    def apply(self, collection_pass: CollectionPass, facts: Facts) -> None:
        """One more counted pass: the pure step, then the rows it changes."""
        self.tickets.follow(collection_pass)
        result = facts.result
        change = self._change(collection_pass, result)
        seen = Seen(result, change.renames, collection_pass.confirmed_at is not None, change.deleted)
        state, movement = step(self.state, seen, facts.errors)
        state = self.tickets.open_for(state, movement, collection_pass)
        self.writer.write(collection_pass, movement, self.tickets.fingerprints)
        self.file_counts.write(self.state.files, movement.files, seen, self.last)
        freed = {path: file_reason(path, state.files, seen) if path else "fixed" for path in self.tickets.blockers()}
        self.state = self.tickets.decide(state, movement, collection_pass, freed)
        self.writer.write_counts(collection_pass, movement, self.tickets)
        self._write_pass(collection_pass, movement)
        self.last = collection_pass

    def _change(self, collection_pass: CollectionPass, result: PassResult) -> TreeChange:
        """What git says since the last pass, asked only when a file that matters is gone: most passes ask nothing."""
        if self.last is None:
            return TreeChange()
        known = {*self.state.files, *(path for path, _ in self.state.open), *(path for path, _ in self.state.hidden)}
        known |= self.tickets.blockers() - {""}
        gone = known - {*result.inventory, *(file.path for file in result.files)}
        return self.renames(self.last.commit, collection_pass.commit) if gone else TreeChange()

    def _write_pass(self, collection_pass: CollectionPass, movement: Movement) -> None:
        ledger = movement.ledger
        terms = ("cleared", "hidden", "unmasked", "new", "regressed")
        fields = {name: getattr(ledger, name) if ledger else None for name in terms}
        fields |= {
            "previous": self.last,
            "comparable": self.last.scope_id == collection_pass.scope_id if self.last else None,
            "held": movement.held,
            "rules_version": collection_pass.rules_version,
        }
        for name, value in fields.items():
            setattr(collection_pass, name, value)
        collection_pass.save(update_fields=list(fields), force_update=True)
