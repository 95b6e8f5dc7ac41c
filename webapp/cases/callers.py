"""Who calls the hotline: the contract's people, and who has told of something before (clauses 7, 47)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.cases.opening import Opening, called
from webapp.cases.reported import opening_line
from webapp.cases.reporters import Reporter, remember
from webapp.cases.services import Author, Taking, open_case, take_step
from webapp.errors import AppError
from webapp.identity.models import Membership, User
from webapp.listing import containing
from webapp.notifications.rules import Language

MOST_SHOWN = 8
# A note that is written down later than that is no call any more.
_LONGEST_AGO = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody said by phone; ``answer`` is what he was told at once, where that settles it."""

    opening: Opening
    language: Language
    answer: str = ""


def take_call(
    session: Session, contract_id: int, author: Author, call: Call, now: datetime
) -> Case:
    """Open the case that a call is, with its clocks from the time of the call; the same again is the same.

    Who left an e-mail address is written to like anybody who reports without an account.

    :raise AppError: as :func:`open_case`; ``invalid`` when the call was too long ago
    """
    if call.opening.at < now - _LONGEST_AGO:
        raise AppError("invalid", fields={"called_at": ["invalid"]})
    case = open_case(session, contract_id, author, call.opening, now)
    line = opening_line(session, case)
    remember(session, case, line, Reporter(call.opening.reporter_contact, call.language), now)
    if call.answer and case.kind == "hotline" and case.state == "noted":
        # Made of the case's own, so that the same call sent twice is answered once.
        taking = Taking(answer_uid(case.uid), "answer", now, {"answer": call.answer})
        take_step(session, contract_id, author, called(case), taking, now)
    return case


def answer_uid(uid: str) -> str:
    """The id of the answer that came with a call."""
    return str(uuid.uuid5(uuid.UUID(uid), "answer"))


def known_callers(session: Session, contract_id: int, text: str) -> list[dict[str, Any]]:
    """People to choose a caller from, eight at most: members first, then those who told of something last.

    Two statements, whatever is typed.
    """
    found = [*_members(session, contract_id, text), *_earlier(session, contract_id, text)]
    unique: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        unique.setdefault((one["name"], one["contact"]), one)
    return list(unique.values())[:MOST_SHOWN]


def _members(session: Session, contract_id: int, text: str) -> list[dict[str, Any]]:
    statement = (
        sa.select(User.name, User.name_en, User.phone, User.email, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.contract_id == contract_id,
            Membership.left_at.is_(None),
            User.disabled_at.is_(None),
            containing(User.name, User.name_en, User.phone, User.email)(text),
        )
        # The client's own call, and the provider's now and then.
        .order_by(Membership.role != "client_it_lead", User.name, User.id)
        .limit(MOST_SHOWN)
    )
    return [
        {"name": name, "name_en": name_en, "contact": phone or email, "role": role}
        for name, name_en, phone, email, role in session.execute(statement)
    ]


def _earlier(session: Session, contract_id: int, text: str) -> list[dict[str, Any]]:
    statement = (
        sa.select(Case.reporter_name, Case.reporter_contact)
        .where(
            Case.contract_id == contract_id,
            Case.reporter_name != "",
            containing(Case.reporter_name, Case.reporter_contact)(text),
        )
        .group_by(Case.reporter_name, Case.reporter_contact)
        .order_by(sa.func.max(Case.id).desc())
        .limit(MOST_SHOWN)
    )
    return [
        {"name": name, "name_en": "", "contact": contact, "role": ""}
        for name, contact in session.execute(statement)
    ]
