"""A change of what was signed voids the sign-offs of its room and the final acceptance (clause 45).

It listens to :mod:`webapp.rounds.changes` and voids in the change's own transaction: there is no moment
at which a sign-off stands over a content that nobody signed. What changed is told field by field.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.content import room_sha256
from webapp.acceptance.models import SignOff
from webapp.acceptance.reading import Digest, TaskContent, room_contents
from webapp.audit import services as audit
from webapp.rounds.changes import Change, when_changed
from webapp.rounds.models import Inspection, InspectionRevision
from webapp.rounds.revisions import changes

Reason = dict[str, Any]
Rooms = Mapping[int, Mapping[int, TaskContent]]
# A sheet of what changed is read by people: beyond this they open the inspection itself.
_MOST_CHANGES = 30
_MOST_REASONS = 200


def void_changed(session: Session, change: Change) -> None:
    """Void what no longer says what was signed, in the rooms of a change."""
    for round_id, rows in _by_round(_standing(session, change)).items():
        rooms = room_contents(session, round_id, change.room_ids)
        void_differing(session, rows, rooms, change)


def void_differing(
    session: Session, rows: Iterable[SignOff], rooms: Rooms, change: Change
) -> list[SignOff]:
    """Void those of ``rows`` (of one round) that don't sign what ``rooms`` say now; they are given back.

    :param rooms: the contents of the rooms that are to be compared, by :func:`room_contents`
    """
    differing = [row for row in rows if _differs(row, rooms)]
    if differing:
        teller = _Teller(session, change, differing, rooms)
        for row in differing:
            void(
                session, row, teller.reasons(row), change.at, next(iter(change.who.values()), None)
            )
    return differing


def void(
    session: Session, row: SignOff, reasons: list[Reason], at: datetime, user_id: int | None
) -> None:
    """Void a sign-off, with the reasons; it stays, and never counts again."""
    row.voided_at, row.void_reason = at, reasons[:_MOST_REASONS]
    audit.record(
        session,
        at=at,
        user_id=user_id,
        contract_id=row.contract_id,
        action="void",
        entity="sign_off",
        entity_id=row.uid,
        diff={"level": [row.level, None], "why": [None, sorted({r["why"] for r in reasons})]},
    )


def _standing(session: Session, change: Change) -> Sequence[SignOff]:
    return session.scalars(
        sa.select(SignOff)
        .where(
            SignOff.round_id.in_(change.round_ids),
            SignOff.voided_at.is_(None),
            sa.or_(SignOff.room_id.is_(None), SignOff.room_id.in_(change.room_ids)),
        )
        .order_by(SignOff.id)
    ).all()


def _by_round(rows: Iterable[SignOff]) -> dict[int, list[SignOff]]:
    rounds: dict[int, list[SignOff]] = {}
    for row in rows:
        rounds.setdefault(row.round_id, []).append(row)
    return rounds


def _differs(row: SignOff, rooms: Rooms) -> bool:
    if row.room_id is not None:
        tasks = rooms.get(row.room_id, {})
        digests = {task_id: task.sha256 for task_id, task in tasks.items()}
        return room_sha256(row.round_id, row.room_id, digests) != row.content_sha256
    return any(
        row.digests.get(str(room_id))
        != room_sha256(row.round_id, room_id, {key: task.sha256 for key, task in tasks.items()})
        for room_id, tasks in rooms.items()
    )


class _Teller:
    """Tells what changed since each of some sign-offs, task by task."""

    def __init__(
        self, session: Session, change: Change, rows: Iterable[SignOff], rooms: Rooms
    ) -> None:
        self._change = change
        self._rooms = rooms
        self._rows = list(rows)
        uids = {
            digest[0]
            for row in self._rows
            for _, digest, now in self._differences(row)
            for digest in (digest, now.entry if now else None)
            if digest is not None
        }
        self._revisions = _revisions(session, change.contract_id, uids - {None})

    def reasons(self, row: SignOff) -> list[Reason]:
        """Why a sign-off no longer stands."""
        if row.room_id is None:
            # The rooms' own sign-offs tell what changed in them.
            found = [one for other in self._rows if other.room_id for one in self.reasons(other)]
            unique = {reason["task_id"]: reason for reason in found}
            return list(unique.values()) or [self._reason(None, None, None)]
        return [self._reason(*difference) for difference in self._differences(row)]

    def _differences(self, row: SignOff) -> Iterable[tuple[int, Digest | None, TaskContent | None]]:
        """The tasks of a room that differ: as they were signed, and as they are."""
        if row.room_id is None:
            return
        signed = {int(key): digest for key, digest in row.digests.items()}
        now = self._rooms.get(row.room_id, {})
        for task_id in sorted(signed.keys() | now.keys()):
            before, after = signed.get(task_id), now.get(task_id)
            if before is None or after is None or before[2] != after.sha256:
                yield task_id, before, after

    def _reason(
        self, task_id: int | None, before: Digest | None, after: TaskContent | None
    ) -> Reason:
        reason: Reason = {
            "why": _why(self._change, before, after),
            "task_id": task_id,
            "device_id": after.device_id if after else None,
            "from": before[:2] if before else None,
            "to": after.entry[:2] if after else None,
            "by": self._change.who.get(task_id or 0),
        }
        old = self._revisions.get(tuple(before[:2])) if before else None
        new = self._revisions.get(tuple(after.entry[:2])) if after else None
        if new is not None and reason["by"] is None and reason["why"] != "picked":
            reason["by"] = new[1]
        if old is not None and new is not None:
            reason |= _what_changed(old[0], new[0])
        return reason


def _why(change: Change, before: Digest | None, after: TaskContent | None) -> str:
    if after is None:
        return "left"
    if before is None:
        return "joined"
    if before[0] == after.uid:
        return "amended" if before[1] != after.revision else "altered"
    return "picked" if change.why == "picked" else "second_visit"


def _what_changed(before: str, after: str) -> Reason:
    """The items and parts that differ, and the fields with their values."""
    found = changes(before, after)
    pictured = {
        photo["id"]: photo.get("item")
        for payload in (json.loads(before), json.loads(after))
        for photo in payload.get("photos", [])
    }
    items, parts = set(), set()
    for row in found:
        part, _, rest = row["field"].partition(".")
        key = rest.partition(".")[0]
        parts.add(part)
        items.add(key if part == "readings" else pictured.get(key) if part == "photos" else None)
    return {
        "items": sorted(item for item in items if item),
        "parts": sorted(parts),
        "changes": found[:_MOST_CHANGES],
    }


def _revisions(
    session: Session, contract_id: int, uids: Collection[str]
) -> dict[tuple[Any, ...], tuple[str, int]]:
    """Payload and author of every revision of some inspections, by uid and number."""
    if not uids:
        return {}
    rows = session.execute(
        sa.select(
            Inspection.uid,
            InspectionRevision.number,
            InspectionRevision.payload,
            InspectionRevision.author_id,
        )
        .join(Inspection, Inspection.id == InspectionRevision.inspection_id)
        .where(Inspection.contract_id == contract_id, Inspection.uid.in_(uids))
    )
    return {(uid, number): (payload, author) for uid, number, payload, author in rows}


def register() -> None:
    """Have every change of a round asked for what it voids."""
    when_changed(void_changed)
