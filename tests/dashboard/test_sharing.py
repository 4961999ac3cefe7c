"""Addresses without an account: each shows one thing, says where its number is from, and ends when it is told to."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard import badge
from dashboard.views import shared as view
from remediation import sharing
from remediation.models import AuditLine, Project, ShareLink
from tests import factories
from tests.core.histories import told
from tests.dashboard.cast import WORKING, Cast, errors, words

SETTINGS = "/p/atlas/settings/sharing/"
PATHS = {"badge": "badge.svg", "trend": "trend.svg", "report": "report/"}


@pytest.fixture
def cast(db: None, clean_redis: Any) -> Cast:
    return Cast.make()


def made(cast: Cast, shows: str, days: int = 30) -> str:
    """The path of a new address."""
    now = timezone.now()
    token = sharing.make(cast.project, cast.lead, shows=shows, name="Wiki", days=days, now=now)
    return f"/s/{token}/{PATHS[shows]}"


def said(answer: Any) -> str:
    """The words of an SVG that is well formed."""
    return " ".join(" ".join(ElementTree.fromstring(answer.content.decode()).itertext()).split())


def test_a_lead_makes_an_address_and_sees_it_once(cast: Cast) -> None:
    client = cast.client("lead")
    page = client.post(SETTINGS, {"shows": "badge", "name": "README", "days": "90"}).content.decode()
    address = re.search(r"http://testserver(/s/[\w-]{43}/badge\.svg)", page)
    assert address and f"![Collection errors](http://testserver{address[1]})" in page
    token = address[1].split("/")[2]
    again = client.get(SETTINGS)
    assert token not in again.content.decode() and "no-store" in again["Cache-Control"]
    assert "1 shared address" in words(again.content.decode())
    link = ShareLink.objects.get()
    assert token not in str(ShareLink.objects.values().get()) and (link.expires_at - link.made_at).days == 90
    line = AuditLine.objects.latest("pk")
    assert (line.verb, line.object, line.project) == ("shared", "badge for “README”", "atlas")
    assert said(Client().get(address[1])) == "collection errors: 3 errors, #1 collection errors 3 errors, #1"


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"shows": "badge", "name": " ", "days": "30"}, "This field is required."),
        ({"shows": "badge", "name": "\u202e", "days": "30"}, "Say where it will be used"),
        ({"shows": "everything", "name": "x", "days": "30"}, "Select a valid choice."),
        ({"shows": "badge", "name": "x", "days": "9999"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_an_address_is_refused(cast: Cast, sent: dict[str, str], says: str) -> None:
    answer = cast.client("lead").post(SETTINGS, sent)
    assert answer.status_code == 422 and says in words(answer.content.decode())
    assert not ShareLink.objects.exists()


def test_there_is_an_end_to_how_many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST", 1)
    made(cast, "badge")
    answer = cast.client("lead").post(SETTINGS, {"shows": "badge", "name": "x", "days": "30"})
    assert answer.status_code == 422 and "A project has 1 addresses at most." in words(answer.content.decode())


def test_each_address_shows_its_one_thing_and_no_other(cast: Cast) -> None:
    for shows in PATHS:
        token = made(cast, shows).split("/")[2]
        answers = {other: Client().get(f"/s/{token}/{path}").status_code for other, path in PATHS.items()}
        assert answers == {other: 200 if other == shows else 404 for other in PATHS}


def test_revoked_expired_and_deleted_are_nothing(cast: Cast) -> None:
    path = made(cast, "badge")
    link = ShareLink.objects.get()
    client = cast.client("lead")
    assert client.post(f"{SETTINGS}{link.pk}/revoke/").url == SETTINGS
    assert Client().get(path).status_code == 404
    again = client.post(f"{SETTINGS}{link.pk}/revoke/", follow=True)
    assert "That address holds no more." in words(again.content.decode())
    assert "revoked" in words(client.get(SETTINGS).content.decode())
    assert list(AuditLine.objects.filter(verb="revoked").values_list("object", flat=True)) == ["badge for “Wiki”"]
    path = made(cast, "badge")
    later = timezone.now() - timedelta(days=31)
    ShareLink.objects.filter(revoked_at=None).update(made_at=later, expires_at=later + timedelta(days=30))
    assert Client().get(path).status_code == 404
    assert "expired" in words(client.get(SETTINGS).content.decode())


def test_another_projects_address_cannot_be_revoked(cast: Cast) -> None:
    path = made(cast, "badge")
    link = ShareLink.objects.get()
    cast.client("stranger").post(f"/p/borealis/settings/sharing/{link.pk}/revoke/")
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 500, "%00", "' or 1=1--"])
def test_an_unknown_token_is_nothing_and_is_not_logged(
    cast: Cast, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for path in PATHS.values():
            assert Client().get(f"/s/{token}/{path}").status_code == 404
    assert caplog.text == ""


def test_a_secret_address_is_in_no_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    path = made(cast, "badge")
    with caplog.at_level(logging.INFO):
        assert Client(enforce_csrf_checks=True).post(path).status_code == 405
        ShareLink.objects.update(revoked_at=timezone.now())
        assert Client().get(path).status_code == 404
    assert path.split("/")[2] not in caplog.text


def test_what_is_shown_acts_on_nothing_and_is_kept_shortly(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(name="<script>alert(1)</script>&")
    for shows in PATHS:
        path = made(cast, shows)
        answer = Client().get(path)
        assert (
            "sandbox" in answer["Content-Security-Policy"] and "default-src 'none'" in answer["Content-Security-Policy"]
        )
        assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("public, max-age=60", "nosniff")
        assert answer["Referrer-Policy"] == "no-referrer" and "Set-Cookie" not in answer.headers
        text = answer.content.decode()
        assert "<script" not in text and not re.search(r"(?:src|href)=", text)
        assert ("image/svg+xml" in answer["Content-Type"]) == (shows != "report")


def test_what_did_not_change_is_not_sent_again(cast: Cast) -> None:
    path = made(cast, "badge")
    first = Client().get(path)
    again = Client().get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING)
    assert "1 error, #2" in said(Client().get(path, headers={"If-None-Match": first["ETag"]}))


def test_unknown_is_not_zero_without_an_account_either(cast: Cast) -> None:
    paths = {shows: made(cast, shows) for shows in PATHS}
    factories.blocked_pass(cast.project, 2)
    assert "not counted, 3 errors at #1" in said(Client().get(paths["badge"]))
    assert "atlas: not counted, 3 errors at #1" in said(Client().get(paths["trend"]))
    assert "#2 blocked" in words(Client().get(paths["report"]).content.decode())
    empty = factories.project("empty")
    token = sharing.make(empty, cast.lead, shows="trend", name="x", days=30, now=timezone.now())
    assert said(Client().get(f"/s/{token}/trend.svg")) == "collection errors: not counted collection errors not counted"


@pytest.mark.parametrize(
    ("totals", "stale", "says"),
    [
        ((), False, "not counted"),
        (("blocked",), False, "not counted"),
        ((15,), False, "15 errors, #1"),
        ((1,), True, "1 error, #1, stale"),
        ((15, 0), False, "0 errors, #2"),
        ((1500, "failed", "blocked"), True, "not counted, 1,500 errors at #1"),
    ],
)
def test_a_badge_says_where_its_number_is_from(totals: tuple[int | str, ...], stale: bool, says: str) -> None:
    assert badge.words(told(*totals), stale=stale) == says


def test_the_shared_report_is_the_one_of_the_last_pass(cast: Cast) -> None:
    text = words(Client().get(made(cast, "report")).content.decode())
    assert "Week 2026-W10" in text and "3 collection errors at the first counted pass" in text


def test_too_many_calls_wait_for_the_next_minute(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PER_MINUTE", 2)
    path = made(cast, "badge")
    assert [Client().get(path).status_code for _ in range(3)] == [200, 200, 429]
    assert Client().get(made(cast, "badge")).status_code == 200  # another address has its own minute


def test_it_stays_cheap_and_its_use_is_written_once_an_hour(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    path = made(cast, "badge")
    Client().get(path)
    assert ShareLink.objects.get().used_at is not None
    with django_assert_num_queries(3):  # the address, the project and its passes, whose counts are known by now
        Client().get(path)


def test_members_read_and_only_leads_see_buttons(cast: Cast) -> None:
    made(cast, "badge")
    text = cast.client("viewer").get(SETTINGS).content.decode()
    assert "Wiki" in text and "Revoke" not in text and "Make the address" not in text
    assert "Revoke Wiki" in cast.client("lead").get(SETTINGS).content.decode()
