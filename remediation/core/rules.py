"""The ordered rules that sort errors into a team's categories; the first match wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from remediation.core.classify import Classified

# Handed in, so that the regular expressions of strangers run in linear time (re2), and core stays pure.
Search = Callable[[str, str], bool]  # (pattern, text) -> found


@dataclass(frozen=True, slots=True)
class Rule:
    """Every condition that is set must hold. Globs are case-sensitive and match the whole value."""

    category: str
    kind: str = ""
    module_glob: str = ""
    path_glob: str = ""
    message_regex: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What rules look at, of a ticket's first occurrence. Kept with the ticket, so that it can be sorted again."""

    kind: str
    module: str
    path: str
    message: str

    @classmethod
    def of(cls, error: Classified) -> RuleFacts:
        """The facts of an error."""
        return cls(error.kind, error.module, error.path, error.cause.message)


@dataclass(frozen=True, slots=True)
class DefaultCategory:
    """A category that every new project starts with."""

    name: str
    slot: int
    business_impact: str


FALLBACK = "Uncategorised"

DEFAULT_CATEGORIES = (
    DefaultCategory("Missing core modules", 1, "Tests of the product's own logic cannot be collected."),
    DefaultCategory("Monitoring & caching", 2, "Changes to observability and speed go out untested."),
    DefaultCategory("User management & sessions", 3, "Sign-in, sessions and permissions go out untested."),
    DefaultCategory("Test infrastructure", 4, "Whole folders of tests depend on it."),
)

_CORE, _MONITORING, _USERS, _INFRASTRUCTURE = (category.name for category in DEFAULT_CATEGORIES)
_WORDS_MONITORING = r"(?i)\b_?(monitor|metric|telemetr|trac(e|ing)|prometheus|observab|health|cach|redis|memcache)"
_WORDS_USERS = r"(?i)\b_?(user|session|auth|login|account|permission|role|tenant|identity|token|jwt|oauth)"

DEFAULT_RULES = (
    Rule(_INFRASTRUCTURE, kind="unknown-marker"),
    Rule(_INFRASTRUCTURE, kind="mro-conflict"),
    Rule(_INFRASTRUCTURE, kind="conftest-failure"),
    Rule(_INFRASTRUCTURE, kind="import-mismatch"),
    Rule(_INFRASTRUCTURE, kind="configuration"),
    Rule(_INFRASTRUCTURE, kind="skip-misuse"),
    Rule(_INFRASTRUCTURE, kind="exit-at-import"),
    Rule(_INFRASTRUCTURE, kind="timeout"),
    Rule(_INFRASTRUCTURE, kind="crash"),
    Rule(_INFRASTRUCTURE, module_glob="tests*"),
    Rule(_INFRASTRUCTURE, module_glob="test_*"),
    Rule(_INFRASTRUCTURE, module_glob="*.tests.*"),
    Rule(_INFRASTRUCTURE, module_glob="*conftest"),
    Rule(_MONITORING, message_regex=_WORDS_MONITORING, name="Words of monitoring and caching"),
    Rule(_USERS, message_regex=_WORDS_USERS, name="Words of users and sessions"),
    Rule(_CORE, kind="missing-module"),
    Rule(_CORE, kind="wrong-path"),
    Rule(_CORE, kind="missing-name"),
    Rule(_CORE, kind="circular-import"),
    Rule(_INFRASTRUCTURE, kind="syntax-error", path_glob="*test*"),
)


def categorise(error: Classified, rules: Iterable[Rule], search: Search) -> str | None:
    """Return the category of the first rule that matches, or None."""
    found = first_match(RuleFacts.of(error), rules, search)
    return found[1].category if found else None


def first_match(facts: RuleFacts, rules: Iterable[Rule], search: Search) -> tuple[int, Rule] | None:
    """The first rule that matches and its place from 0; None where none does."""
    return next(((at, rule) for at, rule in enumerate(rules) if _matches(rule, facts, search)), None)


def _matches(rule: Rule, facts: RuleFacts, search: Search) -> bool:
    if rule.kind and rule.kind != facts.kind:
        return False
    if rule.module_glob and not (facts.module and fnmatchcase(facts.module, rule.module_glob)):
        return False
    if rule.path_glob and not fnmatchcase(facts.path, rule.path_glob):
        return False
    return not rule.message_regex or search(rule.message_regex, facts.message)


def unreachable(rules: Sequence[Rule]) -> dict[int, int]:
    """Rules that can never match, each with the earlier rule that takes everything it could (places from 0).

    Only what is certain: every condition of the earlier rule stands in the later one too, or in a narrower glob.
    """
    found: dict[int, int] = {}
    for at, rule in enumerate(rules):
        for before in range(at):
            if before not in found and _covers(rules[before], rule):
                found[at] = before
                break
    return found


def _covers(wide: Rule, narrow: Rule) -> bool:
    exact = all(
        not getattr(wide, name) or getattr(wide, name) == getattr(narrow, name) for name in ("kind", "message_regex")
    )
    globs = all(_glob_covers(getattr(wide, name), getattr(narrow, name)) for name in ("module_glob", "path_glob"))
    says_something = wide.kind or wide.message_regex or wide.module_glob or wide.path_glob
    return bool(says_something) and exact and globs


def _glob_covers(wide: str, narrow: str) -> bool:
    """Whether everything that ``narrow`` matches, ``wide`` matches too; False where that is not certain."""
    if not wide or wide == narrow:
        return True
    if not narrow or "[" in wide + narrow or "?" in wide:
        return False
    head, star, tail = wide.partition("*")
    if not star or "*" in tail:
        return False
    parts = re.split(r"[*?]", narrow)
    # A literal narrow glob must hold both ends without one letter serving twice.
    roomy = len(parts) > 1 or len(narrow) >= len(head) + len(tail)
    return roomy and parts[0].startswith(head) and parts[-1].endswith(tail)
