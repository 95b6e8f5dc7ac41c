"""The one list of the service desk: every kind of case, filtered, counted, saved as a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.cases.kinds import KINDS, name_of, waiting_states
from webapp.cases.models import Case, CaseClock
from webapp.cases.register import has_changed, register_word, unregistered
from webapp.cases.steps import Step
from webapp.cases.words import KIND_WORDS, SOURCE_WORDS, STATE_WORDS
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import User
from webapp.listing import Column, Listing, Rows, containing
from webapp.rounds.models import OpenItem

_owner = aliased(User)
_reporter = aliased(User)
_SEVERITIES = {1: ("一级", "1"), 2: ("二级", "2"), 3: ("三级", "3"), 4: ("四级", "4")}
# The next end of a clock that runs: what the list is sorted by, because it is what is to be done next.
_due = (
    sa.select(CaseClock.case_id, sa.func.min(CaseClock.due_at).label("due_at"))
    .where(CaseClock.ended_at.is_(None), CaseClock.due_at.is_not(None))
    .group_by(CaseClock.case_id)
    .subquery()
)
_whether_live = sa.case((Case.live, "live"), else_="over")
_in_words = containing(
    Case.title, Case.text, Case.reporter_name, Room.name_zh, Room.name_en, Device.name
)


def _mentioning(text: str) -> sa.ColumnElement[bool]:
    return sa.and_(sa.true(), *(_mentions(word) for word in text.split()))


def _mentions(word: str) -> sa.ColumnElement[bool]:
    """In its words, or by its name: F12, or the number alone."""
    found = _in_words(word)
    letter, digits = word[:1].upper(), word[1:]
    if word.isascii() and word.isdigit() and len(word) < 9:
        return sa.or_(found, Case.number == int(word))
    kind = next((one.key for one in KINDS.values() if one.prefix == letter), None)
    if kind and digits.isascii() and digits.isdigit() and len(digits) < 9:
        return sa.or_(found, sa.and_(Case.kind == kind, Case.number == int(digits)))
    return found


def _owned_by(user_id: int) -> sa.ColumnElement[bool]:
    """0 asks for those that nobody owns."""
    return Case.owner_id == user_id if user_id else Case.owner_id.is_(None)


def _about_device(device_id: int) -> sa.ColumnElement[bool]:
    """Those of a device, the one by which it replaced another, and the changes that touched its entry."""
    replaced = sa.select(Device.replaces_id).where(Device.id == device_id).scalar_subquery()
    by_it = sa.and_(Case.device_id == replaced, Case.facts["new_device"].as_integer() == device_id)
    return sa.or_(Case.device_id == device_id, by_it, has_changed(device_id))


def _of_open_item(number: int) -> sa.ColumnElement[bool]:
    """Those that an open item of the round led to, by its number."""
    items = sa.select(OpenItem.id).where(
        OpenItem.contract_id == Case.contract_id, OpenItem.number == number
    )
    return Case.open_item_id.in_(items)


def _waiting_for_client(_asked: bool) -> sa.ColumnElement[bool]:
    """Those that the client's word alone leads on: approve, accept, confirm."""
    return sa.or_(
        *(
            sa.and_(Case.kind == kind, Case.state == state, _fits(step))
            for kind, state, step in waiting_states("confirm")
        )
    )


def _fits(step: Step) -> sa.ColumnElement[bool]:
    if step.when is None:
        return sa.true()
    fact, values = step.when
    told = Case.facts[fact].as_string()
    known: sa.ColumnElement[bool] = told.in_(values) if values else told.is_not(None)
    return known


def _overdue_at(now: datetime) -> sa.ColumnElement[bool]:
    return _due.c.due_at < now


def dress_cases(
    session: Session, _contract_id: int, rows: Rows, now: datetime
) -> list[dict[str, Any]]:
    """The rows of :data:`CASES` as plain data, each with the clocks that run."""
    running = _running(session, [row.Case.id for row in rows])
    return [_dressed(row, running[row.Case.id], now) for row in rows]


def _running(session: Session, ids: Iterable[int]) -> Mapping[int, list[CaseClock]]:
    found: dict[int, list[CaseClock]] = defaultdict(list)
    statement = (
        sa.select(CaseClock)
        .where(CaseClock.case_id.in_(list(ids)), CaseClock.ended_at.is_(None))
        .order_by(CaseClock.due_at, CaseClock.id)
    )
    for clock in session.scalars(statement):
        found[clock.case_id].append(clock)
    return found


