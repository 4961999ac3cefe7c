"""Find among 5,000 tickets, 50,000 test files and 10,000 passes: the long table is read through its index."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard import finding
from remediation.core.question import ask
from remediation.models import CollectionPass, FileState, Fingerprint, Project, TestFile, Ticket
from tests.dashboard.cast import Cast

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def fill(project: Project) -> None:
    """Rows as a large project has them, written past the use cases: those are not what is measured here."""
    first, category = project.passes.get(), project.categories.first()
    tickets = [
        Ticket(
            project=project,
            number=100 + n,
            title=f"Module atlas.part{n % 70}.mod{n} does not exist",
            kind="missing-module",
            category=category,
            errors=n % 9,
        )
        for n in range(5_000)
    ]
    Fingerprint.objects.bulk_create(
        Fingerprint(
            project=project, version=1, key=f"{n:064x}", readable=f"atlas.mod{n}", kind=t.kind, home=t, ticket=t
        )
        for n, t in enumerate(Ticket.objects.bulk_create(tickets))
    )
    paths = [f"tests/area{n % 50}/unit{n % 400}/test_thing_{n}.py" for n in range(50_000)]
    files = TestFile.objects.bulk_create(
        TestFile(project=project, path=path, digest=TestFile.digest_of(path)) for path in paths
    )
    FileState.objects.bulk_create(FileState(file=f, state="collected", tests=3, first_pass=first) for f in files)
    CollectionPass.objects.bulk_create(
        CollectionPass(
            project=project,
            number=100 + n,
            trigger="replay",
            state="ended",
            outcome="failed",
            commit=f"{n * 2654435761 % 2**160:040x}",
            subject=f"Repair part {n % 300} of the import tree, step {n}",
            queued_at=first.queued_at,
        )
        for n in range(10_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (COSTS OFF) " + sql)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_the_index_is_used_and_the_number_of_queries_is_the_same() -> None:
    cast = Cast.make()
    fill(cast.project)
    for typed, hits in (("thing_4999", 8), ("mod4321", 1), ("#5000", 2), ("part 77", 16), ("zzzz", 0), ("tests", 8)):
        with CaptureQueriesContext(connection) as queries:
            found: Any = finding.find(cast.viewer, ask(typed), "atlas")
        assert (typed, found.number) == (typed, hits)
        assert len(queries) <= 7
        if typed == "thing_4999":
            asked = [query["sql"] for query in queries if 'UPPER("remediation_testfile"' in query["sql"]]
            assert "Bitmap Index Scan on find_file_path" in plan(asked[0])
