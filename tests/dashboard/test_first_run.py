"""The first run: the form that checks itself, the test of the connection by a worker, and the first pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from remediation import checks
from remediation.models import ConnectionCheck, Project
from tests import factories
from tests.dashboard.cast import Cast, words

NEW = "/p/new/"
HTMX = {"HX-Request": "true"}
FORM = {"source": "https://git.example.org/team/cirrus.git"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def check_of(cast: Cast, **columns: Any) -> ConnectionCheck:
    row = checks.start(cast.admin, {"name": "cirrus", **FORM})
    ConnectionCheck.objects.filter(pk=row.pk).update(**columns)
    row.refresh_from_db()
    return row


def step(code: str, state: str = "done", said: str = "", seconds: float = 1.5) -> dict[str, Any]:
    return {"code": code, "state": state, "said": said, "seconds": seconds}


PASSED = [step(code) for code in checks.STEPS]


def ended(cast: Cast, steps: list[dict[str, Any]], *, passed: bool, **columns: Any) -> ConnectionCheck:
    now = timezone.now()
    times = {"started_at": now - timedelta(seconds=41), "ended_at": now}
    return check_of(cast, state="ended", passed=passed, steps=steps, **times, **columns)


def page(cast: Cast, url: str, role: str = "admin") -> str:
    return words(cast.client(role).get(url).content.decode())


def test_three_steps_on_one_page(cast: Cast) -> None:
    said = page(cast, NEW)
    for text in ("1. Repository and branch", "2. Test the connection", "3. First pass", "Test connection"):
        assert text in said
    assert "Nothing of the repository runs outside the sandbox." in said
    assert "manage.py add_sample" in said


def test_a_sample_that_is_there_is_shown_instead(cast: Cast) -> None:
    factories.project("atlas-sample", is_sample=True)
    assert "manage.py add_sample" not in page(cast, NEW)


def test_testing_queues_a_check_and_adds_nothing(
    cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("admin").post(NEW, FORM | {"do": "test", "schedule": "0 6 * * *"})
    row = ConnectionCheck.objects.get()
    assert answer.url == f"{NEW}{row.pk}/#check"
    assert (row.state, row.requested_by, row.draft["name"]) == ("queued", cast.admin, "cirrus")
    assert row.draft["schedule"] == "0 6 * * *"
    assert Project.objects.count() == 2
    assert b"remediation.tasks.run_check" in b"".join(clean_redis.lrange("collect", 0, -1))
    html = cast.client("admin").get(f"{NEW}{row.pk}/").content.decode()
    assert 'value="https://git.example.org/team/cirrus.git"' in html, "the form keeps what was typed"
    assert "It starts as soon as a worker is free" in html
    assert 'hx-trigger="every 2s"' in html and 'http-equiv="refresh"' in html


def test_the_web_process_asks_no_server_for_a_test(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("only a worker may")

    monkeypatch.setattr("remediation.projects.check_answers", asked)
    monkeypatch.setattr("remediation.collection.fetching.run_git", asked)
    assert cast.client("admin").post(NEW, FORM | {"do": "test"}).status_code == 302


def test_it_runs(cast: Cast) -> None:
    now = timezone.now()
    row = check_of(
        cast, state="running", step="install", step_since=9.0, steps=PASSED[:4], started_at=now - timedelta(seconds=50),
        lease_until=now + timedelta(seconds=59), live={"log": "Resolved 12 packages <b>"},
    )  # fmt: skip
    answer = cast.client("admin").get(f"{NEW}{row.pk}/", headers=HTMX)
    html, said = answer.content.decode(), words(answer.content.decode())
    assert answer.status_code == 200 and "<html" not in html
    assert "Clone, done 1.5 s" in said
    assert "Install in the sandbox, under way 41 s" in said
    assert "pytest --version, to come" in said
    assert "Resolved 12 packages &lt;b&gt;" in html
    assert "Stop the test" in said


def test_a_worker_that_shows_no_sign_of_life(cast: Cast) -> None:
    beat = timezone.now() - timedelta(seconds=20.2)
    row = check_of(cast, state="running", started_at=beat, lease_until=beat + timedelta(seconds=60))
    assert "No sign of life for 20 s." in page(cast, f"{NEW}{row.pk}/")


def test_nobody_takes_it(cast: Cast) -> None:
    row = check_of(cast, created_at=timezone.now() - timedelta(minutes=2))
    assert "No worker has answered for 2 minutes." in page(cast, f"{NEW}{row.pk}/")


def test_it_has_passed(cast: Cast) -> None:
    row = ended(cast, PASSED, passed=True, found={"files": 431, "python": "3.12.7", "pytest": "9.2.0"})
    answer = cast.client("admin").get(f"{NEW}{row.pk}/", headers=HTMX)
    said = words(answer.content.decode())
    assert answer.status_code == 286
    assert "The connection works. 431 test files, Python 3.12.7, pytest 9.2.0, in 41 s." in said
    assert 'innerHTML:#said">The connection works.' in answer.content.decode()
    assert "hx-trigger" not in answer.content.decode()


def test_it_has_failed_with_its_fix_and_the_way_to_it(cast: Cast) -> None:
    failed = step("pytest", "failed", "No pytest found in -r requirements.txt. Choose the install command.")
    row = ended(cast, [*PASSED[:5], failed], passed=False, field="install")
    html = cast.client("admin").get(f"{NEW}{row.pk}/").content.decode()
    assert "No pytest found in -r requirements.txt. Choose the install command." in html
    assert '<a href="#id_install">Change the install lines</a>' in html
    assert '<details open id="more">' in html
    assert "Test again" in html and "The connection works" not in html
    assert "Add and run the first pass" in html, "without the test it stays possible"
    assert "http-equiv" not in html


def test_stop(cast: Cast) -> None:
    row = check_of(cast)
    answer = cast.client("admin").post(f"{NEW}{row.pk}/stop/", follow=True)
    assert "Stopped by hand." in words(answer.content.decode())


def test_adding_after_a_check_asks_the_server_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("the check has just asked")

    monkeypatch.setattr("remediation.projects.check_answers", asked)
    row = ended(cast, PASSED, passed=True)
    answer = cast.client("admin").post(NEW, FORM | {"do": "add", "check": str(row.pk)})
    assert answer.url == "/p/cirrus/passes/1/live/"
    row.refresh_from_db()
    assert row.project == Project.objects.get(slug="cirrus")
    with pytest.raises(AssertionError, match="just asked"):  # the control: another source was never asked
        cast.client("admin").post(NEW, {"source": "https://git.example.org/b.git", "do": "add", "check": str(row.pk)})


@pytest.mark.parametrize("given", ["", "x", "-1", "9" * 30, "99", "1.5"])
def test_a_check_that_is_none_is_ignored(cast: Cast, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediation.projects.check_answers", lambda *_, **__: None)
    assert cast.client("admin").post(NEW, FORM | {"do": "add", "check": given}).status_code == 302


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({"source": "/etc"}, "source", "https"),
        ({**FORM, "name": "atlas"}, "name", "already"),
        ({**FORM, "key": "ATL"}, "key", "Another project"),
        ({**FORM, "schedule": "61 * * * *"}, "schedule", ""),
    ],
)
def test_it_is_checked_while_it_is_typed(cast: Cast, values: dict[str, str], field: str, text: str) -> None:
    html = cast.client("admin").post(f"{NEW}validate/", values, headers=HTMX).content.decode()
    line = next(line for line in html.splitlines() if f"#id_{field}_live" in line)
    assert text in line and not line.endswith("></span>")
    assert Project.objects.count() == 2


def test_every_wrong_field_gets_its_word_at_once(cast: Cast) -> None:
    wrong = {"source": "/etc", "key": "ATL", "schedule": "61 * * * *", "time_zone": "Nowhere", "name": "atlas"}
    html = cast.client("admin").post(f"{NEW}validate/", wrong, headers=HTMX).content.decode()
    silent = [name for name in wrong if f'#id_{name}_live"></span>' in html]
    assert silent == []


def test_what_is_empty_or_right_gets_no_word(cast: Cast) -> None:
    for values in ({}, FORM, {"key": "NEW"}):
        html = cast.client("admin").post(f"{NEW}validate/", values, headers=HTMX).content.decode()
        assert all(line.endswith("></span>") for line in html.split("\n") if line), html


@pytest.mark.parametrize("pk", ["999", "0", "9" * 18, "9" * 40])
def test_bad_ids(cast: Cast, pk: str) -> None:
    assert cast.client("admin").get(f"{NEW}{pk}/").status_code == 404
    assert cast.client("admin").post(f"{NEW}{pk}/stop/").status_code == 404


def test_it_is_an_administrators(cast: Cast) -> None:
    row = check_of(cast)
    for role in ("viewer", "engineer", "lead", "stranger"):
        assert cast.client(role).get(f"{NEW}{row.pk}/").status_code == 403
        assert cast.client(role).post(f"{NEW}validate/", FORM).status_code == 403
