"""pytest's hooks of collection, each handed over as an event. PYTEST_DONT_REWRITE"""

from __future__ import annotations

# Strings, not Path: half the price, paid for every node.
# ruff: noqa: PTH110, PTH112, PTH117, PTH119
import contextlib
import fnmatch
import hashlib
import os
import sys
from collections import Counter
from typing import Any, Generator, Iterator  # noqa: UP035 (runs on Python 3.8)

import pytest

from .causes import MESSAGE, Causes
from .endings import Watchdog, surviving
from .objects import attempt, is_directory, message_of, type_of
from .packages import packages
from .places import Places
from .silence import deselector, how_empty, how_ignored, how_skipped
from .stream import FORMAT, Stream, short

TRACEBACK, WARNINGS = 20_000, 200
TRACEBACKS = 24 * 1024**2  # characters of all tracebacks together; a hundred thousand errors keep their causes
# Directories that pytest leaves out by itself: nobody's decision, so not worth a line.
DEFAULT_IGNORED = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}", "__pycache__")


class Reporter:
    """The hooks. Each of them only hands over: whatever fails in here is an event, never pytest's trouble."""

    def __init__(self, stream: Stream, root: str, watchdog: Watchdog) -> None:
        self.stream = stream
        self.watchdog = watchdog
        self.places = Places(root)
        self.causes = Causes(self.places)
        self.python_files: list[str] = []
        self.items: Counter[str] = Counter()
        self.tests = 0  # seen so far, for whoever watches
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

    # -- before and around the session ----------------------------------------------------------

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Generator[None, Any, None]:
        outcome = yield
        with self.guard("pytest_load_initial_conftests"):
            if outcome.excinfo is not None:
                error = outcome.excinfo[1]
                cause = self.causes.of(error)
                path = getattr(error, "path", None)
                frames = cause.get("frames") or [{"path": ""}]
                blamed = frames[-1]["path"] if frames[-1]["path"].endswith("conftest.py") else ""
                self.stream.write(
                    "conftest-failure",
                    path=self.places.path(path) if path else blamed,
                    cause=cause,
                    traceback=short(self.places.text(message_of(error)), TRACEBACK),
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
                rootdir=self.places.path(getattr(config, "rootpath", None) or config.rootdir),
                inipath=self.places.path(inipath) if inipath else "",
                ini_digest=digest,
                args=[self.places.path(arg) if os.path.isabs(str(arg)) else str(arg) for arg in config.args],
                places=self.existing(config.args),
                norecursedirs=[str(pattern) for pattern in config.getini("norecursedirs")],
                addopts=[str(option) for option in config.getini("addopts")],
                testpaths=[str(path) for path in config.getini("testpaths")],
                python_files=self.python_files,
                python_functions=list(config.getini("python_functions")),
                python_classes=list(config.getini("python_classes")),
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

    def existing(self, arguments: Any) -> list[str]:
        """The files and directories that pytest was given; none where an argument is neither (--pyargs)."""
        paths = [str(argument).split("::")[0] for argument in arguments]
        return [self.places.path(path) for path in paths] if all(os.path.exists(path) for path in paths) else []

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

    def pytest_collectstart(self, collector: Any) -> None:
        with self.guard("pytest_collectstart"):
            if isinstance(collector, pytest.File) or is_directory(collector):
                place = self.places.place(collector)
                self.stream.write("start", node=collector.nodeid, path=place, tests=self.tests)
                self.watchdog.restart()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self) -> None:
        """Every file is behind us: whatever ends the process from here on is no file's doing."""
        with self.guard("pytest_collection_modifyitems"):
            self.stream.write("reached-end", tests=self.tests)
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
            self.watchdog.forget()
            self.error(collector, report)
        elif report.skipped and (is_file or is_directory(collector)):
            _, line, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
            shown = self.places.text(reason)[:MESSAGE]
            self.stream.write(
                "skipped",
                path=self.places.place(collector),
                line=line,
                reason=shown,
                **attempt(lambda: how_skipped(report), {}),
            )
        elif report.passed and is_file:
            self.modules[self.places.place(collector)] = (
                {} if report.result else attempt(lambda: how_empty(collector), {})
            )

    def error(self, collector: Any, report: Any) -> None:
        info = getattr(getattr(report, "call", None), "excinfo", None)
        text = "[left out: the tracebacks of the errors before it are too many]"
        if self.tracebacks < TRACEBACKS:
            text = short(self.places.text(str(report.longrepr)), TRACEBACK)
            self.tracebacks += len(text)
        # A plugin may make reports of its own, without the exception.
        cause = self.causes.of(info.value) if info else {"type": "", "message": text[:MESSAGE]}
        path = self.places.place(collector) if report.nodeid else ""
        if path.endswith("/"):
            culprit = getattr(info.value, "path", None) if info else None
            path = self.places.path(culprit) if culprit else path + "__init__.py"
        self.stream.write("error", node=report.nodeid, path=path, cause=cause, traceback=text)

    def pytest_itemcollected(self, item: Any) -> None:
        with self.guard("pytest_itemcollected"):
            self.tests += 1
            self.items[self.places.place(item)] += 1

    def pytest_deselected(self, items: Any) -> None:
        with self.guard("pytest_deselected"):
            gone = Counter(self.places.place(item) for item in items)
            self.items.subtract(gone)
            by = attempt(lambda: deselector(sys._getframe(3), self.session.config, self.places), "a hook")
            for path, tests in gone.items():
                self.deselect(path, tests, by)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: Any) -> None:
        with self.guard("pytest_collection_finish"):
            self.final = Counter(self.places.place(item) for item in session.items)

    def deselect(self, path: str, tests: int, by: str) -> None:
        self.deselected[path] += tests
        self.deselected_by.setdefault(path, {})[self.places.text(by)[:MESSAGE]] = None

    def ignore(self, path: str, answer: Any) -> None:
        name, shown = os.path.basename(path), self.places.path(path)
        patterns = [pattern for pattern in self.python_files if fnmatch.fnmatch(name, pattern.split("/")[-1])]
        if os.path.isdir(path):
            patterns = [] if any(fnmatch.fnmatch(name, pattern) for pattern in DEFAULT_IGNORED) else ["/"]
            shown += "/"
        if answer and patterns and shown not in self.ignored:
            self.ignored[shown] = None
            how, by = attempt(lambda: how_ignored(path, self.session.config, self.places, self), ("", ""))
            self.stream.write("ignored", path=shown, how=how, by=self.places.text(by)[:MESSAGE])

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
                    path=self.places.path(warning_message.filename),
                    line=warning_message.lineno,
                    category=warning_message.category.__name__,
                    message=self.places.text(str(warning_message.message))[:MESSAGE],
                )

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        # pytest stops itself in the same way ("Interrupted: 3 errors during collection").
        self.interrupted = not isinstance(excinfo.value, pytest.Session.Interrupted)

    def pytest_internalerror(self, excrepr: Any, excinfo: Any) -> None:
        with self.guard("pytest_internalerror"):
            text = short(self.places.text(str(excrepr)), TRACEBACK)
            self.stream.write("internal-error", cause=self.causes.of(excinfo.value), traceback=text)


if int(pytest.__version__.split(".")[0]) < 7:
    # pluggy goes by an argument's very name, and pytest 7 renamed this one.
    _code = Reporter.pytest_ignore_collect.__code__
    Reporter.pytest_ignore_collect.__code__ = _code.replace(
        co_varnames=tuple("path" if name == "collection_path" else name for name in _code.co_varnames)
    )
