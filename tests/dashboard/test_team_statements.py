"""Statements by the team in the report of a week: stated, measured or not, withdrawn, and who may."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from remediation import projections, statements
from remediation.models import AuditLine, TeamStatement
from remediation.refusals import Refused
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words
from tests.dashboard.test_issuing import final

WEEK = "/p/atlas/reports/2026-W10/"
URL = WEEK + "statements/"


@pytest.fixture
def cast(db: None) -> Cast:
    made = Cast.make()
    factories.counted_pass(made.project, 2, [errors()[2]], WORKING)
    return made


def page(cast: Cast, role: str = "viewer") -> str:
    return words(cast.client(role).get(WEEK).content.decode())


def test_it_is_quoted_with_its_author_and_measured_while_its_fact_holds(cast: Cast) -> None:
    data = {"text": "1 error at #2, from 3.\r\n<b>Done</b>", "fact": "errors:2:1"}
    answer = cast.client("engineer").post(URL, data)
    assert (answer.status_code, answer.url) == (302, WEEK + "#statements")
    said = page(cast)
    assert "Statements by the team" in said and "1 error at #2, from 3. <b>Done</b>" in said
    assert "Mei Lin" in said and "measured: 1 error at #2" in said and "not measured: 1" not in said
    assert "<b>Done" not in cast.client("viewer").get(WEEK).content.decode()
    assert "1 error at" in cast.client("viewer").get(f"{WEEK[:-1]}.md").content.decode()
    line = AuditLine.objects.get(verb="stated")
    assert (line.actor_id, line.object) == (cast.engineer.pk, "for the report of 2026-W10")
    cast.client("engineer").post(URL, {"text": "1 error is left", "fact": "errors:2:1"})
    assert page(cast).count("not measured:") == 0
    factories.counted_pass(cast.project, 3, errors(), WORKING)
    assert "measured: 1 error at #2" in page(cast), "what was so at #2 is so"
    assert "not measured: passes do not bear out what it says" in page(cast), "three are left now"
    row = json.loads(cast.client("viewer").get(f"{WEEK[:-1]}.json").content)["statements"][0]
    assert (row["author"], row["measured"], row["basis"]) == ("Mei Lin", True, "1 error at #2")
    TeamStatement.objects.update(fact="errors:2:9", fact_words="9 errors at #2")
    projections.rebuild(cast.project)
    assert "not measured: passes no longer show “9 errors at #2”" in page(cast)


def test_without_a_fact_or_with_numbers_that_disagree_it_is_not_measured(cast: Cast) -> None:
    for data in ({"text": "The nightly run is useful again"}, {"text": "A 96% error reduction", "fact": "errors:2:1"}):
        assert cast.client("lead").post(URL, data).status_code == 302
    said = page(cast)
    assert "Ines Duarte, 29 Nov 2026" in said or "Ines Duarte" in said
    assert "not measured: it rests on no fact of a pass" in said
    assert "not measured: passes do not bear out what it says" in said
    assert "“96%” — computed: no percentage, the base is 3 at #1, below 10" in said


def test_the_facts_of_the_week_are_offered_and_no_other_is_taken(cast: Cast) -> None:
    form = cast.client("engineer").get(WEEK).content.decode()
    assert "ATL-1 verified by #2</option>" in form and "nothing a pass shows</option>" in form
    answer = cast.client("engineer").post(URL, {"text": "Zero errors", "fact": "errors:2:0"})
    assert answer.status_code == 422 and "Passes no longer show that. Choose again." in answer.content.decode()
    assert "Zero errors</textarea>" in answer.content.decode() and not TeamStatement.objects.exists()


def test_what_is_refused_stands_beside_the_field_and_nothing_is_lost(cast: Cast) -> None:
    client = cast.client("engineer")
    for text, refusal in (("  ", "Write something first."), ("x" * 501, "at most 500 characters; this one has 501.")):
        answer = client.post(URL, {"text": text})
        assert answer.status_code == 422 and refusal in answer.content.decode()
    assert client.post(URL, {"text": "x" * 500}).status_code == 302
    assert client.post(URL, {"text": "x" * 500}).status_code == 302, "sent twice"
    assert TeamStatement.objects.count() == 1
    for n in range(49):
        assert statements.state(cast.project, "2026-W10", cast.lead, f"No {n}")
    with pytest.raises(Refused, match="50 statements already"):
        statements.state(cast.project, "2026-W10", cast.lead, "One more")


def test_who_made_it_or_a_lead_withdraws_it_once(cast: Cast) -> None:
    for role, text in (("engineer", "First"), ("lead", "Second")):
        cast.client(role).post(URL, {"text": text})
    first, second = TeamStatement.objects.all()
    engineer, lead = cast.client("engineer"), cast.client("lead")
    assert engineer.get(WEEK).content.decode().count(">Withdraw</button>") == 1
    assert lead.get(WEEK).content.decode().count(">Withdraw</button>") == 2
    assert engineer.post(f"{URL}{second.pk}/withdraw/").status_code == 403
    assert lead.post(f"{URL}{first.pk}/withdraw/").status_code == 302
    assert "“First”" not in page(cast) and "“Second”" in page(cast)
    said = words(engineer.post(f"{URL}{first.pk}/withdraw/", follow=True).content.decode())
    assert "That statement was withdrawn already." in said
    assert AuditLine.objects.filter(verb="withdrew").count() == 1
    assert lead.post(f"/p/atlas/reports/2026-W11/statements/{second.pk}/withdraw/").status_code == 404
    assert engineer.post(URL, {"text": "First"}).status_code == 302, "stated again"
    assert "“First”" in page(cast)


def test_a_final_report_takes_and_loses_nothing(cast: Cast) -> None:
    client = cast.client("engineer")
    client.post(URL, {"text": "1 error at #2", "fact": "errors:2:1"})
    assert final(cast).label == "2026-W10"
    shown = client.get(WEEK).content.decode()
    assert "1 error at #2" in shown and 'name="fact"' not in shown and ">Withdraw<" not in shown
    said = words(client.post(URL, {"text": "After"}, follow=True).content.decode())
    assert "The report of 2026-W10 is final. What it says can no longer change." in said and "After" not in said
    row = TeamStatement.objects.get()
    said = words(client.post(f"{URL}{row.pk}/withdraw/", follow=True).content.decode())
    assert "is final" in said and "1 error at #2" in said
    for change in (lambda: statements.state(cast.project, "2026-W10", cast.lead, "x"),
                   lambda: statements.withdraw(row, cast.lead)):  # fmt: skip
        with pytest.raises(Refused, match="is final"):
            change()
    assert TeamStatement.objects.get().withdrawn_at is None
    assert statements.state(cast.project, "2026-W11", cast.engineer, "Another week")


def test_who_may_not(cast: Cast) -> None:
    assert 'name="fact"' not in cast.client("viewer").get(WEEK).content.decode()
    for role, status in (("viewer", 403), ("stranger", 404)):
        assert cast.client(role).post(URL, {"text": "x"}).status_code == status
    assert Client().post(URL, {"text": "x"}).url.startswith("/login/")
    client = cast.client("engineer")
    assert client.get(URL).status_code == 405
    days = "/p/atlas/reports/2026-03-02-to-2026-03-04/"
    assert client.post(f"{days}statements/", {"text": "x"}).status_code == 404
    assert 'name="fact"' not in client.get(days).content.decode()
    assert client.post("/p/atlas/reports/2099-W10/statements/", {"text": "x"}).status_code == 404
    assert not TeamStatement.objects.exists()
