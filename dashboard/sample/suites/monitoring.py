"""The sample's tests of monitoring and caching."""

from __future__ import annotations

from dashboard.sample.suite import Extra, Suite

METRICS = Suite(
    path="tests/integration/monitoring/test_${name}_metrics.py",
    template='''\
"""What the $name service counts."""

import pytest

from atlas.monitoring.metrics import MetricStore$imports

SERIES = $values


@pytest.mark.parametrize("series", SERIES)
def test_counts_a_series(series):
    store = MetricStore("$name")
    store.count(series)
    store.count(series, 2)
    assert store.value(series) == 3


def test_exports_with_the_configured_prefix(monitoring_config):
    store = MetricStore("$name")
    store.count(SERIES[0])
    assert store.export(monitoring_config["prefix"]) == {f"atlas.$name.{SERIES[0]}": 1}
''',
    rows="""
archive: written restored
auth_gate: granted denied
basket_api: opened closed
checkout: started paid failed
courier: assigned arrived
export: rows files
gateway: requests retries
index: added removed
ledger: booked reversed
mailer: sent bounced
notifier: queued shown
pricing_api: hits misses
report_job: started finished
scanner: read rejected
scheduler: due late
upload: accepted refused
webhook: delivered failed
""",
    extras=(
        Extra(
            "checkout gateway webhook",
            """\
def test_sums_over_a_window():
    window = AggregateWindow(seconds=60)
    for second in (0, 45, 90):
        window.add(second, 1)
    assert window.total(at=90) == 2
""",
            imports="from atlas.monitoring.metrics import AggregateWindow",
        ),
    ),
)

ALERTS = Suite(
    path="tests/unit/monitoring/test_${name}_alerts.py",
    template='''\
"""When the $name alerts ring."""

import pytest

from atlas.monitoring.alerts import AlertRule

SIGNALS = $values


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize(("value", "rings"), [(9, False), (10, False), (11, True)])
def test_rings_above_the_limit(signal, value, rings):
    assert AlertRule(signal, limit=10).rings(value) is rings
''',
    rows="""
backlog: jobs age
certificate: expiry
disk: used inodes
error_rate: http
latency: median slowest
memory: resident
payments_stuck: waiting
quota: requests
replica_lag: seconds
""",
)

CACHES = Suite(
    path="tests/unit/cache/test_${name}_cache.py",
    template='''\
"""The $name cache keeps what it was given, and no more."""

import pytest

from atlas.cache.backends import MemoryBackend

ENTRIES = $values


@pytest.mark.parametrize("entry", ENTRIES)
def test_returns_what_it_keeps(entry):
    cache = MemoryBackend(size=8)
    cache.set(entry, entry.upper())
    assert cache.get(entry) == entry.upper()


def test_drops_the_oldest():
    cache = MemoryBackend(size=1)
    for entry in ("$name-first", *ENTRIES):
        cache.set(entry, entry)
    assert cache.get("$name-first") is None
    assert cache.get(ENTRIES[-1]) == ENTRIES[-1]
''',
    rows="""
avatar: small large
country: names codes
fragment: header footer sidebar
geo: tiles bounds
price: net gross
query: rows total
rate_limit: minute hour
session_lookup: token cookie
template: page mail
""",
)

MANAGERS = Suite(
    path="tests/unit/cache/test_manager_${name}.py",
    template='''\
"""The cache manager's $name."""

import pytest

from atlas.cache import CacheManager

REGIONS = $values


@pytest.mark.parametrize("region", REGIONS)
def test_keeps_regions_apart(region):
    manager = CacheManager(size=4)
    manager.region(region).set("key", region)
    assert manager.region(region).get("key") == region
    assert manager.region("other").get("key") is None
''',
    rows="""
regions: pages mails images
warm_up: prices stock
""",
)

SUITES = (METRICS, ALERTS, CACHES, MANAGERS)
