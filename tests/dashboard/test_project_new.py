"""Adding a project on the site."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from remediation.models import Project
from tests.dashboard.cast import Cast, words

URL = "/p/new/"
FORM = {
    "name": "Cirrus",
    "source": "https://git.example.org/cirrus.git",
    "ref": "",
    "schedule": "0 6 * * *",
    "time_zone": "",
}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def test_it_works_and_the_first_pass_is_queued(
    cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any, https_repository: str
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("admin").post(URL, FORM | {"source": https_repository})
    assert answer.url == "/p/cirrus/passes/1/live/"
    project = Project.objects.get(slug="cirrus")
    assert (project.source_is_local, project.ref, project.time_zone) == (False, "HEAD", "UTC")
    assert [p.state for p in project.passes.all()] == ["queued"]
    assert project.passes.get().requested_by == cast.admin
    assert b"remediation.tasks.run_pass" in b"".join(clean_redis.lrange("collect", 0, -1))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "", "source": "https://git.example.org/!!!"}, "name"),
        ({"key": "a1"}, "key"),
        ({"key": "ATL"}, "key"),
        ({"interpreter": "/no/such/python"}, "interpreter"),
        ({"install": "--index-url"}, "install"),
        ({"name": "atlas"}, "name"),
        ({"name": "!!!"}, "name"),
        ({"source": "/etc"}, "source"),
        ({"source": "file:///etc"}, "source"),
        ({"source": "ext::sh -c id"}, "source"),
        ({"source": ""}, "source"),
        ({"ref": "-x"}, "ref"),
        ({"schedule": "61 * * * *"}, "schedule"),
        ({"time_zone": "Nowhere"}, "time_zone"),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(cast: Cast, changes: dict[str, str], field: str) -> None:
    answer = cast.client("admin").post(URL, FORM | changes)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert Project.objects.count() == 2


def test_a_source_or_a_ref_that_does_not_answer_is_refused(cast: Cast, https_repository: str) -> None:
    dead = https_repository.replace("cirrus", "nowhere")
    for changes, field in (
        ({"source": dead}, "source"),
        ({"source": "https://localhost:1/cirrus.git"}, "source"),
        ({"source": https_repository, "ref": "no-such-branch"}, "ref"),
    ):
        answer = cast.client("admin").post(URL, FORM | changes)
        assert answer.status_code == 422
        assert f'id="id_{field}_error"' in answer.content.decode()
    assert Project.objects.count() == 2


def test_only_an_administrator_may(cast: Cast) -> None:
    for role in ("viewer", "engineer", "lead", "stranger"):
        assert cast.client(role).get(URL).status_code == 403
        answer = cast.client(role).post(URL, FORM)
        assert answer.status_code == 403
        assert "Only an administrator may do this." in words(answer.content.decode())
    assert Client().post(URL, FORM).url.startswith("/login/")
    assert Project.objects.count() == 2
