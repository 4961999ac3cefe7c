"""A ticket in one sentence, its share, what is like it, and who hid what."""

from __future__ import annotations

import pytest

from remediation.core.headline import Standing, headline
from remediation.core.hiders import hiders
from remediation.core.shares import share
from remediation.core.similar import Known, likeness, next_like, similar

MOVED = "Module a.b has moved"


@pytest.mark.parametrize(
    ("title", "kind", "now", "said"),
    [
        (MOVED, "wrong-path", Standing(4, direct=True), f"{MOVED}: 4 test files still import the old path"),
        (MOVED, "wrong-path", Standing(1, direct=True), f"{MOVED}: 1 test file still imports the old path"),
        (MOVED, "wrong-path", Standing(4), f"{MOVED}: 4 test files need it"),  # a helper of theirs imports it
        (
            "Package jwt is not installed",
            "missing-dependency",
            Standing(1),
            "Package jwt is not installed: 1 test file needs it",
        ),
        (
            "Marker x is not registered",
            "unknown-marker",
            Standing(1_200, direct=True),
            "Marker x is not registered: 1,200 test files use it",
        ),
        (
            "Bases A, B have no consistent order",
            "mro-conflict",
            Standing(1),
            "Bases A, B have no consistent order: 1 test file is blocked",
        ),
        ("KeyError: 'X'", "raised-at-import", Standing(2), "KeyError: 'X'. 2 test files are blocked"),
        (
            "conftest.py raises KeyError",
            "conftest-failure",
            Standing(1, tests_only=False),
            "conftest.py raises KeyError: 1 file is blocked",
        ),
        (
            "conftest.py fails: KeyError",
            "conftest-failure",
            Standing(0, blocking="all"),
            "conftest.py fails: KeyError. Every test is blocked",
        ),
        (MOVED, "wrong-path", Standing(verified=11), f"{MOVED}: not seen since #11"),
        (MOVED, "wrong-path", Standing(hidden=5), f"{MOVED}: 5 errors hidden, none visible"),
        (MOVED, "wrong-path", Standing(blocking="unproven"), f"{MOVED}: not proved repaired"),
        (MOVED, "wrong-path", Standing(), MOVED),
    ],
)
def test_a_sentence_with_the_count(title: str, kind: str, now: Standing, said: str) -> None:
    assert headline(title, kind, now) == said


@pytest.mark.parametrize(
    ("part", "of", "said"),
    [
        (4, 15, "26.6"),
        (2, 10, "20"),
        (1, 9, ""),
        (0, 0, ""),
        (3, None, ""),
        (15, 15, "100"),
        (9999, 10000, "99.9"),
        (3, 2, ""),
    ],
)
def test_a_share_is_rounded_down_and_has_a_base(part: int, of: int | None, said: str) -> None:
    assert share(part, of) == said


def test_similar_tickets_are_of_the_kind_and_share_something() -> None:
    one = Known(1, "missing-module", "missing:a.b.c", "a.b.c")
    others = [
        one,
        Known(2, "missing-module", "missing:a.x", "a.x"),
        Known(3, "missing-module", "missing:a.b.d", "a.b.d"),
        Known(4, "missing-module", "missing:a.y", "a.y", verified=True),
        Known(5, "missing-name", "missing:a.b.c.X", "a.b.c", "X"),  # another kind
        Known(6, "missing-module", "missing:z", "z", verified=True),  # nothing in common
        Known(3, "missing-module", "missing:a.q", "a.q"),  # the same ticket again
    ]
    assert [known.number for known in similar(one, others)] == [4, 3, 2]
    assert [known.number for known in similar(one, reversed(others))] == [4, 3, 2]
    assert len(similar(one, [Known(n, one.kind, "", "a.b") for n in range(2, 20)])) == 5


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (
            Known(1, "unknown-marker", "marker:load", name="load"),
            Known(2, "unknown-marker", "marker:slow", name="slow"),
            True,
        ),
        (
            Known(1, "raised-at-import", "raised:KeyError:m:a.py"),
            Known(2, "raised-at-import", "raised:KeyError:n:b.py"),
            True,
        ),
        (
            Known(1, "raised-at-import", "raised:KeyError:m:a.py"),
            Known(2, "raised-at-import", "raised:ValueError:m:a.py"),
            False,
        ),
        (
            Known(1, "missing-dependency", "missing:x@p", "x", package="p"),
            Known(2, "missing-dependency", "missing:y@p", "y", package="p"),
            True,
        ),
        (Known(1, "missing-dependency", "missing:x", "x"), Known(2, "missing-dependency", "missing:y", "y"), False),
        (Known(1, "missing-module"), Known(2, "missing-module"), False),  # nothing is known of either
    ],
)
def test_likeness_is_symmetric(one: Known, other: Known, alike: bool) -> None:
    assert bool(likeness(one, other)) == alike
    assert likeness(one, other) == likeness(other, one)


def test_who_hid_what() -> None:
    ended = [("t/a.py", 3), ("t/a.py", 3), ("t/a.py", 5), ("t/unit/conftest.py", 7), ("t/conftest.py", 8)]
    found = hiders(["t/a.py", "t/unit/deep/b.py", "t/c.py", "other/d.py"], ended)
    assert found == {"t/a.py": (3, 5), "t/unit/deep/b.py": (7,), "t/c.py": (8,), "other/d.py": ()}


def test_what_is_next_is_like_what_was_done_or_nothing_is() -> None:
    done = [Known(1, "missing-name", module="a.cache"), Known(2, "missing-name", module="a.core.x")]
    free = [
        Known(3, "missing-name", module="a.other"),
        Known(4, "missing-name", module="a.core.y"),
        Known(5, "missing-module", module="a.core.y"),
        Known(4, "missing-name", module="a.core.x.y"),  # a second cause of the same ticket: the likest pair stands
        Known(6, "missing-name", module="b"),
    ]
    pairs = [(one.number, like.number) for one, like in next_like(done, free, 5)]
    assert pairs == [(4, 2), (3, 1)]
    assert [one.number for one, _ in next_like(done, free, 1)] == [4]
    assert next_like([], free, 5) == next_like(done, [], 5) == next_like(done[:1], done[:1], 5) == []
