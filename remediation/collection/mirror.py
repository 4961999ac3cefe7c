"""A bare mirror of a project's repository that we own, and the questions a pass asks it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from remediation.collection import fetching
from remediation.collection.entries import BLOB_MODES, Entry, entries_of, whole_tree
from remediation.collection.git import GitEnd, git_command, git_environment, kill_group, run_git
from remediation.collection.sign_in import Given
from remediation.collection.source import SourceError, check_ref, check_source
from remediation.core.text import clean_line

__all__ = ["Commit", "Mirror", "SourceError", "check_ref", "check_source"]

_HEX = re.compile(r"[0-9a-f]{7,40}")
_FORMAT = "--format=%H%x00%s%x00%an%x00%ae%x00%ct%x00"
_RENAME_LIMIT = 1_000  # files on either side compared by content; beyond it git finds exact renames only
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: 40-hex ``sha``, one-line texts, ``committed_at`` aware in UTC."""

    sha: str
    subject: str
    author_name: str
    author_email: str
    committed_at: datetime


class Mirror:
    """A bare repository at ``path`` that follows ``source``; what it holds stays readable when the source is gone.

    Every method that reads raises SourceError "ref-missing", "commit-missing" or "timeout".
    """

    def __init__(self, path: Path, source: str, allow_local: bool = False, *, timeout: float = 120) -> None:
        self.path = path
        self.source = source
        self.allow_local = allow_local
        self.timeout = timeout  # seconds that each question may take
        self._positions: tuple[str, dict[str, int]] = ("", {})
        self._tree: tuple[str, tuple[Entry, ...]] = ("", ())

    def fetch(self, timeout: float = 120, limit_bytes: int = fetching.LIMIT_BYTES, given: Given = None) -> None:
        """Bring heads and tags up to date, creating the mirror when it is new.

        Raises SourceError "source-refused", "source-unreachable", "timeout" or "too-large".
        """
        fetching.fetch(self.path, check_source(self.source, allow_local=self.allow_local), timeout, limit_bytes, given)

    def default_branch(self, timeout: float = 60, given: Given = None) -> str:
        """The branch the source calls its default. Raises SourceError "ref-missing" when it names none."""
        return fetching.default_branch(check_source(self.source, allow_local=self.allow_local), timeout, given)

    def resolve(self, ref: str) -> str:
        """The 40-hex commit of a branch, a tag, a full id or an abbreviated one (7 digits or more)."""
        name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        check_ref(name)
        candidates = [f"refs/heads/{name}", f"refs/tags/{name}"] if name == ref else [ref]
        if _HEX.fullmatch(ref):
            # A full id is an id even where a branch bears the same name; a short one gives way to names.
            candidates = [ref] if len(ref) == 40 else [*candidates, ref]
        for candidate in candidates:
            end = self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}", check=False
            )
            if end.returncode == 0:
                return end.stdout.decode().strip()
        raise self._missing(ref)

    def commit(self, sha: str) -> Commit:
        """What is known about one commit."""
        return self._commits("--max-count=1", "--no-walk", self.resolve(sha), "--")[0]

    def first_parents(self, ref: str, limit: int | None = None) -> list[str]:
        """The ref's first-parent line, newest first, at most ``limit`` commits."""
        bound = [] if limit is None else [f"--max-count={max(0, limit)}"]
        return self._git("rev-list", "--first-parent", *bound, self.resolve(ref)).stdout.decode().split()

    def position(self, ref: str, sha: str) -> int | None:
        """Index of a commit on the ref's first-parent line, the root being 1; None when it is off that line."""
        tip = self.resolve(ref)
        if self._positions[0] != tip:
            line = self.first_parents(tip)
            self._positions = (tip, {commit: len(line) - index for index, commit in enumerate(line)})
        return self._positions[1].get(self.resolve(sha))

    def contained_from(self, ref: str, sha: str) -> int | None:
        """Index of the first commit on the ref's first-parent line that contains ``sha``; None while none does."""
        own = self.position(ref, sha)
        if own is not None:
            return own
        line = self.first_parents(ref)[::-1]
        if not line or not self.is_ancestor(sha, line[-1]):
            return None
        # What one commit of the line contains, all later ones do.
        return bisect_left(line, True, key=lambda commit: self.is_ancestor(sha, commit)) + 1

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """True when ``ancestor`` is contained in ``descendant`` (or is the same commit)."""
        end = self._git("merge-base", "--is-ancestor", self.resolve(ancestor), self.resolve(descendant), check=False)
        if end.returncode not in (0, 1):
            raise SourceError("commit-missing", f"The history between the two commits is incomplete: {_last(end)}")
        return end.returncode == 0

    def tree(self, sha: str) -> tuple[Entry, ...]:
        """Every path of the commit. Raises SourceError "source-refused" for a path that no checkout may contain.

        The last one is kept: the steps of one pass ask for one commit's tree again and again.
        """
        if self._tree[0] != sha:
            commit = self.resolve(sha)
            listing = self._git("ls-tree", "-r", "-z", "-l", "--full-tree", commit).stdout
            self._tree = (commit, whole_tree(listing))
        return self._tree[1]

    def read(self, sha: str, path: str, limit: int = 1 << 20) -> bytes | None:
        """One regular file's content, or None when the commit has no such file or it is larger than ``limit`` bytes."""
        return self.read_many(sha, [path], limit).get(path)

    def read_many(self, sha: str, paths: Sequence[str], limit: int = 1 << 20) -> dict[str, bytes]:
        """The contents of those of ``paths`` that are regular files of at most ``limit`` bytes; one git for all."""
        wanted = {path for path in paths if not any(part in ("", ".", "..") for part in path.split("/"))}
        if not wanted:
            return {}  # git would take these for the whole tree, or for something outside it
        names = [os.fsdecode(path.encode("utf-8", "surrogateescape")) for path in sorted(wanted)]
        listing = self._git("ls-tree", "-z", "-l", "--full-tree", self.resolve(sha), "--", *names).stdout
        entries = [e for e in entries_of(listing) if e.path in wanted and e.mode in BLOB_MODES and 0 <= e.size <= limit]
        contents = self.blobs([entry.sha for entry in entries]) if entries else iter(())
        return {entry.path: content for entry, (_, content) in zip(entries, contents, strict=True)}

    def blobs(self, shas: Iterable[str], timeout: float = 600) -> Iterator[tuple[str, bytes]]:
        """(sha, content) of each blob in the order asked, through one git process.

        Raises SourceError "commit-missing" at the first object that is absent or no blob.
        """
        with tempfile.TemporaryFile() as wanted:
            wanted.write("".join(f"{sha}\n" for sha in shas).encode())
            wanted.seek(0)
            process = subprocess.Popen(  # noqa: S603  (a fixed program; only 40-hex ids are written to it)
                git_command(self.path, ["cat-file", "--batch", "--buffer"]),
                stdin=wanted,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=git_environment(),
                cwd="/",
                start_new_session=True,
            )
            try:
                yield from _batch(process)
            finally:
                kill_group(process)

    def renames(self, before: str, after: str) -> dict[str, str]:
        """Old path to new path of the files git takes for renamed (half of the content alike)."""
        try:
            return self._renames(before, after, "--find-renames=50%")
        except SourceError:
            # Likeness needs contents, which a partial clone may lack; equal contents need ids only.
            return self._renames(before, after, "--find-renames=100%")

    def _renames(self, before: str, after: str, likeness: str) -> dict[str, str]:
        fields = self._diff(before, after, likeness, f"-l{_RENAME_LIMIT}", "--diff-filter=R", "--name-status")
        return dict(zip(fields[1::3], fields[2::3], strict=True))

    def deleted(self, before: str, after: str) -> list[str]:
        """Paths of the earlier commit that are neither in the later one nor, by equal content, under a new name there.

        Likeness is left out on purpose: it needs contents, and a file that was also renamed is asked by ``renames``.
        """
        return self._diff(before, after, "--find-renames=100%", f"-l{_RENAME_LIMIT}", "--diff-filter=D", "--name-only")

    def changed(self, before: str, after: str) -> list[str]:
        """Paths that differ between two commits, sorted as git sorts."""
        return self._diff(before, after, "--no-renames", "--name-only")

    def log_between(
        self, before: str, after: str, paths: Sequence[str], limit: int, *, line: bool = False
    ) -> list[Commit]:
        """Commits in ``after`` and not in ``before`` that touch one of ``paths`` (any, when empty), newest first.

        ``before`` "": in ``after`` at all. ``line``: of its first-parent line only, so that a merge stands for what it
        brought, with the time when it came.
        """
        span = f"{self.resolve(before)}..{self.resolve(after)}" if before else self.resolve(after)
        names = [os.fsdecode(path.encode("utf-8", "surrogateescape")) for path in paths]
        options = [f"--max-count={max(0, limit)}", *(["--first-parent"] if line else [])]
        return self._commits(*options, span, "--", *names)

    def added(self, sha: str, path: str) -> Commit | None:
        """The newest commit up to ``sha`` that added the path; None where none did."""
        name = os.fsdecode(path.encode("utf-8", "surrogateescape"))
        found = self._commits("--max-count=1", "--diff-filter=A", "--no-renames", self.resolve(sha), "--", name)
        return found[0] if found else None

    def _diff(self, before: str, after: str, *options: str) -> list[str]:
        commits = (self.resolve(before), self.resolve(after))
        output = self._git("diff-tree", "-r", "-z", "--no-ext-diff", "--no-textconv", *options, *commits).stdout
        return [part.decode("utf-8", "surrogateescape") for part in output.split(b"\0") if part]

    def _commits(self, *arguments: str) -> list[Commit]:
        output = self._git("log", "-z", "--no-show-signature", "--encoding=UTF-8", _FORMAT, *arguments).stdout
        # Five fields, each closed by NUL, and one NUL of -z between two commits.
        fields = output.decode("utf-8", "replace").split("\0")
        return [_commit(fields[start : start + 5]) for start in range(0, len(fields) - 5, 6)]

    def _missing(self, ref: str) -> SourceError:
        shown = clean_line(ref, 80)
        if _HEX.fullmatch(ref):
            return SourceError(
                "commit-missing", f"There is no commit {shown} in the mirror. Fetch, or push the commit to the source."
            )
        return SourceError("ref-missing", f"There is no branch or tag “{shown}”. Choose another ref in the settings.")

    def _git(self, *arguments: str, check: bool = True) -> GitEnd:
        if not (self.path / "HEAD").is_file():
            raise SourceError("ref-missing", "The source was never fetched. Fetch it first.")
        end = run_git(self.path, *arguments, timeout=self.timeout)
        if check and end.returncode:
            raise SourceError("commit-missing", f"git could not read the mirror: {_last(end)}")
        return end


def _last(end: GitEnd) -> str:
    return clean_line(end.stderr.strip().rpartition("\n")[2], 200) or f"status {end.returncode}"


def _commit(fields: Sequence[str]) -> Commit:
    sha, subject, name, email, seconds = fields
    try:
        committed_at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):  # a commit may carry any number as its time
        committed_at = datetime.fromtimestamp(0, UTC)
    return Commit(sha, clean_line(subject), clean_line(name, 100), clean_line(email, 200), committed_at)


def _batch(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    stream = process.stdout
    assert stream is not None
    while header := stream.readline():
        fields = header.split()
        if len(fields) != 3 or fields[1] != b"blob":
            raise SourceError(
                "commit-missing", f"The mirror lacks an object of the commit: {clean_line(header.decode(), 80)}"
            )
        size = int(fields[2])
        content = stream.read(size)
        if len(content) != size or stream.read(1) != b"\n":
            raise SourceError("commit-missing", "git ended in the middle of an object; the mirror may be damaged.")
        yield fields[0].decode(), content