def _dressed(
    row: sa.Row[*tuple[Any, ...]], running: list[CaseClock], now: datetime
) -> dict[str, Any]:
    case, room, building, device = row.Case, row.Room, row.Building, row.Device
    return {
        "name": name_of(case.kind, case.number),
        "kind": case.kind,
        "state": case.state,
        "live": case.live,
        "severity": case.severity,
        "level": case.level,
        "title": case.title,
        "source": case.source,
        "room_id": case.room_id,
        "room_zh": room.name_zh if room else "",
        "room_en": room.name_en if room else "",
        "floor": room.floor if room else "",
        "building_zh": building.name_zh if building else "",
        "building_en": building.name_en if building else "",
        "device_id": case.device_id,
        "device_name": device.name if device else None,
        "type": device.type if device else "",
        "opened_at": case.opened_at,
        "ended_at": case.ended_at,
        "owner_id": case.owner_id,
        "owner": row.owner,
        "owner_en": row.owner_en,
        # Who told of it; what a caller said was written down by somebody else.
        "reporter": case.reporter_name or row.reporter or "",
        "reporter_en": "" if case.reporter_name else row.reporter_en or "",
        "due_at": running[0].due_at if running else None,
        # As people say it: a term that ends with a day has that day, not the midnight after it.
        "due": (running[0].due_on or running[0].due_at) if running else None,
        "overdue": any(clock.due_at is not None and clock.due_at < now for clock in running),
        "clocks": [clock_line(clock) for clock in running],
        "register": register_word(case),
    }


def clock_line(clock: CaseClock) -> dict[str, Any]:
    """A clock as lists and screens show it; they count it down themselves."""
    return {
        "name": clock.name,
        "turn": clock.turn,
        "state": clock.state,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "due_on": clock.due_on,
        "provisional": clock.provisional,
        "ended_at": clock.ended_at,
    }


CASES = Listing(
    name="cases",
    title=("服务单", "Cases"),
    select=sa.select(
        Case,
        Room,
        Building,
        Device,
        _owner.name.label("owner"),
        _owner.name_en.label("owner_en"),
        _reporter.name.label("reporter"),
        _reporter.name_en.label("reporter_en"),
        _due.c.due_at,
    )
    .outerjoin(Room, Room.id == Case.room_id)
    .outerjoin(Building, Building.id == Room.building_id)
    .outerjoin(Device, Device.id == Case.device_id)
    .outerjoin(_owner, _owner.id == Case.owner_id)
    .outerjoin(_reporter, _reporter.id == Case.opened_by_id)
    .outerjoin(_due, _due.c.case_id == Case.id),
    contract=Case.contract_id,
    filters={
        "state": _whether_live,
        "kind": Case.kind,
        "stage": Case.state,
        "source": Case.source,
        "severity": Case.severity,
        "room_id": Case.room_id,
        "device_id": _about_device,
        "open_item": _of_open_item,
        "owner_id": _owned_by,
        "overdue_at": _overdue_at,
        "waiting_for_client": _waiting_for_client,
        "unregistered": unregistered,
        "q": _mentioning,
    },
    sorts={
        "due_at": (_due.c.due_at,),
        "severity": (Case.severity, _due.c.due_at),
        "opened_at": (Case.opened_at,),
        "number": (Case.kind, Case.number),
        "place": (Building.position, Building.id, Room.floor, Room.name_zh, Device.name),
        "owner": (_owner.name,),
    },
    backwards=frozenset({"opened_at"}),
    sort="due_at",
    tie=Case.id,
    tab="state",
    states=("live", "over"),
    dress=dress_cases,
    columns=(
        Column("name", "编号", "Number"),
        Column("kind", "类别", "Kind", KIND_WORDS),
        Column("state", "状态", "State", STATE_WORDS),
        Column("severity", "级别", "Severity", _SEVERITIES),
        Column("title", "内容", "Subject"),
        Column("building", "楼宇", "Building"),
        Column("floor", "楼层", "Floor"),
        Column("room", "会议室", "Room"),
        Column("device_name", "设备", "Device"),
        Column("source", "来源", "Came by", SOURCE_WORDS),
        Column("reporter", "申报人", "Reported by"),
        Column("owner", "负责人", "Owner"),
        Column("opened_at", "申报时间", "Opened"),
        Column("due", "最近时限", "Next due"),
        Column("ended_at", "结束时间", "Ended"),
    ),
)
