"""Days of the service log put together: the system's lines, the entries, the signature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.errors import AppError
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import Contract, Membership, User
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.servicelog.lines import Line, Person, Span, case_of, place, system_lines
from webapp.servicelog.models import LogArchive, LogDay, LogEntry
from webapp.servicelog.rules import marked_late, month_days

# Whose log it is where nobody is named: who has his day on the site.
_FIRST_ROLES = ("on_site_engineer", "backup_engineer", "inspection_engineer", "project_manager")


@dataclass
class Day:
    """One person's day: ``lines`` are the system's, ``entries`` his own, each in order of time."""

    user_id: int
    day: date
    lines: list[Line] = field(default_factory=list)
    entries: list[Line] = field(default_factory=list)
    signature: LogDay | None = None

    @property
    def signed(self) -> LogDay | None:
        """The signature, while it holds."""
        row = self.signature
        return row if row is not None and row.signed_at is not None else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was done."""
        return not (self.lines or self.entries or self.signed)

    @property
    def late(self) -> int:
        """How many of the system's lines came after the signature."""
        return sum(self.late_marks())

    def late_marks(self) -> list[bool]:
        """Which of the system's lines came after the signature."""
        return marked_late(self.lines, self.signed.seen if self.signed else None)


def zone_of(session: Session, contract_id: int) -> ZoneInfo:
    """The contract's place on the clock."""
    statement = sa.select(Contract.time_zone).where(Contract.id == contract_id)
    return ZoneInfo(session.execute(statement).scalar_one())


def people_of_log(session: Session, contract_id: int) -> list[sa.Row[*tuple[Any, ...]]]:
    """``(user_id, name, name_en, role, left_at)`` of everybody who handles cases or ever did."""
    roles = [role for role, rights in ROLE_RIGHTS.items() if "handle" in rights]
    statement = (
        sa.select(User.id, User.name, User.name_en, Membership.role, Membership.left_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.contract_id == contract_id, Membership.role.in_(roles))
        .order_by(Membership.left_at.is_not(None), Membership.id)
    )
    return list(session.execute(statement))


def whose_log(session: Session, access: Access, user_id: int | None) -> tuple[int, list[Line]]:
    """Whose log is meant, and whose there are: one's own, or that of the engineer on the site.

    :raise AppError: ``not_found`` where the person has none in this contract
    """
    rows = people_of_log(session, access.contract_id)
    people = [
        {
            "user_id": row.id,
            "name": row.name,
            "name_en": row.name_en,
            "left": row.left_at is not None,
        }
        for row in rows
    ]
    known = {row.id for row in rows}
    if user_id is None:
        first = sorted(
            rows, key=lambda row: (row.left_at is not None, _FIRST_ROLES.index(row.role))
        )
        user_id = access.user_id if access.user_id in known else first[0].id if first else None
    # An administrator is of no contract, and yet may lend a hand.
    own = user_id == access.user_id and access.may("handle")
    if user_id is None or (user_id not in known and not own):
        raise AppError("not_found")
    return user_id, people


def read_days(session: Session, span: Span) -> dict[Person, Day]:
    """Every day of the span on which something was done, by person and day; six statements."""
    days: dict[Person, Day] = {}

    def of(person: Person) -> Day:
        return days.setdefault(person, Day(*person))

    for person, lines in system_lines(session, span).items():
        of(person).lines = lines
    for entry, line in _entries(session, span):
        of((entry.user_id, entry.day)).entries.append(line)
    for row in _signatures(session, span):
        of((row.user_id, row.day)).signature = row
    return days


