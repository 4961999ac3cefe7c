"""Brings a recipe's release and its environment to build/corpus: nothing of the release is run to get there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import Version

from remediation.collection.pythons import choose_python, uv_binary
from tests.corpus.recipes import Recipe, RecipeError
from tests.environments import uv_variables

CORPUS = Path(__file__).parents[2] / "build" / "corpus"
LARGEST = 64 << 20  # bytes of one release, packed
_JSON = "application/vnd.pypi.simple.v1+json"
_GIT = ("-c", "user.name=corpus", "-c", "user.email=corpus@localhost", "-c", "core.autocrlf=false")


def tree(recipe: Recipe) -> Path:
    """The release, unpacked and committed to a git repository of its own."""
    place = CORPUS / "trees" / f"{recipe.project}-{recipe.version}"
    with _lock(place):
        if not (place / ".git" / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            unpack(_sdist(recipe), place)
            _git(place, "init", "-q", "-b", "main")
            # A release may carry a .gitignore that leaves out what was built into it.
            _git(place, "add", "-A", "-f")
            _git(place, "commit", "-q", "-m", f"{recipe.project} {recipe.version}")
            (place / ".git" / "complete").touch()
    return place


def tracked(place: Path) -> list[str]:
    """All tracked paths, as git sees them."""
    return _git(place, "ls-files", "-z").decode("utf-8", "surrogateescape").strip("\0").split("\0")


def environment(recipe: Recipe) -> Path:
    """The interpreter of an environment that holds the recipe's pins and nothing else."""
    pins = sorted(recipe.pins)
    key = hashlib.sha256(json.dumps([recipe.python, pins]).encode()).hexdigest()[:16]
    place = CORPUS / "envs" / f"py{recipe.python}-{key}"
    python = place / "bin" / "python"
    with _lock(place):
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            _uv("venv", "--python", choose_python(f"=={recipe.python}.*"), str(place))
            # The pins are whole: what is not named is meant to be absent.
            _uv("pip", "install", "--no-deps", "--python", str(python), *pins)
            (place / "complete").touch()
    return python


def _sdist(recipe: Recipe) -> Path:
    base = f"{_index().rstrip('/')}/{canonicalize_name(recipe.project)}/"
    place = CORPUS / "sdists"
    place.mkdir(parents=True, exist_ok=True)
    kept = [path for path in place.iterdir() if is_release(recipe, path.name)]
    if not kept:
        try:
            listing = json.loads(_get(base, _JSON))
        except ValueError:
            raise RecipeError(f"{recipe.name}: the index does not answer {_JSON}") from None
        found = [file for file in listing["files"] if is_release(recipe, file["filename"])]
        if not found:
            raise RecipeError(f"{recipe.name}: the index has no source release of {recipe.project} {recipe.version}")
        file = min(found, key=lambda one: not one["filename"].endswith(".tar.gz"))
        path = place / Path(file["filename"]).name
        path.write_bytes(_get(urllib.parse.urljoin(base, file["url"]), "*/*"))
        kept = [path]
    digest = hashlib.sha256(kept[0].read_bytes()).hexdigest()
    if digest != recipe.sha256:
        kept[0].unlink()
        raise RecipeError(f"{recipe.name}: {kept[0].name} has SHA-256 {digest}, the recipe says {recipe.sha256!r}")
    return kept[0]


def is_release(recipe: Recipe, filename: str) -> bool:
    """Whether a file of the index is the recipe's source release, however its name is spelled and packed."""
    plain = filename.removesuffix(".tar.bz2").removesuffix(".tgz")
    try:
        name, version = parse_sdist_filename(filename if plain == filename else f"{plain}.tar.gz")
    except InvalidSdistFilename:
        return False
    return name == canonicalize_name(recipe.project) and version == Version(recipe.version)


def _index() -> str:
    """The package index that pip is set up for here."""
    if given := os.environ.get("PIP_INDEX_URL"):
        return given
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    )
    if asked.returncode == 0 and asked.stdout.strip():
        return asked.stdout.strip()
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _get(address: str, accept: str) -> bytes:
    request = urllib.request.Request(address, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=120) as answer:
        content: bytes = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise RecipeError(f"{address} is larger than {LARGEST:,} bytes")
    return content


def unpack(archive: Path, place: Path) -> None:
    """The one folder of an archive becomes ``place``; nothing is written outside it, no device, no foreign owner."""
    partial = place.with_name(f"{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(partial)  # it drops "..", drives and leading slashes by itself
    else:
        with tarfile.open(archive) as packed:
            # Not extractall(filter=...): Python has it from 3.11.4 on only.
            inside = partial.resolve()
            for member in packed:
                target = (inside / member.name).resolve()
                if not target.is_relative_to(inside):
                    continue
                if member.issym() and (target.parent / member.linkname).resolve().is_relative_to(inside):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.symlink_to(member.linkname)
                elif member.isdir():
                    target.mkdir(parents=True, exist_ok=True)
                elif member.isreg() and (content := packed.extractfile(member)) is not None:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content.read())
    (inner,) = [path for path in partial.iterdir() if path.is_dir()]
    shutil.rmtree(inner / ".git", ignore_errors=True)
    inner.rename(place)
    shutil.rmtree(partial)


def _git(place: Path, *arguments: str) -> bytes:
    variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(
        ["git", "-C", str(place), *_GIT, *arguments], check=True, capture_output=True, env=variables
    ).stdout


def _uv(*arguments: str) -> None:
    command = [uv_binary(), "--quiet", "--no-config", *arguments]
    subprocess.run(command, check=True, cwd="/", env=uv_variables())


@contextmanager
def _lock(place: Path) -> Iterator[None]:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f".{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
