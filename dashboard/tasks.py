"""Celery's entry point of what needs the site: reports are drafted and made final."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from dashboard import finals, sending
from remediation import reporting


@shared_task
def issue_reports() -> None:
    """Every minute: draft the weeks that have ended, and make final what is due. Any number may run at once."""
    now = timezone.now()
    reporting.draft_due(now)
    if finals.release_due(now):
        sending.deliver_soon()
