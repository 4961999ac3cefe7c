"""When a project's reports are drafted and become final, and who gets them: forms and words of the plan's page."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings

from dashboard.forms import AccessibleForm, text_field
from dashboard.schedule_page import moment
from dashboard.weeks_page import slot
from remediation import reporting, schedule
from remediation.exporters import FORMATS
from remediation.models import Project, Recipient, ReportPlan
from remediation.reporting import cut

SHOWN = 3  # slots to come


class PlanForm(AccessibleForm):
    """Where weeks are cut, and what becomes of their reports."""

    on = forms.BooleanField(label="Draft a report when a week ends", required=False)
    weekday = forms.TypedChoiceField(
        label="Day", coerce=int, choices=list(enumerate(calendar.day_name)), widget=forms.Select({"class": "field"})
    )
    at = forms.TimeField(
        label="Time", input_formats=["%H:%M"], widget=forms.TimeInput({"type": "time", "class": "field"}, "%H:%M")
    )
    release_after = forms.IntegerField(
        label="Hours until a draft becomes final by itself", required=False, min_value=0,
        widget=forms.NumberInput({"class": "field", "inputmode": "numeric"}),
        help_text="0: at once; a pass that still runs then is not in it. Empty: only when a lead releases it.",
    )  # fmt: skip

    @classmethod
    def of(cls, plan: ReportPlan, sent: Any = None) -> PlanForm:
        """The form of a plan as it is stored, or as somebody sent it."""
        initial = {name: getattr(plan, name) for name in ("weekday", "at", "release_after")}
        return cls(sent, initial=initial | {"on": plan.since is not None})


class RecipientForm(AccessibleForm):
    """An address that gets each final report, and what is attached for it."""

    address = text_field("E-mail address", required=True, max_length=254, inputmode="email")
    formats = forms.MultipleChoiceField(
        label="Attached", required=False, initial=["pdf"], widget=forms.CheckboxSelectMultiple,
        choices=[(code, FORMATS[code].name) for code in reporting.ATTACHED],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient. ``reached``: whether the next report goes to them."""

    recipient: Recipient
    attached: str
    reached: bool


def build(
    project: Project, plan: ReportPlan, form: PlanForm, recipient: RecipientForm, now: datetime
) -> dict[str, Any]:
    """The context of the page. Three queries."""
    return {
        "project": project,
        "page": "settings",
        "plan": plan,
        "form": form,
        "recipient": recipient,
        "headline": headline(plan),
        "slots": slots(plan, now),
        "rows": _rows(project),
        "mail": settings.MAIL,
    }


def headline(plan: ReportPlan) -> str:
    """The page's answer: whether reports are drafted, and when."""
    when = slot(cut(plan))
    if plan.since is None:
        return f"No report is drafted. Weeks end {when}."
    return f"A report is drafted every {when}."


def slots(plan: ReportPlan, now: datetime) -> list[str]:
    """The next slots in words; where the clock changes among them, the hours of UTC show it."""
    weeks, found = cut(plan), []
    week = weeks.of(now)
    for _ in range(SHOWN):
        due = schedule.Due(week.end, week.end.astimezone(weeks.zone), timedelta())
        found.append(f"{moment(due, str(weeks.zone))}: week {week.label}")
        week = weeks.after(week)
    return found


def _rows(project: Project) -> list[Row]:
    reached = {row.pk for row in reporting.recipients_of(project)}
    rows = project.recipients.select_related("user").order_by("pk")
    return [Row(row, ", ".join(FORMATS[code].name for code in row.formats), row.pk in reached) for row in rows]
