"""The quality checks as a list and a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.identity.models import Contract, User
from webapp.listing import Column, Listing, Rows, containing
from webapp.quality.models import QualityAction, QualityCheck
from webapp.quality.rules import CHECK_STATES
from webapp.quality.words import CHECK_STATES as STATE_WORDS

_holder = aliased(User)
_waiting = (
    sa.select(
        QualityAction.check_id,
        sa.func.count().label("actions"),
        sa.func.count().filter(QualityAction.closed_at.is_(None)).label("open_actions"),
        sa.func.min(QualityAction.due_on)
        .filter(QualityAction.closed_at.is_(None))
        .label("action_due_on"),
    )
    .group_by(QualityAction.check_id)
    .subquery()
)
# What it waits for next: being held, or the first of its open actions.
_due_on = sa.case(
    (QualityCheck.state == "planned", QualityCheck.planned_on), else_=_waiting.c.action_due_on
)


def _dress(session: Session, contract_id: int, rows: Rows, now: datetime) -> list[Any]:
    zone = session.get_one(Contract, contract_id).time_zone
    today = now.astimezone(ZoneInfo(zone)).date()
    return [
        {
            "id": row.QualityCheck.id,
            "number": row.QualityCheck.number,
            "title": row.QualityCheck.title,
            "state": row.QualityCheck.state,
            "planned_on": row.QualityCheck.planned_on,
            "every_months": row.QualityCheck.every_months,
            "holder_id": row.QualityCheck.holder_id,
            "holder": row.holder,
            "holder_en": row.holder_en,
            "held_on": row.QualityCheck.held_on,
            "month": row.QualityCheck.month,
            "actions": row.actions or 0,
            "open_actions": row.open_actions or 0,
            "due_on": row.due_on,
            "overdue": row.due_on is not None and row.due_on < today,
            "conclusion": row.QualityCheck.conclusion,
        }
        for row in rows
    ]


CHECKS = Listing(
    name="quality-checks",
    title=("质量检查", "Quality checks"),
    select=sa.select(
        QualityCheck,
        _holder.name.label("holder"),
        _holder.name_en.label("holder_en"),
        _waiting.c.actions,
        _waiting.c.open_actions,
        sa.case((QualityCheck.state.in_(("closed", "cancelled")), sa.null()), else_=_due_on).label(
            "due_on"
        ),
    )
    .join(_holder, _holder.id == QualityCheck.holder_id)
    .outerjoin(_waiting, _waiting.c.check_id == QualityCheck.id),
    contract=QualityCheck.contract_id,
    filters={
        "state": QualityCheck.state,
        "q": containing(QualityCheck.title, QualityCheck.conclusion, _holder.name, _holder.name_en),
    },
    sorts={
        "number": (QualityCheck.number,),
        "title": (QualityCheck.title,),
        "planned_on": (QualityCheck.planned_on,),
        "due_on": (_due_on,),
        "held_on": (QualityCheck.held_on,),
    },
    sort="-planned_on",
    tie=QualityCheck.id,
    tab="state",
    states=CHECK_STATES,
    dress=_dress,
    columns=(
        Column("number", "编号", "No."),
        Column("title", "检查", "Check"),
        Column("state", "状态", "State", STATE_WORDS),
        Column("planned_on", "计划日", "Planned"),
        Column("every_months", "周期（月）", "Every (months)"),
        Column("holder", "检查人", "Held by"),
        Column("held_on", "检查日", "Held"),
        Column("month", "所查月份", "Month looked at"),
        Column("actions", "整改措施", "Actions"),
        Column("open_actions", "未完成", "Open"),
        Column("due_on", "下一期限", "Next due"),
        Column("conclusion", "结论", "Conclusion"),
    ),
)
