"""Categories and the rules that fill them, in people's hands."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction

from remediation import audit
from remediation.core.classify import KINDS
from remediation.core.rules import Rule, RuleFacts
from remediation.core.sorting import Preview, SortedTicket, preview
from remediation.core.text import clean_line
from remediation.models import Category, Project, Ticket, User
from remediation.refusals import Refused
from remediation.rulebook import BadPattern, compile_pattern, search, write_rules

__all__ = ["MAX_RULES", "Refused", "faults", "move_category", "save_category", "save_rules", "try_rules"]

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
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        categories = {c.name: c for c in Category.objects.filter(project=locked, archived=False)}
        for number, text in faults(rows, categories).items():
            raise Refused(f"rule-{number}", text)
        locked.rules_version += 1
        locked.save(update_fields=["rules_version"], force_update=True)
        after = None if history else locked.passes.deciding().in_commit_order().last()
        write_rules(locked, rows, categories, saved_by=saved_by, after=after)
        said = {
            "version": (locked.rules_version - 1, locked.rules_version),
            "sorts": ("", f"passes after #{after.number}" if after else "all of history"),
        }
        audit.write("saved", f"rules, version {locked.rules_version}", project=locked, changes=said, by=saved_by)
    project.refresh_from_db(fields=["rules_version"])
    return locked.rules_version


def faults(rows: Sequence[Rule], active: Collection[str]) -> dict[int, str]:
    """What keeps rules from working, by their numbers from 1. ``active``: the names a rule may sort into."""
    found = {number: _fault(rule, active) for number, rule in enumerate(rows, start=1)}
    return {number: f"Rule {number}{text}" for number, text in found.items() if text}


def _fault(rule: Rule, active: Collection[str]) -> str:
    """How the sentence goes on after "Rule 4"; "" for a rule that works."""
    if rule.category not in active:
        return (
            f": there is no active category “{clean_line(rule.category, 60)}”."
            if rule.category
            else (" has no active category. Choose one.")
        )
    if not (rule.kind or rule.module_glob or rule.path_glob or rule.message_regex):
        return " has no condition and would take everything. Set one, or remove the rule."
    if rule.kind and rule.kind not in KINDS:
        return f": there is no kind “{clean_line(rule.kind, 40)}”."
    if len(rule.name) > 80 or _UNSTORABLE.search(rule.name):
        return ": the name is longer than 80 characters or holds a character that is no text."
    if any(len(glob) > 300 or _UNSTORABLE.search(glob) for glob in (rule.module_glob, rule.path_glob)):
        return ": the glob is too long or holds a control character."
    if len(rule.message_regex) > 500:
        return ": the regular expression is longer than 500 characters."
    if _UNSTORABLE.search(rule.message_regex):
        return ": the regular expression holds a character that is no text. Remove it."
    try:
        compile_pattern(rule.message_regex)
    except BadPattern as error:
        return f": {error}."
    return ""


def try_rules(project: Project, rows: Sequence[Rule]) -> Preview:
    """What ``rows`` would make of the tickets as the last counted pass left them; stores nothing. Two queries.

    A rule that cannot work takes nothing.
    """
    categories = list(Category.objects.filter(project=project))
    active = {category.name for category in categories if not category.archived}
    bad = faults(rows, active)
    usable = [replace(rule, category="") if number in bad else rule for number, rule in enumerate(rows, start=1)]
    tickets = Ticket.objects.filter(project=project, merged_into=None)
    columns = ("number", "title", "errors", "category__name", "category_by_hand", "rule_facts")
    seen = [
        SortedTicket(f"{project.key}-{number}", title, errors, category, by_hand, RuleFacts(**facts) if facts else None)
        for number, title, errors, category, by_hand, facts in tickets.values_list(*columns)
    ]
    fallback = next(category.name for category in categories if category.is_fallback)
    return preview(seen, usable, active, fallback, search)


def save_category(project: Project, category: Category | None = None, **values: Any) -> Category:
    """Add a category or change one: name, slot, order, business_impact, archived. Raises Refused."""
    unknown = values.keys() - {"name", "slot", "order", "business_impact", "archived"}
    if unknown:
        raise TypeError(f"not a field of a category: {', '.join(sorted(unknown))}")
    row = category or Category(project=project, order=50)
    before = {field: getattr(row, field) for field in values} if category else dict.fromkeys(values, "")
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
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
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
        if said := audit.differences(before, {field: getattr(row, field) for field in values}):
            audit.write("changed" if category else "added", f"category {row.name}", project=project, changes=said)
    return row


def move_category(category: Category, *, up: bool) -> None:
    """Let it change places with its neighbour in the stack's order; the category for all else stays last."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=category.project_id)
        rows = list(Category.objects.filter(project=category.project_id, archived=False, is_fallback=False))
        at = next((at for at, row in enumerate(rows) if row.pk == category.pk), None)
        if at is None:
            return
        to = max(0, min(len(rows) - 1, at - 1 if up else at + 1))
        if to == at:
            return
        said = {"place": (at + 1, to + 1)}
        audit.write("moved", f"category {category.name}", project=category.project, changes=said)
        rows.insert(to, rows.pop(at))
        for order, row in enumerate(rows, start=1):
            if row.order != order:
                Category.objects.filter(pk=row.pk).update(order=order)
