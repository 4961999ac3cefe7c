"""Tells what pytest's collection does, as JSON lines, from inside the target's own process. PYTEST_DONT_REWRITE

A copy of this one file is loaded into a stranger's pytest (Python 3.8+, pytest 6.2 to 9), so it needs the standard
library and nothing of ours. Every line of the stream is one event; ``finish`` is the last, carries the number of
bytes before it with their SHA-256, and is missing whenever pytest did not come to its end.
"""

from __future__ import annotations

# Strings, not Path: half the price, paid for every node.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH116, PTH117, PTH118, PTH119, PTH120, PTH208
import ast
import builtins
import contextlib
import difflib
import faulthandler
import fnmatch
import gc
import hashlib
import json
import linecache
import os
import re
import sys
import types
from collections import Counter
from typing import Any, Callable, Generator, Iterator, List, Tuple  # noqa: UP035 (runs on Python 3.8)

import pytest

FORMAT = 1
MESSAGE, TRACEBACK, STATEMENT, PENDING, FRAMES, WARNINGS = 4_000, 20_000, 200, 200, 12, 200
OUTSIDE, CHAIN, NEAR, NAMES, CYCLE = 4, 4, 5, 2_000, 20
PACKAGES = 2_000
TRACEBACKS = 24 * 1024**2  # characters of all tracebacks together; a hundred thousand errors keep their causes
# Directories that pytest leaves out by itself: nobody's decision, so not worth a line.
DEFAULT_IGNORED = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}", "__pycache__")

_BASES = re.compile(r"Cannot create a consistent method resolution\s+order \(MRO\) for bases (.+)", re.DOTALL)
_NAME_ERROR = re.compile(r"name '([^']+)' is not defined")
_IMPORT_ERROR = re.compile(r"cannot import name '([^']+)'")
_MODULE_ATTRIBUTE = re.compile(r"module '([^']+)' has no attribute '([^']+)'")
_ATTRIBUTE = re.compile(r"has no attribute '([^']+)'")
_SITE = re.compile(r".*/(?:site|dist)-packages/")
_DISTRIBUTION = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+))?(?:-py[\d.]+(?:-.*)?)?\.(?:dist|egg)-info")


class Stream:
    """The append-only file of events; what could not be written whole silences it for good."""

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))
        self.process = os.getpid()
        self.digest = hashlib.sha256()
        self.size = 0
        self.broken = False

    def write(self, event: str, **fields: Any) -> None:
        # A target that forks while it is imported must not speak twice.
        if self.broken or os.getpid() != self.process:
            return
        line = json.dumps({"event": event, **fields}).encode() + b"\n"
        try:
            whole = os.write(self.descriptor, line) == len(line)
        except OSError:
            whole = False
        # The size limit was met, or the disk is full: a later, shorter line must not pass for the end.
        self.broken = not whole
        self.digest.update(line)
        self.size += len(line)


def short(text: str, limit: int) -> str:
    """``text`` with its middle left out where it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    return text[: limit // 2] + "\n[...]\n" + text[len(text) - limit // 2 :]


def message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # a stranger's __str__
        return f"<message unavailable: {type(failure).__name__}>"


def type_of(error: BaseException) -> str:
    """Class name with its module; pytest pretends that its own outcomes were builtins."""
    kind = type(error)
    module = str(kind.__module__)
    if module == "builtins" and getattr(builtins, kind.__qualname__, None) is not kind:
        module = "_pytest.outcomes"
    return kind.__qualname__ if module == "builtins" else module + "." + kind.__qualname__


class EndedAtImport(Exception):
    """Stands in pytest's eyes for what would end the whole session: SystemExit, KeyboardInterrupt, pytest.exit."""


def unwrap(error: BaseException) -> BaseException:
    """The exception behind pytest's own wrapper; any other exception is itself."""
    if type(error).__name__ not in ("CollectError", "ConftestImportFailure"):
        return error
    inner = error.__cause__ or getattr(error, "cause", None)
    if inner is None:
        info = getattr(error, "excinfo", None)
        inner = info[1] if isinstance(info, tuple) and len(info) > 1 else None
    return inner if isinstance(inner, BaseException) else error


def packages(path: list[str]) -> list[str]:
    """ "name version" of every distribution on ``path``, sorted; the first of a name is the one that is imported.

    By the names of entries alone: opening the METADATA of two hundred packages costs more than the collection of a
    small project.
    """
    found: dict[str, str] = {}
    for folder in path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:  # a zip file, or nothing at all
            continue
        for entry in entries:
            match = _DISTRIBUTION.fullmatch(entry) if entry.endswith("-info") else None
            if match:
                found.setdefault(match["name"].lower(), (match["name"] + " " + (match["version"] or "")).strip())
    return sorted(found.values())[:PACKAGES]


