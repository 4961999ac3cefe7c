"""Gathers what the commit says around a ticket's root cause, so that a likely fix can be told from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dashboard import repository
from dashboard.templatetags.figures import day
from remediation.collection.declared import is_declaring
from remediation.core.classify import Classified
from remediation.core.likely_fix import Evidence, Suggestion, likely_fix, paths_of
from remediation.core.records import TreeFacts
from remediation.core.source_names import bases_of, imported_from
from remediation.models import CollectionPass, Project, Rename

_HOPS = 3  # from a class to its bases, and on to theirs
_FILES = 12  # that are read for each of them
_DECLARING = (
    "pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "tox.ini", "requirements.txt", "requirements-test.txt",
    "requirements-tests.txt", "requirements-dev.txt", "test-requirements.txt", "dev-requirements.txt",
    "requirements/base.txt", "requirements/test.txt", "requirements/tests.txt", "requirements/dev.txt",
)  # fmt: skip


def suggest(project: Project, seen_in: CollectionPass, error: Classified, tree: TreeFacts) -> Suggestion | None:
    """What the evidence suggests; only the kinds that need the mirror or the database ask it."""
    roots = tuple(map(str, project.detected.get("source_roots") or ()))
    commit = seen_in.commit
    match error.kind:
        case "wrong-path":
            sources, arrived = _of_place(project, commit, error.elsewhere)
            known = Evidence(seen_in.short_commit, sources=sources, roots=roots, arrived=arrived)
        case "missing-module":
            known = Evidence(
                seen_in.short_commit, renames=_renames(project, paths_of(error.module, roots)), roots=roots
            )
        case "missing-name":
            places = tree.places_of.get((error.module, error.name), ())
            sources = repository.contents(project, commit, places)
            known = Evidence(seen_in.short_commit, places, sources=sources, roots=roots)
        case "missing-dependency":
            sources = repository.contents(project, commit, _declaring(project))
            known = Evidence(sources=sources, looked=tuple(sorted(sources)))
        case "unknown-marker":
            known = Evidence(config=str(seen_in.scope.facts.get("ini") or "") if seen_in.scope else None)
        case "mro-conflict":
            known = Evidence(classes=_classes(project, commit, error, roots))
        case _:
            known = Evidence()
    return likely_fix(error, known)


def _of_place(project: Project, commit: str, path: str) -> tuple[dict[str, bytes], tuple[str, str]]:
    """What stands in the file that a module was found in, and when it came."""
    sources = repository.contents(project, commit, [path] if path else [])
    came = repository.arrival(project, commit, path) if sources else None
    return sources, (day(came.committed_at), came.sha[:9]) if came else ("", "")


def _renames(project: Project, olds: Iterable[str]) -> Mapping[str, str]:
    """What passes stored of git's renames of those files; the newest one holds."""
    wanted = list(olds)
    rows = Rename.objects.filter(project=project, pairs__has_any_keys=wanted).order_by("pk")
    found: dict[str, str] = {}
    for pairs in rows.values_list("pairs", flat=True):
        found |= {old: new for old, new in pairs.items() if old in wanted}
    return found


def _declaring(project: Project) -> list[str]:
    """The usual files that declare packages, and those the project's own recipe names."""
    named = [str(line).removeprefix("-r ").strip() for line in project.detected.get("recipe") or ()]
    return list(dict.fromkeys([*_DECLARING, *filter(is_declaring, named)]))


def _classes(project: Project, commit: str, error: Classified, roots: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The classes of the failing file and of the files it takes their bases from, as far as they are at hand."""
    found: dict[str, tuple[str, ...]] = {}
    wanted = [error.cause.blame.path] if error.cause.blame else []
    for _ in range(_HOPS):
        sources = repository.contents(project, commit, wanted[:_FILES])
        modules: dict[str, str] = {}
        for source in sources.values():
            found = bases_of(source) | found
            modules |= imported_from(source)
        open_names = {*error.cause.bases, *(base for bases in found.values() for base in bases)} - found.keys()
        wanted = [path for name in sorted(open_names) if name in modules for path in paths_of(modules[name], roots)]
        if not wanted:
            break
    return found
