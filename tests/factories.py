"""Projects, people and recorded passes for tests, made through the product's own use cases."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from msgspec import structs

from remediation import passes, projections, projects
from remediation.collection.mirror import Commit
from remediation.core.records import (
    Cause,
    CollectionError,
    FileResult,
    Frame,
    PassResult,
    SessionFacts,
    TreeFacts,
    Verdict,
)
from remediation.core.whereabouts import TreeChange
from remediation.models import CollectionPass, Membership, Project, Transition, User

Files = Mapping[str, int | tuple[Any, ...]]

_count = itertools.count(1)
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
SESSION = SessionFacts(pytest="9.1.0", python="3.12.1", rootdir=".", inipath="pyproject.toml")


def user(name: str = "", **values: Any) -> User:
    """An account; ``is_superuser=True`` for an administrator."""
    name = name or f"person{next(_count)}"
    first, _, last = name.replace(".", " ").title().partition(" ")
    return User.objects.create_user(name, password="pass-phrase-7", first_name=first, last_name=last, **values)


def project(name: str = "", **values: Any) -> Project:
    """A project with the default categories; its source is never fetched."""
    name = name or f"atlas {next(_count)}"
    return projects.create(name=name, source="https://git.example.org/team/atlas.git", **values)


def member(of: Project, role: str = "engineer", name: str = "") -> User:
    """A new account with a role in the project."""
    account = user(name)
    Membership.objects.create(project=of, user=account, role=role)
    return account


def _error(path: str, cause: Cause) -> CollectionError:
    return CollectionError(path=path, node=path, cause=cause, traceback=f"{path}: {cause.type}: {cause.message}")


def _frame(path: str, statement: str, line: int = 3, pending: Iterable[str] = ()) -> Frame:
    return Frame(path=path, line=line, function="<module>", statement=statement, pending=tuple(pending))


def missing_module(path: str, module: str = "atlas.core.registry", **frame: Any) -> CollectionError:
    """A first-party module that does not exist."""
    return _error(
        path,
        Cause(
            "ModuleNotFoundError",
            f"No module named '{module}'",
            name=module,
            frames=(_frame(path, f"import {module}", **frame),),
        ),
    )


def missing_name(path: str, module: str = "atlas.cache.keys", name: str = "CacheKey", **frame: Any) -> CollectionError:
    """A name that an existing module does not have."""
    return _error(
        path,
        Cause(
            "ImportError",
            f"cannot import name '{name}' from '{module}'",
            name=module,
            name_from=name,
            path=module.replace(".", "/") + ".py",
            frames=(_frame(path, f"from {module} import {name}", **frame),),
        ),
    )


def unknown_marker(path: str, name: str = "load") -> CollectionError:
    """A marker that the configuration does not know."""
    return _error(
        path,
        Cause(
            "_pytest.outcomes.Failed",
            f"'{name}' not found in `markers` configuration option",
            frames=(_frame(path, f"@pytest.mark.{name}", 12),),
        ),
    )


def syntax_error(path: str, message: str = "invalid syntax") -> CollectionError:
    """A test file that Python cannot parse; its root cause names the file."""
    return _error(path, Cause("SyntaxError", message, filename=path, lineno=4))


def result(
    errors: Iterable[CollectionError] = (),
    files: Files | None = None,
    *,
    gone: Iterable[str] = (),
    written: Mapping[str, int] | None = None,
) -> PassResult:
    """What a pass saw: ``files`` gives tests per path, or (state, tests, reason, why); those with errors are added.

    ``written``: tests that the sources of blocked files define.
    """
    errors = tuple(errors)
    rows = {}
    for path, value in (files if files is not None else {"tests/test_healthy.py": 5}).items():
        rows[path] = FileResult(path, *(value if isinstance(value, tuple) else ("collected", value)))
    for error in errors:
        rows[error.path] = FileResult(error.path, "error", rows[error.path].tests if error.path in rows else 0)
    for path, tests in (written or {}).items():
        rows[path] = structs.replace(rows[path], written=tests)
    return PassResult(
        files=tuple(sorted(rows.values(), key=lambda row: row.path)),
        errors=errors,
        inventory=tuple(sorted(set(rows) - set(gone))),
        tests=sum(row.tests for row in rows.values()),
        pytest_errors=len(errors),
        tree=TreeFacts(first_party=("atlas",)),
    )


def counted_pass(
    of: Project,
    position: int | None = None,
    errors: Iterable[CollectionError] = (),
    files: Files | None = None,
    *,
    session: SessionFacts = SESSION,
    at: datetime | None = None,
    written: Mapping[str, int] | None = None,
    **report: Any,
) -> CollectionPass:
    """A pass that was counted, recorded as a worker records it. ``position`` None: one after the last."""
    verdict = Verdict("counted", session=session, result=result(errors, files, written=written))
    return ended_pass(of, verdict, position, at=at, **report)


def blocked_pass(
    of: Project,
    position: int | None = None,
    *,
    reason: str = "conftest-failure",
    blocker: CollectionError | None = None,
    **report: Any,
) -> CollectionPass:
    """A pass that pytest could not finish: it has no number. ``blocker``: the one error that stopped it."""
    text = "pytest stopped while loading tests/conftest.py, before it reached a test file. This is not zero errors."
    detail = "E   ImportError: cannot import name 'db_engine'"
    return ended_pass(of, Verdict("blocked", reason, text, detail, blocker=blocker), position, **report)


def failed_pass(of: Project, position: int | None = None, *, reason: str = "source-unreachable") -> CollectionPass:
    """A pass that failed on our side."""
    return ended_pass(of, Verdict("failed", reason, "The source did not answer. Nothing was counted."), position)


def dated(lines: QuerySet[Transition], at: datetime) -> None:
    """Lines of a history as if written at another time. No line can be changed, so these are written anew."""
    rows = list(lines)
    lines.delete()
    for row in rows:
        row.at = at
    Transition.objects.bulk_create(rows)


def no_renames(before: str, after: str) -> TreeChange:
    """Nobody asked git: no file was renamed, and one that is gone from the inventory was deleted."""
    return TreeChange()


def ended_pass(
    of: Project,
    verdict: Verdict,
    position: int | None = None,
    *,
    at: datetime | None = None,
    renames: projections.Renames = no_renames,
    **report: Any,
) -> CollectionPass:
    """Queue, claim and record a pass with this verdict at this place of the commit order."""
    if position is None:
        last = of.passes.filter(position__isnull=False).order_by("-position").first()
        position = last.position + 1 if last else 1
    at = at or START + timedelta(days=position)
    commit = Commit(f"{position:040x}", f"Change number {position}", "Sample Author", "sample@example.org", at)
    claimed = passes.claim(passes.queue(of, trigger="command", commit=commit.sha).pk)
    assert claimed is not None
    values = {"commit": commit, "position": position, "observed_at": at, "seconds": 4.2, "sandbox_level": 3} | report
    passes.record(claimed, passes.Report(verdict=verdict, **values), renames)
    return CollectionPass.objects.select_related("project", "result", "scope").get(pk=claimed.pk)


def off_ref(of: Project, errors: Iterable[CollectionError] = ()) -> CollectionPass:
    """A counted pass on a commit that is not on the watched ref."""
    claimed = passes.claim(passes.queue(of, trigger="command", commit="f" * 40).pk)
    assert claimed is not None
    verdict = Verdict("counted", session=SESSION, result=result(errors))
    passes.record(claimed, passes.Report(verdict=verdict, position=None, sandbox_level=3), no_renames)
    return CollectionPass.objects.get(pk=claimed.pk)
