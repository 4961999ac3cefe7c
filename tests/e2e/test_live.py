"""What a person sees who only watches: passes land, and the page follows without a reload."""

from __future__ import annotations

from django.utils import timezone
from playwright.sync_api import expect

from remediation import checks, passes
from remediation.models import CollectionPass, ConnectionCheck
from tests import factories
from tests.dashboard.cast import Cast, errors
from tests.e2e.conftest import Visit


def _land(claimed: CollectionPass, number: int) -> None:
    """What a worker does at the end of a pass, with ``number`` of the errors."""
    found = factories.result(
        [*errors(), *(factories.unknown_marker(f"tests/load/test_{i}.py") for i in range(9))][:number]
    )
    position = 100 + claimed.number
    commit = factories.Commit(f"{position:040x}", "Change", "Sample Author", "s@example.org", factories.START)
    verdict = factories.Verdict("counted", session=factories.SESSION, result=found)
    report = passes.Report(verdict=verdict, commit=commit, position=position, observed_at=factories.START)
    passes.record(claimed, report, factories.no_renames)


def test_the_first_pass_from_nothing_to_a_trend(visit: Visit, cast: Cast) -> None:
    project = factories.project("zephyr")
    visitor = visit("admin")
    page = visitor.go("/p/zephyr/")
    expect(page.get_by_role("heading", name="Nothing counted yet")).to_be_visible()
    page.evaluate("window.kept = true")

    queued = passes.queue(project, trigger="manual")
    claimed = passes.claim(queued.pk)
    assert claimed is not None
    CollectionPass.objects.filter(pk=queued.pk).update(
        stage="collect", stage_times={"fetch": 0, "collect": 1}, files_reached=7, errors_so_far=4
    )
    page = visitor.go("/p/zephyr/")
    page.evaluate("window.kept = true")
    expect(page.get_by_role("heading", name="Counting for the first time")).to_be_visible()
    expect(page.get_by_text("7 test files reached")).to_be_visible()
    CollectionPass.objects.filter(pk=queued.pk).update(files_reached=12)
    expect(page.get_by_text("12 test files reached")).to_be_visible(timeout=5_000)

    _land(claimed, 12)
    expect(page.get_by_role("heading", name="12 collection errors at the first pass.")).to_be_visible(timeout=6_000)
    page.wait_for_selector("#plot.plotted", timeout=30_000)
    assert page.evaluate("window.kept") is True, "the page was never loaded again"
    assert visitor.said == []


def test_a_pass_lands_and_plotly_follows_without_being_made_again(visit: Visit, cast: Cast) -> None:
    visitor = visit("viewer")
    queued = passes.queue(cast.project, trigger="manual")
    page = visitor.overview()
    expect(page.locator("#live")).to_contain_text("Pass #10 waits for a worker")
    page.evaluate("window.before = document.querySelector('#plot .live')")
    page.get_by_text("Show the numbers as a table").click()
    page.locator("#plot").focus()

    claimed = passes.claim(queued.pk)
    assert claimed is not None
    _land(claimed, 5)
    page.wait_for_function("() => document.querySelector('#numbers').textContent.includes('#10')", timeout=8_000)
    page.wait_for_function("() => document.querySelector('#plot .live').layout.annotations.some(a => a.text === '5')")
    assert page.evaluate("document.querySelector('#plot .live') === window.before")
    expect(page).to_have_title("5 errors left: atlas")
    assert page.evaluate("document.querySelector('#numbers').open"), "what was open stays open"
    assert page.evaluate("document.activeElement.id") == "plot", "the focus stays"
    expect(page.locator("#live.idle")).to_be_attached()
    assert visitor.said == []


