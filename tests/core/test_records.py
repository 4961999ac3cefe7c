"""A result's canonical form: the same facts are the same bytes, and come back as they were."""

from __future__ import annotations

import dataclasses
import json
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from remediation.core.records import Cause, CollectionError, FileResult, Frame, PassResult, TreeFacts, compress

FRAME = Frame("tests/test_a.py", 3, "<module>", "import atlas.core.registry", ("0f0f0f0f",))
CAUSE = Cause("ModuleNotFoundError", "No module named 'atlas.core'", name="atlas.core", frames=(FRAME,))
RESULT = PassResult(
    files=(FileResult("tests/test_b.py", "collected", 4), FileResult("tests/test_a.py", "error")),
    errors=(
        CollectionError("tests/test_a.py", "tests/test_a.py::TestB", CAUSE, "E   ModuleNotFoundError"),
        CollectionError("tests/test_a.py", "tests/test_a.py::TestA", Cause("TypeError", "bases", bases=("A", "B"))),
    ),
    inventory=("tests/test_b.py", "tests/test_a.py", "tests/conftest.py"),
    tests=4,
    pytest_errors=2,
    deselected=1,
    warnings=("b: w", "a: w"),
    tree=TreeFacts(("atlas",), ("redis",), (("atlas.core.registry", "atlas/registry.py"),)),
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
frames = st.builds(Frame, texts, st.integers(0, 9), texts, texts, st.lists(texts, max_size=2).map(tuple))
causes = st.builds(
    Cause,
    st.sampled_from(["ImportError", "TypeError"]),
    st.sampled_from(["m", "n"]),
    bases=st.lists(texts, max_size=2).map(tuple),
    frames=st.lists(frames, max_size=2).map(tuple),
)
# Few paths and nodes, so that errors differ only in what a hasty sort key forgets.
errors = st.builds(CollectionError, st.sampled_from(["a", "b"]), st.sampled_from(["a", "a::X"]), causes, texts)
files = st.builds(FileResult, texts, st.sampled_from(["collected", "error"]), st.integers(0, 3))
results = st.builds(
    PassResult,
    st.lists(files, max_size=3).map(tuple),
    st.lists(errors, max_size=4).map(tuple),
    st.lists(texts, max_size=3).map(tuple),
    st.integers(0, 9),
    st.integers(0, 9),
    warnings=st.lists(texts, max_size=3).map(tuple),
)


def test_the_canonical_form_is_sorted_compact_json_with_its_format() -> None:
    text = RESULT.canonical().decode()
    document = json.loads(text)
    assert document["format"] == 1
    assert text == json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert [file["path"] for file in document["files"]] == ["tests/test_a.py", "tests/test_b.py"]
    assert [error["node"] for error in document["errors"]] == ["tests/test_a.py::TestA", "tests/test_a.py::TestB"]


@given(results, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_came_makes_no_difference(result: PassResult, chance: random.Random) -> None:
    def shuffled(items: tuple) -> tuple:
        return tuple(chance.sample(items, len(items)))

    other = dataclasses.replace(
        result,
        files=shuffled(result.files),
        errors=shuffled(result.errors),
        inventory=shuffled(result.inventory),
        warnings=shuffled(result.warnings),
    )
    assert other.canonical() == result.canonical()
    assert other.digest() == result.digest()
    assert other.pack() == result.pack()


@given(results)
def test_whatever_is_said_the_form_is_the_one_that_earlier_versions_wrote(result: PassResult) -> None:
    # Another form of the same facts would have another digest: every project's next pass would be stored anew.
    text = result.canonical().decode()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@given(results)
def test_packing_loses_nothing(result: PassResult) -> None:
    back = PassResult.unpack(result.pack())
    assert back.canonical() == result.canonical()
    assert set(back.errors) == set(result.errors)
    assert PassResult.unpack(back.pack()) == back  # tuples again, not lists


@pytest.mark.parametrize(
    "change",
    [
        {"tests": 5},
        {"pytest_errors": 3},
        {"deselected": 0},
        {"warnings": ()},
        {"inventory": ("tests/test_a.py",)},
        {"files": (FileResult("tests/test_a.py", "error"),)},
        {"errors": RESULT.errors[:1]},
        {"tree": TreeFacts(("atlas",))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_fact_is_part_of_the_digest(change: dict) -> None:
    assert dataclasses.replace(RESULT, **change).digest() != RESULT.digest()


@pytest.mark.parametrize("found", [0, 2, "1", None])
def test_an_unknown_format_is_refused(found: object) -> None:
    document = json.loads(RESULT.canonical()) | {"format": found}
    with pytest.raises(ValueError, match="this version reads 1"):
        PassResult.unpack(zlib.compress(json.dumps(document).encode()))


def test_values_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RESULT.tests = 0  # type: ignore[misc]
    with pytest.raises(AttributeError):
        RESULT.errors[0].node = ""  # type: ignore[misc]


def test_the_innermost_frame_is_to_blame() -> None:
    outer = replace(FRAME, path="tests/conftest.py")
    assert replace(CAUSE, frames=(outer, FRAME)).blame == FRAME
    assert Cause("ImportError", "no frames").blame is None


def test_a_result_stored_before_files_said_why_is_still_read() -> None:
    document = json.loads(RESULT.canonical())
    del document["patterns"]
    for file in document["files"]:
        del file["why"]
    stored = PassResult.unpack(compress(json.dumps(document).encode()))
    assert set(stored.files) == set(RESULT.files)
    assert stored.patterns == ()
