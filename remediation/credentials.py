"""What opens private repositories: put in or made, lent to git for one question, revoked. Nothing gives it back."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from remediation import audit, vault
from remediation.collection.sign_in import SignIn
from remediation.collection.source import SourceError, host_of, protocol
from remediation.collection.ssh_keys import BadKey, KeyPair, fingerprint, make, read
from remediation.core.text import clean_line
from remediation.models import Credential, Project, User
from remediation.refusals import Refused

__all__ = ["Refused", "SignIn", "fits", "forget_host", "make_key", "opening", "put_key", "put_token", "revoke"]

log = logging.getLogger(__name__)

_PRINTABLE = re.compile(r"[!-~]+")  # a header of HTTP and a line of git's protocol hold nothing else safely
_SHOWS_END = 16  # characters of a token from which on its last four tell nothing
_KEY_IS_AWAY = (
    "What opens the repository was sealed with a key that this machine does not have. Bring its credential-key file "
    "back, or put the credential in again."
)


def put_token(project: Project, user: str, token: str, by: User) -> Credential:
    """Store a user name and token for the project's host, in the place of what was there. Raises Refused."""
    user, token = user.strip(), token.strip()
    if not _PRINTABLE.fullmatch(user) or len(user) > 200:
        raise Refused("user", "Give the user name that belongs to the token. Where the host knows none, write git.")
    if not _PRINTABLE.fullmatch(token) or len(token) > 2_000:
        raise Refused("token", "Give the token: letters, digits and signs of ASCII, without spaces.")
    if protocol(project.source) != "https":
        raise Refused("token", "The clone URL is not https, so no token would be sent. Make a deploy key instead.")
    hint = f"…{token[-4:]}" if len(token) >= _SHOWS_END else ""
    return _put(project, "https", {"user": user, "token": token}, by, user=user, hint=hint)


def make_key(project: Project, by: User) -> Credential:
    """Make a key pair, in the place of what was there; its public half is for the host. Raises Refused."""
    return _put_pair(project, make(_comment(project)), by)


def put_key(project: Project, pasted: str, by: User) -> Credential:
    """Store a private key that the host knows already, in the place of what was there. Raises Refused."""
    if len(pasted) > 20_000:
        raise Refused("private_key", "This is longer than any private key.")
    try:
        pair = read(pasted, _comment(project))
    except BadKey as error:
        raise Refused("private_key", str(error)) from None
    return _put_pair(project, pair, by)


def revoke(project: Project, typed: str, by: User) -> bool:
    """Delete what opens the repository, once the project's name was typed; False where nothing does. Raises Refused."""
    if typed.strip() != project.name:
        raise Refused("typed", f"Type {project.name} to revoke its credential.")
    with transaction.atomic():
        found = Credential.objects.select_for_update().filter(project=project).first()
        if found is None:
            return False
        audit.write("revoked", _named(found), project=project, by=by)
        found.delete()
    return True


def forget_host(project: Project, by: User) -> bool:
    """Trust the host's ssh key anew at the next use; False where none was known."""
    with transaction.atomic():
        found = Credential.objects.select_for_update().filter(project=project).exclude(host_keys="").first()
        if found is None:
            return False
        Credential.objects.filter(pk=found.pk).update(host_keys="", host_met_at=None)
        audit.write("forgot", f"ssh host key of {found.host}", project=project, by=by)
    return True


def fits(credential: Credential, source: str) -> bool:
    """Whether it is for this address: git gets it for its own host and protocol only."""
    return protocol(source) == credential.kind and host_of(source) == credential.host


@contextmanager
def opening(project: Project) -> Iterator[SignIn | None]:
    """What opens the project's source, for one piece of git's work; None where nothing does or nothing is needed.

    How that went is noted, and a host that was met for the first time is remembered. Raises SourceError where it is
    sealed with a key that is not here.
    """
    found = Credential.objects.filter(project=project.pk).first() if project.pk else None
    if found is None or not fits(found, project.source):
        yield None
        return
    given = _open(found, project)
    try:
        yield given
    except SourceError as error:
        # A branch that is not there was looked for behind an open door.
        _note(found, given, "" if error.code == "ref-missing" else str(error))
        raise
    else:
        _note(found, given, "")


def _open(row: Credential, project: Project) -> SignIn:
    try:
        values = vault.unseal(row.sealed)
    except vault.Unreadable:
        _note(row, None, _KEY_IS_AWAY)
        raise SourceError("source-unreachable", _KEY_IS_AWAY, "sealed") from None
    if values["for"] != [project.pk, row.kind, row.host]:
        text = "The credential was made for something else than its row says. Put it in again."
        raise SourceError("source-unreachable", text, "sealed")
    folder = Path(settings.DATA_DIR) / "private" / "git"
    return SignIn(row.host, folder, host_keys=row.host_keys, **values["opens"])


def _note(row: Credential, given: SignIn | None, failed: str) -> None:
    """What came of a use. A row that was revoked, or whose host was forgotten meanwhile, is left alone."""
    news: dict[str, Any] = {"used_at": timezone.now(), "failed": clean_line(failed, 600)}
    if given is not None and given.host_keys != row.host_keys:
        news |= {"host_keys": given.host_keys, "host_met_at": timezone.now()}
    if given is not None:
        news["sealed"] = vault.renewed(row.sealed)
    Credential.objects.filter(pk=row.pk, host_keys=row.host_keys).update(**news)


def _put_pair(project: Project, pair: KeyPair, by: User) -> Credential:
    if protocol(project.source) != "ssh":
        text = "The clone URL is not ssh, so no key would be used. Change it to the ssh address first."
        raise Refused("private_key", text)
    shown = {"public_key": pair.public, "hint": fingerprint(pair.public)}
    return _put(project, "ssh", {"private_key": pair.private}, by, **shown)


def _put(project: Project, kind: str, opens: dict[str, str], by: User, **shown: str) -> Credential:
    host = host_of(project.source)
    sealed = vault.seal({"for": [project.pk, kind, host], "opens": opens})
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        before = Credential.objects.filter(project=project).first()
        known = {}
        if before is not None and before.host == host:  # another key, the same host
            known = {"host_keys": before.host_keys, "host_met_at": before.host_met_at}
        Credential.objects.filter(project=project).delete()
        made = Credential.objects.create(
            project=project, kind=kind, host=host, sealed=sealed, made_by=by, made_at=timezone.now(), **shown, **known
        )
        changes = {"secret": ("set" if before else "", "changed" if before else "set"), "shown as": ("", made.hint)}
        audit.write("changed" if before else "added", _named(made), project=project, changes=changes, by=by)
    return made


def _comment(project: Project) -> str:
    return f"remediation-dashboard {project.slug}"


def _named(row: Credential) -> str:
    return f"{row.get_kind_display().lower()} for {row.host}"
