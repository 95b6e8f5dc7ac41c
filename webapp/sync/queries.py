"""Reading what the server knows of operations, photos, the quarantine and itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import CaseFile
from webapp.db import chunks
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.rounds.models import Photo
from webapp.rounds.rules import is_uid
from webapp.sync.models import KeptPhoto, Operation, Quarantined, ServerState
from webapp.sync.wire import MissingIn

EPOCH = "epoch"

# Built once: every request of a phone asks these, and building a statement costs more than running it.
_state = ServerState.__table__.c
_HEAD = (
    sa.select(Contract.head_seq, ServerState.value)
    .select_from(Contract)
    .outerjoin(ServerState, ServerState.key == EPOCH)
    .where(Contract.id == sa.bindparam("contract_id"))
)
_LOCK = sa.select(Contract.id).where(Contract.id == sa.bindparam("contract_id")).with_for_update()
_EPOCH = sa.select(_state.value).where(_state.key == EPOCH).scalar_subquery()


def _slots_in(of: sa.ColumnCollection[Any, Any]) -> sa.Select[Any]:
    return sa.select(of.uid, of.id, of.sha256, of.bytes, of.received_at, _EPOCH).where(
        of.contract_id == sa.bindparam("contract_id"),
        of.uid.in_(sa.bindparam("uids", expanding=True)),
    )


SlotOf = Literal["inspection", "case", "quarantined"]
_SLOTS: tuple[tuple[SlotOf, sa.Select[Any]], ...] = (
    ("inspection", _slots_in(Photo.__table__.c)),
    ("case", _slots_in(CaseFile.__table__.c)),
    ("quarantined", _slots_in(KeptPhoto.__table__.c)),
)


@dataclass(frozen=True)
class Head:
    """Where a contract's sequence stands, in which life of the database."""

    epoch: str
    seq: int


@dataclass(frozen=True)
class Known:
    """An operation that came before: its hash, and what was answered."""

    hash: str
    result: str
    code: str


@dataclass(frozen=True)
class Slot:
    """A photo that is expected, or has come; and the server's epoch, if it has one yet.

    ``of`` is whose it is, and in which table ``photo_id`` is: an inspection's, a case's, or that of what
    waits in quarantine.
    """

    photo_id: int
    sha256: str
    bytes: int
    received: bool
    epoch: str | None
    of: SlotOf = "inspection"
    uid: str = ""


def head(session: Session, contract_id: int) -> Head | None:
    """The contract's head and the server's epoch, or None before the first epoch was made."""
    row = session.connection().execute(_HEAD, {"contract_id": contract_id}).one()
    return Head(epoch=row.value, seq=row.head_seq) if row.value else None


def lock_contract(session: Session, contract_id: int) -> None:
    """Hold the contract's row to the commit, before anything else of the contract is locked.

    On SQLite the write transaction itself is the lock.
    """
    session.connection().execute(_LOCK, {"contract_id": contract_id})


def known_operations(session: Session, contract_id: int, ids: Iterable[str]) -> dict[str, Known]:
    """What the server answered to those of ``ids`` that it knows, in this contract alone."""
    found: dict[str, Known] = {}
    for some in chunks(ids):
        rows = session.execute(
            sa.select(
                Operation.operation_id, Operation.hash, Operation.result, Operation.code
            ).where(Operation.contract_id == contract_id, Operation.operation_id.in_(some))
        )
        found.update({row.operation_id: Known(row.hash, row.result, row.code) for row in rows})
    return found


def slot(session: Session, contract_id: int, uid: str) -> Slot | None:
    """The photo of that uid in this contract; what is no uid is nobody's."""
    return slots(session, contract_id, [uid]).get(uid)


def slots(session: Session, contract_id: int, uids: Sequence[str]) -> dict[str, Slot]:
    """Those of the photos that this contract expects or has, by uid; what is no uid is nobody's."""
    found: dict[str, Slot] = {}
    sought = [uid for uid in uids if is_uid(uid)]
    for of, statement in _SLOTS:
        if not sought:
            break
        named = {"contract_id": contract_id, "uids": sought}
        for uid, photo_id, sha256, size, received_at, epoch in session.connection().execute(
            statement, named
        ):
            found[uid] = Slot(photo_id, sha256, size, received_at is not None, epoch, of, uid)
        sought = [uid for uid in sought if uid not in found]
    return found


