"""A message without what varies between two runs of the same failure."""

from __future__ import annotations

import re

from remediation.core.text import clean_line

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_HEX_ID = re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE)
_TEMPORARY = re.compile(r"\btmp[a-z0-9_]{8}\b")  # as Python's tempfile makes them
# Where a path begins; "data/a/x.json" and "https://host/a/x" hold none.
_ABSOLUTE = re.compile(r"(?<![\w./-])(?:[A-Za-z]:)?(?:/[^\s/'\",:;()]+)+/(?=[^\s/'\",:;()]+)")
_PLACE = re.compile(r"\b(line|column|lineno|pid|port|id|took|after|in|at) \d+(?:\.\d+)?\b", re.IGNORECASE)
_AFTER_COLON = re.compile(r"(?<=[\w\]]):\d+\b")
# A digit that belongs to a name is part of the name (utf8, model2); one digit alone often is the very point.
_NUMBER = re.compile(r"(?<![\w.])(?:\d{2,}|\d+[.,]\d)[\d.,]*|\b\d(?= ?(?:ms|s|seconds?|minutes?|bytes)\b)")
_MARKS = (
    (_ADDRESS, "ADDR"),
    (_UUID, "ID"),
    (_HEX_ID, "ID"),
    (_TEMPORARY, "TMP"),
    (_ABSOLUTE, ""),
    (_PLACE, r"\1 N"),
    (_AFTER_COLON, ":N"),
    (_NUMBER, "N"),
)
_BRACES = re.compile(r"\{([^{}:]*)\}")
# Django says which setting was asked for first; that none is configured is the cause.
_SETTING = re.compile(r"\bRequested settings?,? \w+, but settings are not configured")
LENGTH = 300


def normalise(message: str) -> str:
    """The first 300 characters of a message without addresses, ids, numbers that vary, path prefixes and set order."""
    text = clean_line(message, 1_000)
    for pattern, mark in _MARKS:
        text = pattern.sub(mark, text)
    text = _BRACES.sub(lambda found: "{" + ", ".join(sorted(re.split(r",\s*", found[1]))) + "}", text)
    return _SETTING.sub("settings are not configured", text)[:LENGTH]
