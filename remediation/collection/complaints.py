"""What git complained of, as one or two sentences for a person: what it is, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from remediation.collection.git import GitEnd
from remediation.collection.sign_in import Given
from remediation.collection.source import SourceError
from remediation.collection.ssh_keys import fingerprints
from remediation.core.text import clean_line

_PRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True)
class _Sign:
    """``text`` in git's messages means ``why``. ``advice`` where nothing was given to open the source with;
    ``given`` where something was, "" for the same."""

    text: str
    why: str
    advice: str
    given: str = ""


# First match wins.
_SIGNS = (
    _Sign(
        "could not read Username", "sign-in",
        "The server asks for a sign-in. Put a user name and token under Credentials.",
        "Something else than the server asked for a sign-in, perhaps a proxy; it was given nothing.",
    ),
    _Sign(
        "Authentication failed", "token-refused",
        "The server asks for a sign-in, or has no such repository. Put a user name and token under Credentials.",
        "The server refused the user name or the token (401). It may have expired or been revoked: put another one "
        "under Credentials.",
    ),
    _Sign(
        "returned error: 403", "forbidden",
        "The server allows nobody to read it (403). Put a user name and token under Credentials.",
        "The server knows the token, but it may not read this repository (403). Give it that right there, or put "
        "another one under Credentials.",
    ),
    _Sign(
        "REMOTE HOST IDENTIFICATION HAS CHANGED", "host-key-changed",
        "The server's ssh host key is not the known one. Compare it, then correct the worker's known_hosts.",
    ),
    _Sign(
        "Host key verification failed", "host-key-unknown",
        "The server's ssh host key is unknown. Add it to the worker's known_hosts, or make a deploy key under "
        "Credentials.",
        "The server's ssh host key could not be verified. Compare it with the trusted one under Credentials.",
    ),
    _Sign(
        "Permission denied (publickey", "key-refused",
        "The server refused the worker's ssh key. Make a deploy key under Credentials and add it there (read only).",
        "The server refused the deploy key. Add its public half there (read only), or look whether it was removed.",
    ),
    *(
        _Sign(text, "redirect", "The server answers with another address. Enter that address instead.")
        for text in ("redirect", "returned error: 30")
    ),
    _Sign(
        "mismatched algorithms", "unsupported",
        "The repository uses SHA-256 object names, which are not supported yet.",
    ),
    _Sign(
        "does not appear to be a git repository", "not-found",
        "There is no git repository at that address any more. Check it.",
        "There is no git repository at that address, or the credential may not read it. Check both.",
    ),
    _Sign("Could not resolve host", "network", "Its name does not resolve. Check the address and the network."),
    _Sign(
        "not found", "not-found",
        "There is no repository at that address, or it is private. Check it, or use Credentials.",
        "The server shows no repository at that address to this credential (404). Check the address, and whether it "
        "may read there.",
    ),
    *(
        _Sign(text, "network", "The server does not answer. Check the address, the network and the server.")
        for text in ("Failed to connect", "Connection refused", "timed out", "unreachable", "Connection reset")
    ),
)  # fmt: skip


def complaint(end: GitEnd, given: Given = None) -> SourceError:
    """SourceError "source-unreachable": what git said last, and what to do. ``given`` was to open the source."""
    lines = [line for line in end.stderr.splitlines() if line.strip() and not line.startswith("hint:")]
    said = clean_line(
        next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    )
    sign = next((sign for sign in _SIGNS if sign.text.lower() in end.stderr.lower()), None)
    if sign is None:
        advice, why = "Check the address and the network.", ""
    else:
        advice, why = (sign.given if given else "") or sign.advice, sign.why
    if why == "token-refused" and given is None:  # git offers an empty name where it has none
        why = "sign-in"
    if why == "host-key-changed" and given:
        advice = _changed(end, given.host, fingerprints(given.host_keys))
    text = f"The source could not be fetched: {said or f'git ended with {end.returncode}'}. {advice}"
    return SourceError("source-unreachable", text, why)


def _changed(end: GitEnd, host: str, trusted: list[str]) -> str:
    """Both fingerprints, because only a person can find out which of the two is right."""
    shown = next((found for found in _PRINT.findall(end.stderr) if found not in trusted), "another one")
    return (
        f"The ssh host key of {host} is not the trusted one: it is {shown}, trusted is {', '.join(trusted)}. Ask who "
        "runs the server. If it was changed there, forget the trusted one under Credentials; else somebody is between."
    )
