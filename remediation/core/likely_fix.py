"""What would probably repair a root cause, from evidence in the commit only: a suggestion, never tested."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from remediation.core.class_order import Classes, consistent_order
from remediation.core.classify import Classified
from remediation.core.import_lines import Line, dotted_of, moved_module, moved_name, renamed, reordered
from remediation.core.missing import distribution
from remediation.core.source_names import place_of
from remediation.core.text import clean_line

_SHOWN = 5  # places or names that are listed


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known around one error.

    ``commit``: short id. ``places``: every file that defines the missing name. ``renames``: {old path: new path} that
    git saw. ``sources``: contents of files of the commit that are at hand. ``config``: the file pytest took its
    configuration from, "" for none, None where it is not known. ``looked``: the files among ``sources`` that declare
    packages. ``roots``: folders on the import path. ``classes``: class to bases, near the error. ``arrived``: day and
    short id of the commit that added the file in which a missing module was found, ("", "") where that is not known.
    """

    commit: str = ""
    places: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)
    config: str | None = None
    looked: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    classes: Classes = field(default_factory=dict)
    arrived: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``says``: sentences, code between backticks. ``diff``: lines to take away and to add, in the file ``where``.

    ``drawn``: the files of an import circle, the first one again at the end. ``found_by``: how it was found.
    """

    says: tuple[str, ...]
    found_by: str
    diff: tuple[Line, ...] = ()
    where: str = ""
    drawn: tuple[str, ...] = ()


def likely_fix(error: Classified, known: Evidence) -> Suggestion | None:
    """Return what the evidence suggests, None where it suggests nothing. Pure."""
    match error.kind:
        case "wrong-path":
            return _moved(error, known)
        case "missing-module":
            return _renamed_module(error, known)
        case "missing-name":
            return _defined_elsewhere(error, known) or _alike(error)
        case "missing-dependency":
            return _dependency(error, known)
        case "unknown-marker":
            return _marker(error, known)
        case "mro-conflict":
            return _order(error, known)
        case "circular-import":
            return _circle(error)
    return None


def _moved(error: Classified, known: Evidence) -> Suggestion | None:
    """A module of that name stands elsewhere in the commit."""
    place, module = error.elsewhere, error.module
    if not place or error.variant:
        return None
    if error.name:
        said = f"{_code(place)} of this repository is hidden: another {_code(module)} is found first."
        return Suggestion((said, "The folder that holds it would have to come first on the import path."), _MODULE)
    stem = place.removesuffix(".py").removesuffix("/__init__")
    whole = module.replace(".", "/")
    if f"/{stem}".endswith(f"/{whole}"):
        folder = stem.removesuffix(whole).strip("/")
        said = f"The module stands at {_code(place)}{_in(known)}."
        more = f"It would be found if {_code(folder)} were on the import path." if folder else ""
        return Suggestion(tuple(filter(None, (said, more))), _MODULE)
    if "." in module and PurePosixPath(place).stem == module.partition(".")[0]:
        said = f"{_code(place)} has the name of the package and is imported in its place; it has no submodules."
        return Suggestion((said, "Under another name it would hide the package no more."), _MODULE)
    return _moved_to(error, known, place, _MODULE, f"A module of that name exists at {{}}{_in(known)}.")


_MODULE = "Found by looking for the missing module's name among the files of the commit."


def _moved_to(error: Classified, known: Evidence, place: str, found_by: str, said: str) -> Suggestion:
    statement, where = _failing(error)
    diff = moved_module(statement, error.module, dotted_of(place, error.module, known.roots))
    names = re.findall(r"import \(?\s*(\w+)", statement) if statement.startswith("from ") else []
    defined = place_of(known.sources.get(place, b""), names[0]) if names else None
    says = [said.replace("{}", _code(place))] if not defined or found_by != _MODULE else []
    if defined:
        line, what = defined
        says.append(f"A {what} {_code(names[0])} is defined at {_code(f'{place}:{line}')}{_in(known)}.")
    day, commit = known.arrived
    if commit:
        says.append(f"That file came on {day} in {_code(commit)}.")
    return Suggestion(tuple(says), found_by, diff, where if diff else "")


def _renamed_module(error: Classified, known: Evidence) -> Suggestion | None:
    """git renamed the file of the missing module."""
    olds = paths_of(error.module, known.roots)
    found = sorted((old, new) for old, new in known.renames.items() if old in olds)
    if len({new for _, new in found}) > 1:
        said = f"git sees the module renamed more than once: {', '.join(_code(new) for _, new in found[:_SHOWN])}."
        return Suggestion((said,), _RENAMED)
    if not found:
        return None
    old, new = found[0]
    return _moved_to(error, known, new, _RENAMED, f"git sees {_code(old)} renamed to {{}}.")


def paths_of(module: str, roots: Sequence[str] = ()) -> list[str]:
    """The files that a dotted module may be, at the repository's root and at other import roots."""
    whole = module.replace(".", "/")
    folders = ["", *(f"{root.strip('/')}/" for root in roots if root.strip("/"))]
    return [f"{folder}{whole}{end}" for folder in folders for end in (".py", "/__init__.py")]


_RENAMED = "Found in git's renames between two passes."


