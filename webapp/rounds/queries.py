"""Reading rounds: lists, figures, and the rows that services change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from webapp.checklists.models import ChecklistVersion
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.rounds.models import (
    ConsumableUse,
    Inspection,
    OpenItem,
    Photo,
    Round,
    RoundTask,
)
from webapp.rounds.rules import SET_ASIDE, actions_for, days_left, progress, today_in

_aside, _task = aliased(Inspection), aliased(RoundTask)


def is_heard(inspection_id: InstrumentedAttribute[Any]) -> sa.ColumnElement[bool]:
    """Whether what an inspection wrote down is listened to: a supervisor has not set it aside (clause 31).

    Of a pair that waits for his choice both are, as with open items; and what no inspection wrote, too.

    :param inspection_id: of a device record, or of a consumable
    """
    return ~sa.exists().where(_aside.id == inspection_id, _aside.choice == SET_ASIDE)


def stands() -> sa.ColumnElement[bool]:
    """:func:`webapp.rounds.rules.stands` in SQL, over an inspection."""
    counts = sa.exists().where(_task.id == Inspection.task_id, _task.inspection_id == Inspection.id)
    was_tested = Inspection.verdict != "not_tested"
    return sa.and_(Inspection.choice != SET_ASIDE, sa.or_(was_tested, counts.correlate(Inspection)))


def round_of(session: Session, contract_id: int, month: str) -> Round:
    """The round of a month. :raise AppError: ``not_found``"""
    row = session.scalar(
        sa.select(Round).where(Round.contract_id == contract_id, Round.month == month)
    )
    if row is None:
        raise AppError("not_found")
    return row


def inspection_of(session: Session, contract_id: int, inspection_id: int) -> Inspection:
    """An inspection of the contract. :raise AppError: ``not_found``"""
    row = session.get(Inspection, inspection_id)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found")
    return row


def open_item_of(session: Session, contract_id: int, number: int) -> OpenItem:
    """The open item of that number. :raise AppError: ``not_found``"""
    row = session.scalar(
        sa.select(OpenItem).where(OpenItem.contract_id == contract_id, OpenItem.number == number)
    )
    if row is None:
        raise AppError("not_found")
    return row


def what_is_missing(session: Session, round_id: int) -> dict[str, int]:
    """What keeps a round from being accepted: ``todo``, ``pairs``, ``photos_returned``."""
    todo, pairs = session.execute(
        sa.select(
            sa.func.count().filter(RoundTask.outcome == "todo"),
            sa.func.count().filter(RoundTask.pair_open),
        ).where(RoundTask.round_id == round_id, RoundTask.removed.is_(False))
    ).one()
    returned = session.scalar(
        sa.select(sa.func.count())
        .select_from(Photo)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .where(
            Inspection.round_id == round_id,
            stands(),
            Photo.review == "returned",
            Photo.withdrawn.is_(False),
        )
    )
    return {"todo": todo, "pairs": pairs, "photos_returned": returned or 0}


def rounds_list(session: Session, access: Access, now: datetime) -> list[dict[str, Any]]:
    """The contract's rounds with their progress, latest first; two statements whatever their number."""
    rows = session.execute(
        sa.select(Round, ChecklistVersion.number, Contract.time_zone)
        .join(ChecklistVersion, ChecklistVersion.id == Round.checklist_id)
        .join(Contract, Contract.id == Round.contract_id)
        .where(Round.contract_id == access.contract_id)
        .order_by(Round.month.desc())
    ).all()
    counts = outcome_counts(session, [row.id for row, _number, _zone in rows])
    return [
        _round_out(row, number, today_in(zone, now), counts.get(row.id, {}), access)
        for row, number, zone in rows
    ]


def round_shown(session: Session, access: Access, month: str, now: datetime) -> dict[str, Any]:
    """One round as in the list. :raise AppError: ``not_found``"""
    row = round_of(session, access.contract_id, month)
    number = session.scalar(
        sa.select(ChecklistVersion.number).where(ChecklistVersion.id == row.checklist_id)
    )
    zone = session.get_one(Contract, access.contract_id).time_zone
    counts = outcome_counts(session, [row.id]).get(row.id, {})
    return _round_out(row, number or 0, today_in(zone, now), counts, access)


def version_of(session: Session, contract_id: int, now: datetime) -> tuple[int, date]:
    """The sequence number of the contract's last change, and its today: what a view is cached by."""
    head, zone = session.execute(
        sa.select(Contract.head_seq, Contract.time_zone).where(Contract.id == contract_id)
    ).one()
    return head, today_in(zone, now)


def outcome_counts(session: Session, round_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Tasks by outcome, per round."""
    rows = session.execute(
        sa.select(RoundTask.round_id, RoundTask.outcome, sa.func.count())
        .where(RoundTask.round_id.in_(round_ids), RoundTask.removed.is_(False))
        .group_by(RoundTask.round_id, RoundTask.outcome)
    )
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for round_id, outcome, count in rows:
        counts[round_id][outcome] = count
    return counts


def _round_out(
    row: Round, checklist: int, today: date, counts: dict[str, int], access: Access
) -> dict[str, Any]:
    return {
        "id": row.id,
        "month": row.month,
        "state": row.state,
        "due_on": row.due_on,
        "days_left": days_left(row.due_on, today),
        "checklist": checklist,
        "opened_at": row.opened_at,
        "finished_at": row.finished_at,
        "accepted_at": row.accepted_at,
        "progress": progress(counts).as_dict(),
        "actions": actions_for(row.state, access.rights),
    }


def consumables_statement(
    contract_id: int,
    *,
    month: str | None = None,
    device_id: int | None = None,
    room_id: int | None = None,
    consumable: str | None = None,
) -> sa.Select[*tuple[Any, ...]]:
    """Consumables that were replaced (clause 16), latest first, for paging; none that was set aside."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            ConsumableUse.id,
            ConsumableUse.consumable,
            ConsumableUse.quantity,
            ConsumableUse.used_on,
            ConsumableUse.inspection_id,
            ConsumableUse.device_id,
            Device.name.label("device_name"),
            Room.id.label("room_id"),
            Room.name_zh.label("room_zh"),
            Room.name_en.label("room_en"),
            Round.month,
        )
        .join(Inspection, Inspection.id == ConsumableUse.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .join(Room, Room.id == Inspection.room_id)
        .outerjoin(Device, Device.id == ConsumableUse.device_id)
        .where(ConsumableUse.contract_id == contract_id, is_heard(ConsumableUse.inspection_id))
        .order_by(ConsumableUse.used_on.desc(), ConsumableUse.id.desc())
    )
    wanted = (
        (Round.month, month),
        (ConsumableUse.device_id, device_id),
        (Inspection.room_id, room_id),
        (ConsumableUse.consumable, consumable),
    )
    for column, value in wanted:
        if value is not None:
            statement = statement.where(column == value)
    return statement
