"""Typed readers of environment variables that fail loudly."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def env_text(name: str, default: str = "") -> str:
    """The variable's text without surrounding white space; ``default`` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off. Raises ImproperlyConfigured for any other word."""
    text = env_text(name)
    if not text:
        return default
    if text.lower() not in _WORDS:
        raise ImproperlyConfigured(f"{name}={text!r} is neither yes nor no. Write 1 or 0.")
    return _WORDS[text.lower()]


def env_int(name: str, default: int, *, least: int = 0) -> int:
    """A whole number of at least ``least``. Raises ImproperlyConfigured for anything else."""
    text = env_text(name)
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={text!r} is not a whole number.") from None
    if number < least:
        raise ImproperlyConfigured(f"{name}={number} is too small: it must be at least {least}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    """Comma-separated words, empty ones dropped."""
    return [word.strip() for word in env_text(name, default).split(",") if word.strip()]


def database_from_url(url: str) -> dict[str, object]:
    """Django's DATABASES entry for ``postgresql://user:password@host:port/name?option=value``.

    A ``host`` option names a directory of unix sockets; the other options go to libpq (``sslmode``...).
    Raises ImproperlyConfigured for another scheme or without a name. The text never repeats the password.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL: the port is not a number (percent-encode the password).") from None
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: postgresql://user:password@host:5432/name.")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def mail_from_url(url: str) -> dict[str, object]:
    """Django's EMAIL_* settings for ``smtp://user:password@host:587`` (STARTTLS) or ``smtps://..:465`` (TLS at once).

    ``?tls=no`` after smtp:// sends in the clear, for a relay on the same machine. Raises ImproperlyConfigured for
    another scheme or without a host. The text never repeats the password.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@host:587 or smtps://..:465.")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL: the port is not a number (percent-encode the password).") from None
    at_once = parts.scheme == "smtps"
    clear = dict(parse_qsl(parts.query)).get("tls", "yes").lower() in {"no", "0", "off", "false"}
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or (465 if at_once else 25 if clear else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": at_once,
        "EMAIL_USE_TLS": not at_once and not clear,
    }


def sso_provider(issuer: str, name: str, client_id: str, secret: str) -> dict[str, object]:
    """allauth's SOCIALACCOUNT_PROVIDERS for one OpenID Connect issuer; {} without one.

    Raises ImproperlyConfigured for an issuer that is not reached by https (but on this machine), or without a client.
    """
    if not issuer:
        return {}
    parts = urlsplit(issuer)
    local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or (parts.scheme != "https" and not local):
        raise ImproperlyConfigured("OIDC_ISSUER must look like https://id.example.org.")
    if not client_id or not secret:
        raise ImproperlyConfigured("OIDC_ISSUER is set: OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must be, too.")
    found = {"server_url": f"{issuer.rstrip('/')}/.well-known/openid-configuration", "oauth_pkce_enabled": True}
    app = {"provider_id": "sso", "name": name, "client_id": client_id, "secret": secret, "settings": found}
    return {"openid_connect": {"APPS": [app]}}


def broker_from_url(url: str) -> str:
    """Celery's spelling of a Redis URL.

    redis-py writes a unix socket ``unix://:password@/path?db=0``, Celery
    ``redis+socket://:password@/path?virtual_host=0``. TCP URLs are the same in both.
    """
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"}:
        return url
    if parts.scheme != "unix":
        raise ImproperlyConfigured("REDIS_URL must start with redis://, rediss:// or unix://.")
    database = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"
