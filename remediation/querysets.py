"""The questions that pages, commands and use cases ask of the tables, each named once."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Q
from django.db.models.functions import JSONArray, Now
from django.utils import timezone

from remediation.core.silence import MECHANISMS, SERVING

# Statuses in which a ticket still stands: everything but "verified".
STANDING = Q(merged_into__isnull=True) & ~Q(status="verified")

# Hidden endings that no later pass has settled.
UNSETTLED = Q(close_reason__in=["masked", "silenced", "not-seen", "held"], settled_pass__isnull=True)

# Passes that a trend has a place for: on the watched ref, or of its tip though they never learnt their commit.
PLACED = Q(position__isnull=False) | Q(commit="", requested_commit="")

# When a pass was, in the order of the trend: of these columns the first that it has.
MOMENT = ("effective_at", "observed_at", "ended_at")

# What can be long in a pass, and no list shows.
LONG_TEXTS = ("detail", "command", "install_log", "output_tail", "conditions", "blocker")
EVIDENCE = 600  # characters from the end of a traceback in which its last line is looked for
PASSES_OF_A_TICKET = ("first_pass", "verified_pass", "regressed_pass", "blocked_pass")
PASS_IN_SHORT = ("id", "number", "commit", "effective_at")  # what is said of a pass beside a ticket


class Seconds(models.Func):
    """Of some columns the first time that there is, in seconds since the epoch: it is read faster than a time."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::float8"
    output_field = models.FloatField()

    def __init__(self, *columns: str) -> None:
        super().__init__(models.functions.Coalesce(*columns) if len(columns) > 1 else models.F(columns[0]))


class ProjectQuerySet(models.QuerySet[Any]):
    """Projects, scoped to who asks."""

    def visible_to(self, user: Any) -> Self:
        """Those the user may see: all for an administrator, else those with a membership."""
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user) if user.is_authenticated else self.none()

    def with_role_of(self, user: Any) -> Self:
        """With ``role_of_asker``: the person's role in each, None for a stranger. No query of its own."""
        roles = self.model._meta.get_field("memberships").related_model.objects
        mine = roles.filter(project=models.OuterRef("pk"), user=user.pk).values("role")[:1]
        return self.annotate(role_of_asker=models.Subquery(mine))

    def with_open_tickets(self) -> Self:
        """With ``open_tickets``: how many stand. No query of its own."""
        tickets = self.model._meta.get_field("tickets").related_model.objects.filter(STANDING)
        mine = tickets.filter(project=models.OuterRef("pk")).order_by().values("project")
        counted = mine.annotate(number=models.Count("pk")).values("number")
        return self.annotate(open_tickets=models.functions.Coalesce(models.Subquery(counted), 0))

    def with_work(self) -> Self:
        """With ``at_work``: how many passes run or wait. No query of its own."""
        passes = self.model._meta.get_field("passes").related_model.objects
        mine = passes.filter(~Q(state="ended"), project=models.OuterRef("pk")).order_by().values("project")
        counted = mine.annotate(number=models.Count("pk")).values("number")
        return self.annotate(at_work=models.functions.Coalesce(models.Subquery(counted), 0))

    def with_ticket_counts(self) -> Self:
        """With ``regressed`` and ``unclaimed``: standing tickets that came back, and that wait for an owner.

        And with ``hidden``: errors that are no longer visible though not repaired.
        """
        standing = Q(tickets__merged_into__isnull=True) & ~Q(tickets__status="verified")
        free = standing & Q(tickets__claimed_by__isnull=True) & ~Q(tickets__status="muted")
        return self.annotate(
            regressed=models.Count("tickets", filter=standing & Q(tickets__status="regressed")),
            unclaimed=models.Count("tickets", filter=free),
            hidden=models.Sum("tickets__hidden_errors", filter=standing, default=0),
        )


class LiveProjects(models.Manager.from_queryset(ProjectQuerySet)):  # type: ignore[misc]
    """The projects there are: without those that were deleted and whose rows are still being removed."""

    def get_queryset(self) -> Any:
        """Everybody asks here; ``Project.every`` is for who removes them."""
        return super().get_queryset().filter(deleted_at=None)


class PassQuerySet(models.QuerySet[Any]):
    """Passes of a project."""

    def counted(self) -> Self:
        """Counted, on the watched ref: the only ones that draw a point or enter a sum."""
        return self.filter(outcome="counted", position__isnull=False)

    def deciding(self) -> Self:
        """Those that tickets follow from: the counted ones, and the blocked ones whose one cause is known."""
        blocked = Q(outcome="blocked", blocker__isnull=False)
        return self.filter(Q(outcome="counted") | blocked, position__isnull=False)

    def in_commit_order(self) -> Self:
        """Oldest commit first; two passes on one commit in the order of their numbers."""
        return self.order_by("position", "number")

    def newest_first(self) -> Self:
        """By commit order, newest first; passes without a position last."""
        return self.order_by(models.F("position").desc(nulls_last=True), "-number")

    def listed(self) -> Self:
        """Newest first, without the long texts that no list shows."""
        return self.defer(*LONG_TEXTS).order_by("-number")

    def for_trend(self) -> Self:
        """Ended passes in commit order; one of the ref's tip that never learnt its commit comes at the end.

        A pass that was asked for an older commit and never got it, or stands off the ref, has no place in a trend.
        """
        return self.filter(PLACED, state="ended").order_by(models.F("position").asc(nulls_last=True), "number")

    def with_scope_facts(self) -> Self:
        """With ``scope_facts`` where a scope begins: at the first counted pass and wherever it changed."""
        begins = Q(outcome="counted") & (Q(comparable=False) | Q(comparable__isnull=True))
        return self.annotate(scope_facts=models.Case(models.When(begins, then=models.F("scope__facts"))))

    def with_evidence(self) -> Self:
        """With ``evidence``, the end of what a pass without a count left behind."""
        end = models.functions.Right("detail", EVIDENCE)
        return self.annotate(evidence=models.Case(models.When(outcome__in=["blocked", "failed"], then=end)))

    def before(self, collection_pass: Any) -> Self:
        """Those that stand earlier in commit order."""
        return self.filter(
            Q(position__lt=collection_pass.position)
            | Q(position=collection_pass.position, number__lt=collection_pass.number)
        )

    def after(self, collection_pass: Any) -> Self:
        """Those that stand later in commit order."""
        return self.filter(
            Q(position__gt=collection_pass.position)
            | Q(position=collection_pass.position, number__gt=collection_pass.number)
        )


