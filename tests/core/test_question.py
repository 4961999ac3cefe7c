"""What is typed into the find field, read."""

from __future__ import annotations

import pytest

from remediation.core.question import LONGEST, Question, ask


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", Question()),
        ("  \t\n ", Question()),
        ("ab", Question("ab")),
        ("redis", Question("redis", ("redis",))),
        (" redis \n cache ", Question("redis cache", ("redis", "cache"))),
        ("a redis", Question("a redis", ("a", "redis"))),
        ("a b c d", Question("a b c d")),
        (
            "one two three four five six",
            Question("one two three four five six", ("one", "two", "three", "four", "five")),
        ),
        ("ATL-12", Question("ATL-12", ("ATL-12",), label=("ATL", 12))),
        ("atl-12", Question("atl-12", ("atl-12",), label=("ATL", 12))),
        ("A-12", Question("A-12", ("A-12",))),
        ("ATL-0", Question("ATL-0", ("ATL-0",))),
        ("ATL-12 redis", Question("ATL-12 redis", ("ATL-12", "redis"))),
        ("#31", Question("#31", ("#31",), number=31)),
        ("31", Question("31", number=31)),
        ("#0", Question("#0")),
        ("#99999999999", Question("#99999999999", ("#99999999999",))),
        ("9846d5f", Question("9846d5f", ("9846d5f",), commit="9846d5f")),
        ("9846D5F", Question("9846D5F", ("9846D5F",), commit="9846d5f")),
        ("cafe", Question("cafe", ("cafe",), commit="cafe")),
        ("12345678", Question("12345678", ("12345678",), number=12345678, commit="12345678")),
        ("\u0663\u0661", Question("\u0663\u0661")),
        ("%", Question("%")),
        ("a\x00b\ud800cd", Question("ab\ufffdcd", ("ab\ufffdcd",))),
        ("\x1b[31mred\u202e", Question("red", ("red",))),
    ],
)
def test_it_is_read(typed: str, read: Question) -> None:
    assert ask(typed) == read


def test_a_pasted_novel_is_cut() -> None:
    question = ask("x" * 10_000_000)
    assert len(question.text) < LONGEST and question.words == (question.text,)


@pytest.mark.parametrize(
    ("typed", "a_pass", "a_commit"),
    [
        ("#31", True, False),
        ("31", False, False),
        ("9846d5f", False, True),
        ("9846d5", False, False),
        ("1234567", False, False),
        ("deadbeef", False, True),
    ],
)
def test_what_is_named_exactly(typed: str, a_pass: bool, a_commit: bool) -> None:
    assert (ask(typed).names_a_pass, ask(typed).names_a_commit) == (a_pass, a_commit)


@pytest.mark.parametrize(
    ("typed", "answerable"), [("", False), ("ab", False), ("#", False), ("1", True), ("abc", True)]
)
def test_what_is_too_short_is_not_looked_for(typed: str, answerable: bool) -> None:
    assert ask(typed).answerable is answerable
