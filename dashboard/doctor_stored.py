"""The checks of `manage.py doctor` that look at what people have stored."""

from __future__ import annotations

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.timesince import timesince

from dashboard.findings import FAIL, OK, WARN, Finding
from remediation import operations, vault
from remediation.collection.source import holds_password
from remediation.models import Backup, Credential, Project, WeeklyReport


def credentials() -> Finding:
    """What opens private repositories can be opened itself, worked the last time, and stands in no address."""
    found = list(Credential.objects.filter(project__deleted_at=None).select_related("project").order_by("project"))
    if shut := [one.project.slug for one in found if not _opens(one)]:
        text = f"{', '.join(shut)}: cannot be opened, the key that sealed it is not here"
        return Finding(
            FAIL, "credentials", text, f"bring back private/{vault.FILE} or CREDENTIAL_KEYS, or put it in again"
        )
    sources = Project.objects.filter(source__contains="@").order_by("slug").values_list("slug", "source")
    if told := [slug for slug, source in sources if holds_password(source)]:
        text = f"the address of {', '.join(told)} holds a user name or password"
        return Finding(WARN, "credentials", text, "take it out in the settings, and put it under Credentials")
    if failed := [one for one in found if one.failed]:
        text = "; ".join(f"{one.project.slug}: {one.failed}" for one in failed)
        return Finding(WARN, "credentials", f"{len(failed)} of {len(found)} failed last: {text}"[:400], "test it there")
    if not found:
        return Finding(OK, "credentials", "none is stored")
    used = sum(one.used_at is not None for one in found)
    return Finding(OK, "credentials", f"{len(found)} stored, {used} used so far")


def backup() -> Finding:
    """There is a backup that is young enough. One that nobody could find is no warning of ours."""
    last, now = Backup.objects.first(), timezone.now()
    remedy = "run manage.py backup FOLDER, every night"
    if last is None:
        return Finding(WARN, "backup", "none was ever made", remedy)
    size, age = (said.replace("\xa0", " ") for said in (filesizeformat(last.bytes), timesince(last.at, now, depth=1)))
    text = f"the last is {age} old, {size}"
    return Finding(WARN, "backup", text, remedy) if operations.late(last, now) else Finding(OK, "backup", text)


def reports() -> Finding:
    """Every draft that should have become final by itself has."""
    rows = WeeklyReport.objects.filter(state="draft", project__deleted_at=None).exclude(trouble="")
    stuck = list(rows.order_by("project__slug", "end").values_list("project__slug", "label", "trouble"))
    if not stuck:
        return Finding(OK, "reports", "no draft is held up")
    named = "; ".join(f"{slug} {label}: {trouble}" for slug, label, trouble in stuck)
    text = f"{len(stuck)} cannot be made final: {named}"[:400]
    remedy = "mend the cause (manage.py rebuild PROJECT counts again); each is tried every ten minutes"
    return Finding(WARN, "reports", text, remedy)


def _opens(row: Credential) -> bool:
    try:
        vault.unseal(row.sealed)
    except vault.Unreadable:
        return False
    return True