def photo_slots(
    session: Session, contract_id: int, uids: Iterable[str]
) -> dict[str, tuple[str, bool]]:
    """The SHA-256 that each of these photos must have, and whether it has come, by its id."""
    found: dict[str, tuple[str, bool]] = {}
    for some in chunks(uids):
        for of in (KeptPhoto, CaseFile, Photo):
            rows = session.execute(
                sa.select(of.uid, of.sha256, of.received_at.is_not(None)).where(
                    of.contract_id == contract_id, of.uid.in_(some)
                )
            )
            found.update((uid, (sha256, received)) for uid, sha256, received in rows)
    return found


def missing(session: Session, contract_id: int, held: MissingIn) -> tuple[list[str], list[str]]:
    """The photo ids and operation ids of ``held`` whose bytes the server lacks.

    An operation that was kept as a conflict is not lacking: the server holds it, in quarantine.
    """
    received = _received_photos(session, contract_id, [photo.id for photo in held.photos])
    operations = {
        (operation_id, known.hash)
        for operation_id, known in known_operations(
            session, contract_id, [operation.id for operation in held.operations]
        ).items()
    }
    operations |= kept_conflicts(session, contract_id, [o.id for o in held.operations])
    return (
        [photo.id for photo in held.photos if (photo.id, photo.sha256) not in received],
        [o.id for o in held.operations if (o.id, o.hash) not in operations],
    )


def _received_photos(
    session: Session, contract_id: int, uids: Sequence[str]
) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for some in chunks(uids):
        for of in (Photo, CaseFile, KeptPhoto):
            rows = session.execute(
                sa.select(of.uid, of.sha256).where(
                    of.contract_id == contract_id,
                    of.uid.in_(some),
                    of.received_at.is_not(None),
                )
            )
            found.update((row.uid, row.sha256) for row in rows)
    return found


def kept_conflicts(session: Session, contract_id: int, ids: Sequence[str]) -> set[tuple[str, str]]:
    """The id and hash of those operations that stand in the quarantine."""
    found: set[tuple[str, str]] = set()
    for some in chunks(ids):
        rows = session.execute(
            sa.select(Quarantined.operation_id, Quarantined.hash).where(
                Quarantined.contract_id == contract_id, Quarantined.operation_id.in_(some)
            )
        )
        found.update((row.operation_id, row.hash) for row in rows)
    return found


def held_for(session: Session, contract_id: int, uids: Iterable[str]) -> list[Quarantined]:
    """The amendments that wait for one of these inspections, and the self-checks that wait for any."""
    return list(
        session.scalars(
            sa.select(Quarantined)
            .where(
                Quarantined.contract_id == contract_id,
                Quarantined.state == "held",
                sa.or_(
                    Quarantined.inspection_uid.in_(list(uids)), Quarantined.kind == "self_check"
                ),
            )
            .order_by(Quarantined.id)
        )
    )


def long_held(session: Session, before: datetime) -> list[tuple[int, int]]:
    """The contract and row ids of what was held since before a time."""
    rows = session.execute(
        sa.select(Quarantined.contract_id, Quarantined.id)
        .where(Quarantined.state == "held", Quarantined.received_at < before)
        .order_by(Quarantined.contract_id, Quarantined.id)
    )
    return [(row.contract_id, row.id) for row in rows]


def quarantined(session: Session, contract_id: int, row_id: int) -> tuple[Quarantined, str]:
    """One row of the quarantine and its author's name. :raise AppError: ``not_found``"""
    row = session.execute(
        sa.select(Quarantined, User.name)
        .join(User, User.id == Quarantined.user_id)
        .where(Quarantined.contract_id == contract_id, Quarantined.id == row_id)
    ).one_or_none()
    if row is None:
        raise AppError("not_found")
    return row[0], row[1]
