"""A written report as blocks of words: the same in every format, without any markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Said:
    """Text of a repository or a person: a format writes it so that nothing in it acts."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A commit, a path, a module: foreign, too, and in even letters."""

    text: str


@dataclass(frozen=True, slots=True)
class Stated:
    """What people stated and nobody measured; a format says so beside it."""

    text: str


Part = str | Said | Code | Stated  # a plain str is our own wording
Words = tuple[Part, ...]
Tone = Literal["", "lead", "quiet", "sum"]


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 1 to 3."""

    level: int
    words: Words


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``tone``: lead (the first sentences), quiet (a basis or a note), sum (arithmetic)."""

    words: Words
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    rows: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The last ``numbers`` columns hold numbers; the first column is the row's heading. An empty cell is unknown."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    numbers: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Where the trend is drawn. ``bars``: the same for a format that draws nothing."""

    bars: str
    caption: str
    summary: str


Block = Heading | Paragraph | Items | Table | Chart
STATED = "(stated, not measured)"


def bare(words: Words) -> str:
    """The words alone, on one line."""
    return " ".join("".join(_bare(part) for part in words).split())


def _bare(part: Part) -> str:
    if isinstance(part, str):
        return part
    return f"{part.text} {STATED}" if isinstance(part, Stated) else part.text
