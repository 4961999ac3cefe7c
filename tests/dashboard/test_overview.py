"""The overview: every state says what is true, and no more."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from remediation import passes
from remediation.core.records import SessionFacts
from remediation.models import CollectionPass, Project
from tests import factories
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def files(number: int, tests: int = 4) -> dict[str, int]:
    return {f"tests/core/test_{i:03}.py": tests for i in range(number)}


def broken(number: int, first: int = 0, module: str = "atlas.core.registry") -> list[factories.CollectionError]:
    return [factories.missing_module(f"tests/core/test_{i:03}.py", module) for i in range(first, number)]


def counted(
    project: Project, number: int, *, at: datetime | None = None, of: int = 40, tests: int = 4
) -> CollectionPass:
    """A pass with ``number`` errors of one root cause among ``of`` test files."""
    return factories.counted_pass(project, None, broken(number), dict(list(files(of, tests).items())[number:]), at=at)


def fresh(**values: object) -> tuple[Project, Client]:
    """A project without a pass, and a browser of an administrator."""
    client = Client()
    client.force_login(factories.user(is_superuser=True))
    return factories.project("zephyr", **values), client


def page(client: Client, url: str = "/p/zephyr/") -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_it_works(cast: Cast) -> None:
    factories.counted_pass(
        cast.project, 2, broken(1), {"tests/test_a.py": 3, "tests/test_b.py": 3, "tests/test_c.py": 2}
    )
    said = page(cast.client("viewer"), URL)
    assert "1 collection error left, down from 3." in said
    assert "%" not in said.split("Collected does not mean")[0], "no percentage below a base of ten"
    assert "Counts are collection errors per pytest --collect-only pass. Collected does not mean passing" in said


def test_the_arithmetic_is_shown(db: None) -> None:
    project, client = fresh()
    start = timezone.now() - timedelta(days=9)
    for day, number in enumerate([30, 36, 20, 4]):
        counted(project, number, at=start + timedelta(days=3 * day))
    said = page(client)
    assert "4 collection errors left, down from 30." in said
    assert "(30 − 4) ÷ 30 = 86.6% fewer than the first pass" in said
    assert "the peak was 36" in said
    assert "30 cleared −32 new +6 now 4" in said.replace("errors ", ""), "the week's ledger"
    assert "Run a pass now" in said


def test_the_numbers_stand_in_a_table_and_a_blocked_pass_says_so(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    factories.blocked_pass(project)
    counted(project, 11)
    said = page(client)
    table = said[said.index("Show the numbers as a table") : said.index("Errors by category")]
    assert table.index("#3") < table.index("#2") < table.index("#1")
    assert "blocked, not counted" in table[table.index("#2") : table.index("#1")]


def test_another_project_is_not_there(cast: Cast) -> None:
    for path in ("", "live/", "trend.json"):
        assert cast.client("stranger").get(URL + path).status_code == 404
        assert cast.client("engineer").get("/p/borealis/" + path).status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    answer = Client().get(URL)
    assert (answer.status_code, answer.url) == (302, "/login/?next=/p/atlas/")
    assert Client().get(URL + "live/", headers=HTMX).headers["HX-Redirect"].startswith("/login/")


@pytest.mark.parametrize("slug", ["nothing", "ATLAS", "atlas-"])
def test_bad_ids(cast: Cast, slug: str) -> None:
    assert cast.client("admin").get(f"/p/{slug}/").status_code == 404


def test_htmx_gets_the_part_and_caches_are_told(cast: Cast) -> None:
    answer = cast.client("viewer").get(URL, headers=HTMX)
    # The title comes first: htmx takes the first one, and the drawing has titles of its own.
    assert re.match(r'<title>[^<]+</title>\s*<div id="overview"', answer.content.decode().lstrip())
    assert "<html" not in answer.content.decode()
    assert "<title>3 errors left: atlas</title>" in answer.content.decode()
    assert "HX-Request" in answer.headers["Vary"]
    restored = cast.client("viewer").get(URL, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_a_viewer_sees_no_button_that_would_be_refused(cast: Cast) -> None:
    assert "Run a pass now" not in page(cast.client("viewer"), URL)
    assert "Run a pass now" in page(cast.client("engineer"), URL)


# --- states


def test_no_pass_yet(db: None) -> None:
    _, client = fresh(schedule="0 6 * * *")
    said = page(client)
    assert "Nothing counted yet" in said
    assert "The next pass is due" in said
    assert "0 errors" not in said
    assert "zero" not in said.lower()


def test_the_first_pass_waits_and_runs(db: None) -> None:
    project, client = fresh()
    queued = passes.queue(project, trigger="manual")
    assert "It starts as soon as a worker is free." in page(client)
    passes.claim(queued.pk)
    CollectionPass.objects.filter(pk=queued.pk).update(
        stage="collect", stage_times={"fetch": 0, "collect": 1}, files_reached=268, errors_so_far=61
    )
    said = page(client)
    assert "Counting for the first time" in said
    assert "268 test files reached" in said
    assert "61 errors so far" in said
    assert "Show the numbers" not in said, "no chart before the first count"


def test_a_worker_that_does_not_answer_is_missed(db: None) -> None:
    project, client = fresh()
    queued = passes.queue(project, trigger="manual")
    CollectionPass.objects.filter(pk=queued.pk).update(queued_at=timezone.now() - timedelta(minutes=3))
    assert "No worker has answered for 3 minutes." in page(client)


def test_only_blocked_passes_are_not_zero(db: None) -> None:
    project, client = fresh()
    factories.blocked_pass(project)
    said = page(client)
    assert "Pass #1 could not count anything." in said
    assert "not zero" in said
    assert "Nothing counted yet" in said


def test_one_pass(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    said = page(client)
    assert "12 collection errors at the first pass." in said
    assert "is the baseline that every later number is compared with" in said
    assert "fewer" not in said and "orecast" not in said
    assert "Week to" not in said and "Since the first pass" not in said


def test_blocked_keeps_the_last_count_and_says_that_it_is_not_zero(db: None) -> None:
    project, client = fresh()
    counted(project, 20)
    counted(project, 12)
    factories.blocked_pass(project)
    said = page(client)
    assert "Pass #3 could not count anything." in said
    assert "This is not zero errors." in said
    assert "Last counted: 12 errors at #2," in said
    assert "#3 blocked, not counted" in said
    assert "Latest pass #3, blocked" in said


def test_failed_is_said_as_failed(db: None) -> None:
    project, client = fresh()
    counted(project, 20)
    factories.failed_pass(project)
    said = page(client)
    assert "Pass #2 failed." in said
    assert "not zero errors" in said


def test_stale(db: None) -> None:
    project, client = fresh(schedule="0 6 * * *")
    only = counted(project, 20)
    assert "old." not in page(client)
    CollectionPass.objects.filter(pk=only.pk).update(ended_at=timezone.now() - timedelta(days=3))
    assert "The last counted pass is 3 days old." in page(client)


def test_rising(db: None) -> None:
    project, client = fresh()
    start = timezone.now() - timedelta(days=20)
    for day, number in ((0, 30), (12, 10), (19, 13)):
        counted(project, number, at=start + timedelta(days=day))
    assert "13 errors left, 3 more than last week." in page(client)


def test_zero_is_not_passing(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    counted(project, 0)
    said = page(client)
    assert "Zero collection errors, at pass #2." in said
    assert "12 errors at the first pass and 1 ticket in 1 day. It is verified, the last by #2 on commit" in said
    assert "160 tests are collected. Collected does not mean passing: running them is the next step." in said
    assert "%" not in said


def test_zero_in_another_scope_is_no_zero(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    other = SessionFacts(pytest="9.1.0", python="3.13.0", rootdir=".", inipath="pyproject.toml")
    factories.counted_pass(project, None, [], files(40), session=other)
    said = page(client)
    assert "0 errors, but the scope changed: Python 3.12 to 3.13." in said
    assert "Zero collection errors" not in said
    assert "fewer" not in said


OTHER = SessionFacts(pytest="9.1.0", python="3.13.0", rootdir=".", inipath="pyproject.toml")


@pytest.mark.parametrize("number", [3, 30])
def test_not_comparable_takes_the_place_of_a_percentage_of_more_and_of_fewer(db: None, number: int) -> None:
    project, client = fresh()
    counted(project, 12)
    factories.counted_pass(project, None, broken(number), files(40), session=OTHER)
    said = page(client)
    assert f"{number} collection errors left." in said
    assert "Not comparable with the first pass on 3 Mar, which had 12: Python 3.12 to 3.13." in said
    assert "fewer" not in said and "%" not in said
    assert "down from" not in said and "up from" not in said
    address = "/p/zephyr/passes/2/conditions/?with=1"
    assert f'href="{address}"' in client.get("/p/zephyr/").content.decode()
    assert client.get(address).status_code == 200


def test_control_the_same_counts_in_one_scope_have_a_percentage(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    counted(project, 3)
    said = page(client)
    assert "75% fewer" in said and "down from 12" in said
    assert "Not comparable" not in said


def test_the_mark_on_the_trend_says_what_changed_drawn_and_in_the_figure(db: None) -> None:
    project, client = fresh()
    for _ in range(4):
        counted(project, 12)
    factories.counted_pass(project, None, broken(9), files(40), session=OTHER)
    for _ in range(4):
        factories.counted_pass(project, None, broken(9), files(40), session=OTHER)
    words_of_it = "scope changed: Python 3.12 to 3.13"
    drawn = client.get("/p/zephyr/").content.decode()
    assert f">{words_of_it}</text>" in drawn
    assert f'<div class="xs m">{words_of_it}</div>' in drawn, "in the table of numbers"
    answer = json.loads(client.get("/p/zephyr/trend.json").content)
    assert words_of_it in [note["text"] for note in answer["figure"]["layout"]["annotations"]]
    assert [words_of_it in reading["moved"] for reading in answer["readings"]] == [False] * 4 + [True] + [False] * 4


def test_hidden_errors_are_named_and_keep_zero_away(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    factories.counted_pass(
        project, None, [], {path: ("skipped", 0) if i < 3 else 9 for i, path in enumerate(files(40))}
    )
    said = page(client)
    assert "0 errors visible, 3 hidden." in said
    assert "%" not in said, "silence is no progress"
    assert "Zero collection errors" not in said


def test_back_after_zero(db: None) -> None:
    project, client = fresh()
    start = timezone.now() - timedelta(days=20)
    for day, number in ((0, 12), (2, 0), (11, 2)):
        counted(project, number, at=start + timedelta(days=day))
    said = page(client)
    assert "2 errors, back after 9 days at zero." in said
    assert "came back at pass #3" in said


def test_held_waits_for_a_leads_word(db: None) -> None:
    project, client = fresh()
    counted(project, 12)
    factories.counted_pass(project, None, broken(4), dict.fromkeys(list(files(8))[4:], 4))
    said = page(client)
    assert "Pass #2 collected less than half of the tests" in said
    assert "Confirm" in said
    assert "fewer" not in said
    engineer = Client()
    engineer.force_login(factories.member(project, "engineer"))
    assert "Confirm" not in page(engineer)


def test_environment_errors_are_split_in_the_headline(db: None) -> None:
    project, client = fresh()
    cause = [factories.missing_module(f"tests/net/test_{i}.py", "yaml") for i in range(3)]
    factories.counted_pass(project, None, [*broken(12), *cause], files(40))
    assert "15 errors: 12 in the repository, 3 in the environment." in page(client)


def test_a_wall_of_missing_packages_is_said_for_what_it_is(db: None) -> None:
    project, client = fresh()
    missing = [factories.missing_module(f"tests/net/test_{i}.py", "numpy") for i in range(5)]
    factories.counted_pass(project, None, [*broken(2), *missing], files(40))
    text = page(client)
    assert "5 of 7 errors come from the environment" in text
    assert "Package numpy is not installed" in text
    assert "5 of 7 errors come from the environment" in page(client, "/p/zephyr/passes/1/")
    factories.counted_pass(project, None, [*broken(8), *missing], files(40))
    assert "come from the environment" not in page(client)


def test_a_level_below_isolated_is_named(db: None) -> None:
    project, client = fresh()
    factories.counted_pass(project, None, broken(12), sandbox_level=1)
    assert "level 1, trusted code only" in page(client)
    factories.counted_pass(project, None, broken(12), sandbox_level=2)
    assert "level 2, confined" in page(client)


def test_the_sample_is_marked(db: None) -> None:
    _, client = fresh(is_sample=True)
    assert "SAMPLE" in page(client)


# --- what refreshes itself


def test_the_strip_tells_the_page_when_a_pass_has_ended(cast: Cast) -> None:
    client = cast.client("viewer")
    drawn = client.get(URL).content.decode()
    poll = drawn.split('id="live"')[1].split('hx-get="')[1].split('"')[0]
    assert poll.startswith("/p/atlas/live/?seen=")
    assert "HX-Trigger" not in client.get(poll, headers=HTMX).headers
    factories.blocked_pass(cast.project)
    answer = client.get(poll, headers=HTMX)
    assert answer.headers["HX-Trigger"] == "pass-done"
    following = answer.content.decode().split('hx-get="')[1].split('"')[0]
    assert "HX-Trigger" not in client.get(following, headers=HTMX).headers


def test_the_strip_is_asked_often_only_while_something_is_at_work(cast: Cast) -> None:
    client = cast.client("viewer")
    assert 'hx-trigger="every 20s"' in client.get(URL + "live/").content.decode()
    passes.queue(cast.project, trigger="manual")
    passes.queue(cast.project, trigger="manual", commit="a" * 40)
    answer = client.get(URL + "live/").content.decode()
    assert 'hx-trigger="every 2s"' in answer
    assert "1 more waits." in words(answer)


def test_the_trend_is_sent_once_and_then_only_when_it_changed(cast: Cast) -> None:
    client = cast.client("viewer")
    answer = client.get(URL + "trend.json")
    sent = json.loads(answer.content)
    assert [reading["total"] for reading in sent["readings"]] == [3]
    assert sent["readings"][0]["href"] == "/p/atlas/passes/1/"
    again = client.get(URL + "trend.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    factories.blocked_pass(cast.project)
    changed = client.get(URL + "trend.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200
    assert [reading["total"] for reading in json.loads(changed.content)["readings"]] == [3, None]


def test_nothing_counted_is_no_figure(db: None) -> None:
    _, client = fresh()
    assert json.loads(client.get("/p/zephyr/trend.json").content) == {"figure": None, "readings": []}


def test_times_are_told_in_utc(db: None) -> None:
    project, client = fresh(time_zone="Asia/Tokyo")
    counted(project, 12, at=datetime(2026, 3, 6, 23, 30, tzinfo=UTC))
    assert "Fri 6 Mar" in page(client)
