"""Of another project nothing is shown, counted, found or changed: every route, with foreign ids wherever one can be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from remediation import deletion
from remediation.models import ConnectionCheck, Outbox, SavedView
from remediation.querysets import ProjectQuerySet
from tests.dashboard import foreign
from tests.dashboard.cast import Cast
from tests.dashboard.foreign import MARK, digest
from tests.dashboard.test_permissions import BY_API_TOKEN, BY_TOKEN, CHECK, LEAD, OPEN, ROUTES, _note, _url

HTMX = {"HX-Request": "true"}
# Further addresses of a page: what is searched, grouped, compared and drawn in other ways.
QUERIES = {
    "portfolio": ["?all", "?all&sort=name"],
    "find": ["?q=tests", "?q=zyx", "?q=BOR-1", "?q=%232", "?q=tests&in=borealis"],
    "tickets": ["?view=board", "?group=kind", "?q=tests", "?status=all", "?page=2"],
    "pass": ["?with=1"],
    "pass-conditions": ["?with=1"],
    "trend": ["?weeks=4"],
    "passes": ["?q=tests"],
    "audit": ["?who=tom", "?verb=changed", "?project=borealis"],
}

_BOR = re.compile(r"\bBOR-\d")
Args = Callable[[Cast], list[tuple[object, ...]]]


def _labels(cast: Cast) -> list[tuple[object, ...]]:
    """The other project's label, and our key with a number that only the other project has."""
    return [("BOR-1",), ("ATL-4",)]


def _numbers(cast: Cast) -> list[tuple[object, ...]]:
    return [(2,), (4,)]


def _theirs(relation: str) -> Args:
    return lambda cast: [(getattr(cast.other, relation).order_by("pk")[0].pk,)]


# For each route below a project whose address names an object: the other project's objects under our project's address.
FOREIGN: dict[str, Args] = {
    **dict.fromkeys(
        (
            "ticket",
            "claim",
            "assign",
            "release",
            "renew",
            "ticket-category",
            "mark-fixed",
            "mute",
            "unmute",
            "merge",
            "split",
            "undo-grouping",
            "statement",
            "note",
        ),
        _labels,
    ),
    **dict.fromkeys(
        ("pass", "pass-live", "pass-output", "pass-conditions", "pass-again", "stop-pass", "confirm-pass"), _numbers
    ),
    "withdraw-note": lambda cast: [("BOR-1", _note(cast, cast.other)), ("ATL-1", _note(cast, cast.other))],
    "withdraw-statement": lambda cast: [("2026-W10", cast.other.statements.get().pk)],
    "rules-version": lambda cast: [(2,)],
    "category": _theirs("categories"),
    "share-revoke": _theirs("share_links"),
    "credential-test": _theirs("checks"),
    "receiver": _theirs("receivers"),
    "report-recipient": _theirs("recipients"),
    "message-again": lambda cast: [(Outbox.objects.get(receiver__project=cast.other).pk,)],
}
# Where what is not there is answered in words: a foreign one must be answered like one that nobody has.
IN_WORDS = dict.fromkeys(("share-revoke", "credential-test", "receiver", "message-again", "report-recipient"), (2**31,))
NAMES_NO_OBJECT = dict.fromkeys(("report", "report-export", "report-release", "statements"), "a week of the calendar")


@pytest.fixture
def cast(db: None) -> Cast:
    cast = Cast.make()
    foreign.fill(cast)
    draft = {"source": "https://git.example.org/x.git", "ref": "HEAD"}
    ConnectionCheck.objects.create(pk=CHECK, requested_by=cast.admin, draft=draft, created_at=timezone.now())
    return cast


def _addresses(cast: Cast) -> list[tuple[str, str]]:
    """Every page that a lead of our project can open, by route, with its further addresses."""
    found = []
    for name, route in ROUTES.items():
        bound = any("{" in str(arg) and "{key}" not in str(arg) for arg in route.args)  # to a token
        if route.get is None or route.get > LEAD or bound:
            continue
        args = [arg.format(key=cast.project.key) if isinstance(arg, str) else arg for arg in route.args]
        url = reverse(name, args=[cast.project.slug, *args] if route.in_project else args)
        found += [(name, url + query) for query in ["", *QUERIES.get(name, [])]]
    return found


