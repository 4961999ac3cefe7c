"""The rows that one counted pass changes: files, their states, occurrences and counts; nothing else is touched."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.db import connection

from remediation.core.fingerprint import Pair
from remediation.core.reconcile import Movement
from remediation.models import (
    CategoryCount,
    CollectionPass,
    FileState,
    Fingerprint,
    Occurrence,
    Project,
    TestFile,
)
from remediation.projections.rows import copy_in, new_ids

if TYPE_CHECKING:
    from remediation.projections.tickets import TicketBook

_OCCURRENCE = (
    "fingerprint_id", "file_id", "appeared_as", "first_pass_id", "closed_pass_id", "close_reason", "settled_pass_id",
    "settlement",
)  # fmt: skip
_CLOSE_STATES = """
UPDATE "remediation_filestate" SET closed_pass_id = %s WHERE closed_pass_id IS NULL AND file_id = ANY(%s)"""
_GIVEN = "unnest(%s::bigint[], %s::bigint[], %s::text[]) AS given(fingerprint_id, file_id, word)"
_SAME = "row.fingerprint_id = given.fingerprint_id AND row.file_id = given.file_id"
_CLOSE = f"""
UPDATE "remediation_occurrence" AS row SET closed_pass_id = %s, close_reason = given.word
FROM {_GIVEN} WHERE {_SAME} AND row.closed_pass_id IS NULL"""  # noqa: S608 (of our own words)
_SETTLE = f"""
UPDATE "remediation_occurrence" AS row SET settled_pass_id = %s, settlement = given.word
FROM {_GIVEN} WHERE {_SAME} AND row.closed_pass_id IS NOT NULL AND row.settled_pass_id IS NULL
AND row.close_reason NOT IN ('fixed', 'deleted', 'moved')"""  # noqa: S608


class Writer:
    """Writes the rows of one project; remembers the ids of its files between passes."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @functools.cached_property
    def files(self) -> dict[str, int]:
        """The id of every file by its path. A pass that repeats the one before it never asks."""
        return dict(TestFile.objects.filter(project=self.project).values_list("path", "pk"))

    def write(
        self, collection_pass: CollectionPass, movement: Movement, fingerprints: Mapping[str, Fingerprint]
    ) -> None:
        """Write what moved. A quiet movement writes nothing."""
        if movement.quiet:
            return
        new = self._add_files(movement)
        self._write_states(collection_pass, movement, new)
        self._close(collection_pass, movement, fingerprints)
        self._open(collection_pass, movement, fingerprints)

    def write_counts(self, collection_pass: CollectionPass, movement: Movement, tickets: TicketBook) -> None:
        """Errors and tickets by category and environment, for every category that has any. They sum to the pass's."""
        causes = Counter((key, identified.error.environment) for (_, key), identified in movement.errors.items())
        errors: Counter[tuple[int, bool]] = Counter()
        seen: dict[tuple[int, bool], set[int]] = {}
        for (key, environment), number in causes.items():
            ticket = tickets.of_key(key)
            group = (ticket.category_id, environment)
            errors[group] += number
            seen.setdefault(group, set()).add(ticket.pk)
        # A ticket with errors of both is one ticket: it stands with the repository's.
        for (category, environment), found in seen.items():
            if environment:
                found.difference_update(seen.get((category, False), ()))
        CategoryCount.objects.bulk_create(
            CategoryCount(
                collection_pass=collection_pass,
                category_id=category,
                environment=environment,
                errors=errors[category, environment],
                tickets=len(seen[category, environment]),
            )
            for category, environment in sorted(errors)
        )

    def _add_files(self, movement: Movement) -> Mapping[str, int]:
        """Rows for files that were never met; returns those."""
        paths = set(movement.files) | {pair[0] for pair in movement.errors}
        paths |= {new[0] for new in movement.moved.values()} | {new[0] for new, _ in movement.hidden_moved.values()}
        missing = sorted(paths - self.files.keys())
        if not missing:
            return {}
        ids = dict(zip(missing, new_ids(TestFile, len(missing)), strict=True))
        rows = ((ids[path], self.project.pk, path, TestFile.digest_of(path)) for path in missing)
        copy_in(TestFile, ("id", "project_id", "path", "digest"), rows)
        self.files.update(ids)
        return ids

    def _write_states(self, collection_pass: CollectionPass, movement: Movement, new: Collection[str]) -> None:
        changed = [self.files[path] for path in movement.files if path not in new]
        if changed:  # as one array: Django would write down a parameter for each of thousands
            with connection.cursor() as cursor:
                cursor.execute(_CLOSE_STATES, [collection_pass.pk, changed])
        rows = (
            (self.files[path], file.code, file.tests, file.reason[:300], collection_pass.pk)
            for path, file in sorted(movement.files.items())
            if file is not None
        )
        copy_in(FileState, ("file_id", "state", "tests", "reason", "first_pass_id"), rows)

    def _close(
        self, collection_pass: CollectionPass, movement: Movement, fingerprints: Mapping[str, Fingerprint]
    ) -> None:
        back = {new: old for old, new in movement.moved.items()}
        closed = dict.fromkeys(movement.moved, "moved")
        closed |= {pair: reason for pair, reason in movement.closed.items() if pair not in back}
        self._end(_CLOSE, collection_pass, closed, fingerprints)
        hidden_back = {new for new, _ in movement.hidden_moved.values()}
        settled = dict.fromkeys(movement.hidden_moved, "moved")
        settled |= {pair: how for pair, how in movement.settled.items() if pair not in hidden_back}
        self._end(_SETTLE, collection_pass, settled, fingerprints)

    def _end(
        self,
        statement: str,
        collection_pass: CollectionPass,
        words: Mapping[Pair, str],
        fingerprints: Mapping[str, Fingerprint],
    ) -> None:
        """Give the standing interval of each pair its word. One statement, or none."""
        if not words:
            return
        causes = [fingerprints[key].pk for _, key in words]
        files = [self.files[path] for path, _ in words]
        with connection.cursor() as cursor:
            cursor.execute(statement, [collection_pass.pk, causes, files, list(words.values())])

    def _open(
        self, collection_pass: CollectionPass, movement: Movement, fingerprints: Mapping[str, Fingerprint]
    ) -> None:
        def row(pair: Pair, how: str, reason: str = "", settlement: str = "") -> tuple[object, ...]:
            closed, settled = collection_pass.pk if reason else None, collection_pass.pk if settlement else None
            file = self.files[pair[0]]
            return fingerprints[pair[1]].pk, file, how, collection_pass.pk, closed, reason, settled, settlement

        rows = [row(pair, how) for pair, how in movement.appeared.items()]
        # A renamed file carries its intervals to the new path; one that ended at once is closed in the same pass.
        rows += [row(new, "moved", movement.closed.get(new, "")) for new in movement.moved.values()]
        rows += [
            row(new, "moved", reason, movement.settled.get(new, "")) for new, reason in movement.hidden_moved.values()
        ]
        # Sorted, so that two writers never wait for each other in a circle.
        rows.sort(key=lambda row: row[:2])
        copy_in(Occurrence, _OCCURRENCE, rows)
