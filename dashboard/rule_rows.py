"""The rows of the rules form between two requests: reading, moving, adding and removing them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from remediation.core.classify import KINDS
from remediation.core.rules import Rule
from remediation.core.text import clean_line
from remediation.models import Project

MAX_ROWS = 120  # a little more than may be saved, so that the refusal can show what was typed
_FIELDS = ("category", "kind", "module_glob", "path_glob", "message_regex")
_ACTION = re.compile(r"(up|down|remove)-(\d{1,3})")


@dataclass(frozen=True, slots=True)
class RuleRows:
    """Rules as they stand in the form; ``touched`` is the row whose button was pressed (it gets the focus)."""

    rules: tuple[Rule, ...]
    touched: int | None = None
    changed: bool = False

    @classmethod
    def of_project(cls, project: Project) -> RuleRows:
        """The current version. One query."""
        rows = project.rules.filter(version=project.rules_version).select_related("category").order_by("order")
        return cls(
            tuple(Rule(row.category.name, row.kind, row.module_glob, row.path_glob, row.message_regex) for row in rows)
        )

    @classmethod
    def of_post(cls, post: QueryDict) -> RuleRows:
        """What the form held, after the button that was pressed."""
        columns = [post.getlist(name)[:MAX_ROWS] for name in _FIELDS]
        length = max(map(len, columns))
        padded = [column + [""] * (length - len(column)) for column in columns]
        rules = tuple(Rule(*(clean_line(value, 600) for value in values)) for values in zip(*padded, strict=True))
        return cls(rules, changed=True)._after(post.get("do", ""))

    def _after(self, action: str) -> RuleRows:
        if action == "add":
            return replace(self, rules=(*self.rules, Rule("")), touched=len(self.rules))
        match = _ACTION.fullmatch(action)
        if match is None or int(match[2]) >= len(self.rules):
            return self
        at, rules = int(match[2]), list(self.rules)
        if match[1] == "remove":
            del rules[at]
            return replace(self, rules=tuple(rules), touched=min(at, len(rules) - 1))
        to = max(0, min(len(rules) - 1, at + (1 if match[1] == "down" else -1)))
        rules.insert(to, rules.pop(at))
        return replace(self, rules=tuple(rules), touched=to)

    def as_rules(self) -> Sequence[Rule]:
        """For saving. A row without any entry is nobody's rule and is left out."""
        return [rule for rule in self.rules if self._says_something(rule)]

    def row_of(self, field: str) -> int:
        """The form's row (from 0) of a refusal that counts saved rules from 1; -1 where it names none."""
        number = int(field.removeprefix("rule-")) if re.fullmatch(r"rule-\d+", field) else 0
        saved = [at for at, rule in enumerate(self.rules) if self._says_something(rule)]
        return saved[number - 1] if 0 < number <= len(saved) else -1

    def shown(self, errors: Mapping[int, str]) -> dict[str, Any]:
        """For the template."""
        return {
            "rules": [(at, rule, errors.get(at, "")) for at, rule in enumerate(self.rules)],
            "last": len(self.rules) - 1,
            "touched": self.touched,
            "changed": self.changed,
            "kinds": list(KINDS),
        }

    @staticmethod
    def _says_something(rule: Rule) -> bool:
        return bool(rule.kind or rule.module_glob or rule.path_glob or rule.message_regex or rule.category)
