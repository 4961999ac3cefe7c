"""Streams, passes and whole histories of a size that is asked for, recorded through the product's own use cases."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
_FRAMES = 25  # lines of a traceback
_CAUSES, _ROUNDS = 20, 4  # in a file a cause follows another one, until all is as in the first round

Pair = tuple[int, int]  # (file, cause)


def pairs(errors: int, causes: int, since: int = 0) -> list[Pair]:
    """``errors`` files, each blocked by one of ``causes`` root causes."""
    return [(number, number % causes) for number in range(since, since + errors)]


def stream(broken: Iterable[Pair], healthy: int = 200, mended: Iterable[int] = ()) -> bytes:
    """What the reporter writes of such a collection, finish marker included; ``mended``: files that collect again."""
    lines: list[Mapping[str, Any]] = [
        {"event": "loaded"},
        {"event": "session", "pytest": "9.1.0", "python": "3.12.1", "rootdir": ".", "inipath": "pytest.ini"},
    ]
    broken = list(broken)
    for number, cause in broken:
        path = _broken(number)
        lines += [{"event": "start", "path": path, "node": ""}, _error(path, cause)]
    paths = [f"tests/area_{number % 40:02}/test_healthy_{number:05}.py" for number in range(healthy)]
    paths += [_broken(number) for number in mended]
    for path in paths:
        lines += [{"event": "start", "path": path, "node": ""}, {"event": "collected", "path": path, "tests": 7}]
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    status = 2 if broken else 0
    end = {
        "event": "finish", "status": status, "tests": 7 * len(paths), "pytest_errors": len(broken),
        "interrupted": False, "stopped": "", "size": len(text), "digest": hashlib.sha256(text).hexdigest(),
    }  # fmt: skip
    return text + json.dumps(end).encode() + b"\n"


def _broken(number: int) -> str:
    return f"tests/area_{number % 40:02}/test_broken_{number:05}.py"


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
    """Queue and claim a pass, judge a stream and record it as a worker does; returns the pass's row.

    ``patient``: another pass of the project may be running; it is waited for.
    """
    return finish(claimed(of, position, patient=patient), content, position)


def claimed(of: Any, position: int, *, patient: bool = False) -> Any:
    """A pass that a worker has begun; its stream is still to come."""
    from remediation import passes

    queued = passes.queue(of, trigger="command", commit=_commit(position).sha)
    while (held := passes.claim(queued.pk)) is None and patient:
        time.sleep(0.005)
    if held is None:
        raise SystemExit("Another pass is at work.")
    return held


def finish(held: Any, content: bytes, position: int) -> Any:
    """Judge the stream of a claimed pass and record it; returns its row."""
    from remediation import passes
    from remediation.core.whereabouts import TreeChange

    verdict, commit = _judged(content), _commit(position)
    at = commit.committed_at
    report = passes.Report(
        verdict=verdict, commit=commit, position=position, observed_at=at, seconds=5.0, sandbox_level=3
    )
    passes.record(held, report, lambda before, after: TreeChange(deleted=frozenset()))
    return held


def _commit(position: int) -> Any:
    from remediation.collection.mirror import Commit

    at = START + timedelta(hours=6 * position)
    return Commit(f"{position:040x}", f"Change {position}", "Sample Author", "sample@example.org", at)


def _judged(content: bytes) -> Any:
    from remediation.core.events import judge
    from remediation.core.records import ProcessEnd

    status = json.loads(content[content.rstrip().rfind(b"\n") + 1 :])["status"]
    verdict = judge(content, ProcessEnd(returncode=status, seconds=5.0))
    if verdict.outcome != "counted":
        raise SystemExit(f"not counted: {verdict.text}")
    return verdict


def long_history(of: Any, passes: int, errors: int, changed: int, since: int = 1) -> None:
    """``passes`` passes of ``errors`` errors in four times as many files; between two of them ``changed`` are repaired
    and as many others come, each in the file whose turn it is.

    The first pass is recorded as a worker does. Of the others the facts are stored, and what follows from them is
    computed as a replay computes it: one by one they would take the better part of an hour.
    """
    from remediation import projections
    from remediation.models import CollectionPass, Project

    files = 4 * errors
    if since == 1:
        record(of, _turn(1, errors, changed, files), 1)
    first = CollectionPass.objects.get(project=of, number=1)
    around = _ROUNDS * files // changed  # so many passes later everything is as it was
    known: dict[int, Any] = {}
    for position in range(max(since, 2), since + passes):
        at = (position - 1) % around
        if at not in known:
            known[at] = _judged(_turn(at + 1, errors, changed, files)).result
        _store(first, known[at], position)
    of.last_pass_number = since + passes - 1
    Project.objects.filter(pk=of.pk).update(last_pass_number=of.last_pass_number)
    projections.rebuild(of)


def settle() -> None:
    """What Postgres does by itself while such a history comes, in months and not in minutes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _turn(position: int, errors: int, changed: int, files: int) -> bytes:
    """The stream of one pass: a window of errors that has moved on by ``changed`` files. Causes take turns, too."""
    begin = (position - 1) * changed
    broken = [(n % files, (n + _CAUSES // _ROUNDS * (n // files)) % _CAUSES) for n in range(begin, begin + errors)]
    return stream(broken, healthy=20, mended=sorted(set(range(files)) - {file for file, _ in broken}))


def _store(like: Any, result: Any, position: int) -> None:
    """The facts of one more pass: what :func:`remediation.passes.record` keeps of it before it is projected."""
    from remediation.core.fingerprint import identify
    from remediation.core.records import compress, digest_of
    from remediation.models import CollectionPass, Result

    canonical, commit, found = result.canonical(), _commit(position), identify(result)
    kept, _ = Result.objects.get_or_create(
        project_id=like.project_id, digest=digest_of(canonical), defaults={"content": lambda: compress(canonical)}
    )
    row = copy.copy(like)
    row.pk = None
    row.number = row.position = position
    row.commit, row.requested_commit, row.subject = commit.sha, commit.sha, commit.subject
    row.committed_at = row.observed_at = commit.committed_at
    row.result, row.total, row.tests_collected = kept, len(found), result.tests
    row.environment_errors = sum(one.error.environment for one in found.values())
    CollectionPass.objects.bulk_create([row])


def falling(first: int, passes: int) -> Sequence[int]:
    """Counts that fall evenly to zero."""
    return [round(first * (passes - 1 - number) / (passes - 1)) for number in range(passes)]
