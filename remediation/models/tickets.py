"""Root causes as tickets, and where they were seen, as intervals between counted passes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import Q

from remediation.core.lifecycle import BENEATH, STATUSES
from remediation.core.retold import DECIDING
from remediation.models.files import TestFile
from remediation.models.indexes import known
from remediation.querysets import (
    PASS_IN_SHORT,
    PASSES_OF_A_TICKET,
    UNSETTLED,
    OccurrenceQuerySet,
    TicketQuerySet,
)


class Ticket(models.Model):
    """A root cause people work on. No one closes it by hand: only a counted pass does."""

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="tickets")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=30)
    environment = models.BooleanField(default=False)
    category = models.ForeignKey("remediation.Category", models.RESTRICT, related_name="tickets")
    category_by_hand = models.BooleanField(default=False)
    status = models.CharField(max_length=12, default="open", choices=[(s, s) for s in STATUSES])
    beneath = models.CharField(
        max_length=12, blank=True, choices=[(s, s) for s in BENEATH], help_text="Its status without the mute."
    )
    claimed_by = models.ForeignKey(
        "remediation.User", models.SET_NULL, null=True, blank=True, related_name="claimed_tickets"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    flagged_at = models.DateTimeField(null=True, blank=True, help_text="Since when its claim is flagged.")
    silent_since = models.DateTimeField(null=True, blank=True, help_text="The last sign of life of a flagged claim.")
    marked_fixed_in = models.CharField(max_length=200, blank=True, help_text="Of its marks, the one that holds.")
    solution = models.TextField(blank=True)
    business_value = models.TextField(blank=True)

    # Projection, from what people said of the grouping and what passes showed.
    merged_into = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="merged")
    dissolved_into = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Its only root cause turned out to be that one's; kept because people worked on it.",
    )

    # Projection, from the occurrences.
    rule_facts = models.JSONField(
        null=True, blank=True, help_text="What rules sort by: kind, module, path and message of the first occurrence."
    )
    errors = models.PositiveIntegerField(default=0, help_text="Visible in the last counted pass.")
    hidden_errors = models.PositiveIntegerField(default=0, help_text="No longer visible, though not repaired.")
    blocking = models.CharField(
        max_length=10,
        blank=True,
        choices=[("all", "Blocks every pass"), ("unproven", "Blocks no more, not proved repaired")],
    )
    blocked_pass = models.ForeignKey("remediation.CollectionPass", models.SET_NULL, null=True, related_name="+")
    first_pass = models.ForeignKey("remediation.CollectionPass", models.SET_NULL, null=True, related_name="+")
    verified_pass = models.ForeignKey("remediation.CollectionPass", models.SET_NULL, null=True, related_name="+")
    regressed_pass = models.ForeignKey("remediation.CollectionPass", models.SET_NULL, null=True, related_name="+")

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["-errors", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="ticket_number_once"),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="ticket_status_known"),
            models.CheckConstraint(
                condition=Q(status="muted", beneath__in=BENEATH) | (~Q(status="muted") & Q(beneath="")),
                name="ticket_muted_over_a_status",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_at__isnull=True)
                | Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="ticket_claim_whole",
            ),
            models.CheckConstraint(
                condition=Q(flagged_at__isnull=True, silent_since__isnull=True)
                | Q(flagged_at__isnull=False, silent_since__isnull=False),
                name="ticket_flag_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status="verified")
                | Q(errors=0, hidden_errors=0, blocking="", verified_pass__isnull=False),
                name="ticket_verified_by_a_pass",
            ),
        ]
        indexes = [models.Index(fields=["project", "status"], name="ticket_by_status")]

    def __str__(self) -> str:
        return self.label

    def _take_passes(self, rows: Iterable[tuple[int, int, str, float | None]]) -> None:
        """What ``with_passes`` read in one column goes where joins would have put it."""
        model, read = self._meta.get_field("first_pass").related_model, {}
        for pk, number, commit, seconds in rows:
            at = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
            read[pk] = model.from_db(self._state.db, PASS_IN_SHORT, (pk, number, commit, at))
        for name in PASSES_OF_A_TICKET:
            self._state.fields_cache[name] = read.get(getattr(self, f"{name}_id"))

    passes_read = property(fset=_take_passes, doc="Set by ``TicketQuerySet.with_passes``; never read.")

    @property
    def is_flagged(self) -> bool:
        """Whether somebody has it and gave no sign of life for long."""
        return self.claimed_by_id is not None and self.flagged_at is not None and self.status != "verified"

    @property
    def label(self) -> str:
        """The id people say: ATL-12."""
        return f"{self.project.key}-{self.number}"


class Fingerprint(models.Model):
    """The versioned stable key of a root cause. It maps to a ticket, so grouping can improve and be corrected.

    ``home``: where passes put it. ``ticket``: where it is counted, after what people said (``core.grouping``).
    """

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="fingerprints", db_index=False)
    version = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=64, help_text="SHA-256 of the readable key.")
    readable = models.TextField()
    kind = models.CharField(max_length=30)
    facts = models.JSONField(default=dict)
    home = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="fingerprints")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "version", "key"], name="fingerprint_once")]

    def __str__(self) -> str:
        return self.readable


class Occurrence(models.Model):
    """A fingerprint seen in a test file, from ``first_pass`` until ``closed_pass`` (null while visible).

    A hidden ending (masked, silenced, not-seen, held) stays unsettled until a later pass shows the file
    again: then ``settled_pass`` and ``settlement`` (fixed, deleted, moved, seen) say how it ended.
    """

    fingerprint = models.ForeignKey(Fingerprint, models.CASCADE, related_name="occurrences", db_index=False)
    file = models.ForeignKey(TestFile, models.CASCADE, related_name="occurrences")
    appeared_as = models.CharField(max_length=10)
    first_pass = models.ForeignKey("remediation.CollectionPass", models.CASCADE, related_name="+")
    closed_pass = models.ForeignKey(
        "remediation.CollectionPass", models.CASCADE, null=True, related_name="+", db_index=False
    )
    close_reason = models.CharField(max_length=10, blank=True)
    settled_pass = models.ForeignKey(
        "remediation.CollectionPass", models.CASCADE, null=True, related_name="+", db_index=False
    )
    settlement = models.CharField(max_length=10, blank=True)

    objects = OccurrenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint", "file"], condition=Q(closed_pass__isnull=True), name="occurrence_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_pass__isnull=True, close_reason="")
                | Q(
                    closed_pass__isnull=False,
                    close_reason__in=["fixed", "deleted", "moved", "masked", "silenced", "not-seen", "held"],
                ),
                name="occurrence_closed_with_reason",
            ),
        ]
        # What is open or hidden is few of what has ended, and asked for by every page.
        indexes = [
            known("closed_pass", "occurrence_closed"),
            known("settled_pass", "occurrence_settled"),
            models.Index(fields=["fingerprint", "closed_pass"], name="occurrence_by_cause"),
            models.Index(fields=["fingerprint"], name="occurrence_unsettled", condition=UNSETTLED),
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint} in {self.file}"


class FixMark(models.Model):
    """Somebody said in which commit or branch a ticket is fixed. A fact: it closes nothing, a pass decides.

    ``named`` is what was typed, "" takes the last one back; ``after`` the last deciding pass then. What git says, once
    a worker has asked: ``commit``, ``contained_from`` (position of the first commit of the watched line that contains
    it), and ``known_after``, the last pass that was recorded without knowing it.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="marks")
    at = models.DateTimeField()
    actor = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    named = models.CharField(max_length=200, blank=True)
    after = models.ForeignKey("remediation.CollectionPass", models.CASCADE, null=True, related_name="+")
    commit = models.CharField(max_length=40, blank=True)
    contained_from = models.IntegerField(null=True)
    known_after = models.ForeignKey("remediation.CollectionPass", models.CASCADE, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.named or 'taken back'}"


