"""When passes run, on the site: presets, the preview, what is refused, pausing, and the address of pushes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import schedule_page
from dashboard.history import is_stale
from remediation import pauses, projects
from remediation.models import CollectionPass, Project
from tests import factories
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/settings/schedule/"
NOW = datetime(2026, 3, 12, 6, 0, 30, tzinfo=UTC)  # a Thursday


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _form(**changes: Any) -> dict[str, Any]:
    values = {"preset": "0 6 * * 1-5", "schedule": "", "time_zone": "Europe/Berlin", "ref": "HEAD", "target_date": ""}
    return {**values, "wall_seconds": "", "memory_mib": "", **changes}


def _project() -> Project:
    return Project.objects.get(slug="atlas")


def test_a_preset_is_a_cron_expression(cast: Cast) -> None:
    form = _form(target_date="2027-01-15", wall_seconds="300", memory_mib="1024", skip_unchanged="on")
    answer = cast.client("lead").post(URL, form, follow=True)
    stored = _project()
    assert "Saved." in words(answer.content.decode())
    assert (stored.schedule, stored.time_zone, stored.skip_unchanged) == ("0 6 * * 1-5", "Europe/Berlin", True)
    assert (stored.target_date, stored.wall_seconds, stored.memory_mib) == (date(2027, 1, 15), 300, 1024)
    assert stored.next_pass_at is not None
    assert re.search(r"The next pass is due \w{3} \d+ \w{3} 06:00 Europe/Berlin", words(answer.content.decode()))


@pytest.mark.parametrize(
    ("changes", "expression"),
    [
        ({"preset": "own", "schedule": " 30 7 * * 2 "}, "30 7 * * 2"),
        ({"preset": "0 2 * * *", "schedule": "30 7 * * 2"}, "0 2 * * *"),  # the text is nobody's choice then
        ({"preset": "", "schedule": "30 7 * * 2"}, ""),
        ({"preset": "own", "schedule": ""}, ""),
    ],
)
def test_the_choice_decides_what_is_stored(cast: Cast, changes: dict[str, str], expression: str) -> None:
    assert cast.client("lead").post(URL, _form(**changes)).status_code == 302
    assert _project().schedule == expression
    assert (_project().next_pass_at is None) is (expression == "")


def test_an_own_expression_is_shown_as_such(cast: Cast) -> None:
    projects.update(cast.project, schedule="30 7 * * 2")
    page = cast.client("lead").get(URL).content.decode()
    assert re.search(r'value="own"[^>]*checked', page) and 'value="30 7 * * 2"' in page


@pytest.mark.parametrize(
    ("field", "changes", "text"),
    [
        ("schedule", {"preset": "own", "schedule": "every day"}, "is not a cron expression"),
        ("schedule", {"preset": "own", "schedule": "0 0 30 2 *"}, ""),
        ("time_zone", {"time_zone": "Mars/Olympus"}, "no time zone"),
        ("preset", {"preset": "hourly"}, "valid choice"),
        ("ref", {"ref": "--upload-pack=x"}, ""),
        ("target_date", {"target_date": "soon"}, "valid date"),
        ("wall_seconds", {"wall_seconds": "601"}, "the site allows no more"),
        ("wall_seconds", {"wall_seconds": "9"}, "Choose 10 to 600 s"),
        ("wall_seconds", {"wall_seconds": "99999999999999999999"}, "no more"),
        ("memory_mib", {"memory_mib": "9000"}, "the site allows no more"),
        ("memory_mib", {"memory_mib": "-5"}, "greater than or equal"),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(
    cast: Cast, field: str, changes: dict[str, str], text: str
) -> None:
    before = Project.objects.values().get(pk=cast.project.pk)
    answer = cast.client("lead").post(URL, _form(**changes))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Nothing was saved." in page and text in words(page)
    assert f'id="id_{field}_error"' in page or field == "preset"
    assert Project.objects.values().get(pk=cast.project.pk) == before


def test_the_limits_reach_the_collection(cast: Cast, settings: Any) -> None:
    from remediation.passes.running import limits

    assert limits(cast.project).wall_seconds == settings.COLLECT_WALL_SECONDS
    projects.update(cast.project, wall_seconds=60, memory_mib=128)
    assert (limits(cast.project).wall_seconds, limits(cast.project).memory_bytes) == (60, 128 << 20)
    settings.COLLECT_WALL_SECONDS = 30  # the site became stricter since
    assert limits(cast.project).wall_seconds == 30


# --- preview ------------------------------------------------------------------


def _preview(expression: str, zone: str = "Europe/Berlin", now: datetime = NOW, *, skips: bool = False) -> Any:
    return schedule_page.preview(Project.objects.get(slug="atlas"), expression, zone, skips, now)


def test_the_next_times_stand_in_the_teams_zone_with_utc_beside(cast: Cast) -> None:
    found = _preview("0 6 * * 1-5")
    assert found.times[:2] == (
        "Fri 13 Mar 06:00 Europe/Berlin (05:00 UTC)",
        "Mon 16 Mar 06:00 Europe/Berlin (05:00 UTC)",
    )
    assert len(found.times) == 5 and found.notes == ()
    assert _preview("0 6 * * 1-5", "UTC").times[0] == "Fri 13 Mar 06:00 UTC"
    assert _preview("0 6 * * *", "Asia/Tokyo").times[0] == "Fri 13 Mar 06:00 Asia/Tokyo (Thu 21:00 UTC)"


def test_a_change_of_the_clock_among_them_is_said(cast: Cast) -> None:
    found = _preview("0 6 * * *", now=datetime(2026, 3, 27, 12, tzinfo=UTC))
    assert found.times[:2] == (
        "Sat 28 Mar 06:00 Europe/Berlin (05:00 UTC)",
        "Sun 29 Mar 06:00 Europe/Berlin (04:00 UTC)",
    )
    assert found.notes == ("By Sun 29 Mar the clocks of Europe/Berlin have gone forward by 1 hour.",)
    back = _preview("0 6 * * *", now=datetime(2026, 10, 23, 12, tzinfo=UTC))
    assert back.notes == ("By Sun 25 Oct the clocks of Europe/Berlin have gone back by 1 hour.",)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 6 * * 1-5", "About 22 passes a month"),
        ("0 */6 * * *", "About 120 passes a month"),
        ("* * * * *", "About 44,000 passes a month"),
        ("0 6 1 * *", "About 1 pass a month"),
        ("0 6 1 1 *", "Less than one pass a month"),
    ],
)
def test_it_says_how_often_that_is(cast: Cast, expression: str, said: str) -> None:
    assert _preview(expression).costs.startswith(said)


def test_the_workers_time_comes_from_the_last_passes_and_unknown_is_said(cast: Cast) -> None:
    CollectionPass.objects.filter(project=cast.project).update(started_at=None)
    assert _preview("0 6 * * *").costs == "About 30 passes a month; how long one takes is not known before the first."
    ended = cast.project.passes.get(number=1).ended_at
    CollectionPass.objects.filter(project=cast.project).update(started_at=ended - timedelta(seconds=72))
    assert _preview("0 6 * * *").costs == "About 30 passes a month, 37 min of worker time."
    assert _preview("0 6 * * *", skips=True).costs == "At most 30 passes a month, 37 min of worker time."


@pytest.mark.parametrize(("seconds", "said"), [(20, "less than a minute"), (3_599, "1 h 0 min"), (7_500, "2 h 5 min")])
def test_worker_time_in_words(seconds: float, said: str) -> None:
    assert schedule_page.worker_time(seconds) == said


def test_what_is_being_typed_is_previewed_and_stored_nowhere(cast: Cast) -> None:
    client = cast.client("viewer")
    typed = {"preset": "own", "schedule": "30 7 * * 1", "time_zone": "UTC"}
    page = client.get(URL + "due/", typed).content.decode()
    assert words(page).count("07:30 UTC") == 5 and "<html" not in page
    assert "is not a cron expression" in client.get(URL + "due/", {"preset": "own", "schedule": "x"}).content.decode()
    assert "There is no time zone" in client.get(URL + "due/", {**typed, "time_zone": "\0<b>"}).content.decode()
    assert "Only on demand" in client.get(URL + "due/").content.decode()
    assert _project().schedule == ""


# --- pause --------------------------------------------------------------------


def test_pausing_needs_a_reason_and_says_it_to_everybody(cast: Cast) -> None:
    projects.update(cast.project, schedule="0 6 * * *")
    client = cast.client("lead")
    assert client.post(URL + "pause/", {"reason": " "}).status_code == 422
    assert _project().paused_at is None
    client.post(URL + "pause/", {"reason": "The <b>network</b> moves"})
    stored = _project()
    assert (stored.paused_reason, stored.next_pass_at) == ("The <b>network</b> moves", None)
    page = cast.client("viewer").get(URL).content.decode()
    assert "The schedule is paused." in page and "by Ines Duarte." in page
    assert "The &lt;b&gt;network&lt;/b&gt; moves" in page and "Resume" not in page
    client.post(URL, _form())  # a new schedule does not end the pause
    assert _project().next_pass_at is None
    client.post(URL + "pause/", {"do": "resume"})
    assert _project().paused_at is None and _project().next_pass_at is not None


def test_a_paused_project_and_a_skipped_commit_are_not_stale(cast: Cast) -> None:
    projects.update(cast.project, schedule="0 6 * * *")
    last = cast.project.passes.get(number=1)
    last.ended_at = NOW - timedelta(days=4)
    assert is_stale(cast.project, last, NOW)
    cast.project.last_skipped_at = NOW - timedelta(hours=5)
    assert not is_stale(cast.project, last, NOW)
    cast.project.last_skipped_at = NOW - timedelta(days=3)
    assert is_stale(cast.project, last, NOW)
    cast.project.paused_at = NOW
    assert not is_stale(cast.project, last, NOW)


def test_the_overview_says_a_pause_and_a_skip_quietly(cast: Cast) -> None:
    projects.update(cast.project, schedule="0 6 * * *")
    later = timezone.now() + timedelta(minutes=1)
    Project.objects.filter(pk=cast.project.pk).update(last_skipped_at=later, last_skipped_commit="a" * 40)
    viewer = cast.client("viewer")
    page = words(viewer.get("/p/atlas/").content.decode())
    assert "was skipped, same commit" in page and "Next pass on demand" not in page
    Project.objects.filter(pk=cast.project.pk).update(last_skipped_at=NOW)  # a pass has ended since
    assert "was skipped" not in words(viewer.get("/p/atlas/").content.decode())
    pauses.pause(_project(), cast.lead, "The CI network moves.")
    page = words(viewer.get("/p/atlas/").content.decode())
    assert "The schedule is paused since" in page and "The CI network moves." in page
    assert "Next pass paused" in page


def test_a_skipped_due_time_is_said(cast: Cast) -> None:
    commit = cast.project.passes.get(number=1).commit
    Project.objects.filter(pk=cast.project.pk).update(last_skipped_at=NOW, last_skipped_commit=commit)
    page = words(cast.client("viewer").get(URL).content.decode())
    assert f"The due time Thu 12 Mar 06:00 UTC was skipped: {commit[:9]} is the same commit as at #1." in page


# --- who ----------------------------------------------------------------------


def test_members_read_and_only_leads_change(cast: Cast) -> None:
    for role in ("viewer", "engineer"):
        page = cast.client(role).get(URL).content.decode()
        assert "Save schedule" not in page and "Make an address" not in page
        for path, form in (("", _form()), ("pause/", {"reason": "x"}), ("hook/", {"do": "make"})):
            assert cast.client(role).post(URL + path, form).status_code == 403
    assert _project().schedule == "" and _project().hook_digest == ""


def test_another_project_is_not_there(cast: Cast) -> None:
    for path in ("", "due/"):
        assert cast.client("stranger").get(URL + path).status_code == 404
    assert cast.client("stranger").post(URL, _form()).status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL).url == f"/login/?next={URL}"


def test_a_zone_can_be_chosen_and_the_page_is_light(cast: Cast) -> None:
    import gzip

    page = cast.client("lead").get(URL).content
    assert b'<option value="Europe/Berlin">' in page and b'<option value="UTC">' in page
    assert len(gzip.compress(page)) < 15_000


def test_a_new_project_runs_on_demand(db: None) -> None:
    project = factories.project("cirrus")
    client = Client()
    client.force_login(factories.member(project, "lead"))
    page = words(client.get("/p/cirrus/settings/schedule/").content.decode())
    assert "Passes run on demand." in page and "Network during a collection: unknown before the first pass." in page
