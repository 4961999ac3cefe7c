"""The sample repository, commit by commit, against what bare pytest counts."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from dashboard.sample import Built, build
from tests.environments import newest

NOW = datetime(2025, 11, 7, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Expected:
    """One commit: errors and tests as bare pytest counts them (None: blocked) and how the causes moved."""

    subject: str
    errors: int | None
    tests: int | None
    moved: str


# A cause is named by what is missing (atlas.core.registry), module:name, cycle:module, @marker, or its kind.
EXPECTED = (
    Expected(
        "Bring the test suite over from the monolith", 112, 33,
        "atlas.core.registry +14, atlas.core.events +9, atlas.core.settings +6, atlas.core.workflow +9, "
        "atlas.core.providers +15, atlas.cache.backends +9, atlas.monitoring.alerts +9, atlas.cache:CacheManager +2, "
        "atlas.users.service +9, atlas.users.session_store +6, jwt +2, name:Tenant +2, tests.support.builders +8, "
        "mro:FlowCase,TenantFlowCase +5, @contract +4, mismatch:test_limits +1, syntax +1, "
        "file:config/monitoring.json +1",
    ),
    Expected("Add atlas.core.registry", 109, 46, "atlas.core.registry -14, @load +11"),
    Expected("Add atlas.core.events", 107, 52, "atlas.core.events -9, @contract +7"),
    Expected(
        "Add atlas.core.settings and configure the monitoring tests with it", 117, 78,
        "atlas.core.settings -6, file:config/monitoring.json -1, atlas.monitoring.metrics +17",
    ),
    Expected(
        "Add atlas.core.workflow with planner and dispatcher", 116, 82,
        "atlas.core.workflow -9, atlas.users:UserContext +6, cycle:atlas.core.workflow.dispatch +2",
    ),
    Expected(
        "Add atlas.cache.backends and export CacheManager", 105, 115,
        "atlas.cache.backends -9, atlas.cache:CacheManager -2",
    ),
    Expected("Add atlas.users.service, read the broker address from the environment", None, None, ""),
    Expected(
        "Let the tests start without a broker, move broker sessions to integration", 96, 151,
        "atlas.users.service -9",
    ),
    Expected(
        "Add monitoring metrics and alerts", 73, 229,
        "atlas.monitoring.metrics -17, atlas.monitoring.alerts -9, atlas.monitoring.metrics:AggregateWindow +3",
    ),
    Expected(
        "Register the load and contract markers", 53, 330,
        "@load -11, @contract -11, @tenant_matrix +2",
    ),
    Expected(
        "Add atlas.core.providers", 39, 391,
        "atlas.core.providers -15, atlas.core.providers:ProviderRegistry +1",
    ),
    Expected(
        "Move the test builders and the clock to tests/support", 29, 406,
        "tests.support.builders -8, atlas.users.session_store +2, "
        "mro:FlowCase,TenantFlowCase -5, tests.helpers.clock +1",
    ),
    Expected(
        "Take the clock of the flow tests from tests/support", 33, 410,
        "tests.helpers.clock -1, mro:FlowCase,TenantFlowCase +5",
    ),
    Expected(
        "Put the bases of the flow tests in order, repair tenants and reports", 25, 428,
        "mro:FlowCase,TenantFlowCase -5, name:Tenant -2, syntax -1",
    ),
    Expected(
        "Add UserContext, load the cache lazily", 21, 452,
        "atlas.users:UserContext -6, atlas.cache:CacheManager +2",
    ),
    Expected(
        "Import SessionStore from its new home, drop the legacy token test", 15, 469,
        "atlas.users.session_store -5, jwt -1, mismatch:test_limits -1, @tenant_matrix +1",
    ),
)  # fmt: skip

CAUSES = (
    (r"cannot import name '\w+' from partially initialized module '([\w.]+)'", "cycle:{0}"),
    (r"cannot import name '(\w+)' from '([\w.]+)'", "{1}:{0}"),
    (r"No module named '([\w.]+)'", "{0}"),
    (r"'(\w+)' not found in `markers`", "@{0}"),
    (r"for bases (\w+), (\w+)", "mro:{0},{1}"),
    (r"imported module '(\w+)' has this __file__", "mismatch:{0}"),
    (r"NameError: name '(\w+)'", "name:{0}"),
    (r"FileNotFoundError: .*: '([^']+)'", "file:{0}"),
    (r"SyntaxError: ", "syntax"),
)


@dataclass(frozen=True)
class Bare:
    """What bare pytest said about one commit."""

    status: int
    output: str

    @property
    def errors(self) -> int:
        return self._number(r"(\d+) errors? in ")

    @property
    def tests(self) -> int:
        return self._number(r"(\d+) tests? collected")

    @property
    def failing(self) -> list[str]:
        return re.findall(r"^_+ ERROR collecting (\S+) _+$", self.output, re.M)

    @property
    def causes(self) -> Counter[str]:
        sections = re.split(r"^_+ ERROR collecting \S+ _+$", self.output, flags=re.M)[1:]
        return Counter(_cause(section) for section in sections)

    def _number(self, pattern: str) -> int:
        found = re.findall(pattern, self.output)
        assert found, self.output[-2_000:]
        return int(found[-1])


def _cause(section: str) -> str:
    for pattern, label in CAUSES:
        if match := re.search(pattern, section):
            return label.format(*match.groups())
    raise AssertionError(f"no known cause in:\n{section}")


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("sample") / "atlas", now=NOW)


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment that holds what the sample declares: pytest, and nothing of ours."""
    return newest("sample", "pytest>=8.3")


