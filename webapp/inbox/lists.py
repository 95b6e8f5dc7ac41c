"""The mails that came, and those that wait to be sorted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.kinds import name_of
from webapp.cases.models import Case
from webapp.identity.models import User
from webapp.inbox.models import IncomingMail
from webapp.listing import Column, Listing, Rows, containing

REASONS = {
    "": ("", ""),
    "sender_unknown": ("发件人不认识", "Sender unknown"),
    "several_contracts": ("可能属于多份合同", "Could be of several contracts"),
    "case_over": ("所提服务单已结束", "The case it names is over"),
    "too_many": ("一天内来信过多", "Too many in one day"),
    "automatic": ("自动邮件", "Written by a machine"),
    "refused": ("服务单不接受", "The case refused it"),
    "too_large": ("邮件过大", "Too large"),
    "unreadable": ("无法读取", "Can't be read"),
    "no_sender": ("没有发件人", "No sender"),
    "unexpected": ("处理出错", "Failed unexpectedly"),
}
STATES = {
    "waiting": ("待分拣", "To be sorted"),
    "taken": ("已受理", "Taken"),
    "set_aside": ("已搁置", "Set aside"),
}


def _of_contract_or_nobody(contract_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(IncomingMail.contract_id == contract_id, IncomingMail.contract_id.is_(None))


def dress_mails(
    _session: Session, _contract_id: int, rows: Rows, _now: datetime
) -> list[dict[str, Any]]:
    """The rows as plain data."""
    return [dressed_mail(*row) for row in rows]


def dressed_mail(mail: IncomingMail, case: Case | None, by: User | None) -> dict[str, Any]:
    """A mail with the name of what it became."""
    return {
        "id": mail.id,
        "state": mail.state,
        "reason": mail.reason,
        "address": mail.address,
        "name": mail.name,
        "subject": mail.subject,
        "kind": mail.kind,
        "pictures": mail.pictures,
        "no_contract": mail.contract_id is None,
        "received_at": mail.received_at,
        "case": name_of(case.kind, case.number) if case is not None else "",
        "case_title": case.title if case is not None else "",
        "remark": mail.remark,
        "settled_by": by.name if by is not None else None,
        "settled_by_en": by.name_en if by is not None else None,
        "settled_at": mail.settled_at,
    }


INCOMING = Listing(
    name="incoming-mails",
    title=("来信", "Mails received"),
    select=sa.select(IncomingMail, Case, User)
    .outerjoin(Case, Case.id == IncomingMail.case_id)
    .outerjoin(User, User.id == IncomingMail.settled_by_id),
    contract=_of_contract_or_nobody,
    filters={
        "state": IncomingMail.state,
        "q": containing(
            IncomingMail.subject, IncomingMail.text, IncomingMail.name, IncomingMail.address
        ),
    },
    sorts={
        "received_at": (IncomingMail.received_at,),
        "from": (IncomingMail.name, IncomingMail.address),
        "subject": (IncomingMail.subject,),
    },
    sort="-received_at",
    tie=IncomingMail.id,
    tab="state",
    states=("waiting", "taken", "set_aside"),
    dress=dress_mails,
    columns=(
        Column("received_at", "收到时间", "Received"),
        Column("name", "发件人", "From"),
        Column("address", "邮箱", "Address"),
        Column("subject", "主题", "Subject"),
        Column("state", "状态", "State", STATES),
        Column("reason", "原因", "Why", REASONS),
        Column("case", "服务单", "Case"),
        Column("remark", "备注", "Remark"),
        Column("settled_by", "分拣人", "Sorted by"),
        Column("settled_at", "分拣时间", "Sorted"),
    ),
)
