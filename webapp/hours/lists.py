"""The ledger as a list and a file: one for the provider and the client (clause 24)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.cases.kinds import name_of
from webapp.cases.models import Case
from webapp.hours import rules
from webapp.hours.after_confirming import is_after_confirming
from webapp.hours.models import HoursEntry
from webapp.hours.settings import terms_of
from webapp.hours.words import STATE_WORDS
from webapp.identity.models import Contract, User
from webapp.listing import Column, Listing, Rows, containing

worker = aliased(User)
_author = aliased(User)
_voids = aliased(HoursEntry)
_voided_by = aliased(HoursEntry)
# The line that voids and the one that it voids are both out of the count.
_state = sa.case(
    (sa.or_(HoursEntry.voids_id.is_not(None), _voided_by.id.is_not(None)), "voided"),
    else_="counted",
)
_in_words = containing(HoursEntry.note, Case.title, worker.name, worker.name_en)


def _mentioning(text: str) -> sa.ColumnElement[bool]:
    return sa.and_(sa.true(), *(_mentions(word) for word in text.split()))


def _mentions(word: str) -> sa.ColumnElement[bool]:
    """In its words, by its number, or by its case's name: A3."""
    found, digits = _in_words(word), word[1:]
    if word.isascii() and word.isdigit() and len(word) < 9:
        return sa.or_(found, HoursEntry.number == int(word))
    if word[:1].upper() == "A" and digits.isascii() and digits.isdigit() and len(digits) < 9:
        return sa.or_(found, Case.number == int(digits))
    return found


def dress_hours(
    session: Session, contract_id: int, rows: Rows, _now: datetime
) -> list[dict[str, Any]]:
    """The rows of :data:`HOURS` as plain data, each with what it leaves and charges. Two statements."""
    terms = terms_of(session.get_one(Contract, contract_id))
    totals = _totals(session, contract_id, {row.HoursEntry.year for row in rows})
    return [_dressed(row, terms, totals[row.HoursEntry.id]) for row in rows]


def _totals(session: Session, contract_id: int, years: set[int]) -> dict[int, int]:
    """What is counted of its year up to and including each line, in half hours."""
    sums: dict[int, int] = {}
    found: dict[int, int] = {}
    statement = (
        sa.select(HoursEntry.id, HoursEntry.year, HoursEntry.half_hours)
        .where(HoursEntry.contract_id == contract_id, HoursEntry.year.in_(years))
        .order_by(HoursEntry.number)
    )
    for entry_id, year, half_hours in session.execute(statement):
        found[entry_id] = sums[year] = sums.get(year, 0) + half_hours
    return found


def _dressed(row: sa.Row[*tuple[Any, ...]], terms: rules.HoursTerms, total: int) -> dict[str, Any]:
    entry, case = row.HoursEntry, row.Case
    free = terms.free_half_hours
    charged = rules.charged_half_hours(total, entry.half_hours, free)
    return {
        "number": entry.number,
        "state": row.state,
        "case_name": name_of(case.kind, case.number),
        "case_title": case.title,
        "user_id": entry.user_id,
        "person": row.person,
        "person_en": row.person_en,
        "worked_on": entry.worked_on,
        "began_at": entry.began_at,
        "ended_at": entry.ended_at,
        "break_minutes": entry.break_minutes,
        "hours": entry.half_hours / 2,
        "year": entry.year,
        "total_hours": total / 2,
        "left_hours": max(0, free - total) / 2,
        "charged_hours": charged / 2,
        "amount": terms.amount_of(charged),
        "currency": terms.currency,
        "note": entry.note,
        "voids": row.voids,
        "voided_by": row.voided_by,
        "logged_by": row.logged_by,
        "logged_by_en": row.logged_by_en,
        "logged_at": entry.logged_at,
        "after_confirming": is_after_confirming(case, entry.logged_at),
    }


HOURS = Listing(
    name="hours",
    title=("非工作时间工时台账", "Ledger of hours after hours"),
    select=sa.select(
        HoursEntry,
        Case,
        _state.label("state"),
        worker.name.label("person"),
        worker.name_en.label("person_en"),
        _author.name.label("logged_by"),
        _author.name_en.label("logged_by_en"),
        _voids.number.label("voids"),
        _voided_by.number.label("voided_by"),
    )
    .join(Case, Case.id == HoursEntry.case_id)
    .join(worker, worker.id == HoursEntry.user_id)
    .join(_author, _author.id == HoursEntry.logged_by_id)
    .outerjoin(_voids, _voids.id == HoursEntry.voids_id)
    .outerjoin(_voided_by, _voided_by.voids_id == HoursEntry.id),
    contract=HoursEntry.contract_id,
    filters={
        "state": _state,
        "year": HoursEntry.year,
        "user_id": HoursEntry.user_id,
        "q": _mentioning,
    },
    sorts={
        "number": (HoursEntry.number,),
        "began_at": (HoursEntry.began_at,),
        "person": (worker.name, HoursEntry.began_at),
        "hours": (HoursEntry.half_hours,),
        "case": (Case.number, HoursEntry.number),
    },
    sort="-number",
    tie=HoursEntry.id,
    tab="state",
    states=("counted", "voided"),
    dress=dress_hours,
    columns=(
        Column("number", "序号", "Line"),
        Column("state", "状态", "State", STATE_WORDS),
        Column("case_name", "服务单", "Case"),
        Column("case_title", "内容", "Subject"),
        Column("person", "人员", "Person"),
        Column("began_at", "开始", "Begin"),
        Column("ended_at", "结束", "End"),
        Column("break_minutes", "休息（分钟）", "Break (minutes)"),
        Column("hours", "计工时（小时）", "Hours counted"),
        Column("year", "合同年度", "Contract year"),
        Column("total_hours", "年度累计（小时）", "Total of the year (hours)"),
        Column("left_hours", "免费余额（小时）", "Free hours left"),
        Column("charged_hours", "计费工时（小时）", "Hours charged"),
        Column("amount", "金额", "Amount"),
        Column("currency", "币种", "Currency"),
        Column("note", "说明", "Note"),
        Column("voids", "冲销序号", "Voids line"),
        Column("voided_by", "被冲销于", "Voided by line"),
        Column("logged_by", "登记人", "Logged by"),
        Column("logged_at", "登记时间", "Logged at"),
        Column("after_confirming", "客户确认后登记", "Logged after the client confirmed"),
    ),
)
