"""Install a plan into a fresh virtual environment with uv, inside the sandbox, and say what happened."""

from __future__ import annotations

import io
import os
import re
import shlex
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from remediation.collection.pythons import uv_binary
from remediation.collection.recipe import EXPORTED, OUT, BuildError, Plan
from remediation.collection.removal import remove
from remediation.collection.runtime import interpreter_paths
from remediation.collection.sandbox import SandboxError, give
from remediation.core.records import ProcessEnd
from remediation.core.text import clean_text

LOG_LIMIT = 200_000  # characters
# An administrator's choice of index. What is in them can be read by the build scripts of what is installed.
_PASSED = (
    *("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS", "UV_HTTP_TIMEOUT"),
    *("UV_HTTP_RETRIES", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"),
)
MACHINE_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/cert.pem", "/etc/ssl/cert.pem")
# What uv prints, the code of the failure, and what a person can do. First match wins.
_FAILURES = (
    (r"No solution found", "resolve-failed", "The requirements contradict each other or this Python. Edit the recipe."),
    (r"Failed to build|build backend|Failed to download and build|Building .* failed", "build-failed",
     "A package has no wheel for this Python and could not be compiled. Choose another Python version, or a version of "
     "the package that has a wheel."),
    (r"error sending request|dns error|Could not connect|Failed to fetch|timed out|No route to host", "download-failed",
     "The package index could not be reached. Check the network, or set UV_DEFAULT_INDEX to your own index."),
    (r"No interpreter found|Failed to inspect Python|Querying Python", "no-python", "The interpreter does not start."),
    (r"No space left on device", "disk-full", "The worker's disk is full. Make room and run the pass again."),
)  # fmt: skip


class Runner(Protocol):
    """``sandbox.run`` with limits, level and ticks already chosen (``functools.partial``)."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        tree: Path,
        tree_at: str,
        cwd: str,
        env: Mapping[str, str],
        readable: Sequence[Path],
        writable: Sequence[Path],
        network: bool,
    ) -> ProcessEnd:
        """Run one program to its end."""
        ...


def build(
    plan: Plan, *, name: str, version: str, python: Path, venv: Path, tree: Path, cache: Path, run: Runner
) -> Iterator[str]:
    """Make ``venv`` at its final place and install ``plan`` into it, yielding what each step printed.

    ``tree`` is an empty directory for the plan's files, ``cache`` uv's, kept by the caller per project. With a
    ``name``, the project's own metadata is installed too, and no code of it. Raises BuildError, whose log is
    that of the failing step.
    """
    _write(tree, plan.files)
    wheel = _metadata_wheel(tree, name, version) if name else ""
    new = [directory for directory in (venv, cache) if not directory.exists()]
    for directory in new:
        directory.mkdir(parents=True)
    for directory in (tree, *new):
        directory.chmod(0o755)
        give(directory)
    uv = uv_binary()
    inside = str(venv / "bin" / "python")
    steps = [[uv, "venv", "--no-project", "--allow-existing", "--python", str(python), str(venv)]]
    if plan.export:
        steps.append([uv, "export", *plan.export, "--python", str(python), "--quiet", "--output-file", EXPORTED])
    if plan.install:
        steps.append([uv, "pip", "install", "--python", inside, *plan.install])
    if wheel:
        steps.append([uv, "pip", "install", "--python", inside, "--no-deps", "--no-index", wheel])
    for argv in steps:
        end = _step(argv, python=python, venv=venv, tree=tree, cache=cache, run=run)
        text = f"$ {shlex.join(['uv', *argv[1:]])}\n{end.stdout}{end.stderr}\n".replace(str(tree) + "/", "")
        if end.returncode != 0 or end.stopped:
            raise _failure(end, text)
        yield text
    take_back(venv)


def _step(argv: Sequence[str], *, python: Path, venv: Path, tree: Path, cache: Path, run: Runner) -> ProcessEnd:
    environment = _environment(cache)
    named = [environment[key] for key in ("SSL_CERT_FILE", "UV_FIND_LINKS") if key in environment]
    readable = [Path(argv[0]), *(Path(path) for path in named if path.startswith("/") and Path(path).exists())]
    try:
        return run(
            argv,
            tree=tree,
            tree_at=str(tree),
            cwd=str(tree),
            env=environment,
            readable=[*readable, *interpreter_paths(python)],
            writable=[venv, cache],
            network=True,
        )
    except SandboxError as error:
        raise BuildError("sandbox", str(error)) from error


def _environment(cache: Path) -> dict[str, str]:
    environment = {key: os.environ[key] for key in _PASSED if os.environ.get(key)}
    if "SSL_CERT_FILE" not in environment and os.environ.get("PIP_CERT"):
        environment["SSL_CERT_FILE"] = os.environ["PIP_CERT"]
    if any(Path(store).exists() for store in MACHINE_CERTIFICATES):
        # As git and curl do it: behind a company's proxy uv's own list of authorities knows nobody.
        environment["UV_SYSTEM_CERTS"] = "1"
    return environment | {
        "UV_CACHE_DIR": str(cache),
        "UV_NO_CONFIG": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        # A hard link would let whoever writes to the environment change the cache behind it.
        "UV_LINK_MODE": "copy",
        "NO_COLOR": "1",
    }


def _write(tree: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (tree / OUT).mkdir(exist_ok=True)


def _metadata_wheel(tree: Path, name: str, version: str) -> str:
    """A wheel with the project's name and version and no code, as a path below ``tree``.

    Packages ask ``importlib.metadata`` for their own version while they are imported; in a plain checkout
    that would be an error no developer sees.
    """
    stem = f"{re.sub(r'[-_.]+', '_', name)}-{version}"
    folder = f"{stem}.dist-info"
    members = {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{folder}/WHEEL": "Wheel-Version: 1.0\nGenerator: remediation\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{member},,\n" for member in (*members, f"{folder}/RECORD"))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member, text in {**members, f"{folder}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    path = f"{OUT}/{stem}-py3-none-any.whl"
    (tree / path).write_bytes(content.getvalue())
    return f"./{path}"


def take_back(venv: Path) -> None:
    """Make a built environment ours again, so that no pass can change it and no file in it grants a user's rights.

    Matters when we are root: the build ran as another user. Links are not followed.
    """
    if os.geteuid() != 0:
        return
    for directory, names, files in os.walk(venv):
        for name in (*names, *files, "."):
            path = Path(directory, name)
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & 0o755)  # before the owner changes: no set-uid file may become root's
            os.chown(path, 0, 0, follow_symlinks=False)


def _failure(end: ProcessEnd, printed: str) -> BuildError:
    if end.stopped == "timeout":
        text = "The installation took too long and was stopped. Give an interpreter that has the packages already."
        return BuildError("timeout", text, cap(printed))
    if end.stopped:
        return BuildError(end.stopped, f"The installation was stopped ({end.stopped}).", cap(printed))
    if end.returncode is None:
        return BuildError("not-started", f"uv could not be started: {clean_text(end.stderr, 500)}", cap(printed))
    said = f"{end.stdout}\n{end.stderr}"
    code, advice = next(
        ((code, advice) for pattern, code, advice in _FAILURES if re.search(pattern, said)),
        ("install-failed", "Read the log, then edit the recipe or choose another Python."),
    )
    lines = [line.rstrip() for line in end.stderr.splitlines() if line.strip()]
    return BuildError(code, f"{advice}\n" + "\n".join(lines[-12:]), cap(printed))


def cap(log: str) -> str:
    """The log as it may be stored: cleaned, head and tail kept within LOG_LIMIT."""
    text = clean_text(log, len(log) + 1)
    half = LOG_LIMIT // 2 - 100
    left_out = len(text) - 2 * half
    return (
        text if len(text) <= LOG_LIMIT else f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"
    )


def clear(directory: Path) -> None:
    """Delete what a build left, whoever owns it now."""
    if directory.exists() or directory.is_symlink():
        remove(directory)
