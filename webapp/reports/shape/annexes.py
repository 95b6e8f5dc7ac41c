"""The annexes: check sheets and device records."""

from __future__ import annotations

from typing import TypedDict

from webapp.reports.shape.common import (
    DeviceRef,
    Outcome,
    OutcomeCounts,
    Place,
    Words,
)
from webapp.reports.shape.work import OpenItemChange, SignOff

# --- annexes


class CheckRow(TypedDict):
    """A line of the check sheet: ``seq`` counts through the sheet.

    ``verdict`` is ``todo`` for an item that was due and has no reading yet. ``remark`` is the reason.
    """

    seq: int
    item: Words
    normal: Words
    reading: Words
    verdict: Outcome
    severity: int | None
    remark: Words


class CheckDevice(TypedDict):
    """A device on the check sheet; null ``device`` is the room's own checklist.

    A device that could not be tested has its reason instead of rows.
    """

    device: DeviceRef | None
    outcome: Outcome
    inspector: Words
    inspected_on: str | None
    reason: Words
    reason_remark: str
    revisit_on: str | None
    remark: str
    rows: list[CheckRow]


class CheckFinding(TypedDict):
    """A new problem outside the test (非测试项目)."""

    device: str
    text: str
    severity: int
    fixed: bool


class CheckOpenItem(TypedDict):
    """An open item of the room, as the sheet lists it."""

    number: int
    device: str
    what: Words
    severity: int
    age_months: int
    change: OpenItemChange
    owner: Words
    due_on: str | None


class CheckConsumable(TypedDict):
    """A consumable that was replaced in the room."""

    device: str
    consumable: Words
    quantity: int


class CheckSheet(TypedDict):
    """运维检查表 of one room and month. ``started_at`` and ``ended_at`` by the phones' corrected clocks."""

    client: Words
    contract: Words
    place: Place
    month: str
    started_at: str | None
    ended_at: str | None
    inspectors: list[Words]
    counts: OutcomeCounts
    devices: list[CheckDevice]
    consumables: list[CheckConsumable]
    findings: list[CheckFinding]
    open_items: list[CheckOpenItem]
    sign_offs: list[SignOff]


class RecordRow(TypedDict):
    """A line of the device record sheet: ``category`` and ``result`` are keys."""

    recorded_on: str
    category: str
    item: Words
    anomaly: Words
    cause: Words
    action: Words
    part: Words
    result: str
    open_item: int | None
    recorded_by: Words
    reviewed_by: Words


class DeviceRecord(TypedDict):
    """设备记录表 of one device: its head, and its rows, the oldest first."""

    client: Words
    contract: Words
    device: DeviceRef
    place: Place
    serial: str
    ip: str
    firmware: str
    in_service_on: str | None
    warranty_until: str | None
    vendor: str
    quantity: int
    remark: str
    rows: list[RecordRow]
