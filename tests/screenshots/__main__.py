"""``make screenshots [ARGS="overview ticket"]``: writes build/screenshots/<screen>-<state>-<theme>-<width>.png."""

from __future__ import annotations

import html
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dashboard.testing import browser_arguments, find_browser
from tests.screenshots.screens import Screen, screens
from tests.screenshots.site import ROOT, connect, running

OUT = ROOT / "build" / "screenshots"
THEMES, WIDTHS = ("light", "dark"), (1440, 1024, 390)


def main(wanted: list[str]) -> int:
    """Build the states, take the pictures; 1 when a page answered wrongly, scrolled sideways or its console spoke."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="screens-") as name, sync_playwright() as playwright:
        folder = Path(name)
        found = find_browser()
        browser = playwright.chromium.launch(args=browser_arguments(), **({"executable_path": found} if found else {}))
        with running(folder / "data") as (base, link):
            admin = first_sign_in(browser, link, base)
            connect(folder / "data")
            from tests.screenshots import states

            cookies: dict[str, str] = {"admin": admin, **states.people()}
            print("Building the states by real passes.", flush=True)
            states.build(folder / "repositories")
            chosen = [screen for screen in screens(*labels()) if not wanted or screen.name in wanted]
            passing = [screen for screen in chosen if "running" in screen.state]  # before it is over
            problems = [
                problem
                for taken in (passing, [screen for screen in chosen if screen not in passing])
                for theme in THEMES
                for width in WIDTHS
                for problem in take(browser, base, cookies, taken, theme, width)
            ]
        browser.close()
    contents()
    print(*sorted(set(problems)), sep="\n")
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT.relative_to(ROOT)}, index.html shows them together.")
    return 1 if problems else 0


def first_sign_in(browser: Browser, link: str, base: str) -> str:
    """Follow the one-time link as the first administrator does; the session's cookie. Pictures what is seen so far."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    for theme in THEMES:
        for width in WIDTHS:
            shoot(page, "welcome", "link", theme, width)
    page.locator("main input[type=text]").fill("root")
    for field in page.locator("main input[type=password]").all():
        field.fill("correct horse battery 9")
    page.locator("main button[type=submit]").click()
    page.wait_for_load_state()
    page.goto(base)
    for theme in THEMES:
        for width in WIDTHS:
            shoot(page, "portfolio", "onboarding", theme, width)
    return next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "sessionid")


def shoot(page: Page, name: str, state: str, theme: str, width: int) -> None:
    """One picture of a page that is open already."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.screenshot(path=OUT / f"{name}-{state}-{theme}-{width}.png", full_page=True)


def labels() -> tuple[dict[str, str], dict[str, str]]:
    """A ticket of the sample for each kind and for each status there is."""
    from remediation.models import Project

    kinds: dict[str, str] = {}
    statuses: dict[str, str] = {}
    for ticket in Project.objects.get(is_sample=True).tickets.listed().order_by("number"):
        status = "claimed" if ticket.claimed_by_id else ticket.status
        kinds.setdefault(ticket.kind, ticket.label)
        statuses.setdefault(status, ticket.label)
    return kinds, statuses


def take(
    browser: Browser, base: str, cookies: dict[str, str], taken: list[Screen], theme: str, width: int
) -> list[str]:
    """All pictures of one theme and width; what was wrong."""
    contexts: dict[str, BrowserContext] = {}
    problems = []
    for screen in taken:
        if screen.role not in contexts:
            contexts[screen.role] = context_for(browser, base, cookies.get(screen.role), theme, width)
        page = contexts[screen.role].new_page()
        said: list[str] = []
        page.on("console", lambda m, said=said: m.type in {"error", "warning"} and said.append(m.text))
        answer = page.goto(base + screen.path)
        where = f"{screen.name}-{screen.state}"
        assert answer is not None
        if answer.status != screen.answer:
            problems.append(f"{where}: answered {answer.status}")
        settle(page)
        if screen.act:
            screen.act(page)
            page.wait_for_timeout(200)
        reach: Any = page.evaluate("document.documentElement.scrollWidth")
        if reach > width:
            problems.append(f"{where}: {reach} px wide at {width}")
        problems += [
            f"{where}: {text[:160]}" for text in said if f"{screen.answer}" not in text or screen.answer == 200
        ]
        page.screenshot(path=OUT / f"{where}-{theme}-{width}.png", full_page=screen.act is None)
        page.close()
    for context in contexts.values():
        context.close()
    return problems


def context_for(browser: Browser, base: str, cookie: str | None, theme: str, width: int) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    if cookie:
        context.add_cookies([{"name": "sessionid", "value": cookie, "domain": urlsplit(base).hostname, "path": "/"}])
    return context


def settle(page: Page) -> None:
    """Wait for the plot where there is one."""
    if page.locator("#plot").count():
        try:
            page.wait_for_selector("#plot.plotted", timeout=15_000)
        except Exception:  # a page whose plot stays a drawing is a picture too
            print("no live plot:", page.url, flush=True)


def contents() -> None:
    """All pictures of one width and theme on one page."""
    rows = "\n".join(
        f'<figure><img src="{html.escape(path.name)}" width="460" loading="lazy"><figcaption>{html.escape(path.stem)}'
        "</figcaption></figure>"
        for path in sorted(OUT.glob("*.png"))
    )
    style = "body{font:14px sans-serif;display:flex;flex-wrap:wrap;gap:24px}figure{margin:0}img{border:1px solid #999}"
    (OUT / "index.html").write_text(f"<!doctype html><title>Screens</title><style>{style}</style>\n{rows}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
