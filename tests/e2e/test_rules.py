"""Rules and schedule in a real browser: by pointer, by keyboard, while typing, and without JavaScript."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit

RULES = "/p/atlas/rules/"


def _order(page: Any) -> list[str]:
    found: list[str] = page.locator(".rules > li > details").evaluate_all("rows => rows.map(row => row.id)")
    return found


def test_a_rule_is_dragged_and_the_server_draws_what_came_of_it(visit: Visit) -> None:
    visitor = visit("lead")
    page = visitor.go(RULES)
    before = _order(page)
    handle = page.locator(".rules > li").nth(3).locator(".handle").bounding_box()
    target = page.locator(".rules > li").nth(0).bounding_box()
    page.mouse.move(handle["x"] + 6, handle["y"] + 14)
    page.mouse.down()
    page.mouse.move(target["x"] + 40, target["y"] + 4, steps=15)
    page.mouse.up()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    assert _order(page) == [before[3], *before[:3], *before[4:]]
    expect(
        page.locator(f"#{before[3]}").locator("xpath=..").get_by_role("button", name="Move rule 1 up")
    ).to_be_visible()
    assert visitor.said == []


def test_the_buttons_do_the_same_and_keep_the_focus_and_what_is_open(visit: Visit) -> None:
    page = visit("lead").go(RULES)
    before = _order(page)
    page.locator("#rule-1 > summary").click()
    page.locator("#down-1").focus()
    for place in (1, 2):
        page.keyboard.press("Enter")
        expect(page.locator(".rules > li").nth(place).locator("details")).to_have_id("rule-1")
        expect(page.locator("#down-1")).to_be_focused()
        expect(page.locator("#rule-1")).to_have_attribute("open", "")
    assert _order(page)[:3] == [before[1], before[2], before[0]]


def test_while_one_types_the_preview_follows_and_nothing_is_stored(visit: Visit, cast: Cast) -> None:
    visitor = visit("lead")
    page = visitor.go(RULES)
    page.locator("#rule-1 > summary").click()
    field = page.locator("#rule-1 [name=message_regex]")
    field.fill("(open")
    expect(page.locator("#error-1")).to_contain_text("Rule 1: missing )")
    page.locator("#rule-1 [name=kind]").select_option("")
    field.fill("No module")
    expect(page.locator("#preview")).to_contain_text("Rule 1 matches")
    expect(page.locator("#error-1")).not_to_contain_text("missing )")
    expect(field).to_be_focused()
    cast.project.refresh_from_db()
    assert cast.project.rules_version == 1 and visitor.said == []


def test_without_javascript_rules_are_moved_tried_and_saved(visit: Visit, cast: Cast) -> None:
    page = visit("lead", javascript=False).go(RULES)
    page.locator("#down-1").click()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.get_by_role("button", name="Preview", exact=True).last.click()
    page.get_by_role("button", name="Save rules").click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    cast.project.refresh_from_db()
    assert cast.project.rules.get(version=2, order=2).kind == cast.project.rules.get(version=1, order=1).kind


def test_a_rhythm_is_chosen_and_its_next_times_are_seen_at_once(visit: Visit, cast: Cast) -> None:
    visitor = visit("lead", width=390)
    page = visitor.go("/p/atlas/settings/schedule/")
    page.get_by_label("Every Monday at 06:00").check()
    page.get_by_label("Time zone").fill("Europe/Berlin")
    expect(page.locator("#due li")).to_have_count(5)
    expect(page.locator("#due li").first).to_contain_text("06:00 Europe/Berlin")
    expect(page.get_by_label("Cron expression", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Save schedule").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("06:00 Europe/Berlin")
    assert visitor.said == []
