"""The digest: one mail that gathers what a person wanted to hear of later (a tick, once a minute).

It is a person's, with a section for each contract: his contracts whose moment is the same share a mail,
those in another time zone have their own. Idempotent: what a digest has is noted in its transaction, and
the mail's key names person, moment and its first notice. A server that was down at the chosen hour sends
it as soon as it is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.words import CLOCK_WORDS
from webapp.db import db, unit_of_work
from webapp.identity.models import Contract, User
from webapp.identity.queries import reachable
from webapp.notifications import choices, services
from webapp.notifications.choices import Gathered
from webapp.notifications.choosing import last_digest_at
from webapp.notifications.rules import Recipient, is_address, unique_key
from webapp.notifications.sentences import sentence
from webapp.notifications.words import Section, digest

# A mail longer than that is read by nobody; the app has the rest.
MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Part:
    """What a person has not read of one contract; ``to`` is he, as that contract knows him."""

    contract: Contract
    to: Recipient
    rows: Sequence[Gathered]


def send_digests(now: datetime) -> None:
    """Send the digests whose hour has come."""
    # Looked at first without the write lock: most minutes have nothing to send.
    for user_id in people_due(db.session(), now):
        with unit_of_work() as session:
            gather(session, user_id, now)


def people_due(session: Session, now: datetime) -> list[int]:
    """The people for whom something waits whose hour has come."""
    waiting = choices.waiting(session)
    zones: dict[int, str] = {}
    if waiting:
        rows = session.execute(sa.select(Contract.id, Contract.time_zone))
        zones = {row.id: row.time_zone for row in rows}
    due = (
        one.user_id
        for one in waiting
        if one.since <= last_digest_at(one.choice, now, zones[one.contract_id])
    )
    return sorted(set(due))


def gather(session: Session, user_id: int, now: datetime) -> int:
    """Write a person's digests that are due, a mail for each moment; how many there were.

    What was read in the app meanwhile is left out; where nothing is left, nothing is sent.
    """
    # Two workers at once gather for him one after the other: neither takes what the other has in its
    # mail. No contract's sequence is needed, as no phone pulls any of this.
    person = sa.select(User.id).where(User.id == user_id)
    session.execute(person.with_for_update(key_share=True))
    by_moment: dict[datetime, list[Part]] = {}
    for contract, rows in _by_contract(session, user_id):
        to = _recipient(session, contract.id, user_id)
        moment = last_digest_at(to.choice, now, to.zone) if to else now
        due = [row for row in rows if row.created_at <= moment]
        choices.note_gathered(session, [row.id for row in due])
        unread = [row for row in due if not row.read]
        if to is not None and unread and is_address(to.email):
            by_moment.setdefault(moment, []).append(Part(contract, to, unread))
    return sum(_mail(session, moment, by_moment[moment], now) for moment in sorted(by_moment))


def _by_contract(session: Session, user_id: int) -> list[tuple[Contract, list[Gathered]]]:
    """What waits for a person, by contract in the order of their codes, as the app lists them."""
    rows = choices.gathered(session, user_id)
    contracts = sa.select(Contract).where(Contract.id.in_(rows)).order_by(Contract.code)
    return [(contract, rows[contract.id]) for contract in session.scalars(contracts)]


def _recipient(session: Session, contract_id: int, user_id: int) -> Recipient | None:
    """He as the contract's reader; None where he can't be told of it any more."""
    people = (one.recipient for one in reachable(session, contract_id))
    return next((one for one in people if one.user_id == user_id), None)


def _mail(session: Session, moment: datetime, parts: Sequence[Part], now: datetime) -> bool:
    first = parts[0]
    to = first.to
    count = sum(len(part.rows) for part in parts)
    most = MOST_LINES if count <= MOST_LINES else max(1, MOST_LINES // len(parts))
    of_one = f"?contract={first.contract.code}" if len(parts) == 1 else ""
    message = digest(
        [_section(part, most) for part in parts],
        name=to.name,
        path=f"/desk/notifications{of_one}",
        language=to.reads,
    )
    return services.mail(
        session,
        to.email,
        message.subject,
        message.text,
        unique_key("digest", to.user_id, moment.isoformat(), _first_id(parts)),
        now=now,
        to_name=to.name,
        # Whoever sees that it failed is one contract's; what is in it he does not see.
        contract_id=first.contract.id,
    )


def _section(part: Part, most: int) -> Section:
    zone = ZoneInfo(part.to.zone)
    lines = [
        (
            row.created_at.astimezone(zone).strftime("%m-%d %H:%M"),
            sentence(row.kind, row.details, part.to.reads, CLOCK_WORDS),
            services.in_contract(row.path, part.contract.code),
        )
        for row in part.rows[-most:]
    ]
    return Section(part.to.contract, len(part.rows), lines)


def _first_id(parts: Iterable[Part]) -> int:
    return min(row.id for part in parts for row in part.rows)
