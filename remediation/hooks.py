"""The secret address by which a push starts a pass: made, taken away, and recognised."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from remediation import audit
from remediation.models import Project
from remediation.refusals import Refused
from remediation.tokens import digest_of, is_token, new_token

__all__ = ["Refused", "is_signed", "make", "note_call", "project_of", "pushed_ref", "remove", "wants"]

_SECRET = re.compile(r"[\x21-\x7e]{8,200}")


def make(project: Project, *, secret: str = "") -> str:
    """Give the project a new token and return it; it is not kept, and the old one ends. Raises Refused.

    ``secret``: what the forge signs its calls with; empty for none.
    """
    if secret and not _SECRET.fullmatch(secret):
        raise Refused("secret", "A secret has 8 to 200 letters, digits or signs, without spaces.")
    token = new_token()
    made = {"hook_digest": digest_of(token), "hook_secret": secret, "hook_made_at": timezone.now()}
    _store(project, "made", **made, hook_called_at=None)
    return token


def remove(project: Project) -> None:
    """End the address."""
    _store(project, "removed", hook_digest="", hook_secret="", hook_made_at=None, hook_called_at=None)


def project_of(token: str) -> Project | None:
    """The project of a token. Found by its hash, so the time it takes says nothing about any token."""
    if not is_token(token):
        return None
    digest = digest_of(token)
    found = Project.objects.filter(hook_digest=digest).first()
    return found if found and hmac.compare_digest(found.hook_digest, digest) else None


def note_call(project: Project) -> None:
    """Remember that the address was called."""
    Project.objects.filter(pk=project.pk).update(hook_called_at=Now())


def is_signed(secret: str, body: bytes, *, github: str = "", gitlab: str = "") -> bool:
    """Whether a call bears the secret: as GitHub signs (X-Hub-Signature-256) or as GitLab sends it (X-Gitlab-Token)."""
    if not secret:
        return True
    signed = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    by_github = hmac.compare_digest(signed.encode(), github.encode())
    return by_github | hmac.compare_digest(secret.encode(), gitlab.encode())


def pushed_ref(body: bytes) -> str:
    """The ref that a push is about, as the forge's JSON says; "" where it says none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    ref = found.get("ref") if isinstance(found, dict) else None
    return ref if isinstance(ref, str) else ""


def wants(project: Project, ref: str) -> bool:
    """Whether a push of ``ref`` concerns the watched one. A ref that nobody named may be it."""
    watched = project.ref if project.ref != "HEAD" else str(project.detected.get("branch", ""))
    return not ref or not watched or ref in {f"refs/heads/{watched}", f"refs/tags/{watched}", watched}


def _store(project: Project, verb: str, **columns: Any) -> None:
    with transaction.atomic():
        before = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        Project.objects.filter(pk=project.pk).update(**columns)
        if before.hook_digest or columns["hook_digest"]:
            said = {
                "address": audit.secret(before.hook_digest, columns["hook_digest"]),
                "secret": audit.secret(before.hook_secret, columns["hook_secret"]),
            }
            audit.write(verb, "address of pushes", project=project, changes=said)
    project.refresh_from_db(fields=[*columns])
