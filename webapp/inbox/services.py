"""A mail becomes a case, a line of one, or waits to be sorted; a supervisor sorts it (clauses 8, 43, 46)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.models import Case
from webapp.cases.opening import called, case_named
from webapp.cases.services import Author, add_line
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.identity.rules import Access
from webapp.inbox import rules
from webapp.inbox.applying import Photo, Sorting, apply, own_uid, photos_of, sender_of, shortened
from webapp.inbox.matching import Match, Sender
from webapp.inbox.message import Incoming
from webapp.inbox.models import IncomingMail
from webapp.notifications import services as notifications

_SORTS = "review"


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
        sorting = Sorting(
            found.kind, found.case, found.room_id, found.device_id, found.parent, found.names
        )
        apply(session, row, sorting, found.sender, photos, now)
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
    row = _locked(session, access, mail_id)
    if row.state == "taken":
        raise AppError("mail_sorted")
    _check_case(session, access.contract_id, sorting.case)
    before = {"state": row.state, "contract_id": row.contract_id}
    row.contract_id = access.contract_id
    # What failed when it came has no words in its row yet.
    row.name, row.address, row.subject = row.name or mail.name, mail.address, mail.subject
    row.text, row.pictures = shortened(mail.text), len(mail.pictures)
    case = apply(session, row, sorting, sender_of(row), photos, now)
    row.state, row.settled_by_id, row.settled_at, row.raw_key = "taken", access.user_id, now, ""
    diff = audit.differences(before, {"state": "taken", "contract_id": row.contract_id})
    _audit(session, access, row, "assign", diff | {"case": [None, called(case)]}, now)
    return called(case)


def sort_again(
    session: Session,
    access: Access,
    mail_id: int,
    instead_of: str,
    sorting: Sorting,
    now: datetime,
) -> str:
    """Put a mail elsewhere that was taken into the wrong case, whose story then says so; the right one's name.

    It counts from when it came: that it lay in the wrong place was no fault of its sender's.

    :param instead_of: the case that it is in as the supervisor sees it
    :raise AppError: as :func:`assign`; ``mail_sorted`` when it is elsewhere by now
    """
    row = _locked(session, access, mail_id)
    wrong = session.get(Case, row.case_id) if row.state == "taken" else None
    if wrong is None or called(wrong) != instead_of or sorting.case == instead_of:
        raise AppError("mail_sorted")
    _check_case(session, access.contract_id, sorting.case)
    line_id, photos = row.event_id, photos_of(session, row)
    uid = own_uid(row, f"instead of {line_id}")
    case = apply(session, row, sorting, sender_of(row), photos, now, uid=uid)
    wrong.seq = take_sequence(session, access.contract_id)  # phones that hold it hear of its line
    author, given = Author(access, access.user_name), {"case": called(case)}
    moved = own_uid(row, f"moved from {line_id}")
    add_line(session, wrong, author, moved, "mail_moved", row.subject, given, now)
    row.settled_by_id, row.settled_at = access.user_id, now
    _audit(session, access, row, "sort_again", {"case": [instead_of, called(case)]}, now)
    return called(case)


def set_aside(session: Session, access: Access, mail_id: int, remark: str, now: datetime) -> None:
    """Say why a mail becomes nothing; it can still be assigned.

    :raise AppError: ``not_found``; ``mail_sorted``
    """
    row = _locked(session, access, mail_id)
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


def _locked(session: Session, access: Access, mail_id: int) -> IncomingMail:
    """A mail that nobody else sorts meanwhile."""
    take_sequence(session, access.contract_id)
    row = mail_of(session, access.contract_id, mail_id)
    session.refresh(row, with_for_update=True)
    return row


def _check_case(session: Session, contract_id: int, name: str) -> None:
    try:
        if name:
            case_named(session, contract_id, name)
    except AppError as error:
        raise AppError("case_unknown", name=name) from error


def _words(mail: Incoming, sender: Sender) -> dict[str, Any]:
    return {
        "uid": rules.uid_of(mail.message_id, mail.address),
        "address": mail.address,
        "name": sender.name,
        "subject": mail.subject,
        "text": shortened(mail.text),
        "pictures": len(mail.pictures),
    }


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
                details={"name": row.name or row.address or "—", "subject": row.subject},
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
