"""The single keys: each is a visible control's, all are listed by "?", and they can be switched off."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages import PAGES, more

__all__ = ["more"]  # a fixture

LIST = "/p/atlas/tickets/"
SWITCH = "Single keys: "


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_two_keys_go_to_a_page_and_one_alone_goes_nowhere(visit: Visit) -> None:
    visitor = visit("engineer")
    page = visitor.go("/p/atlas/")
    for keys, path in (("gt", "tickets/"), ("gp", "passes/"), ("gr", "reports/"), ("gs", "settings/"), ("go", "")):
        page.keyboard.press(keys[0])
        page.keyboard.press(keys[1])
        page.wait_for_url(f"{visitor.base}/p/atlas/{path}")
    page.keyboard.press("t")
    page.keyboard.press("g")
    page.keyboard.press("z")
    page.keyboard.press("t")
    expect(page).to_have_url(f"{visitor.base}/p/atlas/")


def test_a_list_is_walked_and_its_row_is_claimed_and_opened(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer")
    page = visitor.go(LIST)
    titles = page.locator("[data-row]").all_text_contents()
    for key, place in (("j", 0), ("j", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        assert focused(page) == titles[place].strip()
    page.keyboard.press("j")
    label = page.locator("tr:focus-within .id span").first.text_content() or ""
    page.keyboard.press("c")
    expect(page.get_by_role("button", name=f"Release {label}", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/t/{label}/")


def test_without_a_row_in_focus_no_row_is_claimed(visit: Visit, cast: Cast) -> None:
    page = visit("engineer").go(LIST)
    page.keyboard.press("c")
    page.keyboard.press("j")
    assert focused(page)
    assert not cast.project.tickets.filter(claimed_by__isnull=False).exists()


def test_the_question_mark_lists_every_key_and_gives_the_focus_back(visit: Visit) -> None:
    page = visit("engineer").go(LIST)
    page.keyboard.press("j")
    before = focused(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys of this page")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    listed = dialog.locator("dt").all_text_contents()
    assert listed[:2] == ["jk", "Enter"]
    assert {"c", "gt", "go", "gp", "d", "?"} <= set(listed)
    assert len(listed) == len(set(listed))
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert focused(page) == before and page.url.endswith(LIST)


def test_keys_are_off_while_typing_and_with_modifiers(visit: Visit) -> None:
    page = visit("admin").go("/p/new/")
    page.locator("main input[type=text]").first.press_sequentially("good?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.locator("main input[type=text]").first.input_value() == "good?"
    page = visit("viewer").go(LIST)
    for modifier in ("Control", "Alt", "Meta"):
        page.keyboard.press(f"{modifier}+d")
    assert page.evaluate("document.documentElement.dataset.theme") is None
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_they_can_be_switched_off_and_stay_off(visit: Visit) -> None:
    page = visit("viewer").go(LIST)
    page.get_by_role("button", name="Keyboard ?").click()
    page.get_by_role("button", name=SWITCH + "on").click()
    page.get_by_role("button", name="Close").click()
    for _ in range(2):
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("d")
        assert page.evaluate("document.documentElement.dataset.theme") is None
        page.reload()
    page.get_by_role("button", name="Keyboard ?").click()
    page.get_by_role("button", name=SWITCH + "off").click()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_every_key_belongs_to_a_control_that_can_be_seen(visit: Visit, more: None) -> None:
    """Also with the keys that templates name but no page shows: such a key would be a secret."""
    visitor = visit("admin")
    shown: set[str] = set()
    nameless = []
    for name, path in PAGES.items():
        page = visitor.go(path)
        if page.locator("#together").count():
            page.locator("[name=ticket]").first.check()  # what is done to several tickets shows itself then
        for key, words, seen in page.evaluate(
            "Array.from(document.querySelectorAll('[data-key]'), e => [e.dataset.key,"
            " e.dataset.keyLabel || e.textContent.trim(), e.getClientRects().length > 0 && e.tabIndex >= 0])"
        ):
            shown |= {key} if seen else set()
            nameless += [] if words else [(name, key)]
        hidden = page.evaluate(
            "Array.from(document.querySelectorAll('main [data-key]')).filter(e => !e.getClientRects().length).length"
        )
        assert hidden == 0, f"{name}: a key without a control"
    assert nameless == []
    assert {"g o", "g t", "g p", "g r", "g s", "/", "d", "?", "c", "j", "y", "x", "1", "0"} <= shown
