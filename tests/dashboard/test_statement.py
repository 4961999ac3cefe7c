"""Stating solution and business value, and two people who do it at once."""

from __future__ import annotations

import pytest
from django.test import Client

from remediation import projections, tickets
from remediation.tickets import Statement
from tests import factories
from tests.dashboard.cast import WORKING, Cast, words

PAGE = "/p/atlas/t/ATL-1/"
URL = PAGE + "statement/"
EMPTY = Statement().mark


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _said(cast: Cast) -> tuple[str, str]:
    return cast.ticket().solution, cast.ticket().business_value


def test_it_is_shown_as_stated_and_the_history_says_what_changed(cast: Cast) -> None:
    data = {"solution": "Import from core.\r\nNo new module.", "business_value": "Releases go out again", "read": EMPTY}
    answer = cast.client("engineer").post(URL, data, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    text = words(answer.content.decode())
    assert "Releases go out again stated, not measured" in text
    assert "Mei Lin stated the solution and the business value" in text
    assert _said(cast) == ("Import from core.\nNo new module.", "Releases go out again")
    read = Statement.of(cast.ticket()).mark
    cast.client("lead").post(URL, {"solution": "Import from core.", "business_value": "", "read": read})
    text = words(cast.client("viewer").get(PAGE).content.decode())
    assert "Ines Duarte changed the solution and took back the business value" in text
    assert "Business value before: Releases go out again" in text
    line = cast.ticket().transitions.first()
    assert line.data["solution"] == {"before": "Import from core.\nNo new module.", "after": "Import from core."}
    projections.rebuild(cast.project)
    assert _said(cast) == ("Import from core.", "")


def test_who_comes_second_gets_both_texts_and_may_save_the_own(cast: Cast) -> None:
    first, second = cast.client("engineer"), cast.client("lead")
    first.post(URL, {"solution": "Theirs", "read": EMPTY})
    answer = second.post(URL, {"solution": "Mine", "business_value": "Also mine", "read": EMPTY})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mei Lin changed this 0 seconds ago." in page and '<dd class="said">Theirs <' in page
    assert "Mine</textarea>" in page and "Also mine</textarea>" in page
    assert _said(cast) == ("Theirs", "")
    assert cast.ticket().transitions.filter(verb="stated").count() == 1
    renewed = Statement.of(cast.ticket()).mark
    assert f'name="read" value="{renewed}"' in page
    assert second.post(URL, {"solution": "Mine", "business_value": "Also mine", "read": renewed}).status_code == 302
    assert _said(cast) == ("Mine", "Also mine")
    assert cast.ticket().transitions.first().data["solution"]["before"] == "Theirs"


def test_the_same_text_is_no_conflict_and_writes_no_line(cast: Cast) -> None:
    for role in ("engineer", "lead"):
        assert cast.client(role).post(URL, {"solution": "Same", "read": EMPTY}).status_code == 302
    assert cast.ticket().transitions.filter(verb="stated").count() == 1


def test_without_what_was_read_nothing_is_overwritten(cast: Cast) -> None:
    tickets.state(cast.ticket(), cast.lead, Statement("Theirs"), EMPTY)
    for read in ("", "x", "0" * 16):
        assert cast.client("engineer").post(URL, {"solution": "Mine", "read": read}).status_code == 409
    assert _said(cast) == ("Theirs", "")


def test_a_text_that_is_too_long_is_refused_beside_its_field_and_kept(cast: Cast) -> None:
    data = {"solution": "short", "business_value": "v" * 2_001, "read": EMPTY}
    answer = cast.client("engineer").post(URL, data)
    page = answer.content.decode()
    assert answer.status_code == 422 and "At most 2,000 characters; this has 2,001." in page
    assert "v" * 2_001 in page and _said(cast) == ("", "")
    assert cast.client("engineer").post(URL, data | {"business_value": "v" * 2_000}).status_code == 302


def test_a_verified_ticket_is_stated_too_and_the_report_quotes_it(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [], WORKING)
    data = {"solution": "The <b>module</b> is back", "business_value": "Nightly runs", "read": EMPTY}
    assert cast.client("engineer").post(URL, data).status_code == 302
    text = words(cast.client("viewer").get("/p/atlas/reports/2026-W10/").content.decode())
    assert "The <b>module</b> is back stated, not measured" in text and "Nightly runs stated, not measured" in text


def test_a_leads_word_on_a_category_stands_in_the_report(cast: Cast) -> None:
    category = cast.ticket().category
    name = f"c{category.pk}-"
    data = {f"{name}name": category.name, f"{name}slot": category.slot, f"{name}business_impact": "No release goes out"}
    url = f"/p/atlas/rules/categories/{category.pk}/"
    assert cast.client("engineer").post(url, {"do": "save", **data}).status_code == 403
    cast.client("lead").post(url, {"do": "save", **data})
    text = words(cast.client("viewer").get("/p/atlas/reports/2026-W10/").content.decode())
    assert "No release goes out stated, not measured" in text


def test_who_may_not(cast: Cast) -> None:
    data = {"solution": "x", "read": EMPTY}
    for role, status in (("viewer", 403), ("stranger", 404)):
        assert cast.client(role).post(URL, data).status_code == status
    assert 'id="statement"' not in cast.client("viewer").get(PAGE).content.decode()
    assert Client().post(URL, data).url.startswith("/login/")
    assert cast.client("engineer").post("/p/atlas/t/ATL-99/statement/", data).status_code == 404
    assert cast.client("engineer").get(URL).status_code == 405
    assert _said(cast) == ("", "")
