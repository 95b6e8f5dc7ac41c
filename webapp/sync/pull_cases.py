"""The cases that still wait for somebody, with their clocks and what was done so far, for the phone.

And those that are over, but were not verified at a scan since: the engineer who comes next is to know.
They are for who handles cases: nothing of them goes to another's phone.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa

from webapp.cases.field_steps import DECIDING_FACTS
from webapp.cases.kinds import name_of
from webapp.cases.models import Case, CaseClock, CaseEvent, CaseFile
from webapp.cases.verifying import PUT_RIGHT, devices_of, may_wait, verifications
from webapp.db import chunks, now_utc
from webapp.hours.services import KIND as HOURS_KIND
from webapp.identity.models import User
from webapp.rounds.models import Inspection, OpenItem
from webapp.sync import wire
from webapp.sync.case_wire import CaseClockRow, CaseLineRow, CaseRow
from webapp.sync.pull_ask import Ask, moment
from webapp.sync.pull_hours import hours_of

# What a phone shows of a long story: its latest lines.
MOST_LINES = 60
_LATE = timedelta(minutes=1)
# Two rounds: what nobody has inspected by then says nothing of this repair any more.
LONGEST_WAIT = timedelta(days=62)


def cases(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    """The cases that changed: live, or to be verified; what is neither is gone.

    Ten statements for 500 of them, and six more where some are after hours.
    """
    if not ask.handles:
        return
    inspected = _inspected(ask)
    over = may_wait(now_utc() - LONGEST_WAIT)
    wanted = ask.changed(Case.seq) if ask.since else sa.or_(Case.live, over)
    if inspected:
        wanted = sa.or_(wanted, over)
    statement = (
        sa.select(Case, OpenItem.number, User)
        .outerjoin(OpenItem, OpenItem.id == Case.open_item_id)
        .outerjoin(User, User.id == Case.opened_by_id)
        .where(Case.contract_id == ask.contract_id, wanted)
        .order_by(Case.id)
    )
    found = list(ask.rows(statement))
    said = verifications(ask.session, [case for case, _, _ in found if not case.live])
    waiting = {case_id for case_id, one in said.items() if one.word == "waiting"}
    verified = {case_id for case_id, one in said.items() if one.inspection_id in inspected}
    # Also what waits again: the inspection that had verified it was set aside, or was none after all.
    visited = set(inspected.values())
    told = [
        one
        for one in found
        if (one[0].seq > ask.since and one[0].live)
        or (one[0].id in waiting and (one[0].seq > ask.since or visited & set(devices_of(one[0]))))
    ]
    ids = [case.id for case, _, _ in told]
    clocks, lines = _clocks(ask, ids), _lines(ask, ids)
    after_hours = [case.id for case, _, _ in told if case.live and case.kind == HOURS_KIND]
    hours = hours_of(ask, after_hours) if after_hours else {}
    for case, number, reporter in told:
        row = _row(case, number, reporter, clocks[case.id], lines[case.id])
        row.hours = hours.get(case.id)
        rows.cases.append(row if case.live else _over(row))
    if ask.since:
        kept = set(ids)
        gone.cases += [
            case.uid
            for case, _, _ in found
            if case.id not in kept and (case.seq > ask.since or case.id in verified)
        ]


def _inspected(ask: Ask) -> dict[int, int | None]:
    """The inspections that came or changed since, with their device: what they verify leaves the phone."""
    if not ask.since:
        return {}
    statement = sa.select(Inspection.id, Inspection.device_id).where(
        Inspection.contract_id == ask.contract_id, Inspection.seq > ask.since
    )
    return dict(ask.session.execute(statement).all())


def _over(row: CaseRow) -> CaseRow:
    """A case that is to be verified: what was done last, and no more."""
    done = [line for line in row.timeline if line.step in PUT_RIGHT][-1:]
    row.done_at = done[0].at if done else row.opened_at
    row.timeline, row.clocks = done, []
    return row


def _row(
    case: Case,
    open_item: int | None,
    reporter: User | None,
    clocks: list[CaseClockRow],
    lines: list[CaseLineRow],
) -> CaseRow:
    return CaseRow(
        uid=case.uid,
        name=name_of(case.kind, case.number),
        kind=case.kind,
        state=case.state,
        title=case.title,
        opened_at=moment(case.opened_at),
        severity=case.severity,
        level=2 if case.level > 1 else 1,
        text=case.text,
        room_id=case.room_id,
        # What is to be looked at is what stands there now.
        device_id=case.facts.get("new_device", case.device_id),
        open_item=open_item,
        owner_id=case.owner_id,
        reporter=reporter.name if reporter else case.reporter_name,
        reporter_en=reporter.name_en if reporter else "",
        contact=case.reporter_contact,
        facts={key: str(case.facts[key]) for key in DECIDING_FACTS if key in case.facts},
        clocks=clocks,
        timeline=lines[-MOST_LINES:],
    )


def _clocks(ask: Ask, ids: Collection[int]) -> dict[int, list[CaseClockRow]]:
    found: dict[int, list[CaseClockRow]] = defaultdict(list)
    for some in chunks(ids):
        statement = (
            sa.select(CaseClock)
            .where(CaseClock.case_id.in_(some))
            .order_by(CaseClock.started_at, CaseClock.id)
        )
        for clock in ask.session.scalars(statement):
            found[clock.case_id].append(
                CaseClockRow(
                    name=clock.name,
                    state=clock.state,
                    started_at=moment(clock.started_at),
                    due_at=moment(clock.due_at) if clock.due_at else None,
                    due_on=clock.due_on.isoformat() if clock.due_on else None,
                    provisional=clock.provisional,
                    ended_at=moment(clock.ended_at) if clock.ended_at else None,
                )
            )
    return found


def _lines(ask: Ask, ids: Collection[int]) -> dict[int, list[CaseLineRow]]:
    found: dict[int, list[CaseLineRow]] = defaultdict(list)
    for some in chunks(ids):
        photos = _photos(ask, some)
        statement = (
            sa.select(CaseEvent)
            .where(CaseEvent.case_id.in_(some))
            .order_by(CaseEvent.received_at, CaseEvent.id)
        )
        for event in ask.session.scalars(statement):
            found[event.case_id].append(_line(event, photos[event.id]))
    return found


def _photos(ask: Ask, ids: Collection[int]) -> dict[int | None, list[str]]:
    found: dict[int | None, list[str]] = defaultdict(list)
    statement = (
        sa.select(CaseFile.event_id, CaseFile.uid)
        .where(CaseFile.case_id.in_(ids))
        .order_by(CaseFile.id)
    )
    for event_id, uid in ask.rows(statement):
        found[event_id].append(uid)
    return found


def _line(event: CaseEvent, photos: list[str]) -> CaseLineRow:
    late = event.received_at - event.at > _LATE
    return CaseLineRow(
        uid=event.uid,
        step=event.step,
        after=event.after,
        at=moment(event.at),
        # Interned, because a default is left out of the wire only when it is the same object.
        before=sys.intern(event.before),
        received_at=moment(event.received_at) if late else None,
        author_id=event.author_id,
        author=event.author_name,
        text=event.text,
        given={key: value for key, value in event.fields.items() if key != "device_id"},
        internal=event.internal,
        photos=photos,
    )
