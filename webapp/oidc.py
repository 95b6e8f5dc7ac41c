"""Signing in by OpenID Connect: the authorization code flow with state, nonce and PKCE, and nothing else.

The issuer is a setting and so is trusted, on its own host; what it names elsewhere has to be public.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from webapp.config import Settings
from webapp.errors import AppError
from webapp.outgoing import NotSentError, ask

# By a public key alone: an algorithm that takes the client's secret for a key is not among them.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_MOST_BYTES = 256 * 1024
_KEPT_SECONDS = 3600.0
_LEEWAY_SECONDS = 60
_known: dict[str, tuple[float, dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: where the browser is sent, and what is compared when it comes back."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Stated:
    """Who somebody is, as the issuer states it."""

    subject: str
    email: str
    email_verified: bool
    name: str
    login: str


def callback_of(settings: Settings) -> str:
    """Where the issuer sends the browser back to."""
    return f"{settings.base_url}/api/sign-in/oidc/callback"


def begin(settings: Settings) -> Begun:
    """Begin a sign-in. :raise AppError: ``oidc_unreachable``"""
    metadata = _metadata(settings)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    query = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": callback_of(settings),
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    endpoint = str(metadata["authorization_endpoint"])
    joint = "&" if urlsplit(endpoint).query else "?"
    return Begun(f"{endpoint}{joint}{urlencode(query)}", state, nonce, verifier)


def finish(settings: Settings, code: str, verifier: str, nonce: str) -> Stated:
    """Who came back with a code. :raise AppError: ``oidc_unreachable``, ``oidc_failed``"""
    metadata = _metadata(settings)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback_of(settings),
        "code_verifier": verifier,
        "client_id": settings.oidc_client_id,
    }
    both = f"{quote_plus(settings.oidc_client_id)}:{quote_plus(settings.oidc_client_secret)}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if settings.oidc_client_secret:
        headers["Authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
    body = urlencode(form).encode()
    tokens = _json(settings, "POST", str(metadata["token_endpoint"]), body, headers)
    return _stated(settings, metadata, str(tokens.get("id_token", "")), nonce)


def _stated(settings: Settings, metadata: Mapping[str, Any], id_token: str, nonce: str) -> Stated:
    """What an id token states, once its signature and every claim that counts are right."""
    keys = _json(settings, "GET", str(metadata["jwks_uri"]), None, {"Accept": "application/json"})
    expected = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_SECONDS,
        iss={"essential": True, "value": settings.oidc_issuer},
        aud={"essential": True, "value": settings.oidc_client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(cast(Any, keys)), _ALGORITHMS)
        claims = token.claims
        expected.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise AppError("oidc_failed") from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    right_party = claims.get("azp", None if several else settings.oidc_client_id)
    if right_party != settings.oidc_client_id:
        raise AppError("oidc_failed")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise AppError("oidc_failed")
    subject, email = str(claims["sub"]), str(claims.get("email") or "")
    if not subject or len(subject) > 255:
        raise AppError("oidc_failed")
    return Stated(
        subject=subject,
        email=email.strip(),
        # Some write it as a text; only a plain yes counts.
        email_verified=claims.get("email_verified") is True,
        name=str(claims.get("name") or "")[:80],
        login=str(claims.get("preferred_username") or email.partition("@")[0])[:80],
    )


def _metadata(settings: Settings) -> dict[str, Any]:
    """What the issuer says of itself, asked for once an hour."""
    issuer = settings.oidc_issuer
    known = _known.get(issuer)
    if known and time.monotonic() - known[0] < _KEPT_SECONDS:
        return known[1]
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    found = _json(settings, "GET", address, None, {"Accept": "application/json"})
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    # An issuer that calls itself something else is not the one that was set.
    if found.get("issuer") != issuer or not all(
        isinstance(found.get(name), str) for name in needed
    ):
        raise AppError("oidc_unreachable")
    _known[issuer] = (time.monotonic(), found)
    return found


def _json(
    settings: Settings, method: str, address: str, body: bytes | None, headers: Mapping[str, str]
) -> dict[str, Any]:
    allowed = [urlsplit(settings.oidc_issuer).netloc.lower()]
    try:
        answer = ask(method, address, body, headers, allowed=allowed, most=_MOST_BYTES)
    except NotSentError as error:
        raise AppError("oidc_unreachable") from error
    if answer.status != 200:
        # A code that is not taken is the caller's, a page that is not there the issuer's.
        raise AppError("oidc_failed" if method == "POST" else "oidc_unreachable")
    try:
        found = json.loads(answer.body)
    except ValueError as error:
        raise AppError("oidc_failed") from error
    if not isinstance(found, dict):
        raise AppError("oidc_failed")
    return found
