"""Makes a draft final: renders all that is to be kept of it, and sees to those that are due by themselves."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.template.loader import render_to_string

from dashboard import report_page
from dashboard.report_files import render
from dashboard.reports import report_of
from remediation import reporting
from remediation.core import report_words
from remediation.core.report import Report
from remediation.exporters import FORMATS, file_name
from remediation.exporters.json import content_hash
from remediation.exporters.pdf import NotSet
from remediation.models import Project, User, WeeklyReport
from remediation.reporting import File, Made, Unmade

log = logging.getLogger(__name__)
PAGE = "page"  # the format of what stands on a report's page


def release_due(now: datetime) -> int:
    """Make final what is due by itself; returns how many. One that cannot be made holds up no other."""
    done = 0
    for draft in reporting.to_release(now):
        try:
            done += release(draft, None, now) is not None
        except Unmade:
            continue  # its row says why
        except reporting.Refused:
            continue  # a lead was faster
        except Exception:
            log.exception("the report of %s could not be made final", draft)
            reporting.hold(draft, "The dashboard itself failed; its log says more.", now)
    return done


def release(draft: WeeklyReport, by: User | None, now: datetime) -> WeeklyReport | None:
    """Make one draft final, and what cannot be made say why. Raises Refused and Unmade, as reporting.release."""
    try:
        return reporting.release(draft, partial(make, now=now), by, now)
    except Unmade as error:
        log.error("the report of %s could not be made final: %s", draft, error)
        reporting.hold(draft, str(error), now)
        raise


def make(draft: WeeklyReport, now: datetime) -> Made:
    """All formats of a draft as it stands now. Raises Unmade."""
    project = draft.project
    try:
        report = report_of(project, reporting.period_of(draft), now)
        files = [_file(report, format) for format in FORMATS]
    except ArithmeticError as error:
        raise Unmade(f"It does not add up: {error}.") from error
    except NotSet as error:
        raise Unmade(str(error)) from error
    return Made(report, report_words.title(report), content_hash(report), [*files, _page(project, report)])


def _file(report: Report, format: str) -> File:
    return File(format, file_name(report, format), FORMATS[format].content_type, render(report, format))


def _page(project: Project, report: Report) -> File:
    context = {"project": project, **report_page.body(report)}
    body = render_to_string("dashboard/_report_body.html", context)
    return File(PAGE, file_name(report, PAGE), "text/html; charset=utf-8", body.encode())
