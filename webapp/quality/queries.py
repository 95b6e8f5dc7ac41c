"""One quality check whole: its findings as measured, and what is corrected after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.identity.models import Contract, User
from webapp.identity.rules import Access
from webapp.quality.checks import check_of
from webapp.quality.lists import CHECKS
from webapp.quality.models import QualityAction, QualityCheck
from webapp.quality.rules import state_of
from webapp.rounds.rules import today_in

_owner, _closer = aliased(User), aliased(User)


def check_detail(session: Session, access: Access, check_id: int, now: datetime) -> dict[str, Any]:
    """A check with its findings and actions, and what the reader may do; a fixed number of statements.

    :raise AppError: ``not_found``
    """
    check = check_of(session, access.contract_id, check_id)
    row = session.execute(CHECKS.select.where(QualityCheck.id == check.id)).one()
    [line] = CHECKS.dress(session, access.contract_id, [row], now)
    leads = access.may("accept")
    return {
        **line,
        "findings": [
            {**one, "state": state_of(one["percent"], one["threshold"])} for one in check.findings
        ],
        "corrections": _actions(session, access, check, now),
        "may_plan": leads and check.state == "planned",
        "may_hold": check.state == "planned" and (leads or check.holder_id == access.user_id),
        "may_act": check.held_at is not None and access.may("review"),
    }


def _actions(
    session: Session, access: Access, check: QualityCheck, now: datetime
) -> list[dict[str, Any]]:
    today = today_in(session.get_one(Contract, check.contract_id).time_zone, now)
    rows = session.execute(
        sa.select(
            QualityAction,
            _owner.name,
            _owner.name_en,
            _closer.name.label("closed_by"),
            _closer.name_en.label("closed_by_en"),
        )
        .join(_owner, _owner.id == QualityAction.owner_id)
        .outerjoin(_closer, _closer.id == QualityAction.closed_by_id)
        .where(QualityAction.check_id == check.id)
        .order_by(QualityAction.closed_at.is_not(None), QualityAction.due_on, QualityAction.id)
    )
    return [
        {
            "id": row.QualityAction.id,
            "target": row.QualityAction.target,
            "text": row.QualityAction.text,
            "owner_id": row.QualityAction.owner_id,
            "owner": row.name,
            "owner_en": row.name_en,
            "due_on": row.QualityAction.due_on,
            "overdue": row.QualityAction.closed_at is None and row.QualityAction.due_on < today,
            "closed_at": row.QualityAction.closed_at,
            "closed_by": row.closed_by,
            "closed_by_en": row.closed_by_en,
            "result": row.QualityAction.result,
            "may_close": row.QualityAction.closed_at is None
            and (access.may("accept") or row.QualityAction.owner_id == access.user_id),
        }
        for row in rows
    ]
