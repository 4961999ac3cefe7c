"""From the reporter's stream to the number on the page, beside one raw COPY of as many rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import histories
from tests.benchmarks.figures import RUNS, Figure, alone, beside, in_turns, stopwatch

_count = itertools.count(1)
_TABLE = "CREATE TABLE {} (path text, exception text, message text, traceback text, category int)"
_INDEXES = ("path", "exception", "message", "category")


def measure(data_dir: Path, *, quick: bool) -> list[Figure]:
    """New errors, unchanged ones, others in their place, and two long series."""
    size = 500 if quick else 5_000
    broken = histories.pairs(size, causes=60)
    content = histories.stream(broken)
    turns = itertools.cycle((histories.stream((file, (cause + 1) % 60) for file, cause in broken), content))
    page = _page()
    kept, turned = histories.project("unchanged"), histories.project("exchanged")
    for project in (kept, turned):
        histories.record(project, content, 1)

    def first() -> tuple[Any, int, bytes]:
        return histories.claimed(histories.project(f"new {next(_count)}"), 1), 1, content

    def again() -> tuple[Any, int, bytes]:
        position = 1 + next(_count)
        return histories.claimed(kept, position), position, content

    def turn() -> tuple[Any, int, bytes]:
        position = 1 + next(_count)
        return histories.claimed(turned, position), position, next(turns)

    def recorded(begun: tuple[Any, int, bytes]) -> None:
        held, position, stream = begun
        page(histories.finish(held, stream, position), size)

    runs = 2 if quick else 3 * RUNS  # a disk does not take each write alike
    note = f"{size:,} errors of 60 causes, from the stream to the pass's page"

    def measured(name: str, ready: Callable[[], Any], words: str = note) -> Figure:
        def settled() -> Any:
            _settle()
            return ready()

        return beside(f"record-{name}", *in_turns(recorded, _floor(size, name), runs, ready=settled), "s", words)

    return [
        measured("new", first),
        measured("unchanged", again),
        measured("exchanged", turn, "in each file another error"),
        *_series(
            "falling", [histories.pairs(count, causes=12) for count in histories.falling(120, 6 if quick else 60)]
        ),
        *_long(20 if quick else 500),
    ]


def _floor(rows: int, name: str) -> Callable[[], None]:
    """One COPY of the same rows into a table of its own with four indexes, committed to disk as ours is."""
    from django.db import connection, transaction

    values = []
    for number, cause in histories.pairs(rows, causes=60):
        module, path = f"service.part_{cause:02}.registry", f"tests/area_{number % 40:02}/test_broken_{number:05}.py"
        text = histories.traceback(path, f"from {module} import Registry", module)
        values.append((path, "ModuleNotFoundError", f"No module named '{module}'", text, cause))
    table = f"bench_floor_{name}"
    with connection.cursor() as cursor:
        cursor.execute(_TABLE.format(table))
        for column in _INDEXES:
            cursor.execute(f"CREATE INDEX ON {table} ({column})")

    def copy() -> None:
        into = f"COPY {table} FROM STDIN"
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(into) as target:
            for value in values:
                target.write_row(value)

    return copy


def _settle() -> None:
    """Both sides begin with log files at hand: the side that has to make a new one takes twice as long or not."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def _page() -> Callable[[Any, int], None]:
    """Opens the page of a pass as a signed-in person and reads the number there."""
    from django.test import Client

    from remediation.models import User

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("bench.reader", password=None))

    def read(row: Any, errors: int) -> None:
        answer = client.get(f"/p/{row.project.slug}/passes/{row.number}/")
        if answer.status_code != 200 or f"{errors:,} error" not in answer.content.decode():
            raise SystemExit(f"The page of pass #{row.number} does not say {errors:,} errors.")

    return read


def _series(name: str, passes: list[list[histories.Pair]]) -> list[Figure]:
    project = histories.project(f"series {name}")
    before, seconds = _size(), []
    for position, broken in enumerate(passes, start=1):
        content = histories.stream(broken, healthy=60)
        seconds.append(stopwatch(lambda at=position, text=content: histories.record(project, text, at)))
    note = f"{len(passes)} passes, {len(passes[0])} errors falling to {len(passes[-1])}"
    rows, size = (after - start for after, start in zip(_size(), before, strict=True))
    return [
        alone(f"record-{name}", seconds, "s per pass", note),
        alone(f"record-{name}-rows", [rows / len(passes)], "rows per pass"),
        alone(f"record-{name}-bytes", [size / len(passes) / 1024], "KiB per pass", "tables and indexes"),
    ]


def _long(passes: int) -> list[Figure]:
    project = histories.project("series long")
    histories.long_history(project, 1, errors=100, changed=2)
    before = _size()
    taken = stopwatch(lambda: histories.long_history(project, passes, errors=100, changed=2, since=2))
    rows, size = (after - start for after, start in zip(_size(), before, strict=True))
    note = f"{passes} passes of 100 errors, two change between two of them"
    return [
        alone("record-long", [taken / passes], "s per pass", note),
        alone("record-long-rows", [rows / passes], "rows per pass"),
        alone("record-long-bytes", [size / passes / 1024], "KiB per pass", "tables and indexes"),
    ]


def _size() -> tuple[int, int]:
    """(rows, bytes) of the domain's tables."""
    from django.apps import apps
    from django.db import connection

    tables = [model._meta.db_table for model in apps.get_app_config("remediation").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(name::text::regclass)) FROM unnest(%s::text[]) AS name", [tables]
        )
        size = int(cursor.fetchone()[0])
    rows = sum(model.objects.count() for model in apps.get_app_config("remediation").get_models())
    return rows, size
