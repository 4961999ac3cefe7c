"""The way from pytest to an exception, frame by frame. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import sys
import types
from typing import Any, List, Tuple  # noqa: UP035 (runs on Python 3.8)

Steps = List[Tuple[types.FrameType, int]]  # noqa: UP006 (runs on Python 3.8)


def unwrap(error: BaseException) -> BaseException:
    """The exception behind pytest's own wrapper; any other exception is itself."""
    if type(error).__name__ not in ("CollectError", "ConftestImportFailure"):
        return error
    inner = error.__cause__ or getattr(error, "cause", None)
    if inner is None:
        info = getattr(error, "excinfo", None)
        inner = info[1] if isinstance(info, tuple) and len(info) > 1 else None
    return inner if isinstance(inner, BaseException) else error


def steps_of(traceback: types.TracebackType | None) -> Steps:
    """(frame, line) of a traceback, outermost first."""
    found = []
    while traceback is not None:
        found.append((traceback.tb_frame, traceback.tb_lineno or 0))
        traceback = traceback.tb_next
    return found


def module_of(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__") or "")


def is_source(filename: str) -> bool:
    """Whether code stands in a file; Python 3.11 and newer hold parts of their library frozen ("<frozen os>")."""
    return not filename.startswith("<") or filename.startswith("<frozen ")


def file_of(kind: type) -> str:
    return getattr(sys.modules.get(str(kind.__module__)), "__file__", None) or ""


def asked_of(steps: Steps) -> tuple[Any, str]:
    """The module whose own ``__getattr__`` raised, and the name it was asked for; (None, "") where none did.

    Such a function says in words of its own that a name is gone, and Python 3.11 adds nothing to them.
    """
    frame = steps[-1][0] if steps else None
    if frame is None or frame.f_code.co_name != "__getattr__" or frame.f_code.co_argcount != 1:
        return None, ""
    name = frame.f_locals.get(frame.f_code.co_varnames[0])
    return sys.modules.get(module_of(frame)), name if isinstance(name, str) else ""


def is_import(statement: str) -> bool:
    return statement.startswith(("import ", "from ", "__import__("))
