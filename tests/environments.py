"""Interpreters with a pytest of their own, built once by uv and kept in build/test-envs."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import uv

from remediation.collection.building import MACHINE_CERTIFICATES

ENVIRONMENTS = Path(__file__).parents[1] / "build" / "test-envs"


def environment(version: str) -> Path:
    """The interpreter of a virtual environment with pytest ``version``; "" has no pytest."""
    return _made(f"pytest-{version or 'none'}", f"pytest=={version}.*" if version else "")


def newest(name: str, requirement: str) -> Path:
    """The interpreter of an environment of that name with the newest release that ``requirement`` allows."""
    return _made(name, requirement)


def open_python() -> Path | None:
    """An interpreter that every user of the machine may run: ours or the system's; None where there is none."""
    ours = Path(sys._base_executable)  # type: ignore[attr-defined]
    found = [python for python in (ours, Path("/usr/bin/python3")) if python.exists() and _is_open(python)]
    return found[0] if found else None


def open_environment(version: str) -> Path | None:
    """As :func:`environment`, and every user of the machine may run it; None where that cannot be had."""
    base = open_python()
    if base is None or not _is_open(ENVIRONMENTS.parents[1] / "tests"):
        return None
    return _made(f"open-pytest-{version}", f"pytest=={version}.*", base)


def _is_open(path: Path) -> bool:
    places = (path, path.resolve())
    return all(parent.stat().st_mode & 0o001 for place in places for parent in place.parents)


def _made(name: str, requirement: str, base: Path | None = None) -> Path:
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    place = ENVIRONMENTS / name
    python = place / "bin" / "python"
    with (ENVIRONMENTS / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "built").exists():
            shutil.rmtree(place, ignore_errors=True)
            base = base or Path(sys._base_executable)  # type: ignore[attr-defined]
            _uv("venv", "--python", str(base), str(place))
            if requirement:
                _uv("pip", "install", "--compile-bytecode", "--python", str(python), requirement)
            (place / "built").touch()
    return python


def uv_variables() -> dict[str, str]:
    """Our environment for uv; as for the product's own builds, a scrubbed shell names no certificates."""
    trusted = any(Path(store).exists() for store in MACHINE_CERTIFICATES)
    return {**os.environ, **({"UV_SYSTEM_CERTS": "1"} if trusted else {})}


def _uv(*arguments: str) -> None:
    command = [uv.find_uv_bin(), "--quiet", "--no-config", *arguments]
    subprocess.run(command, check=True, cwd="/", env=uv_variables())
