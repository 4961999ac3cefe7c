"""Tokens of addresses that are a permission by themselves: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets

_FORM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_token() -> str:
    """256 random bits in 43 letters, digits, hyphens and underscores: fit for an address."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """SHA-256 of a token, 64 hex digits: what is kept. Of 256 random bits a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def is_token(text: str) -> bool:
    """Whether it has the form of a token, so that nothing else is looked up."""
    return _FORM.fullmatch(text) is not None
