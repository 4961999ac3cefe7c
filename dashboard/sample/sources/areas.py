"""The sample's product code around the core: text, monitoring, caching, users, sessions."""

from __future__ import annotations

TEXT = '''\
"""Text for URLs and labels."""

import re


def slug(text):
    """Return text for a URL: lower case words joined by hyphens."""
    return re.sub(r"[\\W_]+", "-", text.lower()).strip("-")


def initials(name):
    return "".join(word[0].upper() for word in name.split())


def shorten(text, limit):
    """Cut text to at most limit characters, the last of them an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
'''

METRICS = '''\
"""Counters of one service."""

from collections import Counter


class MetricStore:
    def __init__(self, service):
        self.service = service
        self._counts = Counter()

    def count(self, series, amount=1):
        self._counts[series] += amount

    def value(self, series):
        return self._counts[series]

    def export(self, prefix):
        return {f"{prefix}.{self.service}.{series}": n for series, n in self._counts.items()}
'''

ALERTS = '''\
"""Rules that say when somebody should look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AlertRule:
    signal: str
    limit: float

    def rings(self, value):
        return value > self.limit
'''

KEYS = '''\
"""Keys of cached values."""

from urllib.parse import quote


def cache_key(*parts):
    """Join parts with colons; a colon inside a part is escaped."""
    return ":".join(quote(str(part), safe="") for part in parts)
'''

BACKENDS = '''\
"""Where cached values are kept."""

from collections import OrderedDict


class MemoryBackend:
    """Keeps at most size values and drops the oldest."""

    def __init__(self, size):
        self.size = size
        self._values = OrderedDict()

    def set(self, key, value):
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self.size:
            self._values.popitem(last=False)

    def get(self, key):
        return self._values.get(key)
'''

MANAGER = '''\
"""One cache per region."""

from atlas.cache.backends import MemoryBackend


class CacheManager:
    def __init__(self, size):
        self.size = size
        self._regions = {}

    def region(self, name):
        return self._regions.setdefault(name, MemoryBackend(self.size))
'''

CACHE_EAGER = '''\
"""Caching."""

from atlas.cache.backends import MemoryBackend
from atlas.cache.manager import CacheManager

__all__ = ["CacheManager", "MemoryBackend"]
'''

CACHE_LAZY = '''\
"""Caching, loaded when it is first used."""

from importlib import import_module

_PLACES = {"MemoryBackend": "atlas.cache.backends"}


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
'''

USER = '''\
"""Users as values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    name: str
    rights: tuple = ()
    locked: bool = False

    @property
    def label(self):
        return self.name

    def may(self, right):
        return not self.locked and right in self.rights
'''

CONTEXT = '''\
"""On whose behalf something runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class UserContext:
    name: str
    tenant: str

    @property
    def label(self):
        return f"{self.name}@{self.tenant}"
'''

SERVICE = '''\
"""Creates, locks and asks about users."""

from dataclasses import replace

from atlas.core.errors import Duplicate
from atlas.users.models import User


class UserService:
    def __init__(self):
        self._users = {}

    def create(self, name, rights=()):
        if name in self._users:
            raise Duplicate(f"user {name}")
        self._users[name] = User(name, tuple(rights))

    def lock(self, name):
        self._users[name] = replace(self._users[name], locked=True)

    def may(self, name, right):
        return name in self._users and self._users[name].may(right)
'''

SESSION_STORE = '''\
"""Open sessions by token."""

from itertools import count


class SessionStore:
    def __init__(self):
        self._numbers = count(1)
        self._owners = {}

    def open(self, user, device):
        token = f"{user}-{next(self._numbers)}"
        self._owners[token] = (user, device)
        return token

    def owner(self, token):
        return self._owners.get(token)

    def close(self, token):
        self._owners.pop(token, None)
'''
