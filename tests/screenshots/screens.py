"""Which screens are pictured, in which state, as whom, and what is done before the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.screenshots.histories import HISTORIES

S = "/p/atlas-backend-sample/"


@dataclass(frozen=True)
class Screen:
    """``name``-``state`` is the file's name; ``answer``: the status that the address must have."""

    name: str
    state: str
    path: str
    role: str = "lead"
    act: Callable[[Page], object] | None = None
    answer: int = 200


def _type(text: str) -> Callable[[Page], object]:
    def act(page: Page) -> None:
        if page.locator("#find").is_visible():
            page.locator("#find").press_sequentially(text, delay=20)
            page.wait_for_selector("#found:not([hidden])")

    return act


def _wrong(page: Page) -> None:
    page.get_by_label("Name").fill("ines")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def _invite(page: Page) -> None:
    page.get_by_role("button", name="Make a link").click()
    page.wait_for_load_state()


def _again(page: Page) -> None:
    if page.get_by_label("Password").count():  # asked once in a while: in the next width it is not
        page.get_by_label("Password").fill("pass-phrase-7")
        page.get_by_role("button", name="Go on").click()
        page.wait_for_load_state()


def _dialog(page: Page) -> None:
    page.get_by_role("button", name="Keyboard ?").click()


def _menu(name: str) -> Callable[[Page], object]:
    def act(page: Page) -> None:
        page.locator(f"#{name} > summary").click()
        page.wait_for_timeout(400)

    return act


def _week(state: str) -> Callable[[Page], object]:
    def act(page: Page) -> None:
        page.locator("tr", has_text=state).first.get_by_role("link").click()
        page.wait_for_load_state()

    return act


