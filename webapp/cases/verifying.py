"""Verified at the next scan: what the first inspection after a fault or a repair says of it.

Nothing of it is stored: it is read from the inspections, so that an amended or set-aside one takes its
word back by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case, CaseEvent
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import Inspection, OpenItemAnswer, Round

# By kind: the steps that put the device right, and the states in which that still stands.
_DONE: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "fault": (frozenset({"solve"}), frozenset({"solved", "closed"})),
    "repair": (
        frozenset({"put_in_service", "replace"}),
        frozenset({"in_service", "reported"}),
    ),
}
PUT_RIGHT = frozenset().union(*(steps for steps, _ in _DONE.values()))
Word = Literal["waiting", "verified", "still", "anomaly"]


@dataclass(frozen=True, slots=True)
class Verification:
    """``waiting`` for the next inspection; or what that said: ``verified``, ``still`` there by its open
    item's answer, or another ``anomaly``, which somebody has to look at.

    ``inspection_id`` and the rest are of that inspection; ``scanned`` where its label was.
    """

    word: Word
    inspection_id: int | None = None
    month: str = ""
    at: datetime | None = None
    by: str = ""
    by_en: str = ""
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """An inspection of a device, with what it said of open items."""

    inspection: Inspection
    month: str
    by: str
    by_en: str
    at: datetime


def verifications(session: Session, cases: Collection[Case]) -> dict[int, Verification]:
    """By the case's id, for those that were put right on a device. Three statements, however many."""
    done = [case for case in cases if _stands(case)]
    if not done:
        return {}
    when = _put_right(session, [case.id for case in done])
    done = [case for case in done if case.id in when]
    seen = _seen_since(
        session, {device for case in done for device in devices_of(case)}, when.values()
    )
    said = _said(session, done, [one for some in seen.values() for one in some])
    return {case.id: _verification(case, when[case.id], seen, said) for case in done}


def may_wait(since: datetime) -> sa.ColumnElement[bool]:
    """Whether a case that ended since then may wait to be verified: :func:`verifications` says if it does."""
    ended = [
        sa.and_(Case.kind == kind, Case.state.in_(states)) for kind, (_, states) in _DONE.items()
    ]
    return sa.and_(
        Case.live.is_(False), Case.device_id.is_not(None), Case.ended_at >= since, sa.or_(*ended)
    )


def verified_by(session: Session, inspection: Inspection) -> list[tuple[Case, Verification]]:
    """The cases of its device of which this very inspection was the first word. Five statements at most."""
    if inspection.device_id is None:
        return []
    replaced = sa.select(Device.replaces_id).where(Device.id == inspection.device_id)
    statement = sa.select(Case).where(
        sa.or_(
            Case.device_id == inspection.device_id, Case.device_id == replaced.scalar_subquery()
        ),
        Case.kind.in_(_DONE),
        Case.opened_at < inspection.received_at,
    )
    cases = session.scalars(statement.order_by(Case.id)).all()
    found = verifications(session, cases)
    return [
        (case, found[case.id])
        for case in cases
        if case.id in found and found[case.id].inspection_id == inspection.id
    ]


def _stands(case: Case) -> bool:
    known = _DONE.get(case.kind)
    return known is not None and case.device_id is not None and case.state in known[1]


def devices_of(case: Case) -> list[int]:
    """The device that it is about, and the one that has replaced it."""
    both = (case.device_id, case.facts.get("new_device"))
    return [device for device in both if device is not None]


def _put_right(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    rows = session.execute(
        sa.select(CaseEvent.case_id, sa.func.max(CaseEvent.at))
        .where(CaseEvent.case_id.in_(ids), CaseEvent.step.in_(PUT_RIGHT))
        .group_by(CaseEvent.case_id)
    )
    return dict(rows.all())


def _seen_since(
    session: Session, devices: Collection[int], moments: Collection[datetime]
) -> dict[int, list[_Seen]]:
    """The inspections of these devices since the first of these moments, by device, the earliest first."""
    if not moments:
        return {}
    statement = (
        sa.select(Inspection, Round.month, User.name, User.name_en)
        .join(Round, Round.id == Inspection.round_id)
        .join(User, User.id == Inspection.author_id)
        .where(
            Inspection.device_id.in_(devices),
            # Nothing is received before it is done.
            Inspection.received_at > min(moments),
            Inspection.choice != "set_aside",
            Inspection.verdict.in_(("normal", "abnormal")),
        )
    )
    found: dict[int, list[_Seen]] = defaultdict(list)
    for inspection, month, by, by_en in session.execute(statement):
        one = _Seen(inspection, month, by, by_en, _at(inspection))
        found[inspection.device_id or 0].append(one)
    for some in found.values():
        some.sort(key=lambda one: (one.at, one.inspection.id))
    return found


def _at(inspection: Inspection) -> datetime:
    """When it was done, by the server's clock."""
    told = inspection.device_finished_at
    if told is None:
        return inspection.received_at
    right = told - timedelta(seconds=inspection.clock_offset_seconds)
    return min(right, inspection.received_at)


def _said(
    session: Session, cases: Sequence[Case], seen: Sequence[_Seen]
) -> dict[tuple[int, int], str]:
    """What these inspections answered of the cases' open items."""
    items = [case.open_item_id for case in cases if case.open_item_id is not None]
    if not items or not seen:
        return {}
    rows = session.execute(
        sa.select(
            OpenItemAnswer.open_item_id, OpenItemAnswer.inspection_id, OpenItemAnswer.answer
        ).where(
            OpenItemAnswer.open_item_id.in_(items),
            OpenItemAnswer.inspection_id.in_([one.inspection.id for one in seen]),
        )
    )
    return {(item, inspection): answer for item, inspection, answer in rows}


def _verification(
    case: Case,
    since: datetime,
    seen: Mapping[int, Sequence[_Seen]],
    said: Mapping[tuple[int, int], str],
) -> Verification:
    later = [one for device in devices_of(case) for one in seen.get(device, ()) if one.at > since]
    if not later:
        return Verification("waiting")
    first = min(later, key=lambda one: (one.at, one.inspection.id))
    answer = said.get((case.open_item_id or 0, first.inspection.id))
    return Verification(
        _word(first.inspection.verdict, answer),
        first.inspection.id,
        first.month,
        first.at,
        first.by,
        first.by_en,
        first.inspection.scanned_code is not None,
    )


def _word(verdict: str, answer: str | None) -> Word:
    if answer == "still":
        return "still"
    if answer == "solved" or verdict == "normal":
        return "verified"
    return "anomaly"
