"""A receiver of a project's messages, as a lead enters it."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.forms import AccessibleForm, text_field
from remediation.core.webhook_events import EVENTS
from remediation.models import Receiver


def _events(prefix: str) -> forms.MultipleChoiceField:
    widget = forms.CheckboxSelectMultiple({"id": f"{prefix}-events"})
    return forms.MultipleChoiceField(label="Told of", choices=list(EVENTS.items()), required=False, widget=widget)


class ReceiverForm(AccessibleForm):
    """A new receiver: its kind, its address and what it is told of."""

    style = forms.ChoiceField(label="Kind", choices=Receiver.Style.choices, widget=forms.Select({"class": "field"}))
    url = text_field(
        "Address", required=True, max_length=1_000, inputmode="url",
        help_text="https. Of a chat, the address of its incoming webhook; who knows it can post there.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"style": "slack", "events": list(EVENTS)}, **kwargs)
        self.fields["events"] = _events("new")


class EventsForm(AccessibleForm):
    """What a receiver is told of."""

    def __init__(self, receiver: Receiver, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"events": receiver.events}, **kwargs)
        self.fields["events"] = _events(f"r{receiver.pk}")
