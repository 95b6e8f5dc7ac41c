"""A phone as the server meets it: what it pushes, pulls and uploads, over a test client."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.rounds import made

Operation = dict[str, Any]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest(data: bytes) -> str:
    """The Repr-Digest of these bytes."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def operation(kind: str, payload: Any, **fields: Any) -> Operation:
    """An envelope of the outbox; a payload that is text already goes as it is."""
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    envelope = {
        "id": made.uid(),
        "kind": kind,
        "version": 1,
        "payload": text,
        "hash": sha256(text.encode()),
    }
    return {**envelope, **fields}


def inspection(payload: dict[str, Any], **fields: Any) -> Operation:
    kind = "inspection" if payload.get("amends") is None else "amendment"
    return operation(kind, payload, **fields)


def picture(colour: int = 0, side: int = 64, kind: str = "JPEG", **save: Any) -> bytes:
    """A small picture with structure; ``colour`` makes different ones."""
    image = Image.linear_gradient("L").resize((side, side)).rotate(colour % 360).convert("RGB")
    image.putpixel((colour % side, colour // side % side), (255, colour % 256, 0))
    out = BytesIO()
    image.save(out, kind, **save)
    return out.getvalue()


def slot(data: bytes, item: str | None = None, **fields: Any) -> dict[str, Any]:
    """The line of a photo manifest for these bytes."""
    return made.photo(item, sha256=sha256(data), bytes=len(data), **fields)


@dataclass
class Phone:
    """One engineer's phone in one contract."""

    browser: FlaskClient
    contract: str = "HQ"
    phone_id: str = "phone-1"
    headers: dict[str, str] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return f"/api/contracts/{self.contract}/{path}"

    def envelope(self, *operations: Operation, **fields: Any) -> dict[str, Any]:
        body = {"envelope": 1, "phone_id": self.phone_id, "operations": list(operations)}
        return {**body, **fields}

    def post(self, path: str, body: Any) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.browser.post(self.url(path), data=data, content_type="application/json")

    def push(self, *operations: Operation, **fields: Any) -> list[dict[str, Any]]:
        """Push, and give the results, each checked to echo its operation."""
        answer = self.post("sync/push", self.envelope(*operations, **fields))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        results: list[dict[str, Any]] = answer.get_json()["results"]
        sent = [(op["id"], op["hash"]) for op in operations]
        assert [(row["id"], row["hash"]) for row in results] == sent
        return results

    def send(self, *payloads: dict[str, Any]) -> list[str]:
        """Push inspections, and give the result names."""
        return [row["result"] for row in self.push(*map(inspection, payloads))]

    def pull(self, cursor: int = 0, epoch: str = "") -> dict[str, Any]:
        answer = self.browser.get(self.url(f"sync/pull?cursor={cursor}&epoch={epoch}"))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        body: dict[str, Any] = answer.get_json()
        return body

    def put_together(self, photos: dict[str, bytes], **headers: str) -> TestResponse:
        """Send several photos in one body."""
        sent = {"Content-Type": "application/octet-stream", **headers}
        url = self.url(f"photos?ids={','.join(photos)}")
        return self.browser.put(url, data=b"".join(photos.values()), headers=sent)

    def put(self, uid: str, data: bytes, **headers: str) -> TestResponse:
        sent = {"Repr-Digest": digest(data), "Content-Type": "image/jpeg", **headers}
        return self.browser.put(self.url(f"photos/{uid}"), data=data, headers=sent)
