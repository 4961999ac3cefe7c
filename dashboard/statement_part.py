"""What the page of a week's report offers to those who may state something in it."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard import access
from dashboard.forms import AccessibleForm
from remediation.core.report import Report
from remediation.core.week_facts import WeekFact, offered
from remediation.models import Project
from remediation.statements import LONGEST


class TeamStatementForm(AccessibleForm):
    """A sentence, and the fact of a pass that it rests on. ``chosen``: that fact, once it is valid; None for none."""

    text = forms.CharField(
        label="Statement",
        required=False,
        help_text=f"Plain text, at most {LONGEST} characters, quoted with your name.",
        widget=forms.Textarea({"class": "field", "rows": 3}),
    )
    fact = forms.ChoiceField(
        label="Rests on",
        required=False,
        help_text="It is called measured while passes show this and none of its numbers disagrees.",
        widget=forms.Select({"class": "field"}),
        error_messages={"invalid_choice": "Passes no longer show that. Choose again."},
    )
    chosen: WeekFact | None = None

    def __init__(self, report: Report, sent: Any = None) -> None:
        super().__init__(sent)
        self.facts = {fact.code: fact for fact in offered(report)}
        self.fields["fact"].choices = [("", "nothing a pass shows"), *((c, f.words) for c, f in self.facts.items())]

    def clean_fact(self) -> str:
        """The code, and the fact itself beside it."""
        code = str(self.cleaned_data["fact"])
        self.chosen = self.facts.get(code)
        return code


def part(project: Project, user: Any, report: Report, form: TeamStatementForm | None = None) -> dict[str, Any]:
    """The form, and what the person may withdraw; nothing for who may not state, and for days that are no week."""
    if not (project.rights.work and report.period.week):
        return {}
    rows = [row for row in report.facts.statements if access.may_withdraw(user, project, row.author_id)]
    return {"statement_form": form or TeamStatementForm(report), "withdrawable": rows}
