"""The lines of a CI log, cleaned, and without what the service wrote before each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from remediation.core.text import clean_text

LARGEST = 10_000_000  # characters of a log that are read; what is longer is cut at its end
LINE = 2_000

# What CI services put before each line: GitHub (also as job, step, time), GitLab, Azure, Jenkins.
_PREFIX = re.compile(
    r"(?:[^\t]{0,200}\t[^\t]{0,200}\t)?\[?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z\]?(?: \d\d[OE][+ ]?)? ?"
)
_GROUP = re.compile(r"##\[(?:group|command|section|debug)\]")


def lines_of(text: str) -> Iterator[str]:
    """One line after the other; a command that goes on behind a backslash is one line. Never raises."""
    held = ""
    for raw in text[:LARGEST].splitlines():
        line = clean_text(_PREFIX.sub("", raw[: LINE + 500].lstrip("\ufeff"), count=1), LINE)
        line = held + _GROUP.sub("", line, count=1).rstrip()
        held = ""
        if line.endswith("\\") and len(line) < LINE:
            held = line[:-1]
        else:
            yield line
    if held:
        yield held
