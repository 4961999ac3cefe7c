"""The sample's test files that stand alone."""

from __future__ import annotations

TEST_TEXT = '''\
"""Text for URLs and labels."""

import pytest

from atlas.text import initials, shorten, slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order 12", "order-12"),
        ("  two   spaces ", "two-spaces"),
        ("Größe", "größe"),
        ("a/b", "a-b"),
        ("", ""),
        ("---", ""),
    ],
)
def test_slug(text, expected):
    assert slug(text) == expected


@pytest.mark.parametrize(("name", "expected"), [("Ada Lovelace", "AL"), ("ada", "A"), ("", "")])
def test_initials(name, expected):
    assert initials(name) == expected


@pytest.mark.parametrize("limit", [1, 5, 11, 12, 40])
def test_shorten_keeps_the_limit(limit):
    assert len(shorten("twelve chars", limit)) <= limit
'''

TEST_ERRORS = '''\
"""Errors say what they are about."""

import pytest

from atlas.core.errors import AtlasError, Duplicate, NotFound


@pytest.mark.parametrize("error", [NotFound, Duplicate])
def test_names_the_thing(error):
    assert "order 12" in str(error("order 12"))


@pytest.mark.parametrize("error", [NotFound, Duplicate])
def test_is_caught_as_one(error):
    with pytest.raises(AtlasError):
        raise error("order 12")
'''

TEST_KEYS = '''\
"""Keys of cached values."""

import pytest

from atlas.cache.keys import cache_key


@pytest.mark.parametrize(
    ("parts", "key"),
    [(("user", 7), "user:7"), (("a:b",), "a%3Ab"), (("price", "EUR", 12), "price:EUR:12")],
)
def test_joins_parts(parts, key):
    assert cache_key(*parts) == key


def test_never_mixes_up_neighbours():
    assert cache_key("a", "b:c") != cache_key("a:b", "c")
'''

TEST_MODELS = '''\
"""Users as values."""

import pytest

from atlas.users import User


@pytest.mark.parametrize("name", ["ada", "grace", "linus"])
def test_shows_the_name(name):
    assert User(name).label == name


def test_locked_users_may_nothing():
    assert not User("ada", rights=("read",), locked=True).may("read")
'''

TEST_API_LIMITS = '''\
"""Limits of the API."""

import pytest

from atlas.text import shorten


@pytest.mark.parametrize("size", [10, 100, 255])
def test_long_titles_are_cut(size):
    assert len(shorten("x" * 1_000, size)) == size
'''

TEST_ACCOUNT_LIMITS = '''\
"""Limits of an account."""

import pytest

from atlas.users import User


@pytest.mark.parametrize("rights", [(), ("read",), ("read", "write")])
def test_has_only_the_rights_given(rights):
    assert [right for right in ("read", "write") if User("ada", rights=rights).may(right)] == list(rights)
'''

TEST_REPORTS = '''\
"""Lines of the monthly report."""

import pytest

from atlas.text import slug

LINES = (
    ("Orders shipped", "orders-shipped"),
    ("Orders returned", "orders-returned",
    ("Stock counted", "stock-counted"),
)


@pytest.mark.parametrize(("title", "anchor"), LINES)
def test_each_line_has_an_anchor(title, anchor):
    assert slug(title) == anchor
'''

TEST_PROVIDER_REGISTRY = '''\
"""Providers by name."""

import pytest

from atlas.core.providers import Provider, ProviderRegistry


@pytest.mark.parametrize("name", ["currency", "carrier"])
def test_finds_a_provider_by_name(name):
    registry = ProviderRegistry([Provider(name, ("quote",))])
    assert registry[name].offers("quote")
'''

TEST_TENANT_MATRIX = '''\
"""Every tenant sees only its own sites."""

import pytest

from tests.support.tenants import tenants_in


@pytest.mark.tenant_matrix
@pytest.mark.parametrize("region", ["north", "south", "west"])
def test_regions_do_not_mix(region):
    assert {tenant.region for tenant in tenants_in(region, ["a", "b"])} == {region, "none"}
'''

TEST_STILL_CLOCK = '''\
"""The clock of the flow tests."""

import pytest


@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_moves_when_told(clock, minutes):
    clock.tick(minutes)
    assert clock.minutes == minutes


def test_stands_still_otherwise(clock):
    assert clock.minutes == 0
'''
