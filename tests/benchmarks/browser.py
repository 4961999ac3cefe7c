"""The overview in a real Chromium at a quarter of the processor's speed, with a long history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks import histories
from tests.benchmarks.figures import RUNS, Figure, alone, beside
from tests.benchmarks.site import FLOOR, Visitor, served

SLOWER = 4
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
# Layout shifts are told to whoever observes them; what came before is told too.
_WATCH = """
window.shifted = 0;
new PerformanceObserver(list => list.getEntries().forEach(entry => { shifted += entry.value }))
  .observe({type: 'layout-shift', buffered: true});
"""
_BYTES = """
before => performance.getEntries()
  .filter(entry => entry.transferSize !== undefined && (entry.responseEnd <= before || before === null))
  .reduce((sum, entry) => sum + entry.transferSize, 0)
"""


def measure(data_dir: Path, *, quick: bool) -> list[Figure]:
    """First paint beside that of a page that is a constant, the chart, what moved, and what was sent."""
    from playwright.sync_api import sync_playwright

    from dashboard.testing import browser_arguments, find_browser

    passes = 30 if quick else 1_000
    project = histories.project("browser")
    histories.long_history(project, passes, errors=100, changed=2)
    histories.settle()
    overview = f"/p/{project.slug}/"
    seen: dict[str, list[float]] = {"paint": [], "floor": [], "chart": [], "shift": [], "first": [], "all": []}
    with served(data_dir) as visitor, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=browser_arguments())
        for _ in range(2 if quick else RUNS):
            for name, value in _visit(browser, visitor, overview).items():
                seen[name].append(value)
            seen["floor"].append(_first_paint(browser, visitor))
        browser.close()
    note = f"{passes:,} passes, processor {SLOWER} times slower, empty cache"
    return [
        beside("browser-first-paint", seen["paint"], seen["floor"], "ms", note),
        alone("browser-chart", seen["chart"], "ms", "Plotly's picture in the place of the drawing"),
        alone("browser-shift", seen["shift"], "CLS"),
        alone("browser-bytes-before-chart", [size / 1024 for size in seen["first"]], "KiB", "page, styles, scripts"),
        alone("browser-bytes-whole", [size / 1024 for size in seen["all"]], "KiB", "with Plotly"),
    ]


def _page(browser: Any, visitor: Visitor) -> Any:
    base = f"http://127.0.0.1:{visitor.port}"
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": visitor.cookie, "url": base}])
    page = context.new_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(_WATCH)
    return page


def _visit(browser: Any, visitor: Visitor, path: str) -> dict[str, float]:
    page = _page(browser, visitor)
    page.goto(f"http://127.0.0.1:{visitor.port}{path}")
    page.wait_for_selector("#plot.plotted", timeout=120_000)
    chart = page.evaluate("performance.now()")
    page.wait_for_timeout(500)
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    found = {
        "paint": page.evaluate(_PAINT),
        "chart": chart,
        "shift": page.evaluate("window.shifted"),
        "first": page.evaluate(_BYTES, loaded),
        "all": page.evaluate(_BYTES, None),
    }
    page.context.close()
    return found


def _first_paint(browser: Any, visitor: Visitor) -> float:
    page = _page(browser, visitor)
    page.goto(f"http://127.0.0.1:{visitor.port}{FLOOR}")
    page.wait_for_timeout(300)
    paint = float(page.evaluate(_PAINT))
    page.context.close()
    return paint
