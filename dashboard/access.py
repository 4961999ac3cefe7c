"""Who may see and do what: the only place that decides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from remediation.api_tokens import REACH
from remediation.core.mutes import Until
from remediation.models import (
    RANK,
    ApiToken,
    CollectionPass,
    ConnectionCheck,
    Invitation,
    Membership,
    Outbox,
    Project,
    Receiver,
    Recipient,
    Regrouping,
    SavedView,
    ShareLink,
    TeamStatement,
    Ticket,
    Transition,
    WeeklyReport,
)

Need = Literal["read", "work", "lead"]

_RANK = {"": 0, **RANK}
_NEEDED = {"read": 1, "work": 2, "lead": 3}
_LABEL = re.compile(r"([A-Z]{2,6})-([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Rights:
    """What one person may do in one project; templates ask it, so no button is shown that would be refused.

    ``read``: see it. ``work``: claim, release, sort, mute a ticket for a time, run a pass. ``lead``: settings,
    rules, confirm a pass, assign a ticket, release another's claim, mute for good. ``admin``: everything, and adding
    projects.
    """

    role: str = ""
    admin: bool = False

    @property
    def read(self) -> bool:
        """May see the project."""
        return self.allows("read")

    @property
    def work(self) -> bool:
        """May claim, release and run."""
        return self.allows("work")

    @property
    def lead(self) -> bool:
        """May configure and confirm."""
        return self.allows("lead")

    def allows(self, need: Need) -> bool:
        """Whether the role reaches what is needed."""
        return self.admin or _RANK[self.role] >= _NEEDED[need]


def _rights(user: Any, project: Any) -> Rights:
    """The person's rights in a project that was asked for with their role; none at all for a stranger."""
    if not user.is_authenticated:
        return Rights()
    return Rights(admin=True) if user.is_superuser else Rights(project.role_of_asker or "")


def project_or_404(user: Any, slug: str, need: Need = "read") -> Project:
    """The project, with ``open_tickets``, ``at_work`` and the person's :class:`Rights` as ``rights``. One query.

    Raises Http404 for a project the person may not see, as for one that does not exist, so that names do not
    leak; PermissionDenied (403) for a member whose role does not reach ``need``.
    """
    project = Project.objects.with_role_of(user).with_open_tickets().with_work().filter(slug=slug).first()
    if project is None:
        raise Http404("No such project.")
    rights = _rights(user, project)
    if not rights.read:
        raise Http404("No such project.")
    if not rights.allows(need):
        role = "an engineer" if need == "work" else "a lead"
        raise PermissionDenied(f"Your role in {project.name} is {rights.role}. This needs {role}.")
    project.rights = rights
    return project


def projects_of(user: Any) -> list[Project]:
    """Every project the person may see, by name, each with their :class:`Rights` and its ticket counts. One query."""
    projects = list(Project.objects.visible_to(user).with_role_of(user).with_ticket_counts())
    for project in projects:
        project.rights = _rights(user, project)
    return projects


def project_if_any(user: Any, slug: str) -> Project | None:
    """The project as above where the person may see it, else None: for a page that is of no project."""
    try:
        return project_or_404(user, slug)
    except Http404:
        return None


def ticket_or_404(user: Any, slug: str, label: str, need: Need = "read") -> Ticket:
    """The ticket ``label`` (ATL-12) of a project, with all that its page shows of itself; errors as above."""
    project = project_or_404(user, slug, need)
    match = _LABEL.fullmatch(label)
    if match is None or match[1] != project.key:
        raise Http404("No such ticket.")
    ticket = project.tickets.with_passes().with_blamed().filter(number=int(match[2])).first()
    if ticket is None:
        raise Http404("No such ticket.")
    ticket.project = project
    return ticket


def may_assign(user: Any, project: Project, to: Any, owner: Any) -> None:
    """Raises PermissionDenied unless it is a free ticket for oneself: to give to or take from others needs a lead."""
    if (to != user or owner is not None) and not project.rights.lead:
        raise PermissionDenied(f"Your role in {project.name} is {project.rights.role}. This needs a lead.")


def may_mute(project: Project, until: Until) -> None:
    """Raises PermissionDenied for muting for good, unless it is a lead: engineers set aside for a time."""
    if until.for_good and not project.rights.lead:
        raise PermissionDenied(f"Your role in {project.name} is {project.rights.role}. Muting for good needs a lead.")


def regrouping_if_any(ticket: Ticket, pk: str) -> Regrouping | None:
    """The merge or split of that id, where it concerns this ticket or one that was merged into it."""
    if not pk.isdecimal() or len(pk) > 18:
        return None
    ours = Q(source=ticket) | Q(into=ticket) | Q(source__merged_into=ticket) | Q(into__merged_into=ticket)
    return Regrouping.objects.filter(ours, project=ticket.project, pk=int(pk)).distinct().first()


