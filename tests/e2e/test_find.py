"""The find field in a browser: results while typing, by keyboard alone, and as a page on a phone."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.test_pages import faults

TICKETS = "/p/atlas/tickets/"


def typed(page: Page, text: str) -> Page:
    """Type with the keyboard into the field of the header, and wait until what was found for all of it is shown."""
    page.keyboard.press("/")
    with page.expect_response(lambda answer: "/find/" in answer.url and quote(text) in answer.url):
        page.keyboard.type(text)
    # The answer is there before it is on the page; a key pressed in between would meet the list of before.
    expect(page.locator("#found")).to_be_visible()
    return page


def test_it_finds_while_one_types_and_enter_opens_what_the_arrows_chose(visit: Visit) -> None:
    visitor = visit("viewer")
    page = typed(visitor.go(TICKETS), "atlas.c")
    field, options = (
        page.get_by_role("combobox", name="Find ticket, module, pass"),
        page.locator("#found [role=option]"),
    )
    expect(field).to_have_attribute("aria-expanded", "true")
    assert options.count() > 2
    for key, place in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(options.nth(place)).to_have_attribute("aria-selected", "true")
        assert field.get_attribute("aria-activedescendant") == options.nth(place).get_attribute("id")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    address = options.first.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitor.base}{address}")
    assert visitor.said == []


def test_enter_alone_opens_what_was_named_or_the_page_of_all(visit: Visit) -> None:
    visitor = visit("viewer")
    page = typed(visitor.go(TICKETS), "atl-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/ATL-2/")
    typed(page, "registry")
    page.keyboard.press("Enter")
    page.wait_for_url("**/find/?in=atlas&q=registry")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/ATL-1/")


def test_escape_and_leaving_close_the_list_and_no_key_is_taken_while_typing(visit: Visit) -> None:
    page = typed(visit("viewer").go(TICKETS), "good")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    expect(page.locator("#find")).to_be_focused()
    assert page.locator("#find").input_value() == "good" and page.url.endswith(TICKETS)
    page.keyboard.press("Escape")
    expect(page.locator("#find")).not_to_be_focused()
    typed(page, "?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator("h1").click()
    expect(page.locator("#found")).to_be_hidden()


def test_the_open_list_and_the_menus_are_accessible(visit: Visit) -> None:
    """Without the page below: of a button that an open list half covers, half can be hit, and its page is tested."""
    for theme in ("light", "dark"):
        visitor = visit("admin", theme=theme)
        page = typed(visitor.go(TICKETS), "atlas")
        expect(page.locator("#found [role=option]").first).to_be_visible()
        assert faults(page, 1440, without="main") == []
        page.keyboard.press("Escape")
        for menu in ("#projects", "#me"):
            page.locator(f"{menu} > summary").click()
            if menu == "#projects":
                expect(page.locator("#projects").get_by_role("link", name="borealis")).to_be_visible()
            assert faults(page, 1440, without="main") == []
        page.keyboard.press("Escape")
        expect(page.locator("#me > summary")).to_be_focused()
        expect(page.locator("#me .pop")).to_be_hidden()
        assert visitor.said == []


def test_a_phone_has_a_page_for_it(visit: Visit) -> None:
    visitor = visit("viewer", width=390)
    page = visitor.go(TICKETS)
    page.get_by_role("link", name="Find", exact=True).click()
    page.get_by_label("Ticket, module, test file or pass").fill("registry")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="Tickets")).to_be_visible()
    assert faults(page, 390) == []
    assert visitor.said == []
