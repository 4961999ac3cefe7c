"""One transaction: what a pass may write, what it may never write, and what the database itself refuses."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from remediation import passes
from remediation.core import events
from remediation.core.records import Cause, CollectionError, ProcessEnd, Verdict
from remediation.core.whereabouts import TreeChange
from remediation.models import CategoryCount, CollectionPass, Occurrence, Project, Scope, Ticket
from remediation.passes.summary import summary
from tests import factories
from tests.remediation.rows import contents, counts, writes

ERRORS = [
    factories.missing_module("tests/test_a.py"),
    factories.missing_name("tests/test_b.py"),
    factories.unknown_marker("tests/test_c.py"),
]
UNTOUCHED = ("Ticket", "Occurrence", "Fingerprint", "CategoryCount", "FileState", "TestFile", "Transition", "Result")


@pytest.fixture
def project(db: None) -> Project:
    made = factories.project()
    factories.counted_pass(made, 1, ERRORS)
    return made


def claimed(project: Project) -> CollectionPass:
    found = passes.claim(passes.queue(project, trigger="manual").pk)
    assert found is not None
    return found


# --- what is written ---------------------------------------------------------


def test_an_unchanged_pass_writes_its_own_row_and_its_counts_and_nothing_else(project: Project) -> None:
    held = claimed(project)
    before = counts()
    verdict = Verdict("counted", session=factories.SESSION, result=factories.result(ERRORS))
    values = {"position": 2, "observed_at": factories.START + timedelta(days=2), "sandbox_level": 3}

    def no_question(one: str, other: str) -> TreeChange:
        raise AssertionError("git was asked for renames though no file is gone")

    with writes() as found:
        passes.record(held, passes.Report(verdict=verdict, **values), no_question)
    categories = CategoryCount.objects.filter(collection_pass=held).count()
    assert categories == CategoryCount.objects.filter(collection_pass__number=1).count() > 0
    assert {name: n - before[name] for name, n in counts().items() if n != before[name]} == {
        "CategoryCount": categories
    }
    assert {*found} == {("UPDATE", "collectionpass"), ("INSERT", "categorycount")}
    held.refresh_from_db()
    assert (held.total, held.cleared, held.hidden, held.new) == (3, 0, 0, 0)


def test_an_unchanged_pass_reads_nothing_that_only_a_change_asks_for(project: Project) -> None:
    """The stored result may be of megabytes; rules, categories and marks are of use where something changes."""

    def asked(position: int, errors: list[CollectionError]) -> set[str]:
        held, verdict = claimed(project), Verdict("counted", session=factories.SESSION, result=factories.result(errors))
        report = passes.Report(verdict=verdict, position=position, observed_at=timezone.now(), sandbox_level=3)
        with CaptureQueriesContext(connection) as captured:
            passes.record(held, report, factories.no_renames)
        texts = [query["sql"] for query in captured]
        reads = {word for text in texts for word in re.findall(r'FROM "remediation_(\w+)"', text)}
        return reads | {"content" for text in texts if re.search(r'SELECT.*"remediation_result"."content"', text)}

    of_a_change = {"content", "category", "categoryrule", "fixmark"}
    assert of_a_change & asked(2, ERRORS) == set()
    assert of_a_change <= asked(3, [*ERRORS, factories.missing_module("tests/test_d.py", "atlas.other")])


def test_control_a_changed_pass_writes_to_other_tables(project: Project) -> None:
    with writes() as found:
        factories.counted_pass(project, 2, ERRORS[:2], {"tests/test_c.py": 3})
    assert {("UPDATE", "occurrence"), ("UPDATE", "ticket"), ("INSERT", "transition"), ("INSERT", "result")} <= {*found}
    assert ("COPY", "filestate") in found  # many rows at once are seen, too


@pytest.mark.parametrize("outcome", ["blocked", "failed"])
def test_a_pass_that_was_not_counted_changes_no_ticket_and_no_count(project: Project, outcome: str) -> None:
    before = contents()
    made = factories.blocked_pass(project, 2) if outcome == "blocked" else factories.failed_pass(project, 2)
    after = contents()
    for name in UNTOUCHED:
        assert after[name] == before[name], name
    assert (made.outcome, made.state) == (outcome, "ended")
    numbers = ("total", "environment_errors", "pytest_errors", "tests_collected", "cleared", "new", "result", "scope")
    assert [getattr(made, name) for name in numbers] == [None] * len(numbers)
    assert made.reason
    assert made.reason_text
    assert project.passes.counted().get().number == 1
    document = summary(made)
    unknown = ("errors_total", "errors", "counts", "tickets", "collected", "ledger", "environment_errors")
    assert {name: document[name] for name in unknown} == dict.fromkeys(unknown)


def test_a_pass_off_the_ref_is_shown_and_closes_nothing(project: Project) -> None:
    before = contents()
    made = factories.off_ref(project, [factories.missing_module("tests/test_z.py", "atlas.users.late")])
    after = contents()
    for name in set(UNTOUCHED) - {"Result"}:
        assert after[name] == before[name], name
    assert (made.total, made.position, made.in_trend, made.cleared) == (1, None, False, None)
    assert made not in project.passes.counted()
    document = summary(made)
    assert sum(document["counts"].values()) == document["errors_total"] == 1  # its categories are known all the same
    assert document["errors"][0]["ticket"] is None


def test_the_summary_of_a_counted_pass_sums_up(project: Project) -> None:
    document = summary(factories.counted_pass(project, 2, ERRORS[:2], {"tests/test_c.py": 3}))
    assert sum(document["counts"].values()) == document["errors_total"] == len(document["errors"]) == 2
    ledger = document["ledger"]
    terms = ledger["unmasked"] + ledger["new"] + ledger["regressed"] - ledger["cleared"] - ledger["hidden"]
    assert ledger["before"] + terms == ledger["after"] == 2
    json.dumps(document)


@pytest.mark.parametrize(
    ("change", "comparable"),
    [
        ({}, True),
        ({"plugins": ("cov-5.0",)}, True),  # stored, not part of the scope
        ({"ini_digest": "other"}, True),  # registering a marker is remediation
        ({"python": "3.12.9"}, True),
        ({"pytest": "9.1.3"}, True),
        ({"python": "3.13.1"}, False),
        ({"pytest": "9.2.0"}, False),
        ({"testpaths": ("tests/unit",)}, False),
        ({"addopts": ("-m", "not slow")}, False),
        ({"inipath": "pytest.ini"}, False),
        ({"python_files": ("check_*.py",)}, False),
    ],
)
def test_a_pass_of_another_scope_is_not_comparable(project: Project, change: dict[str, Any], comparable: bool) -> None:
    made = factories.counted_pass(project, 2, ERRORS, session=dataclasses.replace(factories.SESSION, **change))
    assert made.comparable is comparable
    assert Scope.objects.filter(project=project).count() == (1 if comparable else 2)


def test_another_level_or_other_arguments_are_another_scope(project: Project) -> None:
    assert factories.counted_pass(project, 2, ERRORS, sandbox_level=1).comparable is False
    Project.objects.filter(pk=project.pk).update(arguments="tests/unit")
    project.refresh_from_db()
    assert factories.counted_pass(project, 3, ERRORS, sandbox_level=1).comparable is False


# --- what it ran under --------------------------------------------------------


def test_plugins_and_packages_of_each_pass_are_kept_though_the_scope_stays(project: Project) -> None:
    first, later = (
        dataclasses.replace(factories.SESSION, plugins=(plugin,), packages=(package,), platform="linux")
        for plugin, package in (("cov 5.0", "numpy 2.0"), ("cov 6.0", "numpy 2.1"))
    )
    made = [factories.counted_pass(project, None, ERRORS, session=session) for session in (first, later)]
    assert [one.conditions["plugins"] for one in made] == [["cov 5.0"], ["cov 6.0"]]
    assert [one.conditions["packages"] for one in made] == [["numpy 2.0"], ["numpy 2.1"]]
    assert made[0].scope == made[1].scope
    assert "packages" not in made[0].scope.facts["session"]


def test_of_variables_the_names_are_kept_and_never_the_values(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(environment={"TOKEN": "hunter2"}, arguments="-m 'not slow' tests")
    project.refresh_from_db()
    made = factories.counted_pass(project, 2, ERRORS)
    assert made.conditions["variables"] == ["TOKEN"]
    assert made.conditions["arguments"] == ["-m", "not slow", "tests"]
    assert "hunter2" not in json.dumps(made.conditions)


def test_settings_that_changed_while_it_ran_are_not_what_it_ran_under(project: Project) -> None:
    held = claimed(project)
    assert held.project.arguments == ""
    Project.objects.filter(pk=project.pk).update(arguments="tests/unit")
    passes.record(held, passes.Report(verdict=Verdict("blocked", "timeout", "Stopped.")), factories.no_renames)
    held.refresh_from_db()
    assert held.conditions["arguments"] == []


def test_a_pass_that_ended_early_keeps_what_is_known_and_claims_nothing_else(project: Project) -> None:
    blocked = factories.blocked_pass(project, 2, network=False, interpreter="built", source_roots=("src",))
    assert blocked.conditions == {
        "arguments": [], "variables": [], "sandbox_level": 3, "network": False, "interpreter": "built",
        "source_roots": ["src"],
    }  # fmt: skip
    failed = factories.failed_pass(project, 3)
    assert failed.conditions == {"arguments": [], "variables": [], "sandbox_level": 3}


def test_a_hostile_package_is_stored_clean(project: Project) -> None:
    session = dataclasses.replace(factories.SESSION, packages=("evil \0\x1b[31m\ud800 1.0",))
    assert "\0" not in json.dumps(factories.counted_pass(project, 2, ERRORS, session=session).conditions["packages"])


# --- hostile texts -----------------------------------------------------------

NASTY = "a\0b \ud800 \x1b[31m\u202e" + "x" * 100


def recorded(project: Project, **report: Any) -> CollectionPass:
    held = claimed(project)
    passes.record(held, passes.Report(**report), factories.no_renames)
    return CollectionPass.objects.get(pk=held.pk)


def judged(path: str, message: str) -> Verdict:
    """A verdict on a stream that a hostile target wrote through our reporter."""
    cause = {
        "type": "builtins.Error" + NASTY,
        "message": message,
        "frames": [{"path": path, "line": 3, "statement": NASTY}],
    }
    lines = [
        {"event": "loaded"},
        {"event": "session", "pytest": "9.1.0" + NASTY, "python": "3.12.1", "rootdir": ".", "plugins": [NASTY]},
        {"event": "start", "path": path},
        {"event": "error", "path": path, "node": path, "cause": cause, "traceback": message},
        {"event": "start", "path": "tests/test_ok.py"},
        {"event": "collected", "path": "tests/test_ok.py", "tests": 3},
    ]
    stream = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    finish = {"event": "finish", "status": 2, "tests": 3, "pytest_errors": 1, "interrupted": False, "stopped": "",
              "size": len(stream), "digest": hashlib.sha256(stream).hexdigest()}  # fmt: skip
    stream += json.dumps(finish).encode() + b"\n"
    return events.judge(stream, ProcessEnd(2), inventory=[path, "tests/test_ok.py"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("tests/test_" + NASTY + ".py", NASTY),
        ("tests/" + "d" * 4_990 + ".py", "a path of five thousand characters"),
        ("tests/test_a.py", "ten megabytes " + "é" * 300_000),
        ("tests/test_\u65e5\u672c.py", "{checkout} % ' \" \\ \n <script>"),
    ],
    ids=["nul-and-surrogates", "long-path", "long-message", "quotes"],
)
def test_what_a_hostile_target_says_is_stored(path: str, message: str) -> None:
    verdict = judged(path, message)
    assert verdict.outcome == "counted", verdict
    project = factories.project()
    made = recorded(project, verdict=verdict, position=1)
    assert made.total == 1
    occurrence = Occurrence.objects.get(fingerprint__project=project)
    ticket = Ticket.objects.get(project=project)
    for text in (occurrence.file.path, occurrence.fingerprint.readable, ticket.title, made.pytest_version):
        assert not set(text) & {"\0", "\x1b", "\u202e"}
        text.encode()


@pytest.mark.django_db
def test_ten_megabytes_in_every_text_of_a_report_are_cut_and_stored() -> None:
    huge = NASTY + "y" * 10_000_000
    made = recorded(
        factories.project(),
        verdict=Verdict("failed", "internal-failure", huge, huge),
        command=huge,
        install_log=huge,
        output_tail=huge,
        detected={"notes": [NASTY], "a\0key": {"deep": NASTY}},
    )
    texts = (made.reason_text, made.detail, made.command, made.install_log, made.output_tail)
    assert all(0 < len(text) <= 20_000 for text in texts)
    made.project.refresh_from_db()
    assert "\0" not in json.dumps(made.project.detected, ensure_ascii=False)
    assert made.project.detected["notes"][0].startswith("ab")


@pytest.mark.django_db
def test_a_message_of_ten_megabytes_is_cut_before_it_is_kept() -> None:
    error = CollectionError("tests/test_a.py", "n", Cause("ValueError", "z" * 10_000_000))
    made = recorded(
        factories.project(),
        verdict=Verdict("counted", session=factories.SESSION, result=factories.result([error])),
        position=1,
    )
    fingerprint = Occurrence.objects.get().fingerprint
    assert made.total == 1
    assert len(fingerprint.readable) < 500


# --- what the database refuses -----------------------------------------------


def refused(name: str, change: Any) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        change()


def test_the_database_refuses_what_must_never_be(project: Project) -> None:
    ticket = Ticket.objects.filter(project=project)
    one = CollectionPass.objects.filter(project=project, number=1)
    blocked = CollectionPass.objects.filter(pk=factories.blocked_pass(project, 2).pk)
    account = factories.user()
    refused("ticket_claim_whole", lambda: ticket.update(claimed_by=account))
    refused("ticket_claim_whole", lambda: ticket.update(claimed_at=timezone.now()))
    refused("ticket_status_known", lambda: ticket.update(status="closed"))
    refused("ticket_verified_by_a_pass", lambda: ticket.update(status="verified", verified_pass=one.get()))  # errors
    refused("ticket_verified_by_a_pass", lambda: ticket.update(status="verified", errors=0))  # by nobody
    refused("ticket_verified_by_a_pass", lambda: ticket.update(
        status="verified", errors=0, hidden_errors=1, verified_pass=one.get()))  # fmt: skip
    refused("pass_total_only_when_counted", lambda: blocked.update(total=0))
    refused("pass_total_only_when_counted", lambda: blocked.update(outcome="counted"))
    refused("pass_total_only_when_counted", lambda: one.update(total=None))
    refused("pass_total_only_when_counted", lambda: one.update(outcome="failed"))
    refused("pass_ended_has_outcome", lambda: blocked.update(outcome=""))
    refused("pass_ended_has_outcome", lambda: blocked.update(state="queued"))
    refused("pass_ledger_whole", lambda: one.update(cleared=1))
    refused("pass_number_once", lambda: blocked.update(number=1))
    queued = CollectionPass.objects.filter(pk=passes.queue(project, trigger="manual").pk)
    refused("pass_running_has_lease", lambda: queued.update(state="running"))
    occurrence = Occurrence.objects.filter(fingerprint__project=project)
    refused("occurrence_closed_with_reason", lambda: occurrence.update(close_reason="fixed"))
    refused("occurrence_closed_with_reason", lambda: occurrence.update(closed_pass=one.get()))
    refused("occurrence_closed_with_reason", lambda: occurrence.update(closed_pass=one.get(), close_reason="by hand"))


def test_a_slot_and_an_open_occurrence_are_there_once(project: Project) -> None:
    due = factories.START
    CollectionPass.objects.filter(project=project, number=1).update(slot=due)
    second = CollectionPass.objects.filter(pk=factories.blocked_pass(project, 2).pk)
    refused("pass_slot_once", lambda: second.update(slot=due))
    row = Occurrence.objects.filter(fingerprint__project=project).first()
    row.pk = None
    refused("occurrence_one_open", row.save)


def test_a_ledger_with_a_missing_term_cannot_be_stored(project: Project) -> None:
    made = CollectionPass.objects.filter(pk=factories.counted_pass(project, 2, ERRORS).pk)
    for term in ("cleared", "hidden", "unmasked", "new", "regressed"):
        refused("pass_ledger_whole", lambda term=term: made.update(**{term: None}))
