"""What the team states for the report of a week: stated, and withdrawn, while the week's report is no final one."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from remediation import audit
from remediation.core.statement_line import StatementLine
from remediation.core.text import clean_line
from remediation.core.week_facts import WeekFact
from remediation.models import Project, TeamStatement, User, WeeklyReport
from remediation.refusals import Refused

__all__ = ["LONGEST", "Refused", "lines_of", "state", "withdraw"]

LONGEST = 500  # characters
MOST = 50  # of one week


def lines_of(project: Project, week: str) -> tuple[StatementLine, ...]:
    """What stands in the report of a week, in the order in which it was stated. One query."""
    rows = TeamStatement.objects.filter(project=project, week=week, withdrawn_at__isnull=True)
    return tuple(
        StatementLine(row.pk, row.text, row.author_name, row.author_id or 0, row.made_at, row.fact, row.fact_words)
        for row in rows
    )


def state(project: Project, week: str, user: User, text: str, fact: WeekFact | None = None) -> bool:
    """Store a statement; False where the same person has stated the same already.

    ``fact``: what it rests on, as passes show it now. Raises Refused for an empty or too long text, for the fifty-first
    of a week, and where the week's report is final.
    """
    said = clean_line(text.strip(), LONGEST + 1)
    if not said:
        raise Refused("text", "Write something first.")
    if len(text.strip()) > LONGEST or len(said) > LONGEST:
        raise Refused("text", f"A statement has at most {LONGEST} characters; this one has {len(text.strip()):,}.")
    with transaction.atomic():
        # Two people count the week's statements one after the other; a report that becomes final waits, too.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        _refuse_final(project, week)
        standing = TeamStatement.objects.filter(project=project, week=week, withdrawn_at__isnull=True)
        if standing.filter(author=user, text=said).exists():
            return False
        if standing.count() >= MOST:
            raise Refused("", f"The week has {MOST} statements already. Withdraw one first.")
        TeamStatement.objects.create(
            project=project,
            week=week,
            text=said,
            author=user,
            author_name=user.label,
            made_at=timezone.now(),
            fact=fact.code if fact else "",
            fact_words=clean_line(fact.words, 200) if fact else "",
        )
        audit.write("stated", f"for the report of {week}", project=project, changes={"statement": ("", said)}, by=user)
    return True


def withdraw(statement: TeamStatement, user: User) -> bool:
    """Take a statement out of its report; False where that was done already. Raises Refused where it is final."""
    with transaction.atomic():
        _refuse_final(statement.project, statement.week)
        standing = TeamStatement.objects.filter(pk=statement.pk, withdrawn_at__isnull=True)
        done = standing.update(withdrawn_at=timezone.now())
        if done:
            changes = {"statement": (statement.text, "")}
            what = f"from the report of {statement.week}"
            audit.write("withdrew", what, project=statement.project, changes=changes, by=user)
    return bool(done)


def _refuse_final(project: Project, week: str) -> None:
    """The report's row is held, so that it cannot become final before what is written here is in it."""
    report = WeeklyReport.objects.select_for_update().filter(project=project, label=week).first()
    if report is not None and report.final:
        raise Refused("", f"The report of {week} is final. What it says can no longer change.")
