"""What is done with accounts, memberships and invitations; each call is one transaction."""

from remediation.people.accounts import (
    activate,
    add_identity,
    claims_of,
    deactivate,
    forget,
    remove_identity,
    rename,
    seen_authors,
    set_password,
    sign_out,
)
from remediation.people.invitations import DAYS, accept, find, invite, register, revoke
from remediation.people.members import change_role, members_of, remove
from remediation.refusals import Refused

__all__ = [
    "DAYS",
    "Refused",
    "accept",
    "activate",
    "add_identity",
    "change_role",
    "claims_of",
    "deactivate",
    "find",
    "forget",
    "invite",
    "members_of",
    "register",
    "remove",
    "remove_identity",
    "rename",
    "revoke",
    "seen_authors",
    "set_password",
    "sign_out",
]
