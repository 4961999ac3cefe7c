"""Foreign strings cross one boundary: what comes out can be stored, sorted and shown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.core.text import ELLIPSIS, clean_line, clean_text

any_text = st.text(st.characters(codec=None, categories=None), max_size=200)  # surrogates included


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain\ttext\nkept", "plain\ttext\nkept"),
        ("a\0b", "ab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;a title that never ends", ""),
        ("\x9b1mbold", "bold"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("\u2066isolated\u2069", "isolated"),
        ("\ufeffmark", "mark"),
        ("lone \ud800 surrogate", "lone \N{REPLACEMENT CHARACTER} surrogate"),
        ("lines\r\nend\rhere", "lines\nendhere"),
        ("https://mei:s3cret@git.example.org/x", "https://***@git.example.org/x"),
        ("redis://:s3cret@cache:6379/0", "redis://***@cache:6379/0"),
        ("umlauts äöü and 日本語 stay", "umlauts äöü and 日本語 stay"),
        (None, "None"),
        (17, "17"),
    ],
)
def test_what_is_dropped_and_what_stays(raw: object, clean: str) -> None:
    assert clean_text(raw) == clean


def test_a_cut_is_marked_and_never_longer_than_the_limit() -> None:
    assert clean_text("x" * 50, 20) == "x" * (20 - len(ELLIPSIS)) + ELLIPSIS
    assert clean_text("x" * 20, 20) == "x" * 20


def test_a_hostile_message_of_ten_megabytes_is_cheap() -> None:
    started = time.perf_counter()
    for unit in ("\x1b[", "\x1b]", "://a:", "\0", "\ud800"):
        assert len(clean_text(unit * (10_000_000 // len(unit)))) <= 2_000
    assert time.perf_counter() - started < 2


def test_a_line_has_no_line_breaks() -> None:
    assert clean_line("  two\n\tlines \r\n of text ") == "two lines of text"


@given(any_text)
def test_what_comes_out_encodes_and_is_stable(raw: str) -> None:
    clean = clean_text(raw)
    clean.encode()
    assert not set(clean) & {"\0", "\x1b", "\u202e", "\x9b"}
    assert clean_text(clean) == clean
    assert "\n" not in clean_line(raw)
