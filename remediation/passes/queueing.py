"""Which passes are due, queued, or were lost: the row is the truth, a broker message only a hint."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from remediation import audit, credentials, telling
from remediation.collection.fetching import SourceError, tip
from remediation.models import CollectionPass, Project, User
from remediation.schedule import BadSchedule, next_due

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# The schedule and a push are nobody's deed, and the pass itself says which of them it was.
_BY_PEOPLE = {"manual", "command", "replay", "api"}
# A hint that got lost is repeated after this long; one that is merely waiting costs a query.
NUDGE_AGAIN = timedelta(seconds=60)


def queue(
    project: Project, *, trigger: str, user: User | None = None, commit: str = "", slot: datetime | None = None
) -> CollectionPass:
    """Add a pass to the queue and return it. ``commit`` empty: the ref's tip at the time it runs.

    A second pass of the ref's tip while one is already waiting is the same pass: the waiting one is returned.
    """
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if not commit and slot is None:
            waiting_one = locked.passes.filter(state="queued", requested_commit="").order_by("number").first()
            if waiting_one:
                return waiting_one
        return _insert(locked, trigger=trigger, user=user, commit=commit, slot=slot)


def replay(project: Project, commits: Sequence[str], *, user: User | None = None) -> list[CollectionPass]:
    """Queue one pass for each commit, in the given order (oldest first draws the trend from left to right)."""
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        return [_insert(locked, trigger="replay", user=user, commit=commit) for commit in commits]


def queue_due(now: datetime) -> list[CollectionPass]:
    """Queue a pass for every project whose due time has come, and set its next due time.

    The slot is the due time itself, so two schedulers at once, or one that is late, insert one row.
    Of several missed due times only the latest runs. Projects that skip a known commit wait for :func:`queue_or_skip`.
    """
    due = _due(now).filter(skip_unchanged=False).order_by("pk")
    made = [_take_slot(pk, now) for pk in due.values_list("pk", flat=True)]
    return [collection_pass for collection_pass in made if collection_pass]


def to_ask(now: datetime) -> list[int]:
    """Ids of due projects that run nothing on a commit they know. A lost message costs nothing: they stay due."""
    return list(_due(now).filter(skip_unchanged=True).order_by("pk").values_list("pk", flat=True))


def queue_or_skip(pk: int, now: datetime) -> CollectionPass | None:
    """Ask the source of a due project for its tip: queue a pass, or note that the commit is a known one.

    Takes seconds, holds no lock while it asks. A source that does not answer gets its pass, which says so.
    """
    project = _due(now).filter(pk=pk).first()
    known = _known_commit(project) if project else ""
    unchanged = ""
    if project and known:
        try:
            with credentials.opening(project) as given:
                unchanged = known if tip(project.source, project.ref, given=given) == known else ""
        except SourceError as error:
            log.warning("project %s: its tip is unknown, so the pass runs: %s", project.slug, error)
    return _take_slot(pk, now, unchanged)


def _due(now: datetime) -> QuerySet[Project]:
    return Project.objects.filter(next_pass_at__lte=now, paused_at=None)


def _known_commit(project: Project) -> str:
    """The commit that the last pass of the ref in commit order has an answer for; "" for none."""
    ended = project.passes.filter(outcome__in=["counted", "blocked"], position__isnull=False).in_commit_order().last()
    return str(ended.commit) if ended else ""


def _take_slot(pk: int, now: datetime, unchanged: str = "") -> CollectionPass | None:
    """Set the next due time; queue the pass of the one that came, unless ``unchanged`` is the commit known by now."""
    with transaction.atomic():
        project = _due(now).select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
        if project is None:  # another scheduler has it, or it was paused
            return None
        try:
            slot, following = _latest_slot(project, now)
        except BadSchedule as error:  # zone data can change; one project must not stop all others
            log.warning("project %s cannot be scheduled: %s", project.slug, error)
            return None
        project.next_pass_at = following
        if unchanged and unchanged == _known_commit(project):
            project.last_skipped_at, project.last_skipped_commit = slot, unchanged
        project.save(update_fields=["next_pass_at", "last_skipped_at", "last_skipped_commit"], force_update=True)
        if project.last_skipped_at == slot:
            return None
        try:
            with transaction.atomic():
                return _insert(project, trigger="schedule", slot=slot)
        except IntegrityError:
            return None  # this slot has its pass already


def waiting() -> list[int]:
    """Ids of queued passes that need a hint now: the oldest of each idle project, at most once a minute each."""
    busy = CollectionPass.objects.filter(state="running").values("project_id")
    oldest = (
        CollectionPass.objects.filter(state="queued")
        .exclude(project_id__in=busy)
        .order_by("project_id", "number")
        .distinct("project_id")
    )
    return nudge(CollectionPass.objects.filter(pk__in=oldest.values("pk")))


def nudge(rows: QuerySet[Any]) -> list[int]:
    """Ids of those among waiting rows that need a hint now, and a note that they got it: at most once a minute each."""
    due = rows.filter(Q(nudged_at__isnull=True) | Q(nudged_at__lt=Now() - NUDGE_AGAIN))
    ids = list(due.values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=ids).update(nudged_at=Now())
    return ids


def reap() -> int:
    """Take back passes whose worker is gone: queued again, or failed for all to see after MAX_ATTEMPTS."""
    lost = CollectionPass.objects.filter(state="running", lease_until__lt=Now())
    hopeless = lost.filter(attempts__gte=MAX_ATTEMPTS).values_list("pk", flat=True)
    failed = sum(_fail(lost.filter(pk=pk)) for pk in list(hopeless))
    # The lease stays as it is: since its end the pass waits again.
    again = lost.filter(attempts__lt=MAX_ATTEMPTS).update(
        state="queued", stage="", live=None, nudged_at=None, fence=F("fence") + 1
    )
    return failed + again


@transaction.atomic
def _fail(lost: QuerySet[CollectionPass]) -> int:
    """End a pass whose workers died, unless somebody else just did, and tell of it."""
    found = lost.select_related("project").first()
    failed = lost.update(
        state="ended",
        stage="",
        outcome="failed",
        reason="lost-worker",
        reason_text=(
            f"The worker died {MAX_ATTEMPTS} times while running this pass. Nothing was counted; "
            "look at the worker's log and the machine's memory, then run the pass again."
        ),
        ended_at=Now(),
        observed_at=F("started_at"),
        effective_at=F("started_at"),
        lease_until=None,
        live=None,
        fence=F("fence") + 1,
    )
    if found is not None and failed:
        found.refresh_from_db()
        telling.of_pass(found)
    return failed


def cancel(collection_pass: CollectionPass) -> bool:
    """Stop a pass that is queued or running; False when it had ended already. Its worker notices within seconds."""
    with transaction.atomic():
        stopped = stop_all(CollectionPass.objects.filter(pk=collection_pass.pk))
        if stopped:
            audit.write("stopped", f"pass #{collection_pass.number}", project=collection_pass.project)
            telling.of_pass(CollectionPass.objects.select_related("project").get(pk=collection_pass.pk))
    return bool(stopped)


def stop_all(rows: QuerySet[Any]) -> int:
    """End those of these passes that are queued or running; returns how many. Their workers can write no more."""
    return rows.exclude(state="ended").update(
        state="ended",
        stage="",
        outcome="failed",
        reason="cancelled",
        reason_text="Stopped by hand. Nothing was counted.",
        ended_at=Now(),
        observed_at=Now(),
        effective_at=Now(),
        lease_until=None,
        live=None,
        fence=F("fence") + 1,
    )


def _insert(
    project: Project, *, trigger: str, user: User | None = None, commit: str = "", slot: datetime | None = None
) -> CollectionPass:
    """Insert with the project's next number; the caller holds the project's row lock."""
    project.last_pass_number += 1
    project.save(update_fields=["last_pass_number"], force_update=True)
    if trigger in _BY_PEOPLE:
        commit_said = {"commit": ("", commit)} if commit else {}
        audit.write("queued", f"pass #{project.last_pass_number}", project=project, changes=commit_said, by=user)
    return CollectionPass.objects.create(
        project=project,
        number=project.last_pass_number,
        trigger=trigger,
        requested_by=user,
        requested_commit=commit,
        slot=slot,
        queued_at=Now(),
    )


def _latest_slot(project: Project, now: datetime) -> tuple[datetime, datetime | None]:
    """The latest due time not after ``now``, and the one after it (None: the schedule never comes again)."""
    slot = project.next_pass_at
    assert slot is not None
    following = next_due(project.schedule, project.time_zone, slot)
    # A schedule of every minute, a year late, is half a million steps of a cheap iterator; jump instead.
    for days in (2, 35, 400):  # daily and more often, weekly and monthly, yearly
        landed = next_due(project.schedule, project.time_zone, max(slot, now - timedelta(days=days)))
        if landed and landed <= now:
            slot, following = landed, next_due(project.schedule, project.time_zone, landed)
            break
    while following and following <= now:
        slot, following = following, next_due(project.schedule, project.time_zone, following)
    return slot, following
