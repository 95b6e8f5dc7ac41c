"""Who is told of the team: that he stands in for somebody, that it is over, that a manual waits to be read.

Each once: at nine in the morning of the contract's place, made up for within two days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.db import take_sequence
from webapp.identity.models import Contract, User
from webapp.identity.queries import Reachable, reachable
from webapp.notifications import queries
from webapp.notifications import services as notifications
from webapp.notifications.rules import MADE_UP_FOR_DAYS, is_time_to_tell, local
from webapp.team.models import Absence, Manual, ManualReading, ManualVersion
from webapp.team.rules import notices_of_absence

# Who has not read a manual after so many days is reminded of it.
REMIND_AFTER = timedelta(days=7)
_WINDOW = timedelta(days=MADE_UP_FOR_DAYS + 2)


@dataclass(frozen=True)
class Word:
    """One thing to be told of a contract: what, by which key, and to whom (None: who manages people alone)."""

    kind: str
    key: str
    path: str
    to: frozenset[int]
    to_managers: bool
    details: dict[str, Any]


def tell_of_manual(
    session: Session, manual: Manual, version: ManualVersion, by: int, now: datetime
) -> None:
    """Tell who works on site that a version of a manual is approved and to be read; not him who approved it."""
    contract = session.get_one(Contract, manual.contract_id)
    word = _manual_word(manual, version, "approved")
    people = [one for one in reachable(session, contract.id) if "handle" in one.rights]
    _tell(session, contract, [one for one in people if one.recipient.user_id != by], word, now)


def contracts_to_tell(session: Session, now: datetime) -> list[int]:
    """The contracts of which somebody is to be told something of the team now."""
    return [contract.id for contract in _near(session, now) if _untold(session, contract, now)]


def tell_of_team(session: Session, contract_id: int, now: datetime) -> int:
    """Tell what is to be told of a contract's team now; how many words there were."""
    take_sequence(session, contract_id)
    contract = session.get_one(Contract, contract_id)
    words = _untold(session, contract, now)
    people = reachable(session, contract_id) if words else []
    for word in words:
        to = [
            one
            for one in people
            if one.recipient.user_id in word.to
            or (word.to_managers and "manage_people" in one.rights)
        ]
        _tell(session, contract, to, word, now)
    return len(words)


def _tell(
    session: Session, contract: Contract, to: Iterable[Reachable], word: Word, now: datetime
) -> None:
    for one in to:
        notifications.tell(
            session,
            one.recipient,
            contract_id=contract.id,
            kind=word.kind,
            details=word.details,
            path=f"{word.path}&contract={contract.code}",
            key=word.key,
            now=now,
        )


def _near(session: Session, now: datetime) -> list[Contract]:
    """The contracts with something near: an absence that begins or ends, a manual approved a week ago."""
    first, last = (now - _WINDOW).date(), (now + _WINDOW).date()
    absent = sa.exists().where(
        Absence.contract_id == Contract.id,
        Absence.cancelled_at.is_(None),
        sa.or_(Absence.from_on.between(first, last), Absence.to_on.between(first, last)),
    )
    waiting = sa.exists().where(
        Manual.contract_id == Contract.id,
        ManualVersion.manual_id == Manual.id,
        ManualVersion.approved_at.between(now - REMIND_AFTER - _WINDOW, now - REMIND_AFTER),
    )
    statement = sa.select(Contract).where(sa.or_(absent, waiting)).order_by(Contract.id)
    there = session.scalars(statement).all()
    return [one for one in there if is_time_to_tell(local(now, one.time_zone).hour)]


def _untold(session: Session, contract: Contract, now: datetime) -> list[Word]:
    today = local(now, contract.time_zone).date()
    words = [*_of_absences(session, contract.id, today), *_of_manuals(session, contract.id, now)]
    told = queries.told_of(session, contract.id, [word.key for word in words])
    return [word for word in words if word.key not in told]


def _of_absences(session: Session, contract_id: int, today: date) -> list[Word]:
    rows = session.scalars(
        sa.select(Absence)
        .where(Absence.contract_id == contract_id, Absence.cancelled_at.is_(None))
        .where(sa.or_(Absence.to_on.is_(None), Absence.to_on >= today - _WINDOW))
        .order_by(Absence.id)
    ).all()
    ids = {user_id for row in rows for user_id in (row.user_id, row.stand_in_id)}
    people = {one.id: one for one in session.scalars(sa.select(User).where(User.id.in_(ids)))}
    return [
        _absence_word(row, kind, people)
        for row in rows
        for kind in notices_of_absence(row.from_on, row.to_on, today, MADE_UP_FOR_DAYS)
    ]


def _absence_word(row: Absence, kind: str, people: dict[int, User]) -> Word:
    away, stand_in = people[row.user_id], people[row.stand_in_id]
    days = {"from": str(row.from_on), "to": str(row.to_on) if row.to_on else "…"}
    both = {row.user_id, row.stand_in_id}
    return Word(
        kind=kind,
        key=f"{kind}:{row.id}:{row.from_on if kind == 'stand_in_begins' else row.to_on}",
        path="/desk/people?view=team",
        to=frozenset(both if kind == "stand_in_ends" else {row.stand_in_id}),
        to_managers=True,
        details={
            "name": away.name,
            "name_en": away.name_en,
            "stand_in": stand_in.name,
            "stand_in_en": stand_in.name_en,
            **days,
        },
    )


def _of_manuals(session: Session, contract_id: int, now: datetime) -> list[Word]:
    """A word for each manual that somebody has not read a week after its approval."""
    rows = session.execute(
        sa.select(Manual, ManualVersion)
        .join(ManualVersion, ManualVersion.manual_id == Manual.id)
        .where(
            Manual.contract_id == contract_id,
            ManualVersion.approved_at.between(now - REMIND_AFTER - _WINDOW, now - REMIND_AFTER),
        )
        .order_by(Manual.id, ManualVersion.number)
    ).all()
    if not rows:
        return []
    handlers = {
        one.recipient.user_id for one in reachable(session, contract_id) if "handle" in one.rights
    }
    words = []
    for manual, version in rows:
        newer = sa.select(ManualVersion.id).where(
            ManualVersion.manual_id == manual.id,
            ManualVersion.number > version.number,
            ManualVersion.approved_at.is_not(None),
        )
        readers = sa.select(ManualReading.user_id).where(ManualReading.version_id == version.id)
        left = handlers - set(session.scalars(readers))
        if left and session.scalar(newer.limit(1)) is None:
            words.append(_manual_word(manual, version, "waits", frozenset(left)))
    return words


def _manual_word(
    manual: Manual, version: ManualVersion, when: str, to: frozenset[int] = frozenset()
) -> Word:
    return Word(
        kind="manual_to_read",
        key=f"manual_to_read:{version.id}:{when}",
        path="/desk/people?view=manuals",
        to=to,
        to_managers=False,
        details={"title": manual.title, "version": str(version.number)},
    )
