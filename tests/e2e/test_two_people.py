"""Two people at one ticket: both want it, one has it and repairs it, a pass verifies it, and it comes back to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from remediation import passes, projects
from remediation.models import CollectionPass, Project, Ticket, User
from tests import factories
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit, Visitor
from tests.e2e.test_journeys import FILES, FIX, spoken
from tests.e2e.test_pages import faults
from tests.environments import environment
from tests.remediation.explained import assert_explained, told
from tests.repositories import Repository

SIZES = {"ada": (1440, "light"), "grace": (390, "dark")}
CLICK = """([at, label]) => {
  const button = Array.from(document.querySelectorAll('button')).find((each) => each.textContent.trim() === label)
  setTimeout(() => button.click(), at - Date.now())
}"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One root cause in two test files."""
    made = Repository(tmp_path / "books")
    made.commit(FILES, "Start")
    return made


@pytest.fixture
def project(cast: Cast, repository: Repository) -> Project:
    """It is watched, and counted once."""
    python = str(environment("8.3"))
    made = projects.create(name="books", source=str(repository.path), allow_local=True, ref="main", interpreter=python)
    work(passes.queue(made, trigger="manual"))
    return made


def work(queued: CollectionPass) -> None:
    """What a worker does: the real checkout, the real pytest, the real record."""
    passes.run(queued.pk)
    queued.refresh_from_db()
    assert queued.counted, queued.reason_text


def claim_at_once(pages: dict[str, Page]) -> None:
    """Both press Claim in the same millisecond."""
    at = next(iter(pages.values())).evaluate("Date.now() + 700")
    for page in pages.values():
        page.evaluate(CLICK, [at, "Claim BOO-1"])


def run_a_pass(page: Page, project: Project) -> CollectionPass:
    """A person asks for it on the ticket's page."""
    page.get_by_role("button", name="run now").click()
    expect(page.locator("#live, main").first).to_be_visible()
    return project.passes.get(state="queued")


def test_see_it_claim_it_fix_it_and_it_comes_back(visit: Visit, project: Project, repository: Repository) -> None:
    people = {name: factories.member(project, "engineer", f"{name}.sample") for name in SIZES}
    visitors = {name: visit(people[name], width=width, theme=theme) for name, (width, theme) in SIZES.items()}
    # Both see it, and both want it.
    pages = {name: visitor.go("/p/books/tickets/") for name, visitor in visitors.items()}
    claim_at_once(pages)
    winner, loser = _who_has_it(project, people, pages)
    # Who has it names the commit that repairs it, and asks for a pass.
    fix = repository.commit(FIX, "Add the registry")
    page = visitors[winner].go("/p/books/t/BOO-1/")
    page.get_by_text("Mark fixed in…").click()
    page.get_by_label("Commit or branch").fill(fix[:9])
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text(f"Noted: {fix[:9]}.")).to_be_visible()
    queued = run_a_pass(page, project)
    # The other one only watches, and learns of it without a reload.
    watched = visitors[loser].go("/p/books/")
    watched.evaluate("window.kept = true")
    expect(watched.locator("#live")).to_contain_text("Pass #2 waits for a worker")
    work(queued)
    expect(watched.get_by_role("heading", level=1)).to_contain_text("Zero collection errors", timeout=30_000)
    assert watched.evaluate("window.kept") is True
    _week(visitors, winner, loser)
    # A later commit loses the module again.
    repository.commit({"books/registry.py": None}, "Tidy up")
    work(passes.queue(project, trigger="manual"))
    _came_back(visitors, winner, loser)
    ticket = Ticket.objects.get(project=project)
    assert told(ticket).fixes[0].people == {people[winner].pk}
    assert assert_explained(project) == 5
    assert {name: spoken(visitor) for name, visitor in visitors.items()} == {winner: [], loser: [_CONFLICT]}


_CONFLICT = "Failed to load resource: the server responded with a status of 409 (Conflict)"


def _who_has_it(project: Project, people: dict[str, User], pages: dict[str, Page]) -> tuple[str, str]:
    """(winner, loser), each of whom has read which they are."""
    for page in pages.values():
        expect(page.locator("#messages .banner")).to_be_visible()
    owner = Ticket.objects.get(project=project).claimed_by
    winner, loser = sorted(people, key=lambda name: people[name] != owner)
    expect(pages[winner].get_by_text("You have BOO-1. It closes when a pass no longer sees it.")).to_be_visible()
    expect(pages[loser].locator("#messages")).to_contain_text(f"{people[winner].label} claimed it")
    expect(pages[loser].locator("#own-1")).to_contain_text(people[winner].label)
    return winner, loser


def _week(visitors: dict[str, Visitor], winner: str, loser: str) -> None:
    page = visitors[winner].go("/me/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing claimed.")
    expect(page.get_by_label("Your week")).to_contain_text("1 ticket verified, 2 errors cleared")
    page = visitors[loser].go("/me/")
    expect(page.get_by_label("Your week")).to_contain_text("No pass verified a ticket of yours")


def _came_back(visitors: dict[str, Visitor], winner: str, loser: str) -> None:
    """Found by who fixed it, in two keys; the other has nothing to do."""
    page = visitors[winner].go("/p/books/")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/me/")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 ticket came back.")
    expect(page.locator("main")).to_contain_text("BOO-1 in books, 2 errors. Verified at #2, back since #3.")
    found = {winner: faults(page, SIZES[winner][0])}
    page = visitors[loser].go("/me/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing claimed.")
    found[loser] = faults(page, SIZES[loser][0])
    assert found == {winner: [], loser: []}
