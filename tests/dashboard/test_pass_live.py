"""A pass at work on a page of its own: stages, files, log, queue, and a worker that is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard import queue_words
from remediation import passes
from remediation.models import CollectionPass
from tests import factories
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/passes/2/live/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def queued(cast: Cast, **columns: Any) -> CollectionPass:
    row = passes.queue(cast.project, trigger="manual", user=cast.engineer)
    CollectionPass.objects.filter(pk=row.pk).update(**columns)
    return row


def running(cast: Cast, stage: str = "collect", **columns: Any) -> CollectionPass:
    row = passes.queue(cast.project, trigger="manual")
    assert passes.claim(row.pk)
    times = {"fetch": 0.0, "checkout": 4.0, "install": 9.0, "collect": 50.0}
    reached = {name: times[name] for name in list(times)[: list(times).index(stage) + 1]}
    start = timezone.now() - timedelta(seconds=70)
    CollectionPass.objects.filter(pk=row.pk).update(
        **{"stage": stage, "stage_times": reached, "queued_at": start, "started_at": start, **columns}
    )
    return row


def live(**values: Any) -> dict[str, Any]:
    return {"tests": 812, "current": "", "found": 431, "round": 1, "left_out": [], "files": [], "python": "", **values}


def page(cast: Cast, role: str = "viewer", url: str = URL) -> str:
    answer = cast.client(role).get(url)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_it_collects(cast: Cast) -> None:
    files = [["tests/test_a.py", "14 tests"], ["tests/test_b.py", "ModuleNotFoundError: No module named 'shop'"]]
    running(cast, files_reached=268, errors_so_far=61, live=live(files=files, current="tests/test_c.py"))
    said = page(cast)
    assert "Pass #2 is running" in said
    assert "268 of 431 test files" in said
    assert "Collect: 812 tests, 61 errors so far" in said
    assert "Check out, done 5.0 s" in said and "Install, done 41 s" in said
    assert "At tests/test_c.py" in said
    assert "tests/test_b.py ModuleNotFoundError: No module named 'shop'" in said
    assert "by the project's own patterns" in said
    html = cast.client("viewer").get(URL).content.decode()
    assert '<progress aria-label="Test files reached" max="431" value="268">' in html


def test_so_far_is_no_result(cast: Cast) -> None:
    running(cast, files_reached=268, errors_so_far=61, live=live())
    assert "never in the trend" in page(cast)
    assert "61" not in cast.client("viewer").get("/p/atlas/trend.json").content.decode()


def test_there_is_no_bar_while_the_total_is_unknown(cast: Cast) -> None:
    running(cast, "install", live={"log": "$ uv pip install\nResolved 12 packages"})
    html = cast.client("viewer").get(URL).content.decode()
    assert "<progress" not in html
    assert "Resolved 12 packages" in html
    CollectionPass.objects.filter(number=2, project=cast.project).update(
        stage="collect", files_total=3, files_reached=9
    )
    assert "<progress" not in cast.client("viewer").get(URL).content.decode(), "more than all of them is no share"


def test_a_stage_is_compared_with_the_last_passs(cast: Cast) -> None:
    first = cast.project.passes.get(number=1)
    CollectionPass.objects.filter(pk=first.pk).update(
        started_at=first.queued_at,
        ended_at=first.queued_at + timedelta(seconds=60),
        stage_times={"fetch": 0, "checkout": 1, "install": 2, "collect": 40, "record": 59},
    )
    running(cast, "install")
    assert "Install, under way 61 s 38 s at #1".replace("61 s", "1 min 1 s") in page(cast)


def test_a_round_without_the_file_that_ended_the_process(cast: Cast) -> None:
    running(cast, live=live(round=2, left_out=["tests/x.py"]))
    assert "Round 2: collected again without tests/x.py" in page(cast)


def test_without_javascript_it_comes_again_by_itself_until_it_is_paused(cast: Cast) -> None:
    running(cast, live=live(files=[["tests/test_a.py", ""]]))
    html = cast.client("viewer").get(URL).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html
    assert 'href="/p/atlas/passes/2/live/?paused=1"' in html
    paused = cast.client("viewer").get(URL + "?paused=1").content.decode()
    assert "http-equiv" not in paused and "hx-preserve" in paused
    assert "&amp;paused=1" in paused, "the polls go on, the log stays"


def test_a_screen_reader_hears_of_it_every_few_seconds_at_most(cast: Cast) -> None:
    running(cast, files_reached=268, live=live())
    client = cast.client("viewer")
    first = client.get(URL + "?said=0", headers=HTMX).content.decode()
    assert '<p hx-swap-oob="innerHTML:#said">Collect: 268 of 431 test files.</p>' in first
    assert "http-equiv" not in first and "<html" not in first
    said = first.partition("?said=")[2].partition('"')[0]
    assert "hx-swap-oob" not in client.get(URL + f"?said={said}", headers=HTMX).content.decode()
    for bad in ("x", "", "nan", "1e999", "9" * 400, "<b>"):
        answer = client.get(URL, {"said": bad}, headers=HTMX)
        assert answer.status_code == 200 and "<b>&" not in answer.content.decode()


def test_the_page_around_it_hears_of_a_new_state(cast: Cast) -> None:
    client = cast.client("viewer")
    running(cast, live=live())
    assert "HX-Trigger" not in client.get(URL + "?was=running", headers=HTMX).headers
    assert client.get(URL + "?was=queued", headers=HTMX).headers["HX-Trigger"] == "pass-done"
    whole = client.get(URL + "?whole=1", headers=HTMX).content.decode()
    assert '<div id="live-page"' in whole and "Pass #2 is running" in words(whole)


def test_a_stopped_pass_shows_where_it_was(cast: Cast) -> None:
    passes.cancel(running(cast, live=live()))
    said = page(cast)
    assert "Collect, ended there" in said and "Classify and record, not reached" in said
    assert "Ended, not counted" in said and "Done" not in said


def test_it_has_ended(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [])
    answer = cast.client("viewer").get(URL + "?said=0", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (286, "pass-done")
    assert "Pass #2 has ended." in answer.content.decode()
    assert "hx-trigger" not in answer.content.decode()
    said = page(cast)
    assert "Pass #2 has ended" in said and "0 errors" in said and "Open pass #2" in said
    assert cast.client("viewer").get(URL).status_code == 200


@pytest.mark.parametrize(
    ("silent", "attempts", "expected"),
    [
        (3, 1, ""),
        (20, 1, "No sign of life for 20 s. The worker reports every 2 s"),
        (64, 1, "goes back to the queue by itself: attempt 2 of 3"),
        (64, 3, "for the third time. The pass will be shown as failed"),
    ],
)
def test_a_worker_that_shows_no_sign_of_life(cast: Cast, silent: int, attempts: int, expected: str) -> None:
    beat = timezone.now() - timedelta(seconds=silent + 0.2)
    running(cast, attempts=attempts, lease_until=beat + passes.LEASE)
    said = page(cast)
    assert expected in said if expected else "No sign of life" not in said


def test_a_lost_pass_waits_again_and_says_which_attempt_it_is(cast: Cast) -> None:
    row = running(cast, lease_until=timezone.now() - timedelta(seconds=1), live=live())
    passes.reap()
    row.refresh_from_db()
    assert row.live is None, "nothing of the lost attempt is left"
    said = page(cast)
    assert "Attempt 2 of 3. The worker of the attempt before it was lost" in said
    assert "No worker has answered" not in said, "it waits since a second, not since it was first queued"


def test_the_queue_names_what_is_ahead_and_no_other_project(cast: Cast) -> None:
    passes.queue(cast.other, trigger="manual")
    queued(cast)
    assert "2nd in the queue, behind a pass of another project." in page(cast)
    assert "borealis" not in page(cast, "lead")
    assert "2nd in the queue, behind #2 of borealis." in page(cast, "admin")
    cast.other.memberships.create(user=cast.viewer, role="viewer")
    assert "behind #2 of borealis." in page(cast)


def test_of_one_project_one_pass_runs_at_a_time(cast: Cast) -> None:
    other = passes.queue(cast.other, trigger="manual")
    assert passes.claim(other.pk)
    assert passes.claim(queued(cast).pk)
    passes.queue(cast.project, trigger="command", commit="a" * 40)
    assert "Next in the queue. A worker is busy with #2 of this project." in page(cast, url="/p/atlas/passes/3/live/")


def test_a_worker_is_missing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_words, "seconds_since_dispatch", lambda: 7_200.0)
    queued(cast, queued_at=timezone.now() - timedelta(seconds=50))
    assert "No worker has answered for 50 seconds. The last answer came 2 hours ago" in page(cast)
    monkeypatch.setattr(queue_words, "seconds_since_dispatch", lambda: None)
    assert "No worker has answered yet." in page(cast)

    def gone() -> float:
        raise OSError("the broker is away")

    monkeypatch.setattr(queue_words, "seconds_since_dispatch", gone)
    assert "No worker has answered for 50 seconds." in page(cast)


def test_hostile_text_stays_text(cast: Cast) -> None:
    bad = "<script>alert(1)</script>"
    running(cast, live=live(files=[[bad, bad]], current=bad, round=2, left_out=[bad]), subject=bad, commit="a" * 40)
    html = cast.client("viewer").get(URL).content.decode()
    assert bad not in html and "&lt;script&gt;alert" in html


def test_stop_is_offered_to_those_who_may(cast: Cast) -> None:
    running(cast, live=live())
    assert "Stop this pass" not in page(cast)
    assert "Stop this pass" in page(cast, "engineer")


def test_the_number_of_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    row = queued(cast)
    client = cast.client("viewer")
    with django_assert_num_queries(8):
        client.get(URL, headers=HTMX)
    assert passes.claim(row.pk)
    with django_assert_num_queries(6):
        client.get(URL, headers=HTMX)
