"""The forms of one ticket: its category, whom it goes to, how long it is set aside, what is noted and stated."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.beside import Offered, recipients
from dashboard.forms import AccessibleForm
from remediation.core.mutes import Until
from remediation.models import Category, Project, Ticket, User
from remediation.tickets import Statement


class TicketCategoryForm(forms.Form):
    """The category of one ticket."""

    category = forms.ModelChoiceField(
        Category.objects.none(), empty_label=None, widget=forms.Select({"class": "field", "id": "category"})
    )

    def __init__(self, project: Project, *args: Any, offered: Offered = (), **kwargs: Any) -> None:
        """``offered``: the choices to show; what is sent is looked up."""
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = project.categories.filter(archived=False)
        self.fields["category"].choices = offered


class AssignForm(forms.Form):
    """Whom a ticket goes to, and who had it when the form was shown: nobody, where ``owner`` is empty."""

    to = forms.ModelChoiceField(User.objects.none(), widget=forms.Select({"class": "field", "id": "assign-to"}))
    owner = forms.ModelChoiceField(User.objects.all(), required=False, widget=forms.HiddenInput)

    def __init__(self, project: Project, user: User, *args: Any, offered: Offered = (), **kwargs: Any) -> None:
        """``offered``: as above."""
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = recipients(project, user)
        self.fields["to"].choices = [("", "Choose a person"), *offered]


class _SideForm(AccessibleForm):
    """A form in the page of a ticket, which is long: what is refused in it is where the page opens."""

    def look_here(self, name: str = "") -> None:
        """Put the focus on a field: the named one, or the first that is refused."""
        found = name or next((name for name in self.errors if name in self.fields), "")
        if found:
            self.fields[found].widget.attrs["autofocus"] = True


class MuteForm(_SideForm):
    """Why a ticket is set aside, and until when: a day, a pass, or for good. ``until``: that, once it is valid."""

    reason = forms.CharField(required=False, max_length=300, widget=forms.Textarea({"class": "field", "rows": 2}))
    ends = forms.ChoiceField(choices=[("day", "Until a day"), ("pass", "Until a pass"), ("good", "For good")])
    day = forms.DateField(
        required=False,
        widget=forms.DateInput(
            {"class": "field", "type": "date", "aria-label": "The day on which it comes back"}, "%Y-%m-%d"
        ),
    )
    number = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        widget=forms.NumberInput({"class": "field", "aria-label": "The number of the pass with which it comes back"}),
    )
    until: Until

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError where what was chosen is not said."""
        super().clean()
        ends, day, number = (self.cleaned_data.get(name) for name in ("ends", "day", "number"))
        if ends == "day" and day is None:
            self.add_error("ends", "Name the day on which it comes back.")
        elif ends == "pass" and number is None:
            self.add_error("ends", "Name the number of the pass with which it comes back.")
        elif not self.errors:
            self.until = Until(day if ends == "day" else None, number if ends == "pass" else None)
        return self.cleaned_data


class NoteForm(_SideForm):
    """A note, in Markdown. How long it may be, the use case says: a browser would cut a pasted text in silence."""

    text = forms.CharField(
        required=False,
        widget=forms.Textarea(
            {"class": "field", "id": "note", "rows": 3, "data-key": "n", "data-key-label": "Write a note"}
        ),
    )


class StatementForm(_SideForm):
    """What the team states for the report. ``read``: the mark of the statement that the form was filled with."""

    solution = forms.CharField(required=False, widget=forms.Textarea({"class": "field", "rows": 4}))
    business_value = forms.CharField(required=False, widget=forms.Textarea({"class": "field", "rows": 4}))
    read = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, ticket: Ticket) -> StatementForm:
        """Filled with what the ticket states."""
        said = Statement.of(ticket)
        initial = {"solution": said.solution, "business_value": said.business_value, "read": said.mark}
        return cls(initial=initial)

    @property
    def statement(self) -> Statement:
        """What was sent."""
        return Statement(self.cleaned_data["solution"], self.cleaned_data["business_value"])

    def read_again(self, ticket: Ticket) -> None:
        """Keep what was typed, and let it replace what the ticket states by now if it is sent once more."""
        self.data = self.data.copy()
        self.data["read"] = Statement.of(ticket).mark
