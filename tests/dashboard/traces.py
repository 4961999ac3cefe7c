"""What each changing route of the site leaves behind when it succeeds: how a test makes it succeed, or why nothing is.

A route that changes something and stands in neither list fails ``test_permissions.py``. ``DEEDS`` says who sends
what; ``test_traces.py`` sends it and looks for a line of the audit log or of a ticket's history. ``LEAVE_NOTHING``
names the others, each with its reason, and ``ELSEWHERE`` those whose line another test looks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.utils import timezone

from dashboard.first_link import issue_link
from remediation import grouping, operations, passes, people, reporting, sharing, statements, tickets
from remediation.core.mutes import Until
from remediation.models import (
    ApiToken,
    CollectionPass,
    Membership,
    Receiver,
    Recipient,
    Regrouping,
    WeeklyReport,
)
from remediation.reporting import weeks_of
from tests.dashboard.cast import Cast
from tests.dashboard.programs import made

LEAVE_NOTHING = {
    "account_login": "whoever signs in is seen by their session; what fails is written by the sign-in itself",
    "logout": "ends one's own session",
    "notices": "notes that the person has read their own notices",
    "notice-choices": "a person's own choice of what they are told",
    "notices-stop": "ends one person's own mail, by the link in it",
    "profile-sessions": "ends one's own sessions",
    "mfa_authenticate": "the second half of signing in",
    "account_reauthenticate": "asks once more who is there",
    "mfa_reauthenticate": "asks once more who is there",
    "sso": "leads to the issuer; an account that is made or connected then has its line",
    "account_reset_password": "sends a link; the new password has its line",
    "profile-email": "sends a link; the confirmed address has its line",
    "message-again": "sends once more what a change had put in; its delivery is listed",
    "saved-views": "a person's own filters, which nobody else sees",
    "project-validate": "stores nothing: it says what would be refused",
    "rules-preview": "stores nothing: it says what would move",
    "pass-conditions": "stores nothing: it compares a pasted log",
    "hook": "a forge's call: the pass itself says that a push started it",
}


# Several requests of one browser belong together there; the file named looks for the line.
ELSEWHERE = {
    "invitation": "test_members.py",
    "tokens": "test_tokens.py",
    "mfa_activate_totp": "test_second_factor.py",
    "mfa_deactivate_totp": "test_second_factor.py",
    "mfa_new_codes": "test_second_factor.py",
    "account_reset_password_from_key": "test_profile.py",
}


@dataclass(frozen=True)
class Deed:
    """``role`` posts ``data`` to the route; ``before`` sets the scene; ``args`` where the matrix's own are not fit."""

    role: str
    data: Mapping[str, Any] | Callable[[Cast], Mapping[str, Any]] = field(default_factory=dict)
    before: Callable[[Cast], Any] | None = None
    args: tuple[object, ...] | Callable[[Cast], tuple[object, ...]] | None = None


def _settings(cast: Cast) -> dict[str, Any]:
    names = ("name", "ref", "key", "interpreter", "install")
    return {name: getattr(cast.project, name) for name in names} | {
        "source": cast.project.source,
        "arguments": "-m core",
        "environment": "",
    }


def _claimed(cast: Cast) -> None:
    cast.client("engineer").post("/p/atlas/t/ATL-1/claim/")


def _muted(cast: Cast) -> None:
    tickets.mute(cast.ticket(), cast.engineer, "Waits for the rewrite", Until())


def _merged(cast: Cast) -> None:
    grouping.merge(cast.ticket(2), cast.ticket(1), cast.lead, "The same.")


def _one_cause(cast: Cast) -> dict[str, Any]:
    return {"cause": cast.project.fingerprints.get(home=cast.ticket(2)).pk, "reason": "Another."}


def _noted(cast: Cast) -> None:
    tickets.note(cast.ticket(), cast.engineer, "Half of it is done.")


def _note(cast: Cast) -> tuple[object, ...]:
    return ("ATL-1", cast.ticket().transitions.get(verb="note").pk)


def _stated(cast: Cast) -> None:
    statements.state(cast.project, "2026-W10", cast.engineer, "Releases go out again")


def _statement(cast: Cast) -> tuple[object, ...]:
    return ("2026-W10", cast.project.statements.get().pk)


def _held(cast: Cast) -> None:
    CollectionPass.objects.filter(project=cast.project, number=1).update(held=True)


def _shared(cast: Cast) -> None:
    sharing.make(cast.project, cast.lead, shows="badge", name="Wiki", days=30, now=timezone.now())


def _drafted(cast: Cast) -> None:
    week = weeks_of(cast.project).named("2026-W10")
    columns = {"label": week.label, "start": week.start, "end": week.end, "zone": "UTC", "drafted_at": week.end}
    WeeklyReport.objects.create(project=cast.project, **columns)


def _recipient(cast: Cast) -> Recipient:
    made = {"address": "board@example.org", "formats": ["pdf"], "made_at": timezone.now()}
    return Recipient.objects.create(project=cast.project, **made)


def _reachable(cast: Cast) -> None:
    cast.viewer.email = "vera@example.org"
    cast.viewer.save()


def _queued(cast: Cast) -> None:
    passes.queue(cast.project, trigger="manual")


def _draft(cast: Cast) -> dict[str, Any]:
    return {"name": "Cirrus", "source": "https://git.example.org/cirrus.git", "time_zone": "UTC", "do": "test"}


def _category(cast: Cast) -> tuple[object, ...]:
    return (cast.project.categories.filter(is_fallback=False).first().pk,)


def _rules(cast: Cast) -> dict[str, Any]:
    category = cast.project.categories.filter(is_fallback=False).first()
    return {"do": "save", "apply": "next", "category": category.name, "kind": "missing-module"}


