"""Who told of a case and has no account: his address, and the two mails that he gets (clauses 27, 46, 48).

One says that we have it, with its number and a link to follow it by; the other that it counts as solved
or answered, with the same link to say whether that is so and how content he is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import links
from webapp.cases import reporter_words
from webapp.cases.kinds import name_of
from webapp.cases.models import Case, CaseEvent, CaseReporter
from webapp.estate.models import Room
from webapp.identity.models import Contract
from webapp.notifications import queries, services
from webapp.notifications.rules import Language, is_address
from webapp.notifications.words import Message

# The kinds that he is answered on, and the state in which he is asked for his word.
ASKED_IN = {"fault": "solved", "complaint": "answered"}
# Whoever gives another's address shall not fill his mailbox by us.
MOST_A_DAY = 10
_KEY = "reporter:"


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who is written to; ``name`` only where somebody of ours answers for it: it greets him."""

    address: str
    language: Language
    name: str = ""
    by_mail: bool = False


def remember(
    session: Session, case: Case, line: CaseEvent, reporter: Reporter, now: datetime
) -> bool:
    """Keep who told of a case by this line, and write to him that we have it; the same again does nothing.

    :returns: whether he is written to; what is no address isn't kept
    """
    address = reporter.address.strip().lower()
    if case.kind not in ASKED_IN or not is_address(address) or is_reporters(session, line):
        return False
    session.add(
        CaseReporter(
            contract_id=case.contract_id,
            case_id=case.id,
            event_id=line.id,
            address=address,
            language=reporter.language,
            added_at=now,
        )
    )
    if queries.mails_to(session, address, _KEY, now - timedelta(days=1)) >= MOST_A_DAY:
        return False
    about = _about(session, case, reporter.language, by_mail=reporter.by_mail)
    message = reporter_words.received(about, name=reporter.name, language=reporter.language)
    return _mail(session, case, address, message, line.id, f"{_KEY}received:{line.id}", now)


def is_reporters(session: Session, line: CaseEvent) -> bool:
    """Whether a line is a reporter's own, though somebody of ours may have written it down for him."""
    statement = sa.select(CaseReporter.id).where(CaseReporter.event_id == line.id)
    return session.scalar(statement) is not None


def tell_ended(session: Session, case: Case, before: str, event: CaseEvent, now: datetime) -> None:
    """Ask everybody who told of a case for his word, once it counts as solved or answered."""
    if ASKED_IN.get(case.kind) != case.state or case.state == before:
        return
    told = _reporters_of(session, case)
    if not told:
        return
    answer = str(event.fields.get("solution") or event.fields.get("answer") or "")
    for address, one in told.items():
        language: Language = "en" if one.language == "en" else "zh"
        about = _about(session, case, language, answer=answer)
        message = reporter_words.ended(about, name="", language=language)
        key = f"{_KEY}ended:{event.id}:{one.id}"
        _mail(session, case, address, message, one.event_id, key, now)


def _reporters_of(session: Session, case: Case) -> dict[str, CaseReporter]:
    """Who told of a case, and of those that were folded into it, each address once."""
    family = sa.select(Case.id).where(Case.id == case.id).cte("family", recursive=True)
    folded = sa.select(Case.id).join(family, Case.parent_id == family.c.id)
    family = family.union(folded.where(Case.state == "folded"))
    statement = (
        sa.select(CaseReporter)
        .where(CaseReporter.case_id.in_(sa.select(family.c.id)))
        .order_by(CaseReporter.id)
    )
    found: dict[str, CaseReporter] = {}
    for one in session.scalars(statement):
        found.setdefault(one.address, one)
    return found


def _about(
    session: Session, case: Case, language: Language, *, answer: str = "", by_mail: bool = False
) -> reporter_words.Told:
    contract = session.get_one(Contract, case.contract_id)
    room = session.get(Room, case.room_id) if case.room_id else None
    return reporter_words.Told(
        contract_code=contract.code,
        contract_zh=contract.name_zh,
        contract_en=contract.name_en,
        kind=case.kind,
        name=name_of(case.kind, case.number),
        place=_place(room, language) if room else "",
        answer=answer,
        by_mail=by_mail,
    )


def _place(room: Room, language: Language) -> str:
    name = (room.name_en or room.name_zh) if language == "en" else room.name_zh
    return " ".join(filter(None, (room.floor, name)))


def _mail(
    session: Session,
    case: Case,
    address: str,
    message: Message,
    line_id: int,
    key: str,
    now: datetime,
) -> bool:
    return services.mail(
        session,
        address,
        message.subject,
        message.text,
        key,
        now=now,
        link_for=f"fault:{line_id}",
        contract_id=case.contract_id,
        useful_for=links.LIFETIME,
    )
