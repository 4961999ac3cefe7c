"""Who may reach what: every route of the site, every role, in one's own project and in another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from dashboard.api import urls as api_urls
from remediation import hooks, reporting, sharing, statements, telling, tickets
from remediation.models import ConnectionCheck, Project, User
from tests.dashboard.cast import ROLES, Cast
from tests.dashboard.programs import made, row
from tests.dashboard.traces import DEEDS, ELSEWHERE, LEAVE_NOTHING

OPEN, SIGNED_IN, READ, WORK, LEAD, ADMIN = range(6)
CHECK = 7007  # the id of a check of a connection; no test makes as many
RANK = {"anonymous": OPEN, "viewer": READ, "engineer": WORK, "lead": LEAD, "admin": ADMIN}


@dataclass(frozen=True)
class Route:
    """``get`` and ``post``: what is needed for each; None where the method is refused with 405."""

    get: int | None
    post: int | None = None
    args: tuple[object, ...] = ()
    in_project: bool = True
    off: bool = False  # 404 for everybody, because what it belongs to is not configured in the tests


ROUTES = {
    "healthz": Route(OPEN, in_project=False),
    "account_login": Route(OPEN, OPEN, in_project=False),
    "mfa_authenticate": Route(SIGNED_IN, SIGNED_IN, in_project=False),  # who gave no password yet is sent to do so
    "account_reauthenticate": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "mfa_reauthenticate": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "sso": Route(None, OPEN, in_project=False, off=True),
    "sso-back": Route(OPEN, in_project=False, off=True),
    "invitation": Route(OPEN, OPEN, ("no-such-token",), in_project=False),
    "account_reset_password": Route(OPEN, OPEN, in_project=False),
    "account_reset_password_done": Route(OPEN, in_project=False),
    "account_reset_password_from_key": Route(OPEN, OPEN, ("1", "no-such-key"), in_project=False),
    "account_confirm_email": Route(OPEN, OPEN, ("no-such-key",), in_project=False),
    "profile": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "profile-email": Route(None, SIGNED_IN, in_project=False),
    "profile-password": Route(None, SIGNED_IN, in_project=False),
    "profile-sessions": Route(None, SIGNED_IN, in_project=False),
    "profile-commits": Route(None, SIGNED_IN, in_project=False),
    "profile-sso": Route(None, SIGNED_IN, in_project=False),
    "tokens": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "token": Route(SIGNED_IN, SIGNED_IN, ("{token}",), in_project=False),
    "api": Route(SIGNED_IN, in_project=False),
    "api-openapi": Route(OPEN, in_project=False),
    "mfa_activate_totp": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "mfa_deactivate_totp": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "mfa_view_recovery_codes": Route(SIGNED_IN, None, in_project=False),
    "mfa_new_codes": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "logout": Route(None, OPEN, in_project=False),
    "welcome": Route(OPEN, OPEN, ("no-such-token",), in_project=False),
    "portfolio": Route(SIGNED_IN, in_project=False),
    "my-work": Route(SIGNED_IN, in_project=False),
    "find": Route(SIGNED_IN, in_project=False),
    "notices": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    "notice-choices": Route(SIGNED_IN, SIGNED_IN, in_project=False),
    # A mail program calls it: the token is the permission, and stops one person's mail.
    "notices-stop": Route(OPEN, OPEN, ("{stop}",), in_project=False),
    "projects-menu": Route(SIGNED_IN, in_project=False),
    "project-new": Route(ADMIN, ADMIN, in_project=False),
    "project-validate": Route(None, ADMIN, in_project=False),
    "project-check": Route(ADMIN, args=(CHECK,), in_project=False),
    "stop-check": Route(None, ADMIN, (CHECK,), in_project=False),
    "admin-people": Route(ADMIN, in_project=False),
    "admin-person": Route(None, ADMIN, ("{viewer}",), in_project=False),
    "admin-projects": Route(ADMIN, in_project=False),
    "delete-project": Route(ADMIN, ADMIN, ("{slug}",), in_project=False),
    "admin-tokens": Route(ADMIN, in_project=False),
    "admin-token": Route(ADMIN, ADMIN, ("{token}",), in_project=False),
    "admin-credentials": Route(ADMIN, in_project=False),
    "admin-retention": Route(ADMIN, ADMIN, in_project=False),
    "admin-server": Route(ADMIN, in_project=False),
    "admin-findings": Route(ADMIN, in_project=False),
    "admin-mail": Route(None, ADMIN, in_project=False),
    "admin-audit": Route(ADMIN, in_project=False),
    "admin-audit-csv": Route(ADMIN, in_project=False),
    "overview": Route(READ),
    "overview-live": Route(READ),
    "trend": Route(READ),
    "work": Route(READ),
    "tickets": Route(READ),
    "tickets-together": Route(None, WORK),
    "saved-views": Route(None, READ),
    "ticket": Route(READ, args=("{key}-1",)),
    "claim": Route(None, WORK, ("{key}-1",)),
    "assign": Route(None, WORK, ("{key}-1",)),
    "release": Route(None, WORK, ("{key}-1",)),
    "renew": Route(None, WORK, ("{key}-1",)),
    "ticket-category": Route(None, WORK, ("{key}-1",)),
    "merge": Route(WORK, WORK, ("{key}-1",)),
    "split": Route(WORK, WORK, ("{key}-1",)),
    "undo-grouping": Route(None, WORK, ("{key}-1",)),
    "mark-fixed": Route(None, WORK, ("{key}-1",)),
    "mute": Route(None, WORK, ("{key}-1",)),
    "statement": Route(None, WORK, ("{key}-1",)),
    "note": Route(None, WORK, ("{key}-1",)),
    "withdraw-note": Route(None, WORK, ("{key}-1", "{note}")),
    "unmute": Route(None, WORK, ("{key}-1",)),
    "silenced": Route(READ),
    "passes": Route(READ),
    "run-pass": Route(None, WORK),
    "pass": Route(READ, args=(1,)),
    "pass-live": Route(READ, args=(1,)),
    "pass-output": Route(READ, args=(1,)),
    "pass-conditions": Route(READ, READ, args=(1,)),
    "pass-again": Route(None, WORK, (1,)),
    "stop-pass": Route(None, WORK, (1,)),
    "confirm-pass": Route(None, LEAD, (1,)),
    "reports": Route(READ),
    "report-now": Route(READ),
    "report": Route(READ, args=("2026-W10",)),
    "report-release": Route(None, LEAD, ("2026-W10",)),
    "report-subscribe": Route(None, READ),
    "report-stop": Route(OPEN, OPEN, ("{leave}",), in_project=False),
    "report-plan": Route(READ, LEAD),
    "report-recipients": Route(None, LEAD),
    "report-recipient": Route(None, LEAD, (0,)),
    "report-export": Route(READ, args=("2026-W10", "md")),
    "statements": Route(None, WORK, ("2026-W10",)),
    "withdraw-statement": Route(None, WORK, ("2026-W10", "{statement}")),
    "settings": Route(READ, LEAD),
    "schedule": Route(READ, LEAD),
    "due": Route(READ),
    "audit": Route(LEAD),
    "audit-csv": Route(LEAD),
    "pause": Route(None, LEAD),
    "hook-settings": Route(None, LEAD),
    # No one signs in here: the token is the permission.
    "hook": Route(None, OPEN, ("{hook}",), in_project=False),
    "members": Route(LEAD, LEAD),
    "member": Route(None, LEAD),
    "revoke-invitation": Route(None, LEAD),
    "sharing": Route(READ, LEAD),
    "share-revoke": Route(None, LEAD, (0,)),
    "shared-badge": Route(OPEN, args=("{share}",), in_project=False),
    "shared-trend": Route(OPEN, args=("{share}",), in_project=False),
    "shared-report": Route(OPEN, args=("{share}",), in_project=False),
    "credentials": Route(LEAD, LEAD),
    "credential-test": Route(LEAD, args=(0,)),
    "receivers": Route(LEAD, LEAD),
    "receiver": Route(None, LEAD, (0,)),
    "message-again": Route(None, LEAD, (0,)),
    "rules": Route(READ, LEAD),
    "rules-preview": Route(None, LEAD),
    "rules-version": Route(READ, args=(1,)),
    "category": Route(None, LEAD, (0,)),
}


# The addresses of the API's operations: a token is asked for, and the person's own session is none.
BY_API_TOKEN = {pattern.name for pattern in api_urls.urlpatterns if hasattr(pattern.callback, "operations")}
# Called by programs that bear a token in the address and hold no cookie of ours.
BY_TOKEN = {"hook", "notices-stop", "report-stop"}


@pytest.fixture
def cast(db: None) -> Cast:
    cast = Cast.make()
    draft = {"source": "https://git.example.org/x.git", "ref": "HEAD"}
    ConnectionCheck.objects.create(pk=CHECK, requested_by=cast.admin, draft=draft, created_at=timezone.now())
    return cast


def _routes(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns)
        else:
            yield pattern.name or f"unnamed: {pattern.pattern}"


def test_every_route_is_listed_here() -> None:
    """Those of the API's operations stand in a matrix of their own, which names every one of them, too."""
    found = set(_routes(get_resolver().url_patterns))
    assert found == set(ROUTES) | BY_API_TOKEN
    assert not set(ROUTES) & BY_API_TOKEN


