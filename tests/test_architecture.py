"""The rules that keep the code readable, each checked on the code itself."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from importlinter import configuration
from importlinter.application import use_cases

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 300  # lines
configuration.configure()


def own_modules() -> list[Path]:
    """Our Python files; the sample's sources are data (they are broken on purpose)."""
    found = [ROOT / "manage.py", *ROOT.glob("dashboard/**/*.py"), *ROOT.glob("remediation/**/*.py")]
    return sorted(p for p in found if "migrations" not in p.parts and "sample/s" not in p.relative_to(ROOT).as_posix())


def imported(path: Path) -> set[str]:
    """Top-level names of everything a module imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0] if not node.level else "." * node.level)
    return names


def test_import_contracts(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert use_cases.lint_imports(config_filename="pyproject.toml", cache_dir=None, no_logo=True)


def test_a_stray_module_breaks_the_contract(tmp_path, monkeypatch):
    """The control: the same kind of contract fails where a module has no place and where one imports upwards."""
    package = tmp_path / "layered_control"
    package.mkdir()
    for name, text in {"__init__": "", "upper": "", "lower": "", "utils": ""}.items():
        (package / f"{name}.py").write_text(text)
    config = tmp_path / "contracts.toml"
    config.write_text(
        '[tool.importlinter]\nroot_package = "layered_control"\n[[tool.importlinter.contracts]]\nname = "layers"\n'
        'type = "layers"\ncontainers = ["layered_control"]\nexhaustive = true\nlayers = ["upper", "lower"]\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    lint = {"config_filename": str(config), "cache_dir": None, "no_logo": True}
    assert not use_cases.lint_imports(**lint)
    (package / "utils.py").unlink()
    assert use_cases.lint_imports(**lint)
    (package / "lower.py").write_text("from layered_control import upper\n")
    assert not use_cases.lint_imports(**lint)


@pytest.mark.parametrize("path", sorted(ROOT.glob("remediation/core/**/*.py")), ids=lambda p: p.stem)
def test_core_is_the_standard_library_and_one_kind_of_value(path):
    # msgspec makes, compares and writes down the values of tens of thousands of errors; it is no framework.
    assert imported(path) <= {*sys.stdlib_module_names, "remediation", "msgspec"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("remediation/collection/reporter/*.py")), ids=lambda p: p.stem)
def test_the_reporter_imports_nothing_of_ours(path):
    assert "PYTEST_DONT_REWRITE" in ast.get_docstring(ast.parse(path.read_text()))  # pytest rewrites its plugins
    assert imported(path) <= {*sys.stdlib_module_names, "pytest", "_pytest", "."}


@pytest.mark.parametrize("path", own_modules(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_module_says_its_job_and_stays_short(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    assert text.count("\n") < LONGEST, f"{path} has {text.count(chr(10))} lines: split it by job"


def test_no_module_is_the_place_where_everything_ends():
    assert not [p for p in own_modules() if p.stem in {"utils", "helpers", "misc", "common"}]


def test_nothing_unpickles():
    word = "pick" + "le"
    assert not [p for p in own_modules() if word in p.read_text()]


def test_only_the_charts_import_plotly():
    assert {p.name for p in own_modules() if "plotly" in imported(p)} <= {"charts.py"}


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


def production(**changes: str) -> dict[str, str]:
    """The environment of a real deployment."""
    base = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    return base | {
        "DATABASE_URL": "postgresql://app:secret@db.example.org:5432/app",
        "REDIS_URL": "rediss://:secret@redis.example.org:6379/0",
        "SECRET_KEY": "x7" + "Qd93kfLw0" * 6,
        "ALLOWED_HOSTS": "dashboard.example.org",
        "CSRF_TRUSTED_ORIGINS": "https://dashboard.example.org",
        "HTTPS": "1",
        **changes,
    }


def check_deploy(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def test_a_deployment_has_no_warnings(tmp_path):
    done = check_deploy(production(DATA_DIR=str(tmp_path / "data")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout
    assert not (tmp_path / "data").exists()  # with everything given, nothing is made on disk


def test_without_https_the_same_check_warns(tmp_path):
    done = check_deploy(production(HTTPS="0", DATA_DIR=str(tmp_path)))
    assert done.returncode == 1
    assert "SESSION_COOKIE_SECURE" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["djlint", "--quiet", "--lint", "templates"],
    ],
    ids=["ruff", "format", "mypy", "djlint"],
)
def test_style_and_types(command):
    tool = [sys.executable, "-m", *command]
    done = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
