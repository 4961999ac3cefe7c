"""The pytest plugin of our own tests: its own Postgres and Valkey, made before Django reads its settings."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.embedded import Address, Servers, own

_FLAGS = (
    "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--no-first-run",
)  # fmt: skip

# Of the developer's own environment: the tests would delete its rows, write to its people or ask its sign-in.
_FOREIGN = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "DEBUG", "HTTPS", "ALLOWED_HOSTS", "TRUSTED_PROXY",
    "EMAIL_URL", "SITE_URL", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_DOMAINS",
)  # fmt: skip


class _TestServers:
    """Servers of one test session in a folder of their own, gone with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rd-test-")).resolve()
        for name in _FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(
            REMEDIATION_TESTING="1",
            DATA_DIR=str(self.folder),
            SANDBOX_MIN_LEVEL="1",  # a fresh machine has no bubblewrap; tests of level 3 say so themselves
            DJANGO_ALLOW_ASYNC_UNSAFE="1",  # Playwright's synchronous API runs an event loop in this thread
        )
        (self.folder / "static").mkdir()  # WhiteNoise warns where there is none
        self.address = Address.of(self.folder)
        self.lock = own(self.folder, "the tests")
        self.lock.__enter__()
        self.servers = Servers(self.address, durable=False)

    def start(self) -> None:
        self.servers.start()

    def stop(self) -> None:
        self.servers.stop()
        self.lock.__exit__(None, None, None)
        for folder in (self.folder, self.address.socket_dir):
            shutil.rmtree(folder, ignore_errors=True)


_running = pytest.StashKey[_TestServers]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the servers before pytest-django's own hook imports the settings."""
    if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
        raise pytest.UsageError("Django's settings were read before the test servers started.")
    servers = _TestServers()
    early_config.stash[_running] = servers
    early_config.add_cleanup(servers.stop)
    if "PYTEST_XDIST_WORKER" in os.environ or not getattr(early_config.known_args_namespace, "numprocesses", None):
        servers.start()  # a process that only hands the tests out to others needs none


@pytest.fixture(scope="session")
def embedded(request: pytest.FixtureRequest) -> Address:
    """Where this session's own servers answer."""
    return request.config.stash[_running].address


@pytest.fixture(scope="session")
def redis_url(embedded: Address) -> str:
    """The test Valkey, as REDIS_URL would say it."""
    return embedded.redis_url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(embedded: Address) -> None:
    """Refuse to create or drop anything on a server that is not this session's own."""
    from django.conf import settings

    if settings.DATABASES["default"]["HOST"] != str(embedded.socket_dir) or embedded.redis_url != settings.REDIS_URL:
        raise pytest.UsageError("The settings name other servers than the tests' own.")


@pytest.fixture
def child_environment(transactional_db: None, embedded: Address) -> dict[str, str]:
    """The environment of a worker or command that a test starts: this session's servers, the *test* database.

    Rows must be committed for another process to see them, hence ``transactional_db``.
    """
    from django.db import connection

    name = connection.settings_dict["NAME"]
    return os.environ | {
        "DATABASE_URL": embedded.database_url.replace("@/remediation?", f"@/{name}?"),
        "REDIS_URL": embedded.redis_url,
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
    }


@pytest.fixture
def clean_redis(redis_url: str) -> Iterator[Any]:
    """A client of the test Valkey, emptied before and after."""
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client
        client.flushall()


def find_browser() -> str | None:
    """A Chromium on this machine: BROWSER_PATH, PATH, macOS's folders; None where only Playwright's own is left."""
    given = os.environ.get("BROWSER_PATH")
    if given:
        if not Path(given).exists():
            raise pytest.UsageError(f"BROWSER_PATH={given} does not exist.")
        return given
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return found
    for application in ("Google Chrome", "Chromium"):
        path = Path(f"/Applications/{application}.app/Contents/MacOS/{application}")
        if path.exists():
            return str(path)
    return None


def browser_arguments() -> list[str]:
    """Command-line switches: nothing leaves the machine; root has no browser sandbox."""
    return [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the browser that is there; Playwright's own download when none is named. Never a skip."""
    browser = find_browser()
    return {
        **browser_type_launch_args,
        "args": browser_arguments(),
        **({"executable_path": browser} if browser else {}),
    }