def _entries(session: Session, span: Span) -> Iterator[tuple[LogEntry, Line]]:
    statement = (
        sa.select(LogEntry, Case, Room, Building, Device)
        .outerjoin(Case, Case.id == LogEntry.case_id)
        .outerjoin(Room, Room.id == LogEntry.room_id)
        .outerjoin(Building, Building.id == Room.building_id)
        .outerjoin(Device, Device.id == LogEntry.device_id)
        .where(
            LogEntry.contract_id == span.contract_id,
            span.of(LogEntry.user_id),
            LogEntry.day >= span.first,
            LogEntry.day <= span.last,
        )
        .order_by(LogEntry.at, LogEntry.id)
    )
    for entry, case, room, building, device in session.execute(statement):
        yield (
            entry,
            {
                "id": entry.id,
                "uid": entry.uid,
                "at": entry.at,
                "clock": f"{entry.at.astimezone(span.zone):%H:%M}",
                **place(room, building, device),
                **case_of(case),
                "done": entry.done,
                "result": entry.result,
                "written_at": entry.written_at,
            },
        )


def _signatures(session: Session, span: Span) -> Iterator[LogDay]:
    statement = sa.select(LogDay).where(
        LogDay.contract_id == span.contract_id,
        span.of(LogDay.user_id),
        LogDay.day >= span.first,
        LogDay.day <= span.last,
    )
    yield from session.scalars(statement)


def one_day(session: Session, contract_id: int, user_id: int, day: date) -> Day:
    """One person's day, be there anything in it or not."""
    span = Span(contract_id, zone_of(session, contract_id), day, day, (user_id,))
    return read_days(session, span).get((user_id, day)) or Day(user_id, day)


def day_view(session: Session, access: Access, user_id: int | None, day: date) -> dict[str, Any]:
    """A day as its screen shows it. :raise AppError: ``not_found``"""
    owner, people = whose_log(session, access, user_id)
    found = one_day(session, access.contract_id, owner, day)
    late = found.late_marks()
    own = owner == access.user_id
    signed = found.signed
    return {
        "day": day,
        "user_id": owner,
        "people": people,
        "lines": [{**line, "late": after} for line, after in zip(found.lines, late, strict=True)],
        "entries": found.entries,
        "remark": found.signature.remark if found.signature else "",
        "signed_at": signed.signed_at if signed else None,
        "may_write": own and access.may("handle") and not signed,
        "may_reopen": signed is not None and (own or access.may("accept")),
    }


def month_view(session: Session, access: Access, user_id: int | None, month: str) -> dict[str, Any]:
    """A person's month: each day with how much is in it, and the month's archives.

    :raise AppError: ``not_found``
    """
    first, last = month_days(month)
    owner, people = whose_log(session, access, user_id)
    zone = zone_of(session, access.contract_id)
    days = read_days(session, Span(access.contract_id, zone, first, last, (owner,)))
    return {
        "month": month,
        "user_id": owner,
        "people": people,
        "days": [
            _counted(days.get((owner, day)) or Day(owner, day)) for day in each_day(first, last)
        ],
        "archives": archives(session, access.contract_id, month),
        "may_archive": access.may("accept"),
    }


def each_day(first: date, last: date) -> Sequence[date]:
    """Every day from one to another, both included."""
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


def _counted(day: Day) -> dict[str, Any]:
    steps = [line for line in day.lines if line["kind"] == "case"]
    visits = [line for line in day.lines if line["kind"] == "visit"]
    return {
        "day": day.day,
        "faults": len({line["case"] for line in steps if line["case_kind"] == "fault"}),
        "cases": len({line["case"] for line in steps if line["case_kind"] != "fault"}),
        "rooms": len(visits),
        "devices": sum(line["devices"] for line in visits),
        "entries": len(day.entries),
        "signed_at": day.signed.signed_at if day.signed else None,
        "late": day.late,
        "empty": day.is_empty,
    }


def archives(session: Session, contract_id: int, month: str) -> list[dict[str, Any]]:
    """A month's archives, the latest first."""
    statement = (
        sa.select(
            LogArchive.id, LogArchive.sequence, LogArchive.archived_at, User.name, User.name_en
        )
        .join(User, User.id == LogArchive.archived_by_id)
        .where(LogArchive.contract_id == contract_id, LogArchive.month == month)
        .order_by(LogArchive.sequence.desc())
    )
    return [
        {
            "id": row.id,
            "sequence": row.sequence,
            "archived_at": row.archived_at,
            "archived_by": row.name,
            "archived_by_en": row.name_en,
        }
        for row in session.execute(statement)
    ]
