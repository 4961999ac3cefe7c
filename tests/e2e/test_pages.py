"""Every page in a real browser: accessible in both themes and both sizes, light, quiet, and without sideways scroll."""

from __future__ import annotations

import gzip
import hashlib
import re
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from dashboard import finals
from dashboard.lean import lean
from dashboard.reports import report_of
from remediation import api_tokens, checks, credentials, grouping, passes, people, reporting
from remediation.core import report_words
from remediation.models import (
    ApiToken,
    CollectionPass,
    ConnectionCheck,
    Credential,
    Invitation,
    Project,
    Rebuild,
)
from tests import factories
from tests.dashboard.cast import Cast
from tests.e2e.conftest import Visit

PAGES = {
    "portfolio": "/",
    "my work": "/me/",
    "overview": "/p/atlas/",
    "blocked": "/p/blocked/",
    "empty": "/p/zephyr/",
    "tickets": "/p/atlas/tickets/",
    "board": "/p/atlas/tickets/?view=board",
    "tickets by kind": "/p/atlas/tickets/?group=kind",
    "no ticket matches": "/p/atlas/tickets/?q=zzz",
    "no ticket yet": "/p/zephyr/tickets/",
    "ticket": "/p/atlas/t/ATL-1/",
    "ticket of several causes": "/p/borealis/t/BOR-1/",
    "merge": "/p/atlas/t/ATL-2/merge/?into=ATL-1",
    "merge into what": "/p/atlas/t/ATL-2/merge/?into=test",
    "split": "/p/borealis/t/BOR-1/split/",
    "silenced": "/p/blocked/silenced/",
    "one way to be silenced": "/p/blocked/silenced/?why=skip",
    "nothing silenced": "/p/atlas/silenced/",
    "passes": "/p/atlas/passes/",
    "passes, none matches": "/p/atlas/passes/?result=failed&q=x",
    "pass": "/p/atlas/passes/9/",
    "two passes": "/p/atlas/passes/9/?with=1",
    "a pass that cannot be compared": "/p/atlas/passes/9/?with=6",
    "pass without a count": "/p/atlas/passes/6/",
    "conditions": "/p/atlas/passes/9/conditions/",
    "conditions beside another pass": "/p/atlas/passes/9/conditions/?with=8",
    "running pass": "/p/zephyr/passes/1/",
    "live pass": "/p/zephyr/passes/1/live/",
    "live pass, its log paused": "/p/zephyr/passes/1/live/?paused=1",
    "live pass that waits": "/p/zephyr/passes/2/live/",
    "live pass that has ended": "/p/atlas/passes/9/live/",
    "reports": "/p/atlas/reports/",
    "report": "/p/atlas/reports/2026-W10/",
    "report of a week without a count": "/p/blocked/reports/now/",
    "draft of a report": "/p/borealis/reports/2026-W10/",
    "final report": "/p/borealis/reports/2026-W09/",
    "plan of reports": "/p/borealis/settings/reports/",
    "settings": "/p/atlas/settings/",
    "schedule": "/p/atlas/settings/schedule/",
    "sharing": "/p/atlas/settings/sharing/",
    "people": "/p/atlas/settings/people/",
    "profile": "/me/profile/",
    "API tokens": "/me/profile/tokens/",
    "an API token": "/me/profile/tokens/7007/",
    "API": "/api/v1/",
    "the password once more": "/login/again/",
    "rules": "/p/atlas/rules/",
    "a version of the rules": "/p/atlas/rules/versions/1/",
    "history that is computed again": "/p/blocked/rules/",
    "audit log of a project": "/p/atlas/settings/audit/",
    "audit log": "/admin-area/audit/",
    "audit log, none matches": "/admin-area/audit/?who=zzz",
    "accounts": "/admin-area/",
    "projects and what they hold": "/admin-area/projects/",
    "deleting a project": "/admin-area/projects/atlas/delete/",
    "everybody's API tokens": "/admin-area/tokens/",
    "somebody's API token": "/admin-area/tokens/7007/",
    "credentials of all projects": "/admin-area/credentials/",
    "credentials": "/p/atlas/settings/credentials/",
    "credentials of an ssh address": "/p/blocked/settings/credentials/",
    "retention": "/admin-area/retention/",
    "server": "/admin-area/server/",
    "examined": "/admin-area/server/checks/",
    "new project": "/p/new/",
    "check that failed": "/p/new/7007/",
    "check under way": "/p/new/7008/",
    "receivers": "/p/atlas/settings/receivers/",
    "notices": "/me/notices/",
    "choices of notices": "/me/notices/settings/",
    "find": "/find/?in=atlas&q=atlas",
    "nothing found": "/find/?q=zzz",
}
TOKEN = "A" * 43  # of an invitation
GUESTS = {
    "sign-in": "/login/",
    "forgotten password": "/password/",
    "link that was mailed": "/password/sent/",
    "invitation": f"/invitation/{TOKEN}/",
    "invitation that is over": "/invitation/x/",
    "address that is to be confirmed": "/confirm/x/",
}
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # of what is right one node is told, not all: most of the time went there
}


