"""A phone over the wire: one kept connection, JSON envelopes, photos by PUT."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from typing import Any

from bench.estate import PASSWORD, uid
from bench.server import Running


def sign_in(host: str, port: int, login: str, password: str = PASSWORD) -> str:
    """Sign in over a connection of its own; the cookie as ``name=value``."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    body = json.dumps({"login": login, "password": password}).encode()
    connection.request("POST", "/api/session", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"sign-in: {answer.status}")
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


class Phone:
    """One connection of one signed-in engineer to one contract."""

    def __init__(self, server: Running, contract: str, login: str, cookie: str = "") -> None:
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        self._server, self._contract, self._login = server, contract, login
        self.cookie = cookie or sign_in(server.host, server.port, login)

    def another_connection(self) -> Phone:
        """A second connection of the same phone, as a browser opens for parallel uploads."""
        return Phone(self._server, self._contract, self._login, self.cookie)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[bytes, http.client.HTTPMessage]:
        """One request of the contract; anything but 200 ends the measurement."""
        sent = {"Cookie": self.cookie, "Accept-Encoding": "gzip", **headers}
        self._connection.request(method, f"/api/contracts/{self._contract}/{path}", body, sent)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:300]!r}")
        return data, answer.headers

    def push(self, envelope: bytes) -> int:
        """Push an envelope, and give how many operations were applied."""
        headers = {"Content-Type": "application/json"}
        data, answered = self.ask("POST", "sync/push", envelope, **headers)
        if answered.get("Content-Encoding") == "gzip":
            import gzip

            data = gzip.decompress(data)
        return sum(row["result"] == "applied" for row in json.loads(data)["results"])

    def put(self, photo_id: str, sha256: str, data: bytes) -> None:
        """Upload a photo, whose hash (in hex) a phone has known since it was taken."""
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        headers = {"Content-Type": "image/jpeg", "Repr-Digest": f"sha-256=:{digest}:"}
        self.ask("PUT", f"photos/{photo_id}", data, **headers)

    def put_several(self, photos: list[tuple[str, str, bytes]]) -> None:
        """Upload several photos in one body."""
        ids = ",".join(photo_id for photo_id, *_ in photos)
        body = b"".join(data for *_, data in photos)
        headers = {"Content-Type": "application/octet-stream"}
        self.ask("PUT", f"photos?ids={ids}", body, **headers)


def envelope(payloads: list[dict[str, Any]]) -> bytes:
    """A push of these inspections."""
    operations = []
    for payload in payloads:
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        operations.append(
            {"id": uid(), "kind": "inspection", "version": 1, "payload": text, "hash": digest}
        )
    body = {
        "envelope": 1,
        "phone_id": "bench",
        "operations": operations,
        "device_time": "2026-03-05T02:15:00.000Z",
        "unsent": {"records": 0, "photos": 0},
    }
    return json.dumps(body, ensure_ascii=False).encode()
