"""The line on standard error that says how far a long command is."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from django.core.management import call_command

from dashboard.management import progress
from dashboard.management.commands.run_pass import _how_far
from remediation import passes
from remediation.models import CollectionPass
from tests import factories


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)


def wait_for_text(out: io.StringIO, text: str) -> bool:
    until = time.monotonic() + 10
    while text not in out.getvalue() and time.monotonic() < until:
        time.sleep(0.01)
    return text in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_it_is_written_over_one_line_and_gone_at_the_end() -> None:
    out = Terminal()
    with progress.shown(lambda: "7 of 9", out):
        assert wait_for_text(out, "\r\x1b[K7 of 9, 0 s")
    assert out.getvalue().endswith("\r\x1b[K")
    assert "\n" not in out.getvalue()


def test_a_file_or_a_pipe_gets_nothing() -> None:
    out = io.StringIO()
    with progress.shown(lambda: "7 of 9", out):
        time.sleep(0.05)
    assert out.getvalue() == ""


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_said_is_left_out_and_the_command_goes_on() -> None:
    out, asked = Terminal(), []

    def fails() -> str:
        asked.append(1)
        if len(asked) < 3:
            raise ValueError("not now")
        return "said"

    with progress.shown(fails, out):
        assert wait_for_text(out, "said")
    with pytest.raises(KeyError), progress.shown(lambda: "x", out):
        raise KeyError("the command's own")


@pytest.mark.django_db
def test_how_far_a_pass_is() -> None:
    queued = passes.queue(factories.project(), trigger="command")
    assert _how_far(queued.pk) == "Pass #1 waits"
    assert passes.claim(queued.pk)
    assert _how_far(queued.pk) == "Pass #1: Fetch"
    CollectionPass.objects.update(stage="collect", files_reached=268, errors_so_far=61, live={"found": 431})
    assert _how_far(queued.pk) == "Pass #1: 268 of 431 test files, 61 errors so far"


@pytest.mark.django_db
def test_a_rebuild_counts_its_passes(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from remediation import projections

    project = factories.project()
    for position in (1, 2, 3):
        factories.counted_pass(project, position, [])
    told: list[int] = []
    assert projections.rebuild(project, passes.renames_between(project), told.append) == 3
    assert told == [1, 2, 3]
    call_command("rebuild", project.slug)
    captured = capsys.readouterr()
    assert "Rebuilt" in captured.out and captured.err == ""
