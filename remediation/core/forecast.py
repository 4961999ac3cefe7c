"""When zero may fall, as a range over simulations; or in words why nothing can be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from remediation.core.simulation import HORIZON, PATHS, Spread, simulate
from remediation.core.trend import Point, Trend

CHANGES = 10  # net changes that the paths are drawn from
NEEDS = 8  # counted, comparable passes
NEVER = 10  # percent of paths that may stay above zero; with more there is no date
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """After the pass at ``at``, 80 of 100 simulations stand between ``low`` and ``high``."""

    at: datetime
    low: int
    median: int
    high: int


@dataclass(frozen=True, slots=True)
class NoForecast:
    """``reason`` completes "no forecast: "; "" where none is needed, as at zero."""

    reason: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the simulations say. ``earliest`` and ``latest``: zero falls between them in 80 of 100; both None
    when more than ten of a hundred never come to zero. ``chance``: how many of a hundred are at zero at the end of
    the target's day; None without a target, or when it lies beyond the last simulated pass.
    """

    last: Point
    steps: tuple[Step, ...]
    earliest: datetime | None
    latest: datetime | None
    target: datetime | None
    chance: int | None
    passes: tuple[int, ...]  # numbers of the passes whose net changes were drawn
    seed: int
    calendar: str  # schedule; none: there is no schedule; slower: passes came less often than it says
    spacing: timedelta  # between two steps, the median
    past_spacing: timedelta  # between two of those passes, the median

    @property
    def faster(self) -> bool:
        """Whether the passes behind it came much more often than those ahead will."""
        return self.past_spacing * 2 < self.spacing


def forecast(
    trend: Trend, due: Sequence[datetime], seed: int, now: datetime, target: datetime | None = None
) -> Forecast | NoForecast:
    """Simulates the count of a project on.

    ``due``: the schedule's next times, ascending, later than ``now``. Without a schedule, and where passes came less
    than half as often as it says, the passes ahead are as far apart as those before: what was repaired in three days
    is not repaired in one because the schedule is daily. ``target``: the begin of the day on which zero is wanted.
    """
    if refused := refusal(trend):
        return refused
    used = _comparable(trend)[-CHANGES - 1 :]
    last, past_spacing = used[-1], _spacing([point.at for point in used])
    slower = len(due) >= HORIZON and past_spacing > 2 * _spacing(due)
    on_schedule = len(due) >= HORIZON and not slower
    times = list(due)[:HORIZON] if on_schedule else _times(last, past_spacing, now)
    if last.replayed and not due and last.at + past_spacing < now:
        return NoForecast(f"pass #{last.number} counts a commit of the past, and no pass is due")
    spreads = simulate(last.value, tuple(after.value - before.value for before, after in pairwise(used)), seed)
    earliest, latest = _range(spreads, times, last)
    return Forecast(
        last=last,
        steps=tuple(Step(at, s.low, s.median, s.high) for at, s in zip(times, spreads, strict=False)),
        earliest=earliest,
        latest=latest,
        target=target,
        chance=_chance(spreads, times, target),
        passes=tuple(point.number for point in used[1:]),
        seed=seed,
        calendar="schedule" if on_schedule else "slower" if slower else "none",
        spacing=_spacing(times),
        past_spacing=past_spacing,
    )


def refusal(trend: Trend) -> NoForecast | None:
    """Why nothing may be said of the future; None where something may."""
    last, counted = trend.last, trend.counted
    if last is None:
        return NoForecast("nothing was counted yet")
    if trend.uncounted_since:
        missing = trend.uncounted_since[-1]
        return NoForecast(f"pass #{missing.number} {missing.outcome}, the count of today is not known")
    if last.held:
        return NoForecast(f"pass #{last.number} waits to be confirmed")
    if not last.value:
        return NoForecast("")
    if len(counted) < NEEDS:
        return NoForecast(f"{len(counted)} counted pass{'es' * (len(counted) > 1)}, needs {NEEDS}")
    same = _comparable(trend)
    if len(same) < NEEDS:
        passes = "pass" if len(same) == 1 else "passes"
        return NoForecast(f"{len(same)} counted {passes} since the scope changed at #{same[0].number}, needs {NEEDS}")
    if any(point.held for point in same[-CHANGES - 1 :]):
        return NoForecast("a pass among the last ten waits to be confirmed")
    return None


def _comparable(trend: Trend) -> list[Point]:
    """The counted passes at the end that have one scope."""
    found: list[Point] = []
    for point in reversed(trend.counted):
        if found and point.scope != found[0].scope:
            break
        found.append(point)
        if point.scope_changed:
            break
    return found[::-1]


def _spacing(times: Sequence[datetime]) -> timedelta:
    apart = sorted(after - before for before, after in pairwise(times))
    return apart[len(apart) // 2]


def _times(last: Point, spacing: timedelta, now: datetime) -> list[datetime]:
    """As far apart as before, from the last pass on; never earlier than tomorrow where that is past already."""
    apart = max(spacing, timedelta(hours=1))
    first = last.at + apart
    if first < now:
        first = now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    return [first + apart * i for i in range(HORIZON)]


def _range(
    spreads: Sequence[Spread], times: Sequence[datetime], last: Point
) -> tuple[datetime | None, datetime | None]:
    """The passes after which 10 and 90 of 100 paths are at zero. Never one day: zero comes before it is seen."""
    if spreads[-1].at_zero * 100 < PATHS * (100 - NEVER):
        return None, None
    early, late = (
        next(i for i, spread in enumerate(spreads) if spread.at_zero * 100 >= PATHS * part)
        for part in (NEVER, 100 - NEVER)
    )
    first = times[early]
    if first.date() == times[late].date():
        first = times[early - 1] if early else last.at
    return first, times[late]


def _chance(spreads: Sequence[Spread], times: Sequence[datetime], target: datetime | None) -> int | None:
    """Of a hundred; 0 and 100 only where it is none and all of the paths."""
    if target is None:
        return None
    end = target + DAY
    within = sum(at < end for at in times[: len(spreads)])
    met = spreads[within - 1].at_zero if within else 0
    if within == HORIZON and met < PATHS and times[-1] + (times[-1] - times[-2]) < end:
        return None
    return met * 100 // PATHS if met in {0, PATHS} else min(max(round(met * 100 / PATHS), 1), 99)
