"""The ticket list in a real browser: by keys and by mouse, without JavaScript, as a board, and two people at once."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import expect

from remediation import saved_views, tickets
from tests import factories
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages import LOOKS, faults

LIST = "/p/atlas/tickets/"
WAYS = ["", "?view=board", "?tab=all&group=category", "?tab=verified", "?q=nothing", "?tab=mine", "?order=tests"]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_way_to_see_the_list_is_accessible(visit: Visit, cast: Cast, theme: str, width: int) -> None:
    saved_views.save(cast.engineer, cast.project, "Mine", "?tab=mine")
    visitor = visit("engineer", theme=theme, width=width)
    found = {}
    for query in WAYS:
        page = visitor.go(LIST + query)
        for opened in page.locator(".views summary").all():
            opened.click()
        if page.locator(".pick input").count():
            page.locator(".pick input").first.check()
        found[query] = faults(page, width)
    assert {query: problems for query, problems in found.items() if problems} == {}
    assert visitor.said == []


def test_nothing_scrolls_sideways_on_the_narrowest_phone(visit: Visit, cast: Cast) -> None:
    long = factories.missing_module("tests/test_long.py", "atlas." + "x" * 300)
    factories.counted_pass(cast.project, None, [long, *(factories.missing_name(f"tests/t{n}.py") for n in range(3))])
    saved_views.save(cast.engineer, cast.project, "w" * 40, "?tab=all")
    visitor = visit("engineer", width=320)
    for query in WAYS:
        page = visitor.go(LIST + query)
        for opened in page.locator(".views summary").all():
            opened.click()
            assert page.evaluate("document.documentElement.scrollWidth") == 320, query


def test_rows_are_selected_by_key_and_claimed_together_and_the_first_is_named(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer")
    page = visitor.go(LIST)
    bar = page.locator("#together")
    expect(bar).to_be_hidden()
    first, second = page.locator(".tickets .id span:first-child").all_inner_texts()[:2]
    for key in "jxjx":
        page.keyboard.press(key)
    expect(bar).to_be_visible()
    other = cast.project.tickets.select_related("project").get(number=int(second.split("-")[1]))
    tickets.claim(other, cast.lead)
    bar.get_by_role("button", name="Claim").click()
    expect(page.locator("#messages")).to_contain_text(f"1 claimed. {second} was claimed by Ines Duarte")
    expect(page.get_by_role("button", name=f"Release {first}", exact=True)).to_be_visible()
    assert visitor.said == []


def test_who_comes_second_is_told_in_the_row(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer")
    page = visitor.go(LIST)
    tickets.claim(cast.ticket(1), cast.lead)
    page.get_by_role("button", name="Claim ATL-1", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Ines Duarte claimed it")
    expect(page.locator("#own-1")).to_contain_text("Ines Duarte")
    expect(page.locator("#n-mine")).to_have_text("0")


def test_filters_change_the_address_and_back_goes_back(visit: Visit, cast: Cast) -> None:
    visitor = visit("viewer")
    page = visitor.go(LIST)
    rows = page.locator(".tickets .ti")
    whole = rows.count()
    page.get_by_label("Title, module or id").fill("atl-1")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(visitor.base + LIST + "?q=atl-1")
    assert page.evaluate("document.activeElement.id") == "q"
    page.get_by_label("Groups").select_option("By kind")
    expect(page).to_have_url(visitor.base + LIST + "?q=atl-1&group=kind")
    expect(page.locator(".group")).to_have_count(1)
    page.go_back()
    expect(page.locator(".group")).to_have_count(0)
    page.go_back()
    expect(rows).to_have_count(whole)
    page.locator(".chip.k1").first.click()
    expect(page.locator("#chip-all")).not_to_have_attribute("aria-current", "true")
    page.keyboard.press("0")
    expect(rows).to_have_count(whole)
    assert visitor.said == []


def test_a_view_is_kept_and_comes_back(visit: Visit, cast: Cast) -> None:
    visitor = visit("viewer")
    page = visitor.go(LIST + "?tab=all&order=newest")
    page.get_by_text("Save view").click()
    page.get_by_label("Name of this view, for you alone").fill("All, newest")
    page.get_by_role("button", name="Save", exact=True).click()
    page = visitor.go(LIST)
    page.get_by_role("link", name="All, newest").click()
    expect(page).to_have_url(visitor.base + LIST + "?tab=all&order=newest")
    expect(page.get_by_role("link", name="All, newest")).to_have_attribute("aria-current", "page")


def test_all_of_it_works_without_javascript(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer", javascript=False)
    page = visitor.go(LIST)
    for box in page.locator(".pick input").all()[:2]:
        box.check()
    page.locator("#together").get_by_role("button", name="Claim").click()
    expect(page.locator("#messages")).to_contain_text("2 claimed.")
    page.get_by_label("Groups").select_option("By category")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".group").first).to_be_visible()
    page.get_by_role("link", name="Board").click()
    claimed = page.get_by_role("region", name="Claimed")
    expect(claimed.locator("li")).to_have_count(2)
    claimed.get_by_role("button", name="Release").first.click()
    expect(page.get_by_role("region", name="Claimed").locator("li")).to_have_count(1)


def test_a_full_page_weighs_less_than_15_kilobytes(cast: Cast) -> None:
    many = [
        factories.missing_module(f"tests/area{n % 20}/test_of_something_{n}.py", f"atlas.area{n % 20}.part_{n % 90}")
        for n in range(900)
    ]
    factories.counted_pass(cast.project, None, many, written={error.path: 1 + hash(error.path) % 90 for error in many})
    for query in ("", "?group=directory", "?tab=all", "?view=board"):
        page = cast.client("lead").get(LIST + query).content
        assert len(gzip.compress(page)) <= 15_000, query
