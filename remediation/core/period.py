"""The time a report speaks of: a week from one slot of a project to the next, or any stretch between two days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)-to-(\d{4}-\d\d-\d\d)", re.ASCII)
_SEVEN, _HALF = timedelta(days=7), timedelta(days=3, hours=12)
_INSTANT = timedelta(microseconds=1)


class BadPeriod(ValueError):
    """A week or day that does not exist; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` until just before ``end``, both aware. ``label`` is safe in a file's name.

    ``zone``: whose clock its days are told by; ``week``: whether it is one of a project's weeks.
    """

    start: datetime
    end: datetime
    label: str
    zone: tzinfo
    week: bool

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadPeriod("A period ends after it begins.")

    @property
    def first(self) -> date:
        """The day on which it begins."""
        return self.start.astimezone(self.zone).date()

    @property
    def last(self) -> date:
        """The day of its last instant."""
        return (self.end - _INSTANT).astimezone(self.zone).date()

    @property
    def whole_days(self) -> bool:
        """Whether it begins and ends at midnight."""
        return all(at.astimezone(self.zone).time() == time() for at in (self.start, self.end))

    @property
    def words(self) -> str:
        """ "this week" or "in this period"."""
        return "this week" if self.week else "in this period"

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Weeks:
    """A project's weeks, each from one slot to the next: ``weekday`` (0 is Monday) at ``at`` on the zone's clock.

    They tile the time: a slot that the clock skips comes as much later as the clock is set forward, one that it shows
    twice comes the first time. A week bears the name of the ISO week that most of it lies in: with a slot on Monday
    morning that is the week before, with one on Friday evening the week itself.
    """

    zone: tzinfo
    weekday: int = 0
    at: time = time()

    def of(self, moment: datetime) -> Period:
        """The week in which a moment lies."""
        there = moment.astimezone(self.zone).date()
        day = there - timedelta(days=(there.weekday() - self.weekday) % 7)
        if moment < self._slot(day):
            day -= _SEVEN
        elif moment >= self._slot(day + _SEVEN):  # a clock that is set back over midnight shows the day before again
            day += _SEVEN
        return self._from(day)

    def before(self, period: Period) -> Period:
        """The week in which the instant before a period lies."""
        return self.of(period.start - _INSTANT)

    def last_of(self, period: Period) -> Period:
        """The week in which a period's last instant lies."""
        return self.of(period.end - _INSTANT)

    def after(self, period: Period) -> Period:
        """The week in which a period's end lies."""
        return self.of(period.end)

    def read(self, label: str) -> Period:
        """The period that has this label: a week or ``2025-09-08-to-2025-09-19``. Raises BadPeriod."""
        match = _DAYS.fullmatch(label)
        return between(day(match[1]), day(match[2]), self.zone) if match else self.named(label)

    def named(self, label: str) -> Period:
        """The week ``2025-W37``. Raises BadPeriod."""
        match = _WEEK.fullmatch(label)
        try:
            monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
            return self._from(self._day(monday)) if monday else _refuse(label)
        except (ValueError, OverflowError) as error:
            raise BadPeriod(f"“{label[:40]}” is no week. Write an ISO week such as 2025-W37.") from error

    def _day(self, monday: date) -> date:
        """The day of the slot with which the week of an ISO week begins."""
        inside = timedelta(days=self.weekday, hours=self.at.hour, minutes=self.at.minute) < _HALF
        return monday + timedelta(days=self.weekday) - (timedelta() if inside else _SEVEN)

    def _from(self, day: date) -> Period:
        # The middle as the clock on the wall has it: 167 or 169 hours of a week change no name.
        year, number, _ = (datetime.combine(day, self.at) + _HALF).isocalendar()
        label = f"{year:04}-W{number:02}"
        return Period(self._slot(day), self._slot(day + _SEVEN), label, self.zone, week=True)

    def _slot(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)


def day(text: str) -> date:
    """2025-09-08. Raises BadPeriod."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadPeriod(f"“{text[:40]}” is no day. Write it as 2025-09-08.") from error


def between(since: date, until: date, zone: tzinfo) -> Period:
    """The days ``since`` to ``until``, both of them whole. Raises BadPeriod."""
    if until < since:
        raise BadPeriod(f"The last day, {until}, lies before the first, {since}.")
    try:
        start, end = _midnight(since, zone), _midnight(until + timedelta(days=1), zone)
    except OverflowError as error:
        raise BadPeriod(f"{until} is too late a day.") from error
    return Period(start, end, f"{since}-to-{until}", zone, week=False)


def _refuse(label: str) -> Period:
    raise ValueError(label)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
