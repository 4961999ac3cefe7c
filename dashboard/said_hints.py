"""What passes say to the numbers in a text, told to its author as it is saved: a hint, never a refusal."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from dashboard.reports import report_of
from remediation.core.report_numbers import Answers
from remediation.core.said_figures import claims
from remediation.models import Project
from remediation.reporting import weeks_of

logger = logging.getLogger(__name__)


def hint(request: HttpRequest, project: Project, texts: Iterable[str], own: str = "") -> None:
    """A message for each figure that this week's report does not bear out; nothing is asked where there is none.

    ``own``: the ticket's label or the category's name that the texts are about.
    """
    written = [text for text in texts if claims(text)]
    if not written:
        return
    now = timezone.now()
    try:
        answers = Answers(report_of(project, weeks_of(project).of(now), now))
    except ArithmeticError:  # the text is saved, and the report says itself that it does not add up
        logger.exception("project %s: no numbers to hold a text against", project.pk)
        return
    for answer in dict.fromkeys(answer for text in written for answer in answers.to(text, own)):
        messages.warning(request, f"{answer.text}.", extra_tags="warn")
