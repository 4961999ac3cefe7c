"""Find: what is found, in what order, by whom, and whatever is typed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from dashboard.management.commands.find_index import Command
from remediation.models import CollectionPass, Ticket
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

HTMX = {"HX-Request": "true"}
WILDCARDS = ("%%%", "___", "\\\\\\")
HOSTILE = ("%", "_", "\\", "'; DROP TABLE remediation_ticket; --", "\x00", "a\x00bc", "\ud800xyz", "x" * 10_000)
HOSTILE += ("<script>alert(1)</script>", "\u202eabc", "\U0001f600" * 50, "\xe9" * 90, "#" * 50, "9" * 21, "#999999999")
HOSTILE += ("ATL-999999999", "f" * 41, "\x1b[31m", "(((", "[a-z", "*" * 30, "NaN", "x " * 5_000)


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def ask(client: Client, q: str, **values: str) -> str:
    answer = client.get("/find/", {"q": q, **values}, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_ticket_is_found_by_title_module_and_name(cast: Cast) -> None:
    client = cast.client("viewer")
    titles = {ticket.number: ticket.title for ticket in cast.project.tickets.all()}
    for typed, number in (("registry", 1), ("atlas.core", 1), ("CORE REGISTRY", 1), ("cachekey", 2), ("cache.keys", 2)):
        found = words(ask(client, typed))
        assert titles[number] in found and f"ATL-{number}" in found, typed
    assert "No ticket, test file or pass is called that." in words(ask(client, "registry cachekey"))


def test_a_file_says_what_became_of_it_and_leads_there(cast: Cast) -> None:
    silent = {"tests/gui/test_window.py": ("skipped", 0, "no display", "skip")}
    factories.counted_pass(cast.project, 2, [errors()[2]], {**WORKING, **silent})
    client = cast.client("viewer")
    for typed, said, url in (
        ("test_c.py", "blocked, ATL-2", "/p/atlas/t/ATL-2/"),
        ("tests.test_a", "collects 3 tests since #2, was ATL-1", "/p/atlas/t/ATL-1/"),
        ("test_healthy", "collects 5 tests since #1", "/p/atlas/passes/1/"),
        ("test_window", "gives no test: pytest.skip for the whole module", "/p/atlas/silenced/?why=skip"),
    ):
        page = ask(client, typed)
        assert said in words(page) and f'href="{url}"' in page, typed


def test_a_pass_is_found_by_number_commit_and_subject(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors())
    client = cast.client("viewer")
    commit = cast.project.passes.get(number=2).commit
    for typed in ("#2", "2", commit[:8], commit, "change number 2"):
        assert 'href="/p/atlas/passes/2/"' in ask(client, typed, **{"in": "atlas"}), typed
    assert "/passes/1/" not in ask(client, "change number 2")


@pytest.mark.parametrize(
    ("typed", "url"),
    [("ATL-2", "/p/atlas/t/ATL-2/"), ("atl-2", "/p/atlas/t/ATL-2/"), ("#1", "/p/atlas/passes/1/")],
)
def test_what_is_named_exactly_is_opened(cast: Cast, typed: str, url: str) -> None:
    for role in ("viewer", "admin"):  # the administrator sees another #1, elsewhere
        assert cast.client(role).get("/find/", {"q": typed, "in": "atlas"}).url == url
    assert cast.client("admin").get("/find/", {"q": "#1"}).status_code == 200


def test_a_commit_is_opened_when_one_pass_has_it(cast: Cast) -> None:
    CollectionPass.objects.filter(project=cast.project).update(commit="9846d5f" + "0" * 33)
    client = cast.client("viewer")
    assert client.get("/find/?q=9846D5F&in=atlas").url == "/p/atlas/passes/1/"
    assert client.get("/find/?q=9846d5f1").status_code == 200
    factories.counted_pass(cast.project, 2, errors())
    CollectionPass.objects.filter(project=cast.project).update(commit="9846d5f" + "0" * 33)
    assert client.get("/find/?q=9846d5f").status_code == 200  # two passes: the person chooses


def test_the_page_works_alone_and_keeps_what_was_typed(cast: Cast) -> None:
    page = cast.client("viewer").get("/find/?q=registry&in=atlas").content.decode()
    assert 'value="registry"' in page and 'name="in" value="atlas"' in page
    assert 'role="option"' not in page and 'href="/p/atlas/t/ATL-1/"' in page
    assert "data-row" in page
    assert 'role="option"' in ask(cast.client("viewer"), "registry")


def test_the_current_project_comes_first_and_another_is_named(cast: Cast) -> None:
    admin = cast.client("admin")
    for current, first, other in (("atlas", "atlas", "borealis"), ("borealis", "borealis", "atlas")):
        page = ask(admin, "change number", **{"in": current})
        assert page.index(f"/p/{first}/passes/1/") < page.index(f"/p/{other}/passes/1/")
        assert f'<span class="tag">{other}</span>' in page and f'<span class="tag">{first}</span>' not in page


@pytest.mark.parametrize("typed", ["BOR-1", "registry", "borealis", "change number", "#1", "test_a", "0" * 39 + "1"])
def test_nothing_of_another_project_is_found(cast: Cast, typed: str) -> None:
    """Not a title, not a label, not a count: the answer is that of a site where the other project is not."""
    factories.counted_pass(cast.other, 2, [factories.missing_module("tests/test_secret.py", "borealis.secret")])
    answers = {}
    for there in (True, False):
        if not there:
            cast.other.tickets.all().delete()
            cast.other.delete()
        answers[there] = [
            cast.client("viewer").get("/find/", {"q": typed, "in": slug}, headers=headers)
            for slug in ("atlas", "borealis", "")
            for headers in ({}, HTMX)
        ]
    for with_it, without in zip(answers[True], answers[False], strict=True):
        assert with_it.status_code == without.status_code
        assert "borealis" not in words(with_it.content.decode()).replace("borealis", "", typed == "borealis")
        assert _shape(with_it.content.decode()) == _shape(without.content.decode())


def _shape(page: str) -> str:
    start = page.find('<main id="main"')
    return words(page[max(start, 0) :]).replace("value", "")


def test_a_stranger_to_every_project_finds_nothing(cast: Cast) -> None:
    client = Client()
    client.force_login(factories.user("new.face"))
    assert "No ticket, test file or pass is called that." in words(ask(client, "registry"))


def test_at_most_eight_of_a_kind_and_it_is_said(cast: Cast) -> None:
    many = [factories.missing_module(f"tests/test_{n:02}.py", f"atlas.part{n:02}") for n in range(12)]
    factories.counted_pass(cast.project, 2, many)
    page = ask(cast.client("viewer"), "atlas.part")
    assert page.count('role="option"') == 8 and "Tickets, the first 8" in words(page)


def test_standing_tickets_before_verified_ones_and_merged_ones_never(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING)
    page = ask(cast.client("viewer"), "atlas.c")
    assert page.index("ATL-2") < page.index("ATL-1")
    Ticket.objects.filter(number=1, project=cast.project).update(merged_into=cast.ticket(2))
    assert "ATL-1" not in words(ask(cast.client("viewer"), "registry"))


@pytest.mark.parametrize("typed", [*WILDCARDS, *HOSTILE], ids=lambda typed: ascii(typed)[:30])
def test_whatever_is_typed_is_only_text(cast: Cast, typed: str) -> None:
    client = cast.client("viewer")
    for headers in ({}, HTMX):
        sent = {"q": typed.encode("utf-8", "surrogatepass"), "in": typed[:90].encode("utf-8", "surrogatepass")}
        answer = client.get("/find/", sent, headers=headers)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "<script>alert" not in page
        if typed in WILDCARDS:
            assert "No ticket, test file or pass" in words(page)  # a wildcard stands for itself


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = cast.client("viewer")
    for _ in range(2):
        with django_assert_max_num_queries(9):  # two of them are the session and the person
            ask(client, "test", **{"in": "atlas"})
        many = [factories.missing_module(f"tests/test_{n:02}.py", f"atlas.test{n:02}") for n in range(12)]
        factories.counted_pass(cast.project, None, many)


def test_where_the_extension_is_refused_find_works_and_the_migration_says_so(
    cast: Cast, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    migration = import_module("remediation.migrations.0009_find")
    with connection.schema_editor() as editor:
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        migration.drop(None, editor)

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "CREATE EXTENSION" in sql:
            raise DatabaseError('permission denied to create extension "pg_trgm"')
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse), connection.schema_editor() as editor:
        migration.make(None, editor)
    assert "let a superuser run CREATE EXTENSION pg_trgm" in caplog.text
    assert _indexes() == {"find_pass_commit"}
    assert "ATL-1" in ask(cast.client("viewer"), "registry")
    assert Command().work() == 0  # not through call_command, which closes the test's connection
    assert "Find reads its indexes." in capsys.readouterr().out
    assert _indexes() == {*migration.INDEXES, "find_pass_commit"}


def _indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'find\\_%'")
        return {name for (name,) in cursor.fetchall()}


def test_the_menu_of_projects_shows_the_persons_own(cast: Cast) -> None:
    page = cast.client("viewer").get("/projects/menu/").content.decode()
    assert 'href="/p/atlas/"' in page and "borealis" not in page and "All projects" in page
    assert "borealis" in cast.client("admin").get("/projects/menu/").content.decode()
