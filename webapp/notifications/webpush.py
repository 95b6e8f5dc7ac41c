"""A push on its way: encrypted for one browser (RFC 8291), signed by this server (VAPID, RFC 8292).

The push service of the browser's maker carries it and can read nothing of it. Where it is posted to was
named by a browser, so by anybody who is signed in: this server posts to https addresses of the public
network alone, to the very address that it looked up and checked, and follows no redirect.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from webapp.outgoing import Answer, NotSentError, is_public, talk

MAXIMUM_ENDPOINT = 1000
# One record of RFC 8188; a push service takes 4096 bytes at least.
MAXIMUM_PAYLOAD_BYTES = 3000
# A signature is good for a day at most (RFC 8292); this is made anew for each push.
_SIGNED_FOR = timedelta(hours=12)
_RECORD_BYTES = 4096
_KEY_BYTES = 32
_MOST_ANSWER_BYTES = 300


class GoneError(Exception):
    """The browser has ended its subscription (404 or 410): nothing will ever arrive there again."""


class RefusedError(Exception):
    """The push service refuses this push for good, or the address is none that we post to."""


class UnreachableError(Exception):
    """The push service can't be reached, or takes none now; ``after_seconds`` is what it asks to wait."""

    def __init__(self, reason: str, after_seconds: int = 0) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


@dataclass(frozen=True, slots=True)
class Target:
    """A browser that takes part: where its push service listens, its public key and its secret (base64url)."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Pusher:
    """What pushes: this server's key, whom a push service may write to, and whether private hosts are allowed.

    ``private_hosts`` is for tests alone (``PUSH_PRIVATE_HOSTS``): it allows http and addresses of this machine.
    """

    key: ec.EllipticCurvePrivateKey
    contact: str
    private_hosts: bool = False

    @property
    def public_key(self) -> str:
        """What a browser subscribes with: the uncompressed point, base64url."""
        return encoded(_point(self.key.public_key()))

    def send(
        self, target: Target, payload: bytes, *, now: datetime, urgent: bool, keep_for: timedelta
    ) -> None:
        """Hand one push over to the browser's push service.

        :param keep_for: how long the service keeps it for a device that is off
        :raise GoneError: :raise RefusedError: :raise UnreachableError:
        """
        body = encrypt(payload, target)
        headers = {
            "Authorization": f"vapid t={self._token(target.endpoint, now)}, k={self.public_key}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(keep_for.total_seconds())),
            "Urgency": "high" if urgent else "normal",
        }
        _judge(_post(target.endpoint, body, headers, self))

    def _token(self, endpoint: str, now: datetime) -> str:
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + _SIGNED_FOR).timestamp()),
            "sub": self.contact,
        }
        signed = ".".join(
            encoded(json.dumps(part, separators=(",", ":")).encode())
            for part in ({"typ": "JWT", "alg": "ES256"}, claims)
        )
        signature = self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signature)
        return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def encrypt(
    payload: bytes,
    target: Target,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """A payload as only the target's browser can read it (RFC 8291, one record of ``aes128gcm``).

    :param key: this message's own, and its 16 bytes of ``salt``; both made anew but in the RFC's example
    :raise RefusedError: a key that is none, or a payload that is too long
    """
    if len(payload) > MAXIMUM_PAYLOAD_BYTES:
        raise RefusedError("payload too long")
    theirs, auth = public_point(target.p256dh), decoded(target.auth)
    key, salt = key or ec.generate_private_key(ec.SECP256R1()), salt or secrets.token_bytes(16)
    ours = _point(key.public_key())
    shared = key.exchange(ec.ECDH(), theirs)
    info = b"WebPush: info\0" + _point(theirs) + ours
    secret = _expand(_extract(auth, shared), info, 32)
    extracted = _extract(salt, secret)
    content_key = _expand(extracted, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _expand(extracted, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    # The 2 ends the last record.
    return head + AESGCM(content_key).encrypt(nonce, payload + b"\2", None)


def _extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt, secret, hashlib.sha256)


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF's second half; nothing here is longer than one block."""
    return hmac.digest(key, info + b"\1", hashlib.sha256)[:length]


