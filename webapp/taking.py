"""Taking what phones captured, in transactions: shared by the phones' own sync and the rescue file.

One operation that fails for no known reason blocks no other, and a photo's bytes are durable before
its row is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp import log
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.pictures import Picture
from webapp.storage import ObjectStore
from webapp.sync import photos
from webapp.sync.queries import Slot
from webapp.sync.rules import Received
from webapp.sync.wire import OperationOut

# A photo that is expected, and where its bytes are read from.
Coming = tuple[Slot, Callable[[int], bytes]]
Receive = Callable[[Session, list[Received]], list[OperationOut]]


@dataclass(frozen=True)
class Taken:
    """The contract's new head, if there is one, and the uids of those photos that were not known yet."""

    head: int | None = None
    stored: frozenset[str] = frozenset()


def take_operations(receive: Receive, received: list[Received]) -> list[OperationOut]:
    """The batch in one transaction; where that fails, each operation in its own.

    So a poison record is found out, kept in quarantine, and takes nothing else along. A database
    that is locked or full is no poison: it fails the request, and the phone comes again.
    """
    try:
        with unit_of_work() as session:
            return receive(session, received)
    except (AppError, OperationalError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is found out one by one
        log.event("push_taken_apart", operations=len(received), error=type(error).__name__)
    return [_take_one(receive, one) for one in received]


def _take_one(receive: Receive, one: Received) -> OperationOut:
    try:
        with unit_of_work() as session:
            return receive(session, [one])[0]
    except (AppError, OperationalError, OSError):
        raise
    except Exception:  # noqa: BLE001 - nothing that a record does may block the others
        log.failure("operation_poisoned", operation=one.operation.id)
    # It is acknowledged: a supervisor applies it once the fault is mended, the phone need not retry.
    with unit_of_work() as session:
        return receive(session, [Received(one.operation, None, "unexpected")])[0]


def take_photos(
    store: ObjectStore,
    contract_id: int,
    coming: Sequence[Coming],
    maximum_bytes: int,
    now: datetime,
    beside: Callable[[Session], None] | None = None,
) -> Taken:
    """Make photos durable one after the other, and note them at once.

    What came whole is noted, whatever ends the rest.

    :param beside: what else is written in the transaction that notes them
    :raise AppError: see :func:`webapp.sync.photos.read_upload`; ``disk_full``
    """
    # No read transaction is held while a slow phone sends and the disk works.
    db.session.rollback()
    whole: list[tuple[Slot, Picture]] = []
    try:
        for slot, read in coming:
            upload = photos.read_upload(read, slot, maximum_bytes)
            if not slot.received:
                photos.store_object(store, contract_id, upload)
                whole.append((slot, upload.picture))
    finally:
        taken = _note_photos(contract_id, whole, now, beside) if whole else Taken()
    return taken


def _note_photos(
    contract_id: int,
    whole: list[tuple[Slot, Picture]],
    now: datetime,
    beside: Callable[[Session], None] | None,
) -> Taken:
    with unit_of_work() as session:
        heads = {
            slot.uid: photos.note_received(session, contract_id, slot, picture, now)
            for slot, picture in whole
        }
        stored = {uid: head for uid, head in heads.items() if head is not None}
        if stored and beside is not None:
            beside(session)
    return Taken(max(stored.values(), default=None), frozenset(stored))
