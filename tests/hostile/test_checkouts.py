"""Hostile repositories on their way to a checkout, and git after a target was there: nothing of theirs ever runs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediation.collection.checkout import export, remove
from remediation.collection.mirror import Mirror, SourceError
from remediation.collection.runtime import describe_interpreter
from tests.collection.gitrepo import Repository
from tests.environments import environment
from tests.hostile.cases import HEALTHY
from tests.hostile.harness import FACTS, Outcome, Surroundings, Way, attack, open_place, ways

LEVELS = [3, 2, 1]


@pytest.fixture
def around() -> Iterator[Surroundings]:
    with open_place() as place, Surroundings(place) as surroundings:
        yield surroundings


def laid_out(around: Surroundings, repository: Repository, commit: str, **limits: int) -> Path:
    """The product's own way: a mirror, and the commit's tree out of it, where the harness collects."""
    tree = around.place / "project/tree"
    mirror = Mirror(around.place / "project/mirror.git", str(repository.path), allow_local=True)
    mirror.fetch()
    # As a pass does it: hard links only where the target is another user.
    blobs = around.place / "project/blobs"
    export(mirror, commit, blobs=blobs, target=tree, link=os.geteuid() == 0, **limits)
    return tree


def collected(around: Surroundings, way: Way, **limits: float) -> Outcome:
    bytecode = around.place / "project/bytecode"
    bytecode.mkdir()
    outcome = attack({}, way, around, bytecode, limits)
    assert around.alive() == []
    assert around.outside() == around.before
    assert around.leaked(outcome) == []
    return outcome


def best(level: int) -> Way:
    found = ways(level)
    if not found:
        pytest.skip(f"this machine has no level {level}, or no Python that the target's user may run")
    return found[0]


PLANTED = """
import os, pathlib
ran = pathlib.Path(os.getcwd(), "ran")
config = f"[core]\\n\\tfsmonitor = touch {ran}; false\\n\\thooksPath = {os.getcwd()}\\n\\tpager = touch {ran}\\n"
config += f"[filter \\"x\\"]\\n\\tsmudge = touch {ran}\\n[alias]\\n\\tstatus = !touch {ran}\\n"
for place in (".", "..", "../..", os.environ["HOME"], "../mirror.git", "../blobs"):
    try:
        os.makedirs(place + "/.git/objects", exist_ok=True)
        os.makedirs(place + "/.git/refs", exist_ok=True)
        open(place + "/.git/HEAD", "w").write("ref: refs/heads/main\\n")
        open(place + "/.git/config", "w").write(config)
        open(place + "/.gitconfig", "w").write(config)
    except OSError:
        pass
for name in ("config", "hooks/post-checkout", "objects/info/alternates"):
    try:
        open("../mirror.git/" + name, "w").write(config)
        open("HARM", "w").close()
    except OSError:
        pass
def test_it(): pass
"""


@pytest.mark.parametrize("level", LEVELS)
def test_26_git_settings_planted_by_a_target_are_never_read(level: int, around: Surroundings, tmp_path: Path) -> None:
    way = best(level)
    if "own files" not in way.keeps():
        pytest.skip("the target is the worker's own user and may write to its mirror")
    repository = Repository(tmp_path / "repository")
    first = repository.commit({"test_a.py": PLANTED})
    tree = laid_out(around, repository, first)
    outcome = collected(around, way)
    assert outcome.verdict.outcome == "counted" and outcome.verdict.result is not None, outcome
    assert (tree / ".git/config").exists() and not (tree / "HARM").exists()
    # Now everything that the product asks git for, with the planted tree still there.
    second = repository.commit({"test_b.py": HEALTHY})
    mirror = Mirror(around.place / "project/mirror.git", str(repository.path), allow_local=True)
    mirror.fetch()
    assert mirror.default_branch() == "main" and mirror.position("main", second) == 2
    assert mirror.changed(first, second) == ["test_b.py"] and mirror.renames(first, second) == {}
    export(mirror, second, blobs=around.place / "project/blobs", target=around.place / "project/again", link=False)
    assert not list(around.place.rglob("ran"))
    remove(tree)


def test_26_control_git_in_the_target_s_tree_runs_what_it_planted(around: Surroundings, tmp_path: Path) -> None:
    """Must stay so: this is why git never runs there."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "plant.py").write_text(PLANTED)
    subprocess.run(
        ["/usr/bin/env", "python3", "plant.py"], cwd=tree, env={**os.environ, "HOME": str(tmp_path)}, check=True
    )
    subprocess.run(["git", "status"], cwd=tree, capture_output=True, check=False)
    assert (tree / "ran").exists()


@pytest.mark.parametrize("level", LEVELS)
def test_31_a_submodule_with_a_command_for_an_address(level: int, around: Surroundings, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    ran = tmp_path / "ran"
    modules = f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {ran}"\n\tupdate = !touch {ran}\n'
    commit = repository.commit({"test_a.py": HEALTHY, ".gitmodules": modules})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},x")
    repository.git("commit", "--quiet", "-m", "submodule")
    tree = laid_out(around, repository, repository.git("rev-parse", "HEAD"))
    outcome = collected(around, best(level))
    assert outcome.verdict.outcome == "counted" and not (tree / "x").exists() and not ran.exists()


