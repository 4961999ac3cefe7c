"""A model repository that evolves: it knows which errors are really repaired, and what a pass and git can see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from remediation.core.evidence import statement_digest
from remediation.core.fingerprint import Pair
from remediation.core.records import Cause, CollectionError, FileResult, Frame, PassResult, TreeFacts
from remediation.core.silence import matches
from remediation.core.whereabouts import TreeChange

MODULES = ("atlas.one", "atlas.two", "atlas.three")
CONF = "atlas.conf"  # what a broken conftest imports
PATTERNS = (("test_*.py",), ("test_[01]*.py",))  # the narrow one loses files
HEALTHY = "tests/test_healthy.py"
# Mechanism -> the state that goes with it. What is decided after the import needs a file that imports.
MECHANISMS = {
    "skip": "skipped", "importorskip": "skipped", "unittest": "skipped", "by-option": "ignored",
    "by-conftest": "ignored", "norecurse": "ignored", "by-hook": "ignored", "default-dir": "ignored",
    "test-false": "collected", "empty": "collected", "deselected": "deselected",
    "lost": "not-reached",  # a link to nowhere: nobody said anything of it
}  # fmt: skip
AWAY = ("{0}_disabled.py", "{0}.py.off", "old_{0}.txt")  # names under which no pattern matches a file


@dataclass(frozen=True)
class TestFile:
    """One test file through all its names. ``causes``: what it imports in vain, in the order of its lines."""

    __test__ = False

    number: int
    folder: int
    causes: tuple[str, ...] = ()
    silenced: str = ""
    name: str = ""
    edits: int = 0  # a rename with an edit in between is no exact one

    def path(self, world: World) -> str:
        """Where it lies."""
        return f"{world.folders[self.folder].path}/{self.name or f'test_{self.number}.py'}"


@dataclass(frozen=True)
class Folder:
    """A directory with a conftest of its own."""

    path: str
    broken: bool = False
    ignored: bool = False
    exists: bool = True

    @property
    def conftest(self) -> str:
        """The path of its conftest."""
        return f"{self.path}/conftest.py"


@dataclass(frozen=True)
class World:
    """The repository at one commit. ``kind``: what becomes of the pass there (counted, blocked, off the ref)."""

    folders: tuple[Folder, ...] = (Folder("tests/unit"), Folder("tests/deep"))
    files: Mapping[int, TestFile] = field(default_factory=dict)
    patterns: int = 0
    only: int | None = None  # the one folder in the test paths, beside the healthy file
    tests: int = 500  # of a file that always works, so that few passes are held
    count: int = 0
    kind: str = "counted"

    def truth(self) -> dict[tuple[object, str], str]:
        """Every unrepaired error that exists: (identity, cause) with the path it is at."""
        found: dict[tuple[object, str], str] = {
            (file.number, f"missing:{cause}"): file.path(self) for file in self.files.values() for cause in file.causes
        }
        for place, folder in enumerate(self.folders):
            if folder.broken and folder.exists:
                found[f"conftest {place}", f"missing:{CONF}"] = folder.conftest
        return found

    def paths(self) -> dict[object, str]:
        """Where each identity lies; an edit counter goes with it for git."""
        found: dict[object, str] = {file.number: file.path(self) for file in self.files.values()}
        found |= {f"conftest {n}": folder.conftest for n, folder in enumerate(self.folders) if folder.exists}
        return found


# --- what a pass and git see ------------------------------------------------------------------------------------------


def observe(world: World) -> PassResult:
    """What pytest 8 or later collects of this commit."""
    patterns = PATTERNS[world.patterns]
    rows = {HEALTHY: FileResult(HEALTHY, "collected", world.tests)}
    errors: list[CollectionError] = []
    for file in world.files.values():
        path = file.path(world)
        if matches(path, patterns):
            rows[path] = _row(file, world)
            if rows[path].state == "error":
                errors.append(_error(path, file.causes))
    loaded = {row.path.rpartition("/")[0] for row in rows.values() if row.state in {"masked"}}
    conftests = [folder.conftest for folder in world.folders if folder.exists]
    for folder in world.folders:
        if folder.broken and folder.path in loaded:
            rows[folder.conftest] = FileResult(folder.conftest, "error")
            errors.append(_error(folder.conftest, (CONF,)))
    return PassResult(
        files=tuple(rows.values()),
        errors=tuple(errors),
        inventory=tuple(sorted({*rows, *conftests})),
        tests=sum(row.tests for row in rows.values()),
        pytest_errors=len(errors),
        tree=TreeFacts(first_party=("atlas",)),
        patterns=patterns,
    )


def _row(file: TestFile, world: World) -> FileResult:
    path, folder = file.path(world), world.folders[file.folder]
    if folder.ignored:
        return FileResult(path, "ignored", why="by-option")
    if world.only not in {None, file.folder}:
        return FileResult(path, "not-reached", why="outside")
    if folder.broken:
        return FileResult(path, "masked", reason=folder.conftest)
    late = file.silenced in {"deselected", "test-false"}
    if file.silenced and not (late and file.causes):
        return FileResult(path, MECHANISMS[file.silenced], why=file.silenced if file.silenced != "lost" else "")
    return FileResult(path, "error") if file.causes else FileResult(path, "collected", 3)


def _error(path: str, causes: Sequence[str]) -> CollectionError:
    pending = tuple(statement_digest(f"import {cause}") for cause in causes[1:])
    frame = Frame(path, 3, "<module>", f"import {causes[0]}", pending)
    cause = Cause("ModuleNotFoundError", f"No module named '{causes[0]}'", name=causes[0], frames=(frame,))
    return CollectionError(path, path, cause)


def change(before: World, after: World) -> TreeChange:
    """What git says between two commits. A file that was renamed and edited is listed as deleted too."""
    one, other = before.paths(), after.paths()
    renames = {path: other[who] for who, path in one.items() if who in other and other[who] != path}
    edited = {
        one[who]
        for who in one
        if who in other and isinstance(who, int) and before.files[who].edits != after.files[who].edits
    }
    gone = {path for who, path in one.items() if who not in other}
    return TreeChange(renames, frozenset(gone | (edited & renames.keys())))


def visible(world: World) -> set[Pair]:
    """The pairs that a pass of this commit reports."""
    return {(error.path, f"missing:{error.cause.name}") for error in observe(world).errors}


# --- how it evolves ---------------------------------------------------------------------------------------------------

ACTIONS = (
    "add", "add", "add", "fix", "fix", "fix-last", "cover", "silence", "silence", "silence", "unsilence", "unsilence",
    "rename", "rename-edited", "rename-away", "rename-away-edited", "rename-back", "delete", "break-conftest",
    "mend-conftest", "ignore-folder", "enter-folder", "move-folder", "narrow", "widen", "paths", "every-path", "fall",
    "restore",
)  # fmt: skip


def act(world: World, action: str, a: int, b: int) -> World:
    """The next commit's tree. An action that has nothing to act on changes nothing."""
    if action == "add":
        file = TestFile(world.count, a % 2, (MODULES * 2)[b % 3 : b % 3 + 1 + b % 2])
        return replace(world, files={**world.files, file.number: file}, count=world.count + 1)
    if action in _ON_WORLD:
        return _ON_WORLD[action](world, a)
    if action.endswith(("conftest", "folder")):
        return _on_folder(world, action, a % 2)
    if not world.files:
        return world
    file = sorted(world.files.values(), key=lambda one: one.number)[a % len(world.files)]
    if action == "delete":
        return replace(world, files={n: f for n, f in world.files.items() if n != file.number})
    return replace(world, files={**world.files, file.number: _on_file(file, action, b)})


