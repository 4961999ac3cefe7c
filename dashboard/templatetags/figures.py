"""Numbers and moments as the site writes them: thousands comma, true minus, UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django import template
from django.utils import timezone

register = template.Library()

MINUS = "\N{MINUS SIGN}"


@register.filter
def count(number: int | None) -> str:
    """1,207. None stays empty: what was not counted has no digit."""
    return "" if number is None else f"{number:,}"


@register.filter
def errors(number: int) -> str:
    """1 error, 2 errors."""
    return f"{number:,} error{'' if number == 1 else 's'}"


@register.filter
def signed(number: int | None) -> str:
    """+3, −10 with a true minus, 0."""
    if not number:  # None, or "" where a template had nothing to read
        return "0" if number == 0 else ""
    return f"+{number:,}" if number > 0 else f"{MINUS}{-number:,}"


@register.filter
def minus(number: int | None) -> str:
    """−15 for 15, 0 for 0."""
    return signed(-number) if number else signed(number)


@register.filter
def when(at: datetime | None) -> str:
    """Fri 7 Nov 06:00; with the year when it is not this one."""
    if at is None:
        return ""
    at = at.astimezone(UTC)
    year = "" if at.year == timezone.now().year else f" {at.year}"
    return f"{at:%a} {at.day} {at:%b}{year} {at:%H:%M}"


@register.filter
def day(at: datetime | None) -> str:
    """7 Nov; with the year when it is not this one."""
    if at is None:
        return ""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b}" + ("" if at.year == timezone.now().year else f" {at.year}")


@register.filter
def date_day(named: date | str | None) -> str:
    """7 Nov, for a date or an ISO date, which are of no zone; with the year when it is not this one."""
    return day(datetime.fromisoformat(str(named)).replace(tzinfo=UTC)) if named else ""


@register.filter
def iso(at: datetime | None) -> str:
    """For the datetime attribute."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


@register.filter
def age(at: datetime | None) -> str:
    """3 days, 2 hours, 5 minutes, 12 seconds: how long ago."""
    return "" if at is None else span((timezone.now() - at).total_seconds())


@register.filter
def span(seconds: float | None) -> str:
    """A duration in its largest unit, rounded down."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if whole >= size:
            number = whole // size
            return f"{number:,} {unit}" + ("" if number == 1 else "s")
    return f"{whole} second" + ("" if whole == 1 else "s")


@register.filter
def took(seconds: float | None) -> str:
    """1 min 12 s, 4.2 s."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


@register.filter
def lasted(seconds: float | None) -> str:
    """A duration that is still growing or is one of many: 4.2 s, 41 s, 1 min 12 s, 2 h 5 min."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3_600 else f"{whole // 3_600:,} h {whole % 3_600 // 60} min"
