"""Is the site able to work: the answer for load balancers and the start command."""

from __future__ import annotations

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with the database up, else 503. A lost broker is told, but pages still work: it costs delay only."""
    database, broker = _database(), _broker()
    parts = {"database": "ok" if database else "down", "broker": "ok" if broker else "down"}
    status = "down" if not database else "ok" if broker else "degraded"
    return JsonResponse({"status": status, **parts}, status=200 if database else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _broker() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
