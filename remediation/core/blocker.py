"""What keeps a whole pass from counting anything: one error, with the real exception and the file it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from remediation.core.classify import Classified, classify
from remediation.core.fingerprint import Identified, key_of
from remediation.core.records import Cause, CollectionError, Frame, ProcessEnd, TreeFacts
from remediation.core.stream import Recording
from remediation.core.text import clean_line, clean_text

_CONFTESTS = ("conftest-failure", "plugin-failure", "session-failure", "internal-error")
_ENDED = ("exit-without-finish", "crash", "timeout", "memory-limit", "output-limit", "interrupted")
# "ERROR: usage: ...\n__main__.py: error: unrecognized arguments: --cov", or "ERROR: /checkout/pytest.ini:2: ..."
_USAGE = re.compile(r"^ERROR: (.+?)(?:\n\n|\Z)", re.DOTALL | re.MULTILINE)
_ARGUMENTS = re.compile(r"^\S+: error: (.+)$", re.MULTILINE)
_INI = re.compile(r"^\s*inifile: (.+)$", re.MULTILINE)
_PLACE = re.compile(r"^(?P<path>[^:\n]+\.(?:ini|toml|cfg|py))(?::(?P<line>\d+))?: ")
_RAISED = re.compile(r"^(?P<type>[A-Za-z_][\w.]*): (?P<message>.+)$", re.MULTILINE)
_FRAME = re.compile(r'^  File "(.+)", line (\d+), in (.+)\n(?:    (.+))?', re.MULTILINE)
_NAMED = re.compile(r'Error importing plugin "([^"]+)"')
CONFIGURATIONS = ("pytest.ini", ".pytest.ini", "pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg", "conftest.py")
_IMPORT_ERRORS = ("ModuleNotFoundError", "ImportError", "UsageError")


def blocker_of(
    recording: Recording, end: ProcessEnd, reason: str, unresolved: Sequence[CollectionError] = (), root: str = ""
) -> CollectionError | None:
    """The error that blocks everything, or None where no single one does. ``reason`` as in ``core.events.REASONS``.

    pytest writes what happened before its session only to its standard error; there the last exception or its own
    "ERROR:" is read, and made relative to ``root``.
    """
    if reason == "no-pytest":
        return CollectionError("", "", Cause("ModuleNotFoundError", "No module named 'pytest'", name="pytest"))
    if reason in _CONFTESTS and (found := _recorded(recording)):
        return found
    if reason in _ENDED:
        return next((error for error in unresolved if is_conftest(error.path)), None)
    if reason in ("usage-error", "plugin-failure"):
        return _printed(end.stderr.replace(root + "/", "") if root else end.stderr)
    return None


def _recorded(recording: Recording) -> CollectionError | None:
    if recording.conftest_failure is not None:
        return recording.conftest_failure
    if recording.internal_error is not None:
        return recording.internal_error
    conftests = [error for error in recording.errors if not error.path or is_conftest(error.path)]
    if not conftests:
        return None
    error = conftests[0]
    if error.path:
        return error
    # Up to pytest 7 a conftest below the root ends the session without being named.
    named = [frame.path for frame in error.cause.frames if is_conftest(frame.path)]
    return CollectionError(named[-1] if named else "", error.node, error.cause, error.traceback)


def is_conftest(path: str) -> bool:
    """Whether a path is that of a conftest."""
    return PurePosixPath(path).name == "conftest.py"


def _printed(stderr: str) -> CollectionError | None:
    text = clean_text(stderr[-60_000:], 60_000)
    if "Traceback (most recent call last)" in text:
        return _from_traceback(text)
    usage = _USAGE.search(text)
    said = usage[1].strip() if usage else ""
    if not said:
        return None
    arguments, ini, place = _ARGUMENTS.search(said), _INI.search(said), _PLACE.match(said)
    path = ini[1].strip() if ini else place["path"] if place else ""
    message = arguments[1] if arguments else said[place.end() :] if place else said
    cause = Cause(
        "UsageError", clean_line(message, 1_000), filename=path, lineno=int(place["line"] or 0) if place else 0
    )
    return CollectionError(_relative(path), "", cause, clean_text(said, 20_000))


def _from_traceback(text: str) -> CollectionError | None:
    last = text[text.rindex("Traceback (most recent call last)") :]
    raised = list(_RAISED.finditer(last))
    if not raised:
        return None
    frames = tuple(
        Frame(path, int(line), clean_line(function, 200), clean_line(statement, 200))
        for path, line, function, statement in _FRAME.findall(last)
        if not PurePosixPath(path).is_absolute() and not path.startswith("<") and len(line) < 9
    )
    cause = Cause(raised[-1]["type"], clean_line(raised[-1]["message"], 1_000), frames=frames)
    return CollectionError(frames[-1].path if frames else "", "", cause, clean_text(last, 20_000))


def _relative(path: str) -> str:
    return "" if PurePosixPath(path).is_absolute() else path


def located(error: CollectionError, read: Callable[[str], bytes]) -> CollectionError:
    """The blocker with the configuration that names what could not be imported, where nothing else said the file.

    ``read`` gives a file of the commit by its path, b"" where there is none.
    """
    named = _NAMED.search(error.cause.message)
    if error.path or named is None:
        return error
    name = named[1].encode()
    return replace(error, path=next((path for path in CONFIGURATIONS if name in read(path)), ""))


def identify_blocker(error: CollectionError) -> Identified:
    """The blocker as what it is counted under: a root cause of its own, never that of an ordinary error."""
    kind = "conftest-failure" if is_conftest(error.path) else "configuration"
    inner = classify(error, TreeFacts())
    return Identified(Classified(error.path, kind, error.cause, traceback=error.traceback), f"blocked:{key_of(inner)}")


def is_blocker(key: str) -> bool:
    """Whether a readable key is that of a blocker."""
    return key.startswith("blocked:")


def title_of_blocker(error: Classified) -> str:
    """The ticket's title, in plain words."""
    cause = error.cause
    name = cause.type.rpartition(".")[2]
    said = cause.message if name in _IMPORT_ERRORS else f"{name}: {cause.message}".rstrip(": ")
    what = f"{error.path} cannot be loaded" if is_conftest(error.path) else "pytest does not start"
    return clean_line(f"{what}: {said}", 290)


WHY = "One failure before pytest reached any test file: everything is blocked by it."
