"""What a project's page of credentials shows, and the administrators' list of all: never what is secret of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms

from dashboard.first_run_page import checklist
from dashboard.forms import AccessibleForm, text_field
from remediation.collection.source import host_of, protocol
from remediation.collection.ssh_keys import fingerprints
from remediation.credentials import fits
from remediation.models import ConnectionCheck, Credential, Project

_HIDDEN = {"class": "field", "autocomplete": "off", "spellcheck": "false"}


class TokenForm(AccessibleForm):
    """A user name and the token that belongs to it."""

    user = text_field("User name", required=True, max_length=200, help_text="Where the host knows none: git.")
    # Not rendered with a value: what was typed is not sent back, not even beside a refusal.
    token = forms.CharField(
        label="Token", max_length=2_000, widget=forms.PasswordInput({**_HIDDEN, "autocomplete": "new-password"}),
        help_text="With the right to read this repository, and no other right.",
    )  # fmt: skip


class _Blank(forms.Textarea):
    """A text area that never shows what was sent."""

    def format_value(self, value: Any) -> str:
        return ""


class KeyForm(AccessibleForm):
    """A private key that the host knows already."""

    private_key = forms.CharField(
        label="Private key", widget=_Blank({**_HIDDEN, "class": "field mono", "rows": 5}), max_length=20_000,
        help_text="Without a passphrase. It is stored sealed, and nobody can read it here again.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A credential and whether git gets it for the project's address as it is now."""

    credential: Credential
    project: Project
    fits: bool


def build(project: Project, form: AccessibleForm | None = None) -> dict[str, Any]:
    """The context of the page. Three queries at most."""
    credential = Credential.objects.select_related("made_by").filter(project=project).first()
    check: ConnectionCheck | None = project.checks.first()
    kind = "path" if project.source.startswith("/") else protocol(project.source)
    return {
        "project": project,
        "page": "settings",
        "kind": kind,
        "host": host_of(project.source),
        "credential": credential,
        "fits": credential is not None and fits(credential, project.source),
        "trusted": fingerprints(credential.host_keys) if credential else [],
        "form": form if isinstance(form, TokenForm) else TokenForm(),
        "key_form": form if isinstance(form, KeyForm) else KeyForm(),
        **test_of(check),
    }


def test_of(check: ConnectionCheck | None) -> dict[str, Any]:
    """The last test of the connection, step by step; nothing where there was none in the last day."""
    return {"check": check, "checklist": checklist(check)} if check else {"check": None}


def everyone() -> list[Row]:
    """Every credential there is, by project. One query."""
    found = Credential.objects.select_related("project", "made_by").filter(project__deleted_at=None)
    return [Row(one, one.project, fits(one, one.project.source)) for one in found.order_by("project__name")]
