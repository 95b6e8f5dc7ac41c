"""The half of the log that the system writes: cases' steps, rooms inspected, rooms signed.

Read from where it is kept, four statements for any span of days and any number of people. What is the
provider's own (internal lines) is no part of a log that the client is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.models import SignOff
from webapp.cases.kinds import name_of
from webapp.cases.models import Case, CaseEvent, CaseFile
from webapp.estate.models import Building, Device, Room
from webapp.rounds.models import Inspection
from webapp.servicelog.rules import bounds, day_of

Line = dict[str, Any]
Person = tuple[int, date]
# Talk and hand-overs of paper are no work on the site; who wants them reads the case.
LEFT_OUT = ("note", "note_internal", "assign")
# The fields of a step that say what was done, in this order.
_SAID = (
    *("device", "cause", "plan", "solution"),
    *("done", "finding", "answer", "measures", "report"),
)
NOWHERE = {
    "room_id": None,
    "room_zh": "",
    "room_en": "",
    "floor": "",
    "building_zh": "",
    "building_en": "",
    "device_id": None,
    "device_name": None,
}


@dataclass(frozen=True)
class Span:
    """Which days of whom: ``users`` None means everybody."""

    contract_id: int
    zone: ZoneInfo
    first: date
    last: date
    users: Collection[int] | None = None

    def moments(self) -> tuple[datetime, datetime]:
        """Its first moment, and the first after it."""
        return bounds(self.first, self.last, self.zone)

    def of(self, column: Any) -> sa.ColumnElement[bool]:
        """The condition that a row is of one of its people."""
        found: sa.ColumnElement[bool] = (
            column.is_not(None) if self.users is None else column.in_(self.users)
        )
        return found


def system_lines(session: Session, span: Span) -> dict[Person, list[Line]]:
    """The system's lines by person and day, each day's in order of time."""
    found: dict[Person, list[Line]] = defaultdict(list)
    for user_id, line in (
        *_steps(session, span),
        *_visits(session, span),
        *_signatures(session, span),
    ):
        found[user_id, day_of(line["at"], span.zone)].append(line)
    for lines in found.values():
        lines.sort(key=lambda line: (line["at"], line["key"]))
    return found


def place(room: Room | None, building: Building | None, device: Device | None = None) -> Line:
    """Where something was done, as every list says it."""
    if room is None or building is None:
        return dict(NOWHERE)
    return {
        "room_id": room.id,
        "room_zh": room.name_zh,
        "room_en": room.name_en,
        "floor": room.floor,
        "building_zh": building.name_zh,
        "building_en": building.name_en,
        "device_id": device.id if device else None,
        "device_name": device.name if device else None,
    }


def case_of(case: Case | None) -> Line:
    """Which case it belongs to; all empty for none."""
    if case is None:
        return {"case": None, "case_kind": None, "case_title": ""}
    return {
        "case": name_of(case.kind, case.number),
        "case_kind": case.kind,
        "case_title": case.title,
    }


def _steps(session: Session, span: Span) -> Iterator[tuple[int, Line]]:
    wanted = _of_steps(span)
    pictured = _photos(session, wanted)
    statement = (
        sa.select(CaseEvent, Case, Room, Building, Device)
        .join(Case, Case.id == CaseEvent.case_id)
        .outerjoin(Room, Room.id == Case.room_id)
        .outerjoin(Building, Building.id == Room.building_id)
        .outerjoin(Device, Device.id == Case.device_id)
        .where(*wanted)
    )
    for event, case, room, building, device in session.execute(statement):
        yield (
            cast(int, event.author_id),
            {
                "key": f"case:{event.id}",
                "kind": "case",
                "at": event.at,
                "until": None,
                **place(room, building, device),
                **case_of(case),
                "step": event.step,
                "before": event.before,
                "after": event.after,
                "text": said(event.text, event.fields),
                "devices": 0,
                "abnormal": 0,
                "not_tested": 0,
                "scanned": 1 if event.fields.get("code") else 0,
                "photos": pictured.get(event.id, []),
            },
        )


def _of_steps(span: Span) -> list[sa.ColumnElement[bool]]:
    """The conditions that a step of a case belongs to the span."""
    start, end = span.moments()
    return [
        CaseEvent.contract_id == span.contract_id,
        span.of(CaseEvent.author_id),
        CaseEvent.at >= start,
        CaseEvent.at < end,
        ~CaseEvent.internal,
        CaseEvent.step.not_in(LEFT_OUT),
    ]


def _photos(session: Session, wanted: Iterable[sa.ColumnElement[bool]]) -> dict[int, list[str]]:
    """The uids of the photos that have come, by the step that they belong to, in their order."""
    statement = (
        sa.select(CaseFile.event_id, CaseFile.uid)
        .join(CaseEvent, CaseEvent.id == CaseFile.event_id)
        .where(*wanted, CaseFile.received_at.is_not(None), ~CaseFile.unreadable)
        .order_by(CaseFile.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for event_id, uid in session.execute(statement):
        found[cast(int, event_id)].append(uid)
    return found


def said(text: str, fields: Mapping[str, Any]) -> str:
    """What a step says it did: the words of its fields, or its remark."""
    told = [str(fields[key]) for key in _SAID if fields.get(key)]
    return "\n".join([*told, *([text] if text else [])])


def _visits(session: Session, span: Span) -> Iterator[tuple[int, Line]]:
    """The rooms that somebody inspected, one line a room and day, however many devices it has."""
    start, end = span.moments()
    made = sa.func.coalesce(Inspection.device_finished_at, Inspection.received_at)
    statement = (
        sa.select(Inspection, Room, Building)
        .join(Room, Room.id == Inspection.room_id)
        .join(Building, Building.id == Room.building_id)
        .where(
            Inspection.contract_id == span.contract_id,
            span.of(Inspection.author_id),
            # A phone's clock may go wrong by hours: the very moment is reckoned below.
            sa.or_(
                sa.and_(
                    made >= start - timedelta(days=1),
                    made < end + timedelta(days=1),
                ),
                sa.and_(Inspection.received_at >= start, Inspection.received_at < end),
            ),
        )
    )
    grouped: dict[tuple[int, date, int], list[tuple[datetime, Inspection]]] = defaultdict(list)
    places: dict[int, Line] = {}
    for inspection, room, building in session.execute(statement):
        at = made_at(inspection)
        day = day_of(at, span.zone)
        if span.first <= day <= span.last:
            grouped[inspection.author_id, day, room.id].append((at, inspection))
            places[room.id] = place(room, building)
    for (user_id, _day, room_id), rows in grouped.items():
        yield user_id, _visit(room_id, places[room_id], rows)


def made_at(inspection: Inspection) -> datetime:
    """When an inspection was finished, by the server's clock; never later than it came."""
    if inspection.device_finished_at is None:
        return inspection.received_at
    by_our_clock = inspection.device_finished_at - timedelta(
        seconds=inspection.clock_offset_seconds
    )
    return min(by_our_clock, inspection.received_at)


