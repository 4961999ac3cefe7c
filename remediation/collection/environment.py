"""The environments that targets run in: found from what a commit declares, built once, kept by their content's key."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remediation.collection.building import Runner, build, cap, clear
from remediation.collection.declared import Declared, is_declaring, read_declared, references
from remediation.collection.entries import BLOB_MODES
from remediation.collection.manifest import MANIFESTS, read_manifest
from remediation.collection.mirror import Mirror
from remediation.collection.pythons import choose_python, installed_pythons
from remediation.collection.recipe import BuildError, check_recipe, named_files, plan
from remediation.collection.runtime import describe_interpreter

__all__ = [
    "BuildError",
    "Built",
    "check_recipe",
    "choose_python",
    "declaring_files",
    "discover",
    "ensure",
    "installed_pythons",
    "prune",
    "recipe_key",
    "source_roots",
]

_VERSION = 1  # of how environments are built; another one builds all of them again
_FILE_LIMIT = 16 << 20  # bytes; lock files are the large ones
_KEY = re.compile(r"[0-9a-f]{64}")
_LOCK_SECONDS = 3_600.0
# The parts of pyproject.toml that decide what is installed; its pytest options change far more often.
_KEY_TABLES = ("project", "dependency-groups", "build-system")


@dataclass(frozen=True, slots=True)
class Built:
    """An environment ready to use. ``seconds`` is what its build took, ``log`` what it printed (capped)."""

    python: Path
    key: str
    cached: bool
    seconds: float
    log: str


def declaring_files(mirror: Mirror, sha: str, recipe: Iterable[str] = ()) -> dict[str, bytes]:
    """The files at the commit that declare what it needs, those a recipe names, and all these include."""
    entries = {entry.path: entry for entry in mirror.tree(sha) if entry.mode in BLOB_MODES}
    members = {path for path in entries if path.endswith("/pyproject.toml")} if "uv.lock" in entries else set()
    wanted = {path for path in entries if is_declaring(path)} | members | named_files(recipe)
    files: dict[str, bytes] = {}
    while new := [path for path in sorted(wanted) if path in entries and path not in files]:
        readable = [path for path in new if 0 <= entries[path].size <= _FILE_LIMIT]
        contents = dict(mirror.blobs(entries[path].sha for path in readable))
        files |= {path: contents[entries[path].sha] for path in readable}
        wanted = references(files, named_files(recipe)) - (set(new) - set(readable))
    return files


def discover(mirror: Mirror, sha: str) -> Declared:
    """What the commit declares. Raises SourceError when the commit cannot be read."""
    return read_declared(declaring_files(mirror, sha))


def source_roots(paths: Iterable[str]) -> tuple[str, ...]:
    """Folders of the tree, besides its root, that PYTHONPATH must hold: ("src",) when packages live under src/."""
    below = [path for path in paths if path.startswith("src/")]
    packages = any(re.fullmatch(r"src/[^/]+/__init__\.py|src/[^/]+\.py", path) for path in below)
    return ("src",) if packages and "src/__init__.py" not in below else ()


def recipe_key(recipe: Sequence[str], *, files: Mapping[str, bytes], python: Path | str) -> str:
    """SHA-256 (64 hex digits) of all that decides what an environment holds: what is installed, and on which Python."""
    made = plan(recipe, files)
    name, version = _own_metadata(files)
    document = {
        "build": _VERSION,
        "recipe": list(check_recipe(recipe)),
        "install": [*made.export, *made.install],
        "files": {path: hashlib.sha256(_deciding(path, data)).hexdigest() for path, data in made.files.items()},
        "project": [name, version],
        "python": [describe_interpreter(python).version, os.fspath(python)],
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def ensure(
    recipe: Sequence[str],
    *,
    files: Mapping[str, bytes],
    python: Path | str,
    root: Path,
    key: str,
    run: Runner,
    log: Callable[[str], None] = lambda text: None,
) -> Built:
    """The environment of ``key`` under ``root``, built if it is not there; one builder works, others wait for it.

    ``root`` belongs to one project and is never shared: uv's cache, which build scripts can write, lies in it.
    ``log`` gets each step's output. Raises BuildError, whose ``log`` is what was printed (at most 200,000
    characters); nothing half-built is ever returned.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key: {key!r}")
    home = root.resolve() / key
    made = plan(recipe, files)
    with _only_builder(root, key):
        if (kept := _kept(home, key)) is not None:
            return kept
        clear(home)
        started = time.monotonic()
        printed = "".join(f"note: {note}\n" for note in made.notes)
        name, version = _own_metadata(files)
        (home / "tree").mkdir(parents=True)
        place = {"venv": home / "venv", "tree": home / "tree", "cache": root.resolve() / "uv-cache"}
        try:
            for text in build(made, name=name, version=version, python=Path(python), run=run, **place):
                printed += text
                log(text)
        except BuildError as error:
            error.log = cap(printed + error.log)
            clear(home)
            raise
        clear(home / "tree")
        return _keep(home, key, time.monotonic() - started, cap(printed))


def prune(root: Path, keep: Collection[str]) -> list[str]:
    """Delete the environments under ``root`` whose key is not in ``keep``; their keys. One being built stays."""
    gone = []
    for home in sorted(root.iterdir()) if root.is_dir() else []:
        if _KEY.fullmatch(home.name) and home.name not in keep:
            try:
                with _only_builder(root, home.name, seconds=0):
                    clear(home)
            except BuildError:
                continue
            gone.append(home.name)
    return gone


def _kept(home: Path, key: str) -> Built | None:
    # The marker lies beside the environment, where no build script can write, and is written last.
    try:
        facts = json.loads((home / "complete.json").read_text())
        text = (home / "log.txt").read_text("utf-8")
    except (OSError, ValueError):
        return None
    python = home / "venv" / "bin" / "python"
    # A venv links to its base interpreter, which an upgrade of the machine may have taken away.
    return Built(python, key, True, float(facts["seconds"]), text) if python.exists() else None


def _keep(home: Path, key: str, seconds: float, text: str) -> Built:
    (home / "log.txt").write_text(text, "utf-8")
    partial = home / "complete.json.tmp"
    partial.write_text(json.dumps({"key": key, "seconds": round(seconds, 3)}))
    partial.replace(home / "complete.json")
    return Built(home / "venv" / "bin" / "python", key, False, seconds, text)


@contextmanager
def _only_builder(root: Path, key: str, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
    locks = root / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = os.open(locks / key, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise BuildError("busy", "Another worker is still building this environment.") from None
                time.sleep(0.2)
        yield
    finally:
        os.close(lock)


def _own_metadata(files: Mapping[str, bytes]) -> tuple[str, str]:
    """(name, version) of the project itself; ("", "") when it has no name, version 0.0.0 when that is computed."""
    for path in MANIFESTS[:3]:
        manifest = read_manifest(path, files) if path in files else None
        if manifest and re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", manifest.name):
            plain = re.fullmatch(r"[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc|\.post|\.dev)[0-9]+)*", manifest.version)
            return manifest.name, manifest.version if plain else "0.0.0"
    return "", ""


def _deciding(path: str, data: bytes) -> bytes:
    if path.rpartition("/")[2] != "pyproject.toml":
        return data
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return data
    tools = document.get("tool")
    uv = tools.get("uv") if isinstance(tools, dict) else None
    tables = {**{name: document.get(name) for name in _KEY_TABLES}, "uv": uv}
    return json.dumps(tables, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