def test_run_a_pass_now(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer")
    page = visitor.overview()
    page.get_by_role("button", name="Run a pass now").click()
    expect(page.locator("#live")).to_contain_text("Pass #10 waits for a worker")
    assert cast.project.passes.filter(state="queued").count() == 1
    assert visitor.said == []


def test_a_passs_page_shows_its_result_when_it_ends(visit: Visit, cast: Cast) -> None:
    queued = passes.queue(cast.project, trigger="manual")
    claimed = passes.claim(queued.pk)
    assert claimed is not None
    visitor = visit("viewer")
    page = visitor.go("/p/atlas/passes/10/")
    expect(page.get_by_role("heading", name="Pass #10 is running")).to_be_visible()
    _land(claimed, 5)
    expect(page.get_by_role("heading", name="Pass #10: 5 errors")).to_be_visible(timeout=6_000)
    expect(page.locator(".eq")).to_be_visible()
    page.keyboard.press("[")
    page.wait_for_url("**/p/atlas/passes/9/")
    assert visitor.said == []


def test_the_log_is_paused_and_goes_on_and_the_live_page_ends(visit: Visit, cast: Cast) -> None:
    queued = passes.queue(cast.project, trigger="manual")
    claimed = passes.claim(queued.pk)
    assert claimed is not None
    row = CollectionPass.objects.filter(pk=queued.pk)

    def reach(number: int) -> None:
        files = [[f"tests/test_{n}.py", "3 tests"] for n in range(number)]
        live = {"tests": 3 * number, "found": 40, "files": files, "round": 1, "left_out": [], "current": ""}
        times = {"fetch": 0, "collect": 1}
        row.update(stage="collect", stage_times=times, files_reached=number, live=live)

    reach(7)
    visitor = visit("viewer")
    page = visitor.go("/p/atlas/passes/10/live/")
    expect(page.get_by_text("7 of 40 test files")).to_be_visible()
    page.get_by_role("link", name="Pause").click()
    expect(page.get_by_role("link", name="Go on")).to_be_visible()
    reach(9)
    expect(page.get_by_text("9 of 40 test files", exact=True)).to_be_visible(timeout=6_000)
    expect(page.locator("#log")).not_to_contain_text("test_8.py")
    page.get_by_role("link", name="Go on").click()
    expect(page.locator("#log")).to_contain_text("test_8.py")
    expect(page.locator("#said")).to_contain_text("of 40 test files", timeout=8_000)

    _land(claimed, 5)
    expect(page.get_by_role("link", name="Open pass #10")).to_be_visible(timeout=6_000)
    expect(page.locator("#said")).to_have_text("Pass #10 has ended.")
    expect(page.get_by_role("heading", name="Pass #10 has ended")).to_be_visible()
    assert visitor.said == []


def test_a_check_of_a_connection_is_followed_to_its_end(visit: Visit, cast: Cast) -> None:
    visitor = visit("admin")
    page = visitor.go("/p/new/")
    page.get_by_role("textbox", name="Key").fill("ATL")
    page.get_by_label("Clone URL").fill("https://git.example.org/team/cirrus.git")
    page.get_by_label("Branch or tag").focus()
    expect(page.get_by_text("Another project has the key ATL.")).to_be_visible(timeout=6_000)
    page.get_by_role("textbox", name="Key").fill("CIR")
    page.get_by_label("Branch or tag").focus()
    expect(page.get_by_text("Another project has the key ATL.")).to_have_count(0, timeout=6_000)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("It starts as soon as a worker is free")).to_be_visible()

    check = ConnectionCheck.objects.get()
    steps = [{"code": code, "state": "done", "seconds": 1.0, "said": ""} for code in checks.STEPS]
    now = timezone.now()
    found = {"files": 431, "python": "3.12.7", "pytest": "9.2.0"}
    ended = {"state": "ended", "passed": True, "started_at": now, "ended_at": now, "lease_until": None}
    ConnectionCheck.objects.filter(pk=check.pk).update(steps=steps, found=found, **ended)
    expect(page.get_by_text("The connection works.").first).to_be_visible(timeout=6_000)
    assert page.get_by_role("textbox", name="Key").input_value() == "CIR"
    expect(page.get_by_role("button", name="Add and run the first pass")).to_be_visible()
    assert visitor.said == []
