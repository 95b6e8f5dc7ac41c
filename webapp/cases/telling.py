"""Who is told of a case: that it is there, his, or solved, what the client says of it, and that one
of its clocks has come to a moment.

A moment of a clock is told once by case, clock, run, kind and level. Of those that came while nobody was
looking only the latest is told, to all whom one of them would have been told to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import answering
from webapp.cases import clock_keeping as clocks
from webapp.cases.kinds import name_of
from webapp.cases.mail_words import About, message
from webapp.cases.models import Case, CaseClock, CaseEvent
from webapp.cases.reckoning import Moment, MomentKind
from webapp.db import take_sequence
from webapp.identity.models import Contract
from webapp.identity.queries import Reachable, english_name, reachable
from webapp.identity.rules import Access
from webapp.notifications import queries, services

# One transaction tells of so many clocks, and leaves the rest to the next minute.
MOST_AT_ONCE = 200
# A warning that a mail server held up for longer helps nobody any more.
USEFUL_FOR = timedelta(days=2)
_ANSWERED = frozenset({"solved", "answered"})
# So much of what somebody says stands in a notice; the rest is in the case.
SAID_LENGTH = 120


def contracts_to_tell(session: Session, now: datetime) -> list[int]:
    """The contracts that have a clock with something to say."""
    statement = (
        sa.select(CaseClock.contract_id)
        .where(CaseClock.next_at <= now)
        .distinct()
        .order_by(CaseClock.contract_id)
    )
    return list(session.scalars(statement))


def tell_of_clocks(session: Session, contract_id: int, now: datetime) -> int:
    """Tell what a contract's clocks have to say by now, and have them wait for their next moment.

    The contract's sequence is taken first: a step that is taken meanwhile comes before or after it.

    :returns: how many clocks had something to say that was not told yet
    """
    take_sequence(session, contract_id)
    due = session.execute(
        sa.select(CaseClock, Case)
        .join(Case, Case.id == CaseClock.case_id)
        .where(CaseClock.contract_id == contract_id, CaseClock.next_at <= now)
        .order_by(CaseClock.next_at, CaseClock.id)
        .limit(MOST_AT_ONCE)
        .execution_options(populate_existing=True)
    ).all()
    if not due:
        return 0
    reached = [(row, case, clocks.reached(session, row, case, now)) for row, case in due]
    keys = [_key(row, moments) for row, _, moments in reached if moments]
    told = queries.told_of(session, contract_id, keys)
    people = reachable(session, contract_id)
    contract = session.get_one(Contract, contract_id)
    away = answering.stand_ins(session, contract_id, _today(contract, now))
    count = 0
    for row, case, moments in reached:
        if moments and (key := _key(row, moments)) not in told:
            kinds = {moment.kind for moment in moments}
            to = told_to(kinds, case.kind, case.owner_id, people, away)
            _tell_moment(session, contract, to, row, case, latest(moments).kind, key, now)
            count += 1
        clocks.note_told(session, row, case, now)
    return count


def latest(moments: Sequence[Moment]) -> Moment:
    """The one to tell of; the breach goes before an escalation of the same moment: it says more."""
    return max(moments, key=lambda moment: moment.at)


def told_to(
    kinds: Iterable[MomentKind],
    case_kind: str,
    owner_id: int | None,
    people: Iterable[Reachable],
    away: Mapping[int, int] = MappingProxyType({}),
) -> list[Reachable]:
    """Whom a clock's moments are told to.

    A warning goes to who answers for the case; a breach to him and the project manager; an escalation
    to the project manager, of a complaint to the administrators too.

    :param away: who stands in for whom today
    """
    known, asked = list(people), set(kinds)
    found: list[Reachable] = []
    if asked & {"warning", "breach"}:
        found += answering.answering(owner_id, known, away)
    if asked & {"breach", "escalation"}:
        found += answering.managers(known)
    if "escalation" in asked and case_kind == "complaint":
        found += [one for one in known if one.is_admin]
    return _each_once(found)


def _each_once(people: Iterable[Reachable]) -> list[Reachable]:
    return list({one.recipient.user_id: one for one in people}.values())


def _key(row: CaseClock, moments: Sequence[Moment]) -> str:
    moment = latest(moments)
    return f"case_clock:{row.case_id}:{row.name}:{row.turn}:{moment.kind}:{moment.level}"


def _tell_moment(
    session: Session,
    contract: Contract,
    to: Iterable[Reachable],
    row: CaseClock,
    case: Case,
    kind: MomentKind,
    key: str,
    now: datetime,
) -> None:
    about = _about(contract, case, row)
    _tell(session, contract, case, to, f"case_{kind}", about, key, now, kind == "escalation")


def tell_opened(session: Session, case: Case, now: datetime) -> None:
    """Tell who answers on site that there is a new case, of a complaint the project managers too
    (clause 46); not him who has opened it.
    """
    people = reachable(session, case.contract_id)
    to = answering.answering(None, people, _stand_ins(session, case, now))
    if case.kind == "complaint":
        to = _each_once([*to, *answering.managers(people)])
    others = [one for one in to if one.recipient.user_id != case.opened_by_id]
    _tell_case(session, case, others, "case_opened", f"case_opened:{case.id}", now)


def tell_step(
    session: Session,
    case: Case,
    before: dict[str, Any],
    event: CaseEvent,
    access: Access | None,
    now: datetime,
) -> None:
    """Tell the new owner that the case is his, who opened it that it is solved or answered, and who
    answers for it what the client or the reporter says of it.

    :param before: what the step could change, as it stood
    :param access: of who took the step, who knows; None: he has no account
    """
    by = access.user_id if access else None
    to: dict[str, int | None] = {}
    if case.owner_id != before["owner_id"]:
        to["case_assigned"] = case.owner_id
    if case.state != before["state"] and case.state in _ANSWERED:
        to["case_answered"] = case.opened_by_id
    wanted = {kind: user_id for kind, user_id in to.items() if user_id not in (None, by)}
    said = _kind_of_said(event, access)
    if not (wanted or said):
        return
    people = reachable(session, case.contract_id)
    for kind, user_id in wanted.items():
        one = [one for one in people if one.recipient.user_id == user_id]
        _tell_case(session, case, one, kind, f"{kind}:{event.id}", now)
    if said:
        asked = answering.answering(case.owner_id, people, _stand_ins(session, case, now))
        others = [one for one in asked if one.recipient.user_id != by]
        _tell_case(session, case, others, said, f"{said}:{event.id}", now, event)


def _kind_of_said(event: CaseEvent, access: Access | None) -> str | None:
    """As what it is told; None where whoever answers for the case has said it himself, or nobody anything."""
    if access is not None and access.may("handle"):
        return None
    if event.step == "reopen":
        return "case_reopened"
    return "case_said" if event.text and not event.internal else None


def _stand_ins(session: Session, case: Case, now: datetime) -> dict[int, int]:
    contract = session.get_one(Contract, case.contract_id)
    return answering.stand_ins(session, case.contract_id, _today(contract, now))


def _today(contract: Contract, now: datetime) -> date:
    return now.astimezone(ZoneInfo(contract.time_zone)).date()


def _tell_case(
    session: Session,
    case: Case,
    to: list[Reachable],
    kind: str,
    key: str,
    now: datetime,
    said: CaseEvent | None = None,
) -> None:
    if to:
        contract = session.get_one(Contract, case.contract_id)
        by_en = english_name(session, said.author_id) if said else ""
        about = _about(contract, case, said=said, by_en=by_en)
        _tell(session, contract, case, to, kind, about, key, now)


def _about(
    contract: Contract,
    case: Case,
    row: CaseClock | None = None,
    said: CaseEvent | None = None,
    by_en: str = "",
) -> About:
    due = ""
    if row is not None and row.due_at is not None:
        there = row.due_at.astimezone(ZoneInfo(contract.time_zone))
        due = f"{row.due_on} 24:00" if row.due_on else there.strftime("%Y-%m-%d %H:%M")
    return About(
        contract_zh=contract.name_zh,
        contract_en=contract.name_en,
        kind=case.kind,
        name=name_of(case.kind, case.number),
        title=case.title,
        clock=row.name if row is not None else "",
        due=due,
        by=said.author_name if said else "",
        by_en=by_en,
        said=_in_short(said.text) if said else "",
    )


def _in_short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SAID_LENGTH else line[: SAID_LENGTH - 1] + "…"


def _tell(
    session: Session,
    contract: Contract,
    case: Case,
    to: Iterable[Reachable],
    kind: str,
    about: About,
    key: str,
    now: datetime,
    escalated: bool = False,
) -> None:
    path = f"/desk/cases/{about.name}?contract={contract.code}"
    details = {"name": about.name, "title": about.title, "clock": about.clock, "due": about.due}
    if about.said:
        details |= {"by": about.by, "by_en": about.by_en, "said": about.said}
    for one in to:
        services.tell(
            session,
            one.recipient,
            contract_id=case.contract_id,
            kind=kind,
            details=details,
            path=path,
            key=key,
            now=now,
            escalated=escalated,
            urgent=case.kind == "fault" and case.severity == 1,
            message=message(
                kind, about, name=one.recipient.name, path=path, language=one.recipient.reads
            ),
            useful_for=USEFUL_FOR,
        )
