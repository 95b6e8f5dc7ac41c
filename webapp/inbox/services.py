"""A mail becomes a case, a line of one, or waits to be sorted; a supervisor sorts it (clauses 8, 43, 46)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases import files, reported
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import Opening, called, case_named
from webapp.cases.reporters import Reporter, remember
from webapp.cases.services import Author, Taking, open_case, take_step
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.identity.rules import Access
from webapp.inbox import rules
from webapp.inbox.matching import Match, Sender
from webapp.inbox.message import MOST_TEXT, Incoming
from webapp.inbox.models import IncomingMail
from webapp.notifications import services as notifications
from webapp.pictures import Picture

SortedAs = Literal["fault", "complaint", "question", "wish"]
_UNTITLED = {"zh": "（无主题）", "en": "(no subject)"}
_SORTS = "review"


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of a mail, re-encoded and in the contract's store already."""

    sha256: str
    bytes: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class Sorting:
    """What a supervisor makes of a mail: a line of ``case``, or a new case of a kind."""

    kind: SortedAs = "fault"
    case: str = ""
    room_id: int | None = None
    device_id: int | None = None


def known(session: Session, mail: Incoming) -> bool:
    """Whether this very mail was taken before."""
    uid = rules.uid_of(mail.message_id, mail.address)
    return session.scalar(sa.select(IncomingMail.id).where(IncomingMail.uid == uid)) is not None


def take_in(
    session: Session,
    mail: Incoming,
    found: Match,
    photos: Sequence[Photo],
    raw_key: str,
    now: datetime,
) -> IncomingMail | None:
    """Note a mail, and make of it what it is: a case, a line of one, or something to be sorted.

    :param raw_key: where the message lies whole, in case that it is to be sorted
    :return: None when this very mail was taken before, perhaps a moment ago by another worker
    :raise AppError: what the case's step refuses
    """
    by_itself = not found.reason and found.contract_id is not None
    state = "taken" if by_itself else "set_aside" if found.reason == "automatic" else "waiting"
    values = {
        **_words(mail, found.sender),
        "contract_id": found.contract_id,
        "state": state,
        "reason": found.reason,
        "kind": found.kind,
        "case_id": found.case_id,
        "event_id": None,
        "raw_key": "" if by_itself else raw_key,
        "received_at": now,
        "remark": "",
        "settled_by_id": None,
        "settled_at": now if by_itself else None,
    }
    row_id = notifications.insert_once(session, IncomingMail, values)
    if row_id is None:
        return None
    row = session.get_one(IncomingMail, row_id)
    if by_itself:
        sorting = Sorting(found.kind, found.case, found.room_id, found.device_id)
        _apply(session, row, sorting, found.sender, mail, photos, now)
    elif state == "waiting":
        _tell(session, row, now)
    return row


def note_unreadable(session: Session, uid: str, reason: str, raw_key: str, now: datetime) -> None:
    """Keep what nobody could read before the supervisors: it may be somebody's cry for help."""
    values = {
        "uid": uid,
        "contract_id": None,
        "state": "waiting",
        "reason": reason,
        "address": "",
        "name": "",
        "subject": "",
        "text": "",
        "kind": "fault",
        "pictures": 0,
        "raw_key": raw_key,
        "received_at": now,
        "remark": "",
    }
    notifications.insert_once(session, IncomingMail, values)


def assign(
    session: Session,
    access: Access,
    mail_id: int,
    sorting: Sorting,
    mail: Incoming,
    photos: Sequence[Photo],
    now: datetime,
) -> str:
    """Make of a mail what a supervisor says it is; the case's name.

    :raise AppError: ``not_found``; ``mail_sorted`` when it was taken already; ``room_unknown``,
        ``device_unknown``, ``case_unknown``, ``step_not_now``
    """
    take_sequence(session, access.contract_id)
    row = mail_of(session, access.contract_id, mail_id)
    session.refresh(row, with_for_update=True)
    if row.state == "taken":
        raise AppError("mail_sorted")
    if sorting.case:
        _check_case(session, access.contract_id, sorting.case)
    before = {"state": row.state, "contract_id": row.contract_id}
    row.contract_id = access.contract_id
    language = rules.language_of(mail.subject, mail.text)
    case = _apply(session, row, sorting, Sender(row.name, language), mail, photos, now)
    row.state, row.settled_by_id, row.settled_at, row.raw_key = "taken", access.user_id, now, ""
    diff = audit.differences(before, {"state": "taken", "contract_id": row.contract_id})
    _audit(session, access, row, "assign", diff | {"case": [None, called(case)]}, now)
    return called(case)


