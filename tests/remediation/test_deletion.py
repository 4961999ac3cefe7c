"""Deleting a project: gone at once, its rows bit by bit, nothing left, and nothing of anybody else's touched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from remediation import deletion, passes, projects, rebuilding, tasks, tickets
from remediation.belongings import belongings
from remediation.models import AuditLine, CollectionPass, Project, SavedView, Ticket, User
from tests import factories
from tests.remediation.rows import contents

TEAMS = {
    "CollectionPass", "Result", "Scope", "Rename", "Ticket", "Fingerprint", "Occurrence", "TestFile", "FileState",
    "Transition", "FixMark", "Category", "CategoryRule", "RuleSet", "CategoryCount", "Membership", "SavedView",
    "Rebuild",
}  # fmt: skip


def history(project: Project, lead: User) -> None:
    """A project with something in every table that a team fills."""
    errors = [factories.missing_module("tests/test_a.py"), factories.missing_name("tests/test_b.py")]
    factories.counted_pass(project, 1, errors)
    factories.counted_pass(project, 2, errors[:1], {"tests/test_b.py": 3})
    factories.blocked_pass(project, 3)
    first = project.tickets.exclude(status="verified").order_by("number")[0]
    second = project.tickets.exclude(pk=first.pk)[0]
    tickets.claim(first, lead)
    tickets.mark_fixed(first, lead, "main")
    Ticket.objects.filter(pk=second.pk).update(merged_into=first)
    Project.objects.filter(pk=project.pk).update(baseline=project.passes.get(number=1), schedule="0 6 * * *")
    SavedView.objects.create(user=lead, project=project, name="mine", query="q=x")
    projects.update(project, target_date="2027-01-01")
    rebuilding.ask(project)


def of_others(project: Project) -> dict[str, list[tuple[object, ...]]]:
    """Every row that is not this project's, and none of the audit log, which only grows."""
    own = {b.model.__name__: set(b.of(project.pk).values_list("pk", flat=True)) for b in belongings()}
    own["Project"] = {project.pk}
    found = {name: [row for row in rows if row[0] not in own.get(name, set())] for name, rows in contents().items()}
    found.pop("AuditLine")
    return found


def age(project: Project) -> None:
    Project.every.filter(pk=project.pk).update(deleted_at=timezone.now() - deletion.GRACE - timedelta(seconds=1))


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("ines.duarte")


@pytest.mark.django_db
def test_every_table_below_a_project_is_found() -> None:
    found = {belonging.model.__name__ for belonging in belongings()}
    assert found >= TEAMS
    assert not found & {"Project", "User", "AuditLine"}


@pytest.mark.django_db
def test_it_is_gone_at_once_and_its_name_is_free(lead: User) -> None:
    project = factories.project("atlas", key="ATL", owner=lead)
    history(project, lead)
    running = passes.claim(passes.queue(project, trigger="manual").pk)
    waiting = passes.queue(project, trigger="manual")
    with pytest.raises(deletion.Refused, match="Type atlas"):
        deletion.delete(project, "Atlas", lead)
    deletion.delete(project, " atlas ", lead)
    assert not Project.objects.exists()
    assert not Project.objects.visible_to(lead).exists()
    assert {row.outcome for row in CollectionPass.objects.filter(pk__in=[running.pk, waiting.pk])} == {"failed"}
    assert passes.waiting() == [] == rebuilding.waiting() and passes.queue_due(timezone.now()) == []
    with pytest.raises(Project.DoesNotExist):
        passes.queue(project, trigger="manual")
    with pytest.raises(deletion.Refused, match="deleted already"):
        deletion.delete(project, "atlas", lead)
    assert factories.project("atlas", key="ATL").slug == "atlas"
    line = AuditLine.objects.filter(verb="deleted").get()
    assert (line.actor, line.project) == ("Ines Duarte (ines.duarte)", "atlas")
    assert line.changes == {"tickets": [2, 0], "passes": [5, 0]}


@pytest.mark.django_db
def test_nothing_is_removed_before_the_last_request_is_over(lead: User) -> None:
    project = factories.project("atlas")
    deletion.delete(project, "atlas", lead)
    assert deletion.waiting() == []
    age(project)
    assert deletion.waiting() == [project.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("batch", [1, 1_000])
def test_all_of_its_rows_go_and_none_of_anybody_elses(lead: User, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "BATCH", batch)
    project, other = factories.project("atlas"), factories.project("borealis")
    history(project, lead)
    history(other, lead)
    kept = of_others(project)
    filled = {belonging.model.__name__ for belonging in belongings() if belonging.of(other.pk).exists()}
    assert filled >= TEAMS - {"Membership", "Rename"}, "or the test proves nothing for them"
    deletion.delete(project, "atlas", lead)
    assert not deletion.remove(other.pk)  # it is alive
    assert deletion.remove(project.pk, seconds=60)
    assert of_others(project) == kept
    assert not any(belonging.of(project.pk).exists() for belonging in belongings())
    assert not Project.every.filter(pk=project.pk).exists()
    assert not deletion.remove(project.pk)


@pytest.mark.django_db
def test_a_removal_goes_on_where_the_last_one_ended(lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "BATCH", 1)
    project = factories.project("atlas")
    history(project, lead)
    deletion.delete(project, "atlas", lead)
    left = sum(belonging.of(project.pk).count() for belonging in belongings())
    for _ in range(left + 5):
        if deletion.remove(project.pk, seconds=0):
            break
        now = sum(belonging.of(project.pk).count() for belonging in belongings())
        assert now < left
        left = now
    assert not Project.every.exists()


@pytest.mark.django_db
def test_no_transaction_holds_more_than_a_batch(lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "BATCH", 10)
    project = factories.project("atlas")
    factories.counted_pass(
        project, 1, [factories.missing_module(f"tests/test_{n}.py", f"atlas.m{n}") for n in range(40)]
    )
    deletion.delete(project, "atlas", lead)
    with CaptureQueriesContext(connection) as seen:
        assert deletion.remove(project.pk, seconds=60)
    deleted = [query["sql"] for query in seen if query["sql"].startswith("DELETE")]
    assert max(sql.count(",") for sql in deleted) <= 10


@pytest.mark.django_db
def test_its_folders_go_from_the_disk_and_no_others(lead: User) -> None:
    root = Path(settings.DATA_DIR) / "projects"
    project, other = factories.project("atlas"), factories.project("borealis")
    unknown = max(project.pk, other.pk) + 1_000  # of a project that is just being added
    for pk in (project.pk, other.pk, unknown):
        (root / str(pk) / "mirror.git").mkdir(parents=True, exist_ok=True)
        (root / str(pk) / "mirror.git" / "config").write_text("x")
    tasks.clear_folders()
    assert (root / str(project.pk)).exists()
    deletion.delete(project, "atlas", lead)
    tasks.clear_folders()
    assert not (root / str(project.pk)).exists()
    assert (root / str(other.pk)).exists() and (root / str(unknown)).exists()


@pytest.mark.django_db(transaction=True)
def test_a_history_that_is_computed_again_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.remediation.threads import at_once

    monkeypatch.setattr(deletion, "_WAIT", "200ms")
    project, person = factories.project("atlas"), factories.user()

    def ask() -> None:
        deletion.delete(project, "atlas", person)

    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        [refused] = at_once([ask])
    assert isinstance(refused, deletion.Refused) and "Try again when that is done" in refused.text
    assert at_once([ask]) == [None]
