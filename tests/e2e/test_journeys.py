"""Two people from start to end: the lead who wants to know where things stand, the engineer who repairs something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from remediation import passes, projects
from remediation.models import CollectionPass, Membership, Project
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit, Visitor
from tests.environments import environment
from tests.repositories import Repository

PASSWORD = "pass-phrase-7"  # of factories.user
NEEDS = "from books.registry import Registry\n\n\ndef test_registry():\n    assert Registry()\n"
FILES = {"books/__init__.py": "", "conftest.py": "", "tests/test_one.py": NEEDS, "tests/test_two.py": NEEDS}
FIX = {"books/registry.py": "class Registry:\n    pass\n"}


def spoken(visitor: Visitor) -> list[str]:
    """What the console said, but for polls that were under way when the page was left."""
    return [said for said in visitor.said if not said.startswith(("htmx:afterRequest", "htmx:sendError"))]


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def test_a_lead_from_sign_in_to_the_schedule(visit: Visit, cast: Cast) -> None:
    Membership.objects.create(project=cast.other, user=cast.lead, role="lead")
    visitor = visit("anonymous")
    page = visitor.go("/")
    page.get_by_label("Name").fill("ines.duarte")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # Which project needs me?
    heading(page, "2 projects")
    page.get_by_role("row").filter(has_text="atlas").get_by_role("link", name="atlas").click()
    # Where are we?
    heading(page, "11 collection errors")
    page.wait_for_selector("#plot.plotted", timeout=30_000)
    row = page.locator(".cats tbody a").first
    category = row.inner_text()
    row.click()
    page.wait_for_url("**/p/atlas/?category=*")
    expect(page.locator(".cats a[aria-current]")).to_contain_text(category)
    page.locator(".cats tfoot a").click()
    page.wait_for_url(re.compile(r"/p/atlas/$"))
    # What needs a decision?
    decisions = page.locator("section.panel").filter(has_text="Needs a decision")
    ticket = decisions.locator("[data-row]").first
    title = ticket.inner_text()
    ticket.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert cast.project.tickets.filter(title=title).exists()
    # What did a range of commits change?
    page.get_by_role("navigation", name="Project", exact=True).get_by_role("link", name="Passes").click()
    heading(page, "Passes")
    page.locator("main").get_by_role("link", name="#9", exact=True).last.click()
    heading(page, "11")
    page.get_by_label("Compare with pass").fill("5")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(re.compile(r"/passes/9/\?with=5$"))
    expect(page.locator("main")).to_contain_text("net")
    # Will a rule sort the errors as I mean?
    page.get_by_role("navigation", name="Project", exact=True).get_by_role("link", name="Settings").click()
    page.get_by_role("link", name=re.compile("[Rr]ules")).first.click()
    heading(page, "Categories and rules")
    page.locator(".rules summary").first.click()
    with page.expect_response(lambda answer: "/rules/preview/" in answer.url) as preview:
        page.locator(".rules select[name=category]").first.select_option(index=1)
    assert preview.value.ok
    expect(page.locator("#preview")).to_contain_text(re.compile(r"\d+ errors?"))
    # When is the next pass?
    page.get_by_role("navigation", name="Project", exact=True).get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Schedule", exact=True).click()
    page.get_by_label("A cron expression").check()
    page.locator("#id_schedule").fill("30 6 * * 1-5")
    expect(page.locator("#due")).to_contain_text("06:30")
    assert spoken(visitor) == []


@pytest.fixture
def books(cast: Cast, tmp_path: Path) -> tuple[Project, Repository]:
    """A real repository with one root cause in two test files, and its first real pass."""
    repository = Repository(tmp_path / "books")
    repository.commit(FILES, "Start")
    project = projects.create(
        name="books", source=str(repository.path), allow_local=True, ref="main", interpreter=str(environment("8.3"))
    )
    Membership.objects.create(project=project, user=cast.engineer, role="engineer")
    assert _collect(project).total == 2
    return project, repository


def _collect(project: Project) -> CollectionPass:
    """A real pass of the tip, as a worker runs it."""
    queued = passes.queue(project, trigger="manual")
    passes.run(queued.pk)
    queued.refresh_from_db()
    assert queued.counted, queued.reason_text
    return queued


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_an_engineer_from_find_to_verified(visit: Visit, books: tuple[Project, Repository], hand: str) -> None:
    project, repository = books
    keys = hand == "keyboard"
    visitor = visit("engineer")
    page = visitor.go("/p/books/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if keys:
        page.keyboard.press("/")
    else:
        page.locator("#find").click()
    page.keyboard.type("registry")
    found = page.locator("#found [role=option]").first
    expect(found).to_be_visible()
    if keys:
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    else:
        found.click()
    page.wait_for_url("**/t/BOO-1/")
    # How do I see it?
    copy = page.locator("[data-copy=command]")
    page.keyboard.press("y") if keys else copy.click()
    expect(copy).to_contain_text("Copied")
    assert "pytest" in page.evaluate("navigator.clipboard.readText()")
    # It is mine.
    page.keyboard.press("c") if keys else page.get_by_role("button", name="Claim").first.click()
    expect(page.get_by_text("You have BOO-1. It closes when a pass no longer sees it.")).to_be_visible()
    if keys:
        page.keyboard.press("g")
        page.keyboard.press("t")
    else:
        page.get_by_role("navigation", name="Project", exact=True).get_by_role("link", name="Tickets").click()
    page.wait_for_url("**/tickets/")
    expect(page.locator("main")).to_contain_text("Mei Lin")
    # A real commit, a real pass: nobody closes a ticket.
    repository.commit(FIX, "Add the registry")
    assert _collect(project).total == 0
    if keys:
        page.keyboard.press("g")
        page.keyboard.press("o")
        page.wait_for_url("**/p/books/")
        page.keyboard.press("/")
        page.keyboard.type("boo-1")
        page.keyboard.press("Enter")
    else:
        page.get_by_role("link", name=re.compile("^Verified")).first.click()
        page.locator("[data-row]").first.click()
    page.wait_for_url("**/t/BOO-1/")
    expect(page.locator("main")).to_contain_text("BOO-1 is verified")
    expect(page.locator("main")).to_contain_text("#2")
    assert spoken(visitor) == []
