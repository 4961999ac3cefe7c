"""Who may ask the API what: every operation of its description by every kind of token, and none that is not listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from dashboard.api import schema
from remediation import deletion, people
from remediation.models import ApiToken, Membership
from tests import factories
from tests.dashboard.cast import Cast
from tests.dashboard.programs import V1, ask, made, row

RANK = {"read": 1, "trigger": 2, "write": 3}
ROLE = {"viewer": 1, "engineer": 2, "lead": 3, "admin": 3}
# What is sent to each operation so that it succeeds: the rest of the address, and the body of a POST.
SENT: dict[str, tuple[str, Any]] = {
    "list_projects": ("", None),
    "show_project": ("{slug}/", None),
    "list_passes": ("{slug}/passes/", None),
    "show_pass": ("{slug}/passes/1/", None),
    "queue_pass": ("{slug}/passes/", {}),
    "list_tickets": ("{slug}/tickets/", None),
    "show_ticket": ("{slug}/tickets/{key}-1/", None),
    "claim_ticket": ("{slug}/tickets/{key}-1/claim/", {}),
    "release_ticket": ("{slug}/tickets/{key}-2/release/", {}),
    "note_on_ticket": ("{slug}/tickets/{key}-1/notes/", {"text": "Half of it is done."}),
    "mark_fixed": ("{slug}/tickets/{key}-1/fixed/", {"commit": "e7710ab"}),
    "report_file": ("{slug}/reports/2026-W10.md", None),
}
OPERATIONS = {one.name: (method, one) for _, method, one in schema.operations()}


@pytest.fixture
def cast(db: None, clean_redis: Any) -> Cast:
    return Cast.make()


def test_every_operation_is_listed_here() -> None:
    assert set(SENT) == set(OPERATIONS)
    assert {one.name: one.scope for _, one in OPERATIONS.values() if one.scope != "read"} == {
        "queue_pass": "trigger",
        **dict.fromkeys(("claim_ticket", "release_ticket", "note_on_ticket", "mark_fixed"), "write"),
    }


def _send(cast: Cast, name: str, token: str | None, slug: str = "atlas", key: str = "ATL") -> Any:
    """The answer; what it changed is undone. ATL-2 is the owner's, so that it can be released."""
    rest, body = SENT[name]
    with transaction.atomic():
        if token is not None and (found := ApiToken.objects.filter(prefix=token[4:12]).first()):
            cast.project.tickets.filter(number=2).update(claimed_by=found.owner, claimed_at=timezone.now())
        answer = ask(token, V1 + rest.format(slug=slug, key=key), body)
        transaction.set_rollback(True)
    return answer


def test_a_token_reaches_what_its_scope_and_its_owner_both_reach(cast: Cast) -> None:
    found, wanted = {}, {}
    for role, rank in ROLE.items():
        for scope, reach in RANK.items():
            token = made(getattr(cast, role), scope, cast.project if scope == "write" else None)
            for name, (_, one) in OPERATIONS.items():
                case = (name, role, scope)
                found[case] = _send(cast, name, token).status_code
                allowed = reach >= RANK[one.scope] and rank >= min(RANK[one.scope], 2)
                wanted[case] = one.status if allowed else 403
    assert {case: status for case, status in found.items() if status != wanted[case]} == {}
    assert len(found) == 4 * 3 * len(SENT) and set(found.values()) >= {200, 201, 202, 403}


def _nobodys(cast: Cast) -> Iterator[tuple[str, str | None]]:
    """Tokens that let nobody in."""
    yield "none", None
    yield "empty", ""
    yield "wrong", "rtd_" + "a" * 8 + "_" + "b" * 32
    good = made(cast.admin, "write")
    yield "another secret", good[:-1] + ("x" if good[-1] != "x" else "y")
    yield "cut", good[:-1]
    expired, revoked, closed = (made(user, "write") for user in (cast.admin, cast.lead, cast.engineer))
    long_ago = timezone.now() - timedelta(days=31)
    ApiToken.objects.filter(pk=row(expired).pk).update(made_at=long_ago, expires_at=long_ago + timedelta(days=30))
    yield "expired", expired
    ApiToken.objects.filter(pk=row(revoked).pk).update(revoked_at=timezone.now())
    yield "revoked", revoked
    cast.engineer.is_active = False
    cast.engineer.save()
    yield "of a closed account", closed


