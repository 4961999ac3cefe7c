"""A project's rules, in every version, ready to sort errors; regular expressions run in linear time."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import re2
from django.db.models.functions import Now

from remediation.core.classify import Classified
from remediation.core.rules import Rule, RuleFacts, first_match
from remediation.models import Category, CategoryRule, CollectionPass, Project, RuleSet, User

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


def write_rules(
    project: Project,
    rules: Sequence[Rule],
    categories: Mapping[str, Category],
    *,
    saved_by: User | None = None,
    after: CollectionPass | None = None,
) -> None:
    """Store ``rules`` in this order as the project's current version; ``categories`` by the names they use.

    They sort every pass after ``after`` in commit order; None: all of history.
    """
    RuleSet.objects.create(
        project=project,
        version=project.rules_version,
        saved_by=saved_by,
        saved_at=Now(),
        after_position=after.position if after else None,
        after_number=after.number if after else None,
    )
    CategoryRule.objects.bulk_create(
        CategoryRule(
            project=project,
            version=project.rules_version,
            order=number,
            name=rule.name,
            category=categories[rule.category],
            kind=rule.kind,
            module_glob=rule.module_glob,
            path_glob=rule.path_glob,
            message_regex=rule.message_regex,
        )
        for number, rule in enumerate(rules, start=1)
    )


def read_rules(project: Project, version: int) -> list[tuple[Rule, Category]]:
    """The rules of a version in their order, each with its category, archived or not. One query."""
    rows = CategoryRule.objects.filter(project=project, version=version).select_related("category").order_by("order")
    return [
        (
            Rule(row.category.name, row.kind, row.module_glob, row.path_glob, row.message_regex, row.name),
            row.category,
        )
        for row in rows
    ]


class Rulebook:
    """A project's rules, the current version until another is asked for, and the categories they name.

    Each is read when it is first asked for: most passes open no ticket and sort nothing.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.version: int = project.rules_version
        self._known: dict[int, list[Rule]] = {}
        self.search = search

    def use(self, version: int) -> None:
        """Sort by this version from now on."""
        self.version = version

    @property
    def rules(self) -> list[Rule]:
        """Those of the version. The rules of an archived category sort nothing, in any version."""
        if self.version not in self._known:
            found = read_rules(self.project, self.version)
            self._known[self.version] = [rule for rule, category in found if not category.archived]
        return self._known[self.version]

    @functools.cached_property
    def by_name(self) -> dict[str, Category]:
        """The project's categories, archived ones too."""
        return {category.name: category for category in Category.objects.filter(project=self.project)}

    @functools.cached_property
    def fallback(self) -> Category:
        """The category of what no rule sorts."""
        return next(category for category in self.by_name.values() if category.is_fallback)

    @functools.cached_property
    def _starts(self) -> list[tuple[int, int | None, int | None]]:
        starts = RuleSet.objects.filter(project=self.project).order_by("-version")
        return list(starts.values_list("version", "after_position", "after_number"))

    def version_of(self, collection_pass: CollectionPass) -> int:
        """The version that sorts a pass of the watched ref: the highest one that begins before it."""
        place = (collection_pass.position or 0, collection_pass.number)
        for version, position, number in self._starts:
            if position is None or number is None or place > (position, number):
                return version
        return int(self.project.rules_version)

    def sort(self, error: Classified) -> Category:
        """The category that the rules give an error."""
        return self.sort_facts(RuleFacts.of(error))

    def sort_facts(self, facts: RuleFacts) -> Category:
        """The category that the rules give a first occurrence; the one for all else where none matches."""
        found = first_match(facts, self.rules, self.search)
        return self.by_name[found[1].category] if found else self.fallback
