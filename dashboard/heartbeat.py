"""Signs of life, kept in the broker: when dispatch last ran, and when each worker was last heard of."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress

import redis
from django.conf import settings

KEPT = 7 * 24 * 3600.0  # seconds for which a worker that went without a word is remembered
_KEY, _ROLL = "remediation:last-dispatch", "remediation:workers"


def note_dispatch() -> None:
    """Remember that a dispatch has just ended well. A lost broker is no error here: doctor tells it."""
    with suppress(redis.RedisError, OSError), _client() as client:
        client.set(_KEY, f"{time.time():.3f}")


def seconds_since_dispatch() -> float | None:
    """Age of the last dispatch in seconds, None when there was none. Raises redis.RedisError or OSError."""
    with _client() as client:
        value = client.get(_KEY)
    return None if value is None else max(0.0, time.time() - float(value))


def note_worker(name: str) -> None:
    """Remember that a worker has just begun, or ended a task well. A lost broker is no error here either."""
    with suppress(redis.RedisError, OSError), _client() as client:
        client.hset(_ROLL, name, f"{time.time():.3f}")


def forget_worker(name: str) -> None:
    """A worker that ends in good order is not missed."""
    with suppress(redis.RedisError, OSError), _client() as client:
        client.hdel(_ROLL, name)


def missed(answered: Collection[str]) -> list[tuple[str, float]]:
    """Workers that ended without a word: name, and seconds since each was last heard of. Empty without a broker."""
    try:
        heard = last_heard()
    except (redis.RedisError, OSError):
        return []
    return sorted((name, age) for name, age in heard.items() if name not in answered)


def last_heard() -> dict[str, float]:
    """Seconds since each worker was last heard of that did not end in good order, whether it is alive or not.

    Those that are silent for longer than KEPT are forgotten. Raises redis.RedisError or OSError.
    """
    with _client() as client:
        noted = client.hgetall(_ROLL)
        found = {name.decode(): max(0.0, time.time() - float(at)) for name, at in noted.items()}
        if old := [name for name, age in found.items() if age > KEPT]:
            client.hdel(_ROLL, *old)
    return {name: age for name, age in found.items() if age <= KEPT}


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)