def test_every_changing_route_says_what_it_leaves_behind() -> None:
    changing = {name for name, route in ROUTES.items() if route.post is not None}
    assert changing == set(DEEDS) | set(LEAVE_NOTHING) | set(ELSEWHERE), "name it in tests/dashboard/traces.py"
    assert len(DEEDS) + len(LEAVE_NOTHING) + len(ELSEWHERE) == len(changing)
    folder = Path(__file__).parent
    assert all("AuditLine" in (folder / file).read_text() for file in ELSEWHERE.values())


def test_every_role_is_played() -> None:
    assert set(RANK) | {"stranger"} == set(ROLES)


@pytest.mark.parametrize("name", ROUTES)
def test_each_role_gets_what_it_may_and_no_more(cast: Cast, name: str) -> None:
    route = ROUTES[name]
    for method, need in (("get", route.get), ("post", route.post)):
        for role, rank in RANK.items():
            answer = _ask(cast.client(role), method, _url(name, cast, own=True, role=role))
            assert _verdict(answer) == _expected(route, need, rank), (method, role, answer.status_code)


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.in_project])
def test_another_project_is_not_there_for_anyone_but_an_administrator(cast: Cast, name: str) -> None:
    route = ROUTES[name]
    for method, need in (("get", route.get), ("post", route.post)):
        if need is None:
            continue
        for role in ("viewer", "engineer", "lead"):
            foreign = _ask(cast.client(role), method, _url(name, cast, own=False))
            missing = _ask(cast.client(role), method, _url(name, cast, own=None))
            assert (_verdict(foreign), _verdict(missing)) == ("not found", "not found"), (method, role)
        assert _verdict(_ask(cast.client("stranger"), method, _url(name, cast, own=True))) == "not found"
        assert _verdict(_ask(cast.client("admin"), method, _url(name, cast, own=False))) == "let in"


