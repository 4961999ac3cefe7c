"""Environments built for real: uv, the sandbox and PyPI, at the best level of this machine and at level 1."""

from __future__ import annotations

import functools
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from remediation.collection import building, environment, sandbox
from remediation.collection.environment import (
    BuildError,
    Built,
    choose_python,
    declaring_files,
    discover,
    ensure,
    prune,
    recipe_key,
    source_roots,
)
from remediation.collection.mirror import Mirror
from remediation.collection.pythons import installed_pythons
from remediation.collection.runtime import describe_interpreter
from tests.collection.gitrepo import Repository
from tests.environments import uv_variables

# PyPI's smallest with and without dependencies; iniconfig comes as a wheel, so nothing is compiled.
SMALL = {"pyproject.toml": b'[project]\nname = "Demo_x"\nversion = "1.2"\ndependencies = ["iniconfig"]\n'}
LIMITS = sandbox.Limits(wall_seconds=300, file_bytes=1 << 30)
LEVELS = sandbox.probe().levels


@pytest.fixture(scope="module")
def python() -> str:
    return choose_python(">=3.11")


def runner(level: int | None = None, **changed: Any) -> Any:
    return functools.partial(sandbox.run, limits=LIMITS, level=level, **changed)


def build(
    root: Path, files: Mapping[str, bytes], recipe: tuple[str, ...], python: str, level: int | None = None
) -> Built:
    key = recipe_key(recipe, files=files, python=python)
    return ensure(recipe, files=files, python=python, root=root, key=key, run=runner(level))


