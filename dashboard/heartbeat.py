"""When dispatch last ran, kept in the broker: shows that beat, the broker and a worker work together."""

from __future__ import annotations

import time

import redis
from django.conf import settings

_KEY = "remediation:last-dispatch"


def note_dispatch() -> None:
    """Remember that a dispatch has just ended well. A lost broker is no error here: doctor tells it."""
    try:
        with _client() as client:
            client.set(_KEY, f"{time.time():.3f}")
    except (redis.RedisError, OSError):
        pass


def seconds_since_dispatch() -> float | None:
    """Age of the last dispatch in seconds, None when there was none. Raises redis.RedisError or OSError."""
    with _client() as client:
        value = client.get(_KEY)
    return None if value is None else max(0.0, time.time() - float(value))


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)
