"""The digest: one mail that gathers what a person wanted to hear of later (a tick, once a minute).

Idempotent: what a digest has is noted in its transaction, and the mail's key names person, contract,
moment and its first notice. A server that was down at the chosen hour sends it as soon as it is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.cases.words import CLOCK_WORDS
from webapp.db import db, take_sequence, unit_of_work
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.notifications import choices, services
from webapp.notifications.choices import Gathered
from webapp.notifications.choosing import last_digest_at
from webapp.notifications.rules import Recipient, is_address, unique_key
from webapp.notifications.sentences import sentence
from webapp.notifications.words import digest

# A mail longer than that is read by nobody; the app has the rest.
MOST_LINES = 50


def send_digests(now: datetime) -> None:
    """Send the digests whose hour has come."""
    # Looked at first without the write lock: most minutes have nothing to send.
    for contract_id in choices.contracts_with_digests(db.session()):
        if _due(db.session(), contract_id, now):
            with unit_of_work() as session:
                gather(session, contract_id, now)


def gather(session: Session, contract_id: int, now: datetime) -> int:
    """Write the digests of a contract that are due; how many there were.

    What was read in the app meanwhile is left out; where nothing is left, nothing is sent.
    """
    # Two workers at once gather one after the other: neither takes what the other has in its mail.
    take_sequence(session, contract_id)
    contract = session.get_one(Contract, contract_id)
    sent = 0
    for to, moment, rows in _due(session, contract_id, now):
        choices.note_gathered(session, [row.id for row in rows])
        unread = [row for row in rows if not row.read]
        if to is not None and unread and is_address(to.email):
            sent += _mail(session, contract, to, moment, unread, now)
    return sent


def _due(
    session: Session, contract_id: int, now: datetime
) -> list[tuple[Recipient | None, datetime, list[Gathered]]]:
    """Whose digest is due, of which moment, and what is in it; None where he can't be told any more."""
    people = {one.recipient.user_id: one.recipient for one in reachable(session, contract_id)}
    found: list[tuple[Recipient | None, datetime, list[Gathered]]] = []
    for user_id, rows in choices.gathered(session, contract_id).items():
        to = people.get(user_id)
        moment = last_digest_at(to.choice, now, to.zone) if to else now
        if due := [row for row in rows if row.created_at <= moment]:
            found.append((to, moment, due))
    return found


def _mail(
    session: Session,
    contract: Contract,
    to: Recipient,
    moment: datetime,
    rows: Sequence[Gathered],
    now: datetime,
) -> bool:
    zone = ZoneInfo(to.zone)
    lines = [
        (
            row.created_at.astimezone(zone).strftime("%m-%d %H:%M"),
            sentence(row.kind, row.details, to.reads, CLOCK_WORDS),
            services.in_contract(row.path, contract.code),
        )
        for row in rows[-MOST_LINES:]
    ]
    message = digest(
        lines,
        len(rows),
        to.contract,
        name=to.name,
        path=f"/desk/notifications?contract={contract.code}",
        language=to.reads,
    )
    return services.mail(
        session,
        to.email,
        message.subject,
        message.text,
        unique_key("digest", contract.id, to.user_id, moment.isoformat(), rows[0].id),
        now=now,
        to_name=to.name,
        contract_id=contract.id,
    )