class Sources:
    """Statements of the repository's files: which import stands at a line, and which imports follow."""

    def __init__(self) -> None:
        self._imports: dict[str, list[tuple[int, int, str]]] = {}

    def imports(self, filename: str) -> list[tuple[int, int, str]]:
        """(first line, last line, statement on one line) of every import, in order; [] if unreadable."""
        if filename not in self._imports:
            found = []
            lines = linecache.getlines(filename)
            with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                for node in ast.walk(ast.parse("".join(lines))):
                    if isinstance(node, (ast.Import, ast.ImportFrom)):
                        found.append(self._segment(lines, node))
            self._imports[filename] = sorted(found)
        return self._imports[filename]

    @staticmethod
    def _segment(lines: list[str], node: Any) -> tuple[int, int, str]:
        rows = [line.encode() for line in lines[node.lineno - 1 : node.end_lineno]]  # columns count UTF-8 bytes
        rows[-1] = rows[-1][: node.end_col_offset]
        rows[0] = rows[0][node.col_offset :]
        text = " ".join(b" ".join(row.split(b"#")[0] for row in rows).decode("utf-8", "replace").split())
        return node.lineno, node.end_lineno, text[:STATEMENT]

    def statement(self, filename: str, line: int) -> str:
        for first, last, text in self.imports(filename):
            if first <= line <= last:
                return text
        return " ".join(linecache.getline(filename, line).split())[:STATEMENT]

    def pending(self, filename: str, line: int) -> list[str]:
        later = [text for first, _, text in self.imports(filename) if first > line]
        return [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8] for text in later[:PENDING]]

    def binds(self, filename: str, name: str) -> bool:
        """Whether the file gives the name a value anywhere at its top level, or may do so by a star import."""
        nodes: list[Any] = []
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            nodes = list(ast.parse("".join(linecache.getlines(filename))).body)
        while nodes:
            node = nodes.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                bound = [node.name]
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                bound = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
            else:
                bound = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
                nodes.extend(ast.iter_child_nodes(node))
            if name in bound or "*" in bound:
                return True
        return False


Steps = List[Tuple[types.FrameType, int]]  # noqa: UP006 (runs on Python 3.8)


def steps_of(traceback: types.TracebackType | None) -> Steps:
    """(frame, line) of a traceback, outermost first."""
    found = []
    while traceback is not None:
        found.append((traceback.tb_frame, traceback.tb_lineno or 0))
        traceback = traceback.tb_next
    return found


