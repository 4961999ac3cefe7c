"""The first sentence of a project's page: where it stands, in words and numbers."""

from __future__ import annotations

from remediation.core.trend import Headline, Point, Trend


def errors(number: int, kind: str = "error") -> str:
    """ "1 error", "1,207 errors"; ``kind`` "collection error" says what sort."""
    return f"{number:,} {kind}{'' if number == 1 else 's'}"


def title(headline: Headline, *, hidden: int = 0, rise: int = 0, changed: str = "", reached: int = 0) -> str:
    """The sentence for a project whose last pass was counted.

    ``hidden``: errors no longer visible though not repaired. ``rise``: more than a week before, for "rising".
    ``changed``: what of the scope changed, for "zero-scope". ``reached``: the first pass that counted zero.
    """
    last, base = headline.last, headline.base
    if last is None or base is None:
        return "Nothing counted yet"
    left = errors(last.value, "collection error")
    match headline.state:
        case "one":
            return f"{left} at the first pass."
        case "zero":
            since = "at" if reached in (0, last.number) else "since"
            return f"Zero collection errors, {since} pass #{reached or last.number}."
        case "zero-hidden":
            return f"0 errors visible, {hidden:,} hidden."
        case "zero-held":
            return "0 errors, not confirmed."
        case "zero-scope" if not last.tests:
            return "0 errors, but no test was collected."
        case "zero-scope":
            return f"0 errors, but the scope changed{': ' if changed else ''}{changed}."
        case "back":
            days = f"{headline.days:,} day{'' if headline.days == 1 else 's'}"
            return f"{errors(last.value)}, back after {days} at zero."
        case "rising":
            return f"{errors(last.value)} left, {rise:,} more than last week."
        case "falling":
            return f"{left} left, down from {base.value:,}."
        case "above":
            return f"{left}, up from {base.value:,}."
        case "level":
            return f"{left}, as many as at the first pass."
    return f"{left} left."


def last_counted(last: Point, ago: str) -> str:
    """The sentence while a later pass was not counted: a number that is dated, never today's."""
    return f"Last counted: {errors(last.value)} at #{last.number}, {ago} ago."


def files_fewer(before: int | None, after: int | None) -> str:
    """ "431 to 120 files" where the number of test files fell; "" where it did not, or is not known."""
    if before is None or after is None or after >= before:
        return ""
    return f"{before:,} to {after:,} files"


def zero_since(trend: Trend) -> Point | None:
    """The first counted pass of the stretch at zero that still lasts, in the last pass's scope; None above zero."""
    first = None
    for point in reversed(trend.since_base):
        if point.value or (first and point.scope != first.scope):
            break
        first = point
    return first
