"""The sample's history: what each commit changes, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch

from dashboard.sample.sources import areas, core, singles, support
from dashboard.sample.suite import files
from dashboard.sample.suites import SUITES


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``old`` by ``new`` in every file that matches the glob ``where``."""

    where: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: moves and deletions first, then whole files, then edits.

    ``days`` are working days before the day the sample is built, ``clock`` is UTC, ``author`` an
    index into the builder's sample authors.
    """

    days: int
    clock: str
    author: int
    subject: str
    write: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    deletes: tuple[str, ...] = ()

    def apply(self, tree: Mapping[str, str]) -> dict[str, str]:
        """Return the tree (path to text) after this commit. Raises ValueError when it would change nothing."""
        after = dict(tree)
        for old, new in self.moves:
            after[new] = after.pop(old)
        for path in self.deletes:
            del after[path]
        after.update(self.write)
        for edit in self.edits:
            hits = [path for path in after if fnmatch(path, edit.where) and edit.old in after[path]]
            if not hits:
                raise ValueError(f"{self.subject}: nothing to edit in {edit.where}")
            after.update({path: after[path].replace(edit.old, edit.new) for path in hits})
        if after == tree:
            raise ValueError(f"{self.subject}: changes nothing")
        return after


START = {
    "README.md": support.README,
    ".gitignore": "__pycache__/\n.pytest_cache/\n.venv/\n",
    ".github/CODEOWNERS": support.CODEOWNERS,
    "pyproject.toml": support.PYPROJECT,
    "requirements-test.txt": "pytest>=8.3\n",
    "conftest.py": support.ROOT_CONFTEST,
    "atlas/__init__.py": '"""The invented Atlas service."""\n',
    "atlas/text.py": areas.TEXT,
    "atlas/core/__init__.py": '"""What everything else stands on."""\n',
    "atlas/core/errors.py": core.ERRORS,
    "atlas/core/schema.py": core.SCHEMA,
    "atlas/monitoring/__init__.py": '"""Counters and alerts."""\n',
    "atlas/cache/__init__.py": '"""Caching."""\n',
    "atlas/cache/keys.py": areas.KEYS,
    "atlas/users/__init__.py": '"""Users."""\n\nfrom atlas.users.models import User\n\n__all__ = ["User"]\n',
    "atlas/users/models.py": areas.USER,
    "atlas/sessions/__init__.py": '"""Sessions."""\n',
    "atlas/sessions/session_store.py": areas.SESSION_STORE,
    "tests/integration/monitoring/conftest.py": support.MONITORING_CONFTEST,
    "tests/integration/flows/conftest.py": support.FLOWS_CONFTEST,
    "tests/helpers/builders.py": support.BUILDERS,
    "tests/helpers/clock.py": support.CLOCK,
    "tests/helpers/samples.py": support.SAMPLES,
    "tests/support/flows.py": support.FLOW_CASES,
    "tests/support/tenants.py": support.TENANTS,
    "tests/integration/flows/test_still_clock.py": singles.TEST_STILL_CLOCK,
    "tests/integration/api/test_limits.py": singles.TEST_API_LIMITS,
    "tests/unit/cache/test_keys.py": singles.TEST_KEYS,
    "tests/unit/core/test_errors.py": singles.TEST_ERRORS,
    "tests/unit/test_reports.py": singles.TEST_REPORTS,
    "tests/unit/test_text.py": singles.TEST_TEXT,
    "tests/unit/users/test_limits.py": singles.TEST_ACCOUNT_LIMITS,
    "tests/unit/users/test_models.py": singles.TEST_MODELS,
    **files(SUITES),
}

OLD_STORE = "from atlas.users.session_store import SessionStore"
NEW_STORE = "from atlas.sessions.session_store import SessionStore"

STEPS = (
    Step(25, "09:40", 0, "Bring the test suite over from the monolith", write=START),
    Step(23, "14:05", 1, "Add atlas.core.registry", write={"atlas/core/registry.py": core.REGISTRY}),
    Step(21, "10:30", 1, "Add atlas.core.events", write={"atlas/core/events.py": core.EVENTS}),
    Step(
        19,
        "11:15",
        0,
        "Add atlas.core.settings and configure the monitoring tests with it",
        write={
            "atlas/core/settings.py": core.SETTINGS,
            "tests/integration/monitoring/conftest.py": support.MONITORING_CONFTEST_SETTINGS,
        },
    ),
    Step(
        17,
        "15:20",
        2,
        "Add atlas.core.workflow with planner and dispatcher",
        write={
            "atlas/core/workflow/__init__.py": core.WORKFLOW,
            "atlas/core/workflow/dispatch.py": core.DISPATCH,
            "atlas/core/workflow/planner.py": core.PLANNER,
        },
    ),
    Step(
        15,
        "09:55",
        1,
        "Add atlas.cache.backends and export CacheManager",
        write={
            "atlas/cache/__init__.py": areas.CACHE_EAGER,
            "atlas/cache/backends.py": areas.BACKENDS,
            "atlas/cache/manager.py": areas.MANAGER,
        },
    ),
    Step(
        14,
        "16:35",
        2,
        "Add atlas.users.service, read the broker address from the environment",
        write={"atlas/users/service.py": areas.SERVICE, "conftest.py": support.ROOT_CONFTEST_BROKER},
    ),
    Step(
        13,
        "09:10",
        0,
        "Let the tests start without a broker, move broker sessions to integration",
        edits=(
            Edit("conftest.py", 'os.environ["ATLAS_BROKER_URL"]', 'os.environ.get("ATLAS_BROKER_URL", "memory://")'),
        ),
        moves=(("tests/unit/sessions/test_broker_sessions.py", "tests/integration/sessions/test_broker_sessions.py"),),
    ),
    Step(
        11,
        "13:45",
        1,
        "Add monitoring metrics and alerts",
        write={"atlas/monitoring/metrics.py": areas.METRICS, "atlas/monitoring/alerts.py": areas.ALERTS},
    ),
    Step(
        10,
        "10:20",
        0,
        "Register the load and contract markers",
        edits=(
            Edit(
                "pyproject.toml",
                "markers = [\n",
                'markers = [\n    "contract: what other services rely on",\n    "load: many calls in a row",\n',
            ),
        ),
    ),
    Step(
        8,
        "15:50",
        2,
        "Add atlas.core.providers",
        write={
            "atlas/core/providers.py": core.PROVIDERS,
            "tests/unit/providers/test_provider_registry.py": singles.TEST_PROVIDER_REGISTRY,
        },
    ),
    Step(
        6,
        "11:40",
        1,
        "Move the test builders and the clock to tests/support",
        moves=(
            ("tests/helpers/builders.py", "tests/support/builders.py"),
            ("tests/helpers/clock.py", "tests/support/clock.py"),
        ),
    ),
    Step(
        5,
        "09:25",
        1,
        "Take the clock of the flow tests from tests/support",
        edits=(Edit("tests/integration/flows/conftest.py", "tests.helpers.clock", "tests.support.clock"),),
    ),
    Step(
        3,
        "14:30",
        0,
        "Put the bases of the flow tests in order, repair tenants and reports",
        edits=(
            Edit("tests/integration/flows/*.py", "(FlowCase, TenantFlowCase)", "(TenantFlowCase, FlowCase)"),
            Edit(
                "tests/support/tenants.py",
                "\nNOBODY",
                '\nfrom collections import namedtuple\n\nTenant = namedtuple("Tenant", ["region", "site"])\n\nNOBODY',
            ),
            Edit("tests/unit/test_reports.py", '"orders-returned",', '"orders-returned"),'),
        ),
    ),
    Step(
        2,
        "16:10",
        2,
        "Add UserContext, load the cache lazily",
        write={"atlas/users/context.py": areas.CONTEXT, "atlas/cache/__init__.py": areas.CACHE_LAZY},
        edits=(
            Edit(
                "atlas/users/__init__.py",
                'from atlas.users.models import User\n\n__all__ = ["User"]',
                "from atlas.users.context import UserContext\nfrom atlas.users.models import User\n\n"
                '__all__ = ["User", "UserContext"]',
            ),
        ),
    ),
    Step(
        1,
        "10:45",
        0,
        "Import SessionStore from its new home, drop the legacy token test",
        write={"tests/integration/tenants/test_tenant_matrix.py": singles.TEST_TENANT_MATRIX},
        edits=(Edit("tests/unit/sessions/*.py", OLD_STORE, NEW_STORE),),
        moves=(("tests/unit/users/test_limits.py", "tests/unit/users/test_account_limits.py"),),
        deletes=("tests/unit/sessions/test_legacy_tokens.py",),
    ),
)


def trees() -> Iterator[tuple[Step, dict[str, str]]]:
    """Yield every commit, oldest first, with the whole tree (path to text) it leaves."""
    tree: dict[str, str] = {}
    for step in STEPS:
        tree = step.apply(tree)
        yield step, tree
