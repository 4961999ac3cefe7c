"""One transaction, guarded by the fence: the facts of a pass and everything computed from them, or nothing."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from remediation import audit, projections, telling
from remediation.collection.mirror import Commit, Mirror, SourceError
from remediation.core import fingerprint
from remediation.core.records import SessionFacts, Verdict, compress, digest_of, document_of
from remediation.core.silence import SERVING
from remediation.core.text import clean_text
from remediation.core.uncollected import uncollected
from remediation.core.whereabouts import TreeChange
from remediation.models import CollectionPass, Project, Rename, Result, Scope, User
from remediation.passes.conditions import conditions_of
from remediation.passes.lease import held

_TAIL = 20_000  # characters kept of an output or a log


class LostLease(RuntimeError):
    """Another worker has the pass now, or it was stopped or deleted; nothing was written."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run hands over to be recorded; texts may be of any length, they are cut here."""

    verdict: Verdict
    commit: Commit | None = None
    position: int | None = None
    observed_at: datetime | None = None
    seconds: float | None = None
    sandbox_level: int | None = None
    network: bool | None = None
    interpreter: str = ""
    source_roots: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    exit_code: int | None = None
    command: str = ""
    environment_key: str = ""
    install_log: str = ""
    output_tail: str = ""
    detected: Mapping[str, Any] = field(default_factory=dict)
    stage_times: Mapping[str, float] = field(default_factory=dict)


@uncollected
def record(collection_pass: CollectionPass, report: Report, renames: projections.Renames) -> None:
    """Write the result of a pass and project it. Raises LostLease, having written nothing, for an old fence."""
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).filter(pk=collection_pass.project_id).first()
        row = held(collection_pass).select_for_update().first()
        if project is None or row is None:
            raise LostLease(f"pass {collection_pass.pk} is no longer held with fence {collection_pass.fence}")
        _fill(row, report)
        row.conditions = _conditions(collection_pass.project, row, report)
        facts = _fill_counted(row, project, report.verdict) if report.verdict.result is not None else None
        row.project = project
        row.save(force_update=True)
        CollectionPass.objects.filter(pk=row.pk).update(ended_at=Now())
        detected = _clean(report.detected)
        if detected and project.detected != detected:
            project.detected = detected
            project.save(update_fields=["detected"], force_update=True)
        if row.decides:
            projections.land(row, renames, facts)
        else:
            projections.give_time(row)
        telling.of_pass(row)


