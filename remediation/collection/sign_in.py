"""What opens a private repository, and how git gets it: in files of one run, never in an address or an argument."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from remediation.collection.git import git_environment
from remediation.collection.source import host_of, protocol

_STALE = 3_600  # seconds; no git runs that long, so the worker that made the folder was killed

# git asks "Username for 'https://host': " and "Password for 'https://user@host': ". A proxy, or another host that an
# answer led to, asks with another name and is told nothing.
_ASKPASS = """#!/bin/sh
case "$1" in
  "Username for 'https://{host}': ") exec cat "${{0%/*}}/user" ;;
  "Password for 'https://"*"@{host}': ") exec cat "${{0%/*}}/token" ;;
esac
exit 1
"""
_SSH = """Host *
  IdentityFile {folder}/key"
  IdentitiesOnly yes
  IdentityAgent none
  PreferredAuthentications publickey
  BatchMode yes
  ConnectTimeout 20
  UserKnownHostsFile {folder}/known_hosts"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking {strict}
  UpdateHostKeys no
  HashKnownHosts no
  PermitLocalCommand no
  ForwardAgent no
  ClearAllForwardings yes
  ControlMaster no
"""


@dataclass(slots=True)
class SignIn:
    """What opens one host, ``host`` as in the address with its port: a user name and token, or a private key.

    ``host_keys``: lines as in known_hosts. Empty, the host is trusted when it is first met, and they stand here after.
    ``folder``: below it lie the files of one run of git.
    """

    host: str
    folder: Path
    user: str = ""
    token: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    host_keys: str = ""

    def opens(self, source: str) -> bool:
        """Whether it is meant for the checked ``source``: another host or protocol never gets it."""
        kind = "ssh" if self.private_key else "https"
        return protocol(source) == kind and host_of(source) == self.host


Given = SignIn | None  # None: the source is open to everybody, or to the worker's own user


@contextmanager
def environment_for(source: str, given: Given = None, config: Path | None = None) -> Iterator[dict[str, str]]:
    """The complete environment of git for the checked ``source``; files that open it are gone afterwards."""
    environment = git_environment(protocol(source), config)
    if given is None or not given.opens(source):
        yield environment
        return
    with _run_folder(given.folder) as folder:
        if given.private_key:
            yield from _with_key(environment, given, folder)
        else:
            _write(folder / "user", given.user)
            _write(folder / "token", given.token)
            _write(folder / "askpass", _ASKPASS.format(host=given.host), 0o700)
            yield environment | {"GIT_ASKPASS": str(folder / "askpass")}


def _with_key(environment: dict[str, str], given: SignIn, folder: Path) -> Iterator[dict[str, str]]:
    known = folder / "known_hosts"
    _write(known, given.host_keys)
    _write(folder / "key", given.private_key)
    # Known once means known: a host that shows a key of another type is not "new".
    strict = "yes" if given.host_keys else "accept-new"
    quoted = '"' + str(folder).replace("%", "%%")
    _write(folder / "config", _SSH.format(folder=quoted, strict=strict))
    environment = environment | {"GIT_SSH_COMMAND": f"ssh -F {shlex.quote(str(folder / 'config'))}"}
    environment.pop("SSH_AUTH_SOCK", None)
    try:
        yield environment
    finally:
        given.host_keys = known.read_text("ascii", "replace")


@contextmanager
def _run_folder(parent: Path) -> Iterator[Path]:
    """A folder of our own for one run; what a killed worker left behind goes first."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in parent.iterdir():
        if left.stat().st_mtime < time.time() - _STALE:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=parent) as folder:
        yield Path(folder)


def _write(path: Path, text: str, mode: int = 0o600) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
