"""Taking what phones captured, in transactions: shared by the phones' own sync and the rescue file.

One operation that fails for no known reason blocks no other, and a photo's bytes are durable before
its row is noted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp import log
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.storage import ObjectStore
from webapp.sync import photos
from webapp.sync.queries import Slot
from webapp.sync.rules import Received
from webapp.sync.wire import OperationOut

Receive = Callable[[Session, list[Received]], list[OperationOut]]


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


def take_photo(
    store: ObjectStore,
    contract_id: int,
    slot: Slot,
    read: Callable[[int], bytes],
    maximum_bytes: int,
    now: datetime,
    beside: Callable[[Session], None] | None = None,
) -> int | None:
    """Make the photo durable and note it; the contract's new head, None for a photo known by now.

    :param beside: what else is written in the transaction that notes it
    :raise AppError: see :func:`webapp.sync.photos.read_upload`; ``disk_full``
    """
    # No read transaction is held while a slow phone sends and the disk works.
    db.session.rollback()
    upload = photos.read_upload(read, slot, maximum_bytes)
    photos.store_object(store, contract_id, upload)
    with unit_of_work() as session:
        head = photos.note_received(session, contract_id, slot, upload.picture, now)
        if head is not None and beside is not None:
            beside(session)
        return head