def _visit(room_id: int, where: Line, rows: Iterable[tuple[datetime, Inspection]]) -> Line:
    found = sorted(rows, key=lambda row: row[0])
    verdicts = [row.verdict for _, row in found]
    return {
        "key": f"visit:{room_id}",
        "kind": "visit",
        "at": found[0][0],
        "until": found[-1][0],
        **where,
        **case_of(None),
        "step": "",
        "before": "",
        "after": "",
        "text": "",
        "devices": len(found),
        "abnormal": verdicts.count("abnormal"),
        "not_tested": verdicts.count("not_tested"),
        "scanned": sum(1 for _, row in found if row.scanned_code),
        "photos": [],
    }


def _signatures(session: Session, span: Span) -> Iterator[tuple[int, Line]]:
    """What somebody signed in the three-level acceptance, one line a level and day."""
    start, end = span.moments()
    statement = sa.select(SignOff).where(
        SignOff.contract_id == span.contract_id,
        span.of(SignOff.user_id),
        SignOff.signed_at >= start,
        SignOff.signed_at < end,
    )
    grouped: dict[tuple[int, date, str], list[SignOff]] = defaultdict(list)
    for row in session.scalars(statement):
        grouped[row.user_id, day_of(row.signed_at, span.zone), row.level].append(row)
    for (user_id, _day, level), rows in grouped.items():
        moments = sorted(row.signed_at for row in rows)
        yield (
            user_id,
            {
                "key": f"signed:{level}",
                "kind": "signed",
                "at": moments[0],
                "until": moments[-1],
                **NOWHERE,
                **case_of(None),
                "step": level,
                "before": "",
                "after": "",
                "text": "",
                "devices": len(rows),
                "abnormal": 0,
                "not_tested": 0,
                "scanned": 0,
                "photos": [],
            },
        )
