"""Fixed is not silenced: how an error ends when its file is renamed, left out, emptied, masked or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from remediation.core.ledger import Ledger
from remediation.core.lifecycle import Decision, Evidence, decide
from remediation.core.reconcile import CLEARED, HIDDEN, Movement, State, step
from remediation.core.records import CollectionError, FileResult, PassResult
from remediation.core.whereabouts import Seen
from tests.core.test_reconcile import CONFTEST, PACKAGE, A, B, C, key, missing, result, syntax

GONE = missing("atlas.gone")
OFF = "tests/a_disabled.py"
PATTERNS = ("test_*.py", "*_test.py")


def seen(
    after: PassResult,
    renames: Mapping[str, str] | None = None,
    deleted: Iterable[str] = (),
    patterns: tuple[str, ...] = PATTERNS,
) -> Seen:
    """A pass for which git was asked."""
    return Seen(replace(after, patterns=patterns), renames or {}, deleted=frozenset(deleted))


def why(path: str, code: str, state: str = "ignored") -> PassResult:
    """A pass in which a file gives no test by a mechanism."""
    healthy = result()
    return replace(
        healthy,
        files=(*healthy.files, FileResult(path, state, why=code)),
        inventory=(*healthy.inventory, path),
    )


def go(*passes: Seen | PassResult) -> tuple[State, Movement]:
    state, movement = State(), None
    for one in passes:
        state, movement = step(state, one if isinstance(one, Seen) else seen(one))
    assert movement is not None
    return state, movement


def hidden_by(reason: str) -> Ledger:
    return Ledger(1, int(reason in CLEARED), int(reason in HIDDEN), 0, 0, 0, 0)


# name: (the pass after the one that saw an error in tests/test_a.py, how it ended, under which path)
ENDINGS: dict[str, tuple[Seen, str, str]] = {
    "a disabled name, content kept": (seen(result(), {A: OFF}), "silenced", OFF),
    "a disabled name, content changed": (seen(result(), {A: OFF}, [A]), "silenced", OFF),  # git lists it as deleted too
    "no Python name any more": (seen(result(), {A: A + ".off"}, [A]), "silenced", A + ".off"),
    "another matching name": (seen(result(files={B: 3}), {A: B}), "fixed", B),
    "another matching name, changed": (seen(result(files={B: 3}), {A: B}, [A]), "fixed", B),
    "another matching name, skipped": (seen(result(files={B: "skipped"}), {A: B}), "silenced", B),
    "its directory renamed": (seen(result(files={C: 3}), {A: C}), "fixed", C),
    "only its case": (seen(result(files={"tests/test_A.py": 3}), {A: "tests/test_A.py"}), "fixed", "tests/test_A.py"),
    "a package of its name": (
        seen(result(files={"tests/test_a/test_one.py": 3}), {A: "tests/test_a/__init__.py"}),
        "fixed", "tests/test_a/__init__.py",
    ),
    "a package of its name that nothing imports": (
        seen(result(), {A: "tests/test_a/__init__.py"}), "not-seen", "tests/test_a/__init__.py",
    ),
    "its tests moved into a file that was there": (seen(result(), {}, [A]), "deleted", A),
    "deleted": (seen(result(), {}, [A]), "deleted", A),
    "the patterns narrowed": (seen(result(), patterns=("spec_*.py",)), "silenced", A),
    "no evidence at all": (seen(result()), "not-seen", A),
    "outside the test paths": (seen(why(A, "outside", "not-reached")), "silenced", A),
    "a dangling link": (seen(result(files={A: "not-reached"})), "not-seen", A),
    "emptied": (seen(why(A, "empty", "collected")), "silenced", A),
    "switched off": (seen(why(A, "test-false", "collected")), "silenced", A),
    "a conftest ignores it": (seen(why(A, "by-conftest")), "silenced", A),
    "its directory is not entered": (seen(why(A, "norecurse")), "silenced", A),
    "its tests deselected": (seen(result(files={A: "deselected"})), "silenced", A),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDINGS)
def test_how_an_error_ends(name: str) -> None:
    after, reason, path = ENDINGS[name]
    state, movement = go(result(GONE), after)
    pair = (path, "missing:atlas.gone")
    assert movement.closed == {pair: reason}
    assert movement.moved == ({} if path == A else {key(GONE): pair})
    assert movement.ledger == hidden_by(reason)
    assert (pair in state.hidden) == (reason in HIDDEN)
    assert (state.verified == {"missing:atlas.gone"}) == (reason in CLEARED)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (seen(result(files={"tests/module/test_c.py": 3}), {PACKAGE: "tests/module/__init__.py"}), "fixed"),
        (seen(result(files={C: 3}), {PACKAGE: "tests/unit/setup.py"}), "fixed"),
        (seen(result(files={C: "not-reached"}), {PACKAGE: "tests/unit/setup.py"}, [PACKAGE]), "not-seen"),
        (seen(result(), {}, [PACKAGE, C]), "deleted"),  # the directory is gone
        (seen(why(C, "norecurse")), "silenced"),
        (seen(why(C, "importorskip")), "silenced"),  # the directory skips itself: nothing below was imported
        (seen(result(missing("atlas.above", "tests/conftest.py"), files={C: "masked"})), "masked"),
    ],
)
def test_how_a_packages_error_ends(after: Seen, reason: str) -> None:
    before = result(missing("atlas.gone", PACKAGE), files={C: "masked"})
    _, movement = go(before, after)
    assert list(movement.closed.values()) == [reason]


def test_a_conftest_whose_directory_is_ignored_is_silenced_like_what_lay_below_it() -> None:
    blocked = result(missing("atlas.conf", CONFTEST), files={C: "masked"})
    state, movement = go(result(missing("atlas.gone", C)), blocked)
    assert movement.closed == {(C, "missing:atlas.gone"): "masked"}
    ignored = why(C, "by-option")
    state, movement = step(state, seen(replace(ignored, inventory=(*ignored.inventory, CONFTEST))))
    assert movement.closed == {(CONFTEST, "missing:atlas.conf"): "silenced"}
    assert set(state.hidden) == {(C, "missing:atlas.gone"), (CONFTEST, "missing:atlas.conf")}
    assert state.verified == frozenset()


# --- under a name that matches no pattern -----------------------------------------------------------------------------


def away() -> State:
    state, _ = go(result(GONE), seen(result(), {A: OFF}, [A]))
    return state


def test_a_file_renamed_away_stays_in_the_inventory_until_git_deletes_it() -> None:
    state, movement = go(result(files={A: 14}), seen(result(), {A: OFF}, [A]))
    left = FileResult(OFF, "not-reached", 0, "was tests/test_a.py, 14 tests", "renamed")
    assert movement.files == {A: None, OFF: left}
    assert movement.ledger == Ledger(0, 0, 0, 0, 0, 0, 0)
    state, movement = step(state, seen(result()))
    assert movement.quiet and state.files[OFF] == left
    _, movement = step(state, seen(result(), {}, [OFF]))
    assert movement.files == {OFF: None}


def test_a_second_rename_keeps_what_the_file_was() -> None:
    state, _ = go(result(files={A: 1}), seen(result(), {A: OFF}), seen(result(), {OFF: "tests/old/a.py"}))
    assert state.files["tests/old/a.py"].reason == "was tests/test_a.py, 1 test"
    assert state.files["tests/old/a.py"].why == "renamed"


def test_a_file_that_never_gave_a_test_is_not_missed() -> None:
    _, movement = go(why(A, "empty", "collected"), seen(result(), {A: OFF}))
    assert movement.files == {A: None}


def test_an_error_renamed_away_comes_back_as_unmasked_under_any_name() -> None:
    for name in (A, B):
        _, movement = step(away(), seen(result(missing("atlas.gone", name)), {OFF: name}))
        pair = (name, "missing:atlas.gone")
        assert movement.appeared == {pair: "unmasked"}
        assert movement.settled == {pair: "seen"}


def test_an_error_renamed_away_is_cleared_when_its_file_is_deleted_or_collects_again() -> None:
    state, movement = step(away(), seen(result(), {}, [OFF]))
    assert movement.settled == {(OFF, "missing:atlas.gone"): "deleted"}
    assert state.verified == {"missing:atlas.gone"}
    state, movement = step(away(), seen(result(files={B: 3}), {OFF: B}))
    assert movement.settled == {(B, "missing:atlas.gone"): "fixed"}
    assert movement.ledger == Ledger(0, 0, 0, 0, 0, 0, 0)  # it left the total when it was hidden


def test_a_key_that_names_its_file_comes_back_too_under_the_old_name() -> None:
    state, movement = go(result(syntax()), seen(result(), {A: OFF}))
    assert list(movement.closed.values()) == ["silenced"]
    _, movement = step(state, seen(result(syntax()), {OFF: A}))
    assert movement.appeared == {key(syntax()): "unmasked"}
    assert movement.settled == {key(syntax()): "seen"}


def test_a_key_that_names_its_file_comes_back_under_another_name_and_keeps_its_ticket() -> None:
    state, _ = go(result(syntax()), seen(result(), {A: OFF}))
    for hidden, name in ((state, OFF), (go(result(syntax()), seen(result(files={A: "ignored"})))[0], A)):
        after, movement = step(hidden, seen(result(syntax(B)), {name: B}))
        assert movement.appeared == {key(syntax(B)): "unmasked"}
        assert after.ticket_of[key(syntax(B))[1]] == key(syntax())[1]
        assert after.hidden == {}


@pytest.mark.parametrize("back", ["widened", "deleted", "renamed"])
def test_a_file_that_the_patterns_lost_is_followed(back: str) -> None:
    narrow = ("spec_*.py",)
    state, movement = go(result(GONE, files={C: 9}), seen(result(), patterns=narrow))
    assert {path: file.why for path, file in state.files.items() if file.why} == {A: "unmatched", C: "unmatched"}
    assert movement.files[C] == FileResult(C, "not-reached", 0, "the patterns are spec_*.py", "unmatched")
    after = {
        "widened": seen(result(GONE, files={C: 9})),
        "deleted": seen(result(), {}, [A, C], narrow),
        "renamed": seen(result(missing("atlas.gone", "tests/spec_a.py")), {A: "tests/spec_a.py"}, [C], narrow),
    }[back]
    state, movement = step(state, after)
    assert list(movement.settled.values()) == ["deleted" if back == "deleted" else "seen"]
    assert [file for file in state.files.values() if file.why] == []


def test_a_conftest_or_package_that_works_is_never_taken_for_a_file_without_a_pattern() -> None:
    state, _ = go(result(missing("x", CONFTEST), missing("y", PACKAGE)), seen(result(files={C: 2})))
    assert set(state.files) == {C, "tests/test_healthy.py"}


# --- tickets and held passes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["open", "awaiting", "still-seen", "regressed"])
def test_a_marked_ticket_whose_file_is_skipped_is_not_verified(status: str) -> None:
    assert decide(status, Evidence(errors=0, hidden=1, contains_fix=True)) == Decision(status)


def test_a_fall_below_half_holds_what_is_cleared_and_names_what_is_silenced() -> None:
    many = result(GONE, missing("atlas.gone", C), files={B: 60})
    fallen = replace(why(A, "skip", "skipped"), files=(*why(A, "skip", "skipped").files, FileResult(C, "collected", 1)))
    _, movement = go(many, replace(seen(fallen), result=replace(fallen, inventory=(*fallen.inventory, C))))
    assert movement.held
    assert movement.closed == {key(GONE): "silenced", (C, "missing:atlas.gone"): "held"}


def test_whatever_gives_no_test_is_hidden_whichever_error_was_in_it() -> None:
    errors: list[CollectionError] = [GONE, syntax(), missing("atlas.other", A, 9)]
    for error in errors:
        for after, _, _ in [ENDINGS["emptied"], ENDINGS["outside the test paths"]]:
            state, movement = go(result(error), after)
            assert set(movement.closed.values()) == {"silenced"} and len(state.hidden) == 1
