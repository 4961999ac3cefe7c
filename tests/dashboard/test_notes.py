"""Notes in a ticket's history: written, shown, withdrawn; and no line is ever changed."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from remediation import projections, tickets
from remediation.models import Transition
from tests import factories
from tests.dashboard.cast import WORKING, Cast, words

PAGE = "/p/atlas/t/ATL-1/"
URL = PAGE + "notes/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _withdraw(cast: Cast, role: str, line: Transition) -> int:
    return cast.client(role).post(f"{URL}{line.pk}/withdraw/").status_code


def test_it_stands_in_the_one_history_as_markdown(cast: Cast) -> None:
    answer = cast.client("engineer").post(URL, {"text": "Half is **done**.\r\n\r\n<script>alert(1)</script>"})
    assert answer.url == f"{PAGE}#history"
    page = cast.client("viewer").get(PAGE).content.decode()
    assert "<strong>done</strong>" in page and "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert "Mei Lin noted Half is done." in words(page)
    assert 'id="note"' not in page and "Withdraw" not in page
    line = cast.ticket().transitions.first()
    assert (line.verb, line.actor, line.data["text"].count("\r")) == ("note", cast.engineer, 0)


def test_the_box_has_a_key_and_a_verified_ticket_takes_notes_too(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [], WORKING)
    assert 'data-key="n"' in cast.client("engineer").get(PAGE).content.decode()
    cast.client("engineer").post(URL, {"text": "It was the rename."})
    assert "It was the rename." in cast.client("viewer").get(PAGE).content.decode()
    assert cast.ticket().status == "verified"


def test_what_is_refused_comes_back_as_it_was_typed(cast: Cast) -> None:
    for text, said in (
        ("  \n ", "Write something first."),
        ("\x1b[31m\u202e", "Write something first."),
        ("a\x00b", "Null characters are not allowed."),
        ("x" * 10_001, "A note has at most 10,000 characters; this one has 10,001."),
    ):
        answer = cast.client("engineer").post(URL, {"text": text})
        page = answer.content.decode()
        assert answer.status_code == 422 and said in page and " autofocus" in page
        assert len(text) < 10_000 or text in page
    assert cast.ticket().transitions.filter(verb="note").count() == 0


def test_ten_thousand_characters_are_kept_whole_and_a_password_in_an_address_is_not(cast: Cast) -> None:
    cast.client("engineer").post(URL, {"text": "x" * 10_000})
    assert cast.ticket().transitions.first().data["text"] == "x" * 10_000
    cast.client("engineer").post(URL, {"text": "see https://mei:secret@git.example.org/x"})
    assert "secret" not in cast.ticket().transitions.first().data["text"]


def test_who_wrote_it_or_a_lead_withdraws_it_and_the_line_stays(cast: Cast) -> None:
    mine = tickets.note(cast.ticket(), cast.engineer, "Wrong ticket.")
    other = tickets.note(cast.ticket(), cast.lead, "Ours.")
    assert _withdraw(cast, "engineer", other) == 403
    assert _withdraw(cast, "lead", mine) == 302
    text = words(cast.client("viewer").get(PAGE).content.decode())
    assert "Mei Lin wrote a note, withdrawn by Ines Duarte" in text and "Wrong ticket." not in text
    assert "Ines Duarte withdrew the note of" in text and "Ours." in text
    answer = cast.client("lead").post(f"{URL}{mine.pk}/withdraw/", follow=True)
    assert "That note was withdrawn already." in answer.content.decode()
    assert cast.ticket().transitions.filter(verb="withdrawn").count() == 1
    projections.rebuild(cast.project)
    assert words(cast.client("viewer").get(PAGE).content.decode()).count("withdrawn by Ines Duarte") == 1


def test_only_a_note_of_this_ticket_can_be_withdrawn(cast: Cast) -> None:
    claimed, elsewhere = tickets.claim(cast.ticket(), cast.lead), tickets.note(cast.ticket(2), cast.lead, "x")
    line = cast.ticket().transitions.get(verb="claimed")
    assert claimed.won
    for pk in (line.pk, elsewhere.pk, 0, 2**70):
        assert cast.client("lead").post(f"{URL}{pk}/withdraw/").status_code == 404


def test_who_may_not(cast: Cast) -> None:
    line = tickets.note(cast.ticket(), cast.engineer, "x")
    for role, status in (("viewer", 403), ("stranger", 404)):
        assert cast.client(role).post(URL, {"text": "x"}).status_code == status
        assert _withdraw(cast, role, line) == status
    assert Client().post(URL, {"text": "x"}).url.startswith("/login/")
    assert cast.client("engineer").post("/p/atlas/t/ATL-99/notes/", {"text": "x"}).status_code == 404
    assert cast.client("engineer").get(URL).status_code == 405
    assert cast.ticket().transitions.count() == 2


def test_a_merged_ticket_says_where_to_write(cast: Cast) -> None:
    ticket = cast.ticket(2)
    cast.project.tickets.filter(pk=ticket.pk).update(merged_into=cast.ticket(1))
    with pytest.raises(tickets.Refused, match="ATL-2 was merged into ATL-1"):
        tickets.note(ticket, cast.engineer, "x")


# --- append-only ------------------------------------------------------------------------------------------------------


def test_no_line_is_ever_changed(cast: Cast) -> None:
    line = tickets.note(cast.ticket(), cast.engineer, "As it was.")
    changes = (
        {"verb": "claimed"},
        {"data": {"text": "As it never was."}},
        {"at": factories.START},
        {"collection_pass": cast.project.passes.get(number=1)},
        {"actor": cast.lead},
    )
    for change in changes:
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Transition.objects.filter(pk=line.pk).update(**change)


def test_its_place_can_change_and_an_account_can_go(cast: Cast) -> None:
    """The control: what a rebuild and a closed account do is not refused."""
    line = tickets.note(cast.ticket(), cast.engineer, "As it was.")
    Transition.objects.filter(pk=line.pk).update(sequence=77)
    cast.engineer.delete()
    line.refresh_from_db()
    assert (line.actor, line.sequence, line.data) == (None, 77, {"text": "As it was."})
    assert "Somebody noted As it was." in words(cast.client("viewer").get(PAGE).content.decode())


def test_what_a_pass_decided_names_its_pass(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="transition_of_a_pass"), transaction.atomic():
        Transition.objects.create(ticket=cast.ticket(), sequence=9, at=factories.START, verb="verified")
