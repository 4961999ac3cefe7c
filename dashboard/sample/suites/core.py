"""The sample's tests of atlas.core: agents, events, settings, workflows, providers."""

from __future__ import annotations

from dashboard.sample.suite import Extra, Suite

AGENTS = Suite(
    path="tests/unit/agents/test_${name}_agent.py",
    template='''\
"""The $name agent takes its own topics and leaves the others."""

import pytest

from atlas.core.registry import Agent, AgentRegistry

TOPICS = $values


@pytest.fixture
def registry():
    registry = AgentRegistry()
    registry.register(Agent("$name", TOPICS))
    return registry


@pytest.mark.parametrize("topic", TOPICS)
def test_takes_its_topics(registry, topic):
    assert registry.find(topic).name == "$name"


def test_leaves_other_topics(registry):
    with pytest.raises(LookupError):
        registry.find("weather")


def test_registers_once(registry):
    with pytest.raises(ValueError):
        registry.register(Agent("$name", TOPICS))
''',
    rows="""
billing: invoice refund statement
booking: reserve cancel
catalog: product price stock
delivery: parcel courier
fraud: chargeback blocklist score
inventory: stocktake shelf
loyalty: points voucher tier
mail: bounce digest
onboarding: welcome checklist
payments: card transfer mandate
pricing: discount surcharge
returns: label inspection
search: query facet synonym
support: ticket escalation
""",
    extras=(
        Extra(
            "billing booking catalog delivery fraud inventory mail payments pricing search support",
            """\
@pytest.mark.load
def test_finds_topics_under_load(registry):
    found = {registry.find(TOPICS[n % len(TOPICS)]).name for n in range(1_000)}
    assert found == {"$name"}
""",
        ),
        Extra(
            "billing payments",
            """\
@pytest.mark.tenant_matrix
@pytest.mark.parametrize("tenant", ["north", "south"])
def test_keeps_tenants_apart(registry, tenant):
    registry.register(Agent(f"$name-{tenant}", (tenant,)))
    assert registry.find(tenant).name == f"$name-{tenant}"
""",
        ),
    ),
)

EVENTS = Suite(
    path="tests/unit/events/test_${name}_events.py",
    template='''\
"""Events of the $name area reach their subscribers."""

import pytest

from atlas.core.events import EventBus

EVENTS = $values


@pytest.mark.parametrize("event", EVENTS)
def test_reaches_its_subscriber(event):
    bus, seen = EventBus(), []
    bus.subscribe(event, seen.append)
    bus.publish(event, {"area": "$name"})
    assert seen == [{"area": "$name"}]


def test_keeps_other_events_apart():
    bus, seen = EventBus(), []
    bus.subscribe(EVENTS[0], seen.append)
    bus.publish(EVENTS[-1], {"area": "$name"})
    assert seen == []
''',
    rows="""
audit: opened sealed exported
basket: filled emptied abandoned
customer: joined left renamed
document: drafted signed archived
label: printed voided
order: placed paid shipped
shipment: packed handed_over delivered
stock: counted moved
voucher: issued redeemed expired
""",
    extras=(
        Extra(
            "audit basket customer document order shipment voucher",
            """\
@pytest.mark.contract
def test_lists_what_it_announces():
    bus = EventBus()
    for event in EVENTS:
        bus.subscribe(event, print)
    assert bus.events() == sorted(EVENTS)
""",
        ),
    ),
)

SETTINGS = Suite(
    path="tests/unit/settings/test_${name}_settings.py",
    template='''\
"""Settings of the $name part, read from the environment."""

import pytest

from atlas.core.settings import Settings

KEYS = $values
PREFIX = "ATLAS_${name}_".upper()


@pytest.mark.parametrize("key", KEYS)
def test_reads_a_number(key):
    settings = Settings.read({PREFIX + key.upper(): "5"}, prefix=PREFIX)
    assert settings[key] == 5


def test_ignores_what_is_not_its_own():
    assert len(Settings.read({"HOME": "/home/sample"}, prefix=PREFIX)) == 0


def test_reads_a_switch():
    assert Settings.read({PREFIX + "ENABLED": "true"}, prefix=PREFIX)["enabled"] is True
''',
    rows="""
broker: prefetch retries heartbeat
database: pool timeout
mailer: batch rate
queue: workers depth
search_index: shards replicas refresh
storage: buckets quota
""",
)

WORKFLOWS = Suite(
    path="tests/unit/workflow/test_${name}_workflow.py",
    template='''\
"""The steps of the $name workflow."""

import pytest

from atlas.core.workflow import Step, Workflow$imports

STEPS = $values


@pytest.fixture
def workflow():
    return Workflow("$name", [Step(name) for name in STEPS])


def test_runs_in_order(workflow):
    assert workflow.run() == list(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_stops_before_a_step(workflow, step):
    assert workflow.run(until=step) == list(STEPS[: STEPS.index(step)])
''',
    rows="""
approval: request review decide
closing: freeze reconcile publish
import_run: fetch check load
invoicing: draft number send
migration: export convert verify
offboarding: revoke archive
payout: collect bundle transfer
restock: forecast order receive
signup: verify create greet
""",
    extras=(
        Extra(
            "approval closing invoicing offboarding payout signup",
            """\
def test_notes_who_ran_it(workflow):
    context = UserContext("ada", tenant="north")
    workflow.run(by=context.label)
    assert workflow.ran_by == "ada@north"
""",
            imports="from atlas.users import UserContext",
        ),
        Extra(
            "import_run restock",
            """\
def test_dispatches_each_step(workflow):
    assert Dispatcher().dispatch(workflow) == len(STEPS)
""",
            imports="from atlas.core.workflow.dispatch import Dispatcher",
        ),
    ),
)

PROVIDERS = Suite(
    path="tests/unit/providers/test_${name}_provider.py",
    template='''\
"""The $name provider and its place in a chain."""

import pytest

from atlas.core.providers import Provider, ProviderChain

OFFERS = $values


def test_falls_back_to_the_next():
    chain = ProviderChain([Provider("offline", ()), Provider("$name", OFFERS)])
    assert chain.choose(OFFERS[0]).name == "$name"


@pytest.mark.parametrize("offer", OFFERS)
def test_offers(offer):
    assert Provider("$name", OFFERS).offers(offer)


def test_says_what_nobody_offers():
    with pytest.raises(LookupError, match="teleport"):
        ProviderChain([Provider("$name", OFFERS)]).choose("teleport")
''',
    rows="""
address_check: street postcode
bank_feed: balance statement
barcode: ean qr
calendar: slot holiday
carrier: quote label tracking
currency: rate history
directory: person group
geocoding: forward reverse
identity: passport licence
map_tiles: raster vector
messaging: sms push
postage: stamp franking
tax_rates: standard reduced
translation: text glossary
weather_feed: forecast warning
""",
)

SUITES = (AGENTS, EVENTS, SETTINGS, WORKFLOWS, PROVIDERS)
