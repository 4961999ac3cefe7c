"""The page of one ticket, and its category by hand."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from django.test import Client

from dashboard.ticket_history import lines_of
from remediation import projects, tickets
from remediation.core.records import Cause, CollectionError, Verdict
from remediation.models import Rename, Ticket
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

URL = "/p/atlas/t/ATL-1/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _words(cast: Cast, url: str = URL, role: str = "engineer") -> str:
    answer = cast.client(role).get(url)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_it_works(cast: Cast) -> None:
    text = _words(cast)
    assert "Module atlas.core.registry does not exist" in text
    assert "E ModuleNotFoundError: No module named 'atlas.core.registry'" in text
    assert "Same missing module: atlas.core.registry." in text
    assert "tests/test_a.py:3: in <module> import atlas.core.registry" in text
    assert "Blocked files 2 now" in text
    assert "First seen, 2 errors at pass #1" in text
    assert "You cannot close a ticket. It closes when a pass on a later commit no longer sees it." in text
    assert "Errors 2 of 3 at #1" in text


def test_the_reproduce_command_runs_what_the_pass_ran(cast: Cast) -> None:
    projects.update(
        cast.project,
        arguments="tests -p no:randomly",  # the folder would collect more than the ticket's files
        environment={"SRC": "{checkout}/src", "GREETING": "it's fine", "MODE": "test"},
    )
    text = _words(cast)
    assert f"git checkout {1:040x}"[:21] in text
    assert (
        "GREETING='it'\"'\"'s fine' MODE=test SRC=\"$PWD/src\" "
        "python -m pytest --collect-only -q -p no:randomly tests/test_a.py tests/test_b.py"
    ) in text


def test_many_files_are_folded_by_directory_and_so_is_the_command(cast: Cast) -> None:
    many = [factories.missing_module(f"tests/part{n % 3}/test_{n}.py") for n in range(30)]
    factories.counted_pass(cast.project, 2, many)
    page = cast.client("viewer").get(URL).content.decode()
    assert page.count('<details class="fold"') == 4  # tests/, where two files are gone, and three folders
    assert "5 of 30 files. Show the command with all of them" in page


def test_thousands_of_files_are_paged_and_the_command_names_their_folders(cast: Cast) -> None:
    many = [factories.missing_module(f"tests/{n * 7919 % 61:x}/test_{n * 104729 % 99991:x}.py") for n in range(900)]
    factories.counted_pass(cast.project, 2, many)
    page = _page(cast)
    assert "5 of 900 files. Show the command with their folders" in page
    assert "Files 1 to 100 of 902" in page and 'rel="next" href="?files=2#files"' in page
    assert len(gzip.compress(page.encode())) < 15 * 1024
    assert "Files 901 to 902 of 902" in _page(cast, URL + "?files=10")
    for bad in ("0", "99", "x", "-1"):
        assert cast.client("viewer").get(URL, {"files": bad}).status_code == 200


def test_a_regression_says_so(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [factories.missing_name("tests/test_c.py")], WORKING)
    assert "ATL-1 is verified. Pass #2 on" in _words(cast)
    factories.counted_pass(cast.project, 3, errors())
    text = _words(cast)
    assert "ATL-1 is back: 2 errors now, first at #3" in text
    assert "Verified at #2" in text
    assert "Back, 2 errors at pass #3" in text


@pytest.mark.parametrize(
    ("files", "outcome"),
    [
        ({"tests/test_healthy.py": 5, "tests/test_a.py": 3}, "Collects, gone since #2"),
        ({"tests/test_healthy.py": 5, "tests/test_a.py": ("skipped", 0)}, "Hidden: silenced since #2"),
        ({"tests/test_healthy.py": 5, "tests/test_a.py": ("masked", 0)}, "Hidden: masked since #2"),
        ({"tests/test_healthy.py": 5, "tests/test_a.py": ("not-reached", 0)}, "Hidden: not seen since #2"),
        ({"tests/test_healthy.py": 5}, "Deleted at #2"),
    ],
)
def test_every_file_says_what_became_of_it(cast: Cast, files: dict[str, Any], outcome: str) -> None:
    factories.counted_pass(cast.project, 2, [factories.missing_module("tests/test_b.py")], files)
    text = _words(cast)
    assert re.search(rf"tests/test_a\.py {outcome}", text), text
    assert re.search(r"tests/test_b\.py 3 Blocked", text), text


def test_a_file_behind_another_cause_is_not_said_to_be_collected(cast: Cast) -> None:
    behind = factories.missing_name("tests/test_a.py", line=9)
    factories.counted_pass(cast.project, 2, [factories.missing_module("tests/test_b.py"), behind])
    text = _words(cast)
    assert "Gone since #2 another cause blocks the file now" in text
    assert "Collects" not in text.split("History")[0].split("Blocked files")[1]


def test_hidden_errors_keep_it_open_and_are_explained(cast: Cast) -> None:
    files = {"tests/test_healthy.py": 5, "tests/test_a.py": ("skipped", 0), "tests/test_b.py": ("skipped", 0)}
    factories.counted_pass(cast.project, 2, [], files)
    text = _words(cast)
    assert "0 visible, 2 hidden." in text
    assert "Blocked files 0 now, 2 hidden: 2 silenced" in text
    assert "Hidden: silenced since #2 skipped as a whole" in text
    assert "is verified" not in text
    assert "As seen by pass #1" in text  # the evidence comes from the pass that saw it


def test_what_was_masked_and_is_ignored_now_says_both(cast: Cast) -> None:
    healthy = {"tests/test_healthy.py": 40}
    factories.counted_pass(cast.project, 2, [], healthy | {"tests/test_a.py": ("masked", 0, "tests/conftest.py")})
    ignored = ("ignored", 0, "--ignore=tests", "by-option")
    factories.counted_pass(cast.project, 3, [], healthy | {"tests/test_a.py": ignored})
    text = _words(cast)
    assert "tests/test_a.py Hidden: masked since #2 --ignore or --ignore-glob: --ignore=tests" in text


def test_history_mixes_people_and_passes(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    tickets.release(cast.ticket(), cast.lead, from_anyone=True)
    text = _words(cast).split("History")[1]
    assert text.index("Ines Duarte released it from Mei Lin") < text.index("Mei Lin claimed it")
    assert text.index("Mei Lin claimed it") < text.index("First seen")


def test_a_long_history_shows_its_last_lines_and_the_others_when_asked(cast: Cast) -> None:
    for _ in range(30):
        tickets.claim(cast.ticket(), cast.engineer)
        tickets.release(cast.ticket(), cast.engineer)
    page = _page(cast)
    assert page.split('<ol class="tl">')[1].count("<li>") == 50
    assert "11 older lines are not shown. Show them" in words(page)
    whole = _page(cast, f"{URL}?history=whole")
    assert whole.split('<ol class="tl">')[1].count("<li>") == 61 and "First seen" in whole and "not shown" not in whole


def test_lines_stand_in_order_by_their_numbers_as_by_what_they_knew(cast: Cast) -> None:
    ticket = cast.ticket()
    for position in (2, 3):
        tickets.claim(ticket, cast.engineer)
        many = [factories.missing_module(f"tests/test_{n}.py") for n in range(position)]
        factories.counted_pass(cast.project, position, many)
        tickets.note(ticket, cast.engineer, f"Seen at {position}")
        tickets.release(cast.ticket(), cast.engineer)
    ticket.project = cast.project
    for most in (3, 100):
        told, sorted_ = (lines_of(ticket, most, joined=joined) for joined in (False, True))
        assert [line.pk for line in told.lines] == [line.pk for line in sorted_.lines]
        assert told.older == sorted_.older and len(told.lines) + told.older == ticket.transitions.count()


def test_the_title_is_a_sentence_with_the_count(cast: Cast) -> None:
    assert '<h1 class="h1s">Module atlas.core.registry does not exist: 2 test files need it</h1>' in _page(cast)
    factories.counted_pass(cast.project, 2, [factories.missing_name("tests/test_c.py")], WORKING)
    assert "Module atlas.core.registry does not exist: not seen since #2</h1>" in _page(cast)


def _page(cast: Cast, url: str = URL) -> str:
    return cast.client("engineer").get(url).content.decode()


def _steps(cast: Cast) -> list[tuple[str, str]]:
    page = _page(cast).split('<ol class="steps')[1].split("</ol>")[0]
    return [(found[0], words(found[1])) for found in re.findall(r"<li(?: class=.(\w+).)?>(.*?)</li>", page)]


def test_steps_come_from_what_is_stored(cast: Cast) -> None:
    seen = ("done", "Seen 3 Mar, #1")
    assert _steps(cast) == [
        seen,
        ("", "Claimed nobody"),
        ("", "Fix pushed no commit named"),
        ("", "Verified by a pass not yet"),
    ]
    tickets.claim(cast.ticket(), cast.engineer)
    assert _steps(cast)[1][0] == "now"
    one_left = [factories.missing_module("tests/test_b.py"), factories.missing_name("tests/test_c.py")]
    factories.counted_pass(cast.project, 2, one_left, {"tests/test_healthy.py": 5, "tests/test_a.py": 3})
    cast.project.tickets.filter(number=1).update(marked_fixed_in="e7710ab12345", status="still-seen")
    assert _steps(cast)[2] == ("now", "Fix pushed 1 gone of 2 files")
    said = _words(cast)
    assert "The fix in e7710ab12 is not complete. 1 of 2 files remains at #2. The ticket stays with Mei Lin." in said
    cast.project.tickets.filter(number=1).update(status="awaiting")
    assert "Noted as fixed in e7710ab12." in _words(cast)


def test_a_regression_quotes_both_spans_and_the_solution(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [factories.missing_name("tests/test_c.py")], WORKING)
    factories.counted_pass(cast.project, 3, errors())
    cast.project.tickets.filter(number=1).update(solution="Wrote <b>the</b> registry")
    said = _words(cast)
    assert "Seen from 3 Mar (#1) until 4 Mar (#2), and again since 5 Mar (#3)." in said
    assert "The solution of before: Wrote <b>the</b> registry" in said
    assert "<b>the</b>" not in _page(cast)


def test_a_likely_fix_only_where_there_is_evidence(cast: Cast) -> None:
    assert "Likely fix" not in _words(cast)
    pairs = {"atlas/core/registry.py": "atlas/core/register<i>.py", "x.py": "y.py"}
    Rename.objects.create(project=cast.project, before="a" * 40, after="b" * 40, pairs=pairs)
    said = _words(cast)
    assert "git sees atlas/core/registry.py renamed to atlas/core/register<i>.py." in said
    assert "A suggestion, not tested." in said
    assert "register<i>" not in _page(cast)
    assert "Likely fix" not in _words(cast, "/p/atlas/t/ATL-2/")  # no mirror, no place of the name: nothing to say
    factories.counted_pass(cast.project, 2, [factories.missing_name("tests/test_c.py")], WORKING)
    assert "Likely fix" not in _words(cast)  # verified: there is nothing to repair


def test_a_marker_names_its_configuration_file_and_the_line(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [*errors(), factories.unknown_marker("tests/test_m.py")])
    said = _words(cast, "/p/atlas/t/ATL-3/")
    assert "pyproject.toml does not register load." in said
    assert '+ "load: what it selects",' in said


def test_similar_tickets_say_how_they_ended(cast: Cast) -> None:
    assert "Similar tickets" not in _words(cast)
    more = [factories.missing_module(f"tests/test_{n}.py", f"atlas.core.part{n}") for n in range(8)]
    factories.counted_pass(cast.project, 2, [*errors(), *more])
    gone = {f"tests/test_{n}.py": 1 for n in range(2)}
    factories.counted_pass(cast.project, 3, [*errors(), *more[2:]], {"tests/test_healthy.py": 5} | gone)
    listed = _page(cast).split("<h2>Similar tickets</h2>")[1].split("</ul>")[0]
    assert [int(n) for n in re.findall(r"<b>ATL-(\d+)</b>", listed)] == [4, 3, 10, 9, 8]
    assert "Verified at #3, 000000000: Change number 3" in words(listed)


def test_what_had_hidden_it_is_named(cast: Cast) -> None:
    behind = [factories.missing_name("tests/test_a.py", "atlas.x", "Late", line=9), *errors()[1:]]
    factories.counted_pass(cast.project, 2, behind)
    assert "Unmasked by ATL-1, 1 file" in _words(cast, "/p/atlas/t/ATL-3/")
    assert "Unmasked by" not in _words(cast)


def test_what_it_hides_is_an_estimate_with_its_basis(cast: Cast) -> None:
    working = {"tests/test_healthy.py": 5, "tests/test_a.py": 3, "tests/test_b.py": 4, "tests/test_c.py": 1}
    factories.counted_pass(cast.project, 2, [], working)
    factories.counted_pass(cast.project, 3, errors())
    said = _words(cast)
    assert "Hides ≈7 tests as last collected at #2" in said
    assert "tests/test_a.py 3 ≈3 tests Blocked" in said


def test_a_merged_ticket_leads_to_its_target(cast: Cast) -> None:
    cast.project.tickets.filter(number=2).update(merged_into=cast.ticket(1))
    answer = cast.client("viewer").get("/p/atlas/t/ATL-2/")
    assert (answer.status_code, answer.url) == (302, URL)


def test_deleted_files_are_said_apart(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [factories.missing_module("tests/test_b.py")], {"tests/test_healthy.py": 9})
    assert "1 of 2 files no longer exists: deleted, not repaired." in _words(cast)


def test_hostile_text_is_shown_as_text(cast: Cast) -> None:
    name = "</pre><script>alert(1)</script>" + "A" * 900
    factories.counted_pass(cast.project, 2, [*errors(), factories.missing_name("tests/test_x.py", "atlas.x", name)])
    answer = cast.client("viewer").get("/p/atlas/t/ATL-3/")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_it_asks_the_same_number_of_questions_whatever_the_size(cast: Cast, django_assert_num_queries: Any) -> None:
    client = cast.client("engineer")
    for position, files in ((2, 2), (3, 60)):
        many = [factories.missing_module(f"tests/test_{n}.py") for n in range(files)]
        factories.counted_pass(cast.project, position, many)
        # Ten, and git's renames of the module.
        with django_assert_num_queries(11):
            client.get(URL)


def test_only_what_would_be_accepted_is_offered(cast: Cast) -> None:
    def offers(role: str) -> set[str]:
        page = cast.client(role).get(URL).content.decode()
        return {action for action in ("claim", "release", "category") if f"/t/ATL-1/{action}/" in page}

    assert [offers(role) for role in ("viewer", "engineer", "lead")] == [
        set(),
        {"claim", "category"},
        {"claim", "category"},
    ]
    tickets.claim(cast.ticket(), cast.engineer)
    assert [offers(role) for role in ("viewer", "engineer", "lead")] == [
        set(),
        {"release", "category"},
        {"release", "category"},
    ]


def test_a_category_by_hand_is_stored_and_history_is_sorted_again(
    cast: Cast, clean_redis: Any, django_capture_on_commit_callbacks: Any
) -> None:
    target = cast.project.categories.get(name="Test infrastructure")
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("engineer").post(URL + "category/", {"category": target.pk}, follow=True)
    assert "ATL-1 is in Test infrastructure now, and stays there." in answer.content.decode()
    assert (cast.ticket().category, cast.ticket().category_by_hand) == (target, True)
    assert b"remediation.tasks.rebuild" in b"".join(clean_redis.lrange("default", 0, -1))


def test_a_category_of_another_project_changes_nothing(cast: Cast) -> None:
    foreign = cast.other.categories.first()
    before = cast.ticket().category
    for value in (str(foreign.pk), "0", "x", ""):
        answer = cast.client("engineer").post(URL + "category/", {"category": value}, follow=True)
        assert "Choose one of the categories." in answer.content.decode()
    assert (cast.ticket().category, cast.ticket().category_by_hand) == (before, False)


def test_a_viewer_may_not_sort(cast: Cast) -> None:
    assert cast.client("viewer").post(URL + "category/", {"category": 1}).status_code == 403


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").get(URL).status_code == 404
    assert cast.client("engineer").get("/p/atlas/t/ATL-99/").status_code == 404
    assert cast.client("engineer").get("/p/atlas/t/BOR-1/").status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL).url == "/login/?next=/p/atlas/t/ATL-1/"


def test_what_blocks_everything_says_so_everywhere(cast: Cast) -> None:
    cause = Cause("ModuleNotFoundError", "No module named 'db'", name="db")
    error = CollectionError("tests/conftest.py", "", cause, "E   No module named 'db'")
    verdict = Verdict("blocked", "conftest-failure", "pytest stopped. This is not zero errors.", blocker=error)
    factories.ended_pass(cast.project, verdict, 2)
    ticket = Ticket.objects.get(project=cast.project, blocking="all")
    url = f"/p/atlas/t/{ticket.label}/"
    text = _words(cast, url)
    assert "Everything is blocked. Pass #2 on" in text
    assert "How many errors lie behind it is unknown, not zero." in text
    assert "Errors unknown: no file could be counted" in text
    # Unknown is never zero, in no corner of the page.
    assert "Blocked files every one, not counted" in text and "Not counted while it blocks" in text
    assert "now 0" not in text and "0 now" not in text
    assert "E ModuleNotFoundError: No module named 'db'" in text
    assert "First seen: it blocks everything at pass #2" in text
    assert "python -m pytest --collect-only -q Copy" in text
    assert url in cast.client("viewer").get("/p/atlas/passes/2/").content.decode()
    listed = _words(cast, "/p/atlas/tickets/")
    assert listed.index(ticket.label) < listed.index("ATL-1")  # before all that could be counted
    assert "everything is blocked, last at #2" in listed
    assert f"{ticket.title} blocks everything" in _words(cast, "/p/atlas/")
