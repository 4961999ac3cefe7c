"""When the next passes come, in the team's zone, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from dashboard.schedule_form import ScheduleForm, expression_of
from dashboard.templatetags.figures import count, span
from remediation import schedule
from remediation.collection import sandbox
from remediation.models import Project

PREVIEWED = 5  # due times
MEASURED = 10  # counted passes


@dataclass(frozen=True, slots=True)
class Preview:
    """The next due times as text, or why there are none. ``costs``: how often a month, and the worker's time."""

    times: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    text: str = ""
    costs: str = ""
    bad: bool = False


def build(project: Project, form: ScheduleForm, now: datetime) -> dict[str, Any]:
    """The context of the page."""
    preset, text = form["preset"].value() or "", form["schedule"].value() or ""
    zone_name, skips = form["time_zone"].value() or "", bool(form["skip_unchanged"].value())
    return {
        "project": project,
        "page": "settings",
        "form": form,
        "due": preview(project, expression_of(preset, text), zone_name, skips, now),
        "next": headline(project),
        "zones": schedule.zone_names(),
        "network": network(project),
        "known": known_pass(project),
    }


def headline(project: Project) -> str:
    """The page's answer: when the next pass comes, in the team's zone."""
    if project.paused_at:
        return "The schedule is paused."
    if project.next_pass_at is None:
        return "Passes run on demand."
    try:
        local = project.next_pass_at.astimezone(schedule.zone(project.time_zone))
    except schedule.BadSchedule:  # zone data can change
        local, zone_name = project.next_pass_at.astimezone(UTC), "UTC"
    else:
        zone_name = project.time_zone
    return f"The next pass is due {moment(schedule.Due(project.next_pass_at, local, timedelta()), zone_name)}."


def preview(project: Project, expression: str, zone_name: str, skips: bool, now: datetime) -> Preview:
    """What a schedule means, also one that is being typed."""
    zone_name = zone_name.strip() or "UTC"
    try:
        due = schedule.preview(expression, zone_name, now, PREVIEWED)
        if not due:
            never = (
                "It never comes." if expression.strip() else "Only on demand: a person, a push or a command starts it."
            )
            return Preview(text=never)
        monthly = schedule.passes_a_month(expression, zone_name, now)
    except schedule.BadSchedule as error:
        return Preview(text=str(error), bad=True)
    return Preview(
        times=tuple(moment(one, zone_name) for one in due),
        notes=tuple(_note(one, zone_name) for one in due if one.shift),
        costs=costs(monthly, _seconds(project), skips=skips),
    )


def costs(monthly: float, seconds: Sequence[float], *, skips: bool) -> str:
    """ "About 21 passes a month, 36 min of worker time", from what the last passes took; unknown is said."""
    # Two digits say what an estimate knows.
    number = int(round(monthly, 1 - int(math.log10(monthly))) if monthly >= 100 else round(monthly))
    text = f"{'At most' if skips else 'About'} {count(number)} pass{'' if number == 1 else 'es'} a month"
    if monthly < 0.75:
        text = "Less than one pass a month"
    if not seconds:
        return f"{text}; how long one takes is not known before the first."
    return f"{text}, {worker_time(monthly * median(seconds))} of worker time."


def worker_time(seconds: float) -> str:
    """ "36 min", "2 h 5 min", "less than a minute"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"


def network(project: Project) -> str:
    """Whether a collection can reach the network, as the last pass had it, or as this machine would."""
    last = project.passes.exclude(sandbox_level=None).order_by("-number").values_list("sandbox_level", "number").first()
    if last is None:
        return "unknown before the first pass"
    cut = sandbox.cuts_network(last[0])
    return f"{'none' if cut else 'open: the sandbox of this site does not cut it'}, as at #{last[1]}"


def known_pass(project: Project) -> int | None:
    """The number of the pass that already has the answer for the commit that was skipped last."""
    if not project.last_skipped_commit:
        return None
    found = project.passes.filter(commit=project.last_skipped_commit, outcome__in=["counted", "blocked"])
    return found.order_by("number").values_list("number", flat=True).first()


def _seconds(project: Project) -> list[float]:
    """From the claim to the end, of the last counted passes: what a worker was busy with."""
    ended = project.passes.counted().filter(started_at__isnull=False, ended_at__isnull=False).order_by("-number")
    spans = ended.values_list("started_at", "ended_at")[:MEASURED]
    return [(end - start).total_seconds() for start, end in spans]


def moment(due: schedule.Due, zone_name: str) -> str:
    """Mon 9 Nov 06:00 Europe/Berlin (05:00 UTC)."""
    local = f"{due.local:%a} {due.local.day} {due.local:%b %H:%M}"
    if not due.local.utcoffset():
        return f"{local} {zone_name}"
    there = due.at.astimezone(UTC)
    day = "" if there.date() == due.local.date() else f"{there:%a} "
    return f"{local} {zone_name} ({day}{there:%H:%M} UTC)"


def _note(due: schedule.Due, zone_name: str) -> str:
    way = "forward" if due.shift > timedelta() else "back"
    day = f"{due.local:%a} {due.local.day} {due.local:%b}"
    return f"By {day} the clocks of {zone_name} have gone {way} by {span(abs(due.shift.total_seconds()))}."
