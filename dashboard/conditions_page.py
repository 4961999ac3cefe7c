"""Why our number is not another's: one pass beside a team's CI log, or beside another pass."""

from __future__ import annotations

from typing import Any

from django.utils.text import get_text_list

from dashboard.templatetags.figures import count
from remediation.core.ci_log import CiLog
from remediation.core.comparison import Comparison, compare
from remediation.core.conditions import Conditions, of_log, of_pass
from remediation.models import CollectionPass

OTHERS = 40  # passes offered for a comparison


def build(
    collection_pass: CollectionPass, *, other: CollectionPass | None = None, log: CiLog | None = None
) -> dict[str, Any]:
    """The context of the page; with neither ``other`` nor ``log`` our conditions stand alone."""
    ours = conditions_of(collection_pass)
    theirs = conditions_of(other) if other else of_log(log) if log else Conditions()
    compared = compare(ours, theirs)
    alone = other is None and log is None
    name = f"#{other.number}" if other else "the CI log" if log and log.says_something else "your list of packages"
    listed = len(theirs.files or ())
    return {
        "project": collection_pass.project,
        "page": "passes",
        "pass": collection_pass,
        "other": other,
        "log": log,
        "alone": alone,
        "name": name,
        "compared": compared,
        "groups": [] if alone else _groups(compared),
        "headline": _headline(collection_pass, ours, theirs, None if alone else name, other),
        "verdict": None if alone else _verdict(compared, ours, theirs),
        "more_runs": log is not None and log.runs > 1,
        "unlisted": (theirs.errors or 0) - listed if log and 0 < listed < (theirs.errors or 0) else 0,
        "others": _others(collection_pass),
    }


def conditions_of(collection_pass: CollectionPass) -> Conditions:
    """What a pass ran under; where that was not kept, what its scope tells. No number unless counted."""
    files = {error.path for error in collection_pass.result.unpack().errors} if collection_pass.counted else None
    return of_pass(
        collection_pass.conditions or _by_scope(collection_pass),
        commit=collection_pass.commit,
        errors=collection_pass.pytest_errors,
        tests=collection_pass.tests_collected,
        files=files,
    )


def _by_scope(collection_pass: CollectionPass) -> dict[str, Any]:
    facts = {
        "python": collection_pass.python_version or None,
        "pytest": collection_pass.pytest_version or None,
        "sandbox_level": collection_pass.sandbox_level,
    }
    if collection_pass.scope_id:
        scope = collection_pass.scope.facts
        facts |= {"inipath": scope["ini"], "arguments": scope["arguments"].split()}
        facts |= {name: scope[name] for name in ("addopts", "rootdir", "testpaths", "python_files")}
    return facts


def _groups(compared: Comparison) -> list[dict[str, Any]]:
    """The table in three parts, the answer first; a part without a row is left out."""
    parts = (
        ("Differs", compared.differing),
        ("Only one side says it", compared.unknown),
        ("The same", compared.same),
    )
    return [{"title": title, "rows": rows} for title, rows in parts if rows]


def _headline(
    collection_pass: CollectionPass,
    ours: Conditions,
    theirs: Conditions,
    name: str | None,
    other: CollectionPass | None,
) -> str:
    """The first sentence. Unknown is never zero: a number that nobody said is said to be missing."""
    number = collection_pass.number
    if not collection_pass.counted:
        return f"Pass #{number} was not counted: it has no number to compare."
    here = _numbers(collection_pass.total, collection_pass.tests_collected)
    if name is None:
        return f"Pass #{number} counts {here}. Does your CI say something else?"
    if other is not None:
        if not other.counted:
            return f"Pass #{number} counts {here}; #{other.number} was not counted."
        there = _numbers(other.total, other.tests_collected)
        return f"Pass #{number} counts {here}" + (
            f", and so does {name}." if here == there else f"; {name} counts {there}."
        )
    if theirs.errors is None and theirs.tests is None:
        return f"We count {here}; {name} gives no number."
    if (theirs.errors, theirs.tests) == (ours.errors, ours.tests) and collection_pass.total == ours.errors:
        return f"We count {here}, and so does {name}."
    return f"We count {here}; {name} says {_numbers(theirs.errors, theirs.tests)}."


def _numbers(errors: int | None, tests: int | None) -> str:
    """ "15 errors and 3,834 tests"."""
    said = [
        f"{count(n)} {noun}{'' if n == 1 else 's'}" for n, noun in ((errors, "error"), (tests, "test")) if n is not None
    ]
    missing = [f"no number of {noun}" for n, noun in ((errors, "errors"), (tests, "tests")) if n is None]
    return " and ".join(said + missing)


def _verdict(compared: Comparison, ours: Conditions, theirs: Conditions) -> dict[str, Any]:
    """How many facts can explain it, and which."""
    return {
        "things": len(compared.explaining),
        "names": get_text_list(compared.explaining, "and"),
        "numbers": ours.errors is not None and theirs.errors is not None,
        "equal": ours.errors is not None and (ours.errors, ours.tests) == (theirs.errors, theirs.tests),
        "unknown": len(compared.unknown),
    }


def _others(collection_pass: CollectionPass) -> list[int]:
    numbers = collection_pass.project.passes.filter(state="ended").exclude(pk=collection_pass.pk)
    return list(numbers.order_by("-number").values_list("number", flat=True)[:OTHERS])
