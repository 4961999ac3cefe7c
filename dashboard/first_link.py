"""The one-time sign-in link of a fresh installation, kept as a hash in the data directory."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import time
from pathlib import Path

from remediation.tokens import digest_of, new_token

VALID_SECONDS = 24 * 3600


def issue_link(data_dir: Path) -> str:
    """A new random token (43 characters), good once within 24 hours; a token issued before stops working."""
    token = new_token()
    _folder(data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    record = {"sha256": digest_of(token), "expires": time.time() + VALID_SECONDS}
    new = _file(data_dir).with_suffix(f".{os.getpid()}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
        json.dump(record, file)
    new.replace(_file(data_dir))
    return token


def check(data_dir: Path, token: str) -> bool:
    """Would :func:`redeem` accept this token now? For a page that asks before it acts."""
    return _matches(_read(data_dir), token)


def redeem(data_dir: Path, token: str) -> bool:
    """Use the token up. True for one caller only, even when many ask at once; False for a wrong or late one."""
    if not _matches(_read(data_dir), token):
        return False
    with open(os.open(_folder(data_dir) / "first-link.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _matches(_read(data_dir), token):
            return False
        _file(data_dir).unlink()
        return True


def _matches(record: dict[str, object] | None, token: str) -> bool:
    if record is None:
        return False
    in_time = isinstance(expires := record.get("expires"), int | float) and time.time() < expires
    return hmac.compare_digest(str(record.get("sha256")), digest_of(token)) and in_time


def _read(data_dir: Path) -> dict[str, object] | None:
    try:
        record = json.loads(_file(data_dir).read_text())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _folder(data_dir: Path) -> Path:
    return data_dir / "private"


def _file(data_dir: Path) -> Path:
    return _folder(data_dir) / "first-link.json"
