"""Tickets as the passes see them: opened for new root causes, their counts, statuses and machine history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from django.db.models import F

from remediation.core import fingerprint
from remediation.core.blocker import identify_blocker, is_blocker, is_conftest, title_of_blocker
from remediation.core.fingerprint import Identified
from remediation.core.lifecycle import Evidence, decide
from remediation.core.reconcile import CLEARED, Movement, State
from remediation.core.rules import RuleFacts
from remediation.models import CollectionPass, Fingerprint, Project, Ticket
from remediation.projections.fix_marks import MarkBook
from remediation.projections.lines import write_lines
from remediation.projections.prints import MOVED_FROM, fingerprint_row
from remediation.projections.regroup import is_touched
from remediation.rulebook import Rulebook

_DECIDED = ("errors", "hidden_errors", "blocking", "status", "verified_pass", "regressed_pass", "marked_fixed_in")


class TicketBook:
    """The tickets and fingerprints of one project, kept in step with the fold.

    ``again``: the fold starts from the first pass, so no key has been seen in it yet. ``inherited``: readable key
    to the ticket that an older version of the fingerprints gave its errors. ``sorted_by``: the version of the rules
    that gave the tickets their categories; None where that is not known.
    """

    def __init__(
        self,
        project: Project,
        *,
        again: bool = False,
        inherited: Mapping[str, int] | None = None,
        sorted_by: int | None = None,
    ) -> None:
        self.project = project
        self.inherited = inherited or {}
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
        self.marks = MarkBook(project)

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
                # Passes of older commits came in: here the key stands before any rename that leads to it.
                self._assign(key, self._create([first[key]])[0], "")
            self.seen.add(key)
            ticket = self.of_key(key)
            if ticket.first_pass_id is None:
                self._place(ticket, first[key], collection_pass)
        ids = {
            key: row.ticket_id
            for key, row in self.fingerprints.items()
            if key in self.seen or MOVED_FROM not in row.facts
        }
        return replace(state, ticket_of={**state.ticket_of, **ids})

    def _join(self, movement: Movement) -> None:
        """Give a key that names a renamed file the ticket of its old key, unless it stood for itself before."""
        hidden = {old: new for old, (new, _) in movement.hidden_moved.items()}
        for (_, old_key), new in sorted({**movement.moved, **hidden}.items()):
            key = new[1]
            if key in self.seen:
                continue
            self.seen.add(key)
            into = self.of_key(old_key)
            if key not in self.fingerprints:
                self._add_fingerprint(key, movement.errors[new], into, moved_from=old_key)
            elif self.fingerprints[key].ticket_id != into.pk:
                left = self.of_key(key)
                self._assign(key, into, old_key)
                self._dissolve(left, into)

    def _assign(self, key: str, ticket: Ticket, moved_from: str) -> None:
        row = self.fingerprints[key]
        row.ticket = ticket
        row.facts = {name: value for name, value in row.facts.items() if name != MOVED_FROM}
        if moved_from:
            row.facts[MOVED_FROM] = moved_from
        row.save(update_fields=["ticket", "facts"], force_update=True)

    def _dissolve(self, ticket: Ticket, into: Ticket) -> None:
        """A ticket whose only root cause turned out to be another's: gone, or merged where people worked on it."""
        if any(row.ticket_id == ticket.pk for row in self.fingerprints.values()):
            return
        if is_touched(ticket):
            ticket.merged_into = into
            ticket.save(update_fields=["merged_into"], force_update=True)
        else:
            del self.tickets[ticket.pk]
            ticket.delete()

    def leave_old_versions(self, heirs: Mapping[int, str]) -> None:
        """Drop the fingerprints of older versions; a ticket that none of this version has goes into its heir's."""
        old = Fingerprint.objects.filter(project=self.project).exclude(version=fingerprint.VERSION)
        for row in old.order_by("pk"):
            key, ticket = heirs.get(row.pk, ""), self.tickets.get(row.ticket_id)
            if ticket and key in self.fingerprints and self.of_key(key) is not ticket:
                self._dissolve(ticket, self.of_key(key))
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
            self._add_fingerprint(found.key, found, self._create([found])[0])
        self.seen.add(found.key)
        ticket = self.of_key(found.key)
        new, was = ticket.first_pass_id is None, ticket.blocking
        if new:
            self._place(ticket, found, collection_pass)
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
        Ticket.objects.bulk_update([ticket for _, ticket in sorted(touched.items())], _DECIDED)
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
        made = dict(zip(alone, self._create([first[key] for key in alone], collection_pass), strict=True))
        rows = [fingerprint_row(key, first[key], made.get(key) or self.tickets[self.inherited[key]]) for key in keys]
        self.fingerprints |= {row.readable: row for row in Fingerprint.objects.bulk_create(rows)}

    def _create(self, firsts: Sequence[Identified], first_pass: CollectionPass | None = None) -> list[Ticket]:
        """A new ticket for each, numbered in this order. Two queries."""
        if not firsts:
            return []
        project = self.project
        Project.objects.filter(pk=project.pk).update(last_ticket_number=F("last_ticket_number") + len(firsts))
        project.refresh_from_db(fields=["last_ticket_number"])
        start = project.last_ticket_number - len(firsts) + 1
        tickets = [
            Ticket(project=project, number=number, category=self.rules.fallback, first_pass=first_pass)
            for number in range(start, start + len(firsts))
        ]
        for ticket, first in zip(tickets, firsts, strict=True):
            self._describe(ticket, first)
        self.tickets |= {ticket.pk: ticket for ticket in Ticket.objects.bulk_create(tickets)}
        return tickets

    def _describe(self, ticket: Ticket, first: Identified) -> None:
        """Title, kind and category come from the first occurrence in commit order; a category by hand stays."""
        ticket.title = title_of_blocker(first.error) if is_blocker(first.key) else fingerprint.title_of(first.error)
        ticket.kind = first.error.kind
        ticket.environment = first.error.environment
        ticket.rule_facts = asdict(RuleFacts.of(first.error))
        if not ticket.category_by_hand:
            ticket.category = self.rules.sort(first.error)

    def _place(self, ticket: Ticket, first: Identified, collection_pass: CollectionPass) -> None:
        ticket.first_pass = collection_pass
        self._describe(ticket, first)
        described = ["title", "kind", "environment", "rule_facts", "category"]
        ticket.save(update_fields=["first_pass", *described], force_update=True)

    def _add_fingerprint(self, key: str, first: Identified, ticket: Ticket, moved_from: str = "") -> None:
        row = self.fingerprints[key] = fingerprint_row(key, first, ticket, moved_from)
        row.save(force_insert=True)