def screens(kinds: dict[str, str], statuses: dict[str, str]) -> list[Screen]:
    """Every screen. ``kinds``: {kind: label of a ticket of the sample}; ``statuses``: {status: label}."""
    listed = [
        Screen("sign-in", "plain", "/login/", "nobody"),
        Screen("sign-in", "wrong", "/login/", "nobody", _wrong),
        Screen("portfolio", "several", "/?all"),
        Screen("portfolio", "several-same-scale", "/?all&scale=same"),
        Screen("portfolio", "no-project", "/", "stranger"),
        Screen("my-work", "engineer", "/me/", "engineer"),
        Screen("my-work", "no-project", "/me/", "stranger"),
        Screen("overview", "no-permission", S, "stranger", answer=404),
        Screen("overview", "sample", S),
        Screen("overview", "sample-viewer", S, "viewer"),
        Screen("overview", "project-menu", S, "lead", _menu("projects")),
        Screen("overview", "person-menu", S, "lead", _menu("me")),
        *(Screen("overview", state, f"/p/{state}/") for state in HISTORIES),
    ]
    for state, query in {
        "open": "", "unclaimed": "?tab=unclaimed", "mine": "?tab=mine", "to-decide": "?tab=decide",
        "verified": "?tab=verified", "all": "?tab=all",
        "board": "?view=board", "by-kind": "?group=kind", "no-match": "?q=nothing-is-called-that",
    }.items():  # fmt: skip
        listed.append(Screen("tickets", state, f"{S}tickets/{query}", "engineer"))
    for state in ("empty", "blocked", "zero", "silenced", "missing-packages"):
        listed.append(Screen("tickets", state, f"/p/{state}/tickets/", "engineer"))
    listed += [Screen("tickets", "keys", f"{S}tickets/", "engineer", _dialog)]
    listed += [Screen("ticket", kind, f"{S}t/{label}/", "engineer") for kind, label in kinds.items()]
    listed += [Screen("ticket", f"is-{status}", f"{S}t/{label}/", "engineer") for status, label in statuses.items()]
    labels = sorted({*kinds.values(), *statuses.values()})
    one, other = labels[:2]
    listed += [
        Screen("merge", "sums", f"{S}t/{one}/merge/?into={other}", "engineer"),
        Screen("merge", "which", f"{S}t/{one}/merge/?into=atlas", "engineer"),
        Screen("split", "one-cause", f"{S}t/{one}/split/", "engineer"),
    ]
    listed += [
        Screen("passes", "sample", f"{S}passes/"),
        Screen("passes", "empty", "/p/empty/passes/"),
        Screen("passes", "none-match", f"{S}passes/?q=nothing-is-called-that"),
        Screen("pass", "counted", f"{S}passes/12/"),
        Screen("pass", "regressed", f"{S}passes/15/"),
        Screen("pass", "first", f"{S}passes/1/"),
        Screen("pass", "blocked", f"{S}passes/7/"),
        Screen("pass", "scope-changed", "/p/scope-changed/passes/4/"),
        Screen("pass", "compared", f"{S}passes/16/?with=11"),
        Screen("pass", "compared-without-a-count", f"{S}passes/16/?with=7"),
        Screen("pass", "conditions", f"{S}passes/16/conditions/?with=1"),
        Screen("live", "running", "/p/first-pass-running/passes/1/live/"),
        Screen("live", "ended", f"{S}passes/16/live/"),
        Screen("silenced", "some", "/p/silenced/silenced/"),
        Screen("silenced", "one-way", "/p/silenced/silenced/?why=skip"),
        Screen("silenced", "none", f"{S}silenced/"),
        Screen("rules", "lead", f"{S}rules/"),
        Screen("rules", "viewer", f"{S}rules/", "viewer"),
        Screen("reports", "sample", f"{S}reports/"),
        Screen("report", "this-week", f"{S}reports/now/"),
        Screen("report", "draft", f"{S}reports/", act=_week("Draft")),
        Screen("report", "final", f"{S}reports/", "viewer", _week("Final")),
        Screen("report", "plan", f"{S}settings/reports/"),
        Screen("report", "nothing-counted", "/p/empty/reports/now/"),
        Screen("schedule", "lead", f"{S}settings/schedule/"),
        Screen("sharing", "lead", f"{S}settings/sharing/"),
        Screen("credentials", "none", f"{S}settings/credentials/"),
        Screen("receivers", "none", f"{S}settings/receivers/"),
        Screen("notices", "lead", "/me/notices/"),
        Screen("notices", "choices", "/me/notices/settings/"),
        Screen("settings", "lead", f"{S}settings/"),
        Screen("settings", "viewer", f"{S}settings/", "viewer"),
        Screen("find", "hits", f"/find/?q=cache&in={S.split('/')[2]}"),
        Screen("find", "nothing", "/find/?q=nothing-is-called-that"),
        Screen("find", "typing", f"{S}tickets/", "engineer", _type("cache")),
        Screen("new-project", "form", "/p/new/", "admin"),
        Screen("new-project", "not-allowed", "/p/new/", "engineer", answer=403),
        Screen("audit", "project", f"{S}settings/audit/"),
        Screen("administration", "people", "/admin-area/", "admin"),
        Screen("administration", "projects", "/admin-area/projects/", "admin"),
        Screen("administration", "delete", "/admin-area/projects/empty/delete/", "admin"),
        Screen("administration", "tokens", "/admin-area/tokens/", "admin"),
        Screen("administration", "credentials", "/admin-area/credentials/", "admin"),
        Screen("administration", "retention", "/admin-area/retention/", "admin"),
        Screen("administration", "server", "/admin-area/server/", "admin"),
        Screen("administration", "audit", "/admin-area/audit/", "admin"),
        Screen("administration", "not-allowed", "/admin-area/", "engineer", answer=403),
        Screen("people", "lead", f"{S}settings/people/"),
        Screen("people", "invited", f"{S}settings/people/", act=_invite),
        Screen("profile", "lead", "/me/profile/"),
        Screen("profile", "tokens", "/me/profile/tokens/"),
        Screen("api", "operations", "/api/v1/"),
        Screen("profile", "second-factor", "/me/profile/second-factor/", act=_again),
        Screen("error", "not-found", "/p/nowhere/", answer=404),
    ]
    return listed
