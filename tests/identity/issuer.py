"""A little issuer of OpenID Connect: a real server with a discovery document, keys, and tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "roundbook", "s3cret+/="


@dataclass
class Issuer:
    """Vouches for whoever comes: ``claims`` are what it states, ``spoil`` may change a token's claims."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1"})
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    signing: RSAKey | None = None
    refused: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer._get(self)

            def do_POST(self) -> None:
                issuer._post(self)

            def log_message(self, *_args: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        if parts.path == "/.well-known/openid-configuration":
            ends = {
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "jwks_uri": "keys",
            }
            found = {name: f"{self.url}/{end}" for name, end in ends.items()}
            _answer(request, {"issuer": self.url, **found})
        elif parts.path == "/keys":
            _answer(request, dict(KeySet([self.key]).as_dict(private=False)))
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            code = secrets.token_hex(8)
            self._codes[code] = asked
            back = urlencode({"code": code, "state": asked["state"], "iss": self.url})
            request.send_response(302)
            request.send_header("Location", f"{asked['redirect_uri']}?{back}")
            request.end_headers()

    def _post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self._codes.pop(form["code"], None)
        why = self._why_not(asked, form, request.headers.get("Authorization", ""))
        if asked is None or why:
            self.refused.append(why)
            _answer(request, {"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        claims = self.spoil({**claims, **self.claims})
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.signing or self.key)
        _answer(request, {"token_type": "Bearer", "access_token": "x", "id_token": token})

    @staticmethod
    def _why_not(asked: dict[str, str] | None, form: dict[str, str], shown: str) -> str:
        """What a strict issuer would find wrong with the exchange."""
        if asked is None:
            return "code"
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return "verifier"
        if form["redirect_uri"] != asked["redirect_uri"]:
            return "redirect_uri"
        good = base64.b64encode(f"{CLIENT}:s3cret%2B%2F%3D".encode()).decode()
        return "" if shown == f"Basic {good}" else "client"


def _answer(request: BaseHTTPRequestHandler, body: dict[str, Any], status: int = 200) -> None:
    data = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)
