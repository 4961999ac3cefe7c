"""The sample's configuration, fixtures and test helpers."""

from __future__ import annotations

CODEOWNERS = """\
# Who is asked about what; the last line that matches a path counts.
*                   @atlas/everyone
/atlas/core/        @atlas/core
/atlas/users/       @atlas/accounts
/atlas/sessions/    @atlas/accounts
/atlas/monitoring/  @atlas/operations
/atlas/cache/       @atlas/operations
/tests/             @atlas/quality
"""

PYPROJECT = """\
[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = "--strict-markers"
markers = [
    "slow: takes more than a second",
]
"""

README = """\
# Atlas backend (sample)

An invented project. It exists to show what a repository looks like whose tests do not import any more,
and how that is repaired. Nobody runs it; every name in it is made up.

    pip install -r requirements-test.txt
    pytest --collect-only -q
"""

ROOT_CONFTEST = '''\
"""Fixtures for every test."""

import pytest


@pytest.fixture
def tenant():
    return "north"
'''

ROOT_CONFTEST_BROKER = '''\
"""Fixtures for every test."""

import os

import pytest

BROKER = os.environ["ATLAS_BROKER_URL"]


@pytest.fixture
def tenant():
    return "north"


@pytest.fixture
def broker():
    return BROKER
'''

MONITORING_CONFTEST = '''\
"""What the monitoring tests share."""

import json
from pathlib import Path

import pytest

CONFIG = json.loads(Path("config/monitoring.json").read_text())


@pytest.fixture
def monitoring_config():
    return CONFIG
'''

MONITORING_CONFTEST_SETTINGS = '''\
"""What the monitoring tests share."""

import pytest

from atlas.core.settings import Settings


@pytest.fixture
def monitoring_config():
    return Settings.read({"ATLAS_MONITORING_PREFIX": "atlas"}, prefix="ATLAS_MONITORING_")
'''

FLOWS_CONFTEST = '''\
"""What the flow tests share."""

import pytest

from tests.helpers.clock import StillClock


@pytest.fixture
def clock():
    return StillClock()
'''

BUILDERS = '''\
"""Builds requests the way the client library does."""


def build_request(endpoint, **fields):
    """Return the request to an endpoint as a dict with method, path and body."""
    return {"method": "POST" if fields else "GET", "path": f"/api/{endpoint}/", "body": fields}
'''

CLOCK = '''\
"""A clock that moves only when it is told to."""


class StillClock:
    def __init__(self):
        self.minutes = 0

    def tick(self, minutes=1):
        self.minutes += minutes
'''

SAMPLES = '''\
"""Documents for tests that do not care what is in them."""


def sample(fields):
    return {field: f"some {field}" for field in fields}
'''

FLOW_CASES = '''\
"""Bases of the flow tests."""


class FlowCase:
    stages = ()
    tenant = None

    def walk(self, clock):
        """Go through every stage, one minute each; return the last."""
        last = None
        for stage in self.stages:
            clock.tick()
            last = stage
        return last


class TenantFlowCase(FlowCase):
    tenant = "north"
'''

TENANTS = '''\
"""Tenants for tests."""

NOBODY = Tenant("none", "none")


def tenants_in(region, sites):
    return [NOBODY, *(Tenant(region, site) for site in sites)]
'''
