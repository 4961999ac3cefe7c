"""Reads what a team pastes from its CI: pytest's own output, however it was wrapped, and a list of packages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from remediation.core.ci_lines import lines_of
from remediation.core.command_line import pytest_command
from remediation.core.packages import read_freeze
from remediation.core.text import clean_line

FILES, COMMANDS = 20_000, 2_000

_COMMIT = re.compile(r"(?:HEAD is now at |Checking out )([0-9a-f]{7,40})\b|'?([0-9a-f]{40})'?$")
_ENV = re.compile(r" {2}([A-Za-z_]\w{0,100}): ")
_PLATFORM = re.compile(r"platform (\S+) -- Python ([\w.+]+)[^,]*, pytest-([\w.+]+)")
_COLLECTED = re.compile(r"(?:^|collecting \.\.\. ?)collected (\d{1,9}) items?((?: / \d{1,9} [a-z]+)*)$")
_WORKERS = re.compile(r"(?:(\d{1,4}) workers? \[(\d{1,9}) items?\]|gw0 \[(\d{1,9})\](?: / gw\d{1,4} \[\d{1,9}\])*)$")
_SECTION = re.compile(r"_{2,} ERROR collecting (.+?) _{2,}$")
_SUMMARY = re.compile(r"ERROR (\S.*?)(?: - .*)?$")
_BANNER = re.compile(r"!{2,} ((?:Interrupted|stopping after|xdist\.dsession\.Interrupted).*?) !{2,}$")
_INTERRUPTED = re.compile(r"Interrupted: (\d{1,9}) errors? during collection")
_CLOSING = re.compile(r"(?:=+ )?(\S.*?) in \d{1,7}(?:\.\d+)?s(?: \(\d.*\))?(?: =+)?$")
_COLLECTED_END = re.compile(r"(?:(\d{1,9})(?:/\d{1,9})?|no) tests? collected(?: \(\d{1,9} deselected\))?")
_PART = re.compile(r"(\d{1,9}) ([a-z]+(?: passed| failed)?)")


_OUTCOMES = {
    "passed", "failed", "error", "skipped", "deselected", "xfailed", "xpassed", "warning", "rerun",
    "subtests passed", "subtests failed",
}  # fmt: skip


@dataclass(slots=True)
class CiLog:
    """What a log says of one run of pytest. None: it does not say; an empty text or tuple: it says there is none.

    ``errors``: failing collectors as pytest counts them; ``tests``: collected and not deselected; ``files``: paths
    under "ERROR", each once; ``workers``: of a distributed run; ``stopped``: pytest's words when it ended early;
    ``runs``: how many runs the text holds, of which this is the last.
    """

    runs: int = 0
    command: str | None = None
    arguments: tuple[str, ...] | None = None
    variables: tuple[str, ...] | None = None
    commit: str | None = None
    platform: str | None = None
    python: str | None = None
    pytest: str | None = None
    rootdir: str | None = None
    configuration: str | None = None
    testpaths: tuple[str, ...] | None = None
    plugins: tuple[str, ...] | None = None
    packages: tuple[str, ...] | None = None
    errors: int | None = None
    tests: int | None = None
    files: tuple[str, ...] | None = None
    workers: int | None = None
    stopped: str | None = None

    @property
    def says_something(self) -> bool:
        """Whether anything of pytest was found in it at all."""
        return self.runs > 0 or self.command is not None


def parse(log: str, packages: str = "") -> CiLog:
    """The last run of pytest in ``log``, and the packages that ``pip freeze`` or ``pip list`` wrote. Never raises."""
    reader = _Reader()
    for line in lines_of(log):
        reader.take(line)
    found = reader.end()
    found.packages = read_freeze(packages)
    return found


class _Reader:
    """Line by line; a new run begins with pytest's first line, or after the closing line of the one before."""

    def __init__(self) -> None:
        self.log = CiLog()
        self.runs = self.asked = 0
        self.command: tuple[str, tuple[str, ...], tuple[str, ...]] | None = None
        self.commit: str | None = None
        self.variables: dict[str, None] = {}
        self.in_environment = self.in_summary = False
        self.reset()

    def reset(self) -> None:
        self.log = CiLog()
        self.began = self.closed = self.in_summary = False
        self.sections: list[str] = []
        self.summary: list[str] = []
        self.ended: int | None = None  # errors of every kind, by the closing line

    def begin(self, anew: bool = False) -> CiLog:
        if self.closed or (anew and self.began):
            self.reset()
        if not self.began:
            self.began = True
            self.runs += 1
            if self.command:
                self.log.command, self.log.arguments, _ = self.command
                self.command = None
        return self.log

    def take(self, line: str) -> None:
        if self._environment(line) or not line:
            return
        if " test session starts " in line:
            self.begin(anew=True)
            return
        self._checkout(line)
        command = pytest_command(line) if "test" in line and self.asked < COMMANDS else None
        self.asked += "pytest" in line
        if command:
            self.command = command
            self.variables.update(dict.fromkeys(command[2]))
            return
        for pattern, reader in _READERS:
            match = pattern.search(line)
            if match and reader(self, match):
                return

    def _environment(self, line: str) -> bool:
        """GitHub lists a step's variables under "env:"; their values are not ours to keep."""
        if line == "env:":
            self.in_environment = True
            return True
        match = _ENV.match(line) if self.in_environment else None
        self.in_environment = match is not None
        if match:
            self.variables[match[1]] = None
        return match is not None

    def _checkout(self, line: str) -> None:
        """What git says it has laid out: the last word of it before the tests counts."""
        match = _COMMIT.match(line) if not self.runs else None
        if match:
            self.commit = match[1] or match[2]

    def end(self) -> CiLog:
        log = self.log
        log.runs = self.runs
        if self.command:  # the log ends before pytest spoke, or it spoke in words that are not known
            if self.closed or not self.began:
                log = CiLog(runs=self.runs + 1)
            log.command, log.arguments, _ = self.command
        log.commit = self.commit
        log.variables = tuple(sorted(self.variables)) or None
        self._finish(log)
        return log

    def _finish(self, log: CiLog) -> None:
        files = tuple(dict.fromkeys([*self.sections, *self.summary]))[:FILES]
        if log.errors is None and (self.sections or self.summary):
            log.errors = len(self.sections) or len(self.summary)
        if log.errors is None:
            log.errors = self.ended
        if files or log.errors == 0:
            log.files = files
        if log.rootdir is not None and log.configuration is None:
            log.configuration = ""
        if log.rootdir is not None and log.plugins is None and (log.tests is not None or log.errors is not None):
            log.plugins = ()
        if log.stopped is None and self.closed:
            log.stopped = ""


