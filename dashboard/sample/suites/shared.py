"""The sample's tests that lean on shared helpers: schemas, the API, flows, tenants."""

from __future__ import annotations

from dashboard.sample.suite import Extra, Suite

SCHEMAS = Suite(
    path="tests/unit/schemas/test_${name}_schema.py",
    template='''\
"""What the $name document must hold."""

import pytest

from atlas.core.schema import problems
from tests.helpers.samples import sample

FIELDS = $values


@pytest.mark.contract
def test_accepts_the_whole_document():
    assert problems(sample(FIELDS), FIELDS) == []


@pytest.mark.parametrize("field", FIELDS)
def test_names_a_missing_field(field):
    document = sample(FIELDS)
    del document[field]
    assert problems(document, FIELDS) == [f"{field} is missing"]
''',
    rows="""
address: street city postcode country
contract: party term signature
invoice: number amount currency due
profile: name email language
""",
)

API = Suite(
    path="tests/integration/api/test_${name}_api.py",
    template='''\
"""Requests to the $name endpoint."""

import pytest

from tests.support.builders import build_request$imports

FIELDS = $values


@pytest.mark.parametrize("field", FIELDS)
def test_carries_the_field(field):
    assert build_request("$name", **{field: "1"})["body"] == {field: "1"}


def test_names_the_endpoint():
    assert build_request("$name")["path"] == "/api/$name/"
''',
    rows="""
accounts: page size
baskets: id item
invoices: year number
login: name remember
logout: everywhere
orders: state since until
products: sku language
stocks: site shelf
""",
    extras=(
        Extra(
            "login logout",
            """\
def test_answers_with_a_session():
    token = SessionStore().open("ada", "browser")
    assert build_request("$name", token=token)["body"]["token"] == token
""",
            imports="from atlas.users.session_store import SessionStore",
        ),
    ),
)

FLOWS = Suite(
    path="tests/integration/flows/test_${name}_flow.py",
    template='''\
"""The $name flow from end to end."""

from tests.support.flows import FlowCase, TenantFlowCase

STAGES = $values


class TestFlow(FlowCase, TenantFlowCase):
    stages = STAGES

    def test_reaches_the_end(self, clock):
        assert self.walk(clock) == STAGES[-1]
        assert clock.minutes == len(STAGES)

    def test_stays_with_its_tenant(self):
        assert self.tenant == "north"
''',
    rows="""
checkout: basket address payment receipt
claim: report assess settle
enrolment: apply confirm
renewal: remind pay extend
transfer: request approve book
""",
)

TENANTS = Suite(
    path="tests/integration/tenants/test_${name}_tenants.py",
    template='''\
"""Tenants in the $name region."""

import pytest

from tests.support.tenants import tenants_in

SITES = $values


@pytest.mark.parametrize("site", SITES)
def test_finds_the_site(site):
    assert site in {tenant.site for tenant in tenants_in("$name", SITES)}
''',
    rows="""
northern: oslo turku
southern: bari faro patras
""",
)

SUITES = (SCHEMAS, API, FLOWS, TENANTS)
