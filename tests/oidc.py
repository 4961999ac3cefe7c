"""A little OpenID Connect issuer on loopback: discovery, keys, authorisation, token, userinfo. Real HTTP, real keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT, SECRET = "dashboard", "client-secret-1"


@dataclass
class Issuer:
    """``person``: the claims of who is signed in there. The other fields spoil an answer, for the tests of checks."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    spoil: dict[str, Any] = field(default_factory=dict)  # claims of the id_token that are replaced
    userinfo: dict[str, Any] = field(default_factory=dict)  # claims of the userinfo answer that are replaced
    foreign_key: bool = False  # the id_token is signed by a key that is not published
    broken: bool = False  # every answer is a 500
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)  # what was asked for, by code
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    other: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def configuration(self) -> dict[str, Any]:
        """What discovery says."""
        parts = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "userinfo_endpoint": "/userinfo"}
        found: dict[str, Any] = {name: self.url + path for name, path in parts.items()}
        found["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        return {"issuer": self.url, "jwks_uri": self.url + "/keys", **found}

    def keys(self) -> dict[str, Any]:
        """The public key."""
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "ES256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """The address back, as after a person has signed in there."""
        code = secrets.token_urlsafe(8)
        self.wanted[code] = query
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens of a code, once; None where client, secret or proof of the code are wrong."""
        wanted = self.wanted.pop(form.get("code", ""), None)
        if wanted is None or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return None
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if wanted.get("code_challenge_method") != "S256" or proof.decode() != wanted["code_challenge"]:
            return None
        access, now = secrets.token_urlsafe(8), int(time.time())
        self.tokens[access] = self.person
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": wanted.get("nonce")}
        claims = {**claims, **self.person, **self.spoil}
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = jwt.encode(claims, self.other if self.foreign_key else self.key, "ES256", headers={"kid": "k1"})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": signed}


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self._json(self.issuer.configuration())
        elif parts.path == "/keys":
            self._json(self.issuer.keys())
        elif parts.path == "/userinfo":
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            person = self.issuer.tokens.get(bearer)
            self._json({**person, **self.issuer.userinfo} if person is not None else None)
        else:
            self.send_response(302)
            self.send_header("Location", self.issuer.authorize(_flat(parts.query)))
            self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._json(self.issuer.token(_flat(body)))

    def _json(self, found: dict[str, Any] | None) -> None:
        body = json.dumps(found).encode()
        self.send_response(500 if self.issuer.broken else 200 if found is not None else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _flat(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


@contextmanager
def issuer() -> Iterator[Issuer]:
    """An issuer that answers until the block ends."""
    made = Issuer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"issuer": made}))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
