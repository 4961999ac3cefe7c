"""What the find field finds: tickets, test files and passes of the projects a person may see, exact hits first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import In
from django.urls import reverse

from remediation.core.question import Question
from remediation.core.silence import MECHANISMS
from remediation.models import CollectionPass, FileState, Fingerprint, Occurrence, Project, TestFile, Ticket
from remediation.querysets import LONG_TEXTS

MOST = 8  # of each kind
NOTHING = Q(pk=-1)  # no empty list: that would become a bare number, which ORDER BY reads as a column


@dataclass(frozen=True, slots=True)
class Hit:
    """One line: where it leads, its title, what stands beside it. ``state`` is a ticket's status or a pass' outcome."""

    url: str
    title: str
    beside: str
    project: Project
    state: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Groups (word, hits, whether there are more), only those with hits; ``exact``: the one place that was named."""

    question: Question
    groups: tuple[tuple[str, list[Hit], bool], ...] = ()
    exact: str = ""

    @property
    def number(self) -> int:
        """How many hits are shown."""
        return sum(len(hits) for _, hits, _ in self.groups)


def find(user: Any, question: Question, current: str = "") -> Found:
    """Look in every project the person may see, the ``current`` one (its slug) first. At most seven queries."""
    if not question.answerable:
        return Found(question)
    projects = {project.pk: project for project in Project.objects.visible_to(user).only("slug", "name", "key")}
    at_home = Q(project=next((pk for pk, project in projects.items() if project.slug == current), -1))
    looked = (
        ("Tickets", _tickets(projects, question, at_home)),
        ("Test files", _files(projects, question, at_home)),
        ("Passes", _passes(projects, question, at_home)),
    )
    groups = tuple((word, hits[:MOST], len(hits) > MOST) for word, hits in looked if hits)
    named = [hit for _, hits, _ in groups for hit in hits if hit.exact]
    named = [hit for hit in named if hit.project.slug == current] or named
    return Found(question, groups, named[0].url if len(named) == 1 else "")


def _first(rows: Q) -> Any:
    """Orders these rows before all others."""
    return Case(When(rows, then=Value(0)), default=Value(1), output_field=IntegerField())


def _all_words(column: str, words: Iterable[str]) -> Q:
    asked = Q()
    for word in words:
        asked &= Q(**{f"{column}__icontains": word})
    return asked


def _tickets(projects: dict[int, Project], question: Question, at_home: Q) -> list[Hit]:
    """By label, by title, or by the module, name or file of the root cause. A merged ticket's label finds where it is
    counted."""
    every = Ticket.objects.filter(project__in=projects)
    rows = every.filter(merged_into__isnull=True)
    label = Q(number=question.number) & at_home if question.number else NOTHING
    if question.label:
        of_key = [pk for pk, project in projects.items() if project.key == question.label[0]]
        label = Q(number=question.label[1], project__in=of_key)
    named = every.filter(label).annotate(counted_in=Coalesce("merged_into_id", "pk")).order_by().values("counted_in")
    matching: QuerySet[Any] = named
    if question.words:
        causes = Fingerprint.objects.filter(_all_words("readable", question.words), project__in=projects)
        titled = rows.filter(_all_words("title", question.words)).order_by().values("pk")
        matching = matching.union(titled, causes.order_by().values("ticket"))
    found = (
        rows.filter(pk__in=matching)
        .annotate(named=In(F("pk"), named))
        .order_by("-named", _first(at_home), _first(~Q(status="verified")), "-errors", "-number")
        .only("number", "title", "status", "errors", "blocking", "project_id")
    )
    return [_ticket(ticket, projects[ticket.project_id], question) for ticket in found[: MOST + 1]]


def _ticket(ticket: Ticket, project: Project, question: Question) -> Hit:
    label = f"{project.key}-{ticket.number}"
    url = reverse("ticket", args=[project.slug, label])
    return Hit(url, ticket.title, label, project, ticket.status, question.label is not None and ticket.named)