def test_a_token_that_does_not_hold_lets_nobody_in(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.api.bearer.UNKNOWN_PER_MINUTE", 1_000)
    for case, token in _nobodys(cast):
        for name in SENT:
            answer = _send(cast, name, token)
            assert (answer.status_code, answer["WWW-Authenticate"][:6]) == (401, "Bearer"), (case, name)
            assert answer["Content-Type"] == "application/problem+json"


def test_a_session_alone_is_no_token(cast: Cast) -> None:
    """So no other site can use it, and no form needs a token against that."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    assert client.get(f"{V1}atlas/").status_code == 401
    assert client.post(f"{V1}atlas/passes/", "{}", content_type="application/json").status_code == 401
    assert client.get("/p/atlas/").status_code == 200


def _strangers(cast: Cast) -> Iterator[tuple[str, str]]:
    """Tokens that hold, but reach nothing of our project."""
    yield "of another project's lead", made(cast.stranger, "write")
    Membership.objects.create(project=cast.other, user=cast.lead, role="lead")
    yield "for another project of its owner's", made(cast.lead, "write", cast.other)
    yield "for another project, an administrator's", made(cast.admin, "write", cast.other)
    removed = made(cast.engineer, "write"), made(cast.engineer, "write", cast.project)
    people.remove(cast.project.memberships.get(user=cast.engineer), cast.lead)
    yield "of a member who was removed", removed[0]
    yield "for this project, of a member who was removed", removed[1]


def test_what_a_token_does_not_reach_is_answered_as_what_does_not_exist(cast: Cast) -> None:
    missing = _send(cast, "show_project", made(cast.viewer), slug="no-such-project")
    for case, token in _strangers(cast):
        for name in SENT:
            if name == "list_projects":
                slugs = [project["slug"] for project in _send(cast, name, token).json()["projects"]]
                assert "atlas" not in slugs, case
                continue
            foreign = _send(cast, name, token)
            assert (foreign.status_code, foreign.content) == (404, missing.content), (case, name)
    nowhere = ask(token, "/api/v1/no/such/address")
    assert (nowhere.status_code, nowhere.content) == (404, missing.content)


def test_what_its_owner_may_no_longer_do_it_may_not_do_at_once(cast: Cast) -> None:
    token = made(cast.engineer, "write")
    assert _send(cast, "claim_ticket", token).status_code == 200
    cast.project.memberships.filter(user=cast.engineer).update(role="viewer")
    refused = _send(cast, "claim_ticket", token)
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "Your role in atlas is viewer. This needs an engineer.",
    )
    assert _send(cast, "show_ticket", token).status_code == 200
    cast.project.memberships.filter(user=cast.engineer).delete()
    assert _send(cast, "show_ticket", token).status_code == 404


def test_an_account_that_is_closed_has_no_tokens_when_it_is_opened_again(cast: Cast) -> None:
    token = made(cast.engineer)
    people.deactivate(cast.engineer, cast.admin)
    assert _send(cast, "list_projects", token).status_code == 401
    people.activate(cast.engineer)
    assert _send(cast, "list_projects", token).status_code == 401
    assert row(token).revoked_by == cast.admin


def test_a_project_that_is_deleted_takes_its_tokens_along(cast: Cast) -> None:
    bound, free = made(cast.admin, "write", cast.project), made(cast.admin, "write")
    deletion.delete(cast.project, "atlas", cast.admin)
    assert _send(cast, "show_project", bound).status_code == 401
    assert _send(cast, "show_project", free).status_code == 404
    again = factories.project("atlas")
    assert again.slug == "atlas" and _send(cast, "show_project", bound).status_code == 401
    assert deletion.remove(cast.project.pk, seconds=60) and not ApiToken.objects.filter(project__isnull=False).exists()


def test_control_a_check_that_is_forgotten_would_be_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Membership.objects.create(project=cast.other, user=cast.lead, role="lead")
    low, bound = made(cast.engineer), made(cast.lead, "read", cast.other)
    assert [_send(cast, "claim_ticket", low).status_code, _send(cast, "show_project", bound).status_code] == [403, 404]
    monkeypatch.setattr("dashboard.access.may_call", lambda token, scope: None)
    monkeypatch.setattr("dashboard.access.reached_by", lambda token, slug: token.owner)
    assert [_send(cast, "claim_ticket", low).status_code, _send(cast, "show_project", bound).status_code] == [200, 200]
