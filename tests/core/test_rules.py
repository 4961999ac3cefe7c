"""Ordered rules sort errors into categories; regular expressions of strangers cannot stall a pass."""

from __future__ import annotations

import re
import time

import pytest

from remediation.core.classify import KINDS, Classified
from remediation.core.records import Cause
from remediation.core.rules import DEFAULT_CATEGORIES, DEFAULT_RULES, Rule, categorise
from remediation.rulebook import BadPattern, compile_pattern, search

CORE, MONITORING, USERS, INFRASTRUCTURE = (category.name for category in DEFAULT_CATEGORIES)


def error(kind: str, module: str = "", name: str = "", path: str = "tests/test_a.py", message: str = "") -> Classified:
    if not message and module:
        message = f"cannot import name '{name}' from '{module}'" if name else f"No module named '{module}'"
    return Classified(path, kind, Cause("ImportError", message), module, name)


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (Rule("X", kind="missing-module"), True),
        (Rule("X", kind="missing-name"), False),
        (Rule("X", module_glob="atlas.core.*"), True),
        (Rule("X", module_glob="atlas.core"), False),  # the whole value
        (Rule("X", module_glob="ATLAS.*"), False),  # case-sensitive
        (Rule("X", path_glob="tests/unit/*"), True),
        (Rule("X", path_glob="*/test_?.py"), True),
        (Rule("X", path_glob="unit/*"), False),
        (Rule("X", message_regex=r"core\.\w+"), True),
        (Rule("X", message_regex=r"^core"), False),
        (Rule("X", kind="missing-module", path_glob="tests/e2e/*"), False),  # all of them
        (Rule("X", "missing-module", "atlas.*", "tests/*", "named"), True),
        (Rule("X"), True),
    ],
)
def test_every_condition_that_is_set_must_hold(rule: Rule, matches: bool) -> None:
    found = error("missing-module", "atlas.core.registry", path="tests/unit/test_a.py")
    assert categorise(found, [rule], search) == ("X" if matches else None)


def test_a_module_glob_needs_a_module() -> None:
    assert categorise(error("raised-at-import", message="boom"), [Rule("X", module_glob="*")], search) is None


def test_the_first_match_wins() -> None:
    rules = [Rule("no", kind="crash"), Rule("first", module_glob="atlas.*"), Rule("second", kind="missing-module")]
    assert categorise(error("missing-module", "atlas.core"), rules, search) == "first"
    assert categorise(error("missing-module", "zen.core"), rules, search) == "second"
    assert categorise(error("raised-at-import", message="x"), rules, search) is None


@pytest.mark.parametrize(
    ("found", "category"),
    [
        (error("missing-module", "netra_backend.app.core.agent_registry"), CORE),
        (error("missing-name", "netra_backend.app.agents.supervisor", "SupervisorAgent"), CORE),
        (error("wrong-path", "netra_backend.app.services.thread_service"), CORE),
        (error("circular-import", "atlas.core.graph", "Graph"), CORE),
        (error("missing-module", "netra_backend.app.monitoring.metrics_collector"), MONITORING),
        (error("missing-name", "netra_backend.app.core.cache_manager", "CacheManager"), MONITORING),
        (error("missing-module", "netra_backend.app.services.redis_client"), MONITORING),
        (error("missing-module", "atlas.telemetry"), MONITORING),
        (error("missing-module", "netra_backend.app.services.user_session_manager"), USERS),
        (error("missing-name", "atlas.auth.tokens", "TokenStore"), USERS),
        (error("missing-module", "netra_backend.app.auth_integration"), USERS),
        (error("unknown-marker", name="mission_critical", message="'mission_critical' not found in `markers`"),
         INFRASTRUCTURE),
        (error("mro-conflict", message="Cannot create a consistent method resolution order (MRO)"), INFRASTRUCTURE),
        (error("missing-module", "test_framework.ssot.session_fixture"), INFRASTRUCTURE),  # before users
        (error("missing-module", "tests.e2e.helpers"), INFRASTRUCTURE),
        (error("conftest-failure", path="tests/conftest.py", message="user table is missing"), INFRASTRUCTURE),
        (error("syntax-error", message="invalid syntax"), INFRASTRUCTURE),
        (error("raised-at-import", message="DATABASE_URL is not set"), None),
        (error("missing-dependency", "websocket"), None),
    ],
    ids=lambda value: (value.module or value.kind) if isinstance(value, Classified) else None,
)  # fmt: skip
def test_the_default_rules_sort_real_errors_sensibly(found: Classified, category: str | None) -> None:
    assert categorise(found, DEFAULT_RULES, search) == category


def test_the_default_rules_name_known_kinds_and_categories_and_compile() -> None:
    assert {rule.category for rule in DEFAULT_RULES} == {category.name for category in DEFAULT_CATEGORIES}
    assert {rule.kind for rule in DEFAULT_RULES if rule.kind} <= KINDS.keys()
    for rule in DEFAULT_RULES:
        if rule.message_regex:
            compile_pattern(rule.message_regex)
    assert len({category.slot for category in DEFAULT_CATEGORIES}) == len(DEFAULT_CATEGORIES)
    assert all(category.business_impact for category in DEFAULT_CATEGORIES)


def test_a_pattern_that_backtracks_forever_elsewhere_is_linear_here() -> None:
    started = time.perf_counter()
    assert not search("(a+)+$", "a" * 4_000 + "b")
    assert time.perf_counter() - started < 0.5


def test_the_control_of_the_test_above_is_slow() -> None:
    started = time.perf_counter()
    assert not re.match("(a+)+$", "a" * 22 + "b")  # the standard library's engine, on a two-hundredth of the text
    assert time.perf_counter() - started > 0.05


@pytest.mark.parametrize(
    "pattern", [r"(?=secret)", r"(?<!x)y", r"(a)\1", "(", "[z-a]", "*", "a{1001}", "(a{500}){500}"]
)
def test_a_pattern_that_cannot_run_in_linear_time_is_refused_with_a_reason(pattern: str) -> None:
    with pytest.raises(BadPattern) as refusal:
        compile_pattern(pattern)
    assert len(str(refusal.value)) > 5


@pytest.mark.parametrize("pattern", ["lone \ud800 surrogate", "\ud800"])
def test_a_pattern_that_is_no_text_is_refused_too(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(pattern)
