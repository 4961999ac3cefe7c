"""Django's cache in Postgres: one memory for all processes that an emptied Redis does not lose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

_SET = """
    INSERT INTO remediation_remembered (key, value, expires_at) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
# What has expired is not there: whoever adds it then is the first.
_ADD = f"{_SET} WHERE remediation_remembered.expires_at <= %s"


class SharedCache(BaseCache):
    """A cache of JSON values, for what must be counted right: limits of tries, and codes that were used.

    Not Django's DatabaseCache: that one restores Python objects from what stands in the table, and its ``add`` is
    several statements, between which two processes can both be first. Here ``add`` is one.
    """

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The value, or ``default`` where there is none or it has expired."""
        found = self._rows().filter(key=self._key(key, version)).first()
        return default if found is None or _expired(found.expires_at) else found.value

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store a value that JSON can say."""
        self._write(_SET, key, value, timeout, version)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store it where nothing stands; of any number who ask at once exactly one gets True."""
        return self._write(_ADD, key, value, timeout, version, datetime.now(UTC)) == 1

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Let a value live longer; False where there is none."""
        rows = self._rows().filter(key=self._key(key, version))
        return bool(rows.update(expires_at=self._expiry(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget it; False where there was nothing."""
        return self._rows().filter(key=self._key(key, version)).delete()[0] > 0

    def clear(self) -> None:
        """Forget everything."""
        self._rows().all().delete()

    def _key(self, key: str, version: int | None) -> str:
        return str(self.make_key(key, version=version))

    def _expiry(self, timeout: Any) -> datetime | None:
        seconds = self.get_backend_timeout(timeout)
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    def _write(self, statement: str, key: str, value: Any, timeout: Any, version: int | None, *more: Any) -> int:
        from psycopg.types.json import Jsonb

        with connection.cursor() as cursor:
            cursor.execute(statement, [self._key(key, version), Jsonb(value), self._expiry(timeout), *more])
            return int(cursor.rowcount)

    def _rows(self) -> Any:
        from remediation.models import Remembered  # the cache is named in the settings, before there are models

        return Remembered._default_manager


def _expired(at: datetime | None) -> bool:
    return at is not None and at <= datetime.now(UTC)
