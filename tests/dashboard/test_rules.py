"""Categories and rules on the site."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from django.test import Client
from kombu import Producer
from kombu.exceptions import OperationalError

from remediation import projections
from remediation.models import Category, CategoryCount
from tests import factories
from tests.dashboard.cast import Cast, errors, words

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


def _post(rules: list[tuple[str, ...]], do: str = "save", **more: Any) -> dict[str, Any]:
    return {
        "do": do,
        **more,
        **{name: list(column) for name, column in zip(COLUMNS, zip(*rules, strict=True), strict=True)},
    }


def _stored(cast: Cast) -> list[tuple[str, ...]]:
    cast.project.refresh_from_db()
    rows = cast.project.rules.filter(version=cast.project.rules_version).order_by("order")
    return list(rows.values_list("category__name", *COLUMNS[1:]))


def test_saving_writes_a_new_version_and_sorts_history_again(
    cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("lead").post(URL, _post(RULES, apply="history"), follow=True)
    assert "Saved as version 2. History is sorted again." in answer.content.decode()
    assert _stored(cast) == RULES
    assert b"remediation.tasks.rebuild" in b"".join(clean_redis.lrange("default", 0, -1))
    projections.rebuild(cast.project)
    counts = CategoryCount.objects.filter(collection_pass__project=cast.project)
    assert dict(counts.values_list("category__name", "errors")) == {"Test infrastructure": 2, "Monitoring & caching": 1}


@pytest.mark.parametrize(
    ("do", "order"),
    [
        ("up-2", [1, 0, 2]),
        ("up-1", [0, 1, 2]),
        ("down-1", [1, 0, 2]),
        ("down-3", [0, 1, 2]),
        ("remove-2", [0, 2]),
        ("add", [0, 1, 2]),
        ("up-99", [0, 1, 2]),
        ("nonsense", [0, 1, 2]),
    ],
)
def test_moving_redraws_the_form_and_stores_nothing(cast: Cast, do: str, order: list[int]) -> None:
    before = _stored(cast)
    answer = cast.client("lead").post(URL, _post(RULES, do), headers={"HX-Request": "true"})
    page = answer.content.decode()
    names = re.findall(r'name="category".*?<option selected>([^<]+)', page)
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
        assert cast.client("lead").post(URL, _post(RULES, apply="history")).status_code == 302
    assert [cast.ticket(n).category.name for n in (1, 2)] == ["Test infrastructure", "Monitoring & caching"]


def test_after_saving_htmx_loads_the_whole_page(cast: Cast) -> None:
    answer = cast.client("lead").post(URL, _post(RULES), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, URL)


def test_without_javascript_the_buttons_answer_with_the_whole_page(cast: Cast) -> None:
    page = cast.client("lead").post(URL, _post(RULES, "down-1")).content.decode()
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
    assert re.search(r'id="error-4" aria-live="polite">Rule 4', page)  # beside the fourth row
    assert re.search(r'id="rule-4" open', page) and not re.search(r'id="rule-3" open', page)
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
    assert client.post(URL, {**_post(RULES, "up-2"), "row": ["2", "2", "x"]}).status_code == 200
    assert client.post(URL, {**_post(RULES, "up-9999999"), "touched": "' onload=x"}).status_code == 200
    assert "onload" not in client.post(URL, {**_post(RULES, "redraw"), "row": ["'onload=x"] * 3}).content.decode()


def test_a_category_is_changed(cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any) -> None:
    row = cast.project.categories.get(name="Test infrastructure")
    values = {"name": "Fixtures", "slot": 6, "business_impact": "Everybody waits."}
    form = {f"c{row.pk}-{name}": value for name, value in values.items()}
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("lead").post(f"{URL}categories/{row.pk}/", form, follow=True)
    assert "Fixtures is saved." in answer.content.decode()
    assert Category.objects.values(*values).get(pk=row.pk) == values


def test_a_category_is_added_and_archived(cast: Cast) -> None:
    form = {"c0-name": "Data access", "c0-slot": 5, "c0-business_impact": ""}
    assert cast.client("lead").post(f"{URL}categories/0/", form).status_code == 302
    row = cast.project.categories.get(name="Data access")
    form = {f"c{row.pk}-name": row.name, f"c{row.pk}-slot": 5, f"c{row.pk}-archived": "on"}
    answer = cast.client("lead").post(f"{URL}categories/{row.pk}/", form, follow=True)
    assert "Its rules sort nothing now, and its tickets are sorted again." in answer.content.decode()
    row.refresh_from_db()
    assert row.archived


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": ""}, "required"),
        ({"name": "Test infrastructure"}, "already"),
        ({"slot": "9"}, "valid choice"),
        ({"slot": "4"}, "Another active category has this colour."),
    ],
)
def test_a_category_that_cannot_work_is_refused(cast: Cast, changes: dict[str, str], text: str) -> None:
    row = cast.project.categories.get(name="Missing core modules")
    values = {"name": row.name, "slot": row.slot, "business_impact": row.business_impact} | changes
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
        assert 'name="do"' not in page and "Archived" not in page and "missing module" in page
        assert cast.client(role).post(URL + "preview/", _post(RULES)).status_code == 403
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


# --- what rules would do ------------------------------------------------------


def _preview(cast: Cast, rules: list[tuple[str, ...]], **more: Any) -> str:
    answer = cast.client("lead").post(URL + "preview/", _post(rules, "", **more), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_preview_says_what_the_touched_rule_takes_and_from_where(cast: Cast) -> None:
    before = _stored(cast)
    page = _preview(cast, RULES, row=["1", "2", "3"], touched="1")
    said = words(page)
    assert "Rule 1 matches 2 errors in 1 ticket of #1; 2 come from Missing core modules." in said
    assert "2 of 3 errors change their category; the total stays." in said
    rows = re.findall(r"<tr>.*?</tr>", page)
    assert [words(row) for row in rows if "Test infra" in row or "Total" in row] == [
        "Test infrastructure 0 2 +2",
        "Total 3 3 0",
    ]
    assert "→ Test infrastructure, rule 1" in said and "<html" not in page
    assert _stored(cast) == before


def test_one_error_comes_and_a_rule_may_take_nothing(cast: Cast) -> None:
    rules = [("Test infrastructure", "missing-name", "", "", ""), ("Missing core modules", "", "x", "", "")]
    assert "Rule 1 matches 1 error in 1 ticket of #1; 1 comes from" in words(_preview(cast, rules, touched="1"))
    assert "Rule 2 matches no error of #1." in words(_preview(cast, rules, touched="2"))


def test_the_preview_puts_a_bad_pattern_beside_its_field_in_the_words_of_re2(cast: Cast) -> None:
    page = _preview(cast, [*RULES, ("Missing core modules", "", "", "", "(open")], touched="4")
    assert re.search(r'id="error-4" aria-live="polite" hx-swap-oob="true">Rule 4: missing \): \(open\.', page)
    assert re.search(r'id="error-1" aria-live="polite" hx-swap-oob="true"></div>', page)
    page = _preview(cast, RULES, row=["1", "2", "3"], touched="1")
    assert re.search(r'class="said" id="error-1" aria-live="polite" hx-swap-oob="true">Rule 1 matches 2 errors', page)


def test_what_was_sorted_by_hand_stays_and_is_said(cast: Cast) -> None:
    cast.project.tickets.filter(number=1).update(category_by_hand=True)
    said = words(_preview(cast, RULES))
    assert "1 ticket sorted by hand stays where it is." in said
    assert "1 of 3 errors change their category" not in said and "No error changes its category." in said


def test_without_a_counted_pass_there_is_nothing_to_try(cast: Cast) -> None:
    factories.project("zephyr")
    client = cast.client("admin")
    page = client.get("/p/zephyr/rules/").content.decode()
    assert "No pass has counted yet." in words(page) and 'name="apply"' not in page
    assert client.post("/p/zephyr/rules/", _post(RULES)).status_code == 302


def test_the_preview_reads_a_fixed_number_of_times(cast: Cast, django_assert_num_queries: Any) -> None:
    client = cast.client("lead")
    with django_assert_num_queries(9):
        client.post(URL + "preview/", _post(RULES, "", touched="1"))


def test_a_rule_that_is_never_reached_is_pointed_out(cast: Cast) -> None:
    rules = [*RULES, ("Missing core modules", "missing-module", "atlas.*", "", "")]
    page = words(cast.client("lead").post(URL, _post(rules, "redraw")).content.decode())
    assert page.count("Never reached: rule 1 takes everything it could match.") == 1


# --- when they apply ----------------------------------------------------------


def test_from_the_next_pass_on_older_counts_stay(
    cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("lead").post(URL, _post(RULES, apply="next"), follow=True)
    page = words(answer.content.decode())
    assert "Saved as version 2. It sorts from the next pass on; older counts stay." in page
    assert "Version 2, saved by Ines Duarte on" in page and "sorts the passes after #1" in page
    assert not clean_redis.lrange("default", 0, -1)
    counts = CategoryCount.objects.filter(collection_pass__project=cast.project)
    assert dict(counts.values_list("category__name", "errors"))["Missing core modules"] == 2
    factories.counted_pass(cast.project, 2, errors())
    assert cast.ticket(1).category.name == "Test infrastructure"


def test_an_old_version_can_be_read(cast: Cast) -> None:
    cast.client("lead").post(URL, _post(RULES))
    page = cast.client("viewer").get(URL + "versions/1/").content.decode()
    assert "conftest failure" in page and "as far as no later version does" in words(page)
    assert "This is the current version" in cast.client("viewer").get(URL + "versions/2/").content.decode()
    for number in ("3", "0", "99999999999999999999"):
        assert cast.client("viewer").get(f"{URL}versions/{number}/").status_code == 404


# --- size and names -----------------------------------------------------------


def test_a_hundred_rules_are_a_page_that_loads_and_two_hundred_are_refused(cast: Cast) -> None:
    rules = [("Missing core modules", "", f"atlas.part{n}.*", "", "") for n in range(100)]
    assert cast.client("lead").post(URL, _post(rules)).status_code == 302
    page = cast.client("lead").get(URL).content
    assert len(gzip.compress(page, 6)) < 15_000
    assert b"100 rules are the most" in page and b'value="add"' not in page
    answer = cast.client("lead").post(URL, _post(rules * 2))
    assert answer.status_code == 422 and "At most 100 rules" in words(answer.content.decode())


def test_a_rule_may_have_a_name(cast: Cast) -> None:
    form = {**_post(RULES), "name": ["Broken on purpose", "", "<script>"]}
    cast.client("lead").post(URL, form)
    page = cast.client("viewer").get(URL).content.decode()
    assert "<b>Broken on purpose</b>" in page and "&lt;script&gt;" in page
    answer = cast.client("lead").post(URL, {**form, "name": ["x" * 81, "", ""]})
    assert answer.status_code == 422 and "the name is longer than 80" in words(answer.content.decode())


def test_categories_change_places_in_the_stack(cast: Cast) -> None:
    client = cast.client("lead")
    row = cast.project.categories.get(name="Monitoring & caching")
    client.post(f"{URL}categories/{row.pk}/", {"do": "up"})
    assert next(iter(cast.project.categories.all())).pk == row.pk
    client.post(f"{URL}categories/{row.pk}/", {"do": "up"})
    client.post(f"{URL}categories/{row.pk}/", {"do": "down"})
    assert [c.name for c in cast.project.categories.all()][:2] == ["Missing core modules", "Monitoring & caching"]
    last = cast.project.categories.get(is_fallback=True)
    client.post(f"{URL}categories/{last.pk}/", {"do": "up"})
    assert [*cast.project.categories.all()][-1].pk == last.pk


def test_each_slot_shows_its_contrast(cast: Cast) -> None:
    page = words(cast.client("lead").get(URL).content.decode())
    assert "Colour 5 3.7:1 on light, 3.3:1 on dark" in page
