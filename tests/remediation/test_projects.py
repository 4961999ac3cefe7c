"""What could never work is refused at the door, with the field and what to do; nothing is half stored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from remediation import projects
from remediation.models import Category, CategoryRule, Membership, Project
from remediation.projects import Refused
from tests import factories
from tests.remediation.rows import contents
from tests.remediation.threads import at_once

SOURCE = "https://git.example.org/team/atlas.git"

REFUSALS = [
    ("name", "", "Give the project a name"),
    ("name", "!!! ???", "letters or digits"),
    ("name", "New", "Choose another name"),
    ("source", "", "https or ssh"),
    ("source", "ftp://example.org/x", "https or ssh"),
    ("source", "--upload-pack=touch /tmp/x", "https or ssh"),
    ("source", "ext::sh -c touch% /tmp/x", "percent-encoded"),
    ("source", "https://mei:secret@git.example.org/x.git", "deploy key"),
    ("source", "/srv/git/atlas", "command line"),
    ("source", "https://git.example.org/" + "x" * 600, "Shorten it"),
    ("source", "https://git.example.org/x\0y", "Remove it"),
    ("ref", "--output=x", "branch"),
    ("ref", "main..other", "branch"),
    ("ref", "x" * 220, "Shorten it"),
    ("key", "A", "two to six capital letters"),
    ("key", "TOOLONGKEY", "two to six capital letters"),
    ("key", "A1", "two to six capital letters"),
    ("interpreter", "/nowhere/python", "path of a Python"),
    ("interpreter", __file__, "not executable"),
    ("interpreter", "/usr/bin/py\0thon", "Remove it"),
    ("interpreter", "2.7", "path of a Python"),
    ("install", "requirements.txt '", "cannot be read"),
    ("install", "pytest --python 3.12", "requirement such as"),
    ("install", "-e .", "Use -r FILE"),
    ("arguments", "tests 'unclosed", "Close every quote"),
    ("arguments", "tests " * 200, "Shorten it"),
    ("arguments", "\ud800", "Remove it"),
    *[("arguments", f"tests {option}", "falsify the count") for option in (
        "-x", "--maxfail=1", "--maxfail 1", "-n 4", "-n4", "-nauto", "-vx", "--lf", "--last-failed", "--collect-only",
        "--co", "--stepwise", "--sw", "--exitfirst", "--numprocesses=2", "--failed-first")],
    ("environment", {"1X": "y"}, "NAME=value"),
    ("environment", {"": "y"}, "NAME=value"),
    ("environment", {"A B": "y"}, "NAME=value"),
    ("environment", {"X\n": "y"}, "NAME=value"),
    ("environment", {"PYTHONPYCACHEPREFIX": "/tmp"}, "set by the pass"),
    ("environment", {"LD_PRELOAD": "/tmp/x.so"}, "set by the pass"),
    ("environment", {"X": "a\0b"}, "Remove it"),
    ("environment", {"X": "a\ud800b"}, "Remove it"),
    ("schedule", "every day", "Five fields"),
    ("schedule", "* * * * * *", "Five fields"),
    ("schedule", "0 0 30 2 *", "Five fields"),
    ("schedule", "0 0 31 2,4 *", "exist|Five fields"),
    ("schedule", "0 6 * * 1-5" + " " * 3 + "," * 120, "Five fields|Shorten it"),
    ("time_zone", "Mars/Base", "Europe/Berlin"),
    ("time_zone", "../etc/passwd", "Europe/Berlin"),
    ("time_zone", "", "Europe/Berlin"),
    ("time_zone", "UTC\0", "Remove it"),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "value", "advice"), REFUSALS, ids=[f"{f}-{n}" for n, (f, *_) in enumerate(REFUSALS)])
def test_what_cannot_work_is_refused_and_nothing_is_stored(field: str, value: Any, advice: str) -> None:
    kept = factories.project("kept")
    before = contents()
    for attempt in (create, lambda **changes: projects.update(kept, **changes)):
        if field == "name" and attempt is not create and value:
            continue  # a name that gives no slug is fine once the project has one
        with pytest.raises(Refused, match=advice) as refusal:
            attempt(**{field: value})
        assert refusal.value.field == field
        assert len(refusal.value.text) > 20
        assert contents() == before


def create(**values: Any) -> Project:
    return projects.create(**{"name": "Atlas", "source": SOURCE, "owner": None} | values)


@pytest.mark.django_db
def test_the_first_refusal_leaves_the_other_changes_undone() -> None:
    project = factories.project()
    before = contents()
    with pytest.raises(Refused):
        projects.update(project, ref="release", arguments="tests", schedule="never", time_zone="Europe/Berlin")
    assert contents() == before


@pytest.mark.django_db
def test_a_name_and_a_key_are_there_once() -> None:
    create(key="ATL")
    before = contents()
    with pytest.raises(Refused, match="Choose another name") as refusal:
        create(name="ATLAS!")
    assert refusal.value.field == "name"
    with pytest.raises(Refused, match="Choose other letters") as refusal:
        create(name="Other", key="atl")
    assert refusal.value.field == "key"
    assert contents() == before
    other = create(name="Other")
    with pytest.raises(Refused, match="Choose other letters") as refusal:
        projects.update(other, key="ATL")
    assert refusal.value.field == "key"
    other.refresh_from_db()
    assert other.key != "ATL"


@pytest.mark.django_db(transaction=True)
def test_of_ten_projects_of_one_name_at_once_one_is_made() -> None:
    found = at_once([create] * 10)
    assert sum(isinstance(one, Project) for one in found) == 1
    assert all(isinstance(one, Project | Refused) for one in found), found
    assert Project.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Atlas", "ATL"), ("User Service Backend", "USB"), ("X", "XP"), ("Zürich", "ZRI"), ("a b c d e f g", "ABCDEF"),
    ],
)  # fmt: skip
def test_a_key_is_made_from_the_name(name: str, key: str) -> None:
    made = projects.next_key(name)
    assert made.startswith(key[:2] if name == "X" else key)
    assert made.isascii()
    assert made.isupper()
    assert 2 <= len(made) <= 6


@pytest.mark.django_db
def test_keys_stay_free_of_each_other() -> None:
    made = [create(name=f"Atlas {n}") for n in range(12)]
    assert len({project.key for project in made}) == 12
    assert made[0].key == "ATL"
    assert all(2 <= len(project.key) <= 6 for project in made)


@pytest.mark.django_db
def test_a_key_stays_once_a_ticket_has_it() -> None:
    project = create()
    projects.update(project, key="NEW")
    factories.counted_pass(project, 1, [factories.missing_module("tests/test_a.py")])
    with pytest.raises(Refused, match="part of ticket ids") as refusal:
        projects.update(project, key="LATE")
    assert refusal.value.field == "key"
    assert projects.update(project, key="NEW", ref="main").ref == "main"


@pytest.mark.django_db
def test_a_new_project_has_the_default_categories_and_rules_and_a_lead() -> None:
    owner = factories.user()
    project = create(owner=owner)
    rows = [*Category.objects.filter(project=project).values_list("name", "slot", "is_fallback")]
    assert rows == [
        ("Missing core modules", 1, False),
        ("Monitoring & caching", 2, False),
        ("User management & sessions", 3, False),
        ("Test infrastructure", 4, False),
        ("Uncategorised", 0, True),
    ]
    assert not Category.objects.filter(project=project, is_fallback=False, business_impact="").exists()
    rules = CategoryRule.objects.filter(project=project)
    assert {*rules.values_list("version", flat=True)} == {project.rules_version} == {1}
    assert [*rules.values_list("order", flat=True)] == list(range(1, rules.count() + 1))
    assert rules.first().kind == "unknown-marker"
    assert Membership.objects.get(project=project).user == owner
    assert Membership.objects.get(project=project).role == "lead"


@pytest.mark.django_db
def test_what_works_is_stored_as_it_will_be_used(tmp_path: Path) -> None:
    project = create(
        name="  Atlas \n Web ", source="https://GIT.example.org/team/atlas.git/", interpreter=sys.executable,
        install="# comment\n -r requirements.txt \n\n", arguments=" tests -k 'not slow' ",
        environment={"DATA": "{checkout}/data"}, schedule=" 0 6 * * 1-5 ", time_zone=" Europe/Berlin ",
    )  # fmt: skip
    project.refresh_from_db()
    assert (project.name, project.slug) == ("Atlas Web", "atlas-web")
    assert project.source == "https://git.example.org/team/atlas.git"
    assert (project.install, project.arguments) == ("-r requirements.txt", "tests -k 'not slow'")
    assert (project.ref, project.interpreter) == ("HEAD", sys.executable)
    assert (project.schedule, project.time_zone) == ("0 6 * * 1-5", "Europe/Berlin")
    assert project.next_pass_at is not None
    assert projects.update(project, schedule="").next_pass_at is None
    assert projects.update(project, interpreter="3.12", ref="").ref == "HEAD"


@pytest.mark.django_db
def test_a_path_is_taken_from_the_command_line_only(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a git repository"):
        create(source=str(tmp_path), allow_local=True)
    with pytest.raises(Refused, match="no directory"):
        create(source=str(tmp_path / "gone"), allow_local=True)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    project = create(source=f"file://{tmp_path}", allow_local=True)
    assert (project.source, project.source_is_local) == (str(tmp_path.resolve()), True)
    with pytest.raises(Refused, match="only the command line") as refusal:
        projects.update(project, source=SOURCE)
    assert refusal.value.field == "source"
    assert not create(name="Remote", allow_local=True).source_is_local


@pytest.mark.django_db
def test_only_settings_can_be_changed() -> None:
    project = factories.project()
    with pytest.raises(TypeError, match="last_pass_number"):
        projects.update(project, last_pass_number=9)
    with CaptureQueriesContext(connection) as queries:
        projects.update(project, name="Other name")
    (update,) = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert "rules_version" not in update  # a change never writes back an old value of something else
    assert "last_pass_number" not in update
