"""Run the git program so that nothing a stranger controls can steer it, hang it or fill the disk."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from remediation.collection.source import SourceError

_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "credential.helper=",
    "fetch.unpackLimit=1",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.version=2",
)
# What the network side of git needs from an administrator; nothing else of our environment reaches it.
_PASSED = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")
_STDERR = 64 * 1024


@dataclass(frozen=True, slots=True)
class GitEnd:
    """How git ended: its status, its whole standard output (bytes) and the tail of its messages."""

    returncode: int
    stdout: bytes
    stderr: str


def git_environment(protocol: str = "", config: Path | None = None) -> dict[str, str]:
    """The complete environment of a git process. ``protocol`` "" allows no transport at all.

    ``config`` replaces the user's configuration: needed only where a child of git must see a setting
    (``-c`` does not reach the upload-pack of a local source).
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": protocol or "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config) if config else "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PROTOCOL_FROM_USER": "0",
    }
    if protocol in ("https", "ssh"):
        environment |= {name: os.environ[name] for name in _PASSED if name in os.environ}
    if protocol == "ssh":
        environment["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes -oConnectTimeout=20 -oPermitLocalCommand=no"
        environment["GIT_SSH_VARIANT"] = "ssh"
        if "SSH_AUTH_SOCK" in os.environ:
            environment["SSH_AUTH_SOCK"] = os.environ["SSH_AUTH_SOCK"]
    return environment


def git_command(git_dir: Path | None, arguments: Sequence[str]) -> list[str]:
    """The argument vector of git with our settings; ``git_dir`` None runs outside any repository."""
    executable = shutil.which("git")
    if executable is None:
        raise SourceError(
            "source-unreachable", "The git program is missing. Install it (apt install git) and run again."
        )
    settings = [part for setting in _SAFE for part in ("-c", setting)]
    where = [f"--git-dir={git_dir}"] if git_dir else []
    return [executable, "--no-pager", *settings, *where, *arguments]


def run_git(
    git_dir: Path | None,
    *arguments: str,
    timeout: float = 120,
    environment: Mapping[str, str] | None = None,
    limit: int = 512 * 1024 * 1024,
    tick: Callable[[], None] | None = None,
    stdin: bytes = b"",
    pass_fds: Sequence[int] = (),
) -> GitEnd:
    """Run git to its end in a process group of its own and return how it ended, whatever its status.

    ``tick`` is called about twice a second and may raise to stop git. Raises SourceError "timeout"
    after ``timeout`` seconds and "too-large" beyond ``limit`` bytes of output; the group is killed then.
    """
    with tempfile.TemporaryFile() as messages, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(  # noqa: S603  (a fixed program, options end before foreign words)
            git_command(git_dir, arguments),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=messages,
            env=dict(environment) if environment is not None else git_environment(),
            cwd="/",
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
        try:
            stdout = _drain(process, timeout, limit, tick)
        finally:
            kill_group(process)
        messages.seek(max(0, messages.seek(0, os.SEEK_END) - _STDERR))
        return GitEnd(process.returncode, stdout, messages.read().decode("utf-8", "replace"))


def _drain(process: subprocess.Popen[bytes], timeout: float, limit: int, tick: Callable[[], None] | None) -> bytes:
    assert process.stdout is not None
    deadline = time.monotonic() + timeout
    next_tick = 0.0
    chunks: list[bytes] = []
    size = 0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                raise SourceError("timeout", f"git did not answer within {timeout:g} seconds. Try again later.")
            if selector.select(0.5):
                chunk = os.read(process.stdout.fileno(), 1 << 20)
                if not chunk:
                    break
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise SourceError(
                        "too-large", f"git printed more than {limit:,} bytes; the repository is too large."
                    )
            if tick is not None and time.monotonic() >= next_tick:
                tick()
                next_tick = time.monotonic() + 0.5
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise SourceError("timeout", f"git did not end within {timeout:g} seconds. Try again later.") from None
    return b"".join(chunks)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process started with a session of its own, its helpers included, and reap it."""
    # Only while the leader is unreaped: afterwards its number may already belong to somebody else's group.
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
