"""A release is found under any spelling of its name, and unpacking one writes nowhere else."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.corpus.fetch import is_release, unpack
from tests.corpus.recipes import Recipe

RECIPE = Recipe("tree", "Flask-WTF", "0.14.3", "0" * 64, "3.12", (), ())


@pytest.mark.parametrize(
    ("filename", "found"),
    [
        ("Flask-WTF-0.14.3.tar.gz", True),
        ("flask_wtf-0.14.3.tar.gz", True),
        ("Flask-WTF-0.14.3.zip", True),
        ("Flask-WTF-0.14.3.tar.bz2", True),
        ("Flask-WTF-0.14.30.tar.gz", False),
        ("Flask-WTF-0.14.3.win32.exe", False),
        ("Flask_WTF-0.14.3-py2.py3-none-any.whl", False),
        ("Flask-0.14.3.tar.gz", False),
    ],
)
def test_it_finds_the_source_release_among_an_indexs_files(filename: str, found: bool) -> None:
    assert is_release(RECIPE, filename) is found


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_it_unpacks_the_one_folder_of_a_release_without_a_repository_in_it(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a-1.tar.gz", {"a-1/tests/test_a.py": b"pass", "a-1/.git/config": b"[core]"})
    unpack(archive, tmp_path / "trees" / "a")
    assert sorted(p.name for p in (tmp_path / "trees").rglob("*")) == ["a", "test_a.py", "tests"]


def test_it_unpacks_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a-1.zip", "w") as archive:
        archive.writestr("a-1/setup.py", "raise SystemExit")
        archive.writestr("../../outside.py", "")
    unpack(tmp_path / "a-1.zip", tmp_path / "deep" / "trees" / "a")
    assert (tmp_path / "deep" / "trees" / "a" / "setup.py").read_text() == "raise SystemExit"
    assert not list(tmp_path.glob("outside.py")) and not list(tmp_path.glob("deep/outside.py"))


@pytest.mark.parametrize("name", ["../outside.py", "/outside.py", "a-1/../../outside.py"])
def test_a_release_that_reaches_outside_is_kept_inside(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / "a-1.tar.gz", {"a-1/setup.py": b"", name: b"escaped"})
    place = tmp_path / "deep" / "trees" / "a"
    unpack(archive, place)
    assert (place / "setup.py").exists()
    outside = [path for path in tmp_path.rglob("outside.py") if place.parent not in path.parents]
    assert outside == [] and not Path("/outside.py").exists()


def test_a_link_stays_where_it_points_inside_and_is_left_out_where_it_does_not(tmp_path: Path) -> None:
    archive = tmp_path / "a-1.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        made.addfile(tarfile.TarInfo("a-1/test_a.py"), io.BytesIO())
        for name, to in {
            "a-1/test_b.py": "test_a.py",
            "a-1/test_c.py": "../../outside.py",
            "a-1/test_d.py": "/etc/passwd",
        }.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, to
            made.addfile(link)
    unpack(archive, tmp_path / "trees" / "a")
    assert sorted(path.name for path in (tmp_path / "trees" / "a").iterdir()) == ["test_a.py", "test_b.py"]