def module_of(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__") or "")


def is_import(statement: str) -> bool:
    return statement.startswith(("import ", "from ", "__import__("))


class Causes:
    """What an exception says, as the fields of a ``Cause``: taken from the object, its frames and its chain."""

    def __init__(self, reporter: Reporter) -> None:
        self.root = reporter.root
        self.path = reporter.path
        self.text = reporter.text
        self.sources = reporter.sources
        self.library = os.path.realpath(os.path.dirname(os.__file__)) + os.sep

    def of(self, outer: BaseException) -> dict[str, Any]:
        error = unwrap(outer)
        steps = steps_of(error.__traceback__)
        facts = self.facts(error, steps)
        chain: list[dict[str, Any]] = []
        seen = {id(error)}
        while len(chain) < CHAIN:
            link, how, steps = self.link(error, steps)
            if link is None or id(link) in seen:
                break
            seen.add(id(link))
            chain.append({"link": how, **self.facts(link, steps)})
            error = link
        if chain:
            facts["chain"] = chain
        return facts

    def link(self, error: BaseException, steps: Steps) -> tuple[BaseException | None, str, Steps]:
        """What the exception was raised from, in which way, and the whole way from pytest to it."""
        members = getattr(error, "exceptions", None)
        if isinstance(members, tuple) and members and isinstance(members[0], BaseException):
            return members[0], "group", steps + steps_of(members[0].__traceback__)
        link, how = error.__cause__, "cause"
        if link is None:
            # Also behind "raise ... from None": that hides the reason from readers, it does not undo it.
            link, how = error.__context__, "handled"
        if link is None:
            return None, "", []
        link = unwrap(link)
        inner = steps_of(link.__traceback__)
        # A traceback begins where the exception was caught; what led there is in the outer one.
        at = next((n for n, (frame, _) in enumerate(steps) if inner and frame is inner[0][0]), None)
        if at is None:
            return link, how, inner
        frame, line = steps[at]
        if how == "handled" and is_import(self.sources.statement(frame.f_code.co_filename, line)):
            how = "fallback"  # the handler tried another import, and that one failed
        return link, how, steps[:at] + inner

    def facts(self, error: BaseException, steps: Steps) -> dict[str, Any]:
        message = self.text(message_of(error))
        facts: dict[str, Any] = {"type": type_of(error), "frames": self.frames(steps), "outside": self.outside(steps)}
        if isinstance(error, (ImportError, NameError, AttributeError)):
            name = getattr(error, "name", None)
            facts["name"] = name if isinstance(name, str) else None
        if isinstance(error, NameError) and not facts["name"]:  # Python < 3.10
            found = _NAME_ERROR.search(message)
            facts["name"] = found.group(1) if found else None
        if isinstance(error, ImportError):
            found = _IMPORT_ERROR.match(message)
            facts["name_from"] = getattr(error, "name_from", None) or (found.group(1) if found else None)
            facts["path"] = self.path(error.path) if error.path else None
        if isinstance(error, SyntaxError):
            facts["filename"] = self.path(error.filename) if error.filename else None
            facts["lineno"] = error.lineno
        if isinstance(error, OSError) and isinstance(error.filename, str):
            facts["filename"] = self.path(error.filename)
        if isinstance(error, TypeError):
            bases = _BASES.search(message)
            facts["bases"] = [base.strip() for base in bases.group(1).split(",")] if bases else None
        if type(error).__name__ == "ImportPathMismatchError" and len(error.args) == 3:
            facts["name"] = str(error.args[0])
            message = ", ".join([facts["name"], self.path(error.args[1]), self.path(error.args[2])])
        facts["message"] = message[:MESSAGE]
        with contextlib.suppress(Exception):  # whatever a stranger's object does when it is looked at
            facts.update(self.owner(error, steps))
        return {key: value for key, value in facts.items() if value}

    def frames(self, steps: Steps) -> list[dict[str, Any]]:
        """Frames inside the repository, outermost first; of a long chain the first 4 and the last 8."""
        found = []
        for frame, line in steps:
            filename = os.path.abspath(frame.f_code.co_filename)
            if self.is_inside(frame):
                found.append((filename, line, frame.f_code.co_name))
        if len(found) > FRAMES:
            found = found[:4] + found[4 - FRAMES :]
        return [
            {
                "path": self.path(filename),
                "line": line,
                "function": function,
                "statement": self.sources.statement(filename, line),
                "pending": self.sources.pending(filename, line),
            }
            for filename, line, function in found
        ]

    def is_inside(self, frame: types.FrameType) -> bool:
        name = frame.f_code.co_filename
        return os.path.abspath(name).startswith(self.root + os.sep) and not name.startswith("<")

    def outside(self, steps: Steps) -> list[dict[str, str]]:
        """Frames outside the repository below its last one: the first and the last 3. No paths, no lines."""
        found: Steps = []
        for frame, line in steps:
            if self.is_inside(frame):
                found = []
            elif not frame.f_code.co_filename.startswith("<") and module_of(frame).partition(".")[0] != "importlib":
                found.append((frame, line))
        if len(found) > OUTSIDE:
            found = found[:1] + found[1 - OUTSIDE :]
        return [
            {
                "module": module_of(frame),
                "function": frame.f_code.co_name,
                "origin": self.origin(frame.f_code.co_filename, module_of(frame)),
                "statement": self.sources.statement(frame.f_code.co_filename, line),
            }
            for frame, line in found
        ]

    def origin(self, filename: str, module: str) -> str:
        """Whose file it is: "repository", "stdlib", "pytest" or "package"."""
        if module.partition(".")[0] in ("_pytest", "pytest", "pluggy"):
            return "pytest"
        if not filename:
            return "stdlib" if module.partition(".")[0] in sys.builtin_module_names else ""
        path = os.path.abspath(filename)
        if path.startswith(self.root + os.sep):
            return "repository"
        inside = os.path.realpath(path).startswith(self.library) and not _SITE.match(path.replace(os.sep, "/"))
        return "stdlib" if inside else "package"

    def owner(self, error: BaseException, steps: Steps) -> dict[str, Any]:
        """What lacks a name: whose it is, the names it has that look alike, and the cycle it may stand in."""
        if isinstance(error, SyntaxError):
            return self.owner_of_file(error.filename or "")
        if isinstance(error, ImportError):
            return self.owner_of_import(error, steps)
        if isinstance(error, AttributeError):
            return self.owner_of_attribute(error, steps)
        request = getattr(getattr(error, "req", None), "key", None)  # pkg_resources.DistributionNotFound
        return {"name": request} if isinstance(request, str) else {}

    def owner_of_file(self, filename: str) -> dict[str, Any]:
        origin = self.origin(filename, "")
        if origin not in ("package", "stdlib"):
            return {"origin": origin}
        relative = _SITE.sub("", filename.replace(os.sep, "/")) if origin == "package" else os.path.basename(filename)
        return {"origin": origin, "owner": relative.rpartition(".py")[0].replace("/__init__", "").replace("/", ".")}

    def owner_of_import(self, error: ImportError, steps: Steps) -> dict[str, Any]:
        found = _IMPORT_ERROR.match(message_of(error))
        name = getattr(error, "name_from", None) or (found.group(1) if found else None)
        if not (error.name and name):
            return {}
        return self.owner_of_name(error.name, sys.modules.get(error.name), error.path or "", name, steps)

    def owner_of_attribute(self, error: AttributeError, steps: Steps) -> dict[str, Any]:
        thing, message = getattr(error, "obj", None), message_of(error)
        named = _MODULE_ATTRIBUTE.search(message)
        if thing is None and named:  # Python < 3.10
            thing = sys.modules.get(named.group(1))
        found = _ATTRIBUTE.search(message)
        name = getattr(error, "name", None) or (found.group(1) if found else "")
        if not name or (thing is None and not named):
            return {}
        if thing is None or issubclass(type(thing), types.ModuleType):
            module = str(getattr(thing, "__name__", "") or (named.group(1) if named else ""))
            facts = self.owner_of_name(module, thing, getattr(thing, "__file__", None) or "", name, steps)
            return {"name": name, "owner_is": "module", **facts}
        a_class = issubclass(type(thing), type)
        kind = thing if a_class else type(thing)
        if not a_class and any("__getattr__" in vars(base) for base in kind.__mro__):
            return {"name": name}  # it makes its attributes up: nothing is known of what it should have
        module = str(kind.__module__)
        path = getattr(sys.modules.get(module), "__file__", None) or ""
        return {
            "name": name,
            "owner": module + "." + kind.__qualname__,
            "owner_is": "class" if a_class else "instance",
            "origin": "stdlib" if module == "builtins" else self.origin(path, module),
            "near": self.near(name, [word for base in kind.__mro__ for word in vars(base)]),
        }

    def owner_of_name(self, module: str, thing: Any, filename: str, name: str, steps: Steps) -> dict[str, Any]:
        return {
            "owner": module,
            "origin": self.origin(filename, module),
            "path": self.path(filename) if filename else None,
            "near": self.near(name, list(vars(thing)) if thing is not None else []),
            "cycle": self.cycle(module, filename, name, steps) if filename else None,
        }

    @staticmethod
    def near(name: str, names: list[Any]) -> list[str]:
        public = [word for word in names if isinstance(word, str) and not word.startswith("_") and word != name]
        return difflib.get_close_matches(name, public[:NAMES], NEAR)

    def cycle(self, module: str, filename: str, name: str, steps: Steps) -> list[str] | None:
        """The files from the module that lacks the name, still at its top level, to the one that asks it for it."""
        files = [os.path.abspath(f.f_code.co_filename) for f, _ in steps if f.f_code.co_name == "<module>"]
        filename = os.path.abspath(filename)
        if filename not in files or files[-1] == filename:
            return None
        folder = os.path.join(os.path.dirname(filename), name)
        submodule = os.path.isfile(folder + ".py") or os.path.isdir(folder)
        if not (submodule or self.sources.binds(filename, name)):
            return None  # it would not have the name at its end either
        way = [self.path(path) for path in files[files.index(filename) :]]
        return list(dict.fromkeys(way))[:CYCLE]


class Watchdog:
    """Has Python's own fault handler print where one file's import stands, shortly before we are ended for it.

    It also prints where a crash happened; both go to the standard error that the launcher reads.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        try:  # pytest's capture takes descriptor 2 away later
            self.output = os.dup(2)
            faulthandler.enable(file=self.output)
        except (OSError, RuntimeError):
            self.seconds = 0

    def restart(self) -> None:
        if self.seconds:
            faulthandler.dump_traceback_later(self.seconds, file=self.output)

    def stop(self) -> None:
        if self.seconds:
            faulthandler.cancel_dump_traceback_later()


class Reporter:
    """The hooks. Each of them only hands over: whatever fails in here is an event, never pytest's trouble."""

    def __init__(self, stream: Stream, root: str, watchdog: Watchdog) -> None:
        self.stream = stream
        self.watchdog = watchdog
        self.root = os.path.abspath(root)
        self.sources = Sources()
        self.causes = Causes(self)
        self.python_files: list[str] = []
        self.items: Counter[str] = Counter()
        self.deselected: Counter[str] = Counter()
        self.deselected_by: dict[str, dict[str, None]] = {}
        self.modules: dict[str, dict[str, str]] = {}
        self.ignored: dict[str, None] = {}
        self.warnings = 0
        self.tracebacks = 0
        self.interrupted = False
        self.ended = False
        self.final: Counter[str] | None = None
        self.session: Any = None

    @contextlib.contextmanager
    def guard(self, hook: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            with contextlib.suppress(Exception):
                self.stream.write("reporter-error", hook=hook, message=type_of(error) + ": " + message_of(error))

    # -- what an exception says -----------------------------------------------------------------

    def path(self, path: Any) -> str:
        """Relative to the repository's root with forward slashes; what lies outside stays absolute."""
        text = os.path.abspath(str(path))
        if text.startswith(self.root + os.sep):
            text = text[len(self.root) + 1 :]
        return "." if text == self.root else text.replace(os.sep, "/")

    def text(self, text: str) -> str:
        # The root differs from pass to pass where the tree has no constant path; facts must not.
        return text.replace(self.root + os.sep, "")

    def cause(self, outer: BaseException) -> dict[str, Any]:
        """The real exception as the fields of a ``Cause``, with those it was raised from."""
        if isinstance(outer, EndedAtImport) and outer.__cause__ is not None:
            return {**self.causes.of(outer.__cause__), "type": "collection.Exit", "message": str(outer)}
        return self.causes.of(outer)

    def frames(self, traceback: types.TracebackType | None) -> list[dict[str, Any]]:
        """Frames inside the repository, outermost first; of a long chain the first 4 and the last 8."""
        return self.causes.frames(steps_of(traceback))

    # -- before and around the session ----------------------------------------------------------

    def watch_conftests(self, pluginmanager: Any) -> None:
        """Say which conftest is being loaded: no hook tells it before its code has run."""
        load = getattr(pluginmanager, "_importconftest", None)
        if load is None:
            return
        seen: set[str] = set()

        def _importconftest(conftestpath: Any, *args: Any, **kwargs: Any) -> Any:
            path = self.path(conftestpath)
            if path in seen:
                return load(conftestpath, *args, **kwargs)
            seen.add(path)
            self.stream.write("loading", path=path)
            self.watchdog.restart()
            try:
                return load(conftestpath, *args, **kwargs)
            finally:
                self.stream.write("loaded-conftest", path=path)

        pluginmanager._importconftest = _importconftest

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Generator[None, Any, None]:
        outcome = yield
        with self.guard("pytest_load_initial_conftests"):
            if outcome.excinfo is not None:
                error = outcome.excinfo[1]
                cause = self.cause(error)
                path = getattr(error, "path", None)
                frames = cause.get("frames") or [{"path": ""}]
                blamed = frames[-1]["path"] if frames[-1]["path"].endswith("conftest.py") else ""
                self.stream.write(
                    "conftest-failure",
                    path=self.path(path) if path else blamed,
                    cause=cause,
                    traceback=short(self.text(message_of(error)), TRACEBACK),
                )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: Any) -> None:
        self.session = session
        with self.guard("pytest_sessionstart"):
            config = session.config
            self.python_files = list(config.getini("python_files"))
            inipath = getattr(config, "inipath", None) or getattr(config, "inifile", None)
            digest = ""
            if inipath:
                with open(str(inipath), "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
            self.stream.write(
                "session",
                reporter=FORMAT,
                pytest=pytest.__version__,
                python=".".join(str(part) for part in sys.version_info[:3]),
                rootdir=self.path(getattr(config, "rootpath", None) or config.rootdir),
                inipath=self.path(inipath) if inipath else "",
                ini_digest=digest,
                args=[self.path(arg) if os.path.isabs(str(arg)) else str(arg) for arg in config.args],
                places=self.places(config.args),
                norecursedirs=[str(pattern) for pattern in config.getini("norecursedirs")],
                addopts=[str(option) for option in config.getini("addopts")],
                testpaths=[str(path) for path in config.getini("testpaths")],
                python_files=self.python_files,
                plugins=sorted(
                    {d.project_name + " " + d.version for _, d in config.pluginmanager.list_plugin_distinfo()}
                ),
                packages=packages(sys.path),
                platform=sys.platform,
            )
            # Node ids and tracebacks are in the stream; printing them again costs seconds and meets the output limit.
            terminal = config.pluginmanager.get_plugin("terminalreporter")
            for printer in ("_printcollecteditems", "summary_errors"):
                if hasattr(terminal, printer):
                    setattr(terminal, printer, lambda *_: None)

    def places(self, arguments: Any) -> list[str]:
        """The files and directories that pytest was given; none where an argument is neither (--pyargs)."""
        paths = [str(argument).split("::")[0] for argument in arguments]
        return [self.path(path) for path in paths] if all(os.path.exists(path) for path in paths) else []

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, Any, None]:
        outcome = yield
        self.ended = outcome.excinfo is None

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """The end: later than every pytest_sessionfinish, when the exit status can change no more."""
        if self.session is None or not self.ended or os.getpid() != self.stream.process:
            return
        status = int(self.session.exitstatus)
        with self.guard("finish"):
            self.finish(status)
            self.session.config.get_terminal_writer().flush()
            sys.stdout.flush()
            sys.stderr.flush()
            # Python's own end would take as long again (modules torn down, cycles collected) and tell nothing.
            os._exit(status)

    def finish(self, status: int) -> None:
        if self.final is None:
            self.final = self.items
        for path, tests in self.items.items():
            if tests > 0 and not self.final.get(path):  # taken out of the list without a word
                self.deselect(path, tests, "a hook that takes tests out of the list")
        for path in sorted({*self.final, *self.modules}):
            tests = self.final.get(path, 0)
            self.stream.write("collected", path=path, tests=tests, **({} if tests else self.modules.get(path, {})))
        for path, tests in sorted(self.deselected.items()):
            self.stream.write("deselected", path=path, tests=tests, by=list(self.deselected_by[path]))
        self.stream.write(
            "finish",
            status=status,
            tests=sum(self.final.values()),
            pytest_errors=self.session.testsfailed,
            interrupted=self.interrupted,
            stopped=str(self.session.shouldfail or self.session.shouldstop or ""),
            size=self.stream.size,
            digest=self.stream.digest.hexdigest(),
        )

    # -- collection -----------------------------------------------------------------------------

    def place(self, node: Any) -> str:
        """The node's file, or its directory with a slash at the end, relative to the root."""
        path = str(getattr(node, "path", None) or node.fspath)
        if is_directory(node):
            return self.path(os.path.dirname(path) if path.endswith(".py") else path) + "/"
        return self.path(path)

    def pytest_collectstart(self, collector: Any) -> None:
        with self.guard("pytest_collectstart"):
            if isinstance(collector, pytest.File) or is_directory(collector):
                self.stream.write("start", node=collector.nodeid, path=self.place(collector))
                self.watchdog.restart()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self) -> None:
        """Every file is behind us: whatever ends the process from here on is no file's doing."""
        with self.guard("pytest_collection_modifyitems"):
            self.stream.write("reached-end")
            self.watchdog.stop()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, None]:
        with self.guard("pytest_make_collect_report"):
            if not isinstance(collector, pytest.Session):
                collector.collect = surviving(collector.collect)
        outcome = yield
        with self.guard("pytest_make_collect_report"):
            if outcome.excinfo is None:
                self.report(collector, outcome.get_result())

    def report(self, collector: Any, report: Any) -> None:
        is_file = isinstance(collector, pytest.File) and not is_directory(collector)
        if report.failed:
            self.error(collector, report)
        elif report.skipped and (is_file or is_directory(collector)):
            _, line, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
            shown = self.text(reason)[:MESSAGE]
            self.stream.write(
                "skipped",
                path=self.place(collector),
                line=line,
                reason=shown,
                **attempt(lambda: how_skipped(report), {}),
            )
        elif report.passed and is_file:
            self.modules[self.place(collector)] = {} if report.result else attempt(lambda: how_empty(collector), {})

    def error(self, collector: Any, report: Any) -> None:
        info = getattr(getattr(report, "call", None), "excinfo", None)
        text = "[left out: the tracebacks of the errors before it are too many]"
        if self.tracebacks < TRACEBACKS:
            text = short(self.text(str(report.longrepr)), TRACEBACK)
            self.tracebacks += len(text)
        # A plugin may make reports of its own, without the exception.
        cause = self.cause(info.value) if info else {"type": "", "message": text[:MESSAGE]}
        path = self.place(collector) if report.nodeid else ""
        if path.endswith("/"):
            culprit = getattr(info.value, "path", None) if info else None
            path = self.path(culprit) if culprit else path + "__init__.py"
        self.stream.write("error", node=report.nodeid, path=path, cause=cause, traceback=text)

    def pytest_itemcollected(self, item: Any) -> None:
        with self.guard("pytest_itemcollected"):
            self.items[self.place(item)] += 1

    def pytest_deselected(self, items: Any) -> None:
        with self.guard("pytest_deselected"):
            gone = Counter(self.place(item) for item in items)
            self.items.subtract(gone)
            by = attempt(lambda: self.deselector(sys._getframe(3)), "a hook")
            for path, tests in gone.items():
                self.deselect(path, tests, by)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: Any) -> None:
        with self.guard("pytest_collection_finish"):
            self.final = Counter(self.place(item) for item in session.items)

    def deselect(self, path: str, tests: int, by: str) -> None:
        self.deselected[path] += tests
        self.deselected_by.setdefault(path, {})[self.text(by)[:MESSAGE]] = None

    def deselector(self, frame: Any) -> str:
        """Who calls pytest_deselected: an option of pytest's own with its value, or the file of a hook."""
        while frame is not None and str(frame.f_globals.get("__name__")).split(".")[0] == "pluggy":
            frame = frame.f_back
        module, name = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        option = self.session.config.getoption
        if module.startswith("_pytest.mark"):
            return (
                "-k " + repr(option("keyword")) if name == "deselect_by_keyword" else "-m " + repr(option("markexpr"))
            )
        if module == "_pytest.main":
            return " ".join("--deselect " + str(prefix) for prefix in option("deselect") or [])
        return "a hook in " + self.hook_place(frame.f_code)

    def hook_place(self, code: types.CodeType) -> str:
        """The file of a hook in the repository; of any other its name without the way to it."""
        shown = self.path(code.co_filename)
        return "/".join(shown.split("/")[-2:]) if os.path.isabs(shown) else shown

    def ignore(self, path: str, answer: Any) -> None:
        name, shown = os.path.basename(path), self.path(path)
        patterns = [pattern for pattern in self.python_files if fnmatch.fnmatch(name, pattern.split("/")[-1])]
        if os.path.isdir(path):
            patterns = [] if any(fnmatch.fnmatch(name, pattern) for pattern in DEFAULT_IGNORED) else ["/"]
            shown += "/"
        if answer and patterns and shown not in self.ignored:
            self.ignored[shown] = None
            how, by = attempt(lambda: self.how_ignored(path), ("", ""))
            self.stream.write("ignored", path=shown, how=how, by=self.text(by)[:MESSAGE])

    def how_ignored(self, path: str) -> tuple[str, str]:
        """What makes pytest leave a path out, and its details, looked for in the order in which pytest does."""
        config = self.session.config
        for plugin in config.pluginmanager.get_plugins():
            conftest = str(getattr(plugin, "__file__", None) or "")
            listed = names_path(plugin, conftest, path) if os.path.basename(conftest) == "conftest.py" else ""
            if listed:
                return "by-conftest", listed + " in " + self.path(conftest)
        for option, same in (("ignore", str.__eq__), ("ignore_glob", fnmatch.fnmatch)):
            for given in config.getoption(option, None) or []:
                if same(path, os.path.abspath(str(given))):
                    return "by-option", "--" + option.replace("_", "-") + "=" + str(given)
        if os.path.exists(os.path.join(path, "pyvenv.cfg")):
            return "default-dir", self.path(path)
        for pattern in config.getini("norecursedirs") if os.path.isdir(path) else ():
            if fnmatch.fnmatch(path, "*/" + pattern):
                return "norecurse", str(pattern)
        hooks = {
            self.hook_place(impl.function.__code__)
            for impl in config.pluginmanager.hook.pytest_ignore_collect.get_hookimpls()
            if impl.plugin is not self and not str(impl.function.__module__).startswith("_pytest.")
        }
        return ("by-hook", "in " + " or ".join(sorted(hooks))) if hooks else ("", "")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Any) -> Generator[None, Any, None]:
        outcome = yield
        with self.guard("pytest_ignore_collect"):
            self.ignore(str(collection_path), outcome.excinfo is None and outcome.get_result())

    def pytest_warning_recorded(self, warning_message: Any, when: str) -> None:
        with self.guard("pytest_warning_recorded"):
            self.warnings += when == "collect"
            if when == "collect" and self.warnings <= WARNINGS:
                self.stream.write(
                    "warning",
                    path=self.path(warning_message.filename),
                    line=warning_message.lineno,
                    category=warning_message.category.__name__,
                    message=self.text(str(warning_message.message))[:MESSAGE],
                )

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        # pytest stops itself in the same way ("Interrupted: 3 errors during collection").
        self.interrupted = not isinstance(excinfo.value, pytest.Session.Interrupted)

    def pytest_internalerror(self, excrepr: Any, excinfo: Any) -> None:
        with self.guard("pytest_internalerror"):
            text = short(self.text(str(excrepr)), TRACEBACK)
            self.stream.write("internal-error", cause=self.cause(excinfo.value), traceback=text)


