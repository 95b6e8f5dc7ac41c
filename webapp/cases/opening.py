"""What a case is opened with, what it is called, and what it is of: room, device, open item, parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.kinds import CAME_OF, name_of, parsed_name
from webapp.cases.models import Case
from webapp.cases.steps import Kind
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.rounds.models import OpenItem

Source = Literal["desk", "phone", "label", "mail", "hotline", "link", "round"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new case is opened with; ``at`` is when it was made, on a phone perhaps long ago.

    A device gives its room. ``open_item`` is its number; ``parent`` the name of the case that it comes of.
    """

    uid: str
    kind: str
    title: str
    at: datetime
    text: str = ""
    severity: int | None = None
    room_id: int | None = None
    device_id: int | None = None
    open_item: int | None = None
    parent: str | None = None
    source: Source = "desk"
    reporter_name: str = ""
    reporter_contact: str = ""
    token_hash: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def called(case: Case) -> str:
    """What people call a case: F12."""
    return name_of(case.kind, case.number)


def case_named(session: Session, contract_id: int, name: str) -> Case:
    """The case of a name like F12. :raise AppError: ``not_found``"""
    kind, number = parsed_name(name)
    case = session.scalar(
        sa.select(Case).where(
            Case.contract_id == contract_id, Case.kind == kind.key, Case.number == number
        )
    )
    if case is None:
        raise AppError("not_found")
    return case


@dataclass(slots=True)
class Places:
    """What a case is of, by ids."""

    room_id: int | None
    device_id: int | None
    open_item_id: int | None = None
    parent_id: int | None = None

    def take_over(self, other: OpenItem | Case) -> None:
        """Have the place of what it comes of, where it says none itself."""
        self.room_id = self.room_id or other.room_id
        self.device_id = self.device_id or other.device_id


def places_of(session: Session, contract_id: int, kind: Kind, opening: Opening) -> Places:
    """What it is of: room, device, open item, and the case that it comes of."""
    found = Places(opening.room_id, opening.device_id)
    if opening.open_item is not None:
        item = session.scalar(
            sa.select(OpenItem).where(
                OpenItem.contract_id == contract_id, OpenItem.number == opening.open_item
            )
        )
        if item is None:
            raise AppError("open_item_unknown", number=opening.open_item)
        found.open_item_id = item.id
        found.take_over(item)
    if opening.parent is not None:
        parent = _parent(session, contract_id, kind, opening.parent)
        found.parent_id = parent.id
        found.open_item_id = found.open_item_id or parent.open_item_id
        found.take_over(parent)
    _check_place(session, contract_id, found)
    return found


def _check_place(session: Session, contract_id: int, found: Places) -> None:
    """A device stands in its room; both are the contract's own."""
    if found.device_id is not None:
        device = session.get(Device, found.device_id)
        if device is None or device.contract_id != contract_id:
            raise AppError("device_unknown", device_id=found.device_id)
        found.room_id = device.room_id
    if found.room_id is not None:
        room = session.get(Room, found.room_id)
        if room is None or room.contract_id != contract_id:
            raise AppError("room_unknown", room_id=found.room_id)


def _parent(session: Session, contract_id: int, kind: Kind, name: str) -> Case:
    try:
        parent = case_named(session, contract_id, name)
    except AppError as error:
        raise AppError("case_unknown", name=name) from error
    if parent.kind not in CAME_OF[kind.key]:
        raise AppError("case_unknown", name=name)
    return parent
