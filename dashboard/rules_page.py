"""The rules and categories of a project as their page shows them, with what the rules would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import get_text_list

from dashboard.forms import CategoryForm
from dashboard.palette import slots
from dashboard.rule_rows import RuleRows
from dashboard.templatetags.codes import in_words
from dashboard.templatetags.figures import count
from remediation import categories, rebuilding
from remediation.core.classify import KINDS
from remediation.core.rules import Rule, unreachable
from remediation.core.sorting import Matched, Preview
from remediation.models import Category, CollectionPass, Project

SHOWN_MOVES = 12
SHOWN_VERSIONS = 30


def build(project: Project, rows: RuleRows, *, refused: str = "", history: bool = False) -> dict[str, Any]:
    """The context of the form with its preview. ``history``: which way of applying is chosen."""
    found = list(project.categories.all())
    active = [category for category in found if not category.archived]
    says = categories.faults(rows.as_rules(), {category.name for category in active})
    errors = {rows.row_of(number): text for number, text in says.items()}
    last = project.passes.counted().in_commit_order().last()
    tried = categories.try_rules(project, rows.rules)
    return {
        "project": project,
        "page": "settings",
        "rows": _rows(rows, found, tried if last and not tried.unknown else None, errors),
        "keyed": rows,
        "refused": refused,
        "full": len(rows.rules) >= categories.MAX_RULES,
        "kinds": list(KINDS),
        "active": active,
        "archived": [category for category in found if category.archived],
        "version": project.rule_sets.filter(version=project.rules_version).select_related("saved_by").first(),
        "history": history,
        **_preview(rows, found, tried, last),
        "next_number": _next_number(project),
    }


def build_page(project: Project, rows: RuleRows, **choices: Any) -> dict[str, Any]:
    """The whole page: the form, the categories and the versions. ``wrong``: (pk, a form that was refused)."""
    wrong: tuple[int, CategoryForm] | None = choices.pop("wrong", None)
    context = build(project, rows, **choices)
    found = [*context["active"], *context["archived"]]
    now: Mapping[str, int] = context["preview"].before
    taken = {row.slot for row in context["active"]}
    free = next((slot.number for slot in slots() if slot.number and slot.number not in taken), 0)
    return {
        **context,
        "work": rebuilding.current(project),
        "categories": [_category(row, _form_of(row, wrong), now) for row in found],
        "new_category": wrong[1] if wrong and wrong[0] == 0 else CategoryForm.of(None, slot=free),
        "slots": slots(),
        "versions": project.rule_sets.select_related("saved_by")[:SHOWN_VERSIONS],
    }


def conditions(rule: Rule) -> list[tuple[str, str, bool]]:
    """What a rule asks for: (words, value, whether the value is code)."""
    found = [("kind is", in_words(rule.kind), False)] if rule.kind else []
    found += [("module like", rule.module_glob, True)] if rule.module_glob else []
    found += [("file like", rule.path_glob, True)] if rule.path_glob else []
    return found + ([("message matches", rule.message_regex, True)] if rule.message_regex else [])


def version_rows(project: Project, version: int) -> list[dict[str, Any]]:
    """The rules of an old version, to be read."""
    return _rows(RuleRows.of_project(project, version), list(project.categories.all()), None, {})


def _rows(
    rows: RuleRows, found: Sequence[Category], tried: Preview | None, errors: Mapping[int, str]
) -> list[dict[str, Any]]:
    by_name = {category.name: category for category in found}
    shadows = unreachable(rows.rules)
    return [
        {
            "key": key,
            "rule": rule,
            "conditions": conditions(rule),
            "category": by_name.get(rule.category),
            "matched": tried.matched[at] if tried else None,
            "shadow": shadows[at] + 1 if at in shadows else None,
            "error": errors.get(key, ""),
            "open": key in errors or (key == rows.touched and not conditions(rule)),
            "focus": rows.focus and key == rows.touched,
        }
        for at, (key, rule) in enumerate(zip(rows.keys, rows.rules, strict=True))
    ]


def _preview(rows: RuleRows, found: Sequence[Category], tried: Preview, last: CollectionPass | None) -> dict[str, Any]:
    """What the rules would make of the last counted pass, in words and as a table that sums."""
    lines = [
        {"category": row, "before": before, "after": after, "change": after - before}
        for row in found
        if (before := tried.before.get(row.name, 0)) | (after := tried.after.get(row.name, 0)) or not row.archived
    ]
    by_name = {category.name: category for category in found}
    moves = [move for move in tried.moves if move.ticket.errors]
    at = rows.keys.index(rows.touched) if rows.touched in rows.keys else None
    return {
        "last": last,
        "preview": tried,
        "lines": lines,
        "moves": [(move, by_name[move.to], move.rule + 1 if move.rule is not None else None) for move in moves][
            :SHOWN_MOVES
        ],
        "more_moves": max(0, len(moves) - SHOWN_MOVES),
        "quiet_moves": len(tried.moves) - len(moves),
        "sentence": _sentence(at + 1, rows.rules[at], tried.matched[at], last)
        if at is not None and last and not tried.unknown
        else "",
    }


def _sentence(number: int, rule: Rule, matched: Matched, last: CollectionPass) -> str:
    """ "Rule 4 matches 14 errors in 3 tickets of #30; 11 come from Uncategorised, 3 from Monitoring & caching"."""
    if not matched.errors:
        return f"Rule {number} matches no error of #{last.number}."
    text = f"Rule {number} matches {_errors(matched.errors)} in {count(matched.tickets)} ticket"
    text += f"{'' if matched.tickets == 1 else 's'} of #{last.number}"
    moved = [(name, errors) for name, errors in matched.origins if name != rule.category]
    if not moved:
        return f"{text}, and none of them moves."
    come = "comes" if moved[0][1] == 1 else "come"
    parts = [f"{count(errors)} {f'{come} ' if at == 0 else ''}from {name}" for at, (name, errors) in enumerate(moved)]
    return f"{text}; {get_text_list(parts, 'and')}."


def _errors(number: int) -> str:
    return f"{count(number)} error{'' if number == 1 else 's'}"


def _next_number(project: Project) -> int:
    """The number of the next pass that can count."""
    waiting = project.passes.exclude(state="ended").order_by("number").values_list("number", flat=True).first()
    return waiting or project.last_pass_number + 1


def _category(row: Category, form: CategoryForm, now: Mapping[str, int]) -> dict[str, Any]:
    return {"row": row, "form": form, "slot": slots()[row.slot], "errors": now.get(row.name, 0)}


def _form_of(row: Category, wrong: tuple[int, CategoryForm] | None) -> CategoryForm:
    return wrong[1] if wrong and wrong[0] == row.pk else CategoryForm.of(row)
