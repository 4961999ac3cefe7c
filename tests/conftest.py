"""Fixtures for every test; the servers and the browser come from the plugin ``dashboard.testing``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.gitserver import serve
from tests.mailbox import Mailbox, mail_server
from tests.repositories import Repository

# The same examples every time: what lands and what is red is decided by the change, never by the draw. To search for
# more, HYPOTHESIS_PROFILE=search draws anew and remembers what failed.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture
def https_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a real repository behind https, with the branches main and next."""
    root = tmp_path / "served"
    made = Repository(root / "cirrus")
    made.commit({"tests/test_a.py": "def test_a(): pass\n"}, "Start")
    made.branch("next")
    certificate = tmp_path / "certificate.pem"
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    with serve(root, certificate) as address:
        yield f"{address}/cirrus/.git"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server of the site's own, which keeps what it is given; links in mail are whole addresses."""
    settings.SITE_URL = "https://dashboard.example.org"
    with mail_server(settings) as found:
        yield found