def note_or_404(user: Any, ticket: Ticket, pk: int) -> Transition:
    """A note of this ticket that the person may withdraw: their own, or anyone's for a lead. Errors as above."""
    found = ticket.transitions.filter(verb="note", pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404("No such note.")
    if found.actor_id != user.pk and not ticket.project.rights.lead:
        raise PermissionDenied("Only who wrote a note, or a lead, can withdraw it.")
    return found


def may_withdraw(user: Any, project: Project, author_id: int | None) -> bool:
    """Whether the person may take a statement out of a report: their own, or anyone's for a lead."""
    return bool(project.rights.lead or author_id == user.pk)


def statement_or_404(user: Any, project: Project, week: str, pk: int) -> TeamStatement:
    """A statement in the report of that week which the person may withdraw. Raises Http404, PermissionDenied."""
    found = project.statements.filter(week=week, pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404("No such statement.")
    if not may_withdraw(user, project, found.author_id):
        raise PermissionDenied("Only who made a statement, or a lead, can withdraw it.")
    found.project = project
    return found


def pass_or_404(user: Any, slug: str, number: int, need: Need = "read") -> CollectionPass:
    """Pass #number of a project; errors as above."""
    project = project_or_404(user, slug, need)
    found = project.passes.filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise Http404("No such pass.")
    found.project = project
    return found


def saved_view_or_404(user: Any, project: Project, pk: str) -> SavedView:
    """One of the person's own views of this project's tickets. Raises Http404 for another person's."""
    own = SavedView.objects.filter(user=user, project=project)
    found = own.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 10 else None
    if found is None:
        raise Http404("No such view.")
    return found


def membership_if_any(project: Project, pk: str) -> Membership | None:
    """One of the project's own memberships; None for another project's, and for one that has just ended."""
    return _own(project.memberships.select_related("user"), pk)


def invitation_if_any(project: Project, pk: str) -> Invitation | None:
    """One of the project's own invitations; None as above."""
    return _own(project.invitations.all(), pk)


def _own(rows: Any, pk: str) -> Any:
    return rows.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 18 else None


def check_or_404(user: Any, pk: int) -> ConnectionCheck:
    """A check of a connection: an administrator's, as the project that it is for. Raises PermissionDenied, Http404."""
    admin_only(user)
    found = ConnectionCheck.objects.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404("No such check; each is kept for a day.")
    return found


def check_of(project: Project, pk: int) -> ConnectionCheck:
    """A check of this project's connection. Raises Http404 for another project's, and for one that is forgotten."""
    found = project.checks.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404("No such check; each is kept for a day.")
    return found


def shared_project(link: ShareLink | None) -> Project | None:
    """The project that an address without an account shows; None where there is none of them."""
    return Project.objects.filter(pk=link.project_id).first() if link else None


def receiver_if_any(project: Project, pk: int) -> Receiver | None:
    """One of the project's receivers of messages; None where another lead has removed it meanwhile."""
    return Receiver.objects.select_related("project").filter(project=project, pk=pk).first() if pk < 2**63 else None


def message_if_any(project: Project, pk: int) -> Outbox | None:
    """A message to one of the project's receivers; None where it is forgotten, a week after it arrived."""
    return Outbox.objects.filter(receiver__project=project, pk=pk).first() if pk < 2**63 else None


def weekly_report_if_any(project: Project, label: str) -> WeeklyReport | None:
    """The draft or final of one of the project's weeks; None where there is none of it."""
    found = project.weekly_reports.filter(label=label).first() if len(label) == 8 and label.isascii() else None
    if found is not None:
        found.project = project
    return found


def recipient_if_any(project: Project, pk: int) -> Recipient | None:
    """One of the project's recipients of reports; None where they left meanwhile."""
    rows = Recipient.objects.select_related("project", "user").filter(project=project)
    return rows.filter(pk=pk).first() if pk < 2**63 else None


def admin_only(user: Any) -> None:
    """Raises PermissionDenied unless the person is an administrator."""
    if not user.is_superuser:
        raise PermissionDenied("Only an administrator may do this.")


def may_call(token: ApiToken, scope: str) -> None:
    """Raises PermissionDenied unless the token's scope reaches what is asked for."""
    if REACH[token.scope] < REACH[scope]:
        raise PermissionDenied(f"This token has the scope {token.scope}. This needs {scope}: make another token.")


def reached_by(token: ApiToken, slug: str) -> Any:
    """The token's owner, for whom a project is then asked for. Raises Http404 where the token is for another one."""
    if token.project is not None and token.project.slug != slug:
        raise Http404("No such project.")
    return token.owner


def api_projects_of(token: ApiToken) -> list[Project]:
    """Every project that the token reaches, by name, each with its owner's :class:`Rights`. One query."""
    return [project for project in projects_of(token.owner) if token.project_id in {None, project.pk}]


def api_token_or_404(user: Any, pk: int, *, anyones: bool = False) -> ApiToken:
    """One of the person's own tokens; ``anyones``: for an administrator. Raises Http404, PermissionDenied."""
    if anyones:
        admin_only(user)
    rows = ApiToken.objects.select_related("owner", "project", "revoked_by")
    found = (rows if anyones else rows.filter(owner=user)).filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404("No such token.")
    return found


def safe_next(request: HttpRequest, wanted: str, default: str) -> str:
    """``wanted`` where it is an address of this site, else ``default``."""
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=hosts, require_https=request.is_secure()):
        return wanted
    return default