@pytest.mark.parametrize("name", [n for n, route in ROUTES.items() if route.post is not None and n not in BY_TOKEN])
def test_no_other_site_can_send_it_in_a_persons_name(cast: Cast, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    answer = client.post(_url(name, cast, own=True))
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


def test_a_role_that_is_taken_away_ends_at_once(cast: Cast) -> None:
    client = cast.client("engineer")
    assert client.get("/p/atlas/tickets/").status_code == 200
    cast.project.memberships.filter(user=cast.engineer).delete()
    assert client.get("/p/atlas/tickets/").status_code == 404


def test_a_closed_account_is_signed_out(cast: Cast) -> None:
    client = cast.client("lead")
    cast.lead.is_active = False
    cast.lead.save()
    assert client.get("/p/atlas/").url.startswith("/login/")


def test_pages_that_are_refused_say_so_plainly(cast: Cast) -> None:
    refused = cast.client("viewer").post("/p/atlas/t/ATL-1/claim/").content.decode()
    assert "Your role does not allow this" in refused and "Your role in atlas is viewer." in refused
    assert "There is nothing here" in cast.client("stranger").get("/p/atlas/").content.decode()


def _url(name: str, cast: Cast, *, own: bool | None, role: str = "admin") -> str:
    """The route in the cast's project, in another one, or (None) in one that does not exist; ``role``: who asks."""
    route = ROUTES[name]
    if not route.in_project:
        known = {
            "hook": hooks.make(cast.project) if name == "hook" else "",
            "stop": telling.stop_token(cast.viewer),
            "share": _share(name, cast),
            "leave": _leave(cast) if name == "report-stop" else "",
            "viewer": cast.viewer.pk,
            "slug": cast.project.slug,
            "token": _token(name, getattr(cast, role, None)),
        }
        return reverse(name, args=[arg.format(**known) if isinstance(arg, str) else arg for arg in route.args])
    project = cast.project if own else cast.other
    slug = project.slug if own is not None else "no-such-project"
    note = _note(cast, project) if "{note}" in route.args else 0
    statement = _statement(cast, project) if "{statement}" in route.args else 0
    given = {"key": project.key, "note": note, "statement": statement}
    args = [arg.format(**given) if isinstance(arg, str) else arg for arg in route.args]
    return reverse(name, args=[slug, *args])


def _share(name: str, cast: Cast) -> str:
    """A token that shows what the route does."""
    kind, _, shows = name.partition("-")
    if kind != "shared":
        return ""
    return sharing.make(cast.project, cast.lead, shows=shows, name="x", days=30, now=timezone.now())


def _token(name: str, owner: User | None) -> int:
    """The id of a token of the person's, where a route needs one."""
    return row(made(owner)).pk if owner and name in {"token", "admin-token"} else 0


def _leave(cast: Cast) -> str:
    """The token in a report's mail that takes one address off the list."""
    there = cast.project.recipients.first()
    made = there or reporting.add(
        cast.project, cast.lead, address="board@example.org", formats=["pdf"], now=timezone.now()
    )
    return reporting.stop_token(made)


def _note(cast: Cast, project: Project) -> int:
    """The id of an engineer's note in the project's first ticket."""
    return tickets.note(project.tickets.get(number=1), cast.engineer, "Half of it is done.").pk


def _statement(cast: Cast, project: Project) -> int:
    """The id of an engineer's statement in the report of the project's first week."""
    statements.state(project, "2026-W10", cast.engineer, "Half of it is done.")
    return project.statements.get(withdrawn_at=None).pk


def _ask(client: Client, method: str, url: str) -> HttpResponse:
    answer: HttpResponse = getattr(client, method)(url)
    return answer


def _verdict(answer: HttpResponse) -> str:
    if answer.status_code == 302 and urlsplit(answer.url).path == "/login/":
        return "sign in"
    return {403: "refused", 404: "not found", 405: "no such method"}.get(answer.status_code, "let in")


def _expected(route: Route, need: int | None, rank: int) -> str:
    if route.off:
        return "not found" if need is not None else "no such method"
    if need == OPEN:
        return "let in"
    if rank == OPEN and OPEN not in {route.get, route.post}:
        return "sign in"
    if need is None:
        return "no such method"
    return "let in" if rank >= need else "refused"
