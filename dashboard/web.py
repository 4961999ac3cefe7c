"""How gunicorn serves the site: ``gunicorn -c python:dashboard.web dashboard.wsgi``."""

from __future__ import annotations

import copy
from pathlib import Path

from django.conf import settings

from dashboard.environment import env_int, env_text

bind = f"{env_text('HOST', '127.0.0.1')}:{env_int('PORT', 8000, least=1)}"
worker_class = "gthread"
workers = env_int("WEB_WORKERS", 2, least=1)
threads = env_int("WEB_THREADS", 8, least=1)
preload_app = True  # one import for all workers: half the memory, and an error ends the start instead of looping
timeout = 60
graceful_timeout = 5
control_socket_disable = True  # it would lie in the home directory, which may not be writable
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a slow disk looks like a dead worker
max_requests, max_requests_jitter = 10_000, 1_000
forwarded_allow_ips = env_text("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
limit_request_line = 8_190
logconfig_dict = copy.deepcopy(settings.LOGGING) | {
    "loggers": {
        "gunicorn.error": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": [], "level": "WARNING", "propagate": False},
    }
}
