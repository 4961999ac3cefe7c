"""What the standing inventory shows: test files that exist and give no test, why, since when, and what they hide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from remediation.core.silence import GROUPS, MECHANISMS, Mechanism
from remediation.models import FileState, Occurrence, Project, Ticket
from remediation.querysets import UNSETTLED

PAGE_SIZE = 50
_COLUMNS = ("number", "commit", "effective_at", "ended_at", "outcome", "reason_text", "position", "total", "project_id")


@dataclass(frozen=True, slots=True)
class Line:
    """One mechanism: how many files, and how many errors were last seen in them and never repaired."""

    mechanism: Mechanism
    files: int
    hides: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Every test file of the last counted pass, once: ``giving`` + ``failing`` + ``silent`` = ``of``."""

    giving: int
    failing: int
    lines: tuple[Line, ...]

    @property
    def silent(self) -> int:
        """Files that give no test."""
        return sum(line.files for line in self.lines)

    @property
    def hides(self) -> int:
        """Errors that these files hide."""
        return sum(line.hides for line in self.lines)

    @property
    def of(self) -> int:
        """All test files."""
        return self.giving + self.failing + self.silent

    @property
    def groups(self) -> tuple[tuple[int, str], ...]:
        """(files, word) of each group that has any, in the order in which they are always told."""
        found: dict[str, int] = defaultdict(int)
        for line in self.lines:
            found[line.mechanism.group] += line.files
        return tuple((found[group], group) for group in GROUPS if found[group])


@dataclass(frozen=True, slots=True)
class Row:
    """One file. ``tests`` and ``until``: what it gave last, and the number of the pass that saw it no more."""

    path: str
    mechanism: Mechanism
    reason: str
    since: int
    tests: int
    until: int | None
    tickets: tuple[str, ...]


def build(project: Project, why: str, page_number: Any) -> dict[str, Any]:
    """The context of the page. Six queries at most, whatever the number of files and passes."""
    latest = project.passes.for_trend().only(*_COLUMNS).last()
    as_of = latest if latest is None or latest.in_trend else _last_counted(project)
    sums = sums_of(project) if as_of else None
    chosen = MECHANISMS.get(why)
    return {
        "as_of": as_of,
        "latest": latest,
        "sums": sums,
        "chosen": chosen,
        "rows": _page(project, sums, chosen, page_number) if sums and sums.silent else None,
    }


def _last_counted(project: Project) -> Any:
    return project.passes.counted().in_commit_order().only(*_COLUMNS).last()


def sums_of(project: Project) -> Sums:
    """Files by what became of them. One query."""
    # Distinct, because a file with two hidden errors is two rows of the join.
    rows = (
        FileState.objects.now(project)
        .order_by()
        .values_list("state")
        .annotate(
            files=Count("pk", distinct=True),
            giving=Count("pk", filter=Q(tests__gt=0), distinct=True),
            hides=Count("file__occurrences", filter=_of_the_file(UNSETTLED), distinct=True),
        )
    )
    by_code = {code: (files, giving, hides) for code, files, giving, hides in rows}
    failing, beside, _ = by_code.get("error", (0, 0, 0))
    return Sums(
        giving=sum(giving for _, giving, _ in by_code.values()),
        failing=failing - beside,  # one that fails in a class and gives other tests contributes
        lines=tuple(
            Line(mechanism, by_code[code][0], by_code[code][2])
            for code, mechanism in MECHANISMS.items()
            if code in by_code
        ),
    )


def _of_the_file(condition: Q) -> Q:
    return Q(*((f"file__occurrences__{name}", value) for name, value in condition.children))


def _page(project: Project, sums: Sums, chosen: Mechanism | None, number: Any) -> Page[Any]:
    """A page of rows, with what they gave before and what they hide. Three queries."""
    states = FileState.objects.now(project).silent()
    if chosen:
        states = states.filter(state=chosen.code)
    ordered = states.order_by("file__path").values_list(
        "file_id", "file__path", "state", "reason", "first_pass__number"
    )
    paginator = Paginator(ordered, PAGE_SIZE)
    paginator.count = sum(line.files for line in sums.lines if chosen in {None, line.mechanism})
    page = paginator.get_page(number)
    found = list(page.object_list)
    files = [row[0] for row in found]
    before, hides = _before(files), _hides(project, files)
    page.object_list = [
        Row(path, MECHANISMS[state], reason, since, *before.get(pk, (0, None)), hides.get(pk, ()))
        for pk, path, state, reason, since in found
    ]
    return page


def _before(files: Iterable[int]) -> Mapping[int, tuple[int, int]]:
    """(tests, number of the pass that ended it) of each file's last interval with tests. One query."""
    gave = FileState.objects.filter(file__in=files, tests__gt=0, closed_pass__isnull=False)
    latest = gave.order_by("file_id", "-closed_pass__position", "-closed_pass__number").distinct("file_id")
    rows = latest.values_list("file_id", "tests", "closed_pass__number")
    return {pk: (tests, until) for pk, tests, until in rows}


def _hides(project: Project, files: Iterable[int]) -> Mapping[int, tuple[str, ...]]:
    """The tickets whose errors each file hides. One query."""
    rows = Occurrence.objects.unsettled().filter(file__in=files).order_by("fingerprint__ticket__number")
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for pk, number in rows.values_list("file_id", "fingerprint__ticket__number"):
        found[pk][Ticket(project=project, number=number).label] = None
    return {pk: tuple(labels) for pk, labels in found.items()}
