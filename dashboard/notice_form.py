"""What a person chooses to be told, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from dashboard.forms import AccessibleForm, text_field
from remediation import telling
from remediation.core.notices import KINDS, MAILS
from remediation.models import NoticeChoice, User

_HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind in the table of choices."""

    code: str
    words: str
    site: BoundField
    mail: BoundField


class NoticeForm(AccessibleForm):
    """For each kind, whether it is shown on the site and how its mail leaves; and when the daily mail comes."""

    digest_hour = forms.TypedChoiceField(
        label="Daily mail at", choices=_HOURS, coerce=int, widget=forms.Select({"class": "field"})
    )
    time_zone = text_field("Time zone", help_text="Such as Europe/Berlin. Empty: UTC.", max_length=60, list="zones")

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        row = NoticeChoice.objects.filter(user=person).first() or NoticeChoice()
        initial: dict[str, Any] = {"digest_hour": row.digest_hour, "time_zone": row.time_zone}
        for code in KINDS:
            chosen = telling.preference(person, code)
            initial |= {f"{code}_site": chosen.site, f"{code}_mail": chosen.mail}
        super().__init__(*args, initial=initial, **kwargs)
        for code, kind in KINDS.items():
            site = forms.CheckboxInput({"aria-label": f"On the site: {kind.words}"})
            mail = forms.Select({"class": "field", "aria-label": f"By mail: {kind.words}"})
            self.fields[f"{code}_site"] = forms.BooleanField(label=kind.words, required=False, widget=site)
            self.fields[f"{code}_mail"] = forms.ChoiceField(label=kind.words, choices=list(MAILS.items()), widget=mail)

    @property
    def rows(self) -> Iterator[Row]:
        """The table of choices."""
        for code, kind in KINDS.items():
            yield Row(code, kind.words, self[f"{code}_site"], self[f"{code}_mail"])

    def clean_time_zone(self) -> str:
        """A zone is always there."""
        return self.cleaned_data["time_zone"] or "UTC"

    def kinds(self) -> dict[str, dict[str, Any]]:
        """The choices by kind, once the form is valid."""
        values = self.cleaned_data
        return {code: {"site": values[f"{code}_site"], "mail": values[f"{code}_mail"]} for code in KINDS}
