"""The notices of one person as lines of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remediation.core.notices import sentence
from remediation.models import Notice, User
from remediation.telling.links import notice_path

MOST = 100
_ICONS = {
    "assigned": ("s-claimed", ""),
    "regressed": ("s-regressed", "bad"),
    "still-seen": ("s-failed", "bad"),
    "claim-flagged": ("s-awaiting", "warn"),
    "released": ("s-open", ""),
    "verified": ("s-verified", "good"),
    "note": ("i-tick", ""),
    "pass": ("s-blocked", "bad"),
    "report": ("s-awaiting", "warn"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One notice: its sentence, what it is about, and where that stands."""

    notice: Notice
    text: str
    detail: str
    href: str
    link: str
    icon: str
    tone: str


def lines_of(person: User) -> tuple[Sequence[Line], bool]:
    """The last notices, newest first, and whether there are older ones. One query."""
    found = list(Notice.objects.seen_by(person).listed()[: MOST + 1])
    return [_line(notice) for notice in found[:MOST]], len(found) > MOST


def _line(notice: Notice) -> Line:
    icon, tone = _ICONS.get(notice.kind, ("s-open", ""))
    data = notice.data
    link = str(data.get("label") or f"Pass #{data.get('number')}")
    detail = str(data.get("title") or data.get("reason") or "")
    return Line(notice, sentence(notice.kind, data), detail, notice_path(notice), link, icon, tone)
