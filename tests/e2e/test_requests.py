"""What a person sees when a request takes long, fails, comes too late or finds them signed out."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from remediation import tickets
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_journeys import PASSWORD

LIST = "/p/atlas/tickets/"
VERIFIED = re.compile(r"tab=verified")


def cut(route: Route) -> None:
    """The server does not answer."""
    route.abort()


def broken(route: Route) -> None:
    """It answers that something broke."""
    route.fulfill(status=500, body="no")


def test_a_failed_request_says_so_and_leaves_the_page(visit: Visit) -> None:
    for then, said in ((cut, "The server does not answer."), (broken, "The server answered 500.")):
        page = visit("viewer").go(LIST)
        page.route(VERIFIED, then)
        page.locator("#tab-verified").click()
        expect(page.locator("#messages")).to_contain_text(f"{said} Nothing was changed.")
        expect(page.locator("#tab-open")).to_have_attribute("aria-current", "page")
        expect(page.locator("body.busy")).to_have_count(0)


def test_a_request_under_way_shows_a_bar_and_keeps_the_focus(visit: Visit) -> None:
    page = visit("viewer").go(LIST)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(VERIFIED, hold)
    page.locator("#tab-verified").focus()
    page.keyboard.press("Enter")
    expect(page.locator("body.busy")).to_have_count(1)
    expect(page.locator("#list")).to_contain_text("ATL-1")  # what is there stays
    held[0].continue_()
    expect(page.locator("#tab-verified")).to_have_attribute("aria-current", "page")
    expect(page.locator("#tab-verified")).to_be_focused()
    expect(page.locator("body.busy")).to_have_count(0)


def test_signed_out_by_time_comes_back_to_the_same_page(visit: Visit) -> None:
    visitor = visit("engineer")
    page = visitor.go(LIST + "?tab=all")
    page.context.clear_cookies()
    page.locator("#tab-verified").click()
    page.wait_for_url(re.compile(r"/login/\?next="))
    page.get_by_label("Name").fill("mei.lin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{visitor.base}{LIST}?tab=all")


def test_who_claims_too_late_is_told_who_was_first(visit: Visit, cast: Cast) -> None:
    page = visit("engineer").go(LIST)
    tickets.claim(cast.ticket(), cast.lead)
    page.get_by_role("button", name="Claim ATL-1", exact=True).click()
    expect(page.get_by_text("Ines Duarte claimed it")).to_be_visible()
    expect(page.get_by_role("button", name="Claim ATL-1", exact=True)).to_have_count(0)
