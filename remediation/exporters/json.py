"""A report as JSON. ``format`` is 1; a key may be added to it, none is renamed or given another meaning.

``period``: label, start, end. ``title``. ``base``, ``before``, ``last``: passes {number, at, commit, total, tests,
environment, scope}, null where there is none. ``counted``: whether the period has a counted pass. ``ledger`` and
``since_base``: {before, cleared, hidden, unmasked, new, regressed, after} or null. ``reductions``: the percentages
with their arithmetic. ``categories``, ``remaining``, ``resolved``, ``came_back``, ``hidden``, ``silenced``,
``deleted``, ``passes``, ``pace``: lists. What was not counted is null, never 0.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from remediation.core import report_words
from remediation.core.report import Report
from remediation.core.trend import Point

FORMAT = 1


def export(report: Report) -> str:
    """The document, indented, with a newline at its end."""
    return json.dumps(_document(report), ensure_ascii=False, indent=1) + "\n"


def _document(report: Report) -> dict[str, Any]:
    facts = report.facts
    return {
        "format": FORMAT,
        "project": report.project,
        "built": _iso(report.built),
        "period": {
            "label": report.period.label,
            "start": _iso(report.period.start),
            "end": _iso(report.period.end),
        },
        "title": report_words.title(report),
        "counted": report.now is not None,
        "base": _pass(report.base),
        "before": _pass(report.before),
        "last": _pass(report.last),
        "ledger": asdict(report.ledger) if report.ledger else None,
        "since_base": asdict(report.since_base) if report.since_base else None,
        "reductions": report_words.reductions(report),
        "categories": [
            {"name": line.layer.name, "base": line.base, "before": line.before, "last": line.now, "impact": line.impact}
            for line in report.categories
        ],
        "remaining": [asdict(row) for row in facts.remaining],
        "resolved": [asdict(row) for row in facts.resolved],
        "came_back": [asdict(row) for row in facts.came_back],
        "hidden": [asdict(row) for row in facts.hidden],
        "silenced": [{"how": how, "files": files} for how, files in facts.silenced],
        "deleted": list(facts.deleted),
        "changes": list(facts.changes),
        "passes": [{"outcome": point.outcome, **(_pass(point) or {})} for point in report.passes],
        "pace": [{**asdict(row), "net": row.net} for row in report.pace],
        "forecast": facts.forecast,
        "not_said": report_words.not_said(report),
    }


def _pass(point: Point | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {
        "number": point.number,
        "at": _iso(point.at),
        "commit": point.commit,
        "total": point.total,
        "tests": point.tests,
        "environment": point.environment,
        "scope": point.scope,
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
