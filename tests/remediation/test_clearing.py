"""What a pass laid out is out of the way at once, and gone at the end; never what the next pass laid out."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest

from remediation.collection import removal
from remediation.models import Project
from remediation.passes import clearing
from remediation.passes.clearing import Clearing, clear_abandoned
from remediation.passes.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = Workshop(Project(pk=1), tmp_path / "1")
    lay_out(made, "this")
    return made


def lay_out(workshop: Workshop, text: str) -> None:
    for place in (workshop.tree, workshop.work):
        (place / "deep" / "deeper").mkdir(parents=True)
        (place / "deep" / "file").write_text(text)


def test_the_next_pass_has_the_place_while_this_one_is_deleted(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, remove = threading.Event(), removal.remove
    monkeypatch.setattr(removal, "remove", lambda place: (go.wait(30), remove(place)))
    with Clearing(workshop) as begun:
        begun.begin()
        begun.begin()  # nothing stands there any more
        lay_out(workshop, "the next")
        assert len(removal.aside(workshop.root)) == 2
        go.set()
    assert removal.aside(workshop.root) == []
    assert (workshop.tree / "deep" / "file").read_text() == (workshop.work / "deep" / "file").read_text() == "the next"


def test_what_cannot_be_deleted_holds_up_nothing(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(place: Path) -> None:
        raise PermissionError(place)

    monkeypatch.setattr(removal, "remove", refuse)
    with caplog.at_level(logging.ERROR), Clearing(workshop) as begun:
        begun.begin()
    assert not workshop.tree.exists() and caplog.text.count("could not be deleted") == 2


def test_what_a_killed_worker_left_goes_after_an_hour(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    removal.set_aside(workshop.tree)
    clear_abandoned(workshop)
    assert len(removal.aside(workshop.root)) == 1, "somebody may be at it"
    later = time.time() + 3_700
    monkeypatch.setattr(clearing.time, "time", lambda: later)
    clear_abandoned(workshop)
    assert removal.aside(workshop.root) == [] and workshop.work.exists()


def test_nothing_is_set_aside_where_nothing_stands_and_a_link_is_not_followed(tmp_path: Path) -> None:
    assert removal.set_aside(tmp_path / "checkout") is None
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "checkout").symlink_to(tmp_path / "elsewhere")
    aside = removal.set_aside(tmp_path / "checkout")
    assert aside is not None
    removal.remove(aside)
    assert (tmp_path / "elsewhere").is_dir() and not (tmp_path / "checkout").is_symlink()
