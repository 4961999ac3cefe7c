"""The tables. What every column means exactly stands beside it; constraints live in the database."""

from remediation.models.api_tokens import ApiToken, KeyedPass, TokenUse
from remediation.models.attribution import Attribution
from remediation.models.audit import AuditLine
from remediation.models.categories import Category, CategoryCount, CategoryRule, RuleSet
from remediation.models.checks import ConnectionCheck
from remediation.models.credentials import Credential
from remediation.models.files import FileState, TestFile
from remediation.models.grouping import Regrouping
from remediation.models.mutes import Mute
from remediation.models.notices import Notice, NoticeChoice
from remediation.models.operations import Backup, Retention
from remediation.models.outbox import Delivery, Outbox, Receiver
from remediation.models.ownership import BlamedFiles, OwnersFile
from remediation.models.passes import Chapter, CollectionPass, Rename, Result, Scope
from remediation.models.people import RANK, GitIdentity, Invitation, Membership, Remembered, SavedView, Session, User
from remediation.models.projects import Project
from remediation.models.reports import Recipient, ReportFile, ReportPlan, WeeklyReport
from remediation.models.sharing import ShareLink
from remediation.models.statements import TeamStatement
from remediation.models.tickets import Fingerprint, FixMark, Occurrence, Ticket, Transition
from remediation.models.work import Rebuild

__all__ = [
    "RANK",
    "ApiToken",
    "Attribution",
    "AuditLine",
    "Backup",
    "BlamedFiles",
    "Category",
    "CategoryCount",
    "CategoryRule",
    "Chapter",
    "CollectionPass",
    "ConnectionCheck",
    "Credential",
    "Delivery",
    "FileState",
    "Fingerprint",
    "FixMark",
    "GitIdentity",
    "Invitation",
    "KeyedPass",
    "Membership",
    "Mute",
    "Notice",
    "NoticeChoice",
    "Occurrence",
    "Outbox",
    "OwnersFile",
    "Project",
    "Rebuild",
    "Receiver",
    "Recipient",
    "Regrouping",
    "Remembered",
    "Rename",
    "ReportFile",
    "ReportPlan",
    "Result",
    "Retention",
    "RuleSet",
    "SavedView",
    "Scope",
    "Session",
    "ShareLink",
    "TeamStatement",
    "TestFile",
    "Ticket",
    "TokenUse",
    "Transition",
    "User",
    "WeeklyReport",
]