def _clean(value: Any) -> Any:
    """JSON-ready values with every text in them clean: what a repository declares comes from strangers too."""
    if isinstance(value, Mapping):
        return {clean_text(key, 200): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return clean_text(value, _TAIL) if isinstance(value, str) else value


def _fill(row: CollectionPass, report: Report) -> None:
    verdict = report.verdict
    row.state, row.stage, row.outcome = "ended", "", verdict.outcome
    row.reason = verdict.reason[:40]
    row.reason_text = clean_text(verdict.text, 600)
    row.detail = clean_text(verdict.detail, _TAIL)
    row.blocker = document_of(verdict.blocker) if verdict.blocker else None
    row.lease_until = row.live = None
    row.stage_times = dict(report.stage_times) or row.stage_times
    row.observed_at = report.observed_at or row.started_at
    if report.commit:
        row.commit, row.subject = report.commit.sha, report.commit.subject[:300]
        row.author, row.committed_at = report.commit.author_name[:200], report.commit.committed_at
        row.author_email = report.commit.author_email.lower()[:254]
    row.position = report.position
    row.seconds, row.sandbox_level, row.exit_code = report.seconds, report.sandbox_level, report.exit_code
    row.command = clean_text(report.command, 2_000)
    row.environment_key = report.environment_key
    row.install_log = clean_text(report.install_log, _TAIL)
    row.output_tail = clean_text(report.output_tail, _TAIL)
    row.python_version, row.pytest_version = verdict.session.python[:40], verdict.session.pytest[:40]


def _conditions(project: Project, row: CollectionPass, report: Report) -> dict[str, Any]:
    """``project`` is the one that the run read: its settings may have changed since."""
    found = conditions_of(
        project,
        report.verdict.session,
        command=row.command,
        sandbox_level=report.sandbox_level,
        network=report.network,
        interpreter=report.interpreter,
        source_roots=report.source_roots,
        left_out=report.left_out,
    )
    cleaned: dict[str, Any] = _clean(found)
    return cleaned


def _fill_counted(row: CollectionPass, project: Project, verdict: Verdict) -> projections.Facts:
    assert verdict.result is not None
    result = verdict.result
    errors = fingerprint.identify(result)
    row.total = len(errors)
    row.environment_errors = sum(1 for identified in errors.values() if identified.error.environment)
    row.pytest_errors = result.pytest_errors
    row.tests_collected = result.tests
    # Test files only, as the inventory of silent files counts them: a conftest serves others.
    row.files_total = sum(posixpath.basename(path) not in SERVING for path in result.inventory)
    canonical = result.canonical()
    # A function is asked for its value only where there is no such row yet.
    row.result = _once(Result, project, digest_of(canonical), content=lambda: compress(canonical))
    row.scope = _scope(project, verdict.session, row.sandbox_level)
    return projections.Facts(result, errors)


def _scope(project: Project, session: SessionFacts, sandbox_level: int | None) -> Scope:
    """What decides whether two numbers may be compared. The ini's content is left out on purpose.

    Registering a marker edits the ini, and that is remediation; what the ini selects (testpaths, file
    patterns, added options) is part of the scope.
    """
    facts = {
        "arguments": project.arguments,
        "ini": session.inipath,
        "addopts": list(session.addopts),
        "rootdir": session.rootdir,
        "testpaths": list(session.testpaths),
        "python_files": list(session.python_files),
        "python": ".".join(session.python.split(".")[:2]),
        "pytest": ".".join(session.pytest.split(".")[:2]),
        "sandbox": sandbox_level,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return _once(Scope, project, digest, facts={**facts, "session": _session(session)})


def _session(session: SessionFacts) -> dict[str, Any]:
    """The facts of the first session of a scope; packages change without it, so each pass keeps its own."""
    return {name: value for name, value in asdict(session).items() if name != "packages"}


def _once(model: Any, project: Project, digest: str, **values: Any) -> Any:
    # Of what is there already nothing but its id: a result may be of megabytes.
    row, _ = model.objects.only("pk").get_or_create(project=project, digest=digest, defaults=values)
    return row


def confirm(collection_pass: CollectionPass, user: User) -> bool:
    """A lead's word that a fall of the collected tests by half is real; False when it was given before.

    Its closings count once the history is computed again: the caller schedules that when True.
    """
    with transaction.atomic():
        waits = CollectionPass.objects.filter(pk=collection_pass.pk, held=True, confirmed_at__isnull=True)
        confirmed = waits.update(confirmed_by=user, confirmed_at=Now())
        if confirmed:
            audit.write("confirmed", f"pass #{collection_pass.number}", project=collection_pass.project, by=user)
    return bool(confirmed)


def renames_between(project: Project, mirror: Callable[[], Mirror] | None = None) -> projections.Renames:
    """What git says of two commits, asked once and kept: the stored answer needs no repository."""

    def look_up(before: str, after: str) -> TreeChange:
        if before == after:
            return TreeChange(deleted=frozenset())
        row = Rename.objects.filter(project=project, before=before, after=after).first()
        if row is not None:
            return projections.change_of(row)
        from remediation.passes.workshop import Workshop  # the default needs settings

        source = mirror() if mirror else Workshop(project).mirror
        try:
            facts = _ask(source, before, after)
        except SourceError:
            # History was rewritten and the old commit is gone: without evidence nothing counts as moved or deleted.
            return TreeChange(deleted=frozenset())
        row, _ = Rename.objects.get_or_create(project=project, before=before, after=after, defaults=facts)
        return projections.change_of(row)

    return look_up


def _ask(source: Mirror, before: str, after: str) -> dict[str, Any]:
    """Renamed and deleted files between two commits, from git. Raises SourceError."""
    try:
        renamed, deleted = source.renames(before, after), source.deleted(before, after)
    except SourceError:
        source.fetch()  # another worker's mirror may have seen these commits, and ours not yet
        renamed, deleted = source.renames(before, after), source.deleted(before, after)
    return {
        "pairs": {old: new for old, new in renamed.items() if _storable(old) and _storable(new)},
        # A silenced test file may bear any name by now (test_a.py.off); of the others nobody will ask.
        "deleted": [path for path in deleted if (".py" in path or "test" in path) and _storable(path)],
    }


def _storable(path: str) -> bool:
    """Whether a path can be stored as it is; facts hold the cleaned form of any other."""
    return clean_text(path, 4_000) == path
