"""Whether a path can be an interpreter at all; it is looked at, never executed."""

from __future__ import annotations

import os
from pathlib import Path


class InterpreterMissing(ValueError):
    """No interpreter is there; the text says what to give instead."""


def check_interpreter(text: str) -> str:
    """Return the absolute path of an executable file. Raises InterpreterMissing.

    A folder with a virtual environment stands for its ``bin/python``. Links are kept as they are: the
    place of the link, not of its target, is what makes an interpreter a virtual environment's.
    """
    path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 (resolve() would follow the link)
    if path.is_dir() and (path / "bin" / "python").exists():
        path = path / "bin" / "python"
    if not path.is_file():
        raise InterpreterMissing(
            f"There is no file {path}. Give the path of a Python on the worker's machine (…/venv/bin/python), "
            "a version such as 3.12, or nothing to let the worker choose."
        )
    if not os.access(path, os.X_OK):
        raise InterpreterMissing(f"{path} is not executable. Give the path of a Python.")
    return str(path)
