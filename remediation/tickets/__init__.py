"""What people do with a ticket: claim, assign, mute, sort it, write notes, name a fix. Closing is not among them."""

from remediation.refusals import Refused
from remediation.tickets.claims import Claim, assign, assignable, claim, release
from remediation.tickets.fixing import mark_fixed
from remediation.tickets.keeping import CLAIM_FLAGGED, renew, tend_claims
from remediation.tickets.muting import end_mutes, mute, unmute
from remediation.tickets.notes import note, withdraw
from remediation.tickets.several import Outcome, assign_each, claim_each, release_each, sort_each
from remediation.tickets.sorting import set_category
from remediation.tickets.stating import Stated, Statement, state

__all__ = [
    "CLAIM_FLAGGED",
    "Claim",
    "Outcome",
    "Refused",
    "Stated",
    "Statement",
    "assign",
    "assign_each",
    "assignable",
    "claim",
    "claim_each",
    "end_mutes",
    "mark_fixed",
    "mute",
    "note",
    "release",
    "release_each",
    "renew",
    "set_category",
    "sort_each",
    "state",
    "tend_claims",
    "unmute",
    "withdraw",
]
