"""What a commit's tree says of the errors of a pass: whose a module is, where it went, what is declared for it."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from remediation.core.chain import asked_module, first, missing_name, root_of
from remediation.core.classify import syntax_file
from remediation.core.layout import Holding, Layout, Read
from remediation.core.missing import as_named, distribution
from remediation.core.records import Cause, CollectionError, Outside, Parsed, PassResult, TreeFacts
from remediation.core.source_names import asked, defines
from remediation.core.stdlib_history import is_stdlib
from remediation.core.uncollected import uncollected

Distributions = Callable[[str], Sequence[str]]  # module -> normalised distributions that may bring it
_NO_PACKAGE = re.compile(r"; '([^']+)' is not a package")
_SEARCHED = 40  # missing names that are looked for in a pass
_SHOWN = 3  # places that define a name; more say nothing


@dataclass(frozen=True, slots=True)
class _Asked:
    """One thing that an error misses: a module, or a name of one. ``statement`` and ``importer``: who asks.

    ``path`` is the file of the module that lacks the name; ``no_package`` what Python found in a package's place.
    """

    module: str
    name: str
    importer: str
    statement: str
    path: str = ""
    no_package: str = ""


@uncollected
def with_tree(
    result: PassResult,
    paths: Sequence[str],
    declared: Iterable[str],
    *,
    read: Read | None = None,
    holding: Holding | None = None,
    distributions: Distributions = lambda module: (),
    parsed: Iterable[Parsed] = (),
) -> PassResult:
    """Return ``result`` with the facts of the tree that concern its errors.

    ``paths``: all tracked paths of the commit; ``declared``: normalised distribution names the
    repository declares; ``read``: contents of the commit's files; ``holding``: which of them hold a name, for who
    knows that without reading all. Only what the errors ask about is kept, so an unrelated change of the tree does
    not make another result.
    """
    layout, named = Layout(paths, read, holding), {distribution(name) for name in declared}
    wanted = sorted({one for error in result.errors for one in _asked_by(error)}, key=dataclasses.astuple)
    brings = _declared_as((one.module for one in wanted if not one.name), named, distributions)
    tops = {one.module.partition(".")[0] for one in wanted if one.module}
    own, elsewhere = _whose(layout, wanted, {module for module, _ in brings})
    own |= {frame.package for frame in _outside(result) if layout.at_roots(frame.package)}
    facts = TreeFacts(
        first_party=tuple(sorted(own)),
        declared=tuple(sorted({d for top in tops if (d := distribution(top)) in named})),
        elsewhere=tuple(sorted(elsewhere.items())),
        declared_as=tuple(brings),
        unbuilt=tuple(_unbuilt(layout, wanted, own)),
        defined_in=tuple(_defined_in(layout, wanted, own)),
        parsed=tuple(parsed),
        hooked=tuple(_hooked(layout, wanted)),
    )
    return dataclasses.replace(result, tree=facts)


def unparsed_files(result: PassResult) -> list[str]:
    """The repository's files that the pass's own Python could not parse, sorted."""
    found = set()
    for error in result.errors:
        cause = root_of(error.cause)
        if cause.type in {"SyntaxError", "IndentationError", "TabError"}:
            found.add(syntax_file(error.path, cause))
    return sorted(path for path in found if not PurePosixPath(path).is_absolute())


def _asked_by(error: CollectionError) -> Iterator[_Asked]:
    for cause in (error.cause, *error.cause.chain):
        blame = cause.blame
        importer, statement = (blame.path, blame.statement) if blame else (error.path, "")
        if cause.outside and cause.outside[-1].origin == "package":
            statement = ""  # a package asks; what the repository's statement says is about something else
        if module := asked_module(cause):
            hiding = first(_NO_PACKAGE, cause.message)
            yield _Asked(as_named(module, cause), "", importer, statement, no_package=hiding)
        elif pair := missing_name(cause) or _attribute(cause):
            yield _Asked(*pair, importer, statement, cause.path)


def _attribute(cause: Cause) -> tuple[str, str] | None:
    return (cause.owner, cause.name) if cause.owner_is == "module" and cause.name else None


def _outside(result: PassResult) -> Iterator[Outside]:
    for error in result.errors:
        for cause in (error.cause, *error.cause.chain):
            yield from (frame for frame in cause.outside if frame.origin == "package")


def _declared_as(modules: Iterable[str], named: set[str], distributions: Distributions) -> list[tuple[str, str]]:
    found = []
    for module in sorted(set(modules)):
        names = [*distributions(module), distribution(module), distribution(module.partition(".")[0])]
        known = [name for name in names if name in named]
        if known:
            found.append((module, known[0]))
    return found


def _whose(layout: Layout, wanted: Iterable[_Asked], declared: set[str]) -> tuple[set[str], dict[str, str]]:
    """The top-level names that are the repository's own, and the places where missing modules exist in it."""
    own: set[str] = set()
    elsewhere: dict[str, str] = {}
    for one in wanted:
        top = one.module.partition(".")[0]
        if one.name:
            if layout.at_roots(top):
                own.add(top)
                _shadowed(layout, one, elsewhere)
            continue
        if "." not in one.module and one.module in declared:
            continue
        if mapped := layout.mapped(one.module):
            own.add(top)
            place = mapped
        elif hiding := _hiding(layout, one):
            own.add(top)
            place = hiding
        elif layout.is_own(one.module, _whole(one), declared=one.module in declared):
            own.add(top)
            known = layout.at_roots(one.module) or layout.at_roots(_whole(one))
            place = known or layout.moved(one.module, one.importer, one.statement)
        else:
            place = _bare(layout, one, declared)
            if place:
                own.add(top)
        if place:
            elsewhere.setdefault(one.module, place)
    return own, elsewhere


