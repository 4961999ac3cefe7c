"""What a stranger's objects say of themselves, whatever they do when they are asked. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import builtins
from typing import Any

import pytest


def message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # a stranger's __str__
        return f"<message unavailable: {type(failure).__name__}>"


def type_of(error: BaseException) -> str:
    """Class name with its module; pytest pretends that its own outcomes were builtins."""
    kind = type(error)
    module = str(kind.__module__)
    if module == "builtins" and getattr(builtins, kind.__qualname__, None) is not kind:
        module = "_pytest.outcomes"
    return kind.__qualname__ if module == "builtins" else module + "." + kind.__qualname__


def attempt(ask: Any, otherwise: Any) -> Any:
    """The answer to a question about a stranger's objects. What a file was left out by is worth no failed pass."""
    try:
        return ask()
    except Exception:
        return otherwise


def is_directory(node: Any) -> bool:
    """Whether the collector stands for a directory (up to pytest 7 a Package is also a File)."""
    return isinstance(node, (pytest.Package, getattr(pytest, "Directory", pytest.Package)))
