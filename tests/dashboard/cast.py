"""The same people and the same project in every test of the site: who they are says what they may."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, fields

from django.test import Client

from remediation.models import Project, Ticket, User
from tests import factories

ROLES = ("anonymous", "viewer", "engineer", "lead", "admin", "stranger")


@dataclass(frozen=True)
class Cast:
    """A project with two open tickets, ATL-1 (two errors) and ATL-2 (one), and one person for each role.

    ``stranger`` leads another project and is no member of this one.
    """

    project: Project
    other: Project
    viewer: User
    engineer: User
    lead: User
    admin: User
    stranger: User

    @classmethod
    def make(cls) -> Cast:
        """Everything through the product's own use cases."""
        project, other = factories.project("atlas", key="ATL"), factories.project("borealis", key="BOR")
        factories.counted_pass(project, 1, errors())
        factories.counted_pass(other, 1, errors())
        return cls(
            project=project,
            other=other,
            viewer=factories.member(project, "viewer", "vera.lund"),
            engineer=factories.member(project, "engineer", "mei.lin"),
            lead=factories.member(project, "lead", "ines.duarte"),
            admin=factories.user("root.admin", is_superuser=True),
            stranger=factories.member(other, "lead", "tom.okafor"),
        )

    def client(self, role: str | User) -> Client:
        """A browser in which the person of that role is signed in, or somebody else."""
        client = Client()
        if role != "anonymous":
            client.force_login(role if isinstance(role, User) else getattr(self, role))
        return client

    def again(self) -> Cast:
        """The same people and projects, as the database has them now."""
        rows = (getattr(self, field.name) for field in fields(self))
        return Cast(*(type(row).objects.get(pk=row.pk) for row in rows))

    def ticket(self, number: int = 1) -> Ticket:
        """ATL-<number> as it is now."""
        return self.project.tickets.select_related("project", "category", "claimed_by").get(number=number)


def errors() -> list[factories.CollectionError]:
    """Two root causes: a missing module in two files (the larger one), a missing name in one."""
    return [
        factories.missing_module("tests/test_a.py"),
        factories.missing_module("tests/test_b.py"),
        factories.missing_name("tests/test_c.py"),
    ]


WORKING = {"tests/test_healthy.py": 5, "tests/test_a.py": 3, "tests/test_b.py": 4}


def words(page: str) -> str:
    """What a page says, without its markup, on one line."""
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    return html.unescape(re.sub(r" ([.,:;])", r"\1", text))
