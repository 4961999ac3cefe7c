"""Tokens that are a permission by themselves, in addresses and for the API: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
import string

_FORM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_OF_THE_API = re.compile(r"rtd_([0-9a-z]{8})_[0-9A-Za-z]{32}", re.ASCII)


def new_token() -> str:
    """256 random bits in 43 letters, digits, hyphens and underscores: fit for an address."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """SHA-256 of a token, 64 hex digits: what is kept. Of 256 random bits a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def is_token(text: str) -> bool:
    """Whether it has the form of a token, so that nothing else is looked up."""
    return _FORM.fullmatch(text) is not None


def new_api_token() -> tuple[str, str]:
    """A token of the API and its prefix: "rtd_", the prefix, "_" and 190 random bits, so that scanners know one."""
    prefix = "".join(secrets.choice(string.digits + string.ascii_lowercase) for _ in range(8))
    rest = "".join(secrets.choice(string.digits + string.ascii_letters) for _ in range(32))
    return f"rtd_{prefix}_{rest}", prefix


def api_prefix(text: str) -> str:
    """The prefix of what has the form of a token of the API; "" for anything else."""
    found = _OF_THE_API.fullmatch(text)
    return found[1] if found else ""


def holds_api_token(text: str) -> bool:
    """Whether a token of the API stands anywhere in a text where none belongs."""
    return _OF_THE_API.search(text) is not None
