"""What stands beside tickets on their pages: the list that one is in, and what forms and filters offer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONArray

from dashboard.sparklines import AXIS, Axis, axis_rows
from remediation.models import FileState, Project, SavedView, Ticket, User
from remediation.tickets import assignable

Offered = tuple[tuple[int, str], ...]  # id and name of each choice


class Kind(NamedTuple):
    """A category as filters show it."""

    pk: int
    name: str
    slot: int
    archived: bool


class View(NamedTuple):
    """A filter that the asker keeps under a name."""

    pk: int
    name: str
    query: str


class Choices(NamedTuple):
    """What the list of tickets offers. ``silent``: test files that give no test though they exist."""

    categories: list[Kind]
    views: list[View]
    people: Offered
    silent: int


@dataclass(frozen=True, slots=True)
class Beside:
    """``numbers``: of the standing tickets, most errors first. ``people``: whom the asker may give it to."""

    numbers: tuple[int, ...]
    categories: Offered
    people: Offered
    axis: Axis

    def neighbours(self, ticket: Ticket) -> dict[str, Any]:
        """Its place among the standing ones, how many they are, and the labels of those before and after it."""
        if ticket.number not in self.numbers:
            return {}
        place, key = self.numbers.index(ticket.number), ticket.project.key
        return {
            "place": place + 1,
            "of": len(self.numbers),
            "before": f"{key}-{self.numbers[place - 1]}" if place else "",
            "after": f"{key}-{self.numbers[place + 1]}" if place + 1 < len(self.numbers) else "",
        }


def beside(project: Project, asker: User) -> Beside:
    """One query: four short lists, which four questions would take longer to ask than to answer."""
    numbers = project.tickets.standing().order_by("-errors", "number").values("number")
    categories = project.categories.filter(archived=False).values(row=JSONArray("pk", "name"))
    read = Project.objects.filter(pk=project.pk).values_list(
        ArraySubquery(numbers),
        ArraySubquery(categories),
        _people(recipients(project, asker), project),
        ArraySubquery(axis_rows(project).values(row=JSONArray(*AXIS))),
    )
    standing, kinds, people, passes = read.get()
    return Beside(tuple(standing), tuple((pk, name) for pk, name in kinds), _named(people), Axis.out_of(passes))


def choices(project: Project, asker: User) -> Choices:
    """One query, as above. ``people`` are those to whom several tickets can be given at once."""
    categories = project.categories.values(row=JSONArray(*Kind._fields))
    views = SavedView.objects.filter(user=asker, project=project).values(row=JSONArray(*View._fields))
    silent = FileState.objects.now(project).silent().order_by().values("file__project")
    read = Project.objects.filter(pk=project.pk).values_list(
        ArraySubquery(categories),
        ArraySubquery(views),
        _people(assignable(project), project),
        Coalesce(Subquery(silent.annotate(number=Count("pk")).values("number")), 0),
    )
    kinds, own, people, number = read.get()
    return Choices([Kind(*row) for row in kinds], [View(*row) for row in own], _named(people), number)


def recipients(project: Project, asker: User) -> QuerySet[User]:
    """Whom the asker may give a ticket to. Who administers everything may work here without being a member."""
    return assignable(project) | User.objects.filter(pk=asker.pk)


def _people(who: QuerySet[User], project: Project) -> Any:
    """A column of them, for a lead; nobody else gives tickets away."""
    may = who if project.rights.lead else User.objects.none()
    return ArraySubquery(may.values(row=JSONArray("pk", "username", "first_name", "last_name")))


def _named(people: Iterable[Sequence[Any]] | None) -> Offered:
    return tuple(
        (pk, User(username=user, first_name=first, last_name=last).label) for pk, user, first, last in people or ()
    )
