"""Doing one thing to several tickets at once, and saying what became of each."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms

from dashboard import access
from dashboard.sending import rebuild_soon
from dashboard.templatetags.figures import age
from remediation import tickets as use_cases
from remediation.models import Category, Project, Ticket, User
from remediation.tickets import Outcome

NAMED = 5  # of those that did not work; more are a number
_WAYS = [("claim", "Claim"), ("release", "Release"), ("assign", "Assign"), ("category", "Set category")]


class TogetherForm(forms.Form):
    """The chosen tickets by number, and what to do with them."""

    ticket = forms.ModelMultipleChoiceField(Ticket.objects.none(), to_field_name="number")
    do = forms.ChoiceField(choices=_WAYS)
    category = forms.ModelChoiceField(Category.objects.none(), required=False)
    person = forms.ModelChoiceField(User.objects.none(), required=False)

    def __init__(self, project: Project, *args: object) -> None:
        super().__init__(*args)
        self.fields["ticket"].queryset = project.tickets.select_related("project", "category").order_by("number")
        self.fields["category"].queryset = project.categories.filter(archived=False)
        self.fields["person"].queryset = use_cases.assignable(project)

    def clean(self) -> None:
        """A category is needed where one is to be set, and a person where tickets are to be given to one."""
        for do, needed in (("category", "category"), ("assign", "person")):
            if self.cleaned_data.get("do") == do and not self.cleaned_data.get(needed):
                self.add_error(needed, f"Choose a {needed}.")

    @property
    def refusal(self) -> str:
        """Why nothing was done."""
        return "Select at least one ticket first." if "ticket" in self.errors else "Choose what to do with them."


def act(form: TogetherForm, project: Project, user: User) -> tuple[str, str]:
    """Do it to each ticket for itself; the sentence on what became of them, and its tone."""
    if not form.is_valid():
        return form.refusal, "warn"
    chosen, do = list(form.cleaned_data["ticket"]), form.cleaned_data["do"]
    if do == "claim":
        return told(use_cases.claim_each(chosen, user), "claimed")
    if do == "release":
        return told(use_cases.release_each(chosen, user, from_anyone=project.rights.lead), "released")
    if do == "assign":
        person = form.cleaned_data["person"]
        access.may_assign(user, project, person, None)
        return told(use_cases.assign_each(chosen, person, user), f"assigned to {person.label}")
    category = form.cleaned_data["category"]
    outcomes = use_cases.sort_each(chosen, category, user)
    if any(outcome.done for outcome in outcomes):
        rebuild_soon(project)
    return told(outcomes, f"moved to {category.name}")


def told(outcomes: Sequence[Outcome], done: str) -> tuple[str, str]:
    """The sentence and its tone; ``done`` is what happened to those that worked: "claimed"."""
    worked = sum(outcome.done for outcome in outcomes)
    others = [outcome for outcome in outcomes if not outcome.done]
    said = [f"{worked} {done}.", *(_why(outcome) for outcome in others[:NAMED])]
    if len(others) > NAMED:
        said.append(f"{len(others) - NAMED} more were not {done}.")
    return " ".join(said), "warn" if others else "good"


def _why(outcome: Outcome) -> str:
    if outcome.owner is None or outcome.at is None:
        return outcome.why
    return f"{outcome.ticket.label} was claimed by {outcome.owner.label} {age(outcome.at)} ago."
