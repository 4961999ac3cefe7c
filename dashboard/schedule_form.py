"""The schedule of a project as a person chooses it: a usual rhythm, or an expression of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from dashboard.forms import AccessibleForm, text_field
from remediation.models import Project

PRESETS = (
    ("0 6 * * 1-5", "Every weekday at 06:00"),
    ("0 2 * * *", "Every night at 02:00"),
    ("0 */6 * * *", "Every 6 hours"),
    ("0 6 * * 1", "Every Monday at 06:00"),
    ("", "Only on demand"),
)
OWN = "own"


def expression_of(preset: str, schedule: str) -> str:
    """The cron expression that a choice and a text make."""
    return schedule.strip() if preset == OWN else preset


class ScheduleForm(AccessibleForm):
    """When passes run, of which branch, until when, and within which limits."""

    preset = forms.ChoiceField(
        label="How often", choices=[*PRESETS, (OWN, "A cron expression")], widget=forms.RadioSelect, required=False
    )
    schedule = text_field(
        "Cron expression", help_text="Minute, hour, day, month, weekday, such as 0 6 * * 1-5.", max_length=100
    )
    time_zone = text_field("Time zone", help_text="Such as Europe/Berlin. Empty: UTC.", max_length=60, list="zones")
    ref = text_field("Branch or tag", help_text="Empty: the repository's default branch.", max_length=200)
    skip_unchanged = forms.BooleanField(
        label="Skip a due time when the commit is unchanged", required=False,
        help_text="Nothing is run or recorded then; this page says so. Run now always runs.",
    )  # fmt: skip
    target_date = forms.DateField(
        label="Target date", required=False, help_text="When the team wants to be at zero. Draws the plan.",
        widget=forms.DateInput({"class": "field", "type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    wall_seconds = forms.IntegerField(label="Time for a collection, in seconds", required=False, min_value=1)
    memory_mib = forms.IntegerField(label="Memory of a process, in MiB", required=False, min_value=1)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        known = {value for value, _ in PRESETS}
        initial = {name: getattr(project, name) for name in self.base_fields if name != "preset"}
        initial["preset"] = project.schedule if project.schedule in known else OWN
        super().__init__(*args, initial=initial, **kwargs)
        for name, most in (
            ("wall_seconds", settings.COLLECT_WALL_SECONDS),
            ("memory_mib", settings.COLLECT_MEMORY_MIB),
        ):
            self.fields[name].widget.attrs |= {"class": "field", "inputmode": "numeric", "max": most}
            self.fields[name].help_text = f"Empty: {most:,}, as the site allows. Less is possible, more is not."

    def clean_time_zone(self) -> str:
        """A zone is always there."""
        return self.cleaned_data["time_zone"] or "UTC"

    def changes(self) -> dict[str, Any]:
        """What differs from what is stored, by the names of the project's fields."""
        values = dict(self.cleaned_data)
        values["schedule"] = expression_of(values.pop("preset"), values["schedule"])
        values["ref"] = values["ref"] or "HEAD"
        return {name: value for name, value in values.items() if value != self.initial[name]}
