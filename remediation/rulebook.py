"""A project's current rules and categories, ready to sort errors; regular expressions run in linear time."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import re2

from remediation.core.classify import Classified
from remediation.core.rules import Rule, categorise
from remediation.models import Category, CategoryRule, Project

_MAX_MEMORY = 8 << 20  # bytes a compiled pattern may take


class BadPattern(ValueError):
    """A regular expression that re2 refuses; the text says why."""


@functools.lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re2._Regexp:
    """Compile with re2. Raises BadPattern with re2's own words; look-around and back-references are refused."""
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except UnicodeEncodeError as error:
        raise BadPattern("it holds half a character (a lone surrogate)") from error
    except re2.error as error:
        words = error.args[0] if error.args else "not a regular expression"
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        raise BadPattern(text) from error


def search(pattern: str, text: str) -> bool:
    """Whether the pattern occurs in the text; linear in its length."""
    return compile_pattern(pattern).search(text) is not None


def write_rules(project: Project, rules: Sequence[Rule], categories: Mapping[str, Category]) -> None:
    """Store ``rules`` in this order as the project's current version; ``categories`` by the names they use."""
    CategoryRule.objects.bulk_create(
        CategoryRule(
            project=project,
            version=project.rules_version,
            order=number,
            category=categories[rule.category],
            kind=rule.kind,
            module_glob=rule.module_glob,
            path_glob=rule.path_glob,
            message_regex=rule.message_regex,
        )
        for number, rule in enumerate(rules, start=1)
    )


class Rulebook:
    """The rules of the project's current version and the categories they name."""

    def __init__(self, project: Project) -> None:
        categories = list(Category.objects.filter(project=project))
        self.by_name = {category.name: category for category in categories}
        self.fallback = next(category for category in categories if category.is_fallback)
        rows = CategoryRule.objects.filter(project=project, version=project.rules_version).select_related("category")
        self.rules = [
            Rule(row.category.name, row.kind, row.module_glob, row.path_glob, row.message_regex)
            for row in rows.order_by("order")
            if not row.category.archived
        ]
        self.search = search

    def sort(self, error: Classified) -> Category:
        """The category that the rules give an error."""
        return self.category(categorise(error, self.rules, self.search))

    def category(self, name: str | None) -> Category:
        """The category of that name, or the one that takes what no rule matches."""
        return self.by_name[name] if name else self.fallback
