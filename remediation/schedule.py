"""Cron schedules in a time zone: the next due times, and whether an expression can work at all."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

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
