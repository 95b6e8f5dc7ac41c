"""What phones send and pull of the service desk's cases (clauses 38-42); the law of ``wire.py`` holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from webapp.rounds.payloads import Count, DeviceTime, Id, Key, Severity, Sha256, Text, Uid

# A moment with its offset from UTC; what is no such one can't be read.
WorkTime = Annotated[datetime, msgspec.Meta(tz=True)]
_Given = Annotated[str, msgspec.Meta(max_length=4000)] | bool | int | float | None


class CasePhotoIn(msgspec.Struct, forbid_unknown_fields=True):
    """A photo that the server shall expect, byte for byte."""

    id: Uid
    sha256: Sha256
    bytes: Annotated[int, msgspec.Meta(ge=1, le=20_000_000)]
    width: Count = 0
    height: Count = 0
    taken_at: DeviceTime = ""


CasePhotos = Annotated[list[CasePhotoIn], msgspec.Meta(max_length=10)]


class CaseOpenIn(msgspec.Struct, forbid_unknown_fields=True):
    """The payload of ``case_open``: a fault that was declared on the phone (clause 8), at this time.

    ``open_item`` is the number of one that is carried over. What an inspection has only just found has
    no number on the phone: it is named by the ``inspection`` with its ``item`` or ``finding``.
    """

    uid: Uid
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: Text = ""
    severity: Severity = 3
    room_id: Id | None = None
    device_id: Id | None = None
    open_item: Id | None = None
    inspection: Uid | None = None
    item: Key | None = None
    finding: Uid | None = None
    photos: CasePhotos = []
    at: DeviceTime = ""


class CaseStepIn(msgspec.Struct, forbid_unknown_fields=True):
    """The payload of ``case_step``: a step of a case, by the case's ``uid``, taken at this time."""

    uid: Uid
    case: Uid
    step: Annotated[str, msgspec.Meta(min_length=1, max_length=24)]
    fields: Annotated[dict[Key, _Given], msgspec.Meta(max_length=40)] = {}
    photos: CasePhotos = []
    at: DeviceTime = ""


class HoursLogIn(msgspec.Struct, forbid_unknown_fields=True):
    """The payload of ``hours_log``: what somebody has worked on a case after hours (clauses 23-24).

    ``began_at`` and ``ended_at`` are what he says; ``at`` is when he said it, by the phone's clock.
    """

    uid: Uid
    case: Uid
    began_at: WorkTime
    ended_at: WorkTime
    break_minutes: Annotated[int, msgspec.Meta(ge=0, le=1440)] = 0
    note: Text = ""
    at: DeviceTime = ""


class CaseClockRow(msgspec.Struct, omit_defaults=True):
    """A clock of a case; ``due_on`` is the local day that a term in days ends with."""

    name: str
    state: str
    started_at: str
    due_at: str | None = None
    due_on: str | None = None
    provisional: bool = False
    ended_at: str | None = None


class CaseLineRow(msgspec.Struct, omit_defaults=True):
    """A line of a case's timeline; ``received_at`` where that was more than a minute later."""

    uid: str
    step: str
    after: str
    at: str
    before: str = ""
    received_at: str | None = None
    author_id: int | None = None
    author: str = ""
    text: str = ""
    given: dict[str, str | bool | int | float | None] = {}
    internal: bool = False
    photos: list[str] = []


class PlannedRow(msgspec.Struct, omit_defaults=True):
    """Somebody planned for a case after hours."""

    user_id: int
    from_at: str
    to_at: str
    task: str = ""


class HoursLineRow(msgspec.Struct, omit_defaults=True):
    """What somebody has worked on a case, in half hours; one that was voided says so."""

    uid: str
    user_id: int
    began_at: str
    ended_at: str
    half_hours: int
    voided: bool = False
    note: str = ""


class HoursRow(msgspec.Struct, omit_defaults=True):
    """A case after hours: who is planned, what was worked, and what the contract's year has left.

    Hours are in half hours; ``projection`` and ``projected_on`` say when the free ones end.
    """

    rounding: Literal["up", "nearest"]
    free: int
    used: int
    planned: int
    projection: str
    projected_on: str | None = None
    plan: list[PlannedRow] = []
    lines: list[HoursLineRow] = []


class CaseRow(msgspec.Struct, omit_defaults=True):
    """A case that still waits for somebody; ``name`` is what people call it by, ``owner_id`` who answers.

    ``done_at`` is told of one that is over: its device was put right then, and nobody has inspected it
    since. ``facts`` are those that some of its steps hang on, such as a repair's way.
    """

    uid: str
    name: str
    kind: str
    state: str
    title: str
    opened_at: str
    severity: int | None = None
    level: Literal[1, 2] = 1
    text: str = ""
    room_id: int | None = None
    device_id: int | None = None
    open_item: int | None = None
    owner_id: int | None = None
    reporter: str = ""
    reporter_en: str = ""
    contact: str = ""
    facts: dict[str, str] = {}
    clocks: list[CaseClockRow] = []
    timeline: list[CaseLineRow] = []
    hours: HoursRow | None = None
    done_at: str | None = None