@pytest.fixture
def more(cast: Cast) -> None:
    """A project whose last pass was blocked, one whose first pass is running, and two tickets that are one."""
    one, two = cast.other.tickets.select_related("project").order_by("number")
    grouping.merge(two, one, cast.stranger, "The name " + "x" * 200 + " lives in that module.")
    blocked, zephyr = factories.project("blocked"), factories.project("zephyr", is_sample=True)
    left_out = {f"tests/old/test_{n:02}.py": ("ignored", 0, "--ignore=tests/old", "by-option") for n in range(60)}
    left_out |= {f"tests/gui/test_{n:02}.py": ("skipped", 0, "no display", "skip") for n in range(3)}
    factories.counted_pass(
        blocked, 1, [factories.missing_module("tests/test_a.py")], {"tests/test_b.py": 5, **left_out}
    )
    factories.blocked_pass(blocked, 2)
    running = passes.queue(zephyr, trigger="manual")
    passes.claim(running.pk)
    long = "tests/" + "a_long_name_of_a_folder/" * 12 + "test_a.py"
    files = [[long, "ModuleNotFoundError: No module named " + "x" * 60], ["tests/test_b.py", "14 tests"]]
    live = {"tests": 812, "found": 431, "files": files, "round": 2, "left_out": [long], "current": long}
    times = {"fetch": 0, "collect": 1}
    columns = {"stage": "collect", "stage_times": times, "files_reached": 268, "errors_so_far": 61, "live": live}
    CollectionPass.objects.filter(pk=running.pk).update(**columns)
    passes.queue(zephyr, trigger="manual", commit="a" * 40)
    Rebuild.objects.create(project=blocked, state="running", done=312, total=1_000, asked_at=timezone.now())
    _checks(cast)
    _credentials(cast, blocked)
    _reports(cast)
    address = "a-long-address-of-somebody-who-is-invited@a-long-name-of-an-organisation.example.org"
    made, _ = people.invite(cast.project, "engineer", cast.lead, email=address)
    Invitation.objects.filter(pk=made.pk).update(digest=hashlib.sha256(TOKEN.encode()).hexdigest())
    people.add_identity(cast.admin, address)
    _token(cast)


def _token(cast: Cast) -> None:
    """An administrator's token (7007) with uses, and one that was revoked."""
    now = timezone.now()
    for days in (30, 90):
        api_tokens.make(cast.admin, name="x" * 60, scope="write", project=cast.project, days=days, now=now)
    first, second = ApiToken.objects.order_by("pk")
    api_tokens.revoke(first, cast.admin, now)
    ApiToken.objects.filter(pk=second.pk).update(id=7007)
    second.pk = 7007
    for route in ("api-passes", "api-ticket"):
        api_tokens.note_use(second, now=now, address="2001:db8::7", method="GET", route=route, status=200)


def _credentials(cast: Cast, blocked: Project) -> None:
    """A token that was refused, and a deploy key whose host was met."""
    credentials.put_token(cast.project, "ada", "a-token-of-some-length", cast.lead)
    Project.objects.filter(pk=blocked.pk).update(source="git@git.example.org:team/blocked.git")
    blocked.refresh_from_db()
    key = credentials.make_key(blocked, cast.admin).public_key
    now, hosts = timezone.now(), {"host_keys": f"git.example.org {key}", "host_met_at": timezone.now()}
    Credential.objects.filter(project=blocked).update(used_at=now, **hosts)
    Credential.objects.filter(project=cast.project).update(used_at=now, failed="The server refused it. " * 20)
    checks.test(cast.project, cast.lead)


