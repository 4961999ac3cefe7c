"""Streams, passes and whole histories of a size that is asked for, recorded through the product's own use cases."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
_FRAMES = 25  # lines of a traceback

Pair = tuple[int, int]  # (file, cause)


def pairs(errors: int, causes: int, since: int = 0) -> list[Pair]:
    """``errors`` files, each blocked by one of ``causes`` root causes."""
    return [(number, number % causes) for number in range(since, since + errors)]


def stream(broken: Iterable[Pair], healthy: int = 200) -> bytes:
    """What the reporter writes of such a collection, finish marker included."""
    lines: list[Mapping[str, Any]] = [
        {"event": "loaded"},
        {"event": "session", "pytest": "9.1.0", "python": "3.12.1", "rootdir": ".", "inipath": "pytest.ini"},
    ]
    broken = list(broken)
    for number, cause in broken:
        path = f"tests/area_{number % 40:02}/test_broken_{number:05}.py"
        lines += [{"event": "start", "path": path, "node": ""}, _error(path, cause)]
    for number in range(healthy):
        path = f"tests/area_{number % 40:02}/test_healthy_{number:05}.py"
        lines += [{"event": "start", "path": path, "node": ""}, {"event": "collected", "path": path, "tests": 7}]
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    status = 2 if broken else 0
    end = {
        "event": "finish", "status": status, "tests": 7 * healthy, "pytest_errors": len(broken), "interrupted": False,
        "stopped": "", "size": len(text), "digest": hashlib.sha256(text).hexdigest(),
    }  # fmt: skip
    return text + json.dumps(end).encode() + b"\n"


def _error(path: str, cause: int) -> dict[str, Any]:
    module = f"service.part_{cause:02}.registry"
    statement = f"from {module} import Registry"
    frames = [{"path": path, "line": 3, "function": "<module>", "statement": statement, "pending": []}]
    found = {"type": "ModuleNotFoundError", "message": f"No module named '{module}'", "name": module, "frames": frames}
    return {
        "event": "error",
        "path": path,
        "node": path,
        "traceback": traceback(path, statement, module),
        "cause": found,
    }


def traceback(path: str, statement: str, module: str) -> str:
    """Twenty-five lines, as pytest prints them."""
    steps = [f"{path}:{line}: in <module>\n    {statement}" for line in range(_FRAMES // 2)]
    return "\n".join([*steps, f"E   ModuleNotFoundError: No module named '{module}'"])


def project(name: str) -> Any:
    """A project whose source is never fetched."""
    from remediation import projects

    return projects.create(name=name, source="https://git.example.org/team/service.git")


def record(of: Any, content: bytes, position: int, *, patient: bool = False) -> Any:
    """Judge a stream and record it as a worker does; returns the pass's row.

    ``patient``: another pass of the project may be running; it is waited for.
    """
    from remediation import passes
    from remediation.collection.mirror import Commit
    from remediation.core.events import judge
    from remediation.core.records import ProcessEnd
    from remediation.core.whereabouts import TreeChange

    at = START + timedelta(hours=6 * position)
    commit = Commit(f"{position:040x}", f"Change {position}", "Sample Author", "sample@example.org", at)
    queued = passes.queue(of, trigger="command", commit=commit.sha)
    while (held := passes.claim(queued.pk)) is None and patient:
        time.sleep(0.005)
    status = json.loads(content[content.rstrip().rfind(b"\n") + 1 :])["status"]
    verdict = judge(content, ProcessEnd(returncode=status, seconds=5.0))
    if verdict.outcome != "counted" or held is None:
        raise SystemExit(f"not counted: {verdict.text}")
    report = passes.Report(
        verdict=verdict, commit=commit, position=position, observed_at=at, seconds=5.0, sandbox_level=3
    )
    passes.record(held, report, lambda before, after: TreeChange(deleted=frozenset()))
    return held


def long_history(of: Any, passes: int, errors: int, changed: int, since: int = 1) -> None:
    """``passes`` passes of ``errors`` errors; between two of them ``changed`` go and as many others come."""
    now = pairs(errors, causes=20)
    for position in range(1, since + passes):
        if position >= since:
            record(of, stream(now, healthy=20), position)
        place = (position * changed) % errors
        fresh = errors + position * changed
        for step in range(changed):
            now[(place + step) % errors] = (fresh + step, (fresh + step) % 20)


def falling(first: int, passes: int) -> Sequence[int]:
    """Counts that fall evenly to zero."""
    return [round(first * (passes - 1 - number) / (passes - 1)) for number in range(passes)]
