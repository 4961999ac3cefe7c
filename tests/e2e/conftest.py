"""A real browser before a real server: pages are opened as a signed-in person, and what the console says is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.testing import browser_arguments, find_browser
from remediation.models import User
from tests.dashboard.cast import Cast
from tests.e2e import story
from tests.kept import Kept

expect.set_options(timeout=20_000)  # ms; how long an answer takes says how busy the machine is, and nothing else


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The browser that is on this machine. Here, because Playwright's own plugin would win over another plugin."""
    found = find_browser()
    return {**browser_type_launch_args, "args": browser_arguments(), **({"executable_path": found} if found else {})}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """The people; and a project with a history that has a peak, a gap and something that came back."""
    if _TOLD:
        kept, cast = _TOLD[0]
        kept.put_back()
        return cast.again()
    cast = Cast.make()
    story.tell(cast.project)
    _TOLD.append((Kept.all_rows(), cast))
    return cast.again()


_TOLD: list[tuple[Kept, Cast]] = []  # once in this process


@dataclass
class Visitor:
    """One person's browser. ``said``: warnings and errors of the console, and refusals by the content policy."""

    page: Page
    base: str
    said: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the site and wait until it is at rest."""
        self.page.goto(self.base + path)
        self.page.wait_for_load_state("load")
        return self.page

    def overview(self, slug: str = "atlas") -> Page:
        """The overview with Plotly in its place."""
        page = self.go(f"/p/{slug}/")
        page.wait_for_selector("#plot.plotted", timeout=30_000)
        return page


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, live_server: Any, cast: Cast) -> Iterator[Visit]:
    """``visit("engineer", width=390, theme="dark", javascript=False)``; a person instead of a role, too."""
    contexts: list[BrowserContext] = []

    def open_for(role: str | User, *, width: int = 1440, theme: str = "light", javascript: bool = True) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type]
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        if role != "anonymous":
            cookie = cast.client(role).cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        visitor = Visitor(context.new_page(), live_server.url)
        visitor.page.on("console", lambda m: m.type in {"error", "warning"} and visitor.said.append(m.text))
        visitor.page.on("pageerror", lambda error: visitor.said.append(str(error)))
        return visitor

    yield open_for
    for context in contexts:
        context.close()
    _let_it_answer()


def _let_it_answer() -> None:
    """A page that was left is still being made: its questions and the removal of all rows could wait for each other."""
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state NOT IN ('idle', '')"
    quiet = 0
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute(f"{busy} AND pid <> pg_backend_pid()")
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
            if quiet == 3:  # between two questions of one page there is a moment without any
                return
            time.sleep(0.03)
