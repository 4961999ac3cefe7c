"""Laying a commit out: exact, fast, with times that keep byte-code right, and deleted whatever happened to it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from remediation.collection import checkout
from remediation.collection.checkout import export, mtime_of, remove
from remediation.collection.mirror import Mirror, SourceError
from tests.collection.gitrepo import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def mirror(repository: Repository, tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirror.git", str(repository.path), allow_local=True)


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


def contents(tree: Path) -> dict[str, bytes]:
    found = {}
    for directory, _, names in os.walk(tree):
        for name in names:
            path = Path(directory, name)
            found[os.fsdecode(path.relative_to(tree))] = (
                os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            )
    return found


@pytest.mark.parametrize("link", [True, False])
def test_the_tree_is_exactly_the_commit(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path, link: bool
) -> None:
    files = {
        "a.py": "1\n",
        "pkg/__init__.py": "",
        "pkg/deep/er/x.py": "x",
        "run.sh": "#!/bin/sh\n",
        "same.sh": "#!/bin/sh\n",
    }
    files |= {"sp ace\n.txt": "odd", "ü.txt": "ü", "crlf.txt": "a\r\nb\r\n"}
    for name in files:
        (repository.path / name).parent.mkdir(parents=True, exist_ok=True)
    (repository.path / "run.sh").touch(mode=0o755)
    sha = repository.commit(dict(files))
    mirror.fetch()
    first = export(mirror, sha, blobs=blobs, target=tmp_path / "one", link=link)
    second = export(mirror, sha, blobs=blobs, target=tmp_path / "two", link=link)
    assert first == second
    assert (first.files, first.submodules, first.missing) == (len(files), (), ())
    assert first.bytes == sum(len(content.encode()) for content in files.values())
    expected = {name: content.encode() for name, content in files.items()}
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == expected
    assert os.access(tmp_path / "one/run.sh", os.X_OK)
    assert (tmp_path / "one/same.sh").stat().st_mode & 0o111 == 0, "equal content, other mode"
    writable = (tmp_path / "one/a.py").stat().st_mode & 0o222
    assert bool(writable) is not link
    assert (tmp_path / "one/pkg").stat().st_mode & 0o200
    linked = (tmp_path / "one/a.py").stat().st_ino == (tmp_path / "two/a.py").stat().st_ino
    assert linked is link
    for name in files:
        sha = repository.git("rev-parse", f"HEAD:{name}")
        assert (tmp_path / "one" / name).stat().st_mtime == mtime_of(sha)
        assert 1 <= mtime_of(sha) < 2**32


def test_a_copied_tree_can_be_written_without_touching_the_store(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    sha = repository.commit({"a.py": "1"})
    mirror.fetch()
    export(mirror, sha, blobs=blobs, target=tmp_path / "one", link=False)
    (tmp_path / "one/a.py").write_text("hostile")
    export(mirror, sha, blobs=blobs, target=tmp_path / "two", link=False)
    assert (tmp_path / "two/a.py").read_text() == "1"


def test_attributes_and_local_settings_change_nothing(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    attributes = "tests export-ignore\n*.py export-subst eol=crlf ident\n*.bin filter=lfs\n"
    files = {".gitattributes": attributes, "tests/test_a.py": "# $Format:%H$ $Id$\n", "x.bin": "pointer"}
    sha = repository.commit(dict(files))
    mirror.fetch()
    export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=False)
    assert contents(tmp_path / "tree") == {name: text.encode() for name, text in files.items()}
    archive = subprocess.run(["git", "-C", str(repository.path), "archive", sha], capture_output=True, check=True)
    assert b"tests/test_a.py" not in archive.stdout, "control: git archive loses the tests"


def test_links_are_made_as_they_are_and_never_followed(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for name, destination in {"passwd": "/etc/passwd", "secret": str(secret), "up": "../../..", "loop": "loop"}.items():
        (repository.path / name).symlink_to(destination)
    sha = repository.commit({"a.py": ""})
    mirror.fetch()
    before = secret.stat().st_atime_ns
    exported = export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=True)
    assert exported.files == 5
    assert (tmp_path / "tree/passwd").readlink() == Path("/etc/passwd")
    assert (tmp_path / "tree/up").readlink() == Path("../../..")
    assert secret.stat().st_atime_ns == before
    stored = b"".join(path.read_bytes() for path in blobs.rglob("*") if path.is_file())
    assert b"root:" not in stored
    assert b"secret" not in stored
    remove(tmp_path / "tree")
    assert secret.read_text() == "secret"
    assert repository.path.is_dir()


def test_a_link_never_becomes_a_way_out_for_another_file(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link, blob = repository.blob(str(outside).encode()), repository.blob(b"hostile")
    inner = b"100644 f\0" + bytes.fromhex(blob)
    directory = repository.git("hash-object", "-t", "tree", "-w", "--stdin", stdin=inner)
    entries = b"120000 a\0" + bytes.fromhex(link) + b"40000 a\0" + bytes.fromhex(directory)
    repository.commit_tree(entries)
    mirror.fetch()
    with pytest.raises(SourceError) as refused:
        export(mirror, "hostile", blobs=blobs, target=tmp_path / "tree", link=False)
    assert refused.value.code == "source-refused"
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("destination", [b"", b"a\0b", b"x" * 5_000])
def test_a_link_that_no_system_takes_is_refused(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path, destination: bytes
) -> None:
    repository.commit_tree(b"120000 a\0" + bytes.fromhex(repository.blob(destination)))
    mirror.fetch()
    with pytest.raises(SourceError) as refused:
        export(mirror, "hostile", blobs=blobs, target=tmp_path / "tree", link=False)
    assert refused.value.code == "source-refused"


def test_submodules_are_left_out_and_named(repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    other.commit({"lib.py": ""})
    repository.commit({"a.py": ""})
    repository.git("submodule", "--quiet", "add", str(other.path), "vendor/other")
    sha = repository.commit({})
    mirror.fetch()
    exported = export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=False)
    assert exported.submodules == ("vendor/other",)
    assert sorted(contents(tmp_path / "tree")) == [".gitmodules", "a.py"]


def test_limits_on_files_and_bytes(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repository.commit({f"f{number}.py": "x" * 100 for number in range(10)})
    mirror.fetch()
    for limits in ({"max_files": 9}, {"max_bytes": 999}):
        with pytest.raises(SourceError) as large:
            export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=False, **limits)
        assert large.value.code == "too-large"
        assert not (tmp_path / "tree").exists()
    monkeypatch.setattr(checkout, "MAX_FILE_BYTES", 99)
    with pytest.raises(SourceError, match="one file may have 99"):
        export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=False)
    monkeypatch.undo()
    export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=False, max_files=10, max_bytes=1_000)


def test_a_partial_clone_exports_what_it_has_and_names_the_rest_unless_it_is_code(
    repository: Repository, blobs: Path, tmp_path: Path
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    data = repository.commit({"a.py": "1", "large.json": os.urandom(20_000)})
    code = repository.commit({"large.py": os.urandom(20_000)})
    partial = tmp_path / "partial.git"
    repository.git("clone", "--quiet", "--bare", "--filter=blob:limit=10k", f"file://{repository.path}", str(partial))
    repository.path.rename(tmp_path / "away")
    mirror = Mirror(tmp_path / "mirror.git", str(partial), allow_local=True)
    mirror.fetch()
    exported = export(mirror, data, blobs=blobs, target=tmp_path / "tree", link=False)
    assert (exported.files, exported.missing) == (1, ("large.json",))
    with pytest.raises(SourceError, match=r"large\.py") as absent:
        export(mirror, code, blobs=blobs, target=tmp_path / "second", link=False)
    assert absent.value.code == "commit-missing"
    assert not (tmp_path / "second").exists()


def test_a_damaged_object_never_enters_the_store(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    sha = repository.commit({"a.py": "right"})
    mirror.fetch()
    blob = mirror.tree(sha)[0].sha
    for pack in (mirror.path / "objects/pack").iterdir():
        pack.chmod(0o644)
    subprocess.run(["git", "-C", str(mirror.path), "unpack-objects", "-q"], input=b"", capture_output=True)
    loose = mirror.path / "objects" / blob[:2] / blob[2:]
    loose.parent.mkdir(exist_ok=True)
    loose.write_bytes(zlib.compress(b"blob 5\0wrong"))
    objects = [path for path in repository.path.joinpath(".git/objects").glob("??/*") if path.stem != blob[2:]]
    for path in objects:
        copy = mirror.path / "objects" / path.parent.name / path.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    for pack in (mirror.path / "objects/pack").iterdir():
        pack.unlink()
    with pytest.raises(SourceError) as damaged:
        export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=False)
    assert damaged.value.code == "commit-missing"
    assert [path for path in blobs.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("damage", ["cut", "time", "gone"])
def test_a_damaged_blob_of_the_store_is_written_again(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path, damage: str
) -> None:
    sha = repository.commit({"a.py": "content"})
    mirror.fetch()
    export(mirror, sha, blobs=blobs, target=tmp_path / "one", link=False)
    (blob,) = (path for path in blobs.rglob("*") if path.is_file())
    blob.chmod(0o644)
    if damage == "cut":
        blob.write_text("con")
    elif damage == "time":
        os.utime(blob, (5, 5))
    else:
        blob.unlink()
    export(mirror, sha, blobs=blobs, target=tmp_path / "two", link=True)
    assert (tmp_path / "two/a.py").read_text() == "content"
    assert (tmp_path / "two/a.py").stat().st_mtime == mtime_of(repository.git("rev-parse", "HEAD:a.py"))


def test_a_killed_export_leaves_no_half_blob(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    names = [f"f{number}.py" for number in range(400)]
    sha = repository.commit({name: f"# {name}\n" * 2_000 for name in names})
    mirror.fetch()
    code = (
        "import sys; from pathlib import Path; from remediation.collection.mirror import Mirror\n"
        "from remediation.collection.checkout import export\n"
        "print('go', flush=True)\n"
        "mirror, sha, blobs, target = sys.argv[1:]\n"
        "export(Mirror(Path(mirror), ''), sha, blobs=Path(blobs), target=Path(target), link=True)\n"
    )
    killed = 0
    for attempt in range(6):
        command = [sys.executable, "-c", code, str(mirror.path), sha, str(blobs), str(tmp_path / f"killed{attempt}")]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.01 + 0.012 * attempt)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        killed += child.returncode == -signal.SIGKILL
        for blob in blobs.glob("??/*"):
            assert blob.stat().st_size > 2_000 * len("# f1.py"), "a half blob under a final name"
    assert killed >= 3
    export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=True)
    assert contents(tmp_path / "tree") == {name: (f"# {name}\n" * 2_000).encode() for name in names}


def test_six_exports_at_once_share_one_store(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    files = {f"d{number % 7}/f{number}.py": f"{number % 50}\n" for number in range(300)}
    sha = repository.commit(dict(files))
    mirror.fetch()
    targets = [tmp_path / f"tree{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda target: export(mirror, sha, blobs=blobs, target=target, link=True), targets))
    for target in targets:
        assert contents(target) == {name: text.encode() for name, text in files.items()}
    assert not list(blobs.glob("tmp-*"))


def _values_seen(mirror: Mirror, commits: list[str], order: list[int], folder: Path, constant: bool) -> list[str]:
    """What a Python with one shared byte-code prefix sees as mod.VALUE after each switch of the commit."""
    tree, seen = folder / "tree", []
    environment = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    for number in order:
        export(mirror, commits[number], blobs=folder / "blobs", target=tree, link=False)
        if constant:
            os.utime(tree / "mod.py", (1_700_000_000, 1_700_000_000))
        command = [sys.executable, "-c", "import mod; print(mod.VALUE)"]
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=True)
        seen.append(done.stdout.strip())
        remove(tree)
    assert list((folder / "bytecode").rglob("mod.*.pyc")), "byte-code was not shared at all"
    return seen


def test_byte_code_is_never_stale_while_commits_of_equal_size_alternate(
    repository: Repository, mirror: Mirror, tmp_path: Path
) -> None:
    commits = [repository.commit({"mod.py": f"VALUE = {number}\n"}) for number in range(3)]
    mirror.fetch()
    order = [0, 1, 2, *random.Random(7).choices(range(3), k=12)]
    truth = [str(number) for number in order]
    (tmp_path / "ours").mkdir()
    assert _values_seen(mirror, commits, order, tmp_path / "ours", constant=False) == truth
    (tmp_path / "control").mkdir()
    control = _values_seen(mirror, commits, order, tmp_path / "control", constant=True)
    assert control != truth, "control: one time for all contents must run stale byte-code"


def test_removing_what_is_not_there_or_is_a_link(tmp_path: Path) -> None:
    remove(tmp_path / "absent")
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (tmp_path / "link").symlink_to(kept)
    remove(tmp_path / "link")
    assert (kept / "file").exists()
    assert not (tmp_path / "link").is_symlink()
    remove(kept / "file")
    assert not (kept / "file").exists()


def _hostile_tree(tree: Path, levels: int) -> None:
    tree.mkdir()
    inside = os.open(tree, os.O_RDONLY)
    for level in range(levels):  # one descriptor at a time: no path this long can be given to the kernel
        os.mkdir("d", dir_fd=inside)
        deeper = os.open("d", os.O_RDONLY, dir_fd=inside)
        if level % 100 == 0:
            os.close(os.open("f", os.O_CREAT | os.O_WRONLY, 0o000, dir_fd=deeper))
        if level % 500 == 3:
            os.fchmod(inside, 0o000)
        os.close(inside)
        inside = deeper
    os.close(inside)
    odd = tree / "odd"
    odd.mkdir()
    for name in (b"new\nline", b"\xff\xfe", b"-rf", b" ", b"*", b"n" * 255):
        directory = odd / os.fsdecode(name)
        directory.mkdir()
        (directory / "f").touch()
    os.mkfifo(odd / "fifo")
    (odd / "root").symlink_to("/")
    (odd / "dangling").symlink_to("nowhere")
    odd.chmod(0o000)
    tree.chmod(0o500)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: ten thousand directories take half a minute of a busy disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


def test_a_tree_made_hard_to_delete_is_deleted_by_its_owner(place: Path) -> None:
    """In a child of another user when we are root, because permissions do not stop root."""
    if os.getuid() == 0:
        os.chown(place, 65534, 65534)
        for parent in place.parents:
            if stat.S_IMODE(parent.stat().st_mode) & 0o001 == 0:
                parent.chmod(0o711)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            _hostile_tree(place / "tree", 10_000)
            remove(place / "tree")
            status = 0 if not os.path.lexists(place / "tree") else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert list(place.iterdir()) == []


def test_control_the_standard_library_cannot_delete_such_a_tree(place: Path) -> None:
    _hostile_tree(place / "tree", 2_000)
    with pytest.raises((RecursionError, OSError)):
        shutil.rmtree(place / "tree")
    remove(place / "tree")
    assert not (place / "tree").exists()


def test_removing_a_linked_tree_leaves_the_store_as_it_was(
    repository: Repository, mirror: Mirror, blobs: Path, tmp_path: Path
) -> None:
    sha = repository.commit({"a.py": "1", "d/run.sh": "2"})
    mirror.fetch()
    export(mirror, sha, blobs=blobs, target=tmp_path / "one", link=True)
    before = {path: (path.stat().st_mode, path.stat().st_mtime) for path in blobs.rglob("*") if path.is_file()}
    remove(tmp_path / "one")
    assert {path: (path.stat().st_mode, path.stat().st_mtime) for path in blobs.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "one").exists()
