"""What a report says in words: its title, its first sentences, its arithmetic as text, and what it does not say."""

from __future__ import annotations

from datetime import UTC, date, datetime

from remediation.core.lead import errors
from remediation.core.ledger import Ledger
from remediation.core.reduction import reduction
from remediation.core.report import Report, incomparable
from remediation.core.trend import Point

MINUS = "−"
_TERMS = (("cleared", MINUS), ("hidden", MINUS), ("unmasked", "+"), ("new", "+"), ("regressed", "+"))
MOST_NAMED = 12  # passes without a count that are named one by one
STATEMENTS = "Measured is only what rests on a fact of a pass that still holds, and says no number against it."
_BARS = "▁▂▃▄▅▆▇█"


def title(report: Report) -> str:
    """The title, computed: what the last counted pass of the period says beside the one before it."""
    now, before, words = report.now, report.before, report.period.words
    if report.last is None:
        return f"Nothing was counted {words}"
    if now is None or before is None:
        return f"Collection errors {'could not be' if report.passes else 'were not'} counted {words}"
    left = errors(now.value, "collection error")
    if now is before:
        return f"{left} at the first counted pass"
    if incomparable(report, before):
        return f"{left} {words}, not comparable with the {before.value:,} before"
    if now.held:
        return f"{left} {words}, not confirmed"
    if now.value > before.value:
        return f"Collection errors rose from {before.value:,} to {now.value:,} {words}"
    if now.value < before.value:
        return f"{errors(before.value, 'collection error')} became {now.value:,} {words}"
    return f"{left} {words}, as many as before"


def lead(report: Report) -> list[str]:
    """The first sentences, each with its passes."""
    last, base = report.last, report.base
    if last is None or base is None:
        return ["No pass has counted anything so far. This is not zero errors."]
    said = []
    if report.now is None:
        said.append(
            f"The last number is from {day(last.at)}: {errors(last.value)} at pass #{last.number}. "
            "What the count is now is not known; this is not zero errors."
        )
    if base is not last:
        said.append(_since_base(report, base, last))
    if last.environment:
        said.append(
            f"Of the {errors(last.value)}, {(last.in_repository or 0):,} are in the repository and "
            f"{last.environment:,} in the environment."
        )
    hidden = sum(row.errors for row in report.facts.hidden)
    if hidden:
        said.append(f"{errors(hidden)} more can no longer be seen though nobody repaired them.")
    if report.now is not None:
        said.append(
            f"Pass #{last.number} collected {last.tests or 0:,} test{'' if last.tests == 1 else 's'}. "
            "Whether they pass was not measured."
        )
    return said


def _since_base(report: Report, base: Point, last: Point) -> str:
    which = "baseline" if report.trend.baseline else "first counted pass"
    went = (
        f"Since the {which}, #{base.number} on {day(base.at)}, the count has gone from {base.value:,} to {last.value:,}"
    )
    if incomparable(report, base):
        return f"{went}, but the two are not comparable, because the scope changed."
    part = reduction(base, last)
    return f"{went}, which is {part.percent}% fewer." if part else f"{went}."


def ledger(terms: Ledger) -> str:
    """ "25 − 15 cleared + 3 unmasked = 13"; a term of 0 is left out."""
    said = [f"{sign} {getattr(terms, name):,} {name}" for name, sign in _TERMS if getattr(terms, name)]
    return " ".join([f"{terms.before:,}", *said, f"= {terms.after:,}"])


def total(numbers: list[int]) -> str:
    """ "4 + 4 + 3 = 11"; one number alone is its own sum."""
    return f"{' + '.join(f'{number:,}' for number in numbers) or '0'} = {sum(numbers):,}"


def muted(report: Report) -> str:
    """How many of the remaining errors are in tickets that are muted now; "" for none. They are in every total."""
    number = sum(row.errors for row in report.facts.remaining if row.status == "muted")
    return f"{errors(number)} {'is' if number == 1 else 'are'} in muted tickets, and in every total." if number else ""


