"""What was sent back, answers and photos in one list: what was answered waits for a second look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.acceptance.models import ReturnedAnswer
from webapp.acceptance.return_queries import state_column
from webapp.acceptance.return_rules import STATES
from webapp.checklists.content import ROOM_TYPE, item_of
from webapp.checklists.models import ChecklistVersion
from webapp.desk.words import PLACE_COLUMNS, place_of
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import User
from webapp.listing import Column, Listing, Rows, containing
from webapp.rounds.models import Inspection, Photo, Round
from webapp.rounds.queries import stands

_STATES = {
    "answered": ("已答复，待复看", "Answered, look again"),
    "open": ("等工程师答复", "With the engineer"),
    "closed": ("已了结", "Closed"),
    "withdrawn": ("已撤回", "Withdrawn"),
}
_KINDS = {"answer": ("读数", "Answer"), "photo": ("照片", "Photo")}
_later = aliased(Photo)


def _same_target() -> sa.ColumnElement[bool]:
    """A photo of the same inspection that shows the same as the one that was sent back."""
    return sa.and_(
        _later.inspection_id == Photo.inspection_id,
        _later.item.is_not_distinct_from(Photo.item),
        _later.finding_uid.is_not_distinct_from(Photo.finding_uid),
        _later.open_item_number.is_not_distinct_from(Photo.open_item_number),
        _later.withdrawn.is_(False),
    )


def _taken_anew(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The photos that came in its place: received after it had been sent back."""
    came = _later.received_at > Photo.reviewed_at
    return sa.select(_later.uid).where(_same_target(), came, *conditions)


def _photo_state() -> sa.ColumnElement[str]:
    """A photo is answered when its amendment left it out, and the new one was not looked at yet.

    One that was left out with nothing in its place is answered too: that is for a supervisor to see.
    """
    on_its_way = sa.exists().where(
        _same_target(), _later.received_at.is_(None), _later.id > Photo.id
    )
    return sa.case(
        (sa.not_(stands()), "withdrawn"),
        (Photo.withdrawn.is_(False), "open"),
        (_taken_anew(_later.review == "none").exists(), "answered"),
        (_taken_anew().exists(), "closed"),
        (on_its_way, "open"),
        else_="answered",
    )


def _answers() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        sa.literal("answer").label("kind"),
        ("answer-" + sa.cast(ReturnedAnswer.id, sa.String)).label("key"),
        ReturnedAnswer.id.label("returned_id"),
        sa.cast(sa.null(), sa.String).label("photo_uid"),
        sa.cast(sa.null(), sa.String).label("new_photo_uid"),
        ReturnedAnswer.contract_id,
        ReturnedAnswer.inspection_id,
        ReturnedAnswer.item,
        ReturnedAnswer.revision.label("returned_revision"),
        ReturnedAnswer.remark,
        state_column().label("state"),
        ReturnedAnswer.returned_by_id,
        ReturnedAnswer.returned_at,
        ReturnedAnswer.closed_by_id,
        ReturnedAnswer.closed_at,
    ).join(Inspection, Inspection.id == ReturnedAnswer.inspection_id)


def _photos() -> sa.Select[*tuple[Any, ...]]:
    newest = _taken_anew().order_by(_later.id.desc()).limit(1).scalar_subquery()
    return (
        sa.select(
            sa.literal("photo"),
            "photo-" + Photo.uid,
            sa.cast(sa.null(), sa.Integer),
            Photo.uid,
            newest,
            Photo.contract_id,
            Photo.inspection_id,
            Photo.item,
            sa.cast(sa.null(), sa.Integer),
            Photo.review_remark,
            _photo_state(),
            Photo.reviewed_by_id,
            Photo.reviewed_at,
            sa.cast(sa.null(), sa.Integer),
            sa.cast(sa.null(), Photo.reviewed_at.type),
        )
        .join(Inspection, Inspection.id == Photo.inspection_id)
        # Spelled out, so that the database sees that its index of those that were sent back will do.
        .where(Photo.review == sa.literal_column("'returned'"), Photo.reviewed_at.is_not(None))
    )