def _receiver(cast: Cast) -> tuple[object, ...]:
    made = {"style": "webhook", "url": "https://1.1.1.1/x", "events": ["pass.failed"], "made_at": timezone.now()}
    return (Receiver.objects.create(project=cast.project, **made).pk,)


def _link(cast: Cast) -> tuple[object, ...]:
    return (issue_link(settings.DATA_DIR),)


def _engineer(cast: Cast) -> Membership:
    return cast.project.memberships.get(user=cast.engineer)


def _confirmation(cast: Cast) -> tuple[object, ...]:
    address = EmailAddress.objects.create(user=cast.viewer, email="vera@example.org")
    return (EmailConfirmationHMAC(address).key,)


def _invited(cast: Cast) -> None:
    people.invite(cast.project, "viewer", cast.lead)


def _token(cast: Cast) -> None:
    made(cast.viewer)


def _connected(cast: Cast) -> None:
    SocialAccount.objects.create(user=cast.viewer, provider="sso", uid="u-1")


DEEDS = {
    "claim": Deed("engineer"),
    "release": Deed("engineer", before=_claimed),
    "renew": Deed("engineer", before=_claimed),
    "assign": Deed("lead", lambda cast: {"to": cast.engineer.pk, "owner": ""}),
    "mute": Deed("engineer", {"reason": "Waits for the rewrite", "ends": "pass", "number": 9}),
    "unmute": Deed("lead", before=_muted),
    "merge": Deed("engineer", {"into": "ATL-2", "reason": "The same."}),
    "split": Deed("engineer", _one_cause, before=_merged),
    "undo-grouping": Deed("engineer", lambda _: {"said": Regrouping.objects.get().pk}, before=_merged),
    "statement": Deed("engineer", lambda cast: {"solution": "Renamed", "read": tickets.Statement().mark}),
    "note": Deed("engineer", {"text": "Half of it is done."}),
    "withdraw-note": Deed("engineer", before=_noted, args=_note),
    "statements": Deed("engineer", {"text": "Releases go out again", "fact": ""}, args=("2026-W10",)),
    "withdraw-statement": Deed("engineer", before=_stated, args=_statement),
    "mark-fixed": Deed("engineer", {"named": "main"}),
    "ticket-category": Deed("engineer", lambda cast: {"category": cast.project.categories.last().pk}),
    "tickets-together": Deed("engineer", {"ticket": ["1", "2"], "do": "claim"}),
    "run-pass": Deed("engineer"),
    "pass-again": Deed("engineer"),
    "stop-pass": Deed("engineer", before=_queued, args=(2,)),
    "confirm-pass": Deed("lead", before=_held),
    "settings": Deed("lead", _settings),
    "schedule": Deed("lead", {"preset": "0 6 * * 1-5", "time_zone": "UTC", "ref": "HEAD"}),
    "pause": Deed("lead", {"reason": "The CI network moves"}),
    "hook-settings": Deed("lead", {"do": "make"}),
    "report-plan": Deed("lead", {"on": "on", "weekday": "4", "at": "17:00", "release_after": "24"}),
    "report-release": Deed("lead", before=_drafted),
    "report-recipients": Deed("lead", {"address": "board@example.org", "formats": ["pdf"]}),
    "report-recipient": Deed("lead", args=lambda cast: (_recipient(cast).pk,)),
    "report-subscribe": Deed("viewer", {"do": "on"}, before=_reachable),
    "report-stop": Deed("anonymous", args=lambda cast: (reporting.stop_token(_recipient(cast)),)),
    "sharing": Deed("lead", {"shows": "badge", "name": "Wiki", "days": "30"}),
    "share-revoke": Deed("lead", before=_shared, args=lambda cast: (cast.project.share_links.get().pk,)),
    "credentials": Deed("lead", {"do": "token", "user": "ada", "token": "a-token-of-some-length"}),
    "receivers": Deed("lead", {"style": "slack", "url": "https://1.1.1.1/x", "events": ["pass.failed"]}),
    "receiver": Deed("lead", {"do": "remove"}, args=_receiver),
    "rules": Deed("lead", _rules),
    "category": Deed("lead", {"do": "down"}, args=_category),
    "project-new": Deed("admin", _draft),
    "stop-check": Deed("admin"),
    "admin-person": Deed("admin", {"do": "appoint"}, args=lambda cast: (cast.engineer.pk,)),
    "admin-mail": Deed("admin"),
    "admin-retention": Deed("admin", dict.fromkeys(operations.DAYS, 30)),
    "delete-project": Deed("admin", {"typed": "atlas"}, args=("atlas",)),
    "welcome": Deed("anonymous", {"name": "ada", "password": "correct horse battery 9"}, args=_link),
    "members": Deed("lead", {"role": "viewer", "email": ""}),
    "member": Deed("lead", lambda cast: {"member": _engineer(cast).pk, "do": "role", "role": "viewer"}),
    "revoke-invitation": Deed("lead", lambda cast: {"invitation": cast.project.invitations.get().pk}, before=_invited),
    "profile": Deed("viewer", {"display": "Vera Lund"}),  # and single keys off
    "profile-password": Deed("viewer", {"old": "pass-phrase-7", "password": "correct horse battery 9"}),
    "profile-commits": Deed("viewer", {"git_email": "vera@example.org"}),
    "token": Deed("viewer", before=_token, args=lambda _: (ApiToken.objects.get().pk,)),
    "admin-token": Deed("admin", before=_token, args=lambda _: (ApiToken.objects.get().pk,)),
    "profile-sso": Deed("viewer", before=_connected),
    "account_confirm_email": Deed("anonymous", args=_confirmation),
}
