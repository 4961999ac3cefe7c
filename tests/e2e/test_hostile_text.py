"""Text from a watched repository over every page: nothing runs, nothing breaks the layout, no page grows heavy."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from remediation import passes
from remediation.collection.mirror import Commit
from remediation.core.events import judge
from remediation.core.records import ProcessEnd, Verdict
from remediation.models import Project
from tests import factories
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit
from tests.remediation.test_scale import HOSTILE, error, stream

RUNS = "window.ran=1;alert(1)"
CORPUS = (
    HOSTILE,
    f"<script>{RUNS}</script><img src=x onerror='{RUNS}'><svg onload='{RUNS}'><iframe srcdoc='<b>'>",
    f"\"><a href=\"javascript:{RUNS}\">x</a>' onmouseover='{RUNS}' x='</title></textarea></style>",
    f"</script><script>{RUNS}</script><base href=//evil.example/><meta http-equiv=refresh content=0;//evil.example/>",
    "{{ 7|add:7 }} {% include 'x' %} ${alert(1)} <%= 7 %> =cmd|' /C calc'!A0",
    "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07",
    "\u202egnp.exe\u202c \u2066x\u2069 \u061c" + "\u200b" * 3_000 + "\u0300\u0301\u0302" * 900,
    "W" * 60_000,
    "\u200d\ufeff" + "\U0001f469\u200d\U0001f4bb" * 4_000,
    "NUL \x00 \ud800 \udfff lone \ufffe",
    "\n" * 5_000 + "\t" * 5_000,
    "A" * 1_500_000,
)
TEN_MEGABYTES = ("<script>" + RUNS + "</script>" + "x" * 74) * 100_000


@pytest.fixture
def hostile(cast: Cast) -> Project:
    """A project in which every text that comes from a repository is hostile: paths, messages, subject, author, logs."""
    project = factories.project(f"<img src=x onerror={RUNS}>", key="EVI")
    names = [
        f"tests/{text[:150].replace('/', '_')}{n}/test_{text[:60].replace('/', '_')}.py"
        for n, text in enumerate(CORPUS)
    ]
    errors = [error(name, text) for name, text in zip(names, CORPUS, strict=True)]
    errors += [
        {**one, "cause": {**one["cause"], "type": "ModuleNotFoundError", "name": text[:200], "message": text}}  # type: ignore[dict-item]
        for one, text in zip(errors, CORPUS, strict=True)
    ]
    verdict = judge(stream(errors), ProcessEnd(2), inventory=names)
    assert verdict.outcome == "counted", verdict.reason
    _record(project, verdict, 1)
    fewer = judge(stream(errors[:-3]), ProcessEnd(2), inventory=names)
    _record(project, fewer, 2)
    factories.blocked_pass(project, 3, blocker=factories.missing_name("conftest.py", "a<b>c", CORPUS[1][:90]))
    cast.engineer.first_name, cast.engineer.last_name = CORPUS[1][:30], "\u202e<b>"
    cast.engineer.save()
    project.tickets.filter(number=1).update(claimed_by=cast.engineer, claimed_at=factories.START)
    return project


def _record(project: Project, verdict: Verdict, position: int) -> None:
    held = passes.claim(passes.queue(project, trigger="manual").pk)
    assert held is not None
    at = factories.START
    commit = Commit(f"{position:040x}", CORPUS[1] + "W" * 400, CORPUS[2], CORPUS[3], at)
    report = passes.Report(
        verdict=verdict, commit=commit, position=position, observed_at=at, sandbox_level=3,
        install_log=TEN_MEGABYTES, output_tail=TEN_MEGABYTES,
    )  # fmt: skip
    passes.record(held, report, factories.no_renames)


def pages(project: Project) -> list[str]:
    home = f"/p/{project.slug}/"
    tickets = [f"t/{ticket.label}/" for ticket in project.tickets.order_by("number")]
    lists = ["tickets/", "tickets/?tab=all", "tickets/?view=board", "tickets/?group=kind", "tickets/?group=directory"]
    passed = ["passes/", "passes/1/", "passes/2/", "passes/3/", "passes/2/?with=1", "passes/2/live/"]
    rest = ["", "passes/2/conditions/?with=1", "silenced/", "rules/", "settings/", "settings/schedule/"]
    rest += ["reports/", "reports/now/", "reports/2026-W10/"]
    found = [f"/find/?q={word}" for word in ("script", "test_", "alert(1)", "%3Cimg")]
    return ["/", "/?all", *found, *(home + path for path in [*rest, *passed, *lists, *tickets])]


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_of_it_runs_and_nothing_breaks_the_layout(visit: Visit, hostile: Project, width: int) -> None:
    visitor = visit("admin", width=width)
    page = visitor.page
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: ran.append(request.url) if "evil.example" in request.url else None)
    faults: dict[str, Any] = {}
    for path in pages(hostile):
        answer = page.goto(visitor.base + path)
        assert answer is not None
        page.wait_for_load_state("load")
        page.evaluate("document.querySelectorAll('main details').forEach(details => { details.open = true })")
        reach = page.evaluate("document.documentElement.scrollWidth")
        weight = len(gzip.compress(answer.body(), 6))
        inside = page.evaluate("[...document.querySelectorAll('main script, main iframe, main img, base')].length")
        wrong = [
            answer.status != 200,
            reach > width,
            weight > 15_000,
            inside > 0,
            page.evaluate("window.ran") is not None,
        ]
        if any(wrong):
            faults[path] = (answer.status, reach, weight, inside, wrong[4])
    assert not faults, faults
    assert ran == []
    assert [said for said in visitor.said if not said.startswith("htmx:")] == []


def test_the_browser_would_run_it(visit: Visit, hostile: Project) -> None:
    """The control: the same text as markup is seen, by the policy or by what it does."""
    visitor = visit("admin")
    page = visitor.go("/")
    page.evaluate("text => document.querySelector('main').insertAdjacentHTML('beforeend', text)", CORPUS[1])
    page.wait_for_timeout(300)
    assert any("Content Security Policy" in said for said in visitor.said)
    assert page.locator("main img, main iframe").count() > 0