def surviving(collect: Callable[[], Any]) -> Callable[[], Any]:
    """``collect`` as an error of its file where it would end the session and leave every other file uncounted."""

    def collect_or_fail() -> Any:
        try:
            return list(collect())
        except (SystemExit, KeyboardInterrupt, pytest.exit.Exception) as error:
            raise EndedAtImport((type_of(error) + ": " + message_of(error)).rstrip(": ")) from error

    return collect_or_fail


def attempt(ask: Any, otherwise: Any) -> Any:
    """The answer to a question about a stranger's objects. What a file was left out by is worth no failed pass."""
    try:
        return ask()
    except Exception:
        return otherwise


def names_path(conftest: Any, filename: str, path: str) -> str:
    """The name of a conftest's list that holds the path, "" where none does."""
    for listed, same in (("collect_ignore", str.__eq__), ("collect_ignore_glob", fnmatch.fnmatch)):
        for given in getattr(conftest, listed, None) or []:
            if same(path, os.path.abspath(os.path.join(os.path.dirname(filename), str(given)))):
                return listed
    return ""


def how_skipped(report: Any) -> dict[str, str]:
    """How a collector was skipped as a whole, by its exception and not by its words."""
    error = report.call.excinfo.value
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name == "importorskip" and frame.f_globals.get("__name__") == "_pytest.outcomes":
            return {"how": "importorskip", "module": str(frame.f_locals.get("modname", ""))}
        traceback = traceback.tb_next
    return {"how": "unittest" if type(error).__module__.startswith("unittest.") else "skip"}


