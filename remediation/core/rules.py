"""The ordered rules that sort errors into a team's categories; the first match wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    Rule(_MONITORING, message_regex=_WORDS_MONITORING),
    Rule(_USERS, message_regex=_WORDS_USERS),
    Rule(_CORE, kind="missing-module"),
    Rule(_CORE, kind="wrong-path"),
    Rule(_CORE, kind="missing-name"),
    Rule(_CORE, kind="circular-import"),
    Rule(_INFRASTRUCTURE, kind="syntax-error", path_glob="*test*"),
)


def categorise(error: Classified, rules: Iterable[Rule], search: Search) -> str | None:
    """Return the category of the first rule that matches, or None."""
    return next((rule.category for rule in rules if _matches(rule, error, search)), None)


def _matches(rule: Rule, error: Classified, search: Search) -> bool:
    if rule.kind and rule.kind != error.kind:
        return False
    if rule.module_glob and not (error.module and fnmatchcase(error.module, rule.module_glob)):
        return False
    if rule.path_glob and not fnmatchcase(error.path, rule.path_glob):
        return False
    return not rule.message_regex or search(rule.message_regex, error.cause.message)