def basis(report: Report, start: Point | None) -> str:
    """Whether a pass and the last counted one may be compared, and why not."""
    if start is None or report.last is None or start is report.last:
        return ""
    if not incomparable(report, start):
        return f"#{start.number} and #{report.last.number}: same scope (command, Python and pytest version)."
    return f"#{start.number} and #{report.last.number}: not comparable, the scope changed. No percentage is given."


def reductions(report: Report) -> list[str]:
    """The percentages that may be said, each as its arithmetic with both passes."""
    found: dict[str, None] = {}
    for start in (report.base, report.before):
        part = reduction(start, report.last)
        if part:
            found[f"#{part.before.number} to #{part.after.number}: {part.arithmetic}"] = None
    return list(found)


def not_said(report: Report) -> list[str]:
    """What a reader must not take from the report."""
    said = ["Collected does not mean passing: no test was run."]
    missing = [point for point in report.passes if not point.counted]
    if missing:
        named = ", ".join(f"#{point.number} {point.outcome}" for point in missing[:MOST_NAMED])
        more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
        verb = "was" if len(missing) == 1 else "were"
        enters = "It has no value and enters" if len(missing) == 1 else "They have no value and enter"
        said.append(
            f"{len(missing):,} of {len(report.passes):,} passes {report.period.words} {verb} not counted "
            f"({named}{more}). {enters} no sum, mean or forecast."
        )
    if report.now is not None and report.trend.uncounted_since:
        said.append(f"After #{report.now.number} no pass was counted {report.period.words}.")
    if report.now is not None and report.now.held:
        said.append(f"Pass #{report.now.number} waits to be confirmed: collected tests fell by half or more.")
    said.append(
        "An error is one pair of test file and root cause. A file can hide further errors behind the first, so the "
        "count is what could be seen, not a bound on the work."
    )
    if report.facts.silenced:
        files = sum(number for _, number in report.facts.silenced)
        said.append(f"{files:,} test file{'' if files == 1 else 's'} gave no test and no error. That is no repair.")
    if report.built < report.period.end:
        said.append("The period had not ended when this was made.")
    return said


def resorted(report: Report) -> str:
    """Why tickets may stand under other categories than the count of their pass."""
    number = report.last.number if report.last else 0
    return f"Some tickets stand under another category now than when #{number} was counted."


def signed(number: int | None) -> str:
    """+3, −10 with a true minus, 0; "" for None."""
    if number is None:
        return ""
    return f"+{number:,}" if number > 0 else f"{MINUS}{-number:,}" if number else "0"


def sparkline(report: Report, most: int = 60) -> str:
    """The totals as a row of bars from zero, "·" where nothing was counted; the last ``most`` passes."""
    points = report.trend.points[-most:]
    top = max((point.value for point in points if point.counted), default=0)
    return "".join(
        "·" if not point.counted else _BARS[-(-point.value * (len(_BARS) - 1) // top) if top else 0] for point in points
    )


def days(report: Report) -> str:
    """ "Week 2025-W45, 3 Nov 2025 to 9 Nov 2025"; with times and their zone where it does not begin at midnight."""
    period = report.period
    span = f"{day(period.first)} to {day(period.last)}"
    if not period.whole_days:
        start, end = (at.astimezone(period.zone) for at in (period.start, period.end))
        span = f"{day(start)} {start:%H:%M} to {day(end)} {end:%H:%M} {period.zone}"
    return f"Week {period.label}, {span}" if period.week else span


def made(report: Report) -> str:
    """ "Made 7 Nov 2025 06:00 UTC."."""
    at = report.built.astimezone(UTC)
    return f"Made {day(at)} {at:%H:%M} UTC."


def day(at: datetime | date) -> str:
    """ "7 Nov 2025"."""
    return f"{at.day} {at:%b %Y}"
