"""What the page of one ticket shows: the root cause, what it blocks and hides, what would repair it, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator

from dashboard import sparklines, ticket_fix, ticket_history
from dashboard.beside import Beside
from dashboard.templatetags.figures import day
from dashboard.ticket_causes import causes_of
from dashboard.ticket_evidence import SEEN, Evidence, evidence_of
from dashboard.ticket_files import FOLD_FROM, GROUPS, FileRow, file_rows, folders, hidden_by
from dashboard.ticket_intervals import intervals_within, occurrences_of
from dashboard.ticket_like import known_causes_of, similar_to, unmasked_by
from dashboard.ticket_reproduce import reproduce
from dashboard.whom_to_ask import whom_to_ask
from remediation.core.classify import KINDS
from remediation.core.headline import Standing, headline
from remediation.core.shares import share
from remediation.core.silence import SERVING
from remediation.hidden_tests import impact_of
from remediation.models import CollectionPass, FixMark, Ticket

FILES_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way from seen to verified. ``state``: "done", "now" or "" (not yet)."""

    name: str
    state: str
    note: str


def build(ticket: Ticket, around: Beside, query: Mapping[str, str]) -> dict[str, Any]:
    """The context of the page; ``query`` chooses the page of its files. The facts of one pass are opened, once."""
    project, axis = ticket.project, around.axis
    known = known_causes_of(ticket)
    occurrences = occurrences_of(ticket, axis)
    last = project.passes.counted().in_commit_order().select_related("result", "scope").only(*SEEN).last()
    evidence = evidence_of(ticket, occurrences, last)
    impact, blocked_files = impact_of(ticket)
    files = file_rows(occurrences, evidence.lines if evidence else {}, blocked_files)
    blocked = sorted({row.path for row in files if row.group == "blocked"})
    shown = Paginator(files, FILES_PER_PAGE).get_page(query.get("files"))
    standing = _standing(ticket, evidence, blocked)
    total = last.total if last else None
    return {
        "evidence": evidence,
        "kind_words": KINDS.get(ticket.kind, ""),
        "headline": headline(ticket.title, ticket.kind, standing),
        "steps": _steps(ticket, files),
        "files": files,
        "shown": shown,
        "every": _every(files),
        "hides": any(row.tests is not None for row in files),
        "groups": {name: sum(row.group == name for row in files) for name in GROUPS},
        "hidden_by": hidden_by(occurrences),
        "folders": folders(shown) if len(files) >= FOLD_FROM else None,
        "fix": _fix(ticket, evidence),
        "reproduce": reproduce(project, evidence, blocked, whole=ticket.blocking == "all"),
        "spark": sparklines.draw(axis, intervals_within(axis, occurrences), 312, 64),
        "drawn": axis.only,
        "total": total,
        "last": last,
        "share": share(ticket.errors, total),
        "impact": impact,
        "causes": causes_of(ticket, known, occurrences, evidence.whys if evidence else None),
        "unmasked_by": unmasked_by(ticket, occurrences),
        "similar": similar_to(ticket, known),
        "released_from": _released_from(ticket),
        "whom": whom_to_ask(ticket) if ticket.status != "verified" else None,
        **ticket_history.build(ticket, whole=query.get("history") == "whole", joined=known.joined),
        "mark": _unanswered(ticket, last),
        "mute": ticket.mutes.filter(ended_at=None).select_related("actor").last() if ticket.status == "muted" else None,
        **around.neighbours(ticket),
    }


def _unanswered(ticket: Ticket, last: CollectionPass | None) -> FixMark | None:
    """The mark that waits though a pass was counted since it was said; one query while the ticket waits."""
    mark = ticket.marks.last() if ticket.status == "awaiting" else None
    answered = last is not None and mark is not None and last.pk != mark.after_id
    return mark if answered else None


def _standing(ticket: Ticket, evidence: Evidence | None, blocked: Sequence[str]) -> Standing:
    verified = ticket.verified_pass.number if ticket.status == "verified" and ticket.verified_pass else None
    return Standing(
        files=len(blocked),
        tests_only=not any(path.rpartition("/")[2] in SERVING for path in blocked),
        direct=evidence is not None and evidence.direct,
        hidden=ticket.hidden_errors,
        blocking=ticket.blocking,
        verified=verified,
    )


def _fix(ticket: Ticket, evidence: Evidence | None) -> Any:
    """The likely fix while there is something to repair; a verified ticket shows what happened instead."""
    if evidence is None or ticket.status == "verified":
        return None
    return ticket_fix.suggest(ticket.project, evidence.seen_in, evidence.error, evidence.tree)


def _steps(ticket: Ticket, files: Sequence[FileRow]) -> list[Step]:
    """Seen, claimed, fix pushed, verified: from what is stored, never from a guess."""
    verified, marked = ticket.status == "verified", bool(ticket.marked_fixed_in)
    first, owner = ticket.first_pass, ticket.claimed_by
    claimed = f"{day(ticket.claimed_at)}, {owner.label}" if owner else "nobody"
    return [
        Step("Seen", "done", f"{day(first.effective_at)}, #{first.number}" if first else ""),
        Step("Claimed", ("done" if verified or marked else "now") if owner else "", claimed),
        Step("Fix pushed", ("done" if verified else "now") if marked else "", _fix_note(ticket, files)),
        Step("Verified by a pass", "done" if verified else "", _verified_note(ticket)),
    ]


def _fix_note(ticket: Ticket, files: Sequence[FileRow]) -> str:
    gone, deleted = (sum(row.group == name for row in files) for name in ("gone", "deleted"))
    parts = [f"{number:,} {word}" for number, word in ((gone, "gone"), (deleted, "deleted")) if number]
    said = f"{', '.join(parts)} of {_every(files):,} files" if 0 < gone + deleted < _every(files) else ""
    if not ticket.marked_fixed_in:
        return said or "no commit named"
    return said or f"in {ticket.marked_fixed_in[:9]}"


def _every(files: Sequence[FileRow]) -> int:
    """Files the ticket ever blocked; one that moved goes on under its new name."""
    return sum(row.group != "moved" for row in files)


def _verified_note(ticket: Ticket) -> str:
    before, back = ticket.verified_pass, ticket.regressed_pass
    if ticket.status == "verified" and before:
        return f"{day(before.effective_at)}, #{before.number}"
    if ticket.status == "regressed" and before and back:
        return f"#{before.number}, back at #{back.number}"
    return "not yet"


def _released_from(ticket: Ticket) -> datetime | None:
    """The earliest time at which a flagged claim is released; None where it never is."""
    days = ticket.project.release_claims_after
    return ticket.flagged_at + timedelta(days=days) if ticket.flagged_at and days else None
