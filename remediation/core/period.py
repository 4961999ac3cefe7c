"""The time a report speaks of: a week of a project's zone, or any stretch between two days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)-to-(\d{4}-\d\d-\d\d)", re.ASCII)


class BadPeriod(ValueError):
    """A week or day that does not exist; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` until just before ``end``, both aware. ``label`` is safe in a file's name.

    ``first`` and ``last`` are its days in the zone; ``week``: whether it is one ISO week, Monday to Sunday.
    """

    start: datetime
    end: datetime
    label: str
    first: date
    last: date
    week: bool

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadPeriod("A period ends after it begins.")

    @property
    def words(self) -> str:
        """ "this week" or "in this period"."""
        return "this week" if self.week else "in this period"

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def read(label: str, zone: tzinfo) -> Period:
    """The period that has this label: a week or ``2025-09-08-to-2025-09-19``. Raises BadPeriod."""
    match = _DAYS.fullmatch(label)
    return between(day(match[1]), day(match[2]), zone) if match else week(label, zone)


def day(text: str) -> date:
    """2025-09-08. Raises BadPeriod."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadPeriod(f"“{text[:40]}” is no day. Write it as 2025-09-08.") from error


def week(label: str, zone: tzinfo) -> Period:
    """The ISO week ``2025-W37`` from Monday 00:00 in the zone. Raises BadPeriod."""
    match = _WEEK.fullmatch(label)
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
        return _week_from(monday, zone) if monday else _refuse(label)
    except (ValueError, OverflowError) as error:
        raise BadPeriod(f"“{label[:40]}” is no week. Write an ISO week such as 2025-W37.") from error


def week_of(at: datetime, zone: tzinfo) -> Period:
    """The week in which a moment lies in the zone."""
    there = at.astimezone(zone).date()
    return _week_from(there - timedelta(days=there.weekday()), zone)


def between(since: date, until: date, zone: tzinfo) -> Period:
    """The days ``since`` to ``until``, both of them whole. Raises BadPeriod."""
    if until < since:
        raise BadPeriod(f"The last day, {until}, lies before the first, {since}.")
    try:
        return Period(
            _midnight(since, zone),
            _midnight(until + timedelta(days=1), zone),
            f"{since}-to-{until}",
            since,
            until,
            week=False,
        )
    except OverflowError as error:
        raise BadPeriod(f"{until} is too late a day.") from error


def _refuse(label: str) -> Period:
    raise ValueError(label)


def _week_from(monday: date, zone: tzinfo) -> Period:
    # Midnight to midnight on the zone's clock: 167 or 169 hours when it changes.
    year, number, _ = monday.isocalendar()
    start, end = _midnight(monday, zone), _midnight(monday + timedelta(days=7), zone)
    return Period(start, end, f"{year:04}-W{number:02}", monday, monday + timedelta(days=6), week=True)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
