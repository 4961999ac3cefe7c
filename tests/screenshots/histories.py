"""Small repositories whose real passes make each state of a project: one list of commits for each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.repositories import Repository

Change = Mapping[str, str | None]

GOOD = "def test_it():\n    assert True\n\n\ndef test_that():\n    assert True\n"
START: Change = {"store/__init__.py": "", "conftest.py": "", **{f"tests/unit/test_ok_{n}.py": GOOD for n in range(6)}}
SKIPPED = 'import pytest\n\npytest.skip("needs a display", allow_module_level=True)\n'

SLOW = "import time\n\ntime.sleep(600)\n"  # longer than a file may take: each is an error, and the next one follows


def broken(*files: int, module: str = "orders") -> dict[str, str | None]:
    """Test files that import a module the package does not have."""
    name = module.title().replace("_", "")
    text = f"from store.{module} import {name}\n\n\n{GOOD}\n\ndef test_more():\n    assert {name}\n"
    return {f"tests/{module}/test_{module}_{n:02}.py": text for n in files}


def repaired(module: str = "orders") -> Change:
    """The module that was missing."""
    return {f"store/{module}.py": f"class {module.title().replace('_', '')}:\n    pass\n"}


def _falling(last: int) -> list[Change]:
    """Twelve errors of four modules, then one module less at each step; the last ones are left."""
    modules = ["orders", "basket", "price_list", "session"]
    first: dict[str, str | None] = dict(START)
    for size, module in zip((5, 4, 2, 1), modules, strict=True):
        first |= broken(*range(size), module=module)
    return [first, *(repaired(module) for module in modules[: 4 - last])]


def _wall() -> list[Change]:
    packages = ["sqlalchemy", "celery", "boto3", "pandas", "redis"]
    files: dict[str, str | None] = {
        f"tests/jobs/test_{package}_{n}.py": f"import {package}\n\n\n{GOOD}" for package in packages for n in range(4)
    }
    return [{**START, **files, **broken(0, 1)}]


QUIET: list[Change] = [{"README.md": f"Note {n}\n"} for n in range(6)]
HISTORIES: dict[str, list[Change]] = {
    "one-pass": _falling(4)[:1],
    "few-passes": _falling(1),
    "rising": [{**START, **broken(0, 1, 2)}, broken(3, module="basket"), broken(*range(4, 9), module="basket")],
    "blocked": [*_falling(2), {"conftest.py": "from store.database import engine\n"}],
    "failed": _falling(2),
    "stale": _falling(2),
    "silenced": [{**START, **broken(*range(6))}, dict.fromkeys(broken(0, 1, 2, 3), SKIPPED)],
    "scope-changed": _falling(2),
    "zero": [*_falling(0), *QUIET],
    "zero-then-regressed": [*_falling(0), *QUIET[:3], {"store/session.py": None, "store/price_list.py": None}],
    "missing-packages": _wall(),
    "first-pass-running": [{**START, **{f"tests/unit/test_slow_{n}.py": SLOW for n in range(4)}}],
    "empty": [START],
}
NOT_RUN = frozenset({"first-pass-running", "empty"})


def write(folder: Path, state: str) -> tuple[Path, list[str]]:
    """The repository of a state and its commits, oldest first; they lie three days apart and end yesterday."""
    changes = HISTORIES[state]
    repository = Repository(folder / state)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3 * len(changes) - 2)
    commits = []
    for number, change in enumerate(changes):
        subject = f"Step {number + 1}: {', '.join(sorted(change))[:60]}"
        commits.append(repository.commit(change, subject, at=(start + timedelta(days=3 * number)).isoformat()))
    return repository.path, commits
