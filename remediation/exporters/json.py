"""A report as JSON, as ``report.schema.json`` beside this file describes it.

``format`` is 1; a key may be added to it, none is renamed or given another meaning. What was not counted is null,
never 0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from remediation.core import report_words
from remediation.core.quoted_numbers import Disagreement
from remediation.core.report import Report
from remediation.core.report_numbers import Answers
from remediation.core.statement_line import StatementLine
from remediation.core.trend import Point
from remediation.core.week_facts import measure

FORMAT = 1


def export(report: Report) -> str:
    """The document, indented, with a newline at its end."""
    head = {"format": FORMAT, "hash": content_hash(report), "built": _iso(report.built)}
    return json.dumps(head | _document(report), ensure_ascii=False, indent=1) + "\n"


def content_hash(report: Report) -> str:
    """SHA-256 of all that the report says, in hexadecimal: every format of it bears the same.

    It is of this document without ``format``, ``hash`` and ``built``, with sorted keys and without spaces. When it was
    made is not in it: the same facts give the same hash.
    """
    said = json.dumps(_document(report), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _document(report: Report) -> dict[str, Any]:
    facts, answers = report.facts, Answers(report)
    return {
        "project": report.project,
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
            {
                "name": line.layer.name,
                "base": line.base,
                "before": line.before,
                "last": line.now,
                "impact": line.impact,
                "disagreements": _rows(answers.to(line.impact, line.layer.name)),
            }
            for line in report.categories
        ],
        "remaining": [asdict(row) for row in facts.remaining],
        "resolved": [
            {
                **asdict(row),
                "disagreements": _rows([*answers.to(row.solution, row.label), *answers.to(row.value, row.label)]),
            }
            for row in facts.resolved
        ],
        "came_back": [asdict(row) for row in facts.came_back],
        "hidden": [asdict(row) for row in facts.hidden],
        "silenced": [{"how": how, "files": files} for how, files in facts.silenced],
        "deleted": list(facts.deleted),
        "files": [asdict(row) for row in facts.files],
        "changes": list(facts.changes),
        "passes": [
            {
                "outcome": point.outcome,
                **(_pass(point) or {}),
                "counts": list(point.counts) if point.counts is not None else None,
                "ledger": asdict(point.ledger) if point.ledger else None,
            }
            for point in report.passes
        ],
        "reasons": [{"number": row.number, "outcome": row.outcome, "text": row.text} for row in facts.reasons],
        "pace": [{**asdict(row), "net": row.net} for row in report.pace],
        "forecast": facts.forecast,
        "statements": [_statement(report, row, answers) for row in facts.statements],
        "not_said": report_words.not_said(report),
    }


def _statement(report: Report, row: StatementLine, answers: Answers) -> dict[str, Any]:
    found = measure(report, row, answers)
    return {
        "text": row.text,
        "author": row.author,
        "at": _iso(row.at),
        "measured": found.true,
        "basis": found.words,
        "disagreements": _rows(found.answers),
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


def _rows(answers: Sequence[Disagreement]) -> list[dict[str, str]]:
    return [asdict(answer) for answer in answers]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
