"""One log event as one line of JSON, whatever text a stranger put into it; and files of them that stay small."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from remediation.core.text import clean_text

LONGEST = 10 * 1024 * 1024  # bytes of a file; the one before it is kept


def roll(path: Path) -> None:
    """Where a log has grown longer than that, give it another name: a new one begins, and of the old ones one stays."""
    if path.exists() and path.stat().st_size > LONGEST:
        path.replace(path.with_name(f"{path.name}.1"))


class LineFormatter(logging.Formatter):
    """Formats a record as JSON: ``at`` (UTC), ``level``, ``logger``, ``text`` and, with an exception, ``traceback``.

    A message with a line break in it stays one line, so nobody can forge a second event.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The event as one line without a line break at its end."""
        event = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": clean_text(record.getMessage(), 10_000),
        }
        if record.exc_info:
            event["traceback"] = clean_text(self.formatException(record.exc_info), 20_000)
        return json.dumps(event, ensure_ascii=False)