@pytest.mark.parametrize("level", LEVELS)
def test_32_links_to_the_root_of_all_files(level: int, around: Surroundings, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    for name, destination in {"root": "/", "up": "../../..", "home": str(around.place / "home")}.items():
        (repository.path / name).symlink_to(destination)
    (repository.path / "test_link.py").symlink_to(around.place / "home/id_ed25519")
    tree = laid_out(around, repository, repository.commit({"test_a.py": HEALTHY}))
    # pytest follows links, so it may well look for tests in all there is to see until its time is over.
    outcome = collected(around, best(level), wall_seconds=3)
    assert outcome.verdict.outcome in ("counted", "blocked"), outcome
    if outcome.verdict.result is not None:
        assert ("test_a.py", "collected", 1) in [(f.path, f.state, f.tests) for f in outcome.verdict.result.files]
    remove(tree)
    assert (around.place / "home/id_ed25519").exists()


@pytest.mark.parametrize("level", LEVELS)
def test_36_a_poisoned_environment_runs_inside_only(level: int, around: Surroundings) -> None:
    """A .pth file runs at every start of that Python, also when it is only asked for its version."""
    way = best(level)
    if "own files" not in way.keeps():
        pytest.skip("the target is the worker's own user")
    venv = around.place / "project/venv"
    base = environment("9") if level == 3 else Path("/usr/bin/python3")
    subprocess.run([str(base), "-m", "venv", "--without-pip", str(venv)], check=True)
    (packages,) = (venv / "lib").glob("python*/site-packages")
    program = f"import os; open('{around.place}/open/ran', 'w').write('x')\n"
    program += f"import os; print(open('{around.place}/home/id_ed25519').read())\n"
    (packages / "evil.pth").write_text(program)
    facts = describe_interpreter(venv / "bin/python", level=level)
    assert facts.version.startswith("3.") and around.canary not in repr(facts)
    assert around.outside() == around.before


def test_38_a_checkout_that_is_too_large_is_refused_before_it_is_made(around: Surroundings, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    # One blob under many names: small to send, large to lay out; five gigabytes, scaled down by the limit.
    commit = repository.commit({f"data/{n}.bin": b"\0" * 100_000 for n in range(60)})
    with pytest.raises(SourceError) as refused:
        laid_out(around, repository, commit, max_bytes=5_000_000)
    assert refused.value.code == "too-large"
    assert not (around.place / "project/tree").exists()


@pytest.mark.parametrize("level", LEVELS)
def test_39_names_with_line_breaks_and_turned_letters(level: int, around: Surroundings, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    names = ["test_new\nline.py", "test_\u202egnp.py", "test_\x1b[31mred.py", "test_ -rf.py"]
    laid_out(around, repository, repository.commit(dict.fromkeys([*names, "test_a.py"], HEALTHY)))
    outcome = collected(around, best(level))
    assert outcome.verdict.result is not None, outcome
    paths = [file.path for file in outcome.verdict.result.files]
    assert outcome.verdict.result.tests == 5 and len(paths) == 5
    assert not any(character in path for path in paths for character in "\n\x1b\u202e")


DEEP = """
import os
for number in range(10_000):
    os.mkdir("d")
    os.chdir("d")
    if number % 1000 == 0:
        open("f", "w").close()
        os.chmod(".", 0o300)
def test_it(): pass
"""


def test_40_ten_thousand_nested_directories_are_removed(tmp_path: Path) -> None:
    """Once, as removing them is ours, whatever the level was; in memory where there is such a place, to be quick."""
    memory = Path("/dev/shm")
    with open_place(memory if os.access(memory, os.W_OK) else Path("/var/tmp")) as place, Surroundings(place) as around:
        repository = Repository(tmp_path / "repository")
        tree = laid_out(around, repository, repository.commit({"test_a.py": DEEP}))
        collected(around, best(max(FACTS.levels)))
        assert (tree / "d/d/d").exists()
        remove(tree)
        assert not tree.exists()


def test_40_a_commit_with_a_path_longer_than_any_system_s_is_refused(around: Surroundings, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    with pytest.raises(SourceError) as refused:
        commit = repository.commit_tree(_nested(repository, 20))
        laid_out(around, repository, commit)
    assert refused.value.code == "too-large"


def _nested(repository: Repository, depth: int) -> bytes:
    """The raw tree of one file below that many directories of 200 letters each."""
    store, parent = repository.path / ".git/objects", b"100644 f\0" + bytes.fromhex(repository.blob(b"x"))
    for _ in range(depth):
        content = b"tree %d\0" % len(parent) + parent
        sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        (store / sha[:2]).mkdir(exist_ok=True)
        (store / sha[:2] / sha[2:]).write_bytes(zlib.compress(content))
        parent = b"40000 %s\0" % (b"d" * 200) + bytes.fromhex(sha)
    return parent
