"""A root cause's fingerprint as a row."""

from __future__ import annotations

from remediation.core import fingerprint
from remediation.core.blocker import WHY, is_blocker
from remediation.core.fingerprint import Identified
from remediation.core.wording import facts_of, why_of
from remediation.models import Fingerprint, Ticket

MOVED_FROM = "moved_from"  # in its facts: the key it had before its file was renamed


def fingerprint_row(
    key: str, first: Identified, ticket: Ticket, *, home: Ticket | None = None, moved_from: str = ""
) -> Fingerprint:
    """The row of a readable key, not saved; its facts come from the first occurrence. ``home`` where it is another."""
    error = first.error
    facts: dict[str, object] = {"module": error.module, "name": error.name, "elsewhere": error.elsewhere}
    facts |= {"package": error.package, "declared": error.declared, "known": dict(facts_of(error))}
    facts["why"] = WHY if is_blocker(key) else why_of(error)
    return Fingerprint(
        project=ticket.project,
        version=fingerprint.VERSION,
        key=fingerprint.digest(key),
        readable=key,
        kind=error.kind,
        facts=facts | ({MOVED_FROM: moved_from} if moved_from else {}),
        home=home or ticket,
        ticket=ticket,
    )
