"""What git says of the commits in which people say tickets are fixed; asked by the worker, kept as a fact."""

from __future__ import annotations

from remediation.collection.mirror import SourceError
from remediation.models import FixMark, Project
from remediation.passes.workshop import Workshop

_MOST = 50  # marks asked about for one pass


def follow_marks(project: Project, workshop: Workshop, branch: str) -> None:
    """Find the commits that marks name, and where the watched line contains them. What git does not know waits.

    A pass that is recorded already was not asked, and is never asked again: what is known counts from the next one on.
    """
    recorded = project.passes.deciding().in_commit_order().only("pk").last()
    open_marks = FixMark.objects.filter(ticket__project=project, contained_from=None).exclude(named="")
    standing = open_marks.exclude(ticket__status="verified").order_by("-pk")[:_MOST]
    for mark in standing:
        try:
            mark.commit = mark.commit or workshop.mirror.resolve(mark.named)
            found = workshop.mirror.contained_from(branch, mark.commit)
        except SourceError:
            continue
        place = None if found is None else found + project.position_offset
        # Not save(): a ticket, and its marks with it, may be gone by now, and that must not cost the pass.
        FixMark.objects.filter(pk=mark.pk).update(commit=mark.commit, contained_from=place, known_after=recorded)