def _text(answer: HttpResponseBase) -> str:
    """Status, place and content, without what is new in every answer."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    text = content.decode("utf-8", "replace")
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken[^a-zA-Z0-9]+)[A-Za-z0-9]+', r"\1", text)
    return f"{answer.status_code} {answer.headers.get('Location', '')}\n{text}"


def _pages(cast: Cast, client: Client) -> dict[str, str]:
    found = {}
    for _, url in _addresses(cast):
        found[url] = _text(client.get(url))
        found[f"{url} (part)"] = _text(client.get(url, headers=HTMX))
    return found


def test_no_page_shows_or_counts_anything_of_another_project(cast: Cast) -> None:
    columns = foreign.mark(cast)
    assert len(columns) > 50 and {"Ticket.title", "TestFile.path", "CollectionPass.subject"} <= set(columns)
    client = cast.client("lead")
    with time_machine.travel(datetime.fromisoformat("2026-03-09T12:00:00+00:00"), tick=False):
        there = _pages(cast, client)
        told = {url for url, text in there.items() if MARK in text.lower() or ("BOR" not in url and _BOR.search(text))}
        assert told == set()
        other = cast.other
        deletion.delete(other, other.slug, cast.admin)
        assert deletion.remove(other.pk, seconds=60)
        gone = _pages(cast, client)
    different = {url for url in there if there[url] != gone[url]}
    assert different == set(), "what these pages say depends on another project"
    assert len(there) > 80


def test_control_a_page_that_forgot_whose_it_is_would_be_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign.mark(cast)
    monkeypatch.setattr(ProjectQuerySet, "visible_to", lambda self, user: self)
    client = cast.client("lead")
    told = {name for name, url in _addresses(cast) if MARK in _text(client.get(url)).lower()}
    assert told >= {"portfolio", "find", "projects-menu"}


def test_every_address_that_names_an_object_says_what_a_foreign_one_is() -> None:
    named = {name for name, route in ROUTES.items() if route.in_project and route.args}
    assert named == set(FOREIGN) | set(NAMES_NO_OBJECT), "name it in FOREIGN"


@pytest.mark.parametrize("role", ["lead", "admin"])
def test_an_object_of_another_project_is_not_there_under_ones_own(cast: Cast, role: str) -> None:
    """An administrator may see both, and still each stands in its own project only."""
    client, asked = cast.client(role), [(name, args) for name, theirs in FOREIGN.items() for args in theirs(cast)]
    before = (digest(cast.other), digest(cast.project))
    for name, args in asked:
        url = reverse(name, args=[cast.project.slug, *args])
        for method, need in (("get", ROUTES[name].get), ("post", ROUTES[name].post)):
            if need is not None and name in IN_WORDS:
                missing = reverse(name, args=[cast.project.slug, *IN_WORDS[name]])
                found, wanted = (_text(getattr(client, method)(each, follow=True)) for each in (url, missing))
                assert found == wanted, (method, url)
            elif need is not None:
                assert getattr(client, method)(url).status_code == 404, (method, url)
    for url in ("/p/atlas/passes/1/?with=2", "/p/atlas/passes/1/conditions/?with=3"):
        assert client.get(url).status_code == 404, url
    assert (digest(cast.other), digest(cast.project)) == before


def _everything(cast: Cast) -> dict[str, Any]:
    """Ids of the other project under every name that a form of ours has, and some that none has."""
    other = cast.other
    view = SavedView.objects.get(user=cast.stranger)
    category = other.categories.order_by("pk")[0]
    return {
        "ticket": ["4", "5"], "tickets": ["4", "5"], "number": "4", "category": category.pk, "view": view.pk,
        "to": cast.stranger.pk, "owner": cast.stranger.pk, "user": cast.stranger.pk, "member": cast.stranger.pk,
        "pass": "4", "with": "4", "baseline": other.passes.order_by("pk")[0].pk, "check": CHECK,
        "project": other.pk, "project_id": other.pk, "slug": other.slug, "id": other.pk, "pk": other.pk,
        "next": "https://evil.example/p/borealis/", "role": "lead", "source": other.source, "key": other.key,
    }  # fmt: skip


def test_foreign_ids_in_a_form_reach_nothing(cast: Cast) -> None:
    foreign.mark(cast)
    client, before, everything = cast.client("lead"), digest(cast.other), _everything(cast)
    routes = [name for name, route in ROUTES.items() if route.post and OPEN < route.post <= LEAD]
    for do in ("", "assign", "rename"):
        for name in routes:
            url = _url(name, cast, own=True)
            answer = client.post(url, {**everything, "do": do} if do else everything)
            assert answer.status_code in {200, 302, 404, 409, 422}, (name, answer.status_code)
            assert "evil.example" not in answer.headers.get("Location", ""), name
            if answer.status_code != 302:  # what was typed into a field is shown again, beside the refusal
                said = answer.content.decode().lower().replace(f'value="{cast.other.source}"', "")
                assert MARK not in said, (do, name)
    assert digest(cast.other) == before
    assert not cast.project.memberships.filter(user=cast.stranger).exists()
    assert not cast.project.tickets.filter(claimed_by=cast.stranger).exists()


def test_reading_writes_nothing(cast: Cast) -> None:
    writes = re.compile(r'^(INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
    client, found = cast.client("lead"), {}
    for name, url in _addresses(cast):
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        tables = {match[2] for query in captured if (match := writes.match(query["sql"]))}
        if tables - {"django_session", "remediation_session"}:
            found[name] = tables
    assert found == {}


def _patterns(patterns: list[URLPattern | URLResolver]) -> list[URLPattern]:
    return [
        one
        for pattern in patterns
        for one in (_patterns(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern])
    ]


def test_a_view_that_needs_no_token_or_no_sign_in_is_named_here() -> None:
    every = _patterns(get_resolver().url_patterns)
    found = [p for p in every if p.name not in BY_API_TOKEN]
    assert all(p.callback.csrf_exempt and not p.callback.login_required for p in every if p not in found)
    changing = [p for p in found if ROUTES[p.name].post is not None]
    assert {p.name for p in changing if getattr(p.callback, "csrf_exempt", False)} == BY_TOKEN
    unsigned = {p.name for p in found if not getattr(p.callback, "login_required", True)}
    # The second step of signing in: it sends whoever has not taken the first one there.
    assert unsigned - {"mfa_authenticate"} == {
        name for name, route in ROUTES.items() if OPEN in {route.get, route.post}
    }