def ask(built: Built, code: str) -> str:
    return subprocess.run([built.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_newest_interpreter_that_fits_is_chosen_and_a_wanted_one_goes_first() -> None:
    installed = installed_pythons()
    assert installed == sorted(installed, key=lambda one: (one.version, str(one.path)), reverse=True)
    newest, oldest = installed[0], installed[-1]
    assert choose_python("") == choose_python("not a specifier") == str(newest.path)
    minor = f"{oldest.version.major}.{oldest.version.minor}"
    assert f"{minor}." in describe_interpreter(choose_python("", minor)).version
    assert choose_python(f"=={oldest.version}") == str(oldest.path)
    assert choose_python("", "3.99") == str(newest.path), "a wish that nobody can fulfil is only a wish"
    for one in installed:
        assert "shims" not in one.path.parts
        assert not (one.path.parent.parent / "pyvenv.cfg").exists(), "our own environment is never a target's"
    with pytest.raises(BuildError, match=str(newest.version)) as none:
        choose_python(">=4")
    assert none.value.code == "no-python"


@pytest.mark.parametrize("level", LEVELS)
def test_an_environment_is_built_once_and_kept(tmp_path: Path, python: str, level: int) -> None:
    first = build(tmp_path, SMALL, ("-r pyproject.toml",), python, level)
    assert not first.cached
    assert "iniconfig" in first.log
    assert first.seconds > 0
    again = build(tmp_path, SMALL, ("-r pyproject.toml",), python, level)
    assert (again.cached, again.python, again.log) == (True, first.python, first.log)
    assert ask(first, "import sys, iniconfig; print(sys.prefix)") == str(first.python.parent.parent)
    assert describe_interpreter(first.python, level=level).prefix == str(first.python.parent.parent)


def test_the_projects_own_metadata_is_there_and_its_code_is_not(tmp_path: Path, python: str) -> None:
    built = build(tmp_path, SMALL, ("-r pyproject.toml",), python)
    assert ask(built, "import importlib.metadata as m; print(m.version('demo-x'), m.metadata('demo-x')['Name'])") == (
        "1.2 Demo_x"
    )
    assert ask(built, "import importlib.util as u; print(u.find_spec('demo_x'), u.find_spec('Demo_x'))") == "None None"


def test_a_locked_project_gets_exactly_its_lock(tmp_path: Path, python: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    text = '[project]\nname = "locked"\nversion = "0"\nrequires-python = ">=3.11"\n'
    (project / "pyproject.toml").write_text(text + '[dependency-groups]\ndev = ["iniconfig==2.0.0"]\n')
    command = [building.uv_binary(), "lock", "--no-config", "--python", python, "--project", str(project)]
    subprocess.run(
        command, check=True, capture_output=True, env={**uv_variables(), "UV_CACHE_DIR": str(tmp_path / "cache")}
    )
    files = {name: (project / name).read_bytes() for name in ("pyproject.toml", "uv.lock")}
    built = build(tmp_path / "root", files, ("-r uv.lock", "--group dev"), python)
    assert ask(built, "import importlib.metadata as m; print(m.version('iniconfig'))") == "2.0.0"


def test_requirements_only_code_can_compute_are_asked_for_in_the_sandbox(
    tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    setup = (
        "import os, setuptools\n"
        f"try: open({str(canary)!r}, 'w').write('x')\nexcept OSError: pass\n"
        "print('secret is', os.environ.get('SECRET_KEY'))\n"
        "setuptools.setup(name='computed', version='1', install_requires=open('needs.txt').read().split())\n"
    )
    files = {"setup.py": setup.encode(), "needs.txt": b"iniconfig\n"}
    monkeypatch.setenv("SECRET_KEY", "the-secret")
    built = build(tmp_path / "root", files, ("-r setup.py",), python)
    assert ask(built, "import iniconfig; print('there')") == "there"
    assert "the-secret" not in built.log
    if sandbox.probe().level >= 3 or os.getuid() == 0:  # below, the target is the same user on the same files
        assert not canary.exists(), "the build script wrote outside its tree"


def test_a_failing_resolution_says_what_the_resolver_said_and_leaves_nothing(tmp_path: Path, python: str) -> None:
    recipe = ("iniconfig<2", "iniconfig>=2")
    key = recipe_key(recipe, files={}, python=python)
    seen: list[str] = []
    with pytest.raises(BuildError) as failed:
        ensure(recipe, files={}, python=python, root=tmp_path, key=key, run=runner(), log=seen.append)
    assert failed.value.code == "resolve-failed"
    assert "iniconfig" in str(failed.value)
    assert "Edit the recipe" in str(failed.value)
    assert "uv venv" in failed.value.log
    assert "No solution found" in failed.value.log
    assert any("uv venv" in text for text in seen)
    assert not (tmp_path / key).exists()


def test_without_an_index_the_advice_is_about_the_network(
    tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "2")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(BuildError) as failed:
        build(tmp_path, {}, ("iniconfig",), python)
    assert failed.value.code == "download-failed"
    assert "127.0.0.1:9" in failed.value.log, "the administrator's index was used"


def test_a_package_that_cannot_be_compiled_says_so(tmp_path: Path, python: str) -> None:
    with pytest.raises(BuildError) as failed:
        build(tmp_path, {"setup.py": b"from setuptools import setup\nsetup(**{}[0])\n"}, ("-r setup.py",), python)
    assert failed.value.code == "build-failed"


def test_only_allowed_variables_reach_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = ("DATABASE_URL", "SECRET_KEY", "UV_PUBLISH_TOKEN", "UV_INDEX_X_PASSWORD")
    for name in (*secrets, "PYTHONPATH", "UV_PYTHON_DOWNLOADS"):
        monkeypatch.setenv(name, "leak")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("PIP_CERT", "/etc/ssl/own.pem")
    monkeypatch.setenv("UV_FIND_LINKS", "/opt/links")
    passed = building._environment(tmp_path)
    assert "leak" not in passed.values()
    assert passed["SSL_CERT_FILE"] == "/etc/ssl/own.pem"
    assert passed["UV_FIND_LINKS"] == "/opt/links"
    assert passed["UV_PYTHON_DOWNLOADS"] == "never"


def test_two_builders_at_once_build_once(tmp_path: Path, python: str) -> None:
    results: list[Built] = []
    threads = [
        threading.Thread(target=lambda: results.append(build(tmp_path, SMALL, ("-r pyproject.toml",), python)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(built.cached for built in results) == [False, True, True]
    assert len({built.python for built in results}) == 1


def test_a_half_built_environment_is_never_used(tmp_path: Path, python: str) -> None:
    recipe = ("iniconfig",)
    key = recipe_key(recipe, files={}, python=python)
    half = tmp_path / key
    (half / "venv" / "bin").mkdir(parents=True)
    (half / "venv" / "bin" / "python").symlink_to(sys.executable)
    (half / "log.txt").write_text("half")
    (half / "venv" / "complete.json").write_text(json.dumps({"key": key, "seconds": 1}))  # as a build script could
    built = ensure(recipe, files={}, python=python, root=tmp_path, key=key, run=runner())
    assert not built.cached
    assert ask(built, "import iniconfig; print('there')") == "there"
    built.python.unlink()
    assert not ensure(recipe, files={}, python=python, root=tmp_path, key=key, run=runner()).cached, "its base is gone"


def test_a_build_that_is_stopped_leaves_nothing(tmp_path: Path, python: str) -> None:
    key = recipe_key(("iniconfig",), files={}, python=python)
    stop = runner(on_tick=lambda: False)
    with pytest.raises(BuildError) as stopped:
        ensure(("iniconfig", "pytest"), files={}, python=python, root=tmp_path, key=key, run=stop)
    assert stopped.value.code == "cancelled"
    assert not (tmp_path / key).exists()


def test_the_built_environment_belongs_to_us_and_grants_nothing(tmp_path: Path, python: str) -> None:
    built = build(tmp_path, SMALL, ("-r pyproject.toml",), python)
    for path in built.python.parent.parent.rglob("*"):
        facts = path.lstat()
        assert facts.st_uid == os.getuid(), path
        if not stat.S_ISLNK(facts.st_mode):
            assert facts.st_mode & 0o7022 == 0, path


def test_taking_back_strips_set_uid_and_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o666)
    venv = tmp_path / "venv"
    (venv / "open").mkdir(parents=True)
    (venv / "open").chmod(0o777)
    tool = venv / "tool"
    tool.write_text("")
    tool.chmod(0o4777)
    (venv / "link").symlink_to(outside)
    building.take_back(venv)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o666
    expected = 0o755 if os.getuid() == 0 else 0o4777  # who is not root shares its user with the target anyway
    assert stat.S_IMODE(tool.stat().st_mode) == expected


def test_the_key_follows_what_is_installed_and_nothing_else(python: str) -> None:
    def key(files: dict[str, bytes], *recipe: str) -> str:
        return recipe_key(recipe, files=files, python=python)

    base = key(SMALL, "-r pyproject.toml")
    assert len(base) == 64
    assert base == key(SMALL, "-r pyproject.toml")
    marker = {"pyproject.toml": SMALL["pyproject.toml"] + b"[tool.pytest.ini_options]\nmarkers = ['slow']\n"}
    assert key(marker, "-r pyproject.toml") == base, "a marker builds nothing again"
    assert key({**SMALL, "unrelated.txt": b"x"}, "-r pyproject.toml") == base
    changed = {"pyproject.toml": SMALL["pyproject.toml"].replace(b"iniconfig", b"pluggy")}
    assert key(changed, "-r pyproject.toml") != base
    assert key(SMALL, "-r pyproject.toml", "pytest") != base
    included = {"a.txt": b"-r b.txt\n", "b.txt": b"x\n"}
    assert key(included, "-r a.txt") == key({**included, "a.txt": b"# why\n-r b.txt\n\n"}, "-r a.txt")
    assert key(included, "-r a.txt") != key({**included, "b.txt": b"y\n"}, "-r a.txt")
    others = [one for one in installed_pythons() if str(one.path) != python]
    assert all(recipe_key(["x"], files={}, python=one.path) != key({}, "x") for one in others[:1])


def test_pruning_keeps_what_is_named_or_being_built(tmp_path: Path) -> None:
    keys = [character * 64 for character in "abc"]
    for key in keys:
        (tmp_path / key / "venv").mkdir(parents=True)
    (tmp_path / "uv-cache").mkdir()
    with environment._only_builder(tmp_path, keys[1]):
        assert prune(tmp_path, {keys[0]}) == [keys[2]]
    assert (tmp_path / "uv-cache").is_dir()
    assert prune(tmp_path, {keys[0]}) == [keys[1]]
    assert prune(tmp_path / "absent", ()) == []


def test_a_key_that_is_a_path_is_refused(tmp_path: Path, python: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        ensure((), files={}, python=python, root=tmp_path, key="../x", run=runner())


def test_discovery_reads_the_commit(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    old = repository.commit(
        {"requirements.txt": "flask\n-r deps/more.txt\n", "deps/more.txt": "httpx\n-r even/more.txt"}
    )
    repository.commit({"deps/even/more.txt": "attrs\n", "deps/other.txt": "x\n", "big.txt": "x" * 2_000})
    (repository.path / "requirements-link.txt").symlink_to("/etc/passwd")
    new = repository.commit({"pyproject.toml": "[project]\nname='a'\ndependencies=['six']\n[broken"})
    mirror = Mirror(tmp_path / "mirror.git", str(repository.path), allow_local=True)
    mirror.fetch()
    assert discover(mirror, old).distributions == {"flask", "httpx"}
    assert set(declaring_files(mirror, new)) == {
        *("requirements.txt", "deps/more.txt", "deps/even/more.txt", "pyproject.toml"),
    }
    assert "deps/other.txt" in declaring_files(mirror, new, ["-r deps/other.txt"])
    declared = discover(mirror, new)
    assert declared.distributions == {"flask", "httpx", "attrs"}
    assert any("pyproject.toml" in note for note in declared.notes)
    assert declared.recipe == ("-r requirements.txt", "pytest")


@pytest.mark.parametrize(
    ("paths", "roots"),
    [
        (["src/pkg/__init__.py"], ("src",)),
        (["src/module.py"], ("src",)),
        (["src/__init__.py", "src/pkg/__init__.py"], ()),
        (["src/pkg/data.json", "pkg/__init__.py"], ()),
        (["pkg/src/x/__init__.py"], ()),
        ([], ()),
    ],
)
def test_source_roots(paths: list[str], roots: tuple[str, ...]) -> None:
    assert source_roots(paths) == roots


def test_the_log_is_capped_and_clean() -> None:
    text = building.cap("start\x1b[31m" + "x" * 500_000 + "\x00end")
    assert len(text) <= building.LOG_LIMIT
    assert text.startswith("startx")
    assert text.endswith("xend")
