"""What each setting of a project may hold: refusing at the door what could never work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from remediation.collection.interpreter import InterpreterMissing, check_interpreter
from remediation.collection.recipe import BuildError, check_recipe
from remediation.collection.source import SourceError, check_ref, check_source
from remediation.core.text import clean_line
from remediation.models import Project
from remediation.refusals import Refused
from remediation.schedule import BadSchedule, next_due, zone

# Where the domain's own names would be shadowed, or the pass itself broken.
_RESERVED_ENVIRONMENT = re.compile(r"^(REMEDIATION_|PYTHONPYCACHEPREFIX$|PYTHONHASHSEED$|PYTHONDONTWRITEBYTECODE$|LD_)")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
# Options that would stop, distribute or fake the collection; the rest is the team's business.
_REFUSED_OPTIONS = (
    "--exitfirst", "--maxfail", "--numprocesses", "--collect-only", "--co", "--lf", "--last-failed", "--ff",
    "--failed-first", "--sw", "--stepwise", "--sw-skip", "--stepwise-skip",
)  # fmt: skip
_REFUSED_LETTERS = re.compile(r"-[qsvl]*[xn].*")  # also -vx and -n4, as argparse reads them
_MOST_DAYS = 365
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def assign(project: Project, values: Mapping[str, Any], *, now: datetime) -> None:
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


def _days(field: str) -> Callable[[Project, int], int]:
    def check(_: Project, value: int) -> int:
        if not 0 <= value <= _MOST_DAYS:
            raise Refused(field, f"Choose 0 (never) to {_MOST_DAYS} days.")
        return value

    return check


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
    "unclaimed_after": _days("unclaimed_after"),
    "flag_claims_after": _days("flag_claims_after"),
    "release_claims_after": _days("release_claims_after"),
}
