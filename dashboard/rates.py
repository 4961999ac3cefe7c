"""How often something may be asked for, counted in the broker by the minute."""

from __future__ import annotations

import time

import redis
from django.conf import settings


def allowed(name: str, per_minute: int) -> bool:
    """Whether this is one of the first ``per_minute`` calls of the minute. With the broker away everything is."""
    key = f"remediation:rate:{name}:{int(time.time() // 60)}"
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
            calls = client.incr(key)
            client.expire(key, 120)
    except (redis.RedisError, OSError):
        return True
    return int(calls) <= per_minute


def seconds_left() -> int:
    """Until the next minute begins, in whole seconds from 1 to 60."""
    return 60 - int(time.time()) % 60
