"""What must be used and never read: sealed with a key that is in no database, and so in no dump of one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from remediation.private_files import keep_secret

FILE = "credential-key"  # below DATA_DIR/private; one key a line, the first seals


class Unreadable(Exception):
    """It was sealed with a key that this machine does not have."""


def seal(values: Mapping[str, Any]) -> str:
    """The values as a text that only the key opens; made on first use, it says nothing of them but their length."""
    return _keys()[0].encrypt(json.dumps(values).encode()).decode("ascii")


def unseal(text: str) -> dict[str, Any]:
    """What :func:`seal` was given. Raises Unreadable."""
    try:
        values: dict[str, Any] = json.loads(MultiFernet(_keys()).decrypt(text.encode()))
    except InvalidToken:
        raise Unreadable from None
    return values


def renewed(text: str) -> str:
    """The same, sealed with the first key where it was not, so that an older one can go. Raises Unreadable."""
    first = _keys()[0]
    try:
        first.decrypt(text.encode())
    except InvalidToken:
        return first.encrypt(json.dumps(unseal(text)).encode()).decode("ascii")
    return text


def _keys() -> list[Fernet]:
    """CREDENTIAL_KEYS where they are given, else this machine's own file. SECRET_KEY is no part of it."""
    return [_fernet(key) for key in settings.CREDENTIAL_KEYS or keep_secret(settings.DATA_DIR, FILE).split()]


def _fernet(key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"remediation credentials").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
