"""The embedded servers: private, password-protected, joined or started, and never left behind."""

from __future__ import annotations

from django.conf import settings


def test_settings_name_this_sessions_servers(embedded, redis_url):
    assert settings.DATABASES["default"]["HOST"] == str(embedded.socket_dir)
    assert redis_url == settings.REDIS_URL
