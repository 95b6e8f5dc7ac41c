"""Labels: given out, revoked, put on another device; a code is used once and never again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate import queries
from webapp.estate.models import Device, Label
from webapp.estate.rules import new_code
from webapp.identity.rules import Access

REPLACED = "replaced"


def issue_labels(
    session: Session,
    device_ids: Sequence[int],
    *,
    contract_id: int,
    actor_id: int | None,
    now: datetime,
) -> list[Label]:
    """Give each of these devices of the contract a label with a new code. They must have none."""
    issued = [
        Label(contract_id=contract_id, code=code, device_id=device_id, made_at=now)
        for code, device_id in zip(_unused_codes(session, len(device_ids)), device_ids, strict=True)
    ]
    session.add_all(issued)
    for label in issued:
        _record(session, now, actor_id, label, "issue", {"device_id": [None, label.device_id]})
    return issued


def _unused_codes(session: Session, count: int) -> list[str]:
    """Codes that no label of any contract has had; ten milliard make a second try rare."""
    codes: dict[str, None] = {}
    while len(codes) < count:
        fresh = {new_code() for _ in range(min(count - len(codes), 500))} - codes.keys()
        used = set(session.scalars(sa.select(Label.code).where(Label.code.in_(fresh))))
        codes.update(dict.fromkeys(fresh - used))
    return list(codes)[:count]


def issue_missing_labels(
    session: Session,
    access: Access,
    now: datetime,
    *,
    building_id: int | None = None,
    room_id: int | None = None,
) -> int:
    """Give a label to every device in use that has none, of a building or room if one is named.

    Answers how many were given out.
    """
    wanted = queries.DeviceFilter(building_id=building_id, room_id=room_id, unlabelled=True)
    statement = queries.devices_statement(access.contract_id, wanted)
    ids = list(session.scalars(statement.with_only_columns(Device.id, maintain_column_froms=True)))
    issue_labels(session, ids, contract_id=access.contract_id, actor_id=access.user_id, now=now)
    return len(ids)


def replace_label(session: Session, access: Access, device_id: int, now: datetime) -> Label:
    """Give a device a new label; the one that it had is revoked as replaced.

    :raise AppError: ``not_found``
    """
    take_sequence(session, access.contract_id)  # a device has one, also where two ask at once
    queries.belonging(session, Device, access.contract_id, device_id)
    revoke_label_of(session, access, device_id, now)
    (label,) = issue_labels(
        session, [device_id], contract_id=access.contract_id, actor_id=access.user_id, now=now
    )
    session.flush()  # the caller shows it
    return label


def revoke_label(session: Session, access: Access, code: str, reason: str, now: datetime) -> Label:
    """Revoke a label for good: lost, damaged, or found where it doesn't belong.

    :raise AppError: ``label_unknown``, ``label_revoked`` when it is already
    """
    label = _unrevoked(session, access, code)
    _revoke(session, access, label, reason, now)
    return label


def revoke_label_of(session: Session, access: Access, device_id: int, now: datetime) -> None:
    """Revoke the label that a device has, if it has one, because it was replaced."""
    active = _active_label(session, device_id)
    if active is not None:
        _revoke(session, access, active, REPLACED, now)
        session.flush()  # a device has one active label at a time


def relink_label(
    session: Session, access: Access, code: str, device_id: int, now: datetime
) -> Label:
    """Put a label on another device, as when two labels were swapped.

    The label that the device had is left on none, to be put elsewhere or revoked.

    :raise AppError: ``label_unknown``, ``label_revoked``, ``not_found`` for the device
    """
    label = _unrevoked(session, access, code)
    queries.belonging(session, Device, access.contract_id, device_id)
    if label.device_id == device_id:
        return label
    other = _active_label(session, device_id)
    if other is not None:
        _link(session, access, other, None, now)
        session.flush()  # a device has one active label at a time
    _link(session, access, label, device_id, now)
    return label


def _unrevoked(session: Session, access: Access, code: str) -> Label:
    label = queries.label_of(session, access.contract_id, code)
    if label.revoked_at is not None:
        raise AppError("label_revoked", label=label.code, reason=label.reason)
    return label


def _active_label(session: Session, device_id: int) -> Label | None:
    statement = sa.select(Label).where(Label.device_id == device_id, Label.revoked_at.is_(None))
    return session.scalar(statement)


def _revoke(session: Session, access: Access, label: Label, reason: str, now: datetime) -> None:
    label.revoked_at = now
    label.reason = reason
    _record(session, now, access.user_id, label, "revoke", {"reason": ["", reason]})


def _link(
    session: Session, access: Access, label: Label, device_id: int | None, now: datetime
) -> None:
    before, label.device_id = label.device_id, device_id
    _record(session, now, access.user_id, label, "relink", {"device_id": [before, device_id]})


def _record(
    session: Session,
    now: datetime,
    actor_id: int | None,
    label: Label,
    action: str,
    diff: dict[str, list[object]],
) -> None:
    audit.record(
        session,
        at=now,
        user_id=actor_id,
        contract_id=label.contract_id,
        action=action,
        entity="label",
        entity_id=label.code,
        diff=dict(diff),
    )