_returned = sa.union_all(_answers(), _photos()).subquery("returned")
_author, _returner, _closer = aliased(User), aliased(User), aliased(User)
_R = _returned.c
_NAMES = [column.name for column in _R if column.name != "contract_id"]


def dress_returns(
    session: Session, contract_id: int, rows: Rows, _now: datetime | None = None
) -> list[dict[str, Any]]:
    """The rows of :data:`RETURNS` as plain data, with their items' names."""
    numbers = {row.Inspection.checklist_number for row in rows}
    statement = sa.select(ChecklistVersion.number, ChecklistVersion.content).where(
        ChecklistVersion.contract_id == contract_id, ChecklistVersion.number.in_(numbers)
    )
    contents: dict[int, dict[str, Any]] = dict(session.execute(statement).all())
    return [_dressed(row, contents.get(row.Inspection.checklist_number)) for row in rows]


def _dressed(row: Any, content: dict[str, Any] | None) -> dict[str, Any]:
    inspection, device = row.Inspection, row.Device
    kind = device.type if device else ROOM_TYPE
    item = item_of(content, kind, row.item) if content and row.item else None
    return {
        **{name: getattr(row, name) for name in _NAMES},
        "item_zh": item["zh"] if item else None,
        "item_en": item["en"] if item else None,
        "month": row.month,
        **place_of(row.Room, row.Building, device),
        "inspection_uid": inspection.uid,
        "revision": inspection.revision,
        "author_id": inspection.author_id,
        "author": row.author,
        "author_en": row.author_en,
        "returned_by": row.returned_by,
        "returned_by_en": row.returned_by_en,
        "closed_by": row.closed_by,
        "closed_by_en": row.closed_by_en,
    }


RETURNS = Listing(
    name="returns",
    title=("退回", "Sent back"),
    select=sa.select(
        *_R,
        Inspection,
        Round.month,
        Room,
        Building,
        Device,
        _author.name.label("author"),
        _author.name_en.label("author_en"),
        _returner.name.label("returned_by"),
        _returner.name_en.label("returned_by_en"),
        _closer.name.label("closed_by"),
        _closer.name_en.label("closed_by_en"),
    )
    .select_from(_returned)
    .join(Inspection, Inspection.id == _R.inspection_id)
    .join(Round, Round.id == Inspection.round_id)
    .join(Room, Room.id == Inspection.room_id)
    .join(Building, Building.id == Room.building_id)
    .join(_author, _author.id == Inspection.author_id)
    .outerjoin(_returner, _returner.id == _R.returned_by_id)
    .outerjoin(_closer, _closer.id == _R.closed_by_id)
    .outerjoin(Device, Device.id == Inspection.device_id),
    contract=_R.contract_id,
    filters={
        "state": _R.state,
        "kind": _R.kind,
        "key": _R.key,
        "month": Round.month,
        "room_id": Inspection.room_id,
        "author_id": Inspection.author_id,
        "inspection_id": _R.inspection_id,
        "q": containing(Room.name_zh, Room.name_en, Device.name, _R.remark, _author.name),
    },
    sorts={
        "returned_at": (_R.returned_at,),
        "place": (Building.position, Building.id, Room.floor, Room.name_zh, Device.name),
        "author": (_author.name, _R.returned_at),
        "kind": (_R.kind, _R.returned_at),
    },
    sort="returned_at",
    tie=_R.key,
    tab="state",
    states=STATES,
    dress=dress_returns,
    columns=(
        Column("month", "月份", "Month"),
        Column("state", "状态", "State", _STATES),
        Column("kind", "类别", "Kind", _KINDS),
        *PLACE_COLUMNS,
        Column("item", "检查项", "Item"),
        Column("remark", "退回原因", "Why it was sent back"),
        Column("author", "检查人", "Inspected by"),
        Column("returned_by", "退回人", "Sent back by"),
        Column("returned_at", "退回时间", "Sent back"),
        Column("closed_by", "了结人", "Closed by"),
        Column("closed_at", "了结时间", "Closed at"),
    ),
)
