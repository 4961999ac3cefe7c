"""Landlock: a process gives up files, TCP, abstract sockets and signals for itself and all it starts, for good.

Standard library only: the launcher loads this file by its path. What Landlock leaves open by its nature: sockets that
have a path, UDP, the names and dates of files, changes of mode and owner where the user may make them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys
from collections.abc import Sequence

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
BIND_TCP, CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2

FIRST = (1 << 13) - 1  # every right of ABI 1
ADDED = {2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}  # by the ABI that brought it
FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # what a rule on a file may name
KINDS = {
    "read": EXECUTE | READ_FILE | READ_DIR,
    "write": (FIRST & ~(MAKE_CHAR | MAKE_BLOCK)) | REFER | TRUNCATE,
    "device": READ_FILE | WRITE_FILE | TRUNCATE,
    "names": READ_DIR,
}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):  # packed for the kernel; only the end differs, which it does not read
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The kernel's Landlock ABI, 0 where it has none or has it switched off."""
    if sys.platform != "linux":
        return 0
    number: int = _libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(CREATE_RULESET_VERSION))
    return max(0, number)


def confine(rules: Sequence[Sequence[str]], *, deny_tcp: bool, abi: int) -> None:
    """Keep this process to ``rules``: (path, kind of KINDS, "must" or "may" exist), with at most the given ABI.

    PR_SET_NO_NEW_PRIVS must be set before. Raises OSError; the process is then not confined and must not go on.
    """
    abi = min(abi, version())
    if abi < 1 or (deny_tcp and abi < 4):
        raise OSError(f"Landlock is too old for this (ABI {abi})")
    handled = FIRST
    for since, right in ADDED.items():
        handled |= right if abi >= since else 0
    attributes = _Ruleset(
        files=handled,
        tcp=BIND_TCP | CONNECT_TCP if deny_tcp else 0,
        scoped=SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if abi >= 6 else 0,
    )
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _call(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path, kind, needed in rules:
            # A machine need not have all of the system's paths.
            with contextlib.suppress(FileNotFoundError) if needed == "may" else contextlib.nullcontext():
                _allow(ruleset, path, KINDS[kind] & handled)
        _call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= FOR_FILES
        rule = _PathBeneath(allowed=rights, parent=descriptor)
        _call(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