def _reports(cast: Cast) -> None:
    """Of the other project: a draft that could not be made final, a final of the week before, and who gets it."""
    plan = {"on": True, "weekday": 0, "at": time(), "release_after": 24, "now": factories.START - timedelta(days=5)}
    reporting.change(cast.other, cast.admin, **plan)
    reporting.draft_due(factories.START + timedelta(days=8))
    made, draft = cast.other.weekly_reports.select_related("project").order_by("end")
    report = report_of(cast.other, reporting.period_of(made), timezone.now())
    files = [finals._page(cast.other, report), finals._file(report, "json")]  # the PDF alone would cost a second
    kept = reporting.Made(report, report_words.title(report), "f" * 64, files)
    reporting.release(made, lambda _: kept, cast.admin, timezone.now())
    reporting.hold(draft, "It does not add up: " + "x" * 200, timezone.now())
    address = "a-long-address-of-somebody-who-gets-it@a-long-name-of-an-organisation.example.org"
    reporting.add(cast.other, cast.admin, address=address, formats=reporting.ATTACHED, now=timezone.now())


def _checks(cast: Cast) -> None:
    """A check of a connection that failed at its end (7007), and one that installs (7008)."""
    now, draft = timezone.now(), {"source": "https://git.example.org/" + "a" * 300 + ".git", "ref": "main"}
    steps = [{"code": code, "state": "done", "seconds": 1.0, "said": "x" * 200} for code in checks.STEPS]
    row = {"requested_by": cast.admin, "draft": draft, "created_at": now, "started_at": now}
    steps[-1]["state"] = "failed"
    done = {"state": "ended", "passed": False, "field": "install", "log": "y" * 300, "ended_at": now}
    ConnectionCheck.objects.create(pk=7007, steps=steps, **row, **done)
    under_way = {"state": "running", "step": "install", "live": {"log": "z" * 200}, "lease_until": now}
    ConnectionCheck.objects.create(pk=7008, steps=steps[:4], **row, **under_way)


def violations(page: Any, without: str = "") -> list[str]:
    """What axe finds. ``without``: a part that is left out, such as what lies below an open list."""
    context = {"exclude": [[without]]} if without else None
    found = Axe().run(page, context=context, options=AXE).response["violations"]
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]


