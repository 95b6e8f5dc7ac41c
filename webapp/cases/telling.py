"""Who is told of a case: that it is there, his, or solved, and that one of its clocks has come to a moment.

A moment of a clock is told once by case, clock, run, kind and level. Of those that came while nobody was
looking only the latest is told, to all whom one of them would have been told to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import clock_keeping as clocks
from webapp.cases.kinds import name_of
from webapp.cases.mail_words import About, message
from webapp.cases.models import Case, CaseClock
from webapp.cases.reckoning import Moment, MomentKind
from webapp.db import take_sequence
from webapp.identity.models import Contract
from webapp.identity.queries import Reachable, reachable
from webapp.notifications import queries, services

# One transaction tells of so many clocks, and leaves the rest to the next minute.
MOST_AT_ONCE = 200
# A warning that a mail server held up for longer helps nobody any more.
USEFUL_FOR = timedelta(days=2)
_ANSWERED = frozenset({"solved", "answered"})


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
    count = 0
    for row, case, moments in reached:
        if moments and (key := _key(row, moments)) not in told:
            _tell_moment(session, contract, people, row, case, moments, key, now)
            count += 1
        clocks.note_told(session, row, case, now)
    return count


def latest(moments: Sequence[Moment]) -> Moment:
    """The one to tell of; the breach goes before an escalation of the same moment: it says more."""
    return max(moments, key=lambda moment: moment.at)


def told_to(
    kinds: Iterable[MomentKind], case_kind: str, owner_id: int | None, people: Iterable[Reachable]
) -> list[Reachable]:
    """Whom a clock's moments are told to.

    A warning is the owner's, or while nobody owns the case every on-site engineer's; a breach the
    owner's and the project manager's; an escalation the project manager's, of a complaint the
    administrators' too. Where a contract has no on-site engineer, his is the project manager's.
    """
    known, asked = list(people), set(kinds)
    owner = [one for one in known if one.recipient.user_id == owner_id]
    managers = [one for one in known if one.role == "project_manager"]
    found: list[Reachable] = []
    if "warning" in asked:
        found += owner or _on_site(known) or managers
    if "breach" in asked:
        found += owner or _on_site(known)
        found += managers
    if "escalation" in asked:
        found += managers
        if case_kind == "complaint":
            found += [one for one in known if one.is_admin]
    return list({one.recipient.user_id: one for one in found}.values())


def _on_site(people: Iterable[Reachable]) -> list[Reachable]:
    return [one for one in people if one.role == "on_site_engineer"]


def _key(row: CaseClock, moments: Sequence[Moment]) -> str:
    moment = latest(moments)
    return f"case_clock:{row.case_id}:{row.name}:{row.turn}:{moment.kind}:{moment.level}"


def _tell_moment(
    session: Session,
    contract: Contract,
    people: Iterable[Reachable],
    row: CaseClock,
    case: Case,
    moments: Sequence[Moment],
    key: str,
    now: datetime,
) -> None:
    kind = latest(moments).kind
    to = told_to({moment.kind for moment in moments}, case.kind, case.owner_id, people)
    about = _about(contract, case, row)
    _tell(session, contract, case, to, f"case_{kind}", about, key, now, kind == "escalation")


def tell_opened(session: Session, case: Case, now: datetime) -> None:
    """Tell the on-site engineers that there is a new case; not him who has opened it."""
    people = reachable(session, case.contract_id)
    to = [one for one in _on_site(people) if one.recipient.user_id != case.opened_by_id]
    _tell_case(session, case, to, "case_opened", f"case_opened:{case.id}", now)


def tell_step(
    session: Session,
    case: Case,
    before: dict[str, Any],
    event_id: int,
    by: int | None,
    now: datetime,
) -> None:
    """Tell the new owner that the case is his, and who opened it that it is solved or answered.

    :param before: what the step could change, as it stood
    :param by: who took the step: he knows
    """
    to: dict[str, int | None] = {}
    if case.owner_id != before["owner_id"]:
        to["case_assigned"] = case.owner_id
    if case.state != before["state"] and case.state in _ANSWERED:
        to["case_answered"] = case.opened_by_id
    wanted = {kind: user_id for kind, user_id in to.items() if user_id not in (None, by)}
    if not wanted:
        return
    people = reachable(session, case.contract_id)
    for kind, user_id in wanted.items():
        one = [one for one in people if one.recipient.user_id == user_id]
        _tell_case(session, case, one, kind, f"{kind}:{event_id}", now)


def _tell_case(
    session: Session, case: Case, to: list[Reachable], kind: str, key: str, now: datetime
) -> None:
    if to:
        contract = session.get_one(Contract, case.contract_id)
        _tell(session, contract, case, to, kind, _about(contract, case), key, now)


def _about(contract: Contract, case: Case, row: CaseClock | None = None) -> About:
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
    )


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
