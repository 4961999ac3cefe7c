"""Cron schedules in a time zone: the next due times, and whether an expression can work at all."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError


class BadSchedule(ValueError):
    """A schedule or zone that cannot work; the text says what to write instead."""


def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises BadSchedule."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadSchedule(
            f"There is no time zone “{name}”. Write an IANA name such as Europe/Berlin or UTC."
        ) from error


def zone_or_utc(name: str) -> ZoneInfo:
    """The same, and UTC where there is no such zone: the data of zones can change under a name that was stored."""
    try:
        return zone(name)
    except BadSchedule:
        return ZoneInfo("UTC")


def next_due(expression: str, zone_name: str, after: datetime) -> datetime | None:
    """The first due time later than ``after`` (aware), in UTC; None without a schedule or when none ever comes.

    Daylight saving is cron's usual way: a time that is skipped runs once after the gap, one that
    happens twice runs once. Raises BadSchedule.
    """
    due = next_times(expression, zone_name, after, 1)
    return due[0] if due else None


def next_times(expression: str, zone_name: str, after: datetime, count: int) -> list[datetime]:
    """Up to ``count`` due times later than ``after``, in UTC. Raises BadSchedule."""
    if not expression.strip():
        return []
    local = after.astimezone(zone(zone_name))
    try:
        if len(expression.split()) != 5:
            # cronsim reads a sixth field as seconds; a pass every second helps nobody.
            raise CronSimError("Wrong number of fields")
        times = CronSim(expression, local)
    except CronSimError as error:
        raise BadSchedule(
            f"“{expression}” is not a cron expression: {error}. Five fields, for example 0 6 * * 1-5."
        ) from error
    found: list[datetime] = []
    for due in times:
        found.append(due.astimezone(UTC))
        if len(found) == count:
            break
    return found


@dataclass(frozen=True, slots=True)
class Due:
    """A due time: ``at`` in UTC, ``local`` in the zone; ``shift``: how far its clock moved since the one before."""

    at: datetime
    local: datetime
    shift: timedelta


def preview(expression: str, zone_name: str, after: datetime, count: int) -> list[Due]:
    """The next due times in their zone; where its clock changes among them, that is said. Raises BadSchedule."""
    found: list[Due] = []
    there = zone(zone_name)
    offset = after.astimezone(there).utcoffset() or timedelta()
    for at in next_times(expression, zone_name, after, count):
        local = at.astimezone(there)
        here = local.utcoffset() or timedelta()
        found.append(Due(at, local, here - offset))
        offset = here
    return found


_ENOUGH = 1_500  # due times that tell a rate


def passes_a_month(expression: str, zone_name: str, after: datetime) -> float:
    """How often it comes due in a mean month of the year to come. Raises BadSchedule."""
    end = after + timedelta(days=365)
    times = [at for at in next_times(expression, zone_name, after, _ENOUGH) if at <= end]
    if len(times) == _ENOUGH:
        end = times[-1]
    return len(times) / ((end - after) / timedelta(days=365.25 / 12))


@functools.cache
def zone_names() -> tuple[str, ...]:
    """The zones a person chooses from: UTC, and areas with their places."""
    areas = re.compile(r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/")
    return ("UTC", *sorted(name for name in available_timezones() if areas.match(name)))
