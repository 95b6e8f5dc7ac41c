"""Spare parts, the movements of their stock, and loaners, as lists and files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.cases.kinds import name_of
from webapp.cases.models import Case
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.listing import Column, Listing, Rows, containing
from webapp.spares import rules
from webapp.spares.models import Loan, SparePart, StockMovement
from webapp.spares.words import LOAN_STATES, MOVEMENT_WORDS, PART_STATES

_mover = aliased(User)
_lender = aliased(User)
_consenter = aliased(User)
_stocks = (
    sa.select(
        StockMovement.part_id,
        sa.func.sum(StockMovement.change).label("stock"),
        sa.func.max(StockMovement.moved_at).label("moved_at"),
    )
    .group_by(StockMovement.part_id)
    .subquery()
)
_stock = sa.func.coalesce(_stocks.c.stock, 0)
_part_state = sa.case(
    (SparePart.retired_at.is_not(None), "retired"),
    (_stock < SparePart.threshold, "low"),
    else_="enough",
)
_loan_state = sa.case((Loan.returned_on.is_(None), "out"), else_="returned")


def _dress_parts(_session: Session, _contract: int, rows: Rows, _now: datetime) -> list[Any]:
    return [
        {
            "id": row.SparePart.id,
            "name": row.SparePart.name,
            "model": row.SparePart.model,
            "place": row.SparePart.place,
            "threshold": row.SparePart.threshold,
            "remark": row.SparePart.remark,
            "stock": row.stock,
            "state": row.state,
            "moved_at": row.moved_at,
        }
        for row in rows
    ]


def _dress_movements(_session: Session, _contract: int, rows: Rows, _now: datetime) -> list[Any]:
    return [
        {
            "id": row.StockMovement.id,
            "part_id": row.StockMovement.part_id,
            "part": row.SparePart.name,
            "model": row.SparePart.model,
            "kind": row.StockMovement.kind,
            "change": row.StockMovement.change,
            "stock": row.StockMovement.stock,
            "case_name": name_of(row.Case.kind, row.Case.number) if row.Case else None,
            "device_id": row.StockMovement.device_id,
            "device_name": row.Device.name if row.Device else None,
            "note": row.StockMovement.note,
            "moved_by": row.moved_by,
            "moved_by_en": row.moved_by_en,
            "moved_at": row.StockMovement.moved_at,
        }
        for row in rows
    ]


def _dress_loans(session: Session, contract_id: int, rows: Rows, now: datetime) -> list[Any]:
    zone = session.get_one(Contract, contract_id).time_zone
    today = now.astimezone(ZoneInfo(zone)).date()
    return [_dressed_loan(row, today) for row in rows]


def _dressed_loan(row: sa.Row[*tuple[Any, ...]], today: date) -> dict[str, Any]:
    loan, case = row.Loan, row.Case
    return {
        "id": loan.id,
        "state": row.state,
        "what": loan.what,
        "part_id": loan.part_id,
        "device_id": loan.device_id,
        "device_name": row.Device.name if row.Device else None,
        "case_name": name_of(case.kind, case.number),
        "case_title": case.title,
        "lent_on": loan.lent_on,
        "due_on": loan.due_on,
        "overdue": rules.is_overdue(loan.due_on, loan.returned_on, today),
        "lent_by": row.lent_by,
        "lent_by_en": row.lent_by_en,
        "consented_at": loan.consented_at,
        "consented_by": row.consented_by,
        "consented_by_en": row.consented_by_en,
        "returned_on": loan.returned_on,
    }


def _overdue_on(today: date) -> sa.ColumnElement[bool]:
    return sa.and_(Loan.returned_on.is_(None), Loan.due_on < today)


PARTS = Listing(
    name="spare-parts",
    title=("备件", "Spare parts"),
    select=sa.select(
        SparePart,
        _stock.label("stock"),
        _part_state.label("state"),
        _stocks.c.moved_at,
    ).outerjoin(_stocks, _stocks.c.part_id == SparePart.id),
    contract=SparePart.contract_id,
    filters={
        "state": _part_state,
        "q": containing(SparePart.name, SparePart.model, SparePart.place, SparePart.remark),
    },
    sorts={
        "name": (SparePart.name, SparePart.model),
        "stock": (_stock,),
        "place": (SparePart.place, SparePart.name),
        "moved_at": (_stocks.c.moved_at,),
    },
    sort="name",
    tie=SparePart.id,
    tab="state",
    states=("low", "enough", "retired"),
    dress=_dress_parts,
    columns=(
        Column("name", "名称", "Name"),
        Column("model", "型号", "Model"),
        Column("place", "存放处", "Kept at"),
        Column("stock", "库存", "Stock"),
        Column("threshold", "下限", "Threshold"),
        Column("state", "状态", "State", PART_STATES),
        Column("remark", "备注", "Remark"),
        Column("moved_at", "最近变动", "Last moved"),
    ),
)

MOVEMENTS = Listing(
    name="stock-movements",
    title=("备件出入库", "Stock movements"),
    select=sa.select(
        StockMovement,
        SparePart,
        Case,
        Device,
        _mover.name.label("moved_by"),
        _mover.name_en.label("moved_by_en"),
    )
    .join(SparePart, SparePart.id == StockMovement.part_id)
    .join(_mover, _mover.id == StockMovement.moved_by_id)
    .outerjoin(Case, Case.id == StockMovement.case_id)
    .outerjoin(Device, Device.id == StockMovement.device_id),
    contract=StockMovement.contract_id,
    filters={
        "kind": StockMovement.kind,
        "part_id": StockMovement.part_id,
        "q": containing(SparePart.name, SparePart.model, StockMovement.note, Device.name),
    },
    sorts={"moved_at": (StockMovement.moved_at,), "part": (SparePart.name, StockMovement.moved_at)},
    sort="-moved_at",
    tie=StockMovement.id,
    tab="kind",
    states=rules.MOVEMENTS,
    dress=_dress_movements,
    columns=(
        Column("moved_at", "时间", "At"),
        Column("part", "备件", "Part"),
        Column("model", "型号", "Model"),
        Column("kind", "类别", "Kind", MOVEMENT_WORDS),
        Column("change", "增减", "Change"),
        Column("stock", "结存", "Stock after"),
        Column("case_name", "服务单", "Case"),
        Column("device_name", "设备", "Device"),
        Column("note", "说明", "Note"),
        Column("moved_by", "经手人", "By"),
    ),
)

LOANS = Listing(
    name="loans",
    title=("同级备件借用", "Loaners"),
    select=sa.select(
        Loan,
        Case,
        Device,
        _loan_state.label("state"),
        _lender.name.label("lent_by"),
        _lender.name_en.label("lent_by_en"),
        _consenter.name.label("consented_by"),
        _consenter.name_en.label("consented_by_en"),
    )
    .join(Case, Case.id == Loan.case_id)
    .outerjoin(Device, Device.id == Loan.device_id)
    .outerjoin(_lender, _lender.id == Loan.lent_by_id)
    .outerjoin(_consenter, _consenter.id == Loan.consented_by_id),
    contract=Loan.contract_id,
    filters={
        "state": _loan_state,
        "overdue_on": _overdue_on,
        "q": containing(Loan.what, Case.title, Device.name),
    },
    sorts={
        "due_on": (Loan.due_on,),
        "lent_on": (Loan.lent_on,),
        "what": (Loan.what,),
        "case": (Case.number,),
    },
    sort="due_on",
    tie=Loan.id,
    tab="state",
    states=("out", "returned"),
    dress=_dress_loans,
    columns=(
        Column("what", "借出", "Lent"),
        Column("state", "状态", "State", LOAN_STATES),
        Column("case_name", "维修单", "Repair"),
        Column("case_title", "内容", "Subject"),
        Column("device_name", "设备", "Device"),
        Column("lent_on", "借出日", "Since"),
        Column("due_on", "应还日", "Due back"),
        Column("overdue", "逾期", "Overdue"),
        Column("consented_by", "同意延期", "Longer term agreed by"),
        Column("returned_on", "归还日", "Returned"),
        Column("lent_by", "经手人", "Lent by"),
    ),
)
