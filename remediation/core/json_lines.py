"""Takes a stream of JSON lines apart: each an event, or nothing that the reporter would write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

LINE = 4_000_000  # bytes; the reporter's own caps keep a line far below

Event = dict[str, Any]


def lines(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Every line without its end, and where it begins."""
    start = 0
    while start < len(stream):
        stop = stream.find(b"\n", start)
        stop = len(stream) if stop < 0 else stop
        yield start, stream[start:stop]
        start = stop + 1


def parse(line: bytes) -> Event | None:
    """The object of a line, whose ``event`` is a text; None for anything else."""
    if len(line) > LINE:
        return None
    try:
        event = _QUICK.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        try:
            event = _JSON.decode(line.decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError):  # also UnicodeDecodeError, and integers of thousands of digits
            return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON, and Postgres refuses them


_QUICK = msgspec.json.Decoder()  # of what both can read they say the same; half a character only the other reads
_JSON = json.JSONDecoder(parse_constant=_no_constant)  # one for all lines: to make one takes as long as a short line
