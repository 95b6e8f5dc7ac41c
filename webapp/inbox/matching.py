"""Which contract a mail belongs to, which case it answers, which device or room it is of (clauses 8, 46).

Nobody is believed more than a stranger before a label is: a mail opens a fault or a complaint, or adds
a line to a case of which its sender has told before, or of whose contract he is a member.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.kinds import CAME_OF, parsed_name
from webapp.cases.models import Case, CaseReporter
from webapp.cases.opening import called
from webapp.errors import AppError
from webapp.estate.models import Device, Label, Room
from webapp.identity.models import Contract, Membership, User
from webapp.inbox import rules
from webapp.inbox.message import Incoming
from webapp.inbox.models import IncomingMail
from webapp.notifications.rules import Language

# A person writes fewer; a machine that runs wild fills no list of cases.
MOST_A_DAY = 30


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote: a member by his name, or whoever told of a case before; ``contracts`` are by id.

    ``greeting`` is what a member is called in his language; nobody else is greeted by name.
    """

    name: str
    language: Language
    greeting: str = ""
    contracts: frozenset[int] = frozenset()
    member_of: frozenset[int] = frozenset()


@dataclass(slots=True)
class Match:
    """Where a mail goes; ``reason`` why it can't go there by itself.

    ``case`` is what it is a line of; ``parent`` the one that a complaint is about; ``names`` the one that
    its words name, which may be another thing of that name.
    """

    sender: Sender
    kind: rules.Kind
    contract_id: int | None = None
    case: str = ""
    parent: str = ""
    names: str = ""
    device_id: int | None = None
    room_id: int | None = None
    reason: str = ""
    case_id: int | None = field(default=None)


def match(session: Session, mail: Incoming, now: datetime) -> Match:
    """Where a mail goes by itself, or why a supervisor has to sort it."""
    sender = _sender(session, mail)
    found = Match(sender, rules.kind_of(mail.subject, mail.to))
    found.contract_id = _addressed(session, mail)
    if mail.automatic:
        found.reason = "automatic"
    elif not mail.address:
        found.reason = "no_sender"
    elif _sent_today(session, mail.address, now) >= MOST_A_DAY:
        found.reason = "too_many"
    elif not (_answers(session, mail, found) or _of_a_label(session, mail, found)):
        _of_the_sender(session, mail, found)
    if not (found.reason or found.case or found.parent):
        _name_what_it_names(session, mail, found)
    return found


def place_in_words(session: Session, contract_id: int, mail: Incoming) -> int | None:
    """The one room whose name stands in the mail; None where there is none, or there are several."""
    said = f"{mail.subject}\n{mail.text}".lower()
    rooms = session.execute(
        sa.select(Room.id, Room.name_zh, Room.name_en)
        .where(Room.contract_id == contract_id, Room.retired_at.is_(None))
        .order_by(Room.id)
    )
    named: dict[int, str] = {}
    for room_id, *names in rooms:
        hits = [name for name in names if len(name) > 1 and name.lower() in said]
        if hits:
            named[room_id] = max(hits, key=len).lower()
    # "West Lake Hall 2" names no "West Lake Hall".
    whole = [
        room_id
        for room_id, name in named.items()
        if not any(name != other and name in other for other in named.values())
    ]
    return whole[0] if len(whole) == 1 else None


def _sender(session: Session, mail: Incoming) -> Sender:
    if not mail.address:
        return Sender(mail.name, rules.language_of(mail.subject, mail.text))
    rows = session.execute(
        sa.select(Membership.contract_id, User.name, User.name_en, User.language)
        .join(User, User.id == Membership.user_id)
        .where(
            sa.func.lower(User.email) == mail.address,
            User.disabled_at.is_(None),
            Membership.left_at.is_(None),
        )
        .order_by(Membership.id)
    ).all()
    told = session.scalars(
        sa.select(CaseReporter.contract_id).where(CaseReporter.address == mail.address).distinct()
    )
    members = frozenset(row.contract_id for row in rows)
    language = rules.language_of(mail.subject, mail.text)
    name, greeting = mail.name or mail.address.partition("@")[0][:80], ""
    if rows:
        language = "en" if rows[0].language == "en" else "zh"
        name = rows[0].name
        greeting = (rows[0].name_en or name) if language == "en" else name
    return Sender(name, language, greeting, members | frozenset(told), members)


def _addressed(session: Session, mail: Incoming) -> int | None:
    """The contract whose code stands behind the plus of the address that it came to."""
    tags = {tag for address in mail.to for tag in rules.tags_of(address)[1:]}
    if not tags:
        return None
    found = session.scalars(
        sa.select(Contract.id).where(sa.func.lower(Contract.code).in_(tags)).order_by(Contract.id)
    ).all()
    return found[0] if len(found) == 1 else None


