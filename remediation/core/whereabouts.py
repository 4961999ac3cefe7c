"""What a pass and git say of the tree: which files are there, renamed, deleted, or under no pattern any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from remediation.core.records import FileResult, PassResult
from remediation.core.silence import LEFT, RENAMED, SERVING, UNMATCHED, matches, reason_of

REASON = 300  # characters of a file's reason that are stored


@dataclass(frozen=True, slots=True)
class TreeChange:
    """What git says became of files between two commits: ``renames`` {old path: new path}, and ``deleted`` paths.

    ``deleted`` None: nobody was asked, and a file that is in no inventory any more is taken for deleted.
    """

    renames: Mapping[str, str] = field(default_factory=dict)
    deleted: frozenset[str] | None = None


@dataclass(frozen=True)
class Seen:
    """One counted pass: its facts, the git renames since the counted pass before it, and a lead's word.

    ``deleted`` as in :class:`TreeChange`. Of thousands of files each is looked up here, so sets are made once.
    """

    result: PassResult
    renames: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = False
    deleted: frozenset[str] | None = None

    @cached_property
    def inventory(self) -> frozenset[str]:
        """The tracked files that match the patterns of this pass."""
        return frozenset(self.result.inventory)

    @cached_property
    def present(self) -> frozenset[str]:
        """Every path that the pass itself knows."""
        return self.inventory | {file.path for file in self.result.files}

    @cached_property
    def _new_names(self) -> frozenset[str]:
        return frozenset(self.renames.values())

    def is_deleted(self, path: str) -> bool:
        """Whether a file that the inventory does not know left the tree; it may merely match no pattern any more."""
        if path in self.inventory or path in self._new_names:
            return False
        if path in self.renames and self.renames[path] not in self.inventory:
            return False  # likeness is enough: git lists a file as deleted that was renamed and changed
        if self.deleted is not None:
            return path in self.deleted
        if PurePosixPath(path).name != "__init__.py":
            return True
        # In the inventory only while it fails, so its absence proves nothing as long as files stand below it.
        below = str(PurePosixPath(path).parent) + "/"
        return below != "./" and not any(file.startswith(below) for file in self.inventory)

    def is_unmatched(self, path: str) -> bool:
        """Whether a file is in the tree, and the patterns of this pass do not match it."""
        asked = self.deleted is not None and path.endswith(".py") and bool(self.result.patterns)
        return asked and not self.is_deleted(path) and not matches(path, self.result.patterns)


def carried_renames(seen: Seen, files: Mapping[str, FileResult], known: frozenset[str]) -> dict[str, str]:
    """The renames that carry what is known of a file to its new path; ``known`` are the paths of pairs.

    The new name may match no pattern: the file is silenced there, and not gone.
    """
    present = seen.present

    def carries(old: str, new: str) -> bool:
        # A file that was there before cannot be a rename's new name; carrying two histories to it would lose one.
        if old in present or new in files:
            return False
        name = PurePosixPath(new).name
        away = PurePosixPath(old).name not in SERVING and (old in files or old in known)
        return new in present or name == "__init__.py" or away

    return {old: new for old, new in seen.renames.items() if carries(old, new)}


def left_files(
    seen: Seen, files: Mapping[str, FileResult], erring: frozenset[str], renames: Mapping[str, str]
) -> dict[str, FileResult]:
    """Files that the pass does not know though git has them, each with its reason: they stay in the inventory.

    ``files`` are the last states under the new names of ``renames``; ``erring`` the paths with an error, visible
    or hidden. A file that never gave a test and has no error is nobody's loss.
    """
    present, origin = seen.present, {new: old for old, new in renames.items()}
    left: dict[str, FileResult] = {}
    for path in sorted({*files, *erring} - present):
        file = files.get(path)
        loss = path in erring or (file is not None and file.code != "empty")
        if PurePosixPath(path).name in SERVING or not loss:
            continue
        if file is not None and file.why in LEFT:
            if not seen.is_deleted(path):
                left[path] = file
        elif path in origin:
            left[path] = FileResult(path, "not-reached", reason=_was(origin[path], file), why=RENAMED)
        elif seen.is_unmatched(path):
            reason = f"the patterns are {' '.join(seen.result.patterns)}"
            left[path] = FileResult(path, "not-reached", reason=reason[:REASON], why=UNMATCHED)
    return left


def _was(old: str, file: FileResult | None) -> str:
    tests = f", {file.tests} test{'s' if file.tests != 1 else ''}" if file and file.tests else ""
    return f"was {old}{tests}"[:REASON]


def was(file: FileResult, path: str) -> bool:
    """Whether a file that was renamed away had this path before."""
    return file.why == RENAMED and file.reason.partition(", ")[0] == f"was {path}"[:REASON]


def file_reason(path: str, files: Mapping[str, FileResult], seen: Seen) -> str:
    """How an error ended in a file that has no error now: fixed, deleted, masked, silenced or not-seen."""
    file = files.get(path)
    if file is None and seen.is_deleted(path):
        return "deleted"
    if PurePosixPath(path).name in SERVING and (file is None or file.state == "not-reached"):
        return _serving_reason(path, files)
    if file is None:
        return "not-seen"
    return reason_of(file) or ("fixed" if file.state == "collected" else "not-seen")


def _serving_reason(path: str, files: Mapping[str, FileResult]) -> str:
    """A conftest or a package gives no tests: it works when a test file below it was imported."""
    folder = str(PurePosixPath(path).parent)
    below = [f for f in files.values() if folder == "." or f.path.startswith(folder + "/")]
    if any(f.state in {"collected", "error", "skipped", "deselected"} for f in below):
        return "fixed"
    reasons = {reason_of(file) for file in below}
    if not reasons or "not-seen" in reasons:
        return "not-seen"
    return "masked" if "masked" in reasons else "silenced"
