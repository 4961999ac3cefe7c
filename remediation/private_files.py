"""Secrets that lie on this machine's disk only: made on first use, readable by their owner."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def keep_secret(data_dir: Path, name: str) -> str:
    """The secret ``data_dir/private/<name>`` (64 characters), made on first use, readable by its owner only."""
    folder = data_dir / "private"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if not path.exists():
        own_copy = folder / f".{name}-{os.getpid()}-{secrets.token_hex(4)}"
        with open(os.open(own_copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(own_copy, path)  # of two processes one wins, and both read the same secret
        except FileExistsError:
            pass
        own_copy.unlink()
    return path.read_text()