def _pytest(python: Path, tree: Path, *arguments: str) -> Bare:
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=tree, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return Bare(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def trees(sample: Built, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One checked-out tree per commit, oldest first."""
    base = tmp_path_factory.mktemp("trees")
    for number, commit in enumerate(sample.commits):
        _git(sample.path, "worktree", "add", "--quiet", "--detach", str(base / f"{number:02}"), commit)
    return sorted(base.iterdir())


@pytest.fixture(scope="module")
def passes(python: Path, trees: list[Path]) -> list[Bare]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda tree: _pytest(python, tree, "--collect-only"), trees))


def _running_causes() -> Iterable[Counter[str]]:
    """The causes after each commit, summed up from the table."""
    causes: Counter[str] = Counter()
    for expected in EXPECTED:
        for move in filter(None, expected.moved.split(", ")):
            cause, change = move.rsplit(" ", 1)
            causes[cause] += int(change)
            assert causes[cause] >= 0, f"{expected.subject}: {cause} falls below nothing"
        yield +causes


def test_subjects(sample: Built) -> None:
    assert _git(sample.path, "log", "--reverse", "--format=%s").splitlines() == [e.subject for e in EXPECTED]


def test_every_number_is_what_pytest_counts(passes: list[Bare]) -> None:
    seen = [(None, None) if p.status == 4 else (p.errors, p.tests) for p in passes]
    assert seen == [(e.errors, e.tests) for e in EXPECTED]
    assert {p.status for p in passes} == {2, 4}


def test_every_cause_is_where_the_story_has_it(passes: list[Bare]) -> None:
    for expected, bare, causes in zip(EXPECTED, passes, _running_causes(), strict=True):
        if expected.errors is not None:
            assert bare.causes == causes, expected.subject
            assert causes.total() == expected.errors == len(bare.failing), expected.subject
            assert len(set(bare.failing)) == len(bare.failing), "one error per file"


def test_the_shape_of_the_story(passes: list[Bare]) -> None:
    totals = [p.errors for p in passes if p.status == 2]
    assert (totals[0], max(totals), totals[-1]) == (112, 117, 15)
    history = [p.causes for p in passes if p.status == 2]
    assert len(set().union(*history)) == 26
    assert len(history[-1]) == 7
    came_back = {
        cause for cause in history[-1]
        if any(cause in a and cause not in b for a, b in pairwise(history))
    }  # fmt: skip
    assert came_back == {"atlas.cache:CacheManager"}


def test_the_blocked_commit_says_why_and_reaches_no_file(passes: list[Bare]) -> None:
    blocked = [p for p in passes if p.status == 4]
    assert len(blocked) == 1
    assert "ImportError while loading conftest" in blocked[0].output
    assert "KeyError: 'ATLAS_BROKER_URL'" in blocked[0].output
    assert "collected" not in blocked[0].output


def test_failing_files_below_a_broken_conftest_are_hidden_and_come_to_light(passes: list[Bare]) -> None:
    by_subject = dict(zip((e.subject for e in EXPECTED), passes, strict=True))
    broken = by_subject["Move the test builders and the clock to tests/support"]
    repaired = by_subject["Take the clock of the flow tests from tests/support"]
    assert [f for f in broken.failing if "/flows" in f] == ["tests/integration/flows"]
    assert len([f for f in repaired.failing if f.startswith("tests/integration/flows/test_")]) == 5
    assert repaired.tests - broken.tests == 4  # a healthy file was hidden with them


def test_a_failing_file_is_moved_and_another_deleted(sample: Built, passes: list[Bare]) -> None:
    moved, deleted = "test_broker_sessions.py", "tests/unit/sessions/test_legacy_tokens.py"
    renames = _git(sample.path, "diff", "-M", "--name-status", "--diff-filter=R", *sample.commits[6:8])
    assert renames.split() == ["R100", f"tests/unit/sessions/{moved}", f"tests/integration/sessions/{moved}"]
    assert f"tests/unit/sessions/{moved}" in passes[5].failing
    assert f"tests/integration/sessions/{moved}" in passes[7].failing
    assert f"tests/integration/sessions/{moved}" in passes[-1].failing
    assert deleted in passes[-2].failing
    assert deleted in _git(sample.path, "diff", "--name-only", "--diff-filter=D", "-M", *sample.commits[-2:]).split()


def test_every_collected_test_passes(python: Path, trees: list[Path]) -> None:
    run = _pytest(python, trees[-1], "--continue-on-collection-errors")
    assert re.search(rf"^{EXPECTED[-1].tests} passed, {EXPECTED[-1].errors} errors in ", run.output, re.M), run.output
