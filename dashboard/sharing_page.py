"""What the page of a project's shared addresses shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse

from remediation import sharing
from remediation.models import Project, ShareLink

MOST_ENDED = 20  # of the addresses that hold no more
MOST_FINALS = 60  # weeks to choose from
ROUTES = {"badge": "shared-badge", "trend": "shared-trend", "report": "shared-report"}


class ShareForm(forms.Form):
    """What a new address shows, where it is used, and for how long it holds."""

    shows = forms.ChoiceField(
        label="Shows", choices=ShareLink.Shows.choices, widget=forms.Select({"class": "field"}),
        help_text="The report names tickets, owners and test files; badge and trend hold counts and categories only.",
    )  # fmt: skip
    week = forms.ChoiceField(
        label="Which report", required=False, widget=forms.Select({"class": "field"}),
        help_text="A final report stays as it was released. The newest week moves on.",
    )  # fmt: skip
    name = forms.CharField(
        label="Used in", max_length=60, widget=forms.TextInput({"class": "field", "autocomplete": "off"}),
        help_text="A wiki page, a README: what revoking it would break.",
    )  # fmt: skip
    days = forms.TypedChoiceField(
        label="Holds for", choices=[(days, f"{days} days") for days in sharing.DAYS], coerce=int, initial=90,
        widget=forms.Select({"class": "field"}),
    )  # fmt: skip

    def __init__(self, project: Project, sent: Any = None) -> None:
        super().__init__(sent)
        self.finals = {row.label: row for row in project.weekly_reports.filter(state="final")[:MOST_FINALS]}
        self.fields["week"].choices = [("", "The newest week"), *((label, f"{label}, final") for label in self.finals)]

    def wanted(self) -> dict[str, Any]:
        """What :func:`remediation.sharing.make` asks for; a week is of a report only."""
        values = dict(self.cleaned_data)
        week = values.pop("week")
        return values | {"report": self.finals.get(week) if values["shows"] == "report" else None}


@dataclass(frozen=True, slots=True)
class Row:
    """One address. ``state``: holds, expired or revoked."""

    link: ShareLink
    state: str


def build(project: Project, form: ShareForm, now: datetime) -> dict[str, Any]:
    """The addresses that hold, and the last of those that do no more. One query."""
    links = list(project.share_links.select_related("made_by", "report")[: sharing.MOST + MOST_ENDED + 100])
    rows = [Row(link, _state(link, now)) for link in links]
    return {
        "project": project,
        "page": "settings",
        "form": form,
        "holding": [row for row in rows if row.state == "holds"],
        "ended": [row for row in rows if row.state != "holds"][:MOST_ENDED],
    }


def address_of(token: str, shows: str) -> str:
    """The path of a new address."""
    return reverse(ROUTES[shows], args=[token])


def _state(link: ShareLink, now: datetime) -> str:
    if link.revoked_at is not None:
        return "revoked"
    return "holds" if link.expires_at > now else "expired"
