"""Contents of a commit's files: where they are read, how many, and where a name is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediation.collection import contents as contents_of
from remediation.collection.checkout import export, remove
from remediation.collection.entries import Entry
from remediation.collection.mirror import Mirror
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


class Counting(Mirror):
    asked = 0

    def blobs(self, *args, **kwargs):
        self.asked += 1
        return super().blobs(*args, **kwargs)


def test_contents_come_from_the_store_and_from_the_mirror_where_it_lost_them(
    repository: Repository, tmp_path: Path, blobs: Path
) -> None:
    files = {"a.py": "A = 1\n", "pkg/b.py": "B = 1\n", "run.sh": "#!\n", "big.py": "#" * (contents_of.FILE + 1)}
    sha = repository.commit(files)
    mirror = Counting(tmp_path / "mirror.git", str(repository.path), allow_local=True)
    mirror.fetch()
    export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=True)
    mirror.asked = 0
    read = contents_of.Contents(mirror, mirror.tree(sha), blobs)
    assert [read("a.py"), read("pkg/b.py"), read("run.sh"), read("big.py"), read("gone.py")] == [
        b"A = 1\n", b"B = 1\n", b"", b"", b"",
    ]  # fmt: skip
    assert mirror.asked == 0
    for blob in blobs.rglob("*"):
        if blob.is_file():
            blob.chmod(0o644)
            blob.write_bytes(b"")  # as after a crash of the machine
    again = contents_of.Contents(mirror, mirror.tree(sha), blobs)
    assert again.only(["a.py", "pkg/b.py", "run.sh", "gone.py"]) == {"a.py": b"A = 1\n", "pkg/b.py": b"B = 1\n"}
    assert mirror.asked == 1


def test_a_name_is_looked_for_again_only_where_it_was_or_could_have_come(
    repository: Repository, mirror: Mirror, tmp_path: Path, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    stored = contents_of.stored

    def noted(store: Path, entry: Entry) -> bytes | None:
        opened.append(entry.path)
        return stored(store, entry)

    monkeypatch.setattr(contents_of, "stored", noted)
    searched = tmp_path / "searched.json"

    def search(files: dict[str, str], *names: str) -> tuple[dict[str, list[str]], list[str]]:
        """Which files hold each name, and which were opened for that."""
        sha = repository.commit(files)
        mirror.fetch()
        remove(tmp_path / "tree")
        export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=True)
        opened.clear()
        read = contents_of.Contents(mirror, mirror.tree(sha), blobs, searched)
        paths = sorted([*read.entries, "not-in-the-commit.py"])
        found = {name: list(read.holding(name, paths)) for name in names}
        read.searched.keep()
        return found, sorted(opened)

    files = {"a.py": "Redis = 1\n", "b.py": "B = 1\n", "c.py": "C = 1\n", "run.sh": "Redis\n"}
    assert search(files, "Redis") == ({"Redis": ["a.py"]}, ["a.py", "b.py", "c.py"])
    assert search({}, "Redis") == ({"Redis": ["a.py"]}, ["a.py"])
    # A new name is looked for everywhere, each file is opened once.
    assert search({}, "Redis", "B") == ({"Redis": ["a.py"], "B": ["b.py"]}, ["a.py", "b.py", "c.py"])
    # It comes, and goes again; the same content under another name is known.
    assert search({"c.py": "Redis = 2\n", "d.py": "B = 1\n"}, "Redis") == (
        {"Redis": ["a.py", "c.py"]},
        ["a.py", "c.py"],
    )
    assert search({"c.py": "C = 1\n"}, "Redis") == ({"Redis": ["a.py"]}, ["a.py", "c.py"])
    # Who stops early has searched only so far.
    read = contents_of.Contents(mirror, mirror.tree(mirror.resolve("main")), blobs, searched)
    assert next(iter(read.holding("C", ["c.py", "b.py"]))) == "c.py"
    read.searched.keep()
    assert search({}, "C") == ({"C": ["c.py"]}, ["a.py", "b.py", "c.py"])
    # A damaged record is as none.
    short = b'{"files": ["%s"], "lacks": {"C": ""}}' % next(iter(read.entries.values())).sha.encode()
    for damage in (b"", b"[1]", b'{"lacks": 1}', b"\xff", b"{}", short):
        searched.write_bytes(damage)
        assert search({}, "C") == ({"C": ["c.py"]}, ["a.py", "b.py", "c.py"])
    assert [path.name for path in tmp_path.glob("searched*")] == ["searched.json"]
    # What cannot be kept is searched again.
    searched.unlink()
    searched.mkdir()
    assert search({}, "C") == ({"C": ["c.py"]}, ["a.py", "b.py", "c.py"])
    assert [path.name for path in tmp_path.glob("searched*")] == ["searched.json"]


def test_no_more_is_read_of_a_commit_than_the_limit(
    repository: Repository, mirror: Mirror, tmp_path: Path, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repository.commit({"small.py": "S = 1\n", "large.py": "L = 1\n" * 50})
    mirror.fetch()
    export(mirror, sha, blobs=blobs, target=tmp_path / "tree", link=True)
    monkeypatch.setattr(contents_of, "ALL", 100)
    read = contents_of.Contents(mirror, mirror.tree(sha), blobs)
    assert (read("small.py"), read("large.py")) == (b"S = 1\n", b"")
