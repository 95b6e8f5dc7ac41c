"""Writing a sign-off: bound to what the records say at this moment (clauses 30 and 31)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.content import room_sha256, round_sha256
from webapp.acceptance.facts import RoundState
from webapp.acceptance.models import SignOff
from webapp.acceptance.reading import TaskContent
from webapp.acceptance.rules import Level, Reason, Strokes, strokes_problem
from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.rounds.models import Round

Contents = Mapping[int, Mapping[int, TaskContent]]


@dataclass(frozen=True, slots=True)
class Signature:
    """How somebody signs: strokes drawn by hand, his name typed in their place, or his press alone.

    ``uid`` is a phone's, which may send it twice; the desk leaves it to the server.
    """

    strokes: Strokes = ()
    name: str = ""
    remark: str = ""
    uid: str = ""


def check_signature(signature: Signature, *, required: bool) -> None:
    """Refuse strokes that can't be kept, and none where the client wants them drawn.

    :raise AppError: ``signature_missing``, ``signature_unreadable``
    """
    problem = strokes_problem(signature.strokes)
    if problem:
        raise AppError("signature_unreadable", reason=problem)
    drawn = any(len(stroke) > 1 for stroke in signature.strokes)
    if required and not drawn and not signature.name.strip():
        raise AppError("signature_missing")


def refuse_rooms(level: Level, why: Mapping[int, Reason]) -> None:
    """Refuse to sign where there is a reason not to, told by room.

    :raise AppError: ``forbidden``, ``sign_off_refused``
    """
    refused = {str(room_id): reason for room_id, reason in why.items() if reason}
    if "no_right" in refused.values():
        raise AppError("forbidden", level=level)
    if refused:
        raise AppError("sign_off_refused", level=level, rooms=refused)


def sign_contents(
    session: Session,
    state: RoundState,
    level: Level,
    room_ids: Iterable[int | None],
    contents: Contents,
    *,
    user_id: int,
    signature: Signature,
    now: datetime,
) -> list[SignOff]:
    """Sign what ``contents`` say of each of the rooms, or for None of the whole round.

    One statement for all of them, and one for their audit rows. In the order of the rooms given.

    :param contents: of these rooms at least, or of all rooms, as :func:`room_contents` reads them
    """
    of_round = state.round
    common = {
        "contract_id": of_round.contract_id,
        "seq": take_sequence(session, of_round.contract_id),
        "round_id": of_round.id,
        "level": level,
        "user_id": user_id,
        "signed_at": now,
        "signed_seq": take_sequence(session, of_round.contract_id),
        "strokes": [[[float(x), float(y)] for x, y in stroke] for stroke in signature.strokes],
        "signed_name": signature.name.strip(),
        "strictness": state.settings.acceptance_strictness,
        "remark": signature.remark.strip(),
        "void_reason": [],
    }
    rows = [
        {**common, "uid": signature.uid or str(uuid4()), **_bound_to(of_round, room_id, contents)}
        for room_id in room_ids
    ]
    written = session.scalars(sa.insert(SignOff).returning(SignOff), rows)
    by_room = {row.room_id: row for row in written}
    _audit(session, list(by_room.values()), user_id, now)
    return [by_room[row["room_id"]] for row in rows]


def _bound_to(of_round: Round, room_id: int | None, contents: Contents) -> dict[str, Any]:
    """The hash of what is signed, and the digests by which a later change can be told."""
    if room_id is not None:
        tasks = contents[room_id]
        sha256 = room_hash(of_round.id, room_id, tasks)
        digests: dict[str, Any] = {str(key): task.entry for key, task in tasks.items()}
    else:
        hashes = {key: room_hash(of_round.id, key, tasks) for key, tasks in contents.items()}
        sha256 = round_sha256(of_round.id, of_round.month, hashes)
        digests = {str(key): value for key, value in hashes.items()}
    return {"room_id": room_id, "content_sha256": sha256, "digests": digests}


def room_hash(round_id: int, room_id: int, tasks: Mapping[int, TaskContent]) -> str:
    """The one hash of what a room says."""
    return room_sha256(round_id, room_id, {key: task.sha256 for key, task in tasks.items()})


def _audit(session: Session, rows: Sequence[SignOff], user_id: int, now: datetime) -> None:
    audit.record_each(
        session,
        {
            row.uid: audit.first_values(
                {
                    "level": row.level,
                    "round": row.round_id,
                    "room": row.room_id,
                    "sha256": row.content_sha256,
                    "strictness": row.strictness,
                }
            )
            for row in rows
        },
        at=now,
        user_id=user_id,
        contract_id=rows[0].contract_id,
        action="sign",
        entity="sign_off",
    )