class TicketQuerySet(models.QuerySet[Any]):
    """Tickets of a project."""

    def standing(self) -> Self:
        """Not merged away and not verified."""
        return self.filter(STANDING)

    def listed(self) -> Self:
        """Not merged away, with what a list row shows."""
        return self.filter(merged_into__isnull=True).with_passes()

    def with_passes(self) -> Self:
        """With category, owner and the passes that decided, of those what is said beside a ticket.

        The passes come in one column: four joins more, and Postgres plans longer than all else takes. The project is
        not read again, whoever asks has it.
        """
        passes = self.model._meta.get_field("first_pass").related_model.objects
        own = passes.filter(pk__in=[models.OuterRef(name) for name in PASSES_OF_A_TICKET])
        *short, at = PASS_IN_SHORT
        said = ArraySubquery(own.values(row=JSONArray(*short, Seconds(at))))
        return self.select_related("category", "claimed_by").defer("rule_facts").annotate(passes_read=said)

    def with_blamed(self) -> Self:
        """With ``blamed``, whom to ask, where a worker has asked. No query of its own."""
        return self.select_related("blamed")

    def with_freed(self) -> Self:
        """With ``freed_at``: when a ticket that nobody has was last released."""
        lines = self.model._meta.get_field("transitions").related_model.objects
        released = lines.filter(ticket=models.OuterRef("pk"), verb="released").order_by("-sequence").values("at")
        free = models.When(claimed_by__isnull=True, then=models.Subquery(released[:1]))
        return self.annotate(freed_at=models.Case(free))

    def with_cleared_since(self, since: Any) -> Self:
        """With ``cleared_since``: of a verified ticket, the errors that were fixed or deleted after a moment."""
        seen = self.model._meta.get_field("fingerprints").related_model._meta.get_field("occurrences")
        ended = seen.related_model.objects.filter(
            fingerprint__ticket=models.OuterRef("pk"),
            close_reason__in=["fixed", "deleted"],
            closed_pass__effective_at__gt=since,
        )
        number = ended.order_by().values("fingerprint__ticket").annotate(number=models.Count("pk")).values("number")
        return self.annotate(cleared_since=models.Case(models.When(status="verified", then=models.Subquery(number))))


class FileStateQuerySet(models.QuerySet[Any]):
    """What became of test files, as intervals over counted passes."""

    def now(self, project: Any) -> Self:
        """Every file of a project as the last counted pass saw it, without the conftests and packages that failed."""
        serving = Q(file__path__in=SERVING)
        for name in SERVING:
            serving |= Q(file__path__endswith=f"/{name}")
        return self.filter(file__project=project, closed_pass__isnull=True).exclude(serving)

    def silent(self) -> Self:
        """Those that give no test though the file exists; one that fails has a ticket and is none of them."""
        return self.filter(state__in=MECHANISMS.keys())


class OccurrenceQuerySet(models.QuerySet[Any]):
    """Occurrences over counted passes."""

    def visible(self) -> Self:
        """Seen in the last counted pass."""
        return self.filter(closed_pass__isnull=True)

    def unsettled(self) -> Self:
        """Hidden and not shown again since."""
        return self.filter(UNSETTLED)


class OutboxQuerySet(models.QuerySet[Any]):
    """Messages to the outside."""

    def waiting(self) -> Self:
        """Neither sent nor given up."""
        return self.filter(done_at__isnull=True, gave_up_at__isnull=True)

    def due(self) -> Self:
        """Those that may be sent now, the longest due first: nobody is at them, none of their topic is before them."""
        before = self.model._default_manager.waiting().filter(
            topic=models.OuterRef("topic"), pk__lt=models.OuterRef("pk")
        )
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        in_turn = Q(topic="") | ~models.Exists(before)
        return self.waiting().filter(free, in_turn, next_at__lte=Now()).order_by("next_at", "pk")

    def given_up(self) -> Self:
        """Those that never arrived: an administrator's business, or a lead's."""
        return self.filter(gave_up_at__isnull=False).order_by("-gave_up_at")


class InvitationQuerySet(models.QuerySet[Any]):
    """Invitations to projects."""

    def open(self) -> Self:
        """Those that can be accepted now."""
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())
