"""The append-only file of events. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

FORMAT = 1


class Stream:
    """The append-only file of events; what could not be written whole silences it for good."""

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))
        self.process = os.getpid()
        self.digest = hashlib.sha256()
        self.size = 0
        self.broken = False

    def write(self, event: str, **fields: Any) -> None:
        # A target that forks while it is imported must not speak twice.
        if self.broken or os.getpid() != self.process:
            return
        line = json.dumps({"event": event, **fields}).encode() + b"\n"
        try:
            whole = os.write(self.descriptor, line) == len(line)
        except OSError:
            whole = False
        # The size limit was met, or the disk is full: a later, shorter line must not pass for the end.
        self.broken = not whole
        self.digest.update(line)
        self.size += len(line)


def short(text: str, limit: int) -> str:
    """``text`` with its middle left out where it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    return text[: limit // 2] + "\n[...]\n" + text[len(text) - limit // 2 :]
