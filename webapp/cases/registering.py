"""A change request that ends in the asset register: devices added, changed or retired out of it (clause 22)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.following import follows
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import case_named
from webapp.cases.register import FACT, KIND, OPEN_IN
from webapp.cases.services import Author, add_line
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate import queries, services
from webapp.estate.models import Device
from webapp.identity.rules import Access

_NAMESPACE = uuid.UUID("b0c7e6b2-6a55-4a0e-9d0f-51f3c9d6a7e4")


def add_device(
    session: Session,
    access: Access,
    name: str,
    values: Mapping[str, Any],
    now: datetime,
    *,
    uid: str | None = None,
) -> Device:
    """Add a device out of the change called ``name``; the same ``uid`` again gives the device that it added.

    :raise AppError: ``case_unknown`` for what is no change; ``step_not_now`` where it isn't planned yet;
        ``invalid`` where something else has the ``uid``; see :func:`webapp.estate.services.create_device`
    """
    change = _open_change(session, access, name, "device_added")
    known = _added_with(session, change, uid)
    if known is not None:
        return known
    device = services.create_device(session, access, dict(values), now)
    _tell(session, access, change, device, "device_added", uid, now)
    return device


def change_device(
    session: Session,
    access: Access,
    name: str,
    device_id: int,
    values: Mapping[str, Any],
    now: datetime,
) -> Device:
    """Change, move or retire a device out of the change called ``name``; what changes nothing says nothing.

    :raise AppError: ``case_unknown``, ``step_not_now``; see :func:`webapp.estate.services.change_device`
    """
    change = _open_change(session, access, name, "device_changed")
    device = queries.belonging(session, Device, access.contract_id, device_id)
    before = _as_it_is(device)
    services.change_device(session, access, device_id, dict(values), now)
    what = _what(before, _as_it_is(device))
    if what is not None:
        _tell(session, access, change, device, what, None, now)
    return device


@follows("keep_register")
def _as_is(
    _session: Session, case: Case, _event: CaseEvent, _author: Author, _now: datetime
) -> None:
    """Somebody has said that the register stays as it is; what was changed before stays said."""
    case.facts = {FACT: "as_is"} | case.facts


def _open_change(session: Session, access: Access, name: str, what: str) -> Case:
    """The change called ``name``, of which ``what`` may come."""
    take_sequence(session, access.contract_id)
    try:
        case = case_named(session, access.contract_id, name)
    except AppError as error:
        raise AppError("case_unknown", name=name) from error
    if case.kind != KIND:
        raise AppError("case_unknown", name=name)
    if case.state not in OPEN_IN:
        raise AppError("step_not_now", state=case.state, step=what)
    return case


def _added_with(session: Session, change: Case, uid: str | None) -> Device | None:
    if uid is None:
        return None
    line = session.scalar(
        sa.select(CaseEvent).where(
            CaseEvent.contract_id == change.contract_id, CaseEvent.uid == uid
        )
    )
    if line is None:
        return None
    if (line.case_id, line.step) != (change.id, "device_added"):
        raise AppError("invalid", fields={"uid": ["invalid"]})
    return session.get_one(Device, line.fields["device_id"])


def _as_it_is(device: Device) -> dict[str, Any]:
    return {**queries.device_values(device), "retired": device.retired_at is not None}


def _what(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """The word for what was done to a device; None where nothing was."""
    if before == after:
        return None
    if before["retired"] != after["retired"]:
        return "device_retired" if after["retired"] else "device_restored"
    return "device_moved" if before["room_id"] != after["room_id"] else "device_changed"


def _tell(
    session: Session,
    access: Access,
    change: Case,
    device: Device,
    what: str,
    uid: str | None,
    now: datetime,
) -> None:
    """The change's story has a line of it, and phones that hold the change hear of it."""
    change.facts = change.facts | {FACT: "changed"}
    change.seq = take_sequence(session, change.contract_id)
    author = Author(access, access.user_name)
    own = uid or str(uuid.uuid5(_NAMESPACE, f"{change.uid}:{device.id}:{what}:{now.isoformat()}"))
    fields = {"device": device.name, "device_id": device.id}
    add_line(session, change, author, own, what, "", fields, now)
