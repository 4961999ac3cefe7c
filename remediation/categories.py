"""Categories and the rules that fill them, in people's hands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from remediation.core.classify import KINDS
from remediation.core.rules import Rule
from remediation.core.text import clean_line
from remediation.models import Category, Project, User
from remediation.refusals import Refused
from remediation.rulebook import BadPattern, compile_pattern, write_rules

__all__ = ["MAX_RULES", "Refused", "save_category", "save_rules"]

MAX_RULES = 100
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MAX_ACTIVE = 8  # colour slots
_MAX_ORDER = 999


def save_rules(project: Project, rows: Sequence[Rule], *, saved_by: User | None = None, history: bool = True) -> int:
    """Replace a project's rules by a new version, in the given order; returns the version. Raises Refused.

    ``rows`` name their category. Older versions stay. ``history``: they sort every pass, and the caller has history
    sorted again (tasks.rebuild); otherwise the passes after the last one, and counts until then stay as they are.
    """
    if len(rows) > MAX_RULES:
        raise Refused("rules", f"At most {MAX_RULES} rules; merge some with a glob or a regular expression.")
    with transaction.atomic():
        locked = Project.objects.select_for_update().get(pk=project.pk)
        categories = {c.name: c for c in Category.objects.filter(project=locked, archived=False)}
        for number, rule in enumerate(rows, start=1):
            _check(number, rule, categories)
        locked.rules_version += 1
        locked.save(update_fields=["rules_version"], force_update=True)
        after = None if history else locked.passes.deciding().in_commit_order().last()
        write_rules(locked, rows, categories, saved_by=saved_by, after=after)
    project.refresh_from_db(fields=["rules_version"])
    return locked.rules_version


def _check(number: int, rule: Rule, categories: dict[str, Category]) -> None:
    where = f"rule-{number}"
    if len(rule.name) > 80 or _UNSTORABLE.search(rule.name):
        raise Refused(
            where, f"Rule {number}: the name is longer than 80 characters or holds a character that is no text."
        )
    if rule.category not in categories:
        raise Refused(where, f"Rule {number}: there is no active category “{clean_line(rule.category, 60)}”.")
    if not (rule.kind or rule.module_glob or rule.path_glob or rule.message_regex):
        raise Refused(where, f"Rule {number} has no condition and would take everything. Set one, or remove the rule.")
    if rule.kind and rule.kind not in KINDS:
        raise Refused(where, f"Rule {number}: there is no kind “{clean_line(rule.kind, 40)}”.")
    for field in ("module_glob", "path_glob"):
        if len(getattr(rule, field)) > 300 or _UNSTORABLE.search(getattr(rule, field)):
            raise Refused(where, f"Rule {number}: the glob is too long or holds a control character.")
    if len(rule.message_regex) > 500:
        raise Refused(where, f"Rule {number}: the regular expression is longer than 500 characters.")
    if _UNSTORABLE.search(rule.message_regex):
        raise Refused(where, f"Rule {number}: the regular expression holds a character that is no text. Remove it.")
    if rule.message_regex:
        try:
            compile_pattern(rule.message_regex)
        except BadPattern as error:
            raise Refused(where, f"Rule {number}: {error}.") from error


def save_category(project: Project, category: Category | None = None, **values: Any) -> Category:
    """Add a category or change one: name, slot, order, business_impact, archived. Raises Refused."""
    unknown = values.keys() - {"name", "slot", "order", "business_impact", "archived"}
    if unknown:
        raise TypeError(f"not a field of a category: {', '.join(sorted(unknown))}")
    row = category or Category(project=project, order=50)
    for field, value in values.items():
        setattr(row, field, clean_line(value) if isinstance(value, str) else value)
    if not row.name or len(row.name) > 60:
        raise Refused("name", "A category has a name of up to 60 characters.")
    if row.is_fallback and row.archived:
        raise Refused("archived", "This category takes what no rule matches and stays.")
    if not 0 <= row.order <= _MAX_ORDER:
        raise Refused("order", f"The order is a number from 0 to {_MAX_ORDER}.")
    if not 0 <= row.slot <= 8:
        raise Refused("slot", "Choose one of the eight colours.")
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        active = Category.objects.filter(project=project, archived=False, is_fallback=False).exclude(pk=row.pk)
        if not row.archived and not row.is_fallback and active.count() >= _MAX_ACTIVE:
            raise Refused("name", f"At most {_MAX_ACTIVE} active categories; archive one first.")
        if not row.archived and not row.is_fallback and row.slot and active.filter(slot=row.slot).exists():
            raise Refused("slot", "Another active category has this colour.")
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise Refused("name", f"There is a category “{row.name}” already.") from error
    return row
