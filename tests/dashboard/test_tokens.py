"""Tokens of the API on the site: made and seen once, listed, revoked; and what each was last used for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from remediation import api_tokens
from remediation.models import ApiToken, AuditLine, Project, TokenUse
from tests.dashboard.cast import Cast, words
from tests.dashboard.programs import V1, ask, made, row

MINE, ALL = "/me/profile/tokens/", "/admin-area/tokens/"
NEW = {"name": "CI", "scope": "trigger", "project": "", "days": "90"}


@pytest.fixture
def cast(db: None, clean_redis: Any) -> Cast:
    return Cast.make()


def proved(cast: Cast, role: str) -> Client:
    """A browser whose person has just given their password once more."""
    client = cast.client(role)
    client.post("/login/again/", {"password": "pass-phrase-7"})
    return client


def test_it_is_made_after_the_password_once_more_and_shown_once(cast: Cast) -> None:
    client = cast.client("engineer")
    asked = client.post(MINE, {**NEW, "project": cast.project.pk})
    assert asked.url == "/login/again/?next=%2Fme%2Fprofile%2Ftokens%2F" and not ApiToken.objects.exists()
    page = client.post(asked.url, {"password": "pass-phrase-7", "next": MINE})
    assert page["Cache-Control"] and "no-store" in page["Cache-Control"]
    token = re.search(r'id="api-token">(rtd_[0-9a-z]{8}_[0-9A-Za-z]{32})<', page.content.decode())[1]  # type: ignore[index]
    kept = row(token)
    assert (kept.owner, kept.project, kept.scope, (kept.expires_at - kept.made_at).days) == (
        cast.engineer, cast.project, "trigger", 90,
    )  # fmt: skip
    assert token not in str(ApiToken.objects.values().get()) and token[13:] not in str(AuditLine.objects.values())
    again = client.get(MINE).content.decode()
    assert token not in again and "1 API token" in words(again) and f"rtd_{kept.prefix}…" in again
    assert "1 holds." in words(client.get("/me/profile/").content.decode())
    line = AuditLine.objects.latest("pk")
    assert (line.verb, line.object, line.project) == ("made", f"API token “CI” ({kept.prefix})", "atlas")
    assert ask(token, f"{V1}atlas/").status_code == 200


def test_what_cannot_be_a_token_is_refused(cast: Cast) -> None:
    client = proved(cast, "engineer")
    refused = [
        ("name", " ", "This field is required."),
        ("name", "\u202e", "Say where it will be used"),
        ("scope", "all", "Select a valid choice."),
        ("days", "9999", "Select a valid choice."),
        ("project", str(cast.other.pk), "Select a valid choice."),
    ]
    for field, value, says in refused:
        answer = client.post(MINE, {**NEW, field: value})
        assert answer.status_code == 422 and says in words(answer.content.decode()), field
    with pytest.raises(api_tokens.Refused, match="Choose one of your projects"):
        made(cast.engineer, "read", cast.other)
    assert not ApiToken.objects.exists()


def test_there_is_an_end_to_how_many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MOST", 1)
    made(cast.engineer)
    answer = proved(cast, "engineer").post(MINE, NEW)
    assert answer.status_code == 422 and "Revoke one first." in words(answer.content.decode())
    ApiToken.objects.update(revoked_at=timezone.now())
    assert proved(cast, "engineer").post(MINE, NEW).status_code == 200


def test_who_signs_in_elsewhere_has_no_password_to_give(cast: Cast) -> None:
    cast.engineer.set_unusable_password()
    cast.engineer.save()
    assert "shown this once" in words(cast.client("engineer").post(MINE, NEW).content.decode())


def test_revoking_says_what_it_breaks_and_is_at_once(cast: Cast) -> None:
    token = made(cast.engineer)
    ask(token, f"{V1}atlas/passes/?limit=2")
    ask(token, f"{V1}atlas/passes/", {})
    path, client = f"{MINE}{row(token).pk}/", cast.client("engineer")
    page = words(client.get(path).content.decode())
    assert "127.0.0.1 GET api-passes 200" in page and "127.0.0.1 POST api-passes 403" in page
    assert "What called from 127.0.0.1 is refused from then on" in page
    assert client.post(path).url == MINE
    assert ask(token, f"{V1}atlas/").status_code == 401
    line = AuditLine.objects.latest("pk")
    assert (line.verb, line.actor_id) == ("revoked", cast.engineer.pk) and "of mei.lin" in line.object
    again = client.post(path, follow=True)
    assert "CI holds no more." in words(again.content.decode()) and AuditLine.objects.latest("pk") == line
    assert "revoked" in words(client.get(MINE).content.decode())


def test_another_persons_token_is_not_there(cast: Cast) -> None:
    token = made(cast.engineer)
    for role in ("viewer", "lead", "admin"):
        client, path = cast.client(role), f"{MINE}{row(token).pk}/"
        assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)
        assert "No API tokens" in words(client.get(MINE).content.decode())
    assert cast.client("engineer").post(f"{MINE}{2**70}/").status_code == 404
    assert ask(token, f"{V1}atlas/").status_code == 200


def test_administrators_see_all_and_revoke_any(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tokens = [made(cast.engineer), made(cast.lead, "write", cast.project), made(cast.stranger)]
    client = cast.client("admin")
    page = words(client.get(ALL).content.decode())
    assert "3 API tokens hold" in page and "Tom Okafor" in page and "atlas" in page
    assert not any(token[13:] in page for token in tokens)
    assert "1 of the tokens matches" in words(client.get(f"{ALL}?q=okafor").content.decode())
    assert "1 of the tokens matches" in words(client.get(f"{ALL}?q={tokens[0][:12]}").content.decode())
    assert client.post(f"{ALL}{row(tokens[2]).pk}/").url == ALL
    assert ask(tokens[2], V1).status_code == 401 and row(tokens[2]).revoked_by == cast.admin
    with django_assert_num_queries(6):  # session and account; four of its own
        client.get(ALL)
    for _ in range(3):
        made(cast.viewer)
    with django_assert_num_queries(6):
        client.get(ALL)


def test_who_left_a_project_is_not_told_what_it_is_called_now(cast: Cast) -> None:
    kept = row(made(cast.engineer, "read", cast.project))
    cast.project.memberships.filter(user=cast.engineer).delete()
    Project.objects.filter(pk=cast.project.pk).update(name="A name they never knew")
    client = cast.client("engineer")
    for path in (MINE, f"{MINE}{kept.pk}/"):
        page = words(client.get(path).content.decode())
        assert "a project out of reach" in page and "A name they never knew" not in page
    assert "A name they never knew" in words(cast.client("admin").get(ALL).content.decode())


def test_uses_are_kept_once_a_minute_and_the_last_few(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "USES", 3)
    token, now = row(made(cast.engineer)), timezone.now().replace(second=0, microsecond=0)
    said = {"address": "", "method": "GET", "route": "api-passes"}
    for seconds, status in ((0, 200), (30, 404), (61, 404), (130, 200), (190, 200), (250, 200)):
        api_tokens.note_use(token, now=now + timedelta(seconds=seconds), status=status, **said)
    assert [use.status for use in TokenUse.objects.all()] == [200, 200, 200]
    token.refresh_from_db()
    assert token.used_at == now + timedelta(seconds=250)
    other = row(made(cast.engineer))
    api_tokens.note_use(other, now=now, status=200, **said)
    assert token.uses.count() == 3 and other.uses.count() == 1


def test_reading_is_no_line_of_the_audit_log_and_changing_names_the_token(cast: Cast) -> None:
    token = made(cast.engineer, "write")
    before = AuditLine.objects.count()
    for path in ("atlas/", "atlas/passes/", "atlas/tickets/ATL-1/"):
        assert ask(token, V1 + path).status_code == 200
    assert AuditLine.objects.count() == before
    assert ask(token, f"{V1}atlas/passes/", {}).status_code == 202
    line = AuditLine.objects.latest("pk")
    assert (line.actor_id, line.actor, line.address) == (
        cast.engineer.pk,
        "Mei Lin (mei.lin), token “CI”",
        "127.0.0.1",
    )
