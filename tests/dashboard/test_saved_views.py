"""Filters of the ticket list that a person keeps."""

from __future__ import annotations

import html
import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from remediation import saved_views
from remediation.models import SavedView
from tests import factories
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/tickets/views/"
LIST = "/p/atlas/tickets/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _list(cast: Cast, role: str = "viewer", query: str = "") -> str:
    return cast.client(role).get(LIST + query).content.decode()


def _links(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'id="view-\d+" href="([^"]*)"[^>]*>([^<]*)<', page)
    return [(html.unescape(address), html.unescape(name)) for address, name in found]


def test_it_works(cast: Cast) -> None:
    client = cast.client("viewer")
    answer = client.post(URL, {"name": " Cache, newest ", "query": "?tab=all&kind=missing-name&order=newest"})
    assert answer.url == f"{LIST}?tab=all&kind=missing-name&order=newest"
    page = client.get(answer.url).content.decode()
    assert _links(page) == [("?tab=all&kind=missing-name&order=newest", "Cache, newest")]
    assert re.search(r'id="view-\d+"[^>]*aria-current="page"', page)


def test_it_is_nobody_elses(cast: Cast) -> None:
    saved_views.save(cast.viewer, cast.project, "mine", "?tab=mine")
    assert _links(_list(cast)) and not _links(_list(cast, "admin")) and not _links(_list(cast, "lead"))
    view = SavedView.objects.get()
    for do in ("rename", "remove"):
        answer = cast.client("admin").post(URL, {"do": do, "view": view.pk, "name": "theirs"})
        assert answer.status_code == 404
    assert SavedView.objects.get().name == "mine"


def test_it_is_one_projects(cast: Cast) -> None:
    saved_views.save(cast.admin, cast.other, "there", "?tab=mine")
    assert not _links(_list(cast, "admin"))
    answer = cast.client("admin").post(URL, {"do": "remove", "view": SavedView.objects.get().pk})
    assert answer.status_code == 404


def test_it_can_be_called_something_else_and_be_forgotten(cast: Cast) -> None:
    client = cast.client("viewer")
    view = saved_views.save(cast.viewer, cast.project, "one", "?tab=all")
    saved_views.save(cast.viewer, cast.project, "two", "?tab=mine")
    assert client.post(URL, {"do": "rename", "view": view.pk, "name": "first", "query": "?tab=all"}).url.endswith("all")
    assert [name for _, name in _links(_list(cast))] == ["first", "two"]
    refused = client.post(URL, {"do": "rename", "view": view.pk, "name": "two"}, follow=True)
    assert "You have a view called two already." in words(refused.content.decode())
    client.post(URL, {"do": "remove", "view": view.pk})
    assert [name for _, name in _links(_list(cast))] == ["two"]


def test_the_same_name_takes_the_new_filter(cast: Cast) -> None:
    saved_views.save(cast.viewer, cast.project, "mine", "?tab=mine")
    saved_views.save(cast.viewer, cast.project, "mine", "?tab=all")
    assert _links(_list(cast)) == [("?tab=all", "mine")]


def test_there_are_at_most_twenty_of_one_person(cast: Cast) -> None:
    for number in range(saved_views.MOST):
        saved_views.save(cast.viewer, cast.project, f"view {number}", "?tab=all")
    answer = cast.client("viewer").post(URL, {"name": "one more", "query": "?tab=all"}, follow=True)
    assert "You have 20 views here already. Remove one first." in words(answer.content.decode())
    assert SavedView.objects.count() == saved_views.MOST
    saved_views.save(cast.viewer, cast.project, "view 3", "?tab=mine")  # one that is there already may change
    saved_views.save(cast.lead, cast.project, "one more", "?tab=all")  # and another person has their own


def test_a_view_needs_a_name(cast: Cast) -> None:
    answer = cast.client("viewer").post(URL, {"name": " \x00 ", "query": "?tab=all"}, follow=True)
    assert "A view needs a name." in words(answer.content.decode())


def test_what_is_stored_is_read_through_the_filter(cast: Cast) -> None:
    hostile = "?tab=all&next=https://evil.example&kind=<script>alert(1)</script>&category=' OR 1=1"
    assert cast.client("viewer").post(URL, {"name": "<b>x</b>", "query": hostile}).url == f"{LIST}?tab=all"
    SavedView.objects.update(query=hostile)  # as an older version, or somebody with the database, may have left it
    page = _list(cast)
    assert _links(page) == [("?tab=all", "<b>x</b>")]
    assert "<script>alert" not in page and "<b>x</b>" not in page and "evil" not in page


def test_the_database_keeps_names_apart(cast: Cast) -> None:
    saved_views.save(cast.viewer, cast.project, "one", "?tab=all")
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(user=cast.viewer, project=cast.project, name="one", query="?tab=mine")


def test_there_is_nothing_to_save_in_the_usual_list(cast: Cast) -> None:
    assert "Save view" not in _list(cast)
    assert "Save view" in _list(cast, query="?tab=all")


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").post(URL, {"name": "x"}).status_code == 404
    assert Client().post(URL, {"name": "x"}).status_code == 302
    assert factories.user().saved_views.count() == 0
