"""Key pairs for ssh: made here or read from what somebody pasted, and the fingerprints that people compare."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_LEAST_RSA = 2_048  # bits
Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class BadKey(ValueError):
    """It cannot be used; the text says what to paste instead, and holds nothing of the key."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """``private`` as OpenSSH stores it, ``public`` one line of authorized_keys."""

    private: str = field(repr=False)
    public: str


def make(comment: str) -> KeyPair:
    """A new Ed25519 pair. The public half ends with ``comment``, so that whoever finds it knows whose it is."""
    return _pair(ed25519.Ed25519PrivateKey.generate(), comment)


def read(pasted: str, comment: str) -> KeyPair:
    """The pair of a private key without a passphrase, in OpenSSH's form or PEM. Raises BadKey."""
    data = ("\n".join(line.strip() for line in pasted.strip().splitlines()) + "\n").encode()
    loading = serialization.load_ssh_private_key if b"OPENSSH" in data else serialization.load_pem_private_key
    try:
        key = loading(data, password=None)
    except TypeError:  # it needs a password
        raise BadKey("The key has a passphrase, which nobody could type here. Paste one without.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("This is no private key, or not all of it. Paste it from BEGIN to END.") from None
    if not isinstance(key, Private) or (isinstance(key, rsa.RSAPrivateKey) and key.key_size < _LEAST_RSA):
        raise BadKey(f"Use an Ed25519, an ECDSA, or an RSA key of at least {_LEAST_RSA:,} bits.")
    return _pair(key, comment)


def fingerprint(line: str) -> str:
    """The SHA256 fingerprint of a public key, as ``ssh-keygen -l`` shows it; "" where the line holds none."""
    words = line.split()
    for kind, blob in itertools.pairwise(words):
        if kind.startswith(("ssh-", "ecdsa-", "sk-")):
            try:
                digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
            except binascii.Error:
                return ""
            return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    return ""


def fingerprints(known_hosts: str) -> list[str]:
    """Those of all keys in the lines of a known_hosts file."""
    return [found for line in known_hosts.splitlines() if (found := fingerprint(line))]


def _pair(key: Private, comment: str) -> KeyPair:
    encoding, plain = serialization.Encoding, serialization.NoEncryption()
    private = key.private_bytes(encoding.PEM, serialization.PrivateFormat.OpenSSH, plain).decode()
    public = key.public_key().public_bytes(encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return KeyPair(private, f"{public} {comment}")
