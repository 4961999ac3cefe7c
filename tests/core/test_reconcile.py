"""What moved between two counted passes: every close reason, every way of appearing, and sums that hold."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.core.classify import Classified, classify
from remediation.core.evidence import passed_beyond, statement_digest
from remediation.core.fingerprint import identify
from remediation.core.ledger import Ledger
from remediation.core.reconcile import (
    CLEARED,
    HIDDEN,
    Movement,
    State,
    step,
)
from remediation.core.records import Cause, CollectionError, FileResult, Frame, PassResult, TreeFacts
from remediation.core.whereabouts import Seen

A, B, C = "tests/test_a.py", "tests/test_b.py", "tests/unit/test_c.py"
CONFTEST, PACKAGE = "tests/unit/conftest.py", "tests/unit/__init__.py"
TREE = TreeFacts(first_party=("atlas",))


def frame(path: str, statement: str, line: int = 3, pending: Iterable[str] = ()) -> Frame:
    return Frame(path, line, "<module>", statement, tuple(statement_digest(text) for text in pending))


def missing(module: str, path: str = A, line: int = 3, pending: Iterable[str] = ()) -> CollectionError:
    frames = (frame(path, f"import {module}", line, pending),)
    cause = Cause("ModuleNotFoundError", f"No module named '{module}'", name=module, frames=frames)
    return CollectionError(path, path, cause)


def marker(name: str, path: str = A, line: int = 20) -> CollectionError:
    cause = Cause("Failed", f"'{name}' not found in `markers`", frames=(frame(path, f"@pytest.mark.{name}", line),))
    text = f"'{name}' not found in `markers` configuration option"
    return CollectionError(path, f"{path}::Test{name}", Cause(cause.type, text, frames=cause.frames))


def syntax(path: str = A, message: str = "invalid syntax", frames: tuple[Frame, ...] = ()) -> CollectionError:
    return CollectionError(path, path, Cause("SyntaxError", message, filename=path, frames=frames))


Files = Mapping[str, int | str]


def result(*errors: CollectionError, files: Files | None = None, tracked: Iterable[str] = ()) -> PassResult:
    """``files``: tests, or a state, by path; a file with 40 tests keeps the fall of tests harmless."""
    rows = {"tests/test_healthy.py": FileResult("tests/test_healthy.py", "collected", 40)}
    for path, now in (files or {}).items():
        rows[path] = FileResult(path, "collected", now) if isinstance(now, int) else FileResult(path, now)
    rows |= {error.path: FileResult(error.path, "error") for error in errors}
    return PassResult(
        files=tuple(rows.values()),
        errors=errors,
        inventory=tuple({*rows, *tracked}),
        tests=sum(row.tests for row in rows.values()),
        pytest_errors=len(errors),
        tree=TREE,
    )


def fold(*passes: PassResult | Seen) -> tuple[State, Movement]:
    state, movement = State(), None
    for one in passes:
        state, movement = step(state, one if isinstance(one, Seen) else Seen(one))
    assert movement is not None
    return state, movement


def key(error: CollectionError) -> tuple[str, str]:
    return next(iter(identify(result(error))))


GONE = missing("atlas.gone")

# --- how an error ends -------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (result(files={A: 3}), "fixed"),
        (result(files={A: 0}), "silenced"),  # imported, and no test left in it
        (result(), "deleted"),
        (result(tracked=[A]), "not-seen"),  # still there, never reached
        (result(files={A: "not-reached"}), "not-seen"),
        (result(files={A: "masked"}), "masked"),
        (result(files={A: "skipped"}), "silenced"),
        (result(files={A: "ignored"}), "silenced"),
        (result(files={A: "deselected"}), "silenced"),
        (result(missing("atlas.later", line=9)), "fixed"),  # the import behind it fails now
        (result(missing("atlas.before", line=1, pending=["import atlas.gone"])), "masked"),
        (result(syntax()), "masked"),
        (result(CollectionError(A, A, Cause("KeyError", "'x'"))), "masked"),  # no evidence of where
    ],
)
def test_why_an_error_is_no_longer_visible(after: PassResult, reason: str) -> None:
    state, movement = fold(result(GONE), after)
    assert movement.closed == {key(GONE): reason}
    assert key(GONE) in (state.cleared if reason in CLEARED else state.hidden)
    assert (key(GONE) in state.hidden) == (reason in HIDDEN)
    ledger = movement.ledger
    assert ledger is not None
    assert (ledger.before, ledger.cleared, ledger.hidden) == (1, int(reason in CLEARED), int(reason in HIDDEN))


@pytest.mark.parametrize(
    ("files", "tracked", "reason"),
    [
        ({C: 2}, [CONFTEST], "fixed"),
        ({C: "skipped"}, [CONFTEST], "fixed"),  # imported far enough to skip itself
        ({C: "not-reached"}, [CONFTEST], "not-seen"),
        ({C: "ignored"}, [CONFTEST], "silenced"),  # the whole directory was left out
        ({}, [], "deleted"),
    ],
)
def test_a_conftest_is_fixed_when_a_file_below_it_was_imported(files: Files, tracked: list[str], reason: str) -> None:
    before = result(missing("atlas.gone", CONFTEST), files={C: "masked"})
    _, movement = fold(before, result(files=files, tracked=tracked))
    assert movement.closed == {(CONFTEST, "missing:atlas.gone"): reason}


@pytest.mark.parametrize(
    ("files", "reason"),
    [({C: 2}, "fixed"), ({C: "not-reached"}, "not-seen"), ({C: "ignored"}, "silenced"), ({}, "deleted")],
)
def test_a_package_that_failed_is_not_taken_for_deleted(files: Files, reason: str) -> None:
    # An __init__.py is no test file: the inventory names it only while it fails.
    before = result(missing("atlas.gone", PACKAGE), files={C: "masked"})
    _, movement = fold(before, result(files=files))
    assert movement.closed == {(PACKAGE, "missing:atlas.gone"): reason}


def test_of_two_errors_in_one_file_the_one_that_ended_is_fixed_though_the_other_stands() -> None:
    early, late = marker("load", line=10), marker("slow", line=20)
    for stays, goes in ((early, late), (late, early)):
        _, movement = fold(result(early, late), result(stays))
        assert movement.closed == {key(goes): "fixed"}


def test_a_standing_error_that_moved_in_front_of_the_other_covers_it() -> None:
    moved = CollectionError(A, A, Cause("Failed", marker("slow").cause.message, frames=(frame(A, "helper()", 1),)))
    assert key(moved) == key(marker("slow"))
    _, movement = fold(result(marker("load", line=10), marker("slow", line=20)), result(moved))
    assert movement.closed == {key(marker("load")): "masked"}


# --- passed beyond -----------------------------------------------------------


def cls(error: CollectionError) -> Classified:
    return classify(error, TREE)


def name_error(module: str = "atlas.gone", name: str = "Key", statement: str = "") -> CollectionError:
    cause = Cause("ImportError", f"cannot import name '{name}' from '{module}'", name=module, name_from=name,
                  frames=(frame(A, statement or f"import {module}"),))  # fmt: skip
    return CollectionError(A, A, cause)


def deeper(statement: str = "import atlas.gone") -> CollectionError:
    frames = (frame(A, statement), frame("atlas/gone.py", "import atlas.other"))
    return CollectionError(A, A, Cause("ModuleNotFoundError", "…", name="atlas.other", frames=frames))


def raised(line: int, statement: str) -> CollectionError:
    return CollectionError(A, A, Cause("ValueError", "bad", frames=(frame(A, statement, line),)))


@pytest.mark.parametrize(
    ("before", "after", "beyond"),
    [
        # A file that could not be parsed ends now in something that ran.
        (syntax(), GONE, True),
        (syntax(), syntax(message="other"), False),
        (syntax(frames=(frame(A, "import atlas.bad"),)), raised(1, "setup()"), True),
        (GONE, syntax(), False),
        # Another import statement of the same file: is the old one still ahead?
        (GONE, missing("atlas.later", line=9), True),
        (GONE, missing("atlas.first", line=1, pending=["import os", "import atlas.gone"]), False),
        (GONE, missing("atlas.first", line=1, pending=["import os"]), True),  # the old import was taken out
        (GONE, missing("atlas.first", line=99, pending=["import atlas.gone"]), False),  # whatever the line numbers
        # Other statements have only their lines.
        (raised(10, "a()"), raised(20, "b()"), True),
        (raised(20, "a()"), raised(10, "b()"), False),
        # The same statement, further in.
        (GONE, deeper(), True),
        (deeper(), GONE, False),
        (raised(3, "import atlas.gone"), deeper(), False),
        # The same statement, another failure.
        (GONE, name_error(), True),
        (name_error(), GONE, False),
        (missing("atlas"), CollectionError(A, A, Cause("ModuleNotFoundError", "…", name="atlas.gone",
                                                       frames=(frame(A, "import atlas"),))), True),
        (GONE, CollectionError(A, A, Cause("ValueError", "bad", frames=(frame(A, "import atlas.gone"),))), False),
        (GONE, CollectionError(A, A, Cause("ValueError", "bad")), False),
        (CollectionError(A, A, Cause("ValueError", "bad")), GONE, False),
        # Another way into the repository altogether.
        (GONE, missing("atlas.gone", "tests/conftest.py"), False),
    ],
)  # fmt: skip
def test_whether_a_file_got_past_what_raised(before: CollectionError, after: CollectionError, beyond: bool) -> None:
    assert passed_beyond(cls(before), cls(after)) is beyond


# --- how an error appears ----------------------------------------------------


@pytest.mark.parametrize(
    ("passes", "how"),
    [
        ([result(GONE)], "baseline"),
        ([result(), result(GONE)], "new"),  # a new file
        ([result(files={A: 3}), result(GONE)], "new"),  # a file that worked
        ([result(files={A: "skipped"}), result(GONE)], "new"),
        ([result(syntax()), result(GONE)], "unmasked"),  # its file was blocked by another cause
        ([result(files={A: "masked"}), result(GONE)], "unmasked"),  # or lay below a failing collector
        ([result(GONE), result(files={A: "masked"}), result(GONE)], "unmasked"),  # it was hidden
        ([result(GONE), result(files={A: "skipped"}), result(files={A: "skipped"}), result(GONE)], "unmasked"),
        ([result(GONE), result(files={A: 3}), result(GONE)], "regressed"),  # the same pair was cleared
        ([result(GONE), result(), result(GONE)], "regressed"),  # deleted and brought back
        ([result(GONE), result(syntax()), result(files={A: 3}), result(GONE)], "regressed"),  # hidden, then fixed
        (
            [result(GONE, missing("atlas.gone", B)), result(missing("atlas.gone", B), files={A: 3}), result(GONE)],
            "regressed",
        ),
        # Verified, and seen again in another file.
        ([result(missing("atlas.gone", B)), result(files={B: 3}), result(GONE, files={B: 3})], "regressed"),
        # The cause still stands elsewhere: not verified, so a further file is new.
        ([result(missing("atlas.gone", B)), result(GONE, missing("atlas.gone", B))], "new"),
    ],
)
def test_how_an_error_appears(passes: list[PassResult], how: str) -> None:
    _, movement = fold(*passes)
    assert movement.appeared == {key(GONE): how}


def test_regressed_is_said_before_unmasked() -> None:
    _, movement = fold(result(GONE), result(files={A: 3}), result(syntax()), result(GONE))
    assert movement.appeared == {key(GONE): "regressed"}


def test_people_may_have_merged_tickets_and_one_of_them_still_stands() -> None:
    merged = {"missing:atlas.gone": 7, "missing:atlas.other": 7}
    state, _ = step(State(ticket_of=merged), Seen(result(GONE, missing("atlas.other", B))))
    state, _ = step(state, Seen(result(missing("atlas.other", B), files={A: 3})))
    assert state.verified == frozenset()
    state, _ = step(state, Seen(result(files={A: 3, B: 3})))
    assert state.verified == {7}
    _, movement = step(state, Seen(result(missing("atlas.other", C), files={A: 3, B: 3})))
    assert movement.appeared == {(C, "missing:atlas.other"): "regressed"}


# --- hidden errors -----------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "settled"),
    [
        (result(GONE), "seen"),
        (result(files={A: 3}), "fixed"),
        (result(), "deleted"),
        (result(files={A: "skipped"}), None),
        (result(tracked=[A]), None),
        (result(files={A: 0}), None),
        (result(syntax()), None),
    ],
)
def test_how_a_hidden_error_ends_after_all(after: PassResult, settled: str | None) -> None:
    state, movement = fold(result(GONE), result(files={A: "skipped"}), after)
    assert movement.settled == ({key(GONE): settled} if settled else {})
    assert movement.ledger is not None
    assert movement.ledger.cleared == 0  # it left the total when it was hidden, and does not leave it twice
    assert (key(GONE) in state.hidden) == (settled is None)
    assert (state.verified == {"missing:atlas.gone"}) == (settled in CLEARED)


# --- renames -----------------------------------------------------------------


def test_a_rename_carries_an_error_and_is_no_change() -> None:
    state, movement = fold(result(GONE), Seen(result(missing("atlas.gone", B)), {A: B}))
    assert movement.moved == {key(GONE): (B, "missing:atlas.gone")}
    assert not (movement.closed or movement.appeared or movement.settled)
    assert movement.ledger == Ledger(1, 0, 0, 0, 0, 0, 1)
    assert set(state.open) == {(B, "missing:atlas.gone")}


def test_a_key_that_names_the_renamed_file_moves_with_it_and_keeps_its_ticket() -> None:
    state, movement = fold(result(syntax(A)), Seen(result(syntax(B)), {A: B}))
    assert movement.moved == {key(syntax(A)): key(syntax(B))}
    assert key(syntax(A)) != key(syntax(B))
    assert not (movement.closed or movement.appeared)
    assert state.ticket_of[key(syntax(B))[1]] == key(syntax(A))[1]
    state, movement = step(state, Seen(result(files={B: 3})))
    assert movement.closed == {key(syntax(B)): "fixed"}
    assert state.verified == {key(syntax(A))[1]}


def test_a_renamed_file_may_be_repaired_in_the_same_pass() -> None:
    state, movement = fold(result(GONE), Seen(result(files={B: 3}), {A: B}))
    new = (B, "missing:atlas.gone")
    assert (movement.moved, movement.closed) == ({key(GONE): new}, {new: "fixed"})
    assert movement.ledger == Ledger(1, 1, 0, 0, 0, 0, 0)
    assert state.verified == {"missing:atlas.gone"}


def test_a_hidden_error_moves_too() -> None:
    hidden = result(files={A: "skipped"})
    state, movement = fold(result(GONE), hidden, Seen(result(files={B: "skipped"}), {A: B}))
    new = (B, "missing:atlas.gone")
    assert movement.hidden_moved == {key(GONE): (new, "silenced")}
    assert state.hidden == {new: "silenced"}
    _, movement = step(state, Seen(result(missing("atlas.gone", B))))
    assert (movement.appeared, movement.settled) == ({new: "unmasked"}, {new: "seen"})


@pytest.mark.parametrize(
    ("after", "renames"),
    [
        (result(GONE, files={B: 3}), {A: B}),  # the old file is still there: a copy
        (result(files={A: 3}), {A: B}),  # the new one is not
        (result(tracked=[A]), {A: B}),
    ],
)
def test_a_rename_that_the_pass_does_not_show_carries_nothing(after: PassResult, renames: dict[str, str]) -> None:
    _, movement = fold(result(GONE), Seen(after, renames))
    assert not movement.moved
    assert movement.closed == fold(result(GONE), after)[1].closed


def test_a_rename_onto_a_file_that_was_there_before_carries_nothing() -> None:
    both = result(GONE, missing("atlas.gone", B))
    _, movement = fold(both, Seen(result(missing("atlas.gone", B)), {A: B}))
    assert movement.closed == {key(GONE): "deleted"}
    assert movement.ledger == Ledger(2, 1, 0, 0, 0, 0, 1)


def test_a_file_that_was_blocked_before_its_rename_unmasks_what_is_behind() -> None:
    _, movement = fold(result(syntax()), Seen(result(missing("atlas.gone", B)), {A: B}))
    assert movement.appeared == {(B, "missing:atlas.gone"): "unmasked"}


# --- held --------------------------------------------------------------------

MANY = result(GONE, missing("atlas.gone", C), files={B: 60})  # 100 tests
HALF_GONE = result(files={A: 3, B: "not-reached"})  # 43 tests


def test_a_fall_of_the_tests_below_half_holds_every_closing() -> None:
    state, movement = fold(MANY, HALF_GONE)
    assert movement.held
    assert set(movement.closed.values()) == {"held"}
    assert state.verified == frozenset()
    assert movement.ledger == Ledger(2, 0, 2, 0, 0, 0, 0)  # the total stays what pytest said
    assert state.reference_tests == 100


@pytest.mark.parametrize(("tests", "held"), [(9, True), (10, False), (11, False)])
def test_half_of_the_tests_is_the_border(tests: int, held: bool) -> None:
    before = result(GONE, files={"tests/test_healthy.py": 20})
    _, movement = fold(before, result(files={"tests/test_healthy.py": tests - 1, A: 1}))
    assert movement.held is held


def test_a_lead_confirms_and_the_closings_count() -> None:
    state, movement = fold(MANY, Seen(HALF_GONE, confirmed=True))
    assert not movement.held
    assert movement.closed == {key(GONE): "fixed", (C, "missing:atlas.gone"): "deleted"}
    assert state.verified == {"missing:atlas.gone"}
    assert state.reference_tests == HALF_GONE.tests


def test_a_low_count_stays_held_until_the_tests_are_back() -> None:
    state, movement = fold(MANY, HALF_GONE, HALF_GONE)
    assert movement.held
    assert movement.quiet
    _, movement = step(state, Seen(result(files={A: 3, B: 60})))
    assert not movement.held
    assert movement.settled == {key(GONE): "fixed", (C, "missing:atlas.gone"): "deleted"}


def test_a_later_pass_undoes_a_held_closing() -> None:
    _, movement = fold(MANY, HALF_GONE, MANY)
    assert movement.settled == {key(GONE): "seen", (C, "missing:atlas.gone"): "seen"}
    assert set(movement.appeared.values()) == {"unmasked"}


def test_while_held_a_hidden_error_is_not_settled() -> None:
    hidden = result(files={A: "skipped", B: 60})
    _, movement = fold(result(GONE, files={B: 60}), hidden, HALF_GONE)
    assert movement.held
    assert movement.settled == {}


# --- ledgers -----------------------------------------------------------------


def test_a_ledger_that_does_not_sum_cannot_be_made() -> None:
    Ledger(10, 3, 2, 1, 1, 1, 8)
    with pytest.raises(ArithmeticError, match="does not sum"):
        Ledger(10, 3, 2, 1, 1, 1, 9)


def test_ledgers_that_do_not_follow_on_each_other_have_no_sum() -> None:
    one, two = Ledger(0, 0, 0, 0, 3, 0, 3), Ledger(3, 1, 0, 0, 0, 0, 2)
    assert Ledger.over([one, two]) == Ledger(0, 1, 0, 0, 3, 0, 2)
    with pytest.raises(ArithmeticError, match="not followed"):
        Ledger.over([two, one])


# --- whatever happens --------------------------------------------------------

PATHS = [A, B, C, CONFTEST, "tests/unit/test_d.py"]
error_sets = st.sampled_from(["atlas.one", "atlas.two", "load", "slow", "syntax", "load+slow", "atlas.one@9"])
now = st.one_of(
    st.integers(0, 30), st.sampled_from(["skipped", "masked", "ignored", "not-reached", "gone", "gone"]), error_sets
)


def as_pass(world: dict[str, int | str], renames: dict[str, str], confirmed: bool) -> Seen:
    errors: list[CollectionError] = []
    files: dict[str, int | str] = {}
    for path, value in world.items():
        if value == "syntax":
            errors.append(syntax(path))
        elif isinstance(value, str) and value.startswith("atlas"):
            module, _, line = value.partition("@")
            errors.append(missing(module, path, int(line or 3), ["import atlas.two"]))
        elif isinstance(value, str) and value.split("+")[0] in {"load", "slow"}:
            errors += [marker(name, path, 10 + len(name)) for name in value.split("+")]
        elif value != "gone" and not (path == CONFTEST and isinstance(value, int)):
            files[path] = value
    return Seen(result(*errors, files=files), renames, confirmed)


histories = st.lists(
    st.builds(
        as_pass,
        st.fixed_dictionaries(dict.fromkeys(PATHS, now)),
        st.dictionaries(st.sampled_from(PATHS), st.sampled_from(PATHS), max_size=2),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(histories)
def test_through_any_history_every_sum_holds_and_nothing_unknown_is_zero(history: list[Seen]) -> None:
    state, ledgers = State(), []
    for number, seen in enumerate(history):
        before = state
        state, movement = step(state, seen)
        assert set(state.open) == set(identify(seen.result))
        assert not set(state.open) & state.hidden.keys()
        assert not state.cleared & (set(state.open) | state.hidden.keys())
        assert (movement.ledger is None) == (number == 0)
        if movement.ledger:
            assert (movement.ledger.before, movement.ledger.after) == (len(before.open), len(state.open))
            ledgers.append(movement.ledger)
        check_evidence(before, seen, movement, state)
    if ledgers:
        assert Ledger.over(ledgers).after == len(state.open)


def check_evidence(before: State, seen: Seen, movement: Movement, state: State) -> None:
    """Cleared needs to be seen: a working file, a file that ends in something else, or no file."""
    files = {file.path: file for file in seen.result.files}
    for (path, _), reason in [*movement.closed.items(), *movement.settled.items()]:
        if reason == "fixed" and path != CONFTEST:
            assert files[path].tests or files[path].state == "error"
        if reason == "deleted":
            assert path not in seen.result.inventory
    if movement.held:
        assert not CLEARED & {*movement.closed.values(), *movement.settled.values()}
        assert state.verified <= before.verified
    standing = {key for _, key in [*state.open, *state.hidden]}
    assert not {state.ticket_of.get(key, key) for key in standing} & state.verified


@settings(max_examples=60, deadline=None)
@given(histories, st.data())
def test_a_fold_from_any_snapshot_ends_like_a_fold_from_the_start(history: list[Seen], data: st.DataObject) -> None:
    whole, _ = fold(*history)
    cut = data.draw(st.integers(0, len(history)))
    state = fold(*history[:cut])[0] if cut else State()
    kept = copy.deepcopy(state)
    for seen in history[cut:]:
        snapshot = state
        state, _ = step(state, seen)
        assert snapshot is not state
    assert state == whole
    assert kept == (fold(*history[:cut])[0] if cut else State())  # no step changes what it was given


@settings(max_examples=60, deadline=None)
@given(histories)
def test_the_same_pass_again_changes_nothing(history: list[Seen]) -> None:
    state, _ = fold(*history)
    _, movement = step(state, Seen(history[-1].result, {}, history[-1].confirmed, frozenset()))
    assert movement.quiet
