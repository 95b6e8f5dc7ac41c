"""The wire format of sync: the truth for the server, and through the OpenAPI for the client's types.

Released versions are accepted for ever: fields are only ever added, with a default.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from webapp.acceptance.rules import MOST_POINTS, MOST_STROKES
from webapp.rounds.payloads import Count, DeviceTime, Id, Sha256, Uid
from webapp.sync.case_wire import CaseRow

ENVELOPE = 1

PhoneId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Version = Annotated[str, msgspec.Meta(max_length=40)]
Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
ResultName = Literal["applied", "duplicate", "conflict", "quarantined", "retry"]


class ScanIn(msgspec.Struct, forbid_unknown_fields=True):
    """The payload of ``scan``: a label was read on the spot, at this time by the phone's clock."""

    uid: Uid
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    device_id: Id | None = None
    result: Literal["expected", "done", "unexpected", "foreign", "revoked", "mismatch"] = "expected"
    at: DeviceTime = ""


Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Point = Annotated[list[Share], msgspec.Meta(min_length=2, max_length=2)]
Stroke = Annotated[list[Point], msgspec.Meta(max_length=MOST_POINTS)]


class SeenInspection(msgspec.Struct, forbid_unknown_fields=True):
    """An inspection in the revision in which the engineer saw it."""

    uid: Uid
    revision: Id


class SelfCheckIn(msgspec.Struct, forbid_unknown_fields=True):
    """The payload of ``self_check``: a room's self-check, signed on the phone (clause 30).

    ``inspections`` are all that count in the room, as the engineer saw them. ``strokes`` are drawn by
    hand, points in shares of a box three times as wide as high; ``name`` is typed in their place.
    """

    uid: Uid
    round_id: Id
    room_id: Id
    inspections: Annotated[list[SeenInspection], msgspec.Meta(min_length=1, max_length=1000)]
    strokes: Annotated[list[Stroke], msgspec.Meta(max_length=MOST_STROKES)] = []
    name: Annotated[str, msgspec.Meta(max_length=80)] = ""
    at: DeviceTime = ""


class OperationIn(msgspec.Struct, forbid_unknown_fields=True):
    """One envelope of the outbox; ``hash`` is the SHA-256 of the payload text's UTF-8 bytes."""

    id: Uid
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    version: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    payload: str
    hash: Sha256


class Unsent(msgspec.Struct, forbid_unknown_fields=True):
    """What the phone still holds, as it counts itself.

    ``lost`` of the photos can't be sent by it any more: their bytes are damaged or gone.
    """

    records: Count = 0
    photos: Count = 0
    lost: Count = 0


class Storage(msgspec.Struct, forbid_unknown_fields=True):
    """The room that the browser gives on the phone, and whether it has promised to keep what is there."""

    used_bytes: Bytes
    quota_bytes: Bytes
    persisted: bool = False


class PhoneReport(msgspec.Struct):
    """``phone`` of a pull, as JSON: how the phone is, told also when it has nothing to push."""

    phone_id: PhoneId
    device_time: DeviceTime = ""
    unsent: Unsent = msgspec.field(default_factory=Unsent)
    app_version: Version = ""
    storage: Storage | None = None