Reading = Callable[[_Reader, "re.Match[str]"], bool]


def _platform(reader: _Reader, match: re.Match[str]) -> bool:
    log = reader.begin()
    log.platform, log.python, log.pytest = match[1], match[2], match[3]
    return True


def _root(reader: _Reader, match: re.Match[str]) -> bool:
    """One line up to pytest 6, a line each since 7."""
    log = reader.begin()
    for name, value in re.findall(
        r"(rootdir|configfile|inifile|testpaths): (.+?)(?=, (?:configfile|inifile|testpaths): |$)", match[0]
    ):
        if name == "rootdir":
            log.rootdir = value
        elif name == "testpaths":
            log.testpaths = tuple(value.split(", "))
        else:
            log.configuration = value.partition(" (WARNING")[0]
    return True


def _plugins(reader: _Reader, match: re.Match[str]) -> bool:
    log = reader.begin()
    log.plugins = tuple(_plugin(text) for text in match[1].split(", ") if text)
    return True


def _plugin(text: str) -> str:
    """ "cov 4.1.0" for "cov-4.1.0"."""
    name, dash, version = text.strip().rpartition("-")
    return f"{name} {version}" if dash and version[:1].isdigit() else text.strip()


def _collected(reader: _Reader, match: re.Match[str]) -> bool:
    log = reader.begin()
    parts = {word.rstrip("s"): int(number) for number, word in _PART.findall(match[2])}
    log.tests = parts.get("selected", int(match[1]) - parts.get("deselected", 0))
    log.errors = parts.get("error", 0)
    return True


def _workers(reader: _Reader, match: re.Match[str]) -> bool:
    log = reader.begin()
    log.workers = int(match[1]) if match[1] else match[0].count("gw")
    log.tests = int(match[2] or match[3])
    return True


def _section(reader: _Reader, match: re.Match[str]) -> bool:
    reader.begin()
    reader.sections.append(clean_line(match[1].partition("::")[0], 1_000))
    return True


def _summary(reader: _Reader, match: re.Match[str]) -> bool:
    """A line of the short summary. With "::" it names a test: that one failed in its fixture, after collection."""
    path = match[1]
    if "::" in path or not (reader.in_summary or path.endswith(".py")):
        return False
    reader.begin()
    reader.summary.append(clean_line(path, 1_000))
    return True


def _summary_begins(reader: _Reader, match: re.Match[str]) -> bool:
    reader.begin()
    reader.in_summary = True
    return True


def _banner(reader: _Reader, match: re.Match[str]) -> bool:
    log = reader.begin()
    interrupted = _INTERRUPTED.search(match[1])
    if interrupted:
        log.errors = int(interrupted[1]) if log.errors is None else log.errors
    else:
        log.stopped = match[1]
    return True


def _closing(reader: _Reader, match: re.Match[str]) -> bool:
    """ "3834 tests collected, 15 errors" or "3 failed, 2 passed, 1 error": the last line of a run."""
    text = match[1]
    collected = _COLLECTED_END.match(text)
    rest = text[collected.end() :].lstrip(", ") if collected else text
    parts = [_PART.fullmatch(part.strip()) for part in rest.split(",") if part.strip()]
    counts = {part[2].rstrip("s"): int(part[1]) for part in parts if part}
    words = all(parts) and set(counts) <= _OUTCOMES and (collected or counts)
    if not words and not text.startswith("no tests ran"):
        return False
    log = reader.begin()
    if collected:
        log.tests = int(collected[1] or 0) if log.tests is None else log.tests
        log.errors = counts.get("error", 0) if log.errors is None else log.errors
    reader.ended = counts.get("error", 0)
    reader.closed = True
    return True


# In the order of their worth: the first that takes a line has it.
_READERS: tuple[tuple[re.Pattern[str], Reading], ...] = (
    (_PLATFORM, _platform),
    (re.compile(r"^(?:rootdir|configfile|inifile|testpaths): .+"), _root),
    (re.compile(r"^plugins: (.+)"), _plugins),
    (_COLLECTED, _collected),
    (re.compile("^" + _WORKERS.pattern), _workers),
    (re.compile("^" + _SECTION.pattern), _section),
    (re.compile(r"^=+ short test summary info =+$"), _summary_begins),
    (re.compile("^" + _SUMMARY.pattern), _summary),
    (re.compile("^" + _BANNER.pattern), _banner),
    (re.compile("^" + _CLOSING.pattern), _closing),
)
