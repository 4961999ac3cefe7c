"""Letting go of what no count, ticket, history or report needs, some of it at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from remediation import checks, operations, outbox
from remediation.models import CollectionPass, Notice

BATCH = 500  # rows of one tick and kind: the dispatcher has other work


def keep(now: datetime) -> dict[str, int]:
    """Let go of what is older than its days; rows by what they were. What is left over goes at the next tick.

    Passes, results, counts, tickets, histories, rules, the audit log and reports are never touched.
    """
    set_to = operations.retention()
    days = {name: timedelta(days=getattr(set_to, name)) for name in operations.DAYS}
    return {
        "checks": checks.forget(days["checks"]),
        "messages": outbox.forget(days["sent"], days["lost"], BATCH),
        "notices": _notices(now - days["notices"]),
        "output": _output(now - days["output"]),
    }


def _notices(before: datetime) -> int:
    """Read, or never meant for the site, and not waiting to be mailed."""
    old = Notice.objects.filter(Q(read_at__isnull=False) | Q(shown=False), at__lt=before, mail_at=None)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:BATCH])
    gone, _ = Notice.objects.filter(pk__in=ids).delete()
    return gone


def _output(before: datetime) -> int:
    """What pytest and uv printed, but of the last pass of a project: it is looked at when nothing runs any more."""
    later = CollectionPass.objects.filter(project=OuterRef("project"), number__gt=OuterRef("number"), state="ended")
    old = CollectionPass.objects.filter(~Q(output_tail="") | ~Q(install_log=""), Exists(later), ended_at__lt=before)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return CollectionPass.objects.filter(pk__in=ids).update(output_tail="", install_log="")
