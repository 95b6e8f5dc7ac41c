"""One device in the place of another: the register and the label follow in the same transaction (clauses 32, 35)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.errors import AppError
from webapp.estate import labels, queries, services
from webapp.estate.models import Device
from webapp.identity.rules import Access

# What the new one has of the old one unless somebody says otherwise: it does the same work in the same place.
_KEPT = ("room_id", "type", "name", "maker", "model", "ip")


def replace_device(
    session: Session,
    access: Access,
    device_id: int,
    values: Mapping[str, Any],
    installed_on: date,
    installed_at: datetime,
    now: datetime,
    *,
    code: str = "",
) -> Device:
    """Put a new device in the place of one: the old one is retired, and one of several is one fewer.

    ``installed_at`` is when it was done, ``installed_on`` that day in the contract's time zone.

    ``values`` are the new one's own: ``serial``, ``asset_number``, ``maker``, ``model``,
    ``warranty_until``. A scanned label (``code``) is put on it, if it is the old one's or nobody's;
    otherwise it gets a new one. Where the old one goes, its label goes with it or is revoked.

    :raise AppError: ``not_found``; ``device_replaced`` where it is out of use; ``asset_number_taken``;
        ``label_unknown``, ``label_revoked``; ``label_elsewhere`` where another device has it
    """
    services.lock_contract(session, access.contract_id)
    old = queries.belonging(session, Device, access.contract_id, device_id)
    if old.retired_at is not None:
        raise AppError("device_replaced", device=old.name)
    # Of several that stand as one line the others stay, and their label with them.
    stays = old.quantity > 1
    moved = _label_to_move(session, access, old, code, stays=stays)
    own = {name: value for name, value in values.items() if value}
    given = {**own, "in_service_on": installed_on, "replaces_id": old.id}
    kept = {name: getattr(old, name) for name in _KEPT} | {"register": dict(old.register)}
    new = services.create_device(session, access, {**kept, **given}, now, labelled=moved is None)
    if moved is not None:
        labels.relink_label(session, access, moved, new.id, now)
    if stays:
        services.change_device(session, access, old.id, {"quantity": old.quantity - 1}, now)
    else:
        services.change_device(session, access, old.id, {"retired": True}, now)
        # Since then, not since the phone had a network: what was seen later is the new one's.
        old.retired_at = min(installed_at, now)
        labels.revoke_label_of(session, access, old.id, now)
    return new


def _label_to_move(
    session: Session, access: Access, old: Device, code: str, *, stays: bool
) -> str | None:
    """The code of the scanned label that the new device gets; None where it gets a new one."""
    if not code:
        return None
    label = queries.label_of(session, access.contract_id, code)
    if label.revoked_at is not None:
        raise AppError("label_revoked", label=label.code, reason=label.reason)
    if label.device_id not in (None, old.id):
        raise AppError("label_elsewhere", label=label.code)
    return None if stays and label.device_id == old.id else label.code
