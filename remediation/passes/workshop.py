"""Where a project's passes keep their things on disk: mirror, blobs, tree, environments, byte-code."""

from __future__ import annotations

import functools
import logging
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from remediation import credentials
from remediation.collection import environment, removal
from remediation.collection.mirror import Mirror, SourceError
from remediation.models import AuditLine, Project

log = logging.getLogger(__name__)

_RECENT = 30  # passes whose environments are kept


def check_root(pk: int) -> Path:
    """Where a check of a connection keeps its things, until a project takes them over."""
    return Path(settings.DATA_DIR) / "checks" / str(pk)


def clear_deleted() -> None:
    """Remove from this machine what deleted projects have fetched and built.

    Named by the audit log, not found as "unknown": a project that is being added has a folder before it has a row.
    """
    folder = Path(settings.DATA_DIR) / "projects"
    here = {int(place.name) for place in folder.iterdir() if place.name.isdigit()} if folder.is_dir() else set()
    deleted = AuditLine.objects.filter(verb="deleted", object="project", project_id__in=here)
    gone = set(deleted.values_list("project_id", flat=True))
    for pk in gone - set(Project.objects.filter(pk__in=gone).values_list("pk", flat=True)):
        try:
            removal.remove(folder / str(pk))
        except OSError:  # a worker is still at it; it looks again at its own end
            log.warning("project %s is deleted, its folder could not be removed yet", pk)


class Workshop:
    """The directories of one project below DATA_DIR; never shared between projects."""

    def __init__(self, project: Project, root: Path | None = None) -> None:
        self.project = project
        self.root = root or Path(settings.DATA_DIR) / "projects" / str(project.pk)

    def adopt(self) -> None:
        """Take over what the check of the connection fetched and built, where that was on this machine."""
        if self.root.exists():
            return
        for pk in self.project.checks.filter(state="ended").values_list("pk", flat=True)[:1]:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # it was on another machine
                check_root(pk).rename(self.root)

    @functools.cached_property
    def mirror(self) -> Mirror:
        """The bare mirror; git never runs anywhere else."""
        self.root.mkdir(parents=True, exist_ok=True)
        return Mirror(self.root / "mirror.git", self.project.source, self.project.source_is_local)

    def follow(self, wanted: str = "") -> str:
        """Bring the mirror up to date and return the watched branch. Raises SourceError.

        A full commit id that the mirror holds needs no source: a replay of fifty commits fetches once.
        """
        if len(wanted) == 40 and self.project.detected.get("branch"):
            try:
                self.mirror.resolve(wanted)
            except SourceError:
                pass
            else:
                return self._known_branch()
        with credentials.opening(self.project) as given:
            self.mirror.fetch(given=given)
            return self.project.ref if self.project.ref != "HEAD" else self.mirror.default_branch(given=given)

    def _known_branch(self) -> str:
        return self.project.ref if self.project.ref != "HEAD" else str(self.project.detected["branch"])

    def position(self, branch: str, sha: str, *, at_tip: bool) -> int | None:
        """Place of a commit in the project's order: its first-parent index, or None off the ref.

        When the branch was rewritten, a new tip would land among older passes; positions then go on after
        the last one (``position_offset``), because what is watched now comes later, whatever its index.
        """
        index = self.mirror.position(branch, sha)
        if index is None:
            return None
        project = self.project
        last = project.passes.filter(position__isnull=False, state="ended").in_commit_order().last()
        place = index + project.position_offset
        if at_tip and last and place <= last.position and sha != last.commit and not self._contains(sha, last.commit):
            project.position_offset += last.position + 1 - place
            project.save(update_fields=["position_offset"], force_update=True)
            place = index + project.position_offset
        return place

    def _contains(self, sha: str, earlier: str) -> bool:
        try:
            return self.mirror.is_ancestor(earlier, sha)
        except SourceError:
            return False  # the old commit is gone altogether

    @property
    def blobs(self) -> Path:
        """Content-addressed files of every commit seen."""
        return self._made("blobs")

    @property
    def tree(self) -> Path:
        """Where a commit is laid out: one constant path, because byte-code holds the path of its source."""
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root / "checkout"

    @property
    def work(self) -> Path:
        """Scratch of the running pass."""
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root / "work"

    @property
    def environments(self) -> Path:
        """Built environments, one directory each, named by the hash of what they were built from."""
        return self._made("environments")

    def bytecode(self, key: str) -> Path:
        """The byte-code of one environment; warm across passes, never shared."""
        return self._made(f"bytecode/{key}")

    @property
    def searched(self) -> Path:
        """What the last pass found out about names in the commit's files; may be lost at any time."""
        return self.root / "searched.json"

    def tidy(self) -> None:
        """Remove environments and byte-code that none of the last passes used; each may take hundreds of megabytes."""
        recent = self.project.passes.exclude(environment_key="").order_by("-number")
        keep = set(recent.values_list("environment_key", flat=True)[:_RECENT])
        if not keep:
            return
        environment.prune(self.environments, keep)
        for folder in self._made("bytecode").iterdir():
            if folder.name not in keep:
                removal.remove(folder)

    def _made(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path
