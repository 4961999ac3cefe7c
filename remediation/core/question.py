"""What a person typed into the find field: words, and the label, number or commit that it may name exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from remediation.core.text import ELLIPSIS, clean_line

LONGEST = 100  # characters; the rest of a pasted text finds nothing anyway
MOST_WORDS = 5
SHORTEST = 3  # characters: an index over trigrams answers no shorter one
_LABEL = re.compile(r"([A-Za-z]{2,6})-([1-9][0-9]{0,8})")
_NUMBER = re.compile(r"#?([1-9][0-9]{0,8})")
_COMMIT = re.compile(r"[0-9a-f]{4,40}")
NAMED_COMMIT = 7  # digits from which a commit is named, and not only looked for


@dataclass(frozen=True, slots=True)
class Question:
    """``words``: all of them must be found; empty where they are too short to be looked for.

    ``label``: (key, number) for ATL-12 or atl-12. ``number``: for #31 and 31. ``commit``: lower-case digits, at
    least four, for the beginning of a commit.
    """

    text: str = ""
    words: tuple[str, ...] = ()
    label: tuple[str, int] | None = None
    number: int | None = None
    commit: str = ""

    @property
    def names_a_pass(self) -> bool:
        """Whether it is written as a pass is: #31."""
        return self.number is not None and self.text.startswith("#")

    @property
    def names_a_commit(self) -> bool:
        """Whether it has as many digits as git shows, and one of them tells it from a number."""
        return len(self.commit) >= NAMED_COMMIT and not self.commit.isdigit()

    @property
    def answerable(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.words or self.label or self.number or self.commit)


def ask(raw: object) -> Question:
    """Read what was typed: any text of any size, cleaned and cut before it is looked at."""
    text = clean_line(raw, LONGEST).removesuffix(ELLIPSIS)
    words = tuple(text.split()[:MOST_WORDS])
    label, number, commit = _LABEL.fullmatch(text), _NUMBER.fullmatch(text), _COMMIT.fullmatch(text.lower())
    return Question(
        text=text,
        words=words if max(map(len, words), default=0) >= SHORTEST else (),
        label=(label[1].upper(), int(label[2])) if label else None,
        number=int(number[1]) if number else None,
        commit=commit[0] if commit else "",
    )
