"""Adding a repository: the form of the first run, and what a check of its connection says, line by line."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from dashboard.forms import ProjectForm, SettingsForm
from dashboard.queue_words import QUIET
from remediation import checks, projects
from remediation.collection import sandbox
from remediation.models import ConnectionCheck, Project
from remediation.passes import LEASE

SILENT = 10.0  # seconds without a sign of life after which the page says so
_LABELS = {
    "reach": "Reach the repository",
    "clone": "Clone",
    "tests": "Find test files",
    "python": "Choose a Python",
    "install": "Install in the sandbox",
    "pytest": "pytest --version",
    "stopped": "Stopped",
    "lost": "Worker lost",
}
_LAST_PART = re.compile(r"([^/:]+?)(?:\.git)?/?$")
_HARMLESS = {"source": "https://example.org/a.git", "name": "a name that nobody has", "time_zone": "UTC"}
MORE = ("schedule", "time_zone", "interpreter", "install")


def _setting(name: str, **changes: Any) -> forms.Field:
    field: forms.Field = copy.deepcopy(SettingsForm.base_fields[name])
    for attribute, value in changes.items():
        setattr(field, attribute, value)
    return field


class FirstRunForm(ProjectForm):
    """A new project: its repository first; the name and the key follow from it when they are left empty."""

    name = _setting("name", required=False, help_text="Empty: the last part of the URL.")
    key = _setting("key", required=False, help_text="Prefix of ticket ids, as in ATL-12. Empty: made from the name.")
    interpreter = _setting("interpreter")
    install = _setting("install")
    field_order = ("source", "ref", "name", "key", *MORE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("autofocus", None)
            # Beside the help, the place where a check while typing puts its answer.
            field.widget.attrs["aria-describedby"] = f"id_{name}_helptext id_{name}_live"
        if not kwargs.get("initial", {}).get("source"):
            self.fields["source"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        """The name from the URL's last part, where none was given."""
        super().clean()
        if not self.cleaned_data.get("name"):
            part = _LAST_PART.search(self.cleaned_data.get("source", "").removesuffix("/.git"))
            self.cleaned_data["name"] = part[1][:80] if part else ""
        return self.cleaned_data

    @property
    def main(self) -> list[forms.BoundField]:
        """What nearly everybody fills in."""
        return [field for field in self if field.name not in MORE]

    @property
    def more(self) -> list[forms.BoundField]:
        """What can be left as it is."""
        return [field for field in self if field.name in MORE]

    @property
    def more_needed(self) -> bool:
        """Whether something of the rest is filled in or wrong, so that it is shown."""
        return any(field.errors or (field.value() and field.value() != "UTC") for field in self.more)


def refusals(form: FirstRunForm) -> dict[str, str]:
    """What adding this would refuse, field by field, without the source being asked. Stores nothing."""
    found = {name: " ".join(errors) for name, errors in form.errors.items()}
    values = {**form.cleaned_data, **{name: _HARMLESS.get(name, "") for name in found}}
    while True:  # each round names one field, which is harmless in the next
        try:
            with transaction.atomic():
                projects.create(**values)
                transaction.set_rollback(True)
        except projects.Refused as refused:
            if refused.field in found or refused.field not in values:
                return found
            found[refused.field] = refused.text
            values[refused.field] = _HARMLESS.get(refused.field, "")
        else:
            return found


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist. ``state``: done, warn, failed, now or next."""

    code: str
    label: str
    state: str
    seconds: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """A check as it is now. ``silent``: seconds since its worker's last sign of life, 0.0 while that is fresh."""

    lines: tuple[Line, ...]
    failed: Line | None
    waits: float
    missing: bool
    silent: float
    seconds: float


def checklist(check: ConnectionCheck) -> Checklist:
    """Every step with its seconds and its finding. One query, for the database's clock."""
    now: datetime = ConnectionCheck.objects.filter(pk=check.pk).values_list(Now(), flat=True).get()
    since = (now - check.started_at).total_seconds() if check.started_at else 0.0
    lines = [Line(s["code"], _LABELS[s["code"]], s["state"], s["seconds"], s["said"]) for s in check.steps]
    ended = check.state == "ended"
    for code in checks.steps_of(check, checks.STEPS):
        if any(line.code == code for line in lines):
            continue
        under_way = check.state == "running" and code == check.step
        seconds = max(0.0, since - check.step_since) if under_way else None
        if not ended or under_way:
            lines.append(Line(code, _LABELS[code], "now" if under_way else "next", seconds, ""))
    waits = (now - check.created_at).total_seconds() if check.state == "queued" else 0.0
    silent = (now - (check.lease_until - LEASE)).total_seconds() if check.lease_until and not ended else 0.0
    took = (check.ended_at - check.started_at).total_seconds() if check.ended_at and check.started_at else since
    return Checklist(
        lines=tuple(lines),
        failed=next((line for line in lines if line.state == "failed"), None),
        waits=waits,
        missing=waits > QUIET.total_seconds(),
        silent=silent if check.state == "running" and silent >= SILENT else 0.0,
        seconds=max(0.0, took),
    )


def surroundings() -> dict[str, Any]:
    """What the side of the page says of the sandbox, and whether there is a sample."""
    minimum = settings.SANDBOX_MIN_LEVEL
    return {
        "level": minimum,
        "level_name": sandbox.name(minimum),
        "sample": Project.objects.filter(is_sample=True).first(),
    }