_ON_WORLD = {
    "narrow": lambda world, _: replace(world, patterns=1),
    "widen": lambda world, _: replace(world, patterns=0),
    "paths": lambda world, a: replace(world, only=a % 2),
    "every-path": lambda world, _: replace(world, only=None),
    "fall": lambda world, _: replace(world, tests=100),
    "restore": lambda world, _: replace(world, tests=500),
}


def _on_folder(world: World, action: str, place: int) -> World:
    folder = world.folders[place]
    folder = {
        "break-conftest": replace(folder, broken=True),
        "mend-conftest": replace(folder, broken=False),
        "ignore-folder": replace(folder, ignored=True),
        "enter-folder": replace(folder, ignored=False),
        "move-folder": replace(folder, path=folder.path + "x"),
    }[action]
    return replace(world, folders=tuple(folder if n == place else f for n, f in enumerate(world.folders)))


def _on_file(file: TestFile, action: str, b: int) -> TestFile:
    match action.removesuffix("-edited"):
        case "fix":
            file = replace(file, causes=file.causes[1:])
        case "fix-last":
            file = replace(file, causes=file.causes[:-1])
        case "cover":
            fresh = MODULES[b % 3]
            file = file if fresh in file.causes else replace(file, causes=(fresh, *file.causes))
        case "silence":
            file = replace(file, silenced=list(MECHANISMS)[b % len(MECHANISMS)])
        case "unsilence":
            file = replace(file, silenced="")
        case "rename":
            file = replace(file, name=f"test_{file.number}_{b % 3}.py")
        case "rename-away":
            file = replace(file, name=AWAY[b % len(AWAY)].format(f"test_{file.number}"))
            file = replace(file, name=f"x_{file.name}") if file.name.endswith(".py") else file
        case "rename-back":
            file = replace(file, name="")
    touched = action.endswith("-edited") or action.startswith(("fix", "cover", "silence", "unsilence"))
    return replace(file, edits=file.edits + 1) if touched else file


_STEP = st.tuples(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9), st.integers(0, 11)), min_size=1, max_size=4),
    st.sampled_from(["counted"] * 6 + ["blocked", "off"]),
)
_START = st.lists(st.tuples(st.just("add"), st.integers(0, 1), st.integers(0, 11)), min_size=2, max_size=6)


def evolutions(least: int = 4, most: int = 14) -> st.SearchStrategy[list[World]]:
    """Commit after commit, each a few actions after the one before; the first is counted."""
    return st.tuples(_START, st.lists(_STEP, min_size=least, max_size=most)).map(lambda drawn: _evolve(*drawn))


def _evolve(start: list[tuple[str, int, int]], steps: list[tuple[list[tuple[str, int, int]], str]]) -> list[World]:
    world, worlds = World(), []
    for actions, kind in [(start, "counted"), *steps]:
        for action in actions:
            world = act(world, *action)
        worlds.append(replace(world, kind=kind))
    return worlds
