"""What stands in a person's calendar: rounds, planned work, absences, of his contracts alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.agenda.words import ABSENCE_WORDS, KIND_WORDS, say
from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.estate.models import Room
from webapp.hours.models import PlannedWork
from webapp.identity.models import Contract, User
from webapp.identity.queries import contracts_of
from webapp.identity.rules import rights_of
from webapp.rounds.models import Round
from webapp.team.models import Absence

# What is over stays in sight so long.
KEPT = timedelta(days=60)
_KINDS = tuple(KIND_WORDS)
_NOTHING_COMES_OF_IT = ("cancelled", "declined", "rolled_back")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: of whole days (``end`` excluded), or of moments; without ``end`` nobody knows it.

    ``key`` is the same for the same thing for ever; ``changed_at`` is when it came to be as it is.
    """

    key: str
    summary: str
    start: date | datetime
    end: date | datetime | None
    path: str
    changed_at: datetime
    place: str = ""


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose calendar it is, in which of his contracts."""

    user: User
    contracts: Mapping[int, tuple[Contract, frozenset[str]]]
    now: datetime

    def today(self, contract_id: int) -> date:
        """The day that it is at the contract's place."""
        return self.now.astimezone(ZoneInfo(self.contracts[contract_id][0].time_zone)).date()

    def code(self, contract_id: int) -> str:
        return self.contracts[contract_id][0].code

    def where(self, right: str) -> list[int]:
        return [one for one, (_, rights) in self.contracts.items() if right in rights]


def entries_of(session: Session, user: User, now: datetime) -> list[Entry]:
    """A person's entries, in order of time; the statements are as few with many contracts as with one."""
    contracts = {
        row.id: (row, frozenset[str](rights_of(role, is_admin=user.is_admin)))
        for row, role in contracts_of(session, user)
    }
    of = _Of(user, contracts, now)
    found = [*_rounds(session, of), *_cases(session, of), *_work(session, of), *_away(session, of)]
    return sorted(found, key=lambda entry: (str(entry.start), entry.key))


def _rounds(session: Session, of: _Of) -> Iterator[Entry]:
    since = (of.now - KEPT).date()
    rows = session.scalars(
        sa.select(Round).where(Round.contract_id.in_(list(of.contracts)), Round.due_on >= since)
    )
    for row in rows:
        contract, _ = of.contracts[row.contract_id]
        word = "round_accepted" if row.state == "accepted" else "round_due"
        yield Entry(
            key=f"round-{contract.code}-{row.month}",
            summary=say(of.user.language, word, month=row.month, contract=_name(of, contract)),
            start=row.due_on,
            end=row.due_on + timedelta(days=1),
            path=f"/desk/rounds/{row.month}?contract={contract.code}",
            changed_at=row.accepted_at or row.opened_at,
        )


def _cases(session: Session, of: _Of) -> Iterator[Entry]:
    """Changes, upgrades, work after hours and trainings that have a time."""
    rows = session.execute(
        sa.select(Case, Room)
        .outerjoin(Room, Room.id == Case.room_id)
        .where(
            Case.contract_id.in_(list(of.contracts)),
            Case.kind.in_(_KINDS),
            Case.state.not_in(_NOTHING_COMES_OF_IT),
            sa.or_(Case.live, Case.ended_at >= of.now - KEPT),
        )
    )
    for case, room in rows:
        span = _span(case.facts)
        if span is None:
            continue
        name = called(case)
        yield Entry(
            key=f"case-{of.code(case.contract_id)}-{name}",
            summary=f"{KIND_WORDS[case.kind][of.user.language == 'en']}: {case.title} ({name})",
            start=span[0],
            end=span[1],
            path=f"/desk/cases/{name}?contract={of.code(case.contract_id)}",
            changed_at=case.received_at,
            place=_place(of, room),
        )


def _place(of: _Of, room: Room | None) -> str:
    if room is None:
        return ""
    return (room.name_en if of.user.language == "en" else "") or room.name_zh


def _span(facts: Mapping[str, Any]) -> tuple[date | datetime, date | datetime | None] | None:
    """When a case's work is, as far as it is planned."""
    if facts.get("from_at"):
        begin = datetime.fromisoformat(facts["from_at"])
        end = facts.get("to_at")
        return begin, datetime.fromisoformat(end) if end else None
    if facts.get("planned_on"):
        day = date.fromisoformat(facts["planned_on"])
        return day, day + timedelta(days=1)
    return None


def _work(session: Session, of: _Of) -> Iterator[Entry]:
    """The hours that the person himself is planned for (clause 23)."""
    rows = session.execute(
        sa.select(PlannedWork, Case)
        .join(Case, Case.id == PlannedWork.case_id)
        .where(
            PlannedWork.contract_id.in_(list(of.contracts)),
            PlannedWork.user_id == of.user.id,
            PlannedWork.withdrawn_at.is_(None),
            PlannedWork.from_at >= of.now - KEPT,
        )
    )
    for work, case in rows:
        name = called(case)
        yield Entry(
            key=f"work-{work.uid}",
            summary=say(of.user.language, "my_work", task=work.task or case.title, name=name),
            start=work.from_at,
            end=work.to_at,
            path=f"/desk/cases/{name}?contract={of.code(work.contract_id)}",
            changed_at=work.planned_at,
        )


def _away(session: Session, of: _Of) -> Iterator[Entry]:
    """Who is away and who stands in: one's own, or all of them for who gives out the work (clause 26)."""
    who, stands_in = aliased(User), aliased(User)
    own = sa.or_(Absence.user_id == of.user.id, Absence.stand_in_id == of.user.id)
    rows = session.execute(
        sa.select(Absence, who, stands_in)
        .join(who, who.id == Absence.user_id)
        .join(stands_in, stands_in.id == Absence.stand_in_id)
        .where(
            Absence.contract_id.in_(list(of.contracts)),
            Absence.cancelled_at.is_(None),
            sa.or_(Absence.to_on.is_(None), Absence.to_on >= (of.now - KEPT).date()),
            sa.or_(own, Absence.contract_id.in_(of.where("manage_round"))),
        )
    )
    for row, person, other in rows:
        last = row.to_on or max(row.from_on, of.today(row.contract_id))
        reason = ABSENCE_WORDS[row.reason][of.user.language == "en"]
        names = {"name": _called(of, person), "other": _called(of, other), "reason": reason}
        yield Entry(
            key=f"absence-{row.uid}",
            summary=say(of.user.language, "away" if row.to_on else "away_open", **names),
            start=row.from_on,
            end=last + timedelta(days=1),
            path=f"/desk/people?view=team&contract={of.code(row.contract_id)}",
            changed_at=row.entered_at,
        )


def _called(of: _Of, user: User) -> str:
    return (user.name_en if of.user.language == "en" else "") or user.name


def _name(of: _Of, contract: Contract) -> str:
    return (contract.name_en if of.user.language == "en" else "") or contract.name_zh