def _whole(one: _Asked) -> str:
    """The dotted name at or below the missing module that the statement asks for."""
    for module, names in asked(one.statement):
        if module == one.module and names:
            return f"{module}.{names[0]}"
        if module.startswith(one.module + "."):
            return module
    return one.module


def _bare(layout: Layout, one: _Asked, declared: set[str]) -> str:
    """A module of the repository imported by less than its whole name; of Python's own names only one beside it."""
    if one.module in declared:
        return ""
    if "." in one.module:
        found = layout.like(one.module, one.importer)
        return found[0] if found and not is_stdlib(one.module) else ""
    place = layout.bare(one.module, one.importer, one.statement)
    return "" if is_stdlib(one.module) and place != layout.beside(one.module, one.importer) else place


def _hiding(layout: Layout, one: _Asked) -> str:
    """The repository's file that bears the name of a package, of Python's own or another's, and hides it."""
    if not one.no_package or layout.at_roots(one.no_package):
        return ""
    return next(iter(layout.like(one.no_package, "")), "") if "." not in one.no_package else ""


def _shadowed(layout: Layout, one: _Asked, elsewhere: dict[str, str]) -> None:
    """``from tests import x`` found somebody else's installed package ``tests``: ours has the module."""
    if PurePosixPath(one.path).is_absolute() and (place := layout.at_roots(f"{one.module}.{one.name}")):
        elsewhere[f"{one.module}.{one.name}"] = place


def _unbuilt(layout: Layout, wanted: Iterable[_Asked], own: set[str]) -> list[tuple[str, str]]:
    names = {f"{one.module}.{one.name}" if one.name else one.module for one in wanted}
    ours = sorted(name for name in names if name.partition(".")[0] in own and not layout.at_roots(name))
    return [(name, source) for name in ours if (source := layout.source_of(name))]


def _hooked(layout: Layout, wanted: Iterable[_Asked]) -> list[tuple[str, str]]:
    """Missing modules that a file of the repository offers by a way that Python 3.12 no longer goes (find_module)."""
    found = []
    for module in sorted({one.module for one in wanted if not one.name and "." in one.module}):
        parts = module.split(".")
        above = (layout.at_roots(".".join(parts[:length])) for length in range(len(parts) - 1, 0, -1))
        file = next((path for path in above if path), "")
        source = layout.read(file) if layout.read and file and not file.endswith("/__init__.py") else b""
        if b"def find_module(" in source and b"def find_spec(" not in source:
            found.append((module, file))
    return found


def _defined_in(layout: Layout, wanted: Iterable[_Asked], own: set[str]) -> list[tuple[str, str, str]]:
    if layout.read is None:
        return []
    missing = sorted({(o.module, o.name) for o in wanted if o.name and o.module.partition(".")[0] in own})
    found = []
    for module, name in missing[:_SEARCHED]:
        holding = layout.holding(name, layout.modules)
        # One more than is shown is as good as all: then none is.
        defining = (path for path in holding if defines(layout.read(path), name))
        places = list(itertools.islice(defining, _SHOWN + 1))
        if 0 < len(places) <= _SHOWN:
            # The likeliest one first: a test rarely is what another test wants to import from.
            places.sort(key=lambda path: (PurePosixPath(path).name.startswith("test"), path))
            found += [(module, name, path) for path in places]
    return found
