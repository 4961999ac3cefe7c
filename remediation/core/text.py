"""The boundary every foreign string crosses before it is stored or shown."""

from __future__ import annotations

import re

# CSI and OSC sequences; OSC ends with BEL or ST and may never end at all.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]")
# C0 without tab and newline, DEL, C1, and the bidirectional controls that reorder what a reader sees.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CREDENTIAL = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]*@")

ELLIPSIS = " […]"


def clean_text(value: object, limit: int = 2_000) -> str:
    """Return ``value`` as text that Postgres stores and a browser shows without surprise.

    Drops ANSI sequences, C0/C1 and bidirectional controls, NUL and lone surrogates, hides
    ``user:password@`` in URLs and caps the length at ``limit`` characters (a mark shows the cut).
    """
    text = value if isinstance(value, str) else str(value)
    # Most text has nothing to drop, and says so fast: no character below is printable, and a credential has "://".
    if len(text) <= limit and text.replace("\n", "").isprintable() and "://" not in text:
        return text
    # Cutting first keeps a hostile 10 MB message cheap; the slack lets sequences at the edge go whole.
    text = text[: limit + 4_096].replace("\r\n", "\n")
    text = _ANSI.sub("", text)
    text = _CONTROL.sub("", text)
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _CREDENTIAL.sub("***@", text)
    if len(text) > limit:
        text = text[: max(0, limit - len(ELLIPSIS))] + ELLIPSIS
    return text


def clean_line(value: object, limit: int = 300) -> str:
    """Like :func:`clean_text`, on one line: every run of white space becomes one space."""
    text = clean_text(value, limit)
    # Most lines have no run of it: the only white space that is printable is the space.
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":
        return text
    return " ".join(text.split())
