"""The rows of the rules form between two requests: reading, moving, adding and removing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from remediation.core.rules import Rule
from remediation.core.text import clean_line
from remediation.models import Project
from remediation.rulebook import read_rules

MAX_ROWS = 120  # a little more than may be saved, so that the refusal can show what was typed
_FIELDS = ("category", "kind", "module_glob", "path_glob", "message_regex", "name")
_ACTION = re.compile(r"(up|down|remove)-(\d{1,4})")
_KEY = re.compile(r"[1-9]\d{0,3}")


@dataclass(frozen=True, slots=True)
class RuleRows:
    """Rules as they stand in the form. ``keys`` name the rows: a row keeps its key wherever it moves.

    ``touched`` is the key of the row that a button moved or added, or that takes the place of a removed one;
    ``focus``: the reader goes on there, because the button that was pressed is gone or the row is new.
    """

    rules: tuple[Rule, ...]
    keys: tuple[int, ...]
    touched: int | None = None
    changed: bool = False
    focus: bool = False

    @classmethod
    def of_project(cls, project: Project, version: int | None = None) -> RuleRows:
        """A version, the current one if none is given. One query."""
        rules = tuple(rule for rule, _ in read_rules(project, version or project.rules_version))
        return cls(rules, tuple(range(1, len(rules) + 1)))

    @classmethod
    def of_post(cls, post: QueryDict) -> RuleRows:
        """What the form held, after the button that was pressed."""
        columns = [post.getlist(name)[:MAX_ROWS] for name in _FIELDS]
        length = max(map(len, columns))
        padded = [column + [""] * (length - len(column)) for column in columns]
        rules = tuple(Rule(*(clean_line(value, 600) for value in values)) for values in zip(*padded, strict=True))
        rows = cls(rules, _keys(post.getlist("row"), length), changed=True)
        touched = post.get("touched", "")
        if _KEY.fullmatch(touched) and int(touched) in rows.keys:
            rows = replace(rows, touched=int(touched))
        return rows._after(post.get("do", ""))

    def _after(self, action: str) -> RuleRows:
        if action == "add":
            key = max(self.keys, default=0) + 1
            return replace(self, rules=(*self.rules, Rule("")), keys=(*self.keys, key), touched=key, focus=True)
        match = _ACTION.fullmatch(action)
        if match is None or int(match[2]) not in self.keys:
            return self
        at = self.keys.index(int(match[2]))
        order = list(range(len(self.rules)))
        if match[1] == "remove":
            del order[at]
        else:
            to = max(0, min(len(order) - 1, at + (1 if match[1] == "down" else -1)))
            order.insert(to, order.pop(at))
        moved = replace(self, rules=tuple(self.rules[n] for n in order), keys=tuple(self.keys[n] for n in order))
        if match[1] == "remove":
            return replace(moved, touched=moved.keys[min(at, len(moved.keys) - 1)] if moved.keys else None, focus=True)
        return replace(moved, touched=int(match[2]))

    def as_rules(self) -> Sequence[Rule]:
        """For saving. A row without any entry is nobody's rule and is left out."""
        return [rule for rule in self.rules if _says_something(rule)]

    def row_of(self, number: int) -> int:
        """The key of the row that is saved as rule ``number`` (from 1); 0 where there is none."""
        saved = [key for key, rule in zip(self.keys, self.rules, strict=True) if _says_something(rule)]
        return saved[number - 1] if 0 < number <= len(saved) else 0


def _keys(sent: Sequence[str], length: int) -> tuple[int, ...]:
    """One key a row; where the form sent none, or one twice, all are numbered anew."""
    known = [int(text) for text in sent if _KEY.fullmatch(text)][:length]
    if len(known) == length == len(set(known)):
        return tuple(known)
    return tuple(range(1, length + 1))


def _says_something(rule: Rule) -> bool:
    return bool(rule.kind or rule.module_glob or rule.path_glob or rule.message_regex or rule.category or rule.name)
