"""A project's settings on the site."""

from __future__ import annotations

import html
from datetime import date
from typing import Any

import pytest
from django.test import Client

from remediation import projects
from remediation.models import Project
from tests import factories
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/settings/"
DAYS = ("unclaimed_after", "flag_claims_after", "release_claims_after")


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _form(project: Project, **changes: Any) -> dict[str, Any]:
    names = ("name", "source", "ref", "key", "interpreter", "install", "arguments", *DAYS)
    return {**{name: getattr(project, name) for name in names}, "environment": "", **changes}


def test_it_works(cast: Cast) -> None:
    changes = {
        "arguments": "-m 'not slow'",
        "environment": "MODE=test\r\n\r\nSRC={checkout}/src=x",
        "interpreter": "3.12",
    }
    answer = cast.client("lead").post(URL, _form(cast.project, **changes), follow=True)
    assert "Saved. The next pass uses it." in answer.content.decode()
    stored = Project.objects.get(pk=cast.project.pk)
    assert stored.interpreter == "3.12"
    assert stored.environment == {"MODE": "test", "SRC": "{checkout}/src=x"}
    assert "MODE=test\nSRC={checkout}/src=x</textarea>" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("source", "not a url", ""),
        ("source", "/etc", ""),
        ("ref", "--upload-pack=x", ""),
        ("interpreter", "/no/such/python", ""),
        ("arguments", "-k 'open", "Close every quote"),
        ("arguments", "-n 4", "would falsify the count"),
        ("environment", "no equals sign", "Line 1 is not NAME=value."),
        ("environment", "LD_PRELOAD=/x.so", "is set by the pass itself"),
        ("name", "", "required"),
        ("name", "x" * 81, "at most 80"),
        ("flag_claims_after", "-1", "greater than or equal to 0"),
        ("release_claims_after", "366", "less than or equal to 365"),
        ("unclaimed_after", "soon", "whole number"),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(cast: Cast, field: str, value: str, text: str) -> None:
    before = Project.objects.values().get(pk=cast.project.pk)
    answer = cast.client("lead").post(URL, _form(cast.project, **{field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was saved." in page and f'id="id_{field}_error"' in page
    assert page.count('aria-invalid="true"') == 1
    assert text in words(page)
    assert Project.objects.values().get(pk=cast.project.pk) == before


def test_how_long_tickets_and_claims_may_wait(cast: Cast) -> None:
    client = cast.client("lead")
    client.post(URL, _form(cast.project, unclaimed_after="0", flag_claims_after="10", release_claims_after="4"))
    stored = Project.objects.values_list(*DAYS).get(pk=cast.project.pk)
    assert stored == (0, 10, 4)
    client.post(URL, _form(cast.project, **dict.fromkeys(DAYS, "")))
    assert Project.objects.values_list(*DAYS).get(pk=cast.project.pk) == (3, 5, 2), "empty is the usual"
    assert "0: never. Empty: 5." in words(client.get(URL).content.decode())


def test_another_source_must_answer_and_hold_the_ref(cast: Cast, https_repository: str) -> None:
    client = cast.client("lead")
    assert client.post(URL, _form(cast.project, source=https_repository, ref="next")).status_code == 302
    cast.project.refresh_from_db()
    assert (cast.project.source, cast.project.ref) == (https_repository, "next")
    answer = client.post(URL, _form(cast.project, ref="no-such-branch"))
    assert answer.status_code == 422 and "no-such-branch" in words(answer.content.decode())
    assert Project.objects.get(pk=cast.project.pk).ref == "next"


def test_the_key_stays_once_a_ticket_has_it(cast: Cast) -> None:
    cast.client("lead").post(URL, _form(cast.project, key="NEW"))
    assert Project.objects.get(pk=cast.project.pk).key == "ATL"
    fresh = factories.project("cirrus", key="CIR")
    assert cast.client("admin").post("/p/cirrus/settings/", _form(fresh, key="cs")).status_code == 302
    assert Project.objects.get(pk=fresh.pk).key == "CS"


def test_a_local_source_can_only_be_read(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(source="/srv/git/atlas", source_is_local=True)
    page = cast.client("lead").get(URL).content.decode()
    assert "only the command line can change it" in page
    cast.client("lead").post(URL, _form(cast.project, source="https://git.example.org/other.git"))
    assert Project.objects.get(pk=cast.project.pk).source == "/srv/git/atlas"


def test_what_the_schedule_says_is_not_touched(cast: Cast) -> None:
    projects.update(cast.project, schedule="0 6 * * *", time_zone="Asia/Kolkata", target_date=date(2027, 1, 15))
    form = _form(cast.project, name="renamed", schedule="* * * * *", time_zone="UTC", target_date="")
    assert cast.client("lead").post(URL, form).status_code == 302
    stored = Project.objects.get(pk=cast.project.pk)
    assert (stored.name, stored.schedule, stored.time_zone) == ("renamed", "0 6 * * *", "Asia/Kolkata")
    assert stored.target_date == date(2027, 1, 15)


def test_what_was_detected_and_the_last_build_log_are_shown(cast: Cast) -> None:
    found = {"branch": "main", "requires_python": ">=3.11", "recipe": ["-e .[test]"], "notes": ["Read pyproject.toml."]}
    factories.counted_pass(cast.project, 2, [], detected=found, install_log="Resolved 14 packages <in> 1 s")
    page = html.unescape(cast.client("viewer").get(URL).content.decode())
    for text in (
        "main",
        ">=3.11",
        "-e .[test]",
        "Read pyproject.toml.",
        "build log of pass <b>#2</b>",
        "Resolved 14 packages <in> 1 s",
    ):
        assert text in page


def test_members_read_and_only_leads_change(cast: Cast) -> None:
    for role in ("viewer", "engineer"):
        page = cast.client(role).get(URL).content.decode()
        assert "Save settings" not in page and "you can read the settings" in page
        assert cast.client(role).post(URL, _form(cast.project, name="taken over")).status_code == 403
    assert Project.objects.get(pk=cast.project.pk).name == "atlas"


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").get(URL).status_code == 404
    assert cast.client("stranger").post(URL, _form(cast.project)).status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL).url == "/login/?next=/p/atlas/settings/"
    assert Client().post(URL, _form(cast.project, name="x")).url.startswith("/login/")
