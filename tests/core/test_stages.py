"""The stages of a pass and their seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from remediation.core.stages import STAGES, timeline

START = datetime(2025, 11, 7, 6, 0, tzinfo=UTC)
FETCHED = {"fetch": 0.0, "checkout": 4.0, "install": 9.0}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stages(
    times: dict[str, float], started: float | None, ended: float | None, now: float, failed: bool = False
) -> dict[str, tuple]:
    found = timeline(
        times,
        queued_at=START,
        started_at=None if started is None else at(started),
        ended_at=None if ended is None else at(ended),
        now=at(now),
        failed=failed,
    )
    return {stage.code: (stage.state, stage.seconds) for stage in found}


def test_it_waits() -> None:
    found = stages({}, None, None, 50)
    assert found["queue"] == ("now", 50)
    assert {found[stage] for stage in STAGES} == {("next", None)}


def test_it_installs() -> None:
    found = stages(FETCHED, 3, None, 53)
    assert found["queue"] == ("done", 3)
    assert found["fetch"] == ("done", 4)
    assert found["checkout"] == ("done", 5)
    assert found["install"] == ("now", 41)
    assert found["collect"] == found["record"] == ("next", None)


def test_it_has_ended_and_the_stages_sum_to_the_whole() -> None:
    found = stages({**FETCHED, "collect": 50.0, "record": 61.5}, 3, 65, 900)
    assert [found[stage] for stage in ("install", "collect", "record")] == [("done", 41), ("done", 11.5), ("done", 0.5)]
    assert sum(seconds for _, seconds in found.values()) == 65


def test_it_failed_while_installing() -> None:
    found = stages(FETCHED, 0, 20, 900, failed=True)
    assert found["install"] == ("failed", 11)
    assert found["checkout"] == ("done", 5)
    recorded = stages({**FETCHED, "record": 19.5}, 0, 20, 900, failed=True)
    assert (recorded["install"], recorded["record"]) == (("failed", 10.5), ("done", 0.5))
    assert found["collect"] == ("skipped", None), "unknown is not zero seconds"


@pytest.mark.parametrize("times", [{}, {"fetch": 0.0}])
def test_it_was_stopped_before_anybody_had_it(times: dict[str, float]) -> None:
    assert stages(times, None, 30, 900)["queue"] == ("done", 30)


def test_a_pass_from_before_the_stages_were_kept_has_no_seconds() -> None:
    assert {stages({}, 3, 65, 900)[stage] for stage in STAGES} == {("skipped", None)}


def test_clocks_that_run_apart_give_no_negative_time() -> None:
    assert stages(FETCHED, 3, None, 0)["install"] == ("now", 0.0)
