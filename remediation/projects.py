"""Projects: adding one, changing one, and refusing at the door what could never work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from remediation.collection.fetching import check_answers
from remediation.collection.interpreter import InterpreterMissing, check_interpreter
from remediation.collection.recipe import BuildError, check_recipe
from remediation.collection.source import SourceError, check_ref, check_source
from remediation.core.rules import DEFAULT_CATEGORIES, DEFAULT_RULES, FALLBACK
from remediation.core.text import clean_line
from remediation.models import Category, Membership, Project, User
from remediation.refusals import Refused
from remediation.rulebook import write_rules
from remediation.schedule import BadSchedule, next_due, zone

__all__ = ["Refused", "check_source_answers", "create", "next_key", "update"]

# Where the domain's own names would be shadowed, or the pass itself broken.
_RESERVED_ENVIRONMENT = re.compile(r"^(REMEDIATION_|PYTHONPYCACHEPREFIX$|PYTHONHASHSEED$|PYTHONDONTWRITEBYTECODE$|LD_)")
_RESERVED_SLUGS = {"new"}  # /p/new/ is the page that adds a project
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
# Options that would stop, distribute or fake the collection; the rest is the team's business.
_REFUSED_OPTIONS = (
    "--exitfirst", "--maxfail", "--numprocesses", "--collect-only", "--co", "--lf", "--last-failed", "--ff",
    "--failed-first", "--sw", "--stepwise", "--sw-skip", "--stepwise-skip",
)  # fmt: skip
_REFUSED_LETTERS = re.compile(r"-[qsvl]*[xn].*")  # also -vx and -n4, as argparse reads them
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_EDITABLE = (
    "name", "source", "ref", "key", "interpreter", "install", "arguments", "environment", "schedule", "time_zone",
    "target_date", "skip_unchanged", "wall_seconds", "memory_mib",
)  # fmt: skip


def create(
    *,
    name: str,
    source: str,
    allow_local: bool = False,
    ref: str = "HEAD",
    key: str = "",
    interpreter: str = "",
    install: str = "",
    arguments: str = "",
    environment: Mapping[str, str] | None = None,
    schedule: str = "",
    time_zone: str = "UTC",
    target_date: date | None = None,
    owner: User | None = None,
    is_sample: bool = False,
) -> Project:
    """Add a project with the default categories and rules; ``owner`` becomes its lead. Raises Refused."""
    name = clean_line(name, 80)
    slug = slugify(name)[:60]
    if not slug:
        raise Refused("name", "Give the project a name with letters or digits.")
    if slug in _RESERVED_SLUGS:
        raise Refused("name", f"The address of a project named {name} is taken by a page. Choose another name.")
    if Project.objects.filter(slug=slug).exists():
        raise Refused("name", f"There is a project {slug} already. Choose another name.")
    if key and Project.objects.filter(key=key.strip().upper()).exists():
        raise Refused("key", f"Another project has the key {key.strip().upper()}. Choose other letters.")
    project = Project(slug=slug, is_sample=is_sample, source_is_local=allow_local and _is_local(source))
    values = {
        "name": name,
        "source": source,
        "ref": ref,
        "key": key or next_key(name),
        "interpreter": interpreter,
        "install": install,
        "arguments": arguments,
        "environment": dict(environment or {}),
        "schedule": schedule,
        "time_zone": time_zone,
        "target_date": target_date,
    }
    _assign(project, values, now=timezone.now())
    with transaction.atomic():
        try:
            project.save(force_insert=True)
        except IntegrityError as error:
            raise Refused("name", f"There is a project named {name} or with the key {project.key} already.") from error
        _seed_categories(project, owner)
        if owner is not None:
            Membership.objects.create(project=project, user=owner, role=Membership.Role.LEAD)
    return project


def update(project: Project, **changes: Any) -> Project:
    """Change settings of a project; nothing is stored when one of them is refused. Raises Refused."""
    unknown = changes.keys() - set(_EDITABLE)
    if unknown:
        raise TypeError(f"not a setting of a project: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        locked = Project.objects.select_for_update().get(pk=project.pk)
        if changes.get("key", locked.key) != locked.key and locked.tickets.exists():
            raise Refused("key", f"The key {locked.key} is part of ticket ids already and stays.")
        if locked.source_is_local and changes.get("source", locked.source) != locked.source:
            raise Refused("source", "The source is a path on this machine; only the command line can change it.")
        _assign(locked, changes, now=timezone.now())
        try:
            with transaction.atomic():
                locked.save(update_fields=[*changes, "next_pass_at"], force_update=True)
        except IntegrityError as error:
            raise Refused("key", f"Another project has the key {locked.key}. Choose other letters.") from error
    project.refresh_from_db()
    return locked


def check_source_answers(project: Project) -> None:
    """Ask the source itself, for a form: does it answer, and has it the ref? Takes seconds. Raises Refused.

    To be called in the transaction that stored the project, so that a refusal leaves nothing behind.
    """
    try:
        check_answers(project.source, project.ref)
    except SourceError as error:
        raise Refused("ref" if error.code == "ref-missing" else "source", str(error)) from error


def next_key(name: str) -> str:
    """A free key of two to six capital letters made from the name."""
    letters = re.sub(r"[^A-Z]", "", name.upper())
    words = [word for word in re.split(r"[^A-Za-z]+", name.upper()) if word]
    initials = "".join(word[0] for word in words)
    wanted = [initials[:6] if len(initials) >= 3 else "", letters[:3], letters[:4], letters[:5], letters[:6]]
    taken = set(Project.objects.values_list("key", flat=True))
    for key in wanted:
        if len(key) >= 2 and key not in taken:
            return key
    stem = (letters + "PRJ")[:3]
    for first in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            if stem + first + second not in taken:
                return stem + first + second
    raise Refused("key", "No free key is left for this name; choose two to six capital letters.")


def _assign(project: Project, values: Mapping[str, Any], *, now: datetime) -> None:
    """Check every given value and set it. Raises Refused at the first that cannot work."""
    for field, value in values.items():
        check = _CHECKS.get(field)
        if isinstance(value, str) and _UNSTORABLE.search(value):
            raise Refused(field, "This holds a character that is no text (NUL or half a character). Remove it.")
        checked = check(project, value) if check else value
        limit = Project._meta.get_field(field).max_length
        if limit and isinstance(checked, str) and len(checked) > limit:
            raise Refused(field, f"This is longer than {limit} characters. Shorten it.")
        setattr(project, field, checked)
    if "schedule" in values or "time_zone" in values:
        try:
            zone(project.time_zone)
        except BadSchedule as error:
            raise Refused("time_zone", str(error)) from error
        try:
            due = next_due(project.schedule, project.time_zone, now)
        except BadSchedule as error:
            raise Refused("schedule", str(error)) from error
        project.next_pass_at = None if project.paused_at else due
        if project.schedule and due is None:
            raise Refused("schedule", f"“{project.schedule}” never comes. Choose a day and a time that exist.")


def _name(_: Project, value: str) -> str:
    text = clean_line(value, 80)
    if not text:
        raise Refused("name", "Give the project a name.")
    return text


def _source(project: Project, value: str) -> str:
    try:
        return check_source(value.strip(), allow_local=project.source_is_local)
    except SourceError as error:
        raise Refused("source", str(error)) from error


def _ref(_: Project, value: str) -> str:
    ref = value.strip() or "HEAD"
    if ref == "HEAD":
        return ref
    try:
        return check_ref(ref)
    except SourceError as error:
        raise Refused("ref", str(error)) from error


def _key(_: Project, value: str) -> str:
    key = value.strip().upper()
    if not re.fullmatch(r"[A-Z]{2,6}", key):
        raise Refused("key", "A key has two to six capital letters, such as ATL.")
    return key


def _interpreter(_: Project, value: str) -> str:
    text = value.strip()
    if not text or re.fullmatch(r"3(\.\d{1,2}){0,2}", text):
        return text
    try:
        return check_interpreter(text)
    except InterpreterMissing as error:
        raise Refused("interpreter", str(error)) from error


def _install(_: Project, value: str) -> str:
    try:
        return "\n".join(check_recipe(value.splitlines()))
    except BuildError as error:
        raise Refused("install", str(error)) from error


def _arguments(_: Project, value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise Refused("arguments", f"The pytest arguments cannot be read: {error}. Close every quote.") from error
    for word in words:
        if word.split("=")[0] in _REFUSED_OPTIONS or _REFUSED_LETTERS.fullmatch(word):
            raise Refused("arguments", f"{word} would falsify the count; a pass collects everything in one process.")
    return value.strip()


def _environment(_: Project, value: Mapping[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not _NAME.fullmatch(name):
            raise Refused("environment", f"{name} is not a variable's name. Write NAME=value.")
        if _RESERVED_ENVIRONMENT.match(name):
            raise Refused("environment", f"{name} is set by the pass itself.")
        if _UNSTORABLE.search(text):
            raise Refused("environment", f"The value of {name} holds a character that is no text. Remove it.")
    return dict(value)


def _stripped(_: Project, value: str) -> str:
    return value.strip()


def _below(field: str, limit: str, least: int, unit: str) -> Callable[[Project, int | None], int | None]:
    """A project may ask for less than the site's ``limit``, never for more; None takes the site's."""

    def check(_: Project, value: int | None) -> int | None:
        most = int(getattr(settings, limit))
        if value is not None and not least <= value <= most:
            raise Refused(
                field, f"Choose {least:,} to {most:,} {unit}: the site allows no more. Empty: {most:,} {unit}."
            )
        return value

    return check


def _is_local(source: str) -> bool:
    return source.startswith(("/", "file://"))


_CHECKS: dict[str, Callable[[Project, Any], Any]] = {
    "name": _name,
    "source": _source,
    "ref": _ref,
    "key": _key,
    "interpreter": _interpreter,
    "install": _install,
    "arguments": _arguments,
    "environment": _environment,
    "schedule": _stripped,
    "time_zone": _stripped,
    "wall_seconds": _below("wall_seconds", "COLLECT_WALL_SECONDS", 10, "s"),
    "memory_mib": _below("memory_mib", "COLLECT_MEMORY_MIB", 64, "MiB"),
}


def _seed_categories(project: Project, owner: User | None) -> None:
    by_name = {
        default.name: Category.objects.create(
            project=project,
            name=default.name,
            order=order,
            slot=default.slot,
            business_impact=default.business_impact,
        )
        for order, default in enumerate(DEFAULT_CATEGORIES, start=1)
    }
    Category.objects.create(project=project, name=FALLBACK, order=99, slot=0, is_fallback=True)
    write_rules(project, DEFAULT_RULES, by_name, saved_by=owner)