def how_empty(collector: Any) -> dict[str, str]:
    """Why a module that was imported gives no test."""
    if getattr(getattr(collector, "_obj", None), "__test__", None) is False:
        return {"how": "test-false"}
    path = str(getattr(collector, "path", None) or collector.fspath)
    return {"how": "empty", "by": "" if os.stat(path).st_size else "the file is empty"}


def is_directory(node: Any) -> bool:
    """Whether the collector stands for a directory (up to pytest 7 a Package is also a File)."""
    return isinstance(node, (pytest.Package, getattr(pytest, "Directory", pytest.Package)))


def start() -> Reporter | None:
    """The reporter, where we were asked for one; the target finds no trace in its environment or on its path."""
    stream, root = os.environ.pop("REMEDIATION_STREAM", ""), os.environ.pop("REMEDIATION_ROOT", "")
    seconds = float(os.environ.pop("REMEDIATION_FILE_SECONDS", "0"))
    if not stream:
        return None
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if entry != here]
    inherited = [entry for entry in os.environ.pop("PYTHONPATH", "").split(os.pathsep) if entry not in ("", here)]
    if inherited:
        os.environ["PYTHONPATH"] = os.pathsep.join(inherited)
    # The process ends when collection does; looking for cycles until then costs a fifth of the time.
    gc.disable()
    reporter = Reporter(Stream(stream), root, Watchdog(seconds))
    reporter.stream.write("loaded", reporter=FORMAT, pytest=pytest.__version__)
    return reporter


if int(pytest.__version__.split(".")[0]) < 7:
    # pluggy goes by an argument's very name, and pytest 7 renamed this one.
    _code = Reporter.pytest_ignore_collect.__code__
    Reporter.pytest_ignore_collect.__code__ = _code.replace(
        co_varnames=tuple("path" if name == "collection_path" else name for name in _code.co_varnames)
    )
_reporter = start()


def pytest_addoption(pluginmanager: Any) -> None:
    if _reporter is not None:
        pluginmanager.register(_reporter, "remediation_reporter_hooks")
        _reporter.watch_conftests(pluginmanager)
