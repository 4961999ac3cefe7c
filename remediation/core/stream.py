"""Reads the reporter's JSON lines, which a stranger may have written, into checked and cleaned values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from remediation.core.json_lines import Event, lines, parse
from remediation.core.limits import (
    BASES,
    CHAIN,
    CYCLE,
    ERRORS,
    FRAMES,
    LARGEST,
    LIST,
    MESSAGE,
    NAME,
    NEAR,
    NODE,
    OUTSIDE,
    PACKAGES,
    PATH,
    PENDING,
    TRACEBACK,
    WARNINGS,
)  # fmt: skip
from remediation.core.plain_errors import plain_error
from remediation.core.records import Cause, CollectionError, Frame, Outside, SessionFacts
from remediation.core.text import clean_line, clean_text

Why = tuple[str, str]  # a code of core.silence.MECHANISMS, and details in words
_HOW = {
    "skipped": ("skip", "importorskip", "unittest"),
    "ignored": ("by-option", "by-conftest", "norecurse", "default-dir", "by-hook"),
    "collected": ("test-false", "empty"),
}


@dataclass(frozen=True, slots=True)
class Finish:
    """The reporter's last line. ``stopped`` is pytest's own word when something ended it early."""

    status: int
    tests: int
    pytest_errors: int
    interrupted: bool
    stopped: str


@dataclass(slots=True)
class Recording:
    """A stream, read. ``garbled`` says what is wrong with it, "" where every byte is accounted for."""

    loaded: bool = False
    session: SessionFacts | None = None
    conftest_failure: CollectionError | None = None
    internal_error: CollectionError | None = None
    errors: list[CollectionError] = field(default_factory=list)
    started: dict[str, None] = field(default_factory=dict)
    last_path: str = ""
    loading: str = ""
    reached_end: bool = False
    collected: dict[str, int] = field(default_factory=dict)
    deselected: dict[str, int] = field(default_factory=dict)
    deselected_by: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, Why] = field(default_factory=dict)
    ignored: dict[str, Why] = field(default_factory=dict)
    empty: dict[str, Why] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    reporter_errors: list[str] = field(default_factory=list)
    finish: Finish | None = None
    garbled: str = ""

    @property
    def current(self) -> str:
        """The conftest or test file that was being imported when the stream ended; "" before, between and after."""
        return self.loading or ("" if self.reached_end else self.last_path)

    def blame(self, what: str) -> None:
        """Remember the first thing that is wrong."""
        self.garbled = self.garbled or what


def read(stream: bytes) -> Recording:
    """Every event of ``stream``; what is damaged is left out and said in ``garbled``. Never raises."""
    recording = Recording()
    for start, line in lines(stream):
        if recording.finish is not None:
            recording.blame("something was written after its end")
        if (error := plain_error(line)) is not None:
            _take_error(recording, error)
            continue
        event = parse(line)
        if event is None:
            recording.blame("a line is not what the reporter writes")
            continue
        _take(recording, event)
        if event["event"] == "finish":
            _check_end(recording, event, stream, start)
    return recording


def clean_path(value: object) -> str:
    """A path as it is stored: cleaned, on one line, its spaces kept; "" where it is no text."""
    return clean_text(value, PATH).replace("\n", " ") if isinstance(value, str) else ""


def _check_end(recording: Recording, event: Event, stream: bytes, start: int) -> None:
    """The finish line carries the length and SHA-256 of all before it: a line slipped in or lost shows."""
    if event.get("size") != start or event.get("digest") != hashlib.sha256(memoryview(stream)[:start]).hexdigest():
        recording.blame("lines were added to it or are missing")
    finish = recording.finish
    if finish is not None and finish.tests != sum(recording.collected.values()):
        recording.blame("its tests do not sum up")


def _take(recording: Recording, event: Event) -> None:
    kind = event["event"]
    if kind == "loaded":
        recording.loaded = True
    elif kind == "reached-end":
        recording.reached_end = True
    elif kind == "session":
        recording.session = _session(event)
    elif kind == "conftest-failure":
        recording.conftest_failure = _error(event)
    elif kind == "internal-error":
        recording.internal_error = _error(event)
    elif kind == "error":
        _take_error(recording, _error(event))
    elif kind == "reporter-error":
        recording.reporter_errors.append(f"{_line(event, 'hook')}: {_line(event, 'message')}")
    elif kind == "finish":
        recording.finish = _finish(recording, event)
    else:
        _take_file(recording, event)


def _take_error(recording: Recording, error: CollectionError) -> None:
    if len(recording.errors) < ERRORS:
        recording.errors.append(error)
    else:
        recording.blame(f"it holds more than {ERRORS} errors")


def _take_file(recording: Recording, event: Event) -> None:
    """The events that belong to one file or directory."""
    kind, path = event["event"], clean_path(event.get("path"))
    if kind == "start":
        if not path.endswith("/"):
            recording.started[path] = None
            recording.last_path = path
    elif kind in ("loading", "loaded-conftest"):
        recording.loading = path if kind == "loading" else ""
    elif kind == "collected":
        recording.collected[path] = _number(recording, event, "tests")
        recording.empty[path] = _why(event, "empty", _line(event, "by"))
    elif kind == "deselected":
        recording.deselected[path] = _number(recording, event, "tests")
        recording.deselected_by[path] = ", ".join(_texts(event.get("by"), LIST))[:NAME]
    elif kind == "skipped":
        recording.skipped[path] = _why(event, "skipped", _skip_reason(event))
    elif kind == "ignored":
        recording.ignored[path] = _why(event, "ignored", _line(event, "by"))
    elif kind == "warning":
        if len(recording.warnings) < WARNINGS:
            recording.warnings += (f"{path}: {_line(event, 'category')}: {_line(event, 'message')}",)
    else:
        recording.blame("it holds an event that the reporter does not know")


def _why(event: Event, otherwise: str, details: str) -> Why:
    how = event.get("how")
    return how if isinstance(how, str) and how in _HOW.get(event["event"], ()) else otherwise, details


def _skip_reason(event: Event) -> str:
    """pytest's own words, with the module that importorskip asked for where they do not name it."""
    said, module = _line(event, "reason"), _line(event, "module")
    said = said.removeprefix("Skipped: ").removeprefix("unittest.case.SkipTest: ")
    return said if module in said else f"{module}: {said}"


