"""Whom to ask about tickets, as the repository and git say at a pass's commit; asked by the worker, kept as facts."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC

from django.db.models import F
from django.utils import timezone

from remediation import owners
from remediation.collection.blaming import last_touch, line_author
from remediation.collection.mirror import Commit, Mirror, SourceError
from remediation.core import fingerprint
from remediation.core.blamed_files import Knower, asked_paths, folders_of, likeliest_first, watched_paths
from remediation.core.blocker import identify_blocker
from remediation.core.classify import Classified
from remediation.core.text import clean_text
from remediation.models import BlamedFiles, CollectionPass, Occurrence, OwnersFile, Project, Ticket
from remediation.passes.attributing import attribute
from remediation.passes.workshop import Workshop
from remediation.querysets import LONG_TEXTS

MOST = 40  # tickets that are asked about after one pass, the largest first; the next pass asks about others
MOST_CLAIMED = 200
SECONDS = 30.0  # that all questions of one pass may take
_QUESTION = 5.0  # seconds of one of them
_FILES = 50  # of one ticket
_PEOPLE = 3

log = logging.getLogger(__name__)


def follow_people(pass_id: int, workshop: Workshop, branch: str) -> None:
    """Keep the commit's CODEOWNERS, and for new tickets who may know; look for commits on the files of claimed ones.

    After the pass is recorded: whatever goes wrong here costs it nothing, and the next pass asks again.
    """
    try:
        row = CollectionPass.objects.select_related("project", "result", "scope").defer(*LONG_TEXTS).get(pk=pass_id)
        if row.commit and row.state == "ended":
            _Asking(row, workshop, branch).all()
    except Exception:
        log.exception("pass %s: whom to ask about its tickets is not known", pass_id)


class _Asking:
    """The questions of one pass, within its time."""

    def __init__(self, collection_pass: CollectionPass, workshop: Workshop, branch: str) -> None:
        self.row = collection_pass
        self.project: Project = collection_pass.project
        source = workshop.mirror
        self.mirror = Mirror(source.path, source.source, source.allow_local, timeout=_QUESTION)
        self.branch = branch
        self.until = time.monotonic() + SECONDS

    def all(self) -> None:
        """Everything, the cheapest first."""
        file = self._owners_file()
        CollectionPass.objects.filter(pk=self.row.pk).update(owners_file=file)
        last = self.project.passes.deciding().in_commit_order().values_list("pk", flat=True).last()
        if self.row.pk == last:  # what an older commit says of people is no longer so
            self._new_tickets(file)
            self._owners_again(file)
        self._touched()
        attribute(self.project, self.mirror, self.until)

    def _owners_file(self) -> OwnersFile:
        """The commit's CODEOWNERS, stored once; a row without a path where it has none."""
        found = self.mirror.read_many(self.row.commit, owners.PLACES, owners.LARGEST)
        path = next((place for place in owners.PLACES if place in found), "")
        text = clean_text(found[path].decode("utf-8", "replace"), owners.LARGEST) if path else ""
        read = owners.read(text)
        facts = {
            "path": path,
            "content": text,
            "rules": len(read.rules),
            "ignored": [list(one) for one in read.ignored],
        }
        digest = hashlib.sha256(f"{path}\0{text}".encode()).hexdigest()
        return OwnersFile.objects.get_or_create(project=self.project, digest=digest, defaults=facts)[0]

    def _new_tickets(self, file: OwnersFile) -> None:
        """Those about which nobody has asked yet; claimed ones first, for a commit on their files is a sign of life."""
        standing = Ticket.objects.standing().filter(project=self.project, blamed=None).exclude(errors=0, blocking="")
        order = (F("claimed_at").desc(nulls_last=True), "-errors", "number")
        tickets = list(standing.select_related("blocked_pass").order_by(*order)[:MOST])
        errors = self._errors(tickets) if tickets else {}
        if not errors:
            return
        entries = {entry.path for entry in self.mirror.tree(self.row.commit)}
        folders = {folder for path in entries for folder in folders_of(path)}
        for ticket in tickets:
            if ticket.pk in errors and time.monotonic() < self.until:
                self._keep(ticket, errors[ticket.pk], file, entries, folders)

    def _errors(self, tickets: Sequence[Ticket]) -> dict[int, list[Classified]]:
        """The tickets' errors in this pass, of at most _FILES files each; only these are classified."""
        found: dict[int, list[Classified]] = defaultdict(list)
        if (error := self.row.blocking_error) is not None:
            here = [ticket for ticket in tickets if ticket.blocked_pass_id == self.row.pk]
            return {ticket.pk: [identify_blocker(error).error] for ticket in here}
        if self.row.result is None:
            return {}
        of_key: dict[str, int] = {}
        paths: set[str] = set()
        for ticket in tickets:
            seen = Occurrence.objects.visible().filter(fingerprint__ticket=ticket).order_by("pk")
            for key, path in seen.values_list("fingerprint__readable", "file__path")[:_FILES]:
                of_key[key] = ticket.pk
                paths.add(path)
        result = self.row.result.unpack()
        wanted = replace(result, errors=tuple(error for error in result.errors if error.path in paths))
        for (_, key), identified in sorted(fingerprint.identify(wanted).items()):
            if key in of_key:
                found[of_key[key]].append(identified.error)
        return found

    def _keep(
        self, ticket: Ticket, errors: Sequence[Classified], file: OwnersFile, entries: set[str], folders: set[str]
    ) -> None:
        ini = str(self.row.scope.facts.get("ini") or "") if self.row.scope else ""
        roots = tuple(map(str, self.project.detected.get("source_roots") or ()))
        paths = dict.fromkeys(path for error in errors for path in asked_paths(error, roots, ini))
        asked = likeliest_first(list(paths)[:_FILES], folders)
        people = self._people(errors[0], asked, entries)
        facts = {
            "asked": list(asked),
            "watched": list(watched_paths(errors, asked)),
            "people": [asdict(one) for one in people],
            "seen_commit": self.row.commit,
            **_owned(file, asked),
        }
        BlamedFiles.objects.update_or_create(ticket=ticket, defaults=facts)

    def _people(self, error: Classified, asked: Sequence[str], entries: set[str]) -> list[Knower]:
        """Who touched what is to blame, and who wrote the line that fails; each person once."""
        found: list[Knower] = []
        there = next((path for path in asked if path in entries), "")
        for path in [there] if there else asked:
            if touch := self._ask(last_touch, path):
                found.append(_knower(touch, path, "file" if there else "gone"))
                break
        frame = error.cause.blame
        if frame and frame.path in entries and (wrote := self._ask(line_author, frame.path, frame.line)):
            found.append(_knower(wrote, frame.path, "line", frame.line))
        return list({one.email or one.name: one for one in reversed(found)}.values())[::-1][:_PEOPLE]

    def _ask(self, question: Callable[..., Commit | None], *about: object) -> Commit | None:
        """git's answer; None where it has none, or takes too long."""
        try:
            return question(self.mirror, self.row.commit, *about)
        except SourceError:
            return None

    def _owners_again(self, file: OwnersFile) -> None:
        """Where the file is another than when a ticket's owner was read: read it again."""
        standing = BlamedFiles.objects.filter(ticket__in=Ticket.objects.standing().filter(project=self.project))
        rows = list(standing.exclude(owners_file=file))
        for row in rows:
            for name, value in _owned(file, row.asked).items():
                setattr(row, name, value)
        BlamedFiles.objects.bulk_update(
            rows, ["owners_file", "owners", "owners_line", "owners_place", "owned_path"], batch_size=500
        )

    def _touched(self) -> None:
        """The last commit on each claimed ticket's files: on the watched ref, or of this pass where it is off it."""
        tip = self.mirror.resolve(self.branch)
        claimed = Ticket.objects.standing().filter(project=self.project, claimed_by__isnull=False)
        rows = BlamedFiles.objects.filter(ticket__in=claimed).order_by("-ticket__claimed_at")
        for row in rows[:MOST_CLAIMED]:
            if time.monotonic() > self.until:
                return
            on_ref, off_ref = row.seen_commit != tip, self.row.position is None
            paths = self._watched(row) if on_ref or off_ref else []
            commits = self._log(row.seen_commit, tip, paths, line=True) if on_ref else []
            if off_ref:
                commits += self._log(tip, self.row.commit, paths)
            _note(row, commits, tip)

    def _watched(self, row: BlamedFiles) -> list[str]:
        """The files to blame, and those that the ticket blocks now: more may have come since somebody asked."""
        seen = Occurrence.objects.visible().filter(fingerprint__ticket=row.ticket_id).order_by("pk")
        return list(dict.fromkeys([*row.watched, *seen.values_list("file__path", flat=True)[:_FILES]]))

    def _log(self, before: str, after: str, paths: Sequence[str], *, line: bool = False) -> list[Commit]:
        try:
            return self.mirror.log_between(before, after, paths, 1, line=line) if paths else []
        except SourceError:  # history was rewritten, or it takes too long: what is not known is no sign
            return []


def _note(row: BlamedFiles, commits: Sequence[Commit], tip: str) -> None:
    changes: dict[str, object] = {"seen_commit": tip}
    newest = max(commits, key=lambda commit: commit.committed_at, default=None)
    if newest is not None:
        at = min(newest.committed_at, timezone.now())  # a clock that is ahead gives no time in advance
        if row.touched_at is None or at > row.touched_at:
            changes |= {"touched_at": at, "touched_commit": newest.sha, "touched_by": newest.author_name}
    BlamedFiles.objects.filter(pk=row.pk).update(**changes)


def _owned(file: OwnersFile, asked: Sequence[str]) -> Mapping[str, object]:
    found = owners.owned(file.content, asked) if file.path else owners.Owned("")
    return {
        "owners_file": file,
        "owners": list(found.owners),
        "owners_line": found.line,
        "owners_place": file.path,
        "owned_path": found.path,
    }


def _knower(commit: Commit, path: str, how: str, line: int | None = None) -> Knower:
    at = commit.committed_at.astimezone(UTC).isoformat()
    return Knower(commit.author_name, commit.author_email.lower(), at, commit.sha, path, how, line)
