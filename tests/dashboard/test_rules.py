"""Categories and rules on the site."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from kombu import Producer
from kombu.exceptions import OperationalError

from remediation import projections
from remediation.models import Category, CategoryCount
from tests import factories
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/rules/"
COLUMNS = ("category", "kind", "module_glob", "path_glob", "message_regex")
RULES = [
    ("Test infrastructure", "missing-module", "", "", ""),
    ("Monitoring & caching", "", "atlas.cache.*", "", ""),
    ("Missing core modules", "", "", "", "No module"),
]


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _post(rules: list[tuple[str, ...]], do: str = "save") -> dict[str, Any]:
    return {"do": do, **{name: list(column) for name, column in zip(COLUMNS, zip(*rules, strict=True), strict=True)}}


def _stored(cast: Cast) -> list[tuple[str, ...]]:
    cast.project.refresh_from_db()
    rows = cast.project.rules.filter(version=cast.project.rules_version).order_by("order")
    return list(rows.values_list("category__name", *COLUMNS[1:]))


def test_saving_writes_a_new_version_and_sorts_history_again(
    cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("lead").post(URL, _post(RULES), follow=True)
    assert "Saved as version 2. History is sorted again." in answer.content.decode()
    assert _stored(cast) == RULES
    assert b"remediation.tasks.rebuild" in b"".join(clean_redis.lrange("default", 0, -1))
    projections.rebuild(cast.project)
    counts = CategoryCount.objects.filter(collection_pass__project=cast.project)
    assert dict(counts.values_list("category__name", "errors")) == {"Test infrastructure": 2, "Monitoring & caching": 1}


@pytest.mark.parametrize(
    ("do", "order"),
    [
        ("up-1", [1, 0, 2]),
        ("up-0", [0, 1, 2]),
        ("down-0", [1, 0, 2]),
        ("down-2", [0, 1, 2]),
        ("remove-1", [0, 2]),
        ("add", [0, 1, 2]),
        ("up-99", [0, 1, 2]),
        ("nonsense", [0, 1, 2]),
    ],
)
def test_moving_redraws_the_form_and_stores_nothing(cast: Cast, do: str, order: list[int]) -> None:
    before = _stored(cast)
    answer = cast.client("lead").post(URL, _post(RULES, do), headers={"HX-Request": "true"})
    page = answer.content.decode()
    names = re.findall(r"<option selected>([^<]+)", page)
    assert names == [RULES[at][0].replace("&", "&amp;") for at in order]
    assert page.count('name="module_glob"') == len(order) + (do == "add")
    assert "Not saved yet." in page and "<html" not in page
    assert _stored(cast) == before


def test_with_the_broker_away_history_is_sorted_all_the_same(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(Producer, "publish", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        assert cast.client("lead").post(URL, _post(RULES)).status_code == 302
    assert [cast.ticket(n).category.name for n in (1, 2)] == ["Test infrastructure", "Monitoring & caching"]


def test_after_saving_htmx_loads_the_whole_page(cast: Cast) -> None:
    answer = cast.client("lead").post(URL, _post(RULES), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, URL)


def test_without_javascript_the_buttons_answer_with_the_whole_page(cast: Cast) -> None:
    page = cast.client("lead").post(URL, _post(RULES, "down-0")).content.decode()
    assert "<html" in page and "Not saved yet." in page


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (("Missing core modules", "", "", "", "(open"), "missing )"),
        (("Missing core modules", "", "", "", r"(?=look)"), "Rule 4"),
        (("Missing core modules", "", "", "", "a" * 501), "longer than 500"),
        (("Missing core modules", "", "", "", ""), "has no condition"),
        (("Nonsense", "", "x", "", ""), "no active category"),
        (("", "", "x", "", ""), "no active category"),
        (("Missing core modules", "nonsense", "", "", ""), "no kind"),
    ],
)
def test_what_cannot_work_is_refused_and_what_was_typed_stays(cast: Cast, rule: tuple[str, ...], text: str) -> None:
    before = _stored(cast)
    answer = cast.client("lead").post(URL, _post([*RULES, rule]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was saved." in page and text in words(page)
    assert 'id="error-3"' in page  # beside the fourth row
    assert "atlas.cache.*" in page
    assert _stored(cast) == before


def test_an_empty_row_is_nobodys_rule(cast: Cast) -> None:
    rows = [("", "", "", "", ""), *RULES]
    assert cast.client("lead").post(URL, _post(rows)).status_code == 302
    assert _stored(cast) == RULES


def test_a_crafted_form_does_no_harm(cast: Cast) -> None:
    client = cast.client("lead")
    assert client.post(URL, {"do": "save", "kind": ["timeout"]}).status_code == 422
    assert client.post(URL, {"do": "save", **_post([("x", "", "y", "", "")] * 150)}).status_code == 422
    assert client.post(URL, {"do": "save", **_post([("x", "", "y", "", "")] * 500)}).status_code == 400
    assert client.post(URL, {"do": "up-1"}).status_code == 200


def test_a_category_is_changed(cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any) -> None:
    row = cast.project.categories.get(name="Test infrastructure")
    values = {"name": "Fixtures", "slot": 6, "order": 2, "business_impact": "Everybody waits."}
    form = {f"c{row.pk}-{name}": value for name, value in values.items()}
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("lead").post(f"{URL}categories/{row.pk}/", form, follow=True)
    assert "Fixtures is saved." in answer.content.decode()
    assert Category.objects.values(*values).get(pk=row.pk) == values


def test_a_category_is_added_and_archived(cast: Cast) -> None:
    form = {"c0-name": "Data access", "c0-slot": 5, "c0-order": 9, "c0-business_impact": ""}
    assert cast.client("lead").post(f"{URL}categories/0/", form).status_code == 302
    row = cast.project.categories.get(name="Data access")
    form = {f"c{row.pk}-name": row.name, f"c{row.pk}-slot": 5, f"c{row.pk}-order": 9, f"c{row.pk}-archived": "on"}
    assert cast.client("lead").post(f"{URL}categories/{row.pk}/", form).status_code == 302
    row.refresh_from_db()
    assert row.archived


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": ""}, "required"),
        ({"name": "Test infrastructure"}, "already"),
        ({"slot": "9"}, "valid choice"),
        ({"slot": "4"}, "Another active category has this colour."),
        ({"order": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_category_that_cannot_work_is_refused(cast: Cast, changes: dict[str, str], text: str) -> None:
    row = cast.project.categories.get(name="Missing core modules")
    values = {"name": row.name, "slot": row.slot, "order": row.order, "business_impact": row.business_impact} | changes
    form = {f"c{row.pk}-{name}": value for name, value in values.items()}
    answer = cast.client("lead").post(f"{URL}categories/{row.pk}/", form)
    assert answer.status_code == 422
    assert text in words(answer.content.decode())
    assert Category.objects.values("name", "slot", "order").get(pk=row.pk) == {
        "name": row.name,
        "slot": row.slot,
        "order": row.order,
    }


def test_members_read_and_only_leads_change(cast: Cast) -> None:
    before = _stored(cast)
    row = cast.project.categories.first()
    for role in ("viewer", "engineer"):
        page = cast.client(role).get(URL).content.decode()
        assert 'name="do"' not in page and "Archived" not in page
        assert cast.client(role).post(URL, _post(RULES)).status_code == 403
        assert cast.client(role).post(f"{URL}categories/{row.pk}/", {}).status_code == 403
    assert _stored(cast) == before


def test_another_project_is_not_there(cast: Cast) -> None:
    foreign = cast.other.categories.first()
    assert cast.client("stranger").get(URL).status_code == 404
    assert cast.client("stranger").post(URL, _post(RULES)).status_code == 404
    assert cast.client("lead").post(f"{URL}categories/{foreign.pk}/", {}).status_code == 404
    assert cast.client("lead").post(f"{URL}categories/99999999999999999999/", {}).status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL).url == "/login/?next=/p/atlas/rules/"


def test_a_new_project_shows_the_rules_it_started_with(db: None) -> None:
    project = factories.project("cirrus")
    lead = factories.member(project, "lead")
    client = Client()
    client.force_login(lead)
    page = client.get("/p/cirrus/rules/").content.decode()
    assert page.count('name="module_glob"') == project.rules.count() > 5
    assert "Not saved yet" not in page
