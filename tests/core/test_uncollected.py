"""The collector rests while a function runs, and never longer."""

from __future__ import annotations

import gc

import pytest

from remediation.core.uncollected import uncollected


@uncollected
def inner() -> bool:
    return gc.isenabled()


@uncollected
def outer(fails: bool = False) -> tuple[bool, bool]:
    found = inner(), gc.isenabled()
    if fails:
        raise ValueError("no")
    return found


def test_it_rests_until_the_outermost_ends() -> None:
    assert gc.isenabled()
    assert outer() == (False, False)
    assert gc.isenabled()
    with pytest.raises(ValueError, match="no"):
        outer(fails=True)
    assert gc.isenabled()


def test_what_rested_before_rests_after() -> None:
    gc.disable()
    try:
        assert inner() is False
        assert not gc.isenabled()
    finally:
        gc.enable()
