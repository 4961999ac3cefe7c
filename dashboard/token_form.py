"""What a person says of a new token of the API."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.forms import AccessibleForm
from remediation import api_tokens
from remediation.models import ApiToken, Project


class TokenForm(AccessibleForm):
    """Where it is used, what it may do, in which of the person's projects, and for how long it holds."""

    name = forms.CharField(
        label="Used in", max_length=60, widget=forms.TextInput({"class": "field", "autocomplete": "off"}),
        help_text="A pipeline, a script: what revoking it would break.",
    )  # fmt: skip
    scope = forms.ChoiceField(
        label="May", choices=ApiToken.Scope.choices, widget=forms.Select({"class": "field"}),
        help_text="Never more than you may at that moment.",
    )  # fmt: skip
    project = forms.ModelChoiceField(
        label="In", queryset=Project.objects.none(), required=False, empty_label="All your projects",
        widget=forms.Select({"class": "field"}),
    )  # fmt: skip
    days = forms.TypedChoiceField(
        label="Holds for", choices=[(days, f"{days} days") for days in api_tokens.DAYS], coerce=int, initial=90,
        widget=forms.Select({"class": "field"}),
    )  # fmt: skip

    def __init__(self, user: Any, *args: Any) -> None:
        super().__init__(*args)
        self.fields["project"].queryset = Project.objects.visible_to(user).order_by("name")
