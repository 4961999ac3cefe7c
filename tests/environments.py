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


def _made(name: str, requirement: str) -> Path:
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    place = ENVIRONMENTS / name
    python = place / "bin" / "python"
    with (ENVIRONMENTS / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "built").exists():
            shutil.rmtree(place, ignore_errors=True)
            base = Path(sys._base_executable)  # type: ignore[attr-defined]
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
