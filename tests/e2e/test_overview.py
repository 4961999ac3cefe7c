"""The overview and the portfolio in a browser: one category alone, what runs, the line to zero, and keys."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from remediation import passes
from remediation.models import CollectionPass
from tests import factories
from tests.dashboard.cast import WORKING, Cast
from tests.e2e.conftest import Visit

SHIFTS = """window.shifted = 0;
new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) window.shifted += e.value; }))
    .observe({type: "layout-shift", buffered: true});"""
POLL = "htmx.ajax('GET', document.querySelector('#live').getAttribute('hx-get'), {target: '#live', swap: 'outerHTML'})"


def test_a_category_is_chosen_by_mouse_and_left_by_key(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer")
    page = visitor.overview()
    page.evaluate("window.kept = true")
    page.locator(".cats").get_by_role("link", name="Test infrastructure").click()
    expect(page.locator(".plot-title")).to_contain_text("Test infrastructure")
    expect(page.locator(".cats tr.on")).to_have_count(1)
    assert "category=" in page.url
    page.wait_for_selector("#plot.plotted", timeout=30_000)
    page.keyboard.press("0")
    expect(page.locator(".plot-title")).to_contain_text("by category")
    assert "category=" not in page.url
    page.keyboard.press("1")
    expect(page.locator(".cats tr.on")).to_have_count(1)
    page.go_back()
    expect(page.locator(".cats tr.on")).to_have_count(0)
    assert visitor.said == []


def test_a_category_works_without_javascript(visit: Visit, cast: Cast) -> None:
    page = visit("viewer", javascript=False).go("/p/atlas/")
    page.locator(".cats").get_by_role("link", name="Test infrastructure").click()
    expect(page.locator(".plot-title")).to_contain_text("Test infrastructure")
    page.locator(".cats tfoot").get_by_role("link", name="All").click()
    expect(page.locator(".plot-title")).to_contain_text("by category")


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_when_a_pass_starts_by_itself(visit: Visit, cast: Cast, width: int) -> None:
    visitor = visit("engineer", width=width)
    visitor.page.add_init_script(SHIFTS)
    page = visitor.overview()
    top = page.locator("#plot").bounding_box()
    queued = passes.queue(cast.project, trigger="schedule")
    page.evaluate(POLL)
    expect(page.locator("#live")).to_contain_text("Pass #10 waits for a worker")
    passes.claim(queued.pk)
    CollectionPass.objects.filter(pk=queued.pk).update(stage="collect", files_reached=1_268, errors_so_far=1_061)
    page.evaluate(POLL)
    expect(page.locator("#live")).to_contain_text("1,061 errors so far")
    assert page.locator("#plot").bounding_box() == top
    assert page.evaluate("window.shifted") < 0.02


def test_nothing_is_painted_where_a_later_part_of_the_page_pushes_it_away(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer", width=390)

    def first_half(route: Route) -> None:
        whole = route.fetch()
        route.fulfill(response=whole, body=whole.text().partition('<section class="split"')[0])

    visitor.page.route("**/p/atlas/", first_half)
    page = visitor.go("/p/atlas/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("aside.pass")).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator("aside.pass")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    page.unroute("**/p/atlas/")
    expect(visitor.overview().locator("aside.pass")).to_be_visible()


def test_a_first_pass_takes_the_place_of_nothing(visit: Visit, cast: Cast) -> None:
    project = factories.project("zephyr")
    visitor = visit("admin")
    page = visitor.go("/p/zephyr/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing counted yet")
    passes.queue(project, trigger="schedule")
    page.evaluate(POLL)
    expect(page.get_by_role("heading", level=1, name="Counting for the first time")).to_be_visible()
    expect(page.get_by_role("heading", level=1, name="Nothing counted yet")).to_be_hidden()


def line(page: Page) -> list[str]:
    return list(
        page.evaluate(
            "['.zero-line path', '.zero-dot'].map(s => getComputedStyle(document.querySelector(s)).animationName)"
        )
    )


def test_the_line_to_zero_draws_itself_and_stands_still_where_motion_is_unwanted(visit: Visit, cast: Cast) -> None:
    start = timezone.now() - timedelta(days=20)
    factories.counted_pass(cast.other, None, [], WORKING | {"tests/test_c.py": 2}, at=start)
    visitor = visit("admin")
    page = visitor.go("/p/borealis/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Zero collection errors, at pass #2.")
    assert line(page) == ["none", "none"]
    page.emulate_media(reduced_motion="no-preference")
    assert line(page) == ["down", "arrive"]
    assert visitor.said == []


def test_a_decision_is_taken_with_two_keys(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer")
    page = visitor.overview()
    page.keyboard.press("j")
    label = page.locator("li:focus-within .m").first.text_content() or ""
    page.keyboard.press("c")
    expect(page.get_by_text("It closes when a pass no longer sees it.")).to_be_visible()
    assert cast.project.tickets.filter(claimed_by=cast.engineer).count() == 1
    assert page.url.endswith("/p/atlas/"), label


def test_the_portfolio_is_walked_and_opened_by_keys(visit: Visit, cast: Cast) -> None:
    visitor = visit("admin")
    page = visitor.go("/")
    names = page.locator("[data-row]").all_text_contents()
    assert len(names) == 2
    for key, place in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == names[place]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/p/{names[0]}/")
    assert visitor.said == []


def test_large_counts_and_a_changed_scope_fit_the_narrowest_phone(visit: Visit, cast: Cast) -> None:
    broken = [factories.missing_module(f"tests/core/test_{i:04}.py") for i in range(1_200)]
    marks = [factories.unknown_marker(f"tests/load/test_{i:04}.py") for i in range(1_100)]
    factories.counted_pass(cast.other, None, [*broken, *marks], at=timezone.now() - timedelta(days=2))
    session = dataclasses.replace(factories.SESSION, python="3.13.0")
    visitor = visit("viewer", width=320)
    stranger = visit("stranger", width=320)
    factories.counted_pass(cast.project, None, broken[:20], session=session)
    for browser, path in ((visitor, "/p/atlas/"), (stranger, "/p/borealis/")):
        assert browser.go(path).evaluate("document.documentElement.scrollWidth") == 320, path
