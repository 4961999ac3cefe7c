"""Servers and a database of the benchmark's own, in a folder that goes with it."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.embedded import Address, Servers, own


@contextmanager
def scratch() -> Iterator[Path]:
    """Django set up on fresh, migrated servers; yields their data directory. Postgres keeps every promise (fsync)."""
    folder = Path(tempfile.mkdtemp(prefix="rd-bench-", dir=os.environ.get("BENCH_DIR"))).resolve()
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "HTTPS", "ALLOWED_HOSTS"):
        os.environ.pop(name, None)
    os.environ.update(DATA_DIR=str(folder), DJANGO_SETTINGS_MODULE="dashboard.settings", SANDBOX_MIN_LEVEL="1")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    address = Address.of(folder)
    servers = Servers(address)
    with own(folder, "a benchmark"):
        servers.start()
        try:
            import django
            from django.core.management import call_command
            from django.db import connections

            django.setup()
            call_command("migrate", verbosity=0)
            call_command("collectstatic", verbosity=0, interactive=False)
            # As in a worker: what is loaded by now is none of the collector's business (dashboard.forking).
            gc.collect()
            gc.freeze()
            yield folder
            gc.unfreeze()
            connections.close_all()
        finally:
            servers.stop()
            for place in (folder, address.socket_dir):
                shutil.rmtree(place, ignore_errors=True)
