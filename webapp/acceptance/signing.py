"""Writing a sign-off: bound to what the records say at this moment (clauses 30 and 31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from webapp.acceptance.content import room_sha256, round_sha256
from webapp.acceptance.facts import RoundState
from webapp.acceptance.models import SignOff
from webapp.acceptance.reading import TaskContent
from webapp.acceptance.rules import Level, Reason, Strokes, strokes_problem
from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError

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


def add_sign_off(
    session: Session,
    state: RoundState,
    level: Level,
    room_id: int | None,
    contents: Contents,
    *,
    user_id: int,
    signature: Signature,
    now: datetime,
) -> SignOff:
    """Sign what ``contents`` say: of one room, or with None of the whole round.

    :param contents: of that room at least, or of all rooms, as :func:`room_contents` reads them
    """
    of_round = state.round
    if room_id is None:
        hashes = {key: room_hash(of_round.id, key, tasks) for key, tasks in contents.items()}
        sha256 = round_sha256(of_round.id, of_round.month, hashes)
        digests: dict[str, Any] = {str(key): value for key, value in hashes.items()}
    else:
        tasks = contents[room_id]
        sha256 = room_hash(of_round.id, room_id, tasks)
        digests = {str(key): task.entry for key, task in tasks.items()}
    row = SignOff(
        contract_id=of_round.contract_id,
        uid=signature.uid or str(uuid4()),
        round_id=of_round.id,
        room_id=room_id,
        level=level,
        user_id=user_id,
        signed_at=now,
        signed_seq=take_sequence(session, of_round.contract_id),
        content_sha256=sha256,
        digests=digests,
        strokes=[[[float(x), float(y)] for x, y in stroke] for stroke in signature.strokes],
        signed_name=signature.name.strip(),
        strictness=state.settings.acceptance_strictness,
        remark=signature.remark.strip(),
    )
    session.add(row)
    _audit(session, row, now)
    return row


def room_hash(round_id: int, room_id: int, tasks: Mapping[int, TaskContent]) -> str:
    """The one hash of what a room says."""
    return room_sha256(round_id, room_id, {key: task.sha256 for key, task in tasks.items()})


def _audit(session: Session, row: SignOff, now: datetime) -> None:
    said = {"level": row.level, "round": row.round_id, "room": row.room_id}
    audit.record(
        session,
        at=now,
        user_id=row.user_id,
        contract_id=row.contract_id,
        action="sign",
        entity="sign_off",
        entity_id=row.uid,
        diff=audit.first_values(
            {**said, "sha256": row.content_sha256, "strictness": row.strictness}
        ),
    )
