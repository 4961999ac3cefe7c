"""How wide words may be on the plot: never less than in any font that the site asks for."""

from __future__ import annotations

LINE = 15.0  # pixels that one line of 12 px words takes
DESCENT = 4.0  # of them below the baseline

# Hundredths of the font's size, measured on DejaVu Sans, the widest of the fonts in tokens.css.
_WIDTHS = {
    30: "IJijl",
    36: " ,./|",
    41: "!'()-:;[]\\f",
    44: "rt",
    53: '?"cszL_`*',
    64: "$0123456789aeghkovxyubdnpqEFTYSP",
    70: "ABCKRVXZ",
    79: "&DGHNOQU",
    86: "#+<=>^~M\N{MINUS SIGN}w",
}
_OF = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_ANY = 100  # of a letter that was not measured; of one of the wide scripts that is its whole square


def width(words: str, size: float = 12, *, bold: bool = False) -> float:
    """In pixels, rounded up."""
    units = sum(_OF.get(letter, _ANY) for letter in words)
    return units * size * (1.13 if bold else 1.0) / 100 + 1


def fitting(words: str, room: float, size: float = 12) -> str:
    """As much of the words as fits into ``room`` pixels, with "…" where something is missing."""
    if width(words, size) <= room:
        return words
    while words and width(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…"


def wrapped(words: str, room: float, size: float = 12) -> tuple[str, ...]:
    """In one or two lines of at most ``room`` pixels."""
    if width(words, size) <= room:
        return (words,)
    cut = max((i for i, letter in enumerate(words) if letter == " " and width(words[:i], size) <= room), default=0)
    if not cut:
        cut = max(i for i in range(1, len(words) + 1) if i == 1 or width(words[:i], size) <= room)
    return words[:cut], fitting(words[cut:].strip(), room, size)
