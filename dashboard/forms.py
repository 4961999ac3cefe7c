"""What people may send us, read and checked field by field."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator

from remediation.collection.source import without_password
from remediation.core.ci_log import CiLog, parse
from remediation.models import Category, Project

_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")


class EnvironmentField(forms.CharField):
    """NAME=value lines, as a dict."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Stored variables as lines; what was typed stays as it was typed."""
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name}={text}" for name, text in sorted(value.items()))  # the database keeps no order

    def clean(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        """Raises ValidationError naming the line that cannot be read."""
        variables: dict[str, str] = {}
        for number, line in enumerate((super().clean(value) or "").splitlines(), start=1):
            if not line.strip():
                continue
            match = _VARIABLE.fullmatch(line.strip())
            if match is None:
                raise forms.ValidationError(f"Line {number} is not NAME=value.")
            variables[match[1]] = match[2]
        return variables


def _text(
    label: str,
    *,
    help_text: str = "",
    required: bool = False,
    max_length: int = 500,
    widget: type[forms.TextInput] = forms.TextInput,
    **attrs: Any,
) -> forms.CharField:
    shown = widget({"class": "field", "autocomplete": "off", "spellcheck": "false", **attrs})
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=max_length, widget=shown)


def _lines(field: type[forms.CharField], label: str, help_text: str, rows: int) -> forms.CharField:
    widget = forms.Textarea({"class": "field mono", "rows": rows, "spellcheck": "false"})
    return field(label=label, help_text=help_text, required=False, max_length=8_000, widget=widget)


class _Accessible(forms.Form):
    """Fields that say with ARIA where their help and their error are."""

    def refuse(self, field: str, text: str) -> None:
        """Put a use case's refusal beside the field it names."""
        self.add_error(field if field in self.fields else None, text)

    def full_clean(self) -> None:
        """Mark what is wrong, for the eye and for a screen reader."""
        super().full_clean()
        self._mark()

    def add_error(self, field: str | None, error: Any) -> None:
        """As Django's, and marked."""
        super().add_error(field, error)
        self._mark()

    def values(self) -> dict[str, Any]:
        """What was sent, field by field; for fields that were left empty, their empty value."""
        return dict(self.cleaned_data)

    def lock(self) -> None:
        """Show it to somebody who may not change it."""
        for field in self.fields.values():
            field.disabled = True

    def _mark(self) -> None:
        for name in self._errors or ():
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"


AccessibleForm, text_field = _Accessible, _text  # for the forms that stand in modules of their own


class AddressInput(forms.TextInput):
    """Gives an address back without a user name and password that were typed into it."""

    def format_value(self, value: Any) -> str | None:
        """What the field shows."""
        shown = super().format_value(value)
        return without_password(shown) if shown else shown


class ProjectForm(_Accessible):
    """A new project: only what the first pass needs."""

    name = _text("Name", required=True, max_length=80, autofocus=True)
    source = _text(
        "Clone URL", help_text="https or ssh; this server must be able to reach it.", required=True,
        widget=AddressInput, placeholder="https://git.example.org/team/repo.git", inputmode="url",
    )  # fmt: skip
    ref = _text("Branch or tag", help_text="Empty: the repository's default branch.", max_length=200)
    schedule = _text(
        "Schedule", help_text="Cron: minute, hour, day, month, weekday. Empty: only on demand.", max_length=100
    )
    time_zone = _text("Time zone", help_text="Such as Europe/Berlin. Empty: UTC.", max_length=60)

    def clean_time_zone(self) -> str:
        """A zone is always there."""
        return self.cleaned_data["time_zone"] or "UTC"


class DaysField(forms.IntegerField):
    """A number of days, 0 for never; left empty it is the setting's usual one."""

    def __init__(self, name: str, label: str, help_text: str) -> None:
        self.usual = Project._meta.get_field(name).default
        widget = forms.NumberInput({"class": "field", "inputmode": "numeric"})
        help_text = f"{help_text} 0: never. Empty: {self.usual}."
        super().__init__(label=label, help_text=help_text, required=False, min_value=0, max_value=365, widget=widget)

    def clean(self, value: Any) -> int:
        """As Django's; never None."""
        number = super().clean(value)
        return self.usual if number is None else int(number)