def _files(projects: dict[int, Project], question: Question, at_home: Q) -> list[Hit]:
    """By path; a module's dots are its path's slashes. The shortest path first: it is the nearest to what was typed."""
    if not question.words:
        return []
    asked = _all_words("path", question.words)
    if any("." in word for word in question.words):
        asked |= _all_words("path", [word.replace(".", "/") for word in question.words])
    rows = TestFile.objects.filter(asked, project__in=projects)
    files = list(rows.order_by(_first(at_home), Length("path"), "path").only("path", "project_id")[: MOST + 1])
    states = {state.file_id: state for state in _states(files)}
    tickets: dict[int, Ticket] = {}
    for occurrence in _occurrences(files):
        tickets.setdefault(occurrence.file_id, occurrence.fingerprint.ticket)
    return [_file(file, projects[file.project_id], states.get(file.pk), tickets.get(file.pk)) for file in files]


def _states(files: list[TestFile]) -> QuerySet[FileState]:
    return (
        FileState.objects.filter(file__in=files, closed_pass__isnull=True)
        .select_related("first_pass")
        .only("file_id", "state", "tests", "first_pass__number")
    )


def _occurrences(files: list[TestFile]) -> QuerySet[Occurrence]:
    """What was seen in the files: what is seen now first, then the latest."""
    rows = Occurrence.objects.filter(file__in=files).select_related("fingerprint__ticket")
    return rows.order_by(F("closed_pass").desc(nulls_first=True), "-pk").only(
        "file_id", "closed_pass_id", "fingerprint__ticket__number"
    )


def _file(file: TestFile, project: Project, state: FileState | None, ticket: Ticket | None) -> Hit:
    """A file has no page of its own: it leads to its ticket, to why it gives no test, or to the pass since which."""
    label = f"{project.key}-{ticket.number}" if ticket else ""
    if state is not None and state.state in MECHANISMS:
        url = f"{reverse('silenced', args=[project.slug])}?why={state.state}"
        return Hit(url, file.path, f"gives no test: {MECHANISMS[state.state].words}", project)
    if ticket and (state is None or state.state != "collected"):
        words = f"blocked, {label}" if state is not None and state.state == "error" else f"not there now, {label}"
        return Hit(reverse("ticket", args=[project.slug, label]), file.path, words, project)
    if state is None or state.state != "collected":
        return Hit(reverse("passes", args=[project.slug]), file.path, "not there now", project)
    words = f"collects {state.tests:,} test{'' if state.tests == 1 else 's'} since #{state.first_pass.number}"
    if ticket:
        return Hit(reverse("ticket", args=[project.slug, label]), file.path, f"{words}, was {label}", project)
    return Hit(reverse("pass", args=[project.slug, state.first_pass.number]), file.path, words, project)


def _passes(projects: dict[int, Project], question: Question, at_home: Q) -> list[Hit]:
    """By number in the current project, by the beginning of the commit, or by words of its subject."""
    rows = CollectionPass.objects.filter(project__in=projects)
    numbered = Q(number=question.number) if question.number else NOTHING
    named = numbered | Q(commit__startswith=question.commit) if question.commit else numbered
    matching: QuerySet[Any] = rows.filter(numbered).order_by().values("pk")
    if question.commit:
        matching = matching.union(rows.filter(commit__startswith=question.commit).order_by().values("pk"))
    if question.words:
        matching = matching.union(rows.filter(_all_words("subject", question.words)).order_by().values("pk"))
    found = (
        rows.filter(pk__in=matching).defer(*LONG_TEXTS).order_by(_first(named), _first(at_home), "-number")[: MOST + 1]
    )
    return [_pass(each, projects[each.project_id], question) for each in found]


def _pass(row: CollectionPass, project: Project, question: Question) -> Hit:
    exact = (question.names_a_pass and row.number == question.number) or (
        question.names_a_commit and row.commit.startswith(question.commit)
    )
    beside = f"{row.short_commit} {row.subject}".strip()
    state = row.outcome or row.state
    return Hit(reverse("pass", args=[project.slug, row.number]), f"#{row.number}", beside, project, state, exact)