def faults(page: Any, width: int, without: str = "") -> list[str]:
    """What axe finds, a page that is wider than its window, more than one first heading, controls too small to hit."""
    found = violations(page, without)
    reach = page.evaluate("document.documentElement.scrollWidth")
    found += [f"{reach} px wide"] if reach > width else []
    headings = page.locator("h1").count()
    found += [f"{headings} headings of the first level"] if headings != 1 else []
    small = page.evaluate(
        "Array.from(document.querySelectorAll('button, summary, select, .btn, .chip, .tabbar a'))"
        ".filter(e => e.offsetParent && !e.closest('.vh') && Math.min(e.offsetWidth, e.offsetHeight) < 24)"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    return found + [f"smaller than 24 px: {control}" for control in small]


# Colours do not depend on the width, nor what fits on the colours: each is met in one of the two.
LOOKS = [
    ("light", 1440),
    ("dark", 390),
    *(pytest.param(*look, marks=pytest.mark.slow) for look in (("dark", 1440), ("light", 390), ("light", 1024))),
]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_is_accessible_and_its_console_quiet(visit: Visit, more: None, theme: str, width: int) -> None:
    visitor, guest = (visit(role, theme=theme, width=width) for role in ("admin", "anonymous"))
    found = {name: faults(guest.go(path), width) for name, path in GUESTS.items()}
    for name, path in PAGES.items():
        page = visitor.overview() if name == "overview" else visitor.go(path)
        if name == "overview":
            page.get_by_text("Show the numbers as a table").click()
        found[name] = faults(page, width)
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert [said for said in visitor.said + guest.said if "410 (Gone)" not in said] == []


def test_axe_would_find_something(visit: Visit) -> None:
    page = visit("viewer").go("/p/atlas/")
    page.evaluate(
        "document.querySelector('#main').insertAdjacentHTML('beforeend', '<img src=\"/static/favicon.svg\">')"
    )
    assert any(problem.startswith("image-alt") for problem in violations(page))


def test_no_page_scrolls_sideways_on_the_narrowest_phone(visit: Visit, more: None) -> None:
    visitor, guest = visit("admin", width=320), visit("anonymous", width=320)
    wide = {}
    for name, path in {**PAGES, **GUESTS}.items():
        page = visitor.overview() if name == "overview" else (guest if name in GUESTS else visitor).go(path)
        reach = page.evaluate("document.documentElement.scrollWidth")
        if reach > 320:
            wide[name] = reach
    assert wide == {}


def test_every_page_works_without_javascript(visit: Visit, more: None) -> None:
    visitor, guest = visit("admin", javascript=False), visit("anonymous", javascript=False)
    for name, path in {**PAGES, **GUESTS}.items():
        page = (guest if name in GUESTS else visitor).go(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("footer")).to_contain_text("Collected does not mean passing: no test was run.")


def test_a_click_on_claim_takes_the_ticket(visit: Visit, cast: Cast) -> None:
    visitor = visit("engineer")
    page = visitor.go("/p/atlas/tickets/")
    page.get_by_role("button", name="Claim ATL-1", exact=True).click()
    expect(page.get_by_text("You have ATL-1. It closes when a pass no longer sees it.")).to_be_visible()
    expect(page.get_by_role("button", name="Release ATL-1", exact=True)).to_be_visible()
    assert cast.ticket().claimed_by == cast.engineer
    assert visitor.said == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_pasted_log_is_compared_and_what_cannot_be_read_is_said(visit: Visit, cast: Cast, width: int) -> None:
    visitor = visit("viewer", width=width)
    page = visitor.go("/p/atlas/passes/9/conditions/")
    page.get_by_label("Log of your CI").fill("make: nothing to be done")
    page.get_by_role("button", name="Compare").first.click()
    expect(page.get_by_text("No line of pytest was found in this text.")).to_be_visible()
    assert faults(page, width) == []
    page.get_by_label("Log of your CI").fill("$ pytest -x\ncollected 3 items / 1 error\nERROR tests/test_a.py\n")
    page.get_by_label("Packages, if you have them").fill("numpy==1.26.4")
    page.get_by_role("button", name="Compare").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("the CI log says 1 error and 3 tests.")
    expect(page.get_by_text("-x stops at the first error, so that count is cut short.")).to_be_visible()
    assert faults(page, width) == []
    assert [said for said in visitor.said if "422" not in said] == []


BASE = {"css/tokens.css", "css/components.css", "js/theme.js", "js/app.js", "js/keys.js", "js/find.js"}


def _packed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def _weight(names: set[str], kind: str) -> int:
    """Bytes of the linked files of one kind as they are served: lean and compressed."""
    ours = (name for name in names if name.startswith("css/" if kind == ".css" else "js/") and name.endswith(kind))
    return sum(_packed(lean(name, Path(finders.find(name)).read_text()).encode()) for name in ours)


def test_every_page_is_light(cast: Cast, more: None) -> None:
    client = cast.client("admin")
    heavy = {}
    for name, path in {**PAGES, **GUESTS}.items():
        page = (Client() if name in GUESTS else client).get(path).content
        linked = set(re.findall(r'(?:href|src)="/static/([^"]+)"', page.decode()))
        assert linked >= BASE, name
        weights = (_packed(page), _weight(linked, ".css"), _weight(linked, ".js"))
        if any(weight > most for weight, most in zip(weights, (15_000, 8_192, 6_144), strict=True)):
            heavy[name] = weights
    assert heavy == {}


def test_what_every_page_links_leaves_room_for_the_pages_own() -> None:
    assert _weight(BASE, ".css") <= 5_120
    assert _weight(BASE, ".js") <= 3_550
