"""A root cause's fingerprint as a row."""

from __future__ import annotations

from remediation.core import fingerprint
from remediation.core.fingerprint import Identified
from remediation.core.wording import facts_of
from remediation.models import Fingerprint, Ticket

MOVED_FROM = "moved_from"  # in its facts: the key whose ticket it has, because its file was renamed


def fingerprint_row(key: str, first: Identified, ticket: Ticket, moved_from: str = "") -> Fingerprint:
    """The row of a readable key, not saved; its facts come from the first occurrence."""
    error = first.error
    facts: dict[str, object] = {"module": error.module, "name": error.name, "elsewhere": error.elsewhere}
    facts |= {"package": error.package, "declared": error.declared, "known": dict(facts_of(error))}
    return Fingerprint(
        project=ticket.project,
        version=fingerprint.VERSION,
        key=fingerprint.digest(key),
        readable=key,
        kind=error.kind,
        facts=facts | ({MOVED_FROM: moved_from} if moved_from else {}),
        ticket=ticket,
    )
