"""Decide whether a source and a ref may be handed to git, and in which spelling."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from remediation.core.public_addresses import CONTROL, HOST
from remediation.core.text import clean_line, clean_text

_LIMIT = 2_000  # characters; git, ssh and the database all take more, no honest address needs it
# git decodes these before it uses them, so a check of the raw text alone would miss a newline.
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_USER = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_HTTPS = re.compile(rf"https://({HOST}(?::[0-9]{{1,5}})?)(/[^?#\\]+)", re.IGNORECASE)
_SSH = re.compile(rf"ssh://((?:{_USER}@)?)({HOST}(?::[0-9]{{1,5}})?)(/[^?#\\]+)", re.IGNORECASE)
_SCP = re.compile(rf"({_USER})@({HOST}):([^:?#\\-][^?#\\]*)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(?:://|::)")
# A name or password in front of the host, also where the rest is no address at all: it is never repeated.
_PASSWORD = re.compile(rf"(?!ssh://{_USER}@)[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@|[^/@]*:[^/@]*@", re.IGNORECASE)
_SHA = re.compile(r"[0-9a-f]{40}")
_REF_REFUSED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")

CODES = ("source-refused", "source-unreachable", "ref-missing", "commit-missing", "timeout", "too-large")


class SourceError(Exception):
    """The repository cannot be used as asked. ``code`` is one of CODES; the text says what to do.

    ``why``: what stood in the way of reaching it ("token-refused"), where that is known; see ``complaints``.
    """

    def __init__(self, code: str, text: str, why: str = "") -> None:
        super().__init__(clean_text(text))
        self.code = code
        self.why = why


def _refuse(text: str) -> SourceError:
    return SourceError("source-refused", text)


def check_source(source: str, *, allow_local: bool) -> str:
    """Return ``source`` in the spelling that is stored and handed to git.

    Accepts ``https://host/path``, ``ssh://user@host/path`` and ``user@host:path``; with ``allow_local``
    also an absolute path (or ``file://``) of a directory that is a git repository.
    Raises SourceError "source-refused" (or "source-unreachable" for a local directory that is not there).
    """
    if not source or len(source) > _LIMIT:
        raise _refuse(
            f"The address is empty or longer than {_LIMIT} characters. Give the repository's https or ssh URL."
        )
    is_path = source.startswith("/") or source.lower().startswith("file://")
    if source.startswith("-"):
        raise _refuse("An address cannot begin with “-”. Give the repository's https or ssh URL.")
    if is_path:
        if not allow_local:
            raise _refuse(
                "A path on this machine cannot be given here. Give an https or ssh URL, or add the project on the "
                "command line: manage.py add_project NAME --source PATH."
            )
        return _check_local(source)
    if CONTROL.search(source) or _ENCODED_CONTROL.search(source) or not source.isascii():
        raise _refuse(
            "The address holds a space, a control character or a letter outside ASCII. Write it percent-encoded "
            "(host names in punycode)."
        )
    return _check_remote(source)


def _check_remote(source: str) -> str:
    if match := _HTTPS.fullmatch(source):
        host, path = match.groups()
        return f"https://{host.lower()}{path.rstrip('/')}" if path.strip("/") else _refused(source)
    if match := _SSH.fullmatch(source):
        user, host, path = match.groups()
        return f"ssh://{user}{host.lower()}{path.rstrip('/')}" if path.strip("/") else _refused(source)
    if not _SCHEME.match(source) and (match := _SCP.fullmatch(source)):
        return source.rstrip("/")
    return _refused(source)


def _refused(source: str) -> str:
    scheme = _SCHEME.match(source)
    name = scheme.group(1).lower() if scheme else ""
    if holds_password(source):
        raise _refuse(
            "The URL holds a user name or password. Give it without: a user name and token, or a deploy key, go under "
            "Credentials once the project is added."
        )
    if name == "https" and re.search(r"[?#]", source):
        raise _refuse("The URL holds “?” or “#”. Give the clone address only, without query or fragment.")
    if name and name not in ("https", "ssh"):
        raise _refuse(f"The protocol “{clean_line(name, 40)}” is not used. Give the repository's https or ssh URL.")
    raise _refuse(
        f"“{clean_line(source, 120)}” is no address we can clone. Give https://host/path, ssh://user@host/path or "
        "user@host:path."
    )


def _check_local(source: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", source) or "%00" in source:
        raise _refuse("The path holds a control character. Rename the directory or give another one.")
    path = source
    if source.lower().startswith("file://"):
        path = unquote(source[len("file://") :])
        if not path.startswith("/"):
            raise _refuse("A file URL names no host here: write file:///absolute/path.")
    if ".." in path.split("/"):
        raise _refuse("The path holds “..”. Give the directory's absolute path.")
    directory = Path(path)
    if not directory.is_dir():
        raise SourceError(
            "source-unreachable", f"There is no directory {clean_line(path)}. Give the repository's path."
        )
    if not is_repository(directory):
        raise _refuse(f"{clean_line(path)} is not a git repository. Give the directory that holds .git, or a bare one.")
    return str(directory.resolve())


def is_repository(directory: Path) -> bool:
    """True when ``directory`` is a git work tree's root or a bare repository. Never runs git in it."""
    if (directory / ".git").exists():
        return True
    return (directory / "HEAD").is_file() and (directory / "objects").is_dir()


def protocol(source: str) -> str:
    """The one git protocol a checked source may use: "https", "ssh" or "file"."""
    if source.startswith("/"):
        return "file"
    return "https" if source.startswith("https://") else "ssh"


def host_of(source: str) -> str:
    """The host of a checked source, with the port where it names one, in small letters; "" for a path."""
    if source.startswith("/"):
        return ""
    if "://" in source:
        return source.split("/", 3)[2].rpartition("@")[2].lower()
    return source.partition(":")[0].rpartition("@")[2].lower()


def holds_password(source: str) -> bool:
    """Whether an address bears what belongs under Credentials: all before an @, for ssh more than a user."""
    return _PASSWORD.match(source) is not None


def without_password(source: str) -> str:
    """The address without what :func:`holds_password` found; any other text as it is."""
    if not holds_password(source):
        return source
    scheme, _, rest = source.rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme else rest.rpartition("@")[2]


def check_ref(ref: str) -> str:
    """Return ``ref`` when it may name a branch or a tag (or is a full commit id).

    Refuses what ``git check-ref-format --branch`` refuses, and anything git could read as an option
    or as a revision expression. Raises SourceError "source-refused".
    """
    if _SHA.fullmatch(ref):
        return ref
    parts = ref.split("/")
    bad = (
        not ref
        or len(ref) > 255
        or ref.startswith("-")
        or ref in ("@", "HEAD")
        or ref.endswith((".", "/"))
        or ref.startswith("/")
        or _REF_REFUSED.search(ref)
        or any(part.startswith(".") or part.endswith(".lock") for part in parts)
        or any("\ud800" <= character <= "\udfff" for character in ref)
    )
    if bad:
        raise _refuse(
            f"“{clean_line(ref, 80)}” is no name of a branch or tag. Give a branch (main), a tag (v1.2) or the "
            "commit's 40 hexadecimal digits."
        )
    return ref
