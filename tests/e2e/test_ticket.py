"""What people do on the page of a ticket, in a real browser: by keys, with every form open, and two at once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from remediation import tickets
from remediation.tickets import Statement
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages import faults

PAGE = "/p/atlas/t/ATL-1/"


def _open_all(page: Page) -> int:
    summaries = page.locator("details.mark summary").all()
    for summary in summaries:
        summary.click()
    return len(summaries)


def test_every_form_is_accessible_when_open_and_fits_the_narrowest_phone(visit: Visit, cast: Cast) -> None:
    note = "Half is **done**:\n\n1. `registry.py`\n2. " + "x" * 300 + "\n\n```\n" + "y" * 300 + "\n```\n> rest"
    tickets.note(cast.ticket(), cast.engineer, note)
    tickets.state(cast.ticket(), cast.engineer, Statement("Import from " + "z" * 200, "Releases"), Statement().mark)
    for width, theme in ((1440, "light"), (320, "dark")):
        visitor = visit("lead", width=width, theme=theme)
        page = visitor.go(PAGE)
        assert _open_all(page) == 5
        assert faults(page, width) == []
        assert visitor.said == []


def test_a_lead_gives_it_states_and_notes_by_keys_and_hears_who_was_faster(visit: Visit, cast: Cast) -> None:
    page = visit("lead").go(PAGE)
    page.keyboard.press("a")
    page.get_by_label("Engineer or lead of atlas").select_option("Mei Lin")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator(".tl")).to_contain_text("Ines Duarte assigned it to Mei Lin")
    page.keyboard.press("n")
    page.keyboard.type("Half is **done**.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".note strong")).to_have_text("done")
    page.keyboard.press("e")
    page.get_by_label("Solution").fill("Mine")
    tickets.state(cast.ticket(), cast.engineer, Statement("Theirs"), Statement().mark)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".said").first).to_contain_text("Theirs")
    expect(page.get_by_label("Solution")).to_be_focused()
    expect(page.get_by_label("Solution")).to_have_value("Mine")
    page.get_by_role("button", name="Save mine").click()
    expect(page.locator(".said").first).to_contain_text("Mine")
