"""The quarantine as a supervisor's desk lists it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import User
from webapp.listing import Column, Listing, Rows, containing
from webapp.sync.models import Quarantined

_FIELDS = (
    "id", "operation_id", "kind", "inspection_uid", "code", "details", "state", "user_id",
    "received_at", "remark", "resolved_by_id", "resolved_at", "version", "hash", "payload",
)  # fmt: skip
_KINDS = {
    "inspection": ("检查记录", "Inspection"),
    "amendment": ("更正", "Correction"),
    "scan": ("扫码", "Scan"),
    "self_check": ("自检签字", "Self-check"),
    "case_open": ("故障申报", "Fault declared"),
    "case_step": ("服务单步骤", "Step of a case"),
    "hours_log": ("登记工时", "Hours logged"),
}
_STATES = {
    "open": ("待处理", "Waiting"),
    "held": ("等待前一条", "Waits for an earlier record"),
    "applied": ("已采用", "Applied"),
    "dismissed": ("不采用", "Not applied"),
}


def dress_quarantined(row: Quarantined, author: str) -> dict[str, Any]:
    """An operation as plain data, its payload word for word."""
    return {name: getattr(row, name) for name in _FIELDS} | {"author": author}


def _dress(
    _session: Session, _contract_id: int, rows: Rows, _now: datetime
) -> list[dict[str, Any]]:
    return [dress_quarantined(*row) for row in rows]


QUARANTINE = Listing(
    name="quarantine",
    title=("待处理记录", "Held records"),
    select=sa.select(Quarantined, User.name).join(User, User.id == Quarantined.user_id),
    contract=Quarantined.contract_id,
    filters={
        # One held for an earlier record waits as well as one that a supervisor has to look at.
        "state": sa.case(
            (Quarantined.state.in_(("open", "held")), "waiting"), else_=Quarantined.state
        ),
        "q": containing(Quarantined.code, Quarantined.payload, User.name),
    },
    sorts={
        "received_at": (Quarantined.received_at,),
        "code": (Quarantined.code, Quarantined.received_at),
        "kind": (Quarantined.kind, Quarantined.received_at),
        "author": (User.name, Quarantined.received_at),
    },
    sort="-received_at",
    tie=Quarantined.id,
    tab="state",
    states=("waiting", "applied", "dismissed"),
    dress=_dress,
    columns=(
        Column("received_at", "收到时间", "Received"),
        Column("kind", "类型", "Kind", _KINDS),
        Column("code", "原因", "Why"),
        Column("author", "提交人", "Sent by"),
        Column("state", "状态", "State", _STATES),
        Column("remark", "说明", "Remark"),
        Column("resolved_at", "处理时间", "Settled"),
        Column("operation_id", "操作编号", "Operation"),
        Column("payload", "原始内容", "As it came"),
    ),
)