class PushIn(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST …/sync/push``."""

    envelope: Literal[1]
    phone_id: PhoneId
    operations: list[OperationIn]
    device_time: DeviceTime = ""
    unsent: Unsent = msgspec.field(default_factory=Unsent)
    app_version: Version = ""
    storage: Storage | None = None


class OperationOut(msgspec.Struct, omit_defaults=True):
    """The answer for one operation; it counts only when id and hash are echoed."""

    id: str
    hash: str
    result: ResultName
    code: str = ""
    detail: dict[str, Any] = {}


class PushOut(msgspec.Struct):
    """The answer of a push."""

    epoch: str
    head: int
    server_time: str
    results: list[OperationOut]
    envelope: Literal[1] = 1


class PhotoOut(msgspec.Struct):
    """The answer of a photo's PUT: given once the bytes are durable and the row is committed."""

    epoch: str
    head: int
    id: str
    sha256: str
    bytes: int
    result: Literal["stored", "duplicate"]
    envelope: Literal[1] = 1


class TakenPhoto(msgspec.Struct):
    """One of several photos that came in one body."""

    id: str
    sha256: str
    bytes: int
    result: Literal["stored", "duplicate"]


class PhotosOut(msgspec.Struct):
    """The answer of several photos' PUT: given once all are durable and their rows are committed."""

    epoch: str
    head: int
    photos: list[TakenPhoto]
    envelope: Literal[1] = 1


class HeldPhoto(msgspec.Struct, forbid_unknown_fields=True):
    """A photo that the phone still holds."""

    id: Uid
    sha256: Sha256


class HeldOperation(msgspec.Struct, forbid_unknown_fields=True):
    """An operation that the phone still holds."""

    id: Uid
    hash: Sha256


class MissingIn(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST …/sync/missing``."""

    photos: Annotated[list[HeldPhoto], msgspec.Meta(max_length=5000)] = []
    operations: Annotated[list[HeldOperation], msgspec.Meta(max_length=5000)] = []


class MissingOut(msgspec.Struct):
    """What of it the server lacks."""

    epoch: str
    head: int
    missing_photos: list[str]
    missing_operations: list[str]
    envelope: Literal[1] = 1


class PersonRow(msgspec.Struct):
    """A member of the contract; ``role`` is null once he has left."""

    id: int
    name: str
    name_en: str
    role: str | None


class ContractRow(msgspec.Struct):
    """The contract's facts that the phone shows."""

    id: int
    code: str
    name_zh: str
    name_en: str
    client_zh: str
    client_en: str
    time_zone: str
    due_day: int


class BuildingRow(msgspec.Struct):
    """A building."""

    id: int
    name_zh: str
    name_en: str
    position: int


class RoomRow(msgspec.Struct):
    """A room on its floor."""

    id: int
    building_id: int
    floor: str
    name_zh: str
    name_en: str


class DeviceRow(msgspec.Struct, omit_defaults=True):
    """A device of the register; fields at their default are left out of the wire.

    A ``retired`` one is on the phone for as long as a round that takes something has a task of it.
    """

    id: int
    room_id: int
    type: str
    name: str
    maker: str = ""
    model: str = ""
    serial: str = ""
    asset_number: str = ""
    ip: str = ""
    firmware: str = ""
    in_service_on: str | None = None
    warranty_until: str | None = None
    quantity: int = 1
    register: dict[str, Any] = {}
    remark: str = ""
    retired: bool = False


class LabelRow(msgspec.Struct, omit_defaults=True):
    """A label code; a revoked one stays known, so that the phone can say so."""

    id: int
    code: str
    device_id: int | None = None
    revoked: bool = False


class ChecklistRow(msgspec.Struct):
    """A published version, whole."""

    id: int
    number: int
    content: dict[str, Any]


class RoundRow(msgspec.Struct):
    """A round; the phone holds those that are not accepted yet."""

    id: int
    month: str
    state: str
    due_on: str
    checklist: int


class PreviousMonth(msgspec.Struct, omit_defaults=True):
    """What the last inspected month said of the device: shown beside the new reading, offline."""

    month: str
    verdict: str
    readings: dict[str, float | str | None] = {}
    photos: dict[str, str] = {}
    exception: str | None = None


class TaskRow(msgspec.Struct, omit_defaults=True):
    """One device or room to inspect in the round."""

    id: int
    round_id: int
    room_id: int
    device_id: int | None = None
    outcome: Literal["todo", "normal", "abnormal", "not_tested"] = "todo"
    assignee_id: int | None = None
    inspection_uid: str | None = None
    pair_open: bool = False
    not_due: list[str] = []
    previous: PreviousMonth | None = None
    repeat: dict[str, int] = {}


class InspectionRow(msgspec.Struct, omit_defaults=True):
    """An inspection of one of the phone's rounds as the server holds it, without its readings."""

    uid: str
    task_id: int
    author_id: int
    revision: int
    verdict: str
    received_at: str
    photos_expected: int = 0
    photos_received: int = 0
    # The day of the second visit that a not-tested outcome promises.
    revisit_on: str | None = None


class OpenItemRow(msgspec.Struct, omit_defaults=True):
    """An open item that the round carries; ``opened_uid`` is the reader's own inspection that opened it,
    while its round takes corrections.
    """

    id: int
    number: int
    room_id: int
    severity: int
    opened_month: str
    device_id: int | None = None
    item: str | None = None
    text: str = ""
    cause: str = ""
    action: str = ""
    owner_id: int | None = None
    due_on: str | None = None
    opened_uid: str = ""


class ReturnedPhotoRow(msgspec.Struct, omit_defaults=True):
    """A photo that the supervisor sent back, with his words and marks.

    ``payload`` is its inspection's revision ``revision``, word for word as it was sent: a phone that
    doesn't hold the record (another one, or of whoever took the room over) fills the amendment by it.
    """

    id: str
    task_id: int
    inspection_uid: str
    author_id: int
    item: str | None = None
    remark: str = ""
    marks: list[Any] = []
    returned_by_id: int | None = None
    returned_at: str = ""
    revision: int = 0
    payload: str = ""


class ReturnedAnswerRow(msgspec.Struct, omit_defaults=True):
    """An answer that was sent back, with what is wrong; ``item`` is null for the whole inspection.

    Any revision above ``revision`` answers it. ``payload`` is that of a returned photo.
    """

    id: int
    task_id: int
    inspection_uid: str
    author_id: int
    revision: int
    item: str | None = None
    remark: str = ""
    returned_by_id: int | None = None
    returned_at: str = ""
    payload: str = ""


class ChangedRow(msgspec.Struct, omit_defaults=True):
    """What changed of what was signed: a task, and the items of it that differ."""

    why: str
    task_id: int | None = None
    device_id: int | None = None
    items: list[str] = []
    by: int | None = None


class SignOffRow(msgspec.Struct, omit_defaults=True):
    """A room's sign-off; one that was ``voided`` comes to its signer alone, with what ``changed``."""

    uid: str
    round_id: int
    room_id: int
    level: str
    user_id: int
    signed_at: str
    voided: bool = False
    changed: list[ChangedRow] = []


class PullRows(msgspec.Struct, omit_defaults=True):
    """The rows that changed after the cursor, by kind."""

    contract: list[ContractRow] = []
    people: list[PersonRow] = []
    buildings: list[BuildingRow] = []
    rooms: list[RoomRow] = []
    devices: list[DeviceRow] = []
    labels: list[LabelRow] = []
    checklists: list[ChecklistRow] = []
    rounds: list[RoundRow] = []
    tasks: list[TaskRow] = []
    inspections: list[InspectionRow] = []
    open_items: list[OpenItemRow] = []
    returned_photos: list[ReturnedPhotoRow] = []
    returned_answers: list[ReturnedAnswerRow] = []
    sign_offs: list[SignOffRow] = []
    cases: list[CaseRow] = []


class Gone(msgspec.Struct, omit_defaults=True):
    """The ids that the phone shall drop, by kind; its own unsent work is never among them."""

    rooms: list[int] = []
    devices: list[int] = []
    checklists: list[int] = []
    rounds: list[int] = []
    tasks: list[int] = []
    inspections: list[str] = []
    open_items: list[int] = []
    returned_photos: list[str] = []
    returned_answers: list[int] = []
    sign_offs: list[str] = []
    cases: list[str] = []


class PullOut(msgspec.Struct):
    """The answer of ``GET …/sync/pull``; ``full`` tells the phone to replace what it holds."""

    epoch: str
    head: int
    server_time: str
    full: bool
    rows: PullRows
    gone: Gone
    envelope: Literal[1] = 1
