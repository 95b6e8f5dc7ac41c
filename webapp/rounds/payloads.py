"""What a phone sends of an inspection, word for word: the payload of its operations.

msgspec and not marshmallow: an inspection is checked in microseconds, and a phone sends hundreds.
Every released version of these structs is accepted for ever: fields are only ever added, with a
default. Unknown fields are refused, so that author, role and sequence can't ride along.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Uid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Text = Annotated[str, msgspec.Meta(max_length=4000)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
# Times of the phone's clock are information: any text is taken, nothing is refused by it.
DeviceTime = Annotated[str, msgspec.Meta(max_length=40)]
Id = Annotated[int, msgspec.Meta(ge=1, le=2_147_483_647)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Severity = Annotated[int, msgspec.Meta(ge=1, le=4)]
# True is a photo item whose photo is there.
Value = bool | float | Annotated[str, msgspec.Meta(max_length=500)] | None


class ReadingIn(msgspec.Struct, forbid_unknown_fields=True):
    """One item's answer; ``fixed`` means fixed and retested before leaving (clause 18 ∆).

    ``bulk`` is one that "all OK" gave and nobody has touched since.
    """

    item: Key
    value: Value = None
    verdict: Literal["normal", "abnormal", "not_tested"] = "not_tested"
    cause: Short = ""
    action: Short = ""
    remark: Text = ""
    fixed: bool = False
    bulk: bool = False


class ConsumableIn(msgspec.Struct, forbid_unknown_fields=True):
    """A consumable replaced during the inspection (clause 16)."""

    consumable: Key
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class FindingIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new problem outside the test (clause 19)."""

    uid: Uid
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    severity: Severity = 3
    fixed: bool = False


class OpenItemAnswerIn(msgspec.Struct, forbid_unknown_fields=True):
    """An answer to an open item that was carried over (clause 18)."""

    number: Id
    answer: Literal["still", "solved"]
    remark: Text = ""


class PhotoIn(msgspec.Struct, forbid_unknown_fields=True):
    """A line of the photo manifest: what the server shall expect, byte for byte."""

    id: Uid
    sha256: Sha256
    bytes: Annotated[int, msgspec.Meta(ge=1, le=20_000_000)]
    item: Key | None = None
    finding: Uid | None = None
    open_item: Id | None = None
    width: Count = 0
    height: Count = 0
    taken_at: DeviceTime = ""


class ExceptionIn(msgspec.Struct, forbid_unknown_fields=True):
    """Why the device or room could not be tested, and when somebody comes again."""

    reason: Key
    remark: Text = ""
    revisit_on: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class InspectionIn(msgspec.Struct, forbid_unknown_fields=True):
    """The payload of ``inspection``, and with ``amends`` of ``amendment``."""

    uid: Uid
    round_id: Id
    room_id: Id
    device_id: Id | None
    checklist: Id
    started_at: DeviceTime = ""
    finished_at: DeviceTime = ""
    scanned_code: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    bulk_ok: bool = False
    dwell_seconds: Count = 0
    readings: Annotated[list[ReadingIn], msgspec.Meta(max_length=200)] = []
    remark: Text = ""
    consumables: Annotated[list[ConsumableIn], msgspec.Meta(max_length=50)] = []
    findings: Annotated[list[FindingIn], msgspec.Meta(max_length=50)] = []
    open_items: Annotated[list[OpenItemAnswerIn], msgspec.Meta(max_length=100)] = []
    photos: Annotated[list[PhotoIn], msgspec.Meta(max_length=100)] = []
    exception: ExceptionIn | None = None
    amends: Id | None = None
