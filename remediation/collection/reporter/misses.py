"""Spares ``inspect`` to search all modules again for a file that none of them has. PYTEST_DONT_REWRITE

Whoever looks at its callers (``inspect.stack``), and pytest when it shows a traceback, asks ``inspect.getmodule`` for
every frame. Of a frame in no module's file (``<string>``, ``<frozen importlib._bootstrap>``) the answer is None after a
walk over thousands of modules, each time. It stays None for as long as no module comes or goes.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from typing import Any

# Of these the answer depends on their file alone.
_OF_A_FILE = (types.FrameType, types.TracebackType, types.CodeType)


def remember_misses() -> None:
    """Put a memory before ``inspect.getmodule``, for the rest of this process."""
    search = inspect.getmodule
    misses: dict[tuple[str, Any], int] = {}

    @functools.wraps(search)
    def getmodule(object: Any, _filename: Any = None) -> Any:
        if not isinstance(object, _OF_A_FILE):
            return search(object, _filename)
        frame = getattr(object, "tb_frame", object)
        code: Any = getattr(frame, "f_code", frame)
        key, number = (code.co_filename, _filename), len(sys.modules)
        # What Python has frozen into itself is in no module's file, whatever comes.
        if misses.get(key) == number or (key in misses and code.co_filename.startswith("<frozen ")):
            return None
        found = search(object, _filename)
        if found is None:
            misses[key] = number
        return found

    inspect.getmodule = getmodule
