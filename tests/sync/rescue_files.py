"""Rescue files as the phone's ``rescue.ts`` makes them: nothing compressed, sizes after the bytes."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

from tests.sync.phone import Operation, sha256


class _Stream(io.RawIOBase):
    """A file that can't seek, so that each member's size comes after it, as from the phone."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)


@dataclass
class Rescue:
    """What is on the phone when its owner saves the file."""

    user_id: int
    operations: list[Operation] = field(default_factory=list)
    photos: dict[str, bytes] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    drafts: list[Any] = field(default_factory=list)
    contract: str = "HQ"
    phone_id: str = "phone-1"
    format: int = 1

    def manifest(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "user_id": self.user_id,
            "contract": self.contract,
            "phone_id": self.phone_id,
            "made_at": "2026-03-04T02:00:00Z",
            "operations": [
                {"id": one["id"], "hash": one["hash"], "kind": one["kind"]}
                for one in self.operations
            ],
            "photos": [
                {
                    "id": uid,
                    "file": f"photos/{uid}.jpg",
                    "sha256": sha256(data),
                    "bytes": len(data),
                    "type": "image/jpeg",
                    "inspection": None,
                    "state": self.states.get(uid, "waiting"),
                }
                for uid, data in self.photos.items()
            ],
        }

    def members(self) -> dict[str, bytes]:
        """The file's members by their names."""
        texts = {"manifest.json": self.manifest(), "drafts.json": self.drafts}
        texts |= {f"operations/{one['id']}.json": one for one in self.operations}
        members = {name: json.dumps(content).encode() for name, content in texts.items()}
        return members | {f"photos/{uid}.jpg": data for uid, data in self.photos.items()}

    def pack(self) -> bytes:
        return packed(self.members())


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these members."""
    stream = _Stream()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return b"".join(stream.parts)
