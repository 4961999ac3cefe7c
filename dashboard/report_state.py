"""What became of a week's report: draft or final, by whom, to whom it goes, and whether its numbers still hold."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings

from dashboard.finals import PAGE
from dashboard.reports import report_of
from remediation import reporting
from remediation.exporters import json as as_json
from remediation.models import Project, ReportFile, WeeklyReport
from remediation.reporting import period_of


def of_draft(draft: WeeklyReport) -> dict[str, Any]:
    """What stands above a draft. Two queries more for a lead, who is told to whom it goes."""
    project = draft.project
    told = audience(project) if project.rights.lead else ""
    return {"row": draft, "due": reporting.due_at(draft), "audience": told}


def of_final(final: WeeklyReport, now: datetime) -> dict[str, Any]:
    """What a final's page shows: its stored words, and one sentence where today's numbers are others."""
    stored = {file.format: bytes(file.content) for file in final.files.filter(format__in=[PAGE, "json"])}
    return {
        "row": final,
        "title": final.title,
        "stored": stored[PAGE].decode(),
        "differs": differs(final, stored["json"], now),
    }


def file_of(final: WeeklyReport, format: str) -> ReportFile:
    """One of a final's files."""
    return final.files.get(format=format)


def differs(final: WeeklyReport, stored: bytes, now: datetime) -> str:
    """In one sentence, what today's history says other than a final; "" where it has the same numbers."""
    try:
        report = report_of(final.project, period_of(final), now)
    except ArithmeticError:
        return "What this week's numbers are now does not add up, and the log says more."
    if _numbers(json.loads(as_json.export(report))) == _numbers(json.loads(stored)):
        return ""
    return "The history of this week has changed since, so its numbers would be others now."


def audience(project: Project) -> str:
    """Who is told of a final: "3 people by mail, the chat and 1 webhook"."""
    people = len(reporting.recipients_of(project)) if settings.MAIL else 0
    listeners = reporting.listeners_of(project)
    hooks = sum(one.kind == "webhook" for one in listeners)
    parts = [f"{people} {'person' if people == 1 else 'people'} by mail"] if people else []
    parts += ["the chat"] if len(listeners) > hooks else []
    parts += [f"{hooks} webhook{'' if hooks == 1 else 's'}"] if hooks else []
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _numbers(document: dict[str, Any]) -> dict[str, Any]:
    """What was counted, without names and owners: a ticket that changes hands changes no number."""
    kept = {name: document[name] for name in ("base", "before", "last", "ledger", "since_base", "counted")}
    return kept | {
        "categories": sorted(line["last"] for line in document["categories"] if line["last"]),
        "passes": [row["total"] for row in document["passes"]],
    }