class SettingsForm(ProjectForm):
    """What is collected and how, and how long tickets may wait. When, stands in the form of the schedule."""

    schedule = time_zone = None
    key = _text("Key", help_text="Prefix of ticket ids, as in ATL-12.", required=True, max_length=6)
    interpreter = _text(
        "Python", help_text="A version such as 3.12, or the path of an interpreter. Empty: chosen by the worker.",
        max_length=300,
    )  # fmt: skip
    install = _lines(
        forms.CharField, "Install", "Arguments of uv pip install, one set a line. Empty: what was detected.", 4
    )
    arguments = _text(
        "pytest arguments", help_text="As on a shell line, for example tests/unit -m 'not slow'.", max_length=1000
    )
    environment = _lines(
        EnvironmentField, "Environment variables", "NAME=value, one a line; {checkout} becomes the tree's path.", 4
    )
    unclaimed_after = DaysField("unclaimed_after", "Days until a free ticket needs a decision", "Since it was seen.")
    flag_claims_after = DaysField(
        "flag_claims_after", "Days until a silent claim is flagged",
        "Without a commit on the blamed files, a note, a named fix or a word of the owner.",
    )  # fmt: skip
    release_claims_after = DaysField(
        "release_claims_after", "Days more until it is released", "The owner is told when it is flagged."
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs.pop("autofocus", None)
        if project.source_is_local:
            self.fields["source"].disabled = True
            self.fields["source"].help_text = "A path on this machine; only the command line can change it."
        if project.tickets.exists():
            self.fields["key"].disabled = True
            self.fields["key"].help_text = "Part of ticket ids already, so it stays."


class CategoryForm(_Accessible):
    """One category: how it is called, which colour it has, where it stands, what depends on it."""

    name = _text("Name", required=True, max_length=60)
    slot = forms.TypedChoiceField(
        label="Colour", coerce=int, choices=[(n, f"Colour {n}" if n else "Grey") for n in range(9)],
        widget=forms.RadioSelect,
    )  # fmt: skip
    business_impact = _text("Business impact", max_length=300)
    archived = forms.BooleanField(label="Archived", required=False)

    @classmethod
    def of(cls, category: Category | None, *, slot: int = 0) -> CategoryForm:
        """The form of a category, or of one to be added, with ``slot`` chosen."""
        names = list(cls.base_fields)
        initial = {name: getattr(category, name) for name in names} if category else {"slot": slot}
        return cls(initial=initial, prefix=f"c{category.pk if category else 0}")


_PASTED = 1_000_000  # characters; two of them stay below what Django reads of one form


def _pasted(label: str, help_text: str, rows: int) -> forms.CharField:
    """A text of any kind up to a megabyte. The widget has no limit: a browser would cut a pasted text in silence."""
    field = _lines(forms.CharField, label, help_text, rows)
    field.validators = [
        MaxLengthValidator(
            _PASTED, "This text has %(show_value)s characters; at most 1,000,000 (1 MB) are read. Paste its end."
        )
    ]
    field.max_length = None
    field.widget.attrs.pop("maxlength", None)
    return field


class CiLogForm(_Accessible):
    """What a team pastes from its CI; nothing of it is stored. ``parsed``: what was read, once it is valid."""

    log = _pasted("Log of your CI", "pytest's output, with the command and its header if you have them.", 10)
    packages = _pasted("Packages, if you have them", "The output of pip freeze or uv pip list.", 4)
    parsed: CiLog

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError where there is nothing to compare."""
        super().clean()
        log, packages = (self.cleaned_data.get(name) or "" for name in ("log", "packages"))
        if self.errors:
            return self.cleaned_data
        self.parsed = parse(log, packages)
        if not log.strip() and not packages.strip():
            self.add_error("log", "Paste a log, or a list of packages.")
        elif log.strip() and not self.parsed.says_something:
            self.add_error("log", "No line of pytest was found in this text. Paste pytest's own output.")
        elif not log.strip() and self.parsed.packages is None:
            self.add_error("packages", "No package was found in this text. Paste the output of pip freeze.")
        return self.cleaned_data
