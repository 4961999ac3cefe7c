"""Fixtures for every test; the servers and the browser come from the plugin ``dashboard.testing``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitserver import serve
from tests.repositories import Repository


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