def set_aside(session: Session, access: Access, mail_id: int, remark: str, now: datetime) -> None:
    """Say why a mail becomes nothing; it can still be assigned.

    :raise AppError: ``not_found``; ``mail_sorted``
    """
    take_sequence(session, access.contract_id)
    row = mail_of(session, access.contract_id, mail_id)
    session.refresh(row, with_for_update=True)
    if row.state == "taken":
        raise AppError("mail_sorted")
    diff: dict[str, list[Any]] = {"state": [row.state, "set_aside"], "remark": [row.remark, remark]}
    row.state, row.remark = "set_aside", remark
    row.settled_by_id, row.settled_at = access.user_id, now
    _audit(session, access, row, "set_aside", diff, now)


def mail_of(session: Session, contract_id: int, mail_id: int) -> IncomingMail:
    """A mail of the contract, or one of which no contract is known. :raise AppError: ``not_found``"""
    row = session.get(IncomingMail, mail_id)
    if row is None or row.contract_id not in (None, contract_id):
        raise AppError("not_found")
    return row


def _check_case(session: Session, contract_id: int, name: str) -> None:
    try:
        case_named(session, contract_id, name)
    except AppError as error:
        raise AppError("case_unknown", name=name) from error


def _words(mail: Incoming, sender: Sender) -> dict[str, Any]:
    return {
        "uid": rules.uid_of(mail.message_id, mail.address),
        "address": mail.address,
        "name": sender.name,
        "subject": mail.subject,
        "text": _shortened(mail.text),
        "pictures": len(mail.pictures),
    }


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _apply(
    session: Session,
    row: IncomingMail,
    sorting: Sorting,
    sender: Sender,
    mail: Incoming,
    photos: Sequence[Photo],
    now: datetime,
) -> Case:
    contract_id = row.contract_id
    assert contract_id is not None  # noqa: S101 - whoever calls has seen to it
    take_sequence(session, contract_id)
    author = Author(None, sender.name)
    waiting = "" if sorting.case else _same_fault(session, contract_id, sorting)
    if sorting.case or waiting:
        words = rules.own_words(mail.text) if sorting.case else _told(mail)
        text = _shortened(words) or mail.subject or "…"
        taking = Taking(row.uid, "note", now, {"text": text})
        line = take_step(session, contract_id, author, sorting.case or waiting, taking, now)
        case = session.get_one(Case, line.case_id)
    else:
        opening = _opening(row, sorting, sender, mail, now)
        case = open_case(session, contract_id, author, opening, now)
        line = reported.opening_line(session, case)
    row.case_id, row.event_id = case.id, line.id
    _add_photos(session, line, row, photos, now)
    if not sorting.case:
        greeted = sender.greeting if contract_id in sender.member_of else ""
        reporter = Reporter(mail.address, sender.language, greeted, by_mail=True)
        remember(session, case, line, reporter, now)
    return case


def _same_fault(session: Session, contract_id: int, sorting: Sorting) -> str:
    """The fault of the same device that still waits: the same told twice becomes a line of it."""
    if sorting.kind != "fault" or sorting.device_id is None:
        return ""
    case = reported.waiting_fault(session, contract_id, sorting.device_id)
    return called(case) if case is not None else ""


def _told(mail: Incoming) -> str:
    return "\n".join(filter(None, (rules.subject_of(mail.subject, ""), mail.text)))


def _opening(
    row: IncomingMail, sorting: Sorting, sender: Sender, mail: Incoming, now: datetime
) -> Opening:
    of_hotline = sorting.kind in ("question", "wish")
    return Opening(
        uid=row.uid,
        kind="hotline" if of_hotline else sorting.kind,
        title=rules.subject_of(mail.subject, mail.text) or _UNTITLED[sender.language],
        at=now,
        text=_shortened(mail.text),
        room_id=sorting.room_id,
        device_id=sorting.device_id,
        source="mail",
        reporter_name=sender.name,
        reporter_contact=mail.address,
        fields={"category": sorting.kind} if of_hotline else {},
    )


def _add_photos(
    session: Session,
    line: CaseEvent,
    row: IncomingMail,
    photos: Sequence[Photo],
    now: datetime,
) -> None:
    for number, photo in enumerate(photos[: files.MOST_OF_A_REPORTER]):
        uid = str(uuid.uuid5(uuid.UUID(row.uid), f"photo {number}"))
        files.add(
            session, line, files.Brought(uid, photo.sha256, photo.bytes, photo.picture), None, now
        )


def _tell(session: Session, row: IncomingMail, now: datetime) -> None:
    """Tell the supervisors of its contract that it waits; where none is known, the list's count must do."""
    if row.contract_id is None:
        return
    contract = session.get_one(Contract, row.contract_id)
    for person in reachable(session, contract.id):
        if _SORTS in person.rights:
            notifications.tell(
                session,
                person.recipient,
                contract_id=contract.id,
                kind="mail_to_sort",
                details={"name": row.name or row.address, "subject": row.subject},
                path=f"/desk/mails?contract={contract.code}",
                key=f"mail_to_sort:{row.id}",
                now=now,
            )


def _audit(
    session: Session,
    access: Access,
    row: IncomingMail,
    action: str,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=f"mail_{action}",
        entity="incoming_mail",
        entity_id=row.id,
        diff=diff,
    )
