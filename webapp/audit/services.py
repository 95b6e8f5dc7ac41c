"""Writing the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import log
from webapp.audit.models import AuditRow


def record(
    session: Session,
    *,
    at: datetime,
    user_id: int | None,
    contract_id: int | None,
    action: str,
    entity: str,
    entity_id: object,
    diff: dict[str, Any] | None = None,
) -> None:
    """Note one change beside it; ``diff`` is ``{field: [before, after]}`` with plain values."""
    session.add(
        AuditRow(
            contract_id=contract_id,
            at=at,
            user_id=user_id,
            action=action,
            entity=entity,
            entity_id=str(entity_id),
            diff=diff or {},
            request_id=log.request_id_var.get(),
        )
    )


def record_each(
    session: Session,
    diffs: Mapping[str, dict[str, Any]],
    *,
    at: datetime,
    user_id: int | None,
    contract_id: int,
    action: str,
    entity: str,
) -> None:
    """Note the same done to many at once, in one statement; ``diffs`` by the entity's id."""
    rows = [
        {
            "contract_id": contract_id,
            "at": at,
            "user_id": user_id,
            "action": action,
            "entity": entity,
            "entity_id": entity_id,
            "diff": diff,
            "request_id": log.request_id_var.get(),
        }
        for entity_id, diff in diffs.items()
    ]
    if rows:
        session.execute(sa.insert(AuditRow), rows)


def first_values(values: dict[str, Any]) -> dict[str, Any]:
    """What a new row began with, as ``{field: [None, value]}``; what was left empty is left out."""
    return {name: [None, value] for name, value in values.items() if value not in (None, "", {})}


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The fields that differ, as ``{field: [before, after]}``."""
    return {
        key: [before.get(key), value] for key, value in after.items() if before.get(key) != value
    }
