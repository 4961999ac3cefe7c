"""What each test file gave when it last collected, and what its source defines while it is blocked."""

from __future__ import annotations

from collections.abc import Mapping

from remediation.core.records import FileResult
from remediation.core.whereabouts import Seen
from remediation.core.written import BLOCKED
from remediation.models import CollectionPass, Project, TestFile
from remediation.projections.rows import set_columns

Counts = tuple[int | None, int | None, int | None]  # written, gave, id of the pass in which it gave them

_NOTHING: Counts = (None, None, None)


class FileCounts:
    """The counts of one project's files, kept in step with the fold. ``files``: path to id, as the writer grows it."""

    def __init__(self, project: Project, files: Mapping[str, int]) -> None:
        self.files = files
        rows = TestFile.objects.filter(project=project).exclude(written=None, gave=None)
        self.known: dict[str, Counts] = {
            path: (written, gave, gave_in)
            for path, written, gave, gave_in in rows.values_list("path", "written", "gave", "gave_in")
        }

    def write(
        self,
        before: Mapping[str, FileResult],
        changed: Mapping[str, FileResult | None],
        seen: Seen,
        last: CollectionPass | None,
    ) -> None:
        """Take in one more counted pass; ``last`` is the one before it, which left the files as ``before`` says.

        A file that git renamed goes on with the counts of its old path.
        """
        now = {file.path: file for file in seen.result.files}
        origin = {new: old for old, new in seen.renames.items() if new not in before and old not in now}
        blocked = {path for path, file in now.items() if file.state in BLOCKED}
        rows = []
        for path in sorted({*changed, *blocked}):
            old = path if path in before else origin.get(path, path)
            counts = self._counts(path, old, before.get(old), now.get(path), last)
            if counts != self.known.get(path, _NOTHING):
                self.known[path] = counts
                rows.append((self.files[path], *counts))
        set_columns(TestFile, {"written": "bigint", "gave": "bigint", "gave_in_id": "bigint"}, rows)

    def _counts(
        self, path: str, old: str, was: FileResult | None, file: FileResult | None, last: CollectionPass | None
    ) -> Counts:
        _, gave, gave_in = self.known.get(path, _NOTHING)
        if gave is None:
            _, gave, gave_in = self.known.get(old, _NOTHING)
        if was is not None and last is not None and was.state == "collected" and was.tests:
            gave, gave_in = was.tests, last.pk
        return file.written if file is not None and file.state in BLOCKED else None, gave, gave_in
