"""Tickets as the passes see them: opened for new root causes, their counts, statuses and machine history."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from remediation.core import fingerprint
from remediation.core.blocker import identify_blocker, is_conftest
from remediation.core.fingerprint import Identified
from remediation.core.grouping import Grouping
from remediation.core.lifecycle import Evidence, decide
from remediation.core.reconcile import CLEARED, Movement, State
from remediation.core.rules import RuleFacts
from remediation.models import CollectionPass, Fingerprint, Project, Ticket
from remediation.projections.fix_marks import MarkBook
from remediation.projections.lines import write_lines
from remediation.projections.opening import Opening
from remediation.projections.prints import MOVED_FROM, fingerprint_row
from remediation.projections.regroup import is_touched
from remediation.projections.rows import set_columns
from remediation.rulebook import Rulebook

_DECIDED = {
    "errors": "int", "hidden_errors": "int", "blocking": "text", "status": "text", "verified_pass_id": "bigint",
    "regressed_pass_id": "bigint", "marked_fixed_in": "text",
}  # fmt: skip


class TicketBook:
    """The tickets and fingerprints of one project, kept in step with the fold.

    ``again``: the fold starts from the first pass, so no key has been seen in it yet; ``grouping``: what people said,
    which it follows. ``inherited``: readable key to the ticket that an older version of the fingerprints gave its
    errors. ``sorted_by``: the version of the rules that gave the tickets their categories; None where not known.
    """

    def __init__(
        self,
        project: Project,
        *,
        again: bool = False,
        inherited: Mapping[str, int] | None = None,
        grouping: Grouping | None = None,
        sorted_by: int | None = None,
    ) -> None:
        self.project = project
        self.inherited = inherited or {}
        self.grouping = grouping or Grouping()
        self.sorted_by = sorted_by
        self.rules = Rulebook(project)
        rows = Fingerprint.objects.filter(project=project, version=fingerprint.VERSION).order_by("pk")
        self.fingerprints: dict[str, Fingerprint] = {row.readable: row for row in rows}
        self.seen: set[str] = set() if again else set(self.fingerprints)
        # Locked in the order of their ids: a claim and a pass never wait for each other in a circle.
        tickets = (
            Ticket.objects.select_for_update(no_key=True, of=("self",))
            .filter(project=project)
            .select_related("blocked_pass")
            .defer("rule_facts")
            .order_by("pk")
        )
        self.tickets: dict[int, Ticket] = {ticket.pk: ticket for ticket in tickets}
        self.opening = Opening(project, self.rules, self.tickets)
        self.holders = {self._base(row) for row in self.fingerprints.values()} | set(self.grouping.bases.values())

    @functools.cached_property
    def marks(self) -> MarkBook:
        """What people said is fixed. A pass that repeats the one before it never asks."""
        return MarkBook(self.project)

    def of_key(self, key: str) -> Ticket:
        """The ticket of a readable fingerprint key."""
        return self.tickets[self.fingerprints[key].ticket_id]

    def follow(self, collection_pass: CollectionPass) -> None:
        """Sort by the rules of this pass from now on, and every ticket again where they are others than before."""
        collection_pass.rules_version = self.rules.version_of(collection_pass)
        if collection_pass.rules_version != self.sorted_by:
            self.sorted_by = collection_pass.rules_version
            self.rules.use(self.sorted_by)
            self._sort_again()

    def _sort_again(self) -> None:
        """By the first occurrence, as ever; what people sorted by hand stays."""
        standing = Ticket.objects.filter(project=self.project, merged_into=None, category_by_hand=False)
        known = standing.filter(first_pass__isnull=False, rule_facts__isnull=False)
        for pk, facts in known.values_list("pk", "rule_facts"):
            category = self.rules.sort_facts(RuleFacts(**facts))
            if self.tickets[pk].category_id != category.pk:
                self.tickets[pk].category = category
                Ticket.objects.filter(pk=pk).update(category=category)

    def open_for(self, state: State, movement: Movement, collection_pass: CollectionPass) -> State:
        """Make fingerprints and tickets for root causes not known yet; return the state with real ticket ids."""
        self._join(movement)
        files: Counter[str] = Counter(key for _, key in movement.errors)
        first: dict[str, Identified] = {}
        for pair in sorted(movement.errors):
            first.setdefault(pair[1], movement.errors[pair])
        # The largest root cause gets the lowest number.
        keys = sorted(files, key=lambda key: (-files[key], key))
        self._create_missing([key for key in keys if key not in self.fingerprints], first, collection_pass)
        for key in keys:
            if key not in self.seen and MOVED_FROM in self.fingerprints[key].facts:
                self._stand_alone(key, first[key])
            self.seen.add(key)
            ticket = self.of_key(key)
            if ticket.first_pass_id is None or ticket.pk in self.opening.lent:
                self.opening.place(ticket, first[key], collection_pass, own=self._is_own(key, ticket))
        ids = {
            key: row.ticket_id
            for key, row in self.fingerprints.items()
            if key in self.seen or MOVED_FROM not in row.facts
        }
        return replace(state, ticket_of={**state.ticket_of, **ids})

    def _base(self, row: Fingerprint) -> int:
        """The ticket that the cause would have without any merge."""
        return self.grouping.bases.get(row.readable, row.home_id)

    def _is_own(self, key: str, ticket: Ticket) -> bool:
        """Whether the ticket has the cause by itself, or has none but those of tickets that were merged into it."""
        return self._base(self.fingerprints[key]) == ticket.pk or ticket.pk not in self.holders

    def _join(self, movement: Movement) -> None:
        """Let a key that names a renamed file go on where its old key is, unless it stood for itself before."""
        hidden = {old: new for old, (new, _) in movement.hidden_moved.items()}
        for (_, old_key), new in sorted({**movement.moved, **hidden}.items()):
            key = new[1]
            if key in self.seen:
                continue
            self.seen.add(key)
            into, home = self.of_key(old_key), self.tickets[self.fingerprints[old_key].home_id]
            if key not in self.fingerprints:
                self._add_fingerprint(key, movement.errors[new], into, home=home, moved_from=old_key)
                continue
            left = self.tickets[self.fingerprints[key].home_id]
            if left.pk != home.pk or self.fingerprints[key].facts.get(MOVED_FROM) != old_key:
                self._assign(key, into, home, old_key)
                self._dissolve(left, home)

    def _stand_alone(self, key: str, first: Identified) -> None:
        """Passes of older commits came in: here the key stands before any rename that leads to it."""
        given = self.grouping.split.get(key)
        home = self.tickets[given] if given else self.opening.create([first])[0]
        self._assign(key, self.tickets[self.grouping.merged.get(home.pk, home.pk)], home)

    def _assign(self, key: str, ticket: Ticket, home: Ticket, moved_from: str = "") -> None:
        row = self.fingerprints[key]
        row.ticket, row.home = ticket, home
        row.facts = {name: value for name, value in row.facts.items() if name != MOVED_FROM}
        if moved_from:
            row.facts[MOVED_FROM] = moved_from
        row.save(update_fields=["ticket", "home", "facts"], force_update=True)

    def _dissolve(self, ticket: Ticket, into: Ticket) -> None:
        """A ticket whose only root cause turned out to be another's: gone, or part of that one where people worked on
        it. What people said of the two is weighed when the fold has ended."""
        split = (self.grouping.split.get(key) for key in self.fingerprints)
        if ticket is into or ticket.pk in {*(row.home_id for row in self.fingerprints.values()), *split}:
            return
        if is_touched(ticket):
            ticket.dissolved_into = ticket.merged_into = into
            ticket.save(update_fields=["dissolved_into", "merged_into"], force_update=True)
        else:
            del self.tickets[ticket.pk]
            ticket.delete()

    def leave_old_versions(self, heirs: Mapping[int, str]) -> None:
        """Drop the fingerprints of older versions; a ticket that none of this version has goes into its heir's."""
        old = Fingerprint.objects.filter(project=self.project).exclude(version=fingerprint.VERSION)
        for row in old.order_by("pk"):
            if (key := heirs.get(row.pk, "")) in self.fingerprints:
                into = self.tickets[self.fingerprints[key].home_id]
                for ticket in {row.home_id, row.ticket_id} & self.tickets.keys():
                    self._dissolve(self.tickets[ticket], into)
        old.delete()

    def block(self, collection_pass: CollectionPass) -> None:
        """Open, or open again, the one ticket of what keeps a blocked pass from counting anything."""
        error = collection_pass.blocking_error
        if error is None:
            return
        self.follow(collection_pass)
        collection_pass.save(update_fields=["rules_version"], force_update=True)
        found = identify_blocker(error)
        if found.key not in self.fingerprints:
            self._add_fingerprint(found.key, found, self.opening.create([found])[0])
        self.seen.add(found.key)
        ticket = self.of_key(found.key)
        new, was = ticket.first_pass_id is None, ticket.blocking
        self.opening.place(ticket, found, collection_pass, own=self._is_own(found.key, ticket))
        ticket.blocking, ticket.blocked_pass = "all", collection_pass
        came_back = ticket.status == "verified"
        if came_back:
            ticket.status, ticket.regressed_pass, ticket.marked_fixed_in = "regressed", collection_pass, ""
        changed = ["blocking", "blocked_pass", "status", "regressed_pass", "marked_fixed_in"]
        ticket.save(update_fields=changed, force_update=True)
        verb = "opened" if new else "regressed" if came_back else "blocks" if was != "all" else ""
        if verb:
            write_lines([(ticket, verb, {"blocks": True})], collection_pass)

    def blockers(self) -> set[str]:
        """The files whose failure blocked every pass up to the last one; "" for what stands in no file."""
        return {self._blocked_by(ticket) for ticket in self.tickets.values() if ticket.blocking}

    @staticmethod
    def _blocked_by(ticket: Ticket) -> str:
        error = ticket.blocked_pass.blocking_error if ticket.blocked_pass else None
        # Whatever else kept pytest from starting is repaired when it starts; a conftest may just not be loaded.
        return error.path if error and is_conftest(error.path) else ""

    def _free(self, freed: Mapping[str, str], *, held: bool) -> list[Ticket]:
        """A pass counted, so nothing blocks every pass any more; what is not proved repaired stays open."""
        changed = []
        for ticket in self.tickets.values():
            proved = freed.get(self._blocked_by(ticket)) in CLEARED and not held
            now = "" if proved or not ticket.blocking else "unproven"
            if ticket.blocking != now:
                ticket.blocking = now
                changed.append(ticket)
        return changed

    def decide(
        self, state: State, movement: Movement, collection_pass: CollectionPass, freed: Mapping[str, str]
    ) -> State:
        """Give every ticket that this pass touched its counts and status, with a line of history for each change.

        ``freed``: what became of the files that blocked every pass before this one, as reasons of ``reconcile``.
        """
        visible: Counter[int] = Counter(self.fingerprints[key].ticket_id for _, key in state.open)
        hidden: Counter[int] = Counter(self.fingerprints[key].ticket_id for _, key in state.hidden)
        ways = self._ways(movement)
        blocked = self._free(freed, held=movement.held)
        waiting = self.marks.meet(self.tickets, collection_pass)
        touched = {ticket.pk: ticket for ticket in [*self._touched(movement), *blocked, *waiting]}
        lines = []
        for pk, ticket in sorted(touched.items()):
            verb, before = self._decide_one(ticket, visible[pk], hidden[pk], movement, collection_pass)
            if verb:
                data = {"before": before[0], "after": ticket.errors, "hidden": ticket.hidden_errors}
                lines.append((ticket, verb, data | {"ways": dict(sorted(ways[pk].items()))}))
        rows = [[pk, *(getattr(ticket, column) for column in _DECIDED)] for pk, ticket in sorted(touched.items())]
        set_columns(Ticket, _DECIDED, rows)
        write_lines(lines, collection_pass)
        verified = frozenset(pk for pk, ticket in self.tickets.items() if ticket.status == "verified")
        return replace(state, verified=verified)

    def _touched(self, movement: Movement) -> list[Ticket]:
        pairs = {*movement.appeared, *movement.closed, *movement.settled, *movement.moved, *movement.moved.values()}
        keys = {key for _, key in pairs} & self.fingerprints.keys()
        return sorted({self.of_key(key) for key in keys}, key=lambda ticket: ticket.pk)

    def _decide_one(
        self, ticket: Ticket, errors: int, hidden: int, movement: Movement, collection_pass: CollectionPass
    ) -> tuple[str, tuple[int, int]]:
        """Set a ticket's counts and status; return the verb of its history line ("" for none) and the counts before."""
        unproven = hidden + bool(ticket.blocking)
        contained = self.marks.contained(ticket, collection_pass)
        decision = decide(ticket.status, Evidence(errors, unproven, contained, movement.held))
        before = (ticket.errors, ticket.hidden_errors)
        opened = ticket.first_pass_id == collection_pass.pk and before == (0, 0) and decision.verb == ""
        ticket.errors, ticket.hidden_errors, ticket.status = errors, hidden, decision.status
        if decision.verb == "verified":
            ticket.verified_pass = collection_pass
            self.marks.used_up(ticket, collection_pass)
        if decision.verb == "regressed":
            ticket.regressed_pass, ticket.marked_fixed_in = collection_pass, ""
        verb = "opened" if opened else decision.verb or ("changed" if before != (errors, hidden) else "")
        return verb, before

    def _ways(self, movement: Movement) -> dict[int, Counter[str]]:
        """How the errors of each ticket came and went, for its line of history."""
        ways: dict[int, Counter[str]] = defaultdict(Counter)
        for (_, key), how in [*movement.appeared.items(), *movement.closed.items()]:
            ways[self.fingerprints[key].ticket_id][how] += 1
        return ways

    def _create_missing(
        self, keys: Sequence[str], first: Mapping[str, Identified], collection_pass: CollectionPass
    ) -> None:
        """Fingerprints for keys that have none: in the ticket they inherit, or each in a new one, in this order."""
        alone = [key for key in keys if self.inherited.get(key, 0) not in self.tickets]
        made = dict(zip(alone, self.opening.create([first[key] for key in alone], collection_pass), strict=True))
        rows = []
        for key in keys:
            home = made.get(key) or self.tickets[self.inherited[key]]
            ticket = self.tickets[self.grouping.tickets.get(key, home.pk)]
            rows.append(fingerprint_row(key, first[key], ticket, home=home))
        self.fingerprints |= {row.readable: row for row in Fingerprint.objects.bulk_create(rows)}

    def _add_fingerprint(
        self, key: str, first: Identified, ticket: Ticket, *, home: Ticket | None = None, moved_from: str = ""
    ) -> None:
        row = self.fingerprints[key] = fingerprint_row(key, first, ticket, home=home, moved_from=moved_from)
        row.save(force_insert=True)
