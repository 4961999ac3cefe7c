"""The days of a report that is no week."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from django import forms

from remediation.core import period as periods
from remediation.core.period import BadPeriod, Period


class DaysForm(forms.Form):
    """``period`` after it was found valid; what cannot be a period is refused in its own words."""

    since = forms.DateField(label="First day", widget=forms.DateInput({"type": "date", "class": "field"}))
    until = forms.DateField(label="Last day", widget=forms.DateInput({"type": "date", "class": "field"}))
    period: Period

    def __init__(self, zone: tzinfo, now: datetime, sent: Any = None) -> None:
        self.zone, self.now = zone, now
        super().__init__(sent)

    def clean(self) -> dict[str, Any]:
        """Both days, in their order, and not all of them in the future."""
        found: dict[str, Any] = super().clean() or {}
        if {"since", "until"} <= set(found):
            try:
                self.period = periods.between(found["since"], found["until"], self.zone)
            except BadPeriod as error:
                raise forms.ValidationError(str(error)) from error
            if self.period.start > self.now:
                raise forms.ValidationError("These days have not begun.")
        return found
