"""Python's garbage collector waits while many values are made that all stay."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def uncollected(function: Callable[P, R]) -> Callable[P, R]:
    """The function with the collector at rest for as long as it runs, where it was not at rest already.

    Nothing that is read of a pass refers back to what holds it, so nothing is there to be collected, and to look for
    it again after every few hundred values takes a fifth of the time. Memory is freed by its references as ever.
    """

    @functools.wraps(function)
    def at_rest(*args: P.args, **kwargs: P.kwargs) -> R:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return at_rest
