"""Many threads at one moment, each with its own database connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, transaction

from remediation.models import Ticket

T = TypeVar("T")


def at_once(jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run every job in a thread of its own, all let go together; what a job raised stands in its place."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T | Exception:
        try:
            connection.ensure_connection()
            gate.wait(timeout=30)
            return job()
        except Exception as error:  # the caller looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def in_line(ticket: Ticket, jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run every job in a thread of its own and let them go on in this order, whatever they do to the ticket first.

    Each runs into the ticket's row lock, which is held here until the one after it stands there too: Postgres hands
    a row lock on in the order of asking. A job that needs no lock of this row has ended by then.
    """
    results: list[Future[T | Exception]] = []
    with ThreadPoolExecutor(len(jobs)) as pool:
        with transaction.atomic():
            type(ticket).objects.select_for_update().get(pk=ticket.pk)
            for job in jobs:
                results.append(pool.submit(_alone, job))
                _until(lambda: _waiting() + sum(each.done() for each in results) >= len(results))
        return [each.result(timeout=30) for each in results]


def deadlocks() -> int:
    """How many the server has broken in this database so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def _alone(job: Callable[[], T]) -> T | Exception:
    try:
        return job()
    except Exception as error:  # the caller looks at it
        return error
    finally:
        connection.close()


def _waiting() -> int:
    """How many connections wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("a job neither ended nor came to the lock")
        time.sleep(0.002)
