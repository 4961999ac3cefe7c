"""Projects: adding one and changing one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from remediation import audit, credentials
from remediation.collection.fetching import check_answers
from remediation.collection.source import SourceError
from remediation.core.rules import DEFAULT_CATEGORIES, DEFAULT_RULES, FALLBACK
from remediation.core.text import clean_line
from remediation.models import Category, Membership, Project, User
from remediation.project_settings import assign
from remediation.refusals import Refused
from remediation.rulebook import write_rules

__all__ = ["NeedsCredential", "Refused", "check_source_answers", "create", "next_key", "update"]

# Why a source may be fine, and closed to who brings nothing.
_CLOSED = {"sign-in", "forbidden", "key-refused", "host-key-unknown"}

_RESERVED_SLUGS = {"new"}  # /p/new/ is the page that adds a project
_EDITABLE = (
    "name", "source", "ref", "key", "interpreter", "install", "arguments", "environment", "schedule", "time_zone",
    "target_date", "skip_unchanged", "wall_seconds", "memory_mib", "unclaimed_after", "flag_claims_after",
    "release_claims_after",
)  # fmt: skip


class NeedsCredential(Refused):
    """The source wants to know who asks, and the project has nothing to open it with."""


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
    assign(project, values, now=timezone.now())
    with transaction.atomic():
        try:
            project.save(force_insert=True)
        except IntegrityError as error:
            raise Refused("name", f"There is a project named {name} or with the key {project.key} already.") from error
        _seed_categories(project, owner)
        if owner is not None:
            Membership.objects.create(project=project, user=owner, role=Membership.Role.LEAD)
        blank, given = Project(), {name: getattr(project, name) for name in values}
        changes = _said({name: getattr(blank, name) for name in values}, given)
        audit.write("added", "project", project=project, changes=changes, by=owner)
    return project


def update(project: Project, **changes: Any) -> Project:
    """Change settings of a project; nothing is stored when one of them is refused. Raises Refused."""
    unknown = changes.keys() - set(_EDITABLE)
    if unknown:
        raise TypeError(f"not a setting of a project: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if changes.get("key", locked.key) != locked.key and locked.tickets.exists():
            raise Refused("key", f"The key {locked.key} is part of ticket ids already and stays.")
        if locked.source_is_local and changes.get("source", locked.source) != locked.source:
            raise Refused("source", "The source is a path on this machine; only the command line can change it.")
        before = {name: getattr(locked, name) for name in changes}
        assign(locked, changes, now=timezone.now())
        try:
            with transaction.atomic():
                locked.save(update_fields=[*changes, "next_pass_at"], force_update=True)
        except IntegrityError as error:
            raise Refused("key", f"Another project has the key {locked.key}. Choose other letters.") from error
        if said := _said(before, {name: getattr(locked, name) for name in changes}):
            audit.write("changed", "settings", project=locked, changes=said)
    project.refresh_from_db()
    return locked


def check_source_answers(project: Project) -> None:
    """Ask the source itself, for a form: does it answer, and has it the ref? Takes seconds.

    Raises Refused, and of it NeedsCredential where the source is closed and the project has nothing that opens it.

    To be called in
    the transaction that stored the project, so that a refusal leaves nothing behind.
    """
    given = None
    try:
        with credentials.opening(project) as given:
            check_answers(project.source, project.ref, given=given)
    except SourceError as error:
        refused = NeedsCredential if given is None and error.why in _CLOSED else Refused
        raise refused("ref" if error.code == "ref-missing" else "source", str(error)) from error


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


def _is_local(source: str) -> bool:
    return source.startswith(("/", "file://"))


def _said(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What changed, for the audit log; the values of environment variables are secrets."""
    hidden = audit.secrets("environment", before.pop("environment", {}), after.pop("environment", {}))
    return {**audit.differences(before, after), **hidden}


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
