"""Spare parts and the movements of their stock: received, used, returned, counted (clauses 32-35)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.opening import case_named
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.identity.rules import Access
from webapp.notifications import services as notifications
from webapp.spares import rules
from webapp.spares.models import SparePart, StockMovement
from webapp.spares.words import low_message

USEFUL_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Moving:
    """A movement by hand; ``case`` is a name, ``uid`` keeps it from being moved twice."""

    uid: str
    kind: rules.Movement
    quantity: int
    case: str | None = None
    device_id: int | None = None
    note: str = ""


def part_of(session: Session, contract_id: int, part_id: int) -> SparePart:
    """A part of the contract. :raise AppError: ``not_found``"""
    part = session.get(SparePart, part_id)
    if part is None or part.contract_id != contract_id:
        raise AppError("not_found")
    return part


def stock_of(session: Session, part_id: int) -> int:
    """How many pieces are there."""
    statement = sa.select(sa.func.sum(StockMovement.change)).where(StockMovement.part_id == part_id)
    return session.scalar(statement) or 0


def add_part(
    session: Session, access: Access, uid: str, given: Mapping[str, Any], now: datetime
) -> SparePart:
    """A new kind of spare part; the same ``uid`` again is the part that it had become.

    :raise AppError: ``invalid`` without a name
    """
    take_sequence(session, access.contract_id)
    known = session.scalar(
        sa.select(SparePart).where(
            SparePart.contract_id == access.contract_id, SparePart.uid == uid
        )
    )
    if known is not None:
        return known
    part = SparePart(contract_id=access.contract_id, uid=uid, created_at=now, **_plain(given))
    session.add(part)
    session.flush()  # the audit line names its id
    _audit(session, access, "add", part, audit.first_values(dict(given)), now)
    return part


def change_part(
    session: Session, access: Access, part_id: int, changes: Mapping[str, Any], now: datetime
) -> SparePart:
    """Change what a part is called, where it lies, its threshold; ``retired`` takes it off the list.

    :raise AppError: ``not_found``; ``invalid`` without a name
    """
    part = part_of(session, access.contract_id, part_id)
    wanted = _plain({name: value for name, value in changes.items() if name != "retired"})
    before: dict[str, Any] = {name: getattr(part, name) for name in wanted}
    for name, value in wanted.items():
        setattr(part, name, value)
    if "retired" in changes:
        before["retired"] = part.retired_at is not None
        wanted["retired"] = changes["retired"]
        part.retired_at = (part.retired_at or now) if changes["retired"] else None
    _audit(session, access, "change", part, audit.differences(before, wanted), now)
    return part


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    plain = {
        name: value.strip() if isinstance(value, str) else value for name, value in given.items()
    }
    if plain.get("name") == "":
        raise AppError("invalid", fields={"name": ["missing"]})
    return plain


def move_stock(
    session: Session, access: Access, part_id: int, moving: Moving, now: datetime
) -> StockMovement:
    """Move a stock by hand; the same ``uid`` again moves nothing more. What is used is used on something.

    :raise AppError: ``not_found``; ``invalid``, by field; ``stock_short``; ``case_unknown``,
        ``device_unknown``
    """
    take_sequence(session, access.contract_id)
    part = part_of(session, access.contract_id, part_id)
    known = session.scalar(
        sa.select(StockMovement).where(
            StockMovement.contract_id == access.contract_id, StockMovement.uid == moving.uid
        )
    )
    if known is not None:
        return known
    case_id = _case_id(session, access, moving.case)
    device_id = _device_id(session, access, moving.device_id)
    if moving.kind == "used" and case_id is None and device_id is None:
        raise AppError("invalid", fields={"case": ["missing"]})
    return note_movement(
        session,
        access,
        part,
        StockMovement(
            contract_id=access.contract_id,
            uid=moving.uid,
            part_id=part.id,
            kind=moving.kind,
            quantity=moving.quantity,
            change=0,
            stock=0,
            case_id=case_id,
            device_id=device_id,
            note=moving.note.strip(),
            moved_by_id=access.user_id,
            moved_at=now,
        ),
    )


def note_movement(
    session: Session, access: Access, part: SparePart, row: StockMovement
) -> StockMovement:
    """Let a movement change the stock, and tell the supervisors where it falls below its threshold.

    :raise AppError: ``invalid``; ``stock_short``
    """
    before = stock_of(session, part.id)
    kind: rules.Movement = row.kind  # type: ignore[assignment]
    row.change = rules.change_by(kind, row.quantity, before)
    row.stock = before + row.change
    session.add(row)
    session.flush()  # what is told of it names its id
    diff = {"stock": [before, row.stock], "why": ["", row.kind]}
    _audit(session, access, "move_stock", part, diff, row.moved_at)
    if rules.falls_low(before, row.stock, part.threshold):
        _tell_low(session, part, row)
    return row


def _case_id(session: Session, access: Access, name: str | None) -> int | None:
    if not name:
        return None
    try:
        return case_named(session, access.contract_id, name).id
    except AppError as error:
        raise AppError("case_unknown", name=name) from error


def _device_id(session: Session, access: Access, device_id: int | None) -> int | None:
    if device_id is None:
        return None
    device = session.get(Device, device_id)
    if device is None or device.contract_id != access.contract_id:
        raise AppError("device_unknown", device_id=device_id)
    return device_id


def _tell_low(session: Session, part: SparePart, row: StockMovement) -> None:
    """Tell who manages the rounds, once for each time that it falls low."""
    contract = session.get_one(Contract, part.contract_id)
    path = f"/desk/spares?contract={contract.code}&part={part.id}"
    for one in reachable(session, contract.id):
        if "manage_round" not in one.rights:
            continue
        to = one.recipient
        named = (contract.name_en or contract.name_zh) if to.reads == "en" else contract.name_zh
        words: dict[str, object] = {
            "part": " ".join(filter(None, (part.name, part.model))),
            "stock": row.stock,
            "threshold": part.threshold,
        }
        notifications.tell(
            session,
            to,
            contract_id=contract.id,
            kind="stock_low",
            details=dict(words),
            path=path,
            key=f"stock_low:{row.id}",
            now=row.moved_at,
            message=low_message(
                {**words, "contract": named}, name=to.name, path=path, language=to.reads
            ),
            useful_for=USEFUL_FOR,
        )


def _audit(
    session: Session,
    access: Access,
    action: str,
    part: SparePart,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=action,
        entity="spare_part",
        entity_id=part.id,
        diff=diff,
    )