def _defined_elsewhere(error: Classified, known: Evidence) -> Suggestion | None:
    """The missing name is defined in another file of the commit."""
    places = known.places or ((error.defined_in,) if error.defined_in else ())
    if not places:
        return None
    found = [_place(path, error.name, known) for path in places[:_SHOWN]]
    if len(places) > 1:
        said = f"{_code(error.name)} is defined in {len(places)} files{_in(known)}: {', '.join(map(_code, found))}."
        return Suggestion((said, "Which one is meant, the commit does not say."), _searched(len(places)))
    defined = place_of(known.sources.get(places[0], b""), error.name)
    what = f"A {defined[1]}" if defined else "The name"
    said = f"{what} {_code(error.name)} is defined at {_code(found[0])}{_in(known)}."
    statement, where = _failing(error)
    diff = moved_name(statement, error.module, error.name, dotted_of(places[0], error.module, known.roots))
    return Suggestion((said,), _searched(1), diff, where if diff else "")


def _place(path: str, name: str, known: Evidence) -> str:
    defined = place_of(known.sources.get(path, b""), name)
    return f"{path}:{defined[0]}" if defined else path


def _searched(matches: int) -> str:
    return f"Found by searching the commit for the missing name: {matches} match{'es' if matches > 1 else ''}."


def _alike(error: Classified) -> Suggestion | None:
    """The module has names that look like the missing one."""
    near = error.cause.near
    if not near or not error.name:
        return None
    names = ", ".join(_code(name) for name in near[:_SHOWN])
    found_by = (
        f"Found by comparing the missing name with those of the module: {len(near)} look{'s'[len(near) > 1 :]} alike."
    )
    if len(near) > 1:
        return Suggestion((f"{_code(error.module)} has names that look alike: {names}.",), found_by)
    statement, where = _failing(error)
    diff = renamed(statement, error.module, error.name, near[0])
    return Suggestion((f"{_code(error.module)} has a name that looks alike: {names}.",), found_by, diff, where)


def _dependency(error: Classified, known: Evidence) -> Suggestion | None:
    """A package that is missing: whether, and in which file, the repository declares it."""
    if error.name or error.variant or error.package or not error.module:
        return None
    if error.declared:
        files = [path for path in known.looked if _declares(known.sources.get(path, b""), error.declared)]
        where = f" in {_listed(files)}" if files else ""
        said = f"The repository declares {_code(error.declared)}{where}, but it is not installed where the pass ran."
        more = "Installing what the repository declares would bring it."
        return Suggestion((said, more), "Found by reading what the commit declares.")
    if not known.looked:
        return None
    said = f"No file that declares packages names one that brings {_code(error.module)}: {_listed(known.looked)}."
    more = "The package that brings it would have to be added to one of them."
    return Suggestion((said, more), "Found by reading what the commit declares.")


def _declares(source: bytes, name: str) -> bool:
    """Whether a declaring file names the distribution; comments do not count."""
    text = "\n".join(line.split("#")[0] for line in source.decode("utf-8", "replace").splitlines())
    return any(distribution(word) == name for word in re.findall(r"[A-Za-z0-9][\w.-]*\w|[A-Za-z0-9]", text))


def _marker(error: Classified, known: Evidence) -> Suggestion | None:
    """A marker that the configuration does not register, and the line that would."""
    name, config = error.name, known.config
    if not name.isidentifier() or config is None:
        return None
    said = f"{_code(config)} does not register {_code(name)}." if config else "The pass found no configuration file."
    where, line = config or "pytest.ini", f"    {name}: what it selects"
    if config.endswith(".toml"):
        line = f'    "{name}: what it selects",'
        more = f"This line would, in the list {_code('markers')} of {_code('[tool.pytest.ini_options]')}:"
    else:
        section = "[tool:pytest]" if config.endswith("setup.cfg") else "[pytest]"
        more = f"This line would, below {_code('markers =')} of {_code(section)}:"
    found_by = "Found by the marker that pytest refused and the configuration file it used."
    return Suggestion((said, more), found_by, (("+", line),), where)


def _order(error: Classified, known: Evidence) -> Suggestion | None:
    """An order of the bases that the definitions of the classes allow."""
    bases = error.cause.bases
    order = consistent_order(bases, known.classes)
    if not order:
        return None
    said = f"By the definitions of these classes the order {', '.join(map(_code, order))} is consistent."
    statement, where = _failing(error)
    diff = reordered(statement, bases, order)
    return Suggestion((said,), "Found by computing the order from the class statements.", diff, where if diff else "")


def _circle(error: Classified) -> Suggestion | None:
    """The circle of imports as it is; where to cut it, nobody can see from outside."""
    if len(error.cycle) < 2:
        return None
    said = "These files import each other in a circle. Which import to move or remove, the pass cannot tell."
    return Suggestion((said,), "Found in the traceback.", drawn=(*error.cycle, error.cycle[0]))


def _failing(error: Classified) -> tuple[str, str]:
    """The statement that failed and "path:line" of it."""
    blame = error.cause.blame
    return (blame.statement, f"{blame.path}:{blame.line}") if blame else ("", "")


def _in(known: Evidence) -> str:
    return f" in commit {_code(known.commit)}" if known.commit else ""


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(map(_code, paths[:_SHOWN])) + more


def _code(text: str) -> str:
    return f"`{clean_line(text, 200).replace('`', '')}`"