def public_point(text: str) -> ec.EllipticCurvePublicKey:
    """A browser's public key, from base64url. :raise RefusedError: no point of P-256"""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(text))
    except ValueError as error:
        raise RefusedError("no key of P-256") from error


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def encoded(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """The bytes of base64url, with or without padding. :raise RefusedError: something else"""
    try:
        plain = text.rstrip("=").encode("ascii")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), b"-_", validate=True)
    except ValueError as error:
        raise RefusedError("no base64url") from error


def endpoint_problem(endpoint: str, *, private_hosts: bool = False) -> str:
    """Why an address is none that we post to, as far as itself tells it; empty where it is one.

    Where its name leads to is looked at when something is posted.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "no address"
    if len(endpoint) > MAXIMUM_ENDPOINT or not endpoint.isascii() or not endpoint.isprintable():
        return "no address"
    if " " in endpoint or not host or "@" in parts.netloc:
        return "no address"
    if private_hosts:
        return "" if parts.scheme in ("http", "https") else "not https"
    if parts.scheme != "https":
        return "not https"
    if port not in (None, 443):
        return "not the port of https"
    return "" if _is_public_name(host) else "not a public host"


def _is_public_name(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")
        # A name without a dot is one of our own network; so are these, by what they stand for.
        return bool(last[0]) and last[2] not in ("local", "localhost", "internal", "lan", "arpa")


def _post(endpoint: str, body: bytes, headers: dict[str, str], pusher: Pusher) -> Answer:
    """What the push service answers. :raise RefusedError: :raise UnreachableError:"""
    problem = endpoint_problem(endpoint, private_hosts=pusher.private_hosts)
    if problem:
        raise RefusedError(problem)
    inside, most = pusher.private_hosts, _MOST_ANSWER_BYTES
    try:
        return talk("POST", urlsplit(endpoint), body, headers, inside=inside, most=most)
    except NotSentError as error:
        if error.reason == "inside":
            raise RefusedError("not a public host") from error
        raise UnreachableError(f"{error.reason}: {error.__cause__}"[:300]) from error


def _judge(answer: Answer) -> None:
    status, retry_after = answer.status, answer.retry_after
    words = f"{status} {answer.body.decode('utf-8', 'replace')}".strip()[:300]
    if status in (404, 410):
        raise GoneError(words)
    if status == 429 or status >= 500:
        seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0
        raise UnreachableError(words, min(seconds, 3600))
    if not 200 <= status < 300:
        raise RefusedError(words)


def kept_key(data_dir: Path, given: str = "") -> ec.EllipticCurvePrivateKey:
    """This server's key: ``PUSH_KEY`` (32 bytes, base64url), else the one kept in ``data_dir``, made once.

    :raise ValueError: a key that is none
    """
    if given:
        try:
            number = decoded(given)
            if len(number) != _KEY_BYTES:
                raise ValueError
            return ec.derive_private_key(int.from_bytes(number, "big"), ec.SECP256R1())
        except (RefusedError, ValueError):
            raise ValueError("it is no private key of P-256, 32 bytes in base64url") from None
    path = data_dir / "push_key"
    if not path.exists():
        _make_key(path)
    return kept_key(data_dir, path.read_text(encoding="ascii").strip())


def _make_key(path: Path) -> None:
    """Write a new key whole, so that two workers that start at once end up with the same one."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(encoded(number.to_bytes(32, "big")))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass
    except OSError:
        # A folder that knows no links: whoever comes last has the word, which two at once hardly do.
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def contact_of(base_url: str, mail_from: str) -> str:
    """Whom a push service may write to, as VAPID's ``sub`` asks for it: our https address, or a mail's."""
    return base_url if base_url.startswith("https://") else f"mailto:{mail_from}"