class Transition(models.Model):
    """One line of a ticket's history, append-only: a person (actor) or a pass did something.

    The database refuses to change a line (trigger ``transition_stays``): only its place, and its actor to nobody when
    an account goes. A rebuild deletes and writes the lines of passes, never one of a person.

    ``after``: the last deciding pass in commit order when a person's line was written. It keeps the line's place
    among those of passes, whenever these are computed again.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="transitions", db_index=False)
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField()
    verb = models.CharField(max_length=20)
    actor = models.ForeignKey("remediation.User", models.SET_NULL, null=True, blank=True, related_name="+")
    collection_pass = models.ForeignKey(
        "remediation.CollectionPass", models.CASCADE, null=True, blank=True, related_name="transitions"
    )
    after = models.ForeignKey("remediation.CollectionPass", models.RESTRICT, null=True, blank=True, related_name="+")
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["ticket", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "sequence"], name="transition_once"),
            models.CheckConstraint(
                condition=~Q(verb__in=DECIDING) | Q(collection_pass__isnull=False), name="transition_of_a_pass"
            ),
        ]
        # When a ticket was last released is asked for every ticket; its other lines are many.
        indexes = [
            models.Index(fields=["ticket", "-sequence"], name="transition_released", condition=Q(verb="released"))
        ]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.verb}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Give a new line of a person its ``after``. The writer holds the ticket's row lock, as a pass does that is
        being recorded: so the line stands on the same side of that pass as the change that it tells of."""
        if self._state.adding and self.collection_pass_id is None and self.after_id is None:
            self.after = self.ticket.project.passes.deciding().in_commit_order().only("pk").last()
        super().save(*args, **kwargs)
