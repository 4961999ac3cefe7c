"""The errors of a stream whose every value is as our reporter writes it: all but a few, each read at once.

What comes of a line is what :mod:`remediation.core.stream` makes of it value by value, cleaning each. Here the values
are taken as they are, once a look at all of them together has found nothing to clean and nothing to cut. Whatever is
otherwise, be it wrong, too long or only unusual, is left to the reader that looks at each value.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from remediation.core.causes import Cause, CollectionError
from remediation.core.limits import (
    BASES,
    CHAIN,
    CYCLE,
    FRAMES,
    LARGEST,
    MESSAGE,
    NAME,
    NEAR,
    OUTSIDE,
    PATH,
    PENDING,
    TRACEBACK,
)  # fmt: skip

_BEGINS = b'{"event": "error", '
_SEEN = bytes(range(0x20, 0x7F)) + b"\n"


class _Line(msgspec.Struct, gc=False):
    event: Literal["error"]
    path: str
    node: str
    cause: Cause
    traceback: str


_DECODER = msgspec.json.Decoder(_Line)


def plain_error(line: bytes) -> CollectionError | None:
    """The error of a line, where it is an error and nothing in it needs to be cleaned; else None. Never raises."""
    if not line.startswith(_BEGINS):
        return None
    try:
        read = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return CollectionError(read.path, read.node, read.cause, read.traceback) if _is_plain(read) else None


def _is_plain(line: _Line) -> bool:
    """Whether cleaning each value would change none. One look at many texts costs a tenth of a look at each."""
    if len(line.traceback) > TRACEBACK or len(line.cause.chain) > CHAIN:
        return False
    # A path may hold any space; the other lines hold no run of it, which the reader of single values would mend.
    paths, lines, texts = [line.path], [line.node], [line.traceback]
    for cause in (line.cause, *line.cause.chain):
        if not _is_of_size(cause) or (cause.chain and cause is not line.cause):
            return False
        texts.append(cause.message)
        lines += (
            cause.type, cause.name, cause.path, cause.name_from, cause.filename, cause.owner, cause.owner_is,
            cause.origin, cause.link, *cause.bases, *cause.near, *cause.cycle,
        )  # fmt: skip
        for frame in cause.frames:
            if not 0 <= frame.line <= LARGEST or len(frame.pending) > PENDING:
                return False
            paths.append(frame.path)
            lines += (frame.function, frame.statement, *frame.pending)
        for outside in cause.outside:
            lines += (outside.module, outside.function, outside.origin, outside.statement)
    ends = "\n".join(("", *lines, ""))
    places = "\n".join(paths)
    whole = "\n".join((ends, places, *texts))
    return (
        (len(ends) <= NAME or max(map(len, lines)) <= NAME)
        and (len(places) <= PATH or max(map(len, paths)) <= PATH)
        and ends.count("\n") == len(lines) + 1
        and places.count("\n") == len(paths) - 1
        and not ("  " in ends or "\n " in ends or " \n" in ends)
        and "://" not in whole  # before it may stand a password
        and _is_printable(whole)
    )


def _is_printable(text: str) -> bool:
    """Whether a text holds nothing but what can be seen, and ends of lines."""
    if text.isascii():
        return not text.encode().translate(None, _SEEN)
    return text.replace("\n", "").isprintable()


def _is_of_size(cause: Cause) -> bool:
    return (
        0 <= cause.lineno <= LARGEST
        and len(cause.message) <= MESSAGE
        and len(cause.frames) <= FRAMES
        and len(cause.outside) <= OUTSIDE
        and len(cause.bases) <= BASES
        and len(cause.near) <= NEAR
        and len(cause.cycle) <= CYCLE
    )
