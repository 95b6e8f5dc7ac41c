"""The mails of a contract: to whom, about what, and whether they have gone out.

Their text is in no list: links in it open a report to whoever has them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.listing import Column, Listing, Rows, containing
from webapp.notifications.models import Mail

_STATES = {
    "waiting": ("待发", "Waiting"),
    "sent": ("已发", "Sent"),
    "failed": ("被拒收", "Refused"),
    "lapsed": ("已过时，未发", "Out of date, not sent"),
}


def _dress(
    _session: Session, _contract_id: int, rows: Rows, _now: datetime
) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]


MAILS = Listing(
    name="mails",
    title=("邮件", "E-mails"),
    select=sa.select(
        Mail.id,
        Mail.to_address,
        Mail.to_name,
        Mail.subject,
        Mail.state,
        Mail.attempts,
        Mail.last_error,
        Mail.created_at,
        Mail.sent_at,
    ),
    contract=Mail.contract_id,
    filters={
        "state": Mail.state,
        "q": containing(Mail.to_address, Mail.to_name, Mail.subject),
    },
    sorts={
        "created_at": (Mail.created_at,),
        "to": (Mail.to_name, Mail.to_address, Mail.created_at),
        "subject": (Mail.subject,),
    },
    sort="-created_at",
    tie=Mail.id,
    tab="state",
    states=("waiting", "failed", "lapsed", "sent"),
    dress=_dress,
    columns=(
        Column("created_at", "写成时间", "Written"),
        Column("to_name", "收件人", "To"),
        Column("to_address", "邮箱", "Address"),
        Column("subject", "主题", "Subject"),
        Column("state", "状态", "State", _STATES),
        Column("attempts", "尝试次数", "Attempts"),
        Column("sent_at", "发出时间", "Sent"),
        Column("last_error", "服务器答复", "Server's answer"),
    ),
)