def _finish(recording: Recording, event: Event) -> Finish:
    return Finish(
        status=_number(recording, event, "status"),
        tests=_number(recording, event, "tests"),
        pytest_errors=_number(recording, event, "pytest_errors"),
        interrupted=event.get("interrupted") is not False,
        stopped=_line(event, "stopped"),
    )


def _session(event: Event) -> SessionFacts:
    return SessionFacts(
        pytest=_line(event, "pytest"),
        python=_line(event, "python"),
        rootdir=_line(event, "rootdir", PATH),
        inipath=_line(event, "inipath", PATH),
        ini_digest=_line(event, "ini_digest"),
        args=_texts(event.get("args"), LIST),
        places=_places(event.get("places")),
        addopts=_texts(event.get("addopts"), LIST),
        testpaths=_texts(event.get("testpaths"), LIST),
        python_files=_texts(event.get("python_files"), LIST) or SessionFacts().python_files,
        python_functions=_texts(event.get("python_functions"), LIST) or SessionFacts().python_functions,
        python_classes=_texts(event.get("python_classes"), LIST) or SessionFacts().python_classes,
        norecursedirs=_texts(event.get("norecursedirs"), LIST),
        plugins=_texts(event.get("plugins"), LIST),
        packages=_texts(event.get("packages"), PACKAGES),
        platform=_line(event, "platform"),
    )


def _error(event: Event) -> CollectionError:
    cause = event.get("cause")
    return CollectionError(
        path=clean_path(event.get("path")),
        node=_line(event, "node", NODE),
        cause=_cause(cause if isinstance(cause, dict) else {}),
        traceback=clean_text(event.get("traceback") or "", TRACEBACK),
    )


def _cause(fields: Event, links: int = CHAIN) -> Cause:
    return Cause(
        type=_line(fields, "type"),
        message=clean_text(fields.get("message") or "", MESSAGE),
        name=_line(fields, "name"),
        path=_line(fields, "path", PATH),
        name_from=_line(fields, "name_from"),
        filename=_line(fields, "filename", PATH),
        lineno=_small(fields.get("lineno")),
        bases=_texts(fields.get("bases"), BASES),
        frames=tuple(_frame(frame) for frame in _records(fields.get("frames"), FRAMES)),
        outside=tuple(_outside(frame) for frame in _records(fields.get("outside"), OUTSIDE)),
        owner=_line(fields, "owner"),
        owner_is=_line(fields, "owner_is"),
        origin=_line(fields, "origin"),
        near=_texts(fields.get("near"), NEAR),
        cycle=tuple(clean_path(path) for path in _texts(fields.get("cycle"), CYCLE, PATH)),
        link=_line(fields, "link"),
        # A link of a link has its place in the one list; a stranger's nesting is not followed.
        chain=tuple(_cause(link, 0) for link in _records(fields.get("chain"), links)),
    )


def _frame(fields: Event) -> Frame:
    return Frame(
        path=clean_path(fields.get("path")),
        line=_small(fields.get("line")),
        function=_line(fields, "function"),
        statement=_line(fields, "statement"),
        pending=_texts(fields.get("pending"), PENDING),
    )


def _outside(fields: Event) -> Outside:
    return Outside(*(_line(fields, key) for key in ("module", "function", "origin", "statement")))


def _records(value: object, limit: int) -> list[Event]:
    return [item for item in (value if isinstance(value, list) else [])[:limit] if isinstance(item, dict)]


def _line(fields: Event, key: str, limit: int = NAME) -> str:
    value = fields.get(key)
    return clean_line(value, limit) if value and isinstance(value, str) else ""


def _texts(value: object, limit: int, longest: int = NAME) -> tuple[str, ...]:
    texts = value[:limit] if isinstance(value, list) else []
    return tuple(clean_line(text, longest) for text in texts if isinstance(text, str))


def _places(value: object) -> tuple[str, ...]:
    """Every path that pytest was given, or none: of half of them one could conclude nothing."""
    known = isinstance(value, list) and len(value) <= LIST
    return tuple(clean_path(path) for path in value) if known and isinstance(value, list) else ()


def _small(value: object) -> int:
    """A count or a line number; anything else is 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST else 0


def _number(recording: Recording, event: Event, key: str) -> int:
    value = event.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        recording.blame(f"{clean_line(key, 20)} is not a number")
        return 0
    return value
