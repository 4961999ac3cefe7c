"""The people and the project that the site's tests play with: the same cast in every file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from remediation import projections
from remediation.core.records import Cause, CollectionError, FileResult, Frame, PassResult, TreeFacts
from remediation.core.rules import DEFAULT_CATEGORIES, DEFAULT_RULES, FALLBACK
from remediation.models import Category, CategoryRule, CollectionPass, Membership, Project, Result, Scope, Ticket, User

START = dt.datetime(2026, 10, 5, 6, 0, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"


def project(name: str = "atlas-backend", *, slug: str = "atlas", key: str = "ATL") -> Project:
    """A project with the default categories and rules, and no pass yet."""
    made = Project.objects.create(slug=slug, name=name, key=key, source=f"https://git.example.org/{slug}.git")
    for order, category in enumerate(DEFAULT_CATEGORIES):
        Category.objects.create(
            project=made,
            name=category.name,
            order=order,
            slot=category.slot,
            business_impact=category.business_impact,
        )
    Category.objects.create(project=made, name=FALLBACK, order=99, is_fallback=True)
    names = {category.name: category for category in made.categories.all()}
    for order, rule in enumerate(DEFAULT_RULES):
        CategoryRule.objects.create(
            project=made,
            version=1,
            order=order,
            category=names[rule.category],
            kind=rule.kind,
            module_glob=rule.module_glob,
            path_glob=rule.path_glob,
            message_regex=rule.message_regex,
        )
    return made


def person(username: str, made: Project | None = None, role: str = "", *, full_name: str = "") -> User:
    """A user with a password; a member of the project when a role is given."""
    first, _, last = full_name.partition(" ")
    user = User.objects.create_user(username, password=PASSWORD, first_name=first, last_name=last)
    if made is not None and role:
        Membership.objects.create(project=made, user=user, role=role)
    return user


def missing_module(path: str, module: str, line: int = 3) -> CollectionError:
    """``path`` imports a module that does not exist."""
    statement = f"import {module}"
    text = f"No module named '{module}'"
    return CollectionError(
        path=path,
        node=path,
        cause=Cause("ModuleNotFoundError", text, name=module, frames=(Frame(path, line, "<module>", statement),)),
        traceback=f"{path}:{line}: in <module>\n    {statement}\nE   ModuleNotFoundError: {text}",
    )


def missing_name(path: str, module: str, name: str, line: int = 5) -> CollectionError:
    """``path`` imports a name that its module no longer has."""
    statement = f"from {module} import {name}"
    text = f"cannot import name '{name}' from '{module}' (src/{module.replace('.', '/')}.py)"
    frames = (Frame(path, line, "<module>", statement),)
    return CollectionError(
        path=path,
        node=path,
        cause=Cause("ImportError", text, name=name, name_from=module, frames=frames),
        traceback=f"{path}:{line}: in <module>\n    {statement}\nE   ImportError: {text}",
    )


def counted(
    made: Project,
    position: int,
    errors: Sequence[CollectionError],
    *,
    working: Mapping[str, int] | None = None,
    states: Sequence[FileResult] = (),
) -> CollectionPass:
    """A counted pass at a position, recorded and projected as the real ones are.

    ``working``: test files that are collected, with their number of tests. ``states``: files in another state.
    """
    good = dict(working or {"tests/test_fine.py": 40})
    files = [FileResult(path, "collected", tests) for path, tests in good.items()]
    files += [FileResult(path, "error") for path in sorted({error.path for error in errors})]
    files += list(states)
    first_party = sorted(
        {error.cause.name.partition(".")[0] for error in errors if error.cause.name} - {"numpy", "yaml"}
    )
    result = PassResult(
        files=tuple(files),
        errors=tuple(errors),
        inventory=tuple(sorted(file.path for file in files)),
        tests=sum(file.tests for file in files),
        pytest_errors=len(errors),
        tree=TreeFacts(first_party=tuple(first_party)),
    )
    with transaction.atomic():
        ended = _row(made, position, outcome="counted")
        stored, _ = Result.objects.get_or_create(
            project=made, digest=result.digest(), defaults={"content": result.pack()}
        )
        ended.result = stored
        ended.scope, _ = Scope.objects.get_or_create(project=made, digest="0" * 64, defaults={"facts": {}})
        ended.total = len({(error.path, error.cause.message) for error in errors})
        ended.environment_errors = 0
        ended.pytest_errors = len(errors)
        ended.tests_collected = result.tests
        ended.files_total = len(files)
        ended.save()
        projections.land(ended, projections.fold.stored_renames(made))
    ended.refresh_from_db()
    return ended


def uncounted(made: Project, position: int, *, outcome: str = "blocked") -> CollectionPass:
    """A blocked or failed pass: it has no value anywhere."""
    ended = _row(made, position, outcome=outcome)
    ended.reason, ended.reason_text = "conftest-failure", "pytest stopped while loading tests/conftest.py."
    ended.save()
    return ended


def _row(made: Project, position: int, *, outcome: str) -> CollectionPass:
    locked = Project.objects.select_for_update().get(pk=made.pk) if outcome == "counted" else made
    locked.refresh_from_db(fields=["last_pass_number"])
    locked.last_pass_number += 1
    locked.save(update_fields=["last_pass_number"])
    at = START + dt.timedelta(days=position)
    return CollectionPass(
        project=made,
        number=locked.last_pass_number,
        trigger="schedule",
        state="ended",
        outcome=outcome,
        commit=f"{position:040x}",
        subject=f"Change {position}",
        author="Ada Example",
        committed_at=at,
        position=position,
        queued_at=at,
        started_at=at,
        ended_at=at + dt.timedelta(seconds=9),
        observed_at=at,
        effective_at=at,
        seconds=9.0,
        sandbox_level=3,
        python_version="3.12.7",
        pytest_version="9.1.0",
        command="python -m pytest --collect-only",
    )


def ticket(made: Project, number: int = 1) -> Ticket:
    """The project's ticket of that number."""
    return made.tickets.select_related("project", "category", "claimed_by").get(number=number)