def _sent_today(session: Session, address: str, now: datetime) -> int:
    statement = sa.select(sa.func.count()).where(
        IncomingMail.address == address, IncomingMail.received_at > now - timedelta(days=1)
    )
    return session.scalar(statement) or 0


def _answers(session: Session, mail: Incoming, found: Match) -> bool:
    """Whether it is about a case that is there: his earlier mail's, or one that it names."""
    case = _of_his_earlier_mail(session, mail) or _named(session, mail, found)
    if case is None:
        return False
    found.contract_id = case.contract_id
    if found.kind == "complaint" and case.kind != "complaint":
        _complains_of(found, case)
        return True
    found.case, found.case_id = called(case), case.id
    if not case.live:
        found.reason = "case_over"
    return True


def _complains_of(found: Match, case: Case) -> None:
    """A complaint is a case of its own, whatever it is about (clause 46)."""
    if case.kind in CAME_OF["complaint"]:
        found.parent = called(case)
    else:
        found.names = called(case)


def _of_his_earlier_mail(session: Session, mail: Incoming) -> Case | None:
    uids = [rules.uid_of(one, mail.address) for one in mail.references]
    statement = (
        sa.select(Case)
        .join(IncomingMail, IncomingMail.case_id == Case.id)
        .where(IncomingMail.uid.in_(uids))
        .order_by(IncomingMail.id.desc())
        .limit(1)
    )
    return session.scalar(statement) if uids else None


def _named(session: Session, mail: Incoming, found: Match) -> Case | None:
    """The case that a reply is to by its name, of those that the sender has something to do with."""
    tagged = rules.tagged_case(mail.subject)
    contracts, name = found.sender.contracts, rules.case_answered(mail.subject)
    if tagged is not None:
        by_code = sa.select(Contract.id).where(Contract.code == tagged[0])
        contracts, name = contracts & set(session.scalars(by_code)), tagged[1]
    elif found.contract_id is not None:
        contracts = contracts & {found.contract_id}
    cases = _his_cases(session, mail, found, contracts, name) if name else []
    # The same name in two of his contracts says nothing.
    return cases[0] if len(cases) == 1 and (cases[0].live or tagged is not None) else None


def _name_what_it_names(session: Session, mail: Incoming, found: Match) -> None:
    """Note the case that a new one may belong to: F1 is a floor as well, so that a person has to say.

    What a complaint names in its subject is what it is about, also where that is over.
    """
    if found.contract_id is None:
        return
    contracts = frozenset({found.contract_id})
    of_subject = rules.cases_named(mail.subject, "") if found.kind == "complaint" else []
    for name in rules.cases_named(mail.subject, mail.text):
        for case in _his_cases(session, mail, found, contracts, name):
            if name in of_subject:
                _complains_of(found, case)
                return
            if case.live:
                found.names = found.names or name


def _his_cases(
    session: Session, mail: Incoming, found: Match, contracts: frozenset[int], name: str
) -> list[Case]:
    cases = _cases(session, contracts, name)
    return [case for case in cases if _is_his(session, found, mail, case)]


def _cases(session: Session, contracts: frozenset[int], name: str) -> list[Case]:
    try:
        kind, number = parsed_name(name)
    except AppError:
        return []
    statement = (
        sa.select(Case)
        .where(Case.contract_id.in_(contracts), Case.kind == kind.key, Case.number == number)
        .order_by(Case.id)
    )
    return list(session.scalars(statement))


def _is_his(session: Session, found: Match, mail: Incoming, case: Case) -> bool:
    if case.contract_id in found.sender.member_of:
        return True
    statement = sa.select(CaseReporter.id).where(
        CaseReporter.case_id == case.id, CaseReporter.address == mail.address
    )
    return session.scalar(statement.limit(1)) is not None


def _of_a_label(session: Session, mail: Incoming, found: Match) -> bool:
    """Whether it has the code of a label: who has that stands before the device."""
    codes = rules.labels_named(mail.subject, mail.text)
    if not codes:
        return False
    devices = session.execute(
        sa.select(Device.contract_id, Device.id)
        .join(Label, Label.device_id == Device.id)
        .where(Label.code.in_(codes), Label.revoked_at.is_(None), Device.retired_at.is_(None))
        .order_by(Device.id)
    ).all()
    if not devices or len({row.contract_id for row in devices}) > 1:
        return False
    found.contract_id = devices[0].contract_id
    if len(devices) == 1:
        found.device_id = devices[0].id
    return True


def _of_the_sender(session: Session, mail: Incoming, found: Match) -> None:
    known, addressed = found.sender.contracts, found.contract_id
    if addressed is not None and addressed not in known:
        found.reason = "sender_unknown"
    elif addressed is None and len(known) != 1:
        found.reason = "several_contracts" if known else "sender_unknown"
    else:
        found.contract_id = addressed or next(iter(known))
    if found.contract_id is not None:
        found.room_id = place_in_words(session, found.contract_id, mail)
