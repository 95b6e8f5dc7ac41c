"""What earlier rounds said of each device, read in bulk when a round opens (features 1 and 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.rounds.models import Inspection, Photo, Reading, Round, RoundTask
from webapp.rounds.rules import add_months, place_key

Place = tuple[int | None, int | None]
# As far back as a device's last month, and a fault's months in a row, are looked for.
MONTHS_BACK = 13


@dataclass
class Past:
    """Earlier rounds by place: ``previous``, ``repeat`` and the month each item was last read in."""

    previous: dict[Place, dict[str, Any]] = field(default_factory=dict)
    repeat: dict[Place, dict[str, int]] = field(default_factory=dict)
    last_read: dict[Place, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Visit:
    month: str
    outcome: str
    inspection_id: int
    exception: str | None


def read_past(session: Session, contract_id: int, month: str, periodic: Iterable[str]) -> Past:
    """What the rounds before ``month`` said, in a handful of statements whatever the size.

    :param periodic: the keys of items that are not due every month
    """
    visits = _visits(session, contract_id, month)
    last_tested = {place: tested[0] for place, rows in visits.items() if (tested := _tested(rows))}
    readings = _readings(session, [visit.inspection_id for visit in last_tested.values()])
    photos = _photos(session, [visit.inspection_id for visit in last_tested.values()])
    past = Past(last_read=_last_read(session, contract_id, month, periodic))
    for place, rows in visits.items():
        visit = last_tested.get(place, rows[0])
        past.previous[place] = {
            "month": visit.month,
            "verdict": visit.outcome,
            "readings": readings.get(visit.inspection_id, {}),
            "photos": photos.get(visit.inspection_id, {}),
            # Why a later month could not be tested, where the last tested one is not the last.
            "exception": rows[0].exception if rows[0].outcome == "not_tested" else None,
        }
    past.repeat = _repeats(session, contract_id, month, visits)
    return past


def _earlier(contract_id: int, month: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        Round.contract_id == contract_id,
        Round.month < month,
        Round.month >= add_months(month, -MONTHS_BACK),
    )


def _visits(session: Session, contract_id: int, month: str) -> dict[Place, list[_Visit]]:
    """The inspections that count, latest month first."""
    rows = session.execute(
        sa.select(
            RoundTask.room_id,
            RoundTask.device_id,
            Round.month,
            RoundTask.outcome,
            Inspection.id,
            Inspection.exception_reason,
        )
        .join(Round, Round.id == RoundTask.round_id)
        .join(Inspection, Inspection.id == RoundTask.inspection_id)
        .where(_earlier(contract_id, month))
        .order_by(Round.month.desc())
    )
    visits: dict[Place, list[_Visit]] = defaultdict(list)
    for room_id, device_id, of_month, outcome, inspection_id, exception in rows:
        visits[place_key(room_id, device_id)].append(
            _Visit(of_month, outcome, inspection_id, exception)
        )
    return visits


def _tested(visits: Iterable[_Visit]) -> list[_Visit]:
    return [visit for visit in visits if visit.outcome != "not_tested"]


def _readings(session: Session, inspection_ids: list[int]) -> dict[int, dict[str, Any]]:
    rows = session.execute(
        sa.select(Reading.inspection_id, Reading.item, Reading.value_number, Reading.value_text)
        .where(Reading.inspection_id.in_(inspection_ids))
        .order_by(Reading.id)
    )
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for inspection_id, item, number, text in rows:
        if number is not None or text is not None:
            found[inspection_id][item] = text if number is None else number
    return found


def _photos(session: Session, inspection_ids: list[int]) -> dict[int, dict[str, str]]:
    """One photo per item, the last; the device as a whole stands under an empty item."""
    rows = session.execute(
        sa.select(Photo.inspection_id, Photo.item, Photo.uid)
        .where(
            Photo.inspection_id.in_(inspection_ids),
            Photo.received_at.is_not(None),
            Photo.withdrawn.is_(False),
            Photo.finding_uid.is_(None),
            Photo.open_item_number.is_(None),
        )
        .order_by(Photo.position)
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for inspection_id, item, uid in rows:
        found[inspection_id][item or ""] = uid
    return found


def _last_read(
    session: Session, contract_id: int, month: str, periodic: Iterable[str]
) -> dict[Place, dict[str, str]]:
    keys = sorted(set(periodic))
    if not keys:
        return {}
    rows = session.execute(
        sa.select(RoundTask.room_id, RoundTask.device_id, Reading.item, sa.func.max(Round.month))
        .join(Round, Round.id == RoundTask.round_id)
        .join(Reading, Reading.inspection_id == RoundTask.inspection_id)
        .where(
            Round.contract_id == contract_id,
            Round.month < month,
            Reading.item.in_(keys),
            Reading.verdict != "not_tested",
        )
        .group_by(RoundTask.room_id, RoundTask.device_id, Reading.item)
    )
    found: dict[Place, dict[str, str]] = defaultdict(dict)
    for room_id, device_id, item, last in rows:
        known = found[place_key(room_id, device_id)]
        # A device that has moved was read in more than one room.
        known[item] = max(last, known.get(item, ""))
    return found


def _repeats(
    session: Session, contract_id: int, month: str, visits: Mapping[Place, list[_Visit]]
) -> dict[Place, dict[str, int]]:
    """Per item, how many tested months in a row it was abnormal, up to the last tested one."""
    rows = session.execute(
        sa.select(RoundTask.room_id, RoundTask.device_id, Reading.item, Round.month)
        .join(Round, Round.id == RoundTask.round_id)
        .join(Reading, Reading.inspection_id == RoundTask.inspection_id)
        .where(_earlier(contract_id, month), Reading.verdict == "abnormal")
    )
    abnormal: dict[Place, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for room_id, device_id, item, of_month in rows:
        abnormal[place_key(room_id, device_id)][item].add(of_month)
    found: dict[Place, dict[str, int]] = {}
    for place, items in abnormal.items():
        months = [visit.month for visit in _tested(visits.get(place, ()))]
        counts = {item: _in_a_row(months, bad) for item, bad in items.items()}
        found[place] = {item: count for item, count in counts.items() if count}
    return found


def _in_a_row(months: list[str], bad: set[str]) -> int:
    count = 0
    for month in months:
        if month not in bad:
            break
        count += 1
    return count
