"""The trend in a real browser: drawn by the server, then by Plotly, and readable by pointer and keys."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit

_SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) sum += e.value; }))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


def readout(page: Page) -> str:
    return " ".join(page.locator("#readout").inner_text().split())


def test_without_javascript_the_drawing_and_the_table_are_there(visit: Visit) -> None:
    page = visit("viewer", javascript=False).go("/p/atlas/")
    drawing = page.locator("#plot .drawing")
    expect(drawing).to_be_visible()
    said = drawing.text_content() or ""
    for words in ("47", "11", "#6 blocked, not counted", "Missing core modules", "added", "cleared"):
        assert words in said
    page.get_by_text("Show the numbers as a table").click()
    row = page.get_by_role("row").filter(has_text=re.compile(r"^#6"))
    expect(row).to_contain_text("blocked, not counted")
    assert not re.search(r"\b0\b", (row.text_content() or "").split("not counted")[1])


def test_plotly_takes_the_place_of_the_drawing_and_nothing_moves(visit: Visit) -> None:
    visitor = visit("viewer")
    page = visitor.overview()
    expect(page.locator("#plot .live svg.main-svg").first).to_be_visible()
    assert page.locator("#plot .drawing").evaluate("e => getComputedStyle(e).visibility") == "hidden"
    assert page.evaluate(_SHIFT) < 0.02
    assert visitor.said == []


def test_the_figure_has_no_value_in_the_gap(visit: Visit) -> None:
    page = visit("viewer").overview()
    traces = page.evaluate(
        "document.querySelector('#plot .live').data"
        ".map(t => ({group: t.stackgroup || null, gap: t.meta === 'gap', x: Array.from(t.x), y: Array.from(t.y)}))"
    )
    (gap,) = [trace for trace in traces if trace["gap"]]
    since, until = min(gap["x"]), max(gap["x"])
    stacked = [trace for trace in traces if trace["group"]]
    assert {trace["group"] for trace in stacked} == {"run 0", "run 2"}
    for trace in stacked:
        assert None not in trace["y"]
        assert max(trace["x"]) <= since or min(trace["x"]) >= until


def test_keys_read_pass_by_pass_and_enter_opens_it(visit: Visit) -> None:
    visitor = visit("viewer")
    page = visitor.overview()
    at_rest = readout(page)
    assert "Point at a pass" in at_rest
    page.locator("#plot").focus()
    page.keyboard.press("End")
    assert re.match(r"#9 .* 11 errors Missing core modules \d+ ", readout(page))
    assert "+2 regressed" in readout(page)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert "#6" in readout(page) and "blocked, not counted" in readout(page)
    assert not re.search(r"\d+ error", readout(page)), "a pass that was not counted has no number to read"
    page.keyboard.press("Home")
    assert readout(page).startswith("#1 ")
    page.keyboard.press("ArrowRight")
    assert readout(page).startswith("#2 ")
    page.keyboard.press("Escape")
    assert readout(page) == at_rest
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/atlas/passes/9/")
    assert visitor.said == []


def test_pointing_reads_the_nearest_pass_and_a_click_opens_it(visit: Visit) -> None:
    page = visit("viewer").overview()
    box = page.locator("#plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + 200)
    assert readout(page).startswith(("#9 ", "#8 "))
    cursor = page.locator("#plot .cursor")
    expect(cursor).to_be_visible()
    page.mouse.move(box["x"] + 300, 5)
    expect(cursor).to_be_hidden()
    page.mouse.click(box["x"] + box["width"] - 45, box["y"] + 200)
    page.wait_for_url("**/p/atlas/passes/9/")


def test_if_plotly_never_comes_the_drawing_stays_and_can_be_read(visit: Visit) -> None:
    visitor = visit("viewer")
    visitor.page.route("**/plotly.min.js", lambda route: route.abort())
    page = visitor.go("/p/atlas/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#plot .drawing")).to_be_visible()
    page.locator("#plot").focus()
    page.keyboard.press("End")
    assert "11 errors" in readout(page)


def test_the_toggle_changes_the_colours_and_is_remembered_without_a_flash(visit: Visit) -> None:
    visitor = visit("viewer")
    page = visitor.overview()

    def colour() -> str:
        return page.evaluate("document.querySelector('#plot .live').data.find(t => t.name === 'Total').line.color")

    light = colour()
    page.get_by_role("button", name="Switch colour theme").click()
    page.wait_for_function("before => document.querySelector('#plot .live').data"
                           ".find(t => t.name === 'Total').line.color !== before", arg=light)  # fmt: skip
    page = visitor.go("/p/atlas/passes/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 19)"
    assert visitor.said == []


def test_a_phone_gets_a_narrow_plot_in_its_box(visit: Visit) -> None:
    page = visit("viewer", width=390).overview()
    box = page.locator("#plot").bounding_box()
    inner = page.locator("#plot .live svg.main-svg").first.bounding_box()
    assert box is not None and inner is not None
    assert round(box["height"]) == round(inner["height"]) == 330
    assert inner["x"] >= 0 and inner["x"] + inner["width"] <= 390
    names = page.evaluate("document.querySelector('#plot .live').layout.annotations.map(a => a.text)")
    assert "added" not in names and "47" not in names


@pytest.mark.parametrize("javascript", [True, False])
def test_the_range_and_a_category_are_links_that_work_without_javascript(visit: Visit, javascript: bool) -> None:
    visitor = visit("viewer", javascript=javascript)
    page = visitor.go("/p/atlas/")
    page.get_by_role("link", name="4 weeks").click()
    page.wait_for_url("**/p/atlas/?range=4w")
    expect(page.get_by_role("link", name="4 weeks")).to_have_attribute("aria-current", "true")
    expect(page.locator("#plot")).to_have_attribute("data-trend", "/p/atlas/trend.json?range=4w")
    page.locator("table.cats tbody a").first.click()
    page.wait_for_url("**category=*")
    expect(page.locator(".plot-title")).to_contain_text("Missing core modules")
    page.get_by_role("link", name="All categories").first.click()
    page.wait_for_url("**/p/atlas/?range=4w")
    assert visitor.said == []


def test_patterns_are_chosen_once_and_kept(visit: Visit) -> None:
    visitor = visit("viewer")
    page = visitor.overview()
    shapes = (
        "document.querySelector('#plot .live').data.filter(t => t.stackgroup).map(t => (t.fillpattern || {}).shape)"
    )
    assert set(page.evaluate(shapes)) == {None}
    page.get_by_role("button", name="Patterns").click()
    page.wait_for_function(f"() => {shapes}.includes('/')")
    page = visitor.overview()
    assert page.get_by_role("button", name="Patterns").get_attribute("aria-pressed") == "true"
    assert "/" in page.evaluate(shapes)
    assert visitor.said == []


def test_on_paper_the_drawing_stands_with_its_patterns(visit: Visit) -> None:
    page = visit("viewer").overview()
    page.emulate_media(media="print")
    assert page.locator("#plot .drawing").evaluate("e => getComputedStyle(e).visibility") == "visible"
    assert page.locator("#plot .over-k").first.evaluate("e => getComputedStyle(e).display") == "inline"
    expect(page.locator("#plot .live")).to_be_hidden()


def test_no_words_touch_as_the_browser_draws_them(visit: Visit) -> None:
    """What the width table promises, measured with the fonts of this machine."""
    for width in (1440, 1024, 390):
        page = visit("viewer", width=width, javascript=False).go("/p/atlas/")
        boxes = page.locator("#plot .main > g.at:visible text").evaluate_all(
            """all => all.map(e => {
              const b = e.getBoundingClientRect();
              return [e.textContent, b.left, b.top, b.right, b.bottom];
            })"""
        )
        assert len(boxes) >= 3
        for one, other in combinations(boxes, 2):
            apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] + 1 or other[4] <= one[2] + 1
            assert apart, f"{one[0]!r} touches {other[0]!r} at {width}"


def test_another_range_never_shows_the_figure_of_the_one_before(visit: Visit) -> None:
    """The drawing of what was chosen stands until its own figure comes, and stays when that never comes."""
    visitor = visit("viewer")
    page = visitor.overview()
    page.route("**/trend.json?*", lambda route: route.abort())
    page.get_by_role("link", name="4 weeks").click()
    page.wait_for_url("**/?range=4w")
    expect(page.locator("#plot .drawing")).to_be_visible()
    expect(page.locator("#plot .live")).to_have_count(0)
    page.unroute("**/trend.json?*")
    page.get_by_role("link", name="12 weeks").click()
    page.wait_for_selector("#plot.plotted")
