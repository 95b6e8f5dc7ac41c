"""What a phone says of a device that has been replaced: it may not know yet that another stands there.

Without a network an engineer replaces a display and inspects it in the same visit: his phone has the
old one's task still, and so his inspection names the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.estate.models import Device
from webapp.rounds.judging import LARGEST_ID, device_time, worked_at
from webapp.rounds.models import Inspection
from webapp.rounds.payloads import InspectionIn

_FIRST = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class _Replaced:
    """Which device stands in the place of one, and since when."""

    by: int
    at: datetime


def follow_replacements(
    session: Session,
    contract_id: int,
    sent: Sequence[tuple[InspectionIn, int]],
    now: datetime,
) -> list[InspectionIn]:
    """The payloads, with what was seen after a device was replaced said of the one that replaced it.

    ``sent`` gives each with its phone's clock minus the server's, in seconds. What was seen before
    stays with the old device; an amendment goes where its inspection is.
    """
    replaced = _replaced(session, contract_id, {payload.device_id for payload, _ in sent})
    if not replaced:
        return [payload for payload, _ in sent]
    amended = {payload.uid for payload, _ in sent if payload.amends is not None}
    recorded = _recorded_at(session, contract_id, amended)
    return [_followed(payload, offset, replaced, recorded, now) for payload, offset in sent]


def _followed(
    payload: InspectionIn,
    offset: int,
    replaced: Mapping[int, _Replaced],
    recorded: Mapping[str, int | None],
    now: datetime,
) -> InspectionIn:
    device_id = payload.device_id
    told = device_time(payload.finished_at)
    if payload.uid in recorded:
        at = recorded[payload.uid]
        device_id = at if at in _line(device_id, replaced, now) else device_id
    elif told is not None:
        seen_at = worked_at(told, offset, opened_at=_FIRST, received_at=now)
        device_id = _line(device_id, replaced, seen_at)[-1]
    return msgspec.structs.replace(payload, device_id=device_id)


def _line(
    device_id: int | None, replaced: Mapping[int, _Replaced], until: datetime
) -> list[int | None]:
    """The device, and those that had come in its place by then, one after the other."""
    line = [device_id]
    while (one := replaced.get(line[-1] or 0)) and one.at <= until:
        line.append(one.by)
    return line


def _replaced(
    session: Session, contract_id: int, ids: Collection[int | None]
) -> dict[int, _Replaced]:
    """Those that were replaced, of these devices and of the ones in their places."""
    found: dict[int, _Replaced] = {}
    while ids:
        possible = [one for one in ids if one and 0 < one <= LARGEST_ID]
        rows = session.execute(_statement(), {"contract_id": contract_id, "ids": possible})
        new = {device_id: _Replaced(by, at) for device_id, by, at in rows if at}
        ids = {one.by for one in new.values()} - found.keys()
        found |= new
    return found


@cache
def _statement() -> sa.Select[int, int, datetime | None]:
    """The devices ``ids`` of ``contract_id`` that were replaced; every push asks, so it is made once."""
    old = aliased(Device)
    return (
        sa.select(old.id, Device.id, old.retired_at)
        .join(old, old.id == Device.replaces_id)
        .where(
            Device.contract_id == sa.bindparam("contract_id"),
            Device.replaces_id.in_(sa.bindparam("ids", expanding=True)),
            old.retired_at.is_not(None),
        )
        .order_by(Device.id)
    )


def _recorded_at(
    session: Session, contract_id: int, uids: Collection[str]
) -> dict[str, int | None]:
    """The device of each of these inspections that is recorded."""
    if not uids:
        return {}
    rows = session.execute(
        sa.select(Inspection.uid, Inspection.device_id).where(
            Inspection.contract_id == contract_id, Inspection.uid.in_(uids)
        )
    )
    return dict(rows.all())
