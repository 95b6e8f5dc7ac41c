"""What the worker does beside its queue: ticks that wrap services, as commands do.

Each bears being run twice, by two workers at once, and being killed anywhere: the database says what
is left to do.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import log, renditions
from webapp.acceptance import telling as acceptance_telling
from webapp.cases import files as case_files
from webapp.cases import telling
from webapp.db import db, unit_of_work
from webapp.desk import photo_copies
from webapp.digesting import send_digests
from webapp.errors import AppError
from webapp.jobs import every_minute
from webapp.quotes import expiring
from webapp.reminding import remind_and_escalate, remind_of_quality
from webapp.rounds import falling_due, opening
from webapp.spares import away, overdue
from webapp.storage import ObjectStore, object_store
from webapp.sync import photos, quarantine, queries
from webapp.sync.models import ServerState
from webapp.sync.rules import HELD_FOR
from webapp.team import telling as team_telling
from webapp.webhooks import queries as webhooks

SWEEP_EVERY = timedelta(hours=24)
_SWEPT_AT = "orphans_swept_at"
# One tick copies for so long, and leaves the rest to the next: the others have their turn too.
_COPYING_SECONDS = 20.0
_COPIES_AT_ONCE = 25


def open_rounds_by_calendar(now: datetime) -> None:
    """Open the month's round of every contract whose day has come (clause 21)."""
    # Looked at first without the write lock: most minutes have nothing to open.
    if opening.has_due_rounds(db.session(), now):
        with unit_of_work() as session:
            opening.open_due_rounds(session, now)


def force_long_held_amendments(now: datetime) -> None:
    """After five days an amendment goes in without its original, flagged."""
    by_contract: dict[int, list[int]] = {}
    for contract_id, row_id in queries.long_held(db.session(), now - HELD_FOR):
        by_contract.setdefault(contract_id, []).append(row_id)
    for contract_id, row_ids in by_contract.items():
        with unit_of_work() as session:
            quarantine.force_held(session, contract_id, row_ids, now)


def tell_of_clocks(now: datetime) -> None:
    """Tell who answers for a case that one of its clocks runs out, or has (clauses 38-42, 48)."""
    # Looked at first without the write lock: most minutes have nothing to tell.
    for contract_id in telling.contracts_to_tell(db.session(), now):
        with unit_of_work() as session:
            telling.tell_of_clocks(session, contract_id, now)


def tell_of_due_rounds(now: datetime) -> None:
    """Tell webhooks of the rounds whose last day it is (clause 21)."""
    # Looked at first without the write lock: on most days nothing is due.
    for row in falling_due.rounds_due(db.session(), now):
        if webhooks.has_webhooks(db.session(), row.contract_id):
            with unit_of_work() as session:
                falling_due.emit_due(session, row, now)


def note_devices_away(now: datetime) -> None:
    """Say in the round that a device is away for repair (clauses 15, 33-34)."""
    for contract_id in away.contracts_with_devices_away(db.session()):
        with unit_of_work() as session:
            away.record_devices_away(session, contract_id, now)


def look_at_quotes(now: datetime) -> None:
    """Warn of quotes that nobody has answered yet, and end those whose last day is over."""
    # Looked at first without the write lock: most minutes have nothing to do.
    for contract_id in expiring.contracts_to_look_at(db.session(), now):
        with unit_of_work() as session:
            expiring.look_at_quotes(session, contract_id, now)


def tell_of_loaners(now: datetime) -> None:
    """Tell who lent them of loaners that are overdue (clauses 40-41)."""
    # Looked at first without the write lock, as below: most minutes have nothing to tell.
    for contract_id in overdue.contracts_to_tell(db.session(), now):
        with unit_of_work() as session:
            overdue.tell_of_loaners(session, contract_id, now)


def tell_of_team(now: datetime) -> None:
    """Tell of stand-ins that begin and end, and of manuals that wait to be read (clauses 26 and 28)."""
    for contract_id in team_telling.contracts_to_tell(db.session(), now):
        with unit_of_work() as session:
            team_telling.tell_of_team(session, contract_id, now)


def tell_of_acceptance(now: datetime) -> None:
    """Tell engineers what was sent back, and who accepts that a round waits for him alone (clause 30)."""
    for contract_id in acceptance_telling.contracts_to_tell(db.session(), now):
        with unit_of_work() as session:
            acceptance_telling.tell_of_acceptance(session, contract_id, now)


def make_photo_copies(_now: datetime) -> None:
    """Re-encode the photos that have come, so that the review needn't wait for it."""
    until = time.monotonic() + _COPYING_SECONDS
    while time.monotonic() < until:
        waiting = photo_copies.without_copies(db.session(), _COPIES_AT_ONCE)
        db.session.rollback()
        for photo in waiting:
            _copy(object_store(), photo)
        cases = case_files.without_copies(db.session(), _COPIES_AT_ONCE)
        db.session.rollback()
        for row_id, file in cases:
            _copy_of_case(object_store(), row_id, file)
        if len(waiting) < _COPIES_AT_ONCE and len(cases) < _COPIES_AT_ONCE:
            return


def _copy_of_case(store: ObjectStore, row_id: int, file: case_files.FileRef) -> None:
    readable = True
    try:
        copies = renditions.make(store, file.contract_id, file.sha256)
        renditions.keep(store, file.contract_id, file.sha256, copies)
    except AppError:
        readable = False
    with unit_of_work() as session:
        case_files.note_copies(session, row_id, readable=readable)


def _copy(store: ObjectStore, photo: photo_copies.PhotoRef) -> None:
    try:
        copies = photo_copies.keep_copies(store, photo)
    except AppError:
        with unit_of_work() as session:
            photo_copies.note_unreadable(session, photo)
        return
    # Looked for before the transaction: with years of photos it would keep the others waiting.
    repeated = photo_copies.repeated_photo(db.session(), photo, copies.perceptual_hash)
    with unit_of_work() as session:
        photo_copies.note_copies(session, photo, copies.perceptual_hash, repeated)


def sweep_orphaned_objects(now: datetime) -> None:
    """Once a day: delete objects that no photo names, a day after they were written."""
    if not _is_due(db.session(), now):
        return
    store = object_store()
    by_contract, rubbish = photos.orphan_candidates(store, now)
    for key in rubbish:
        store.delete(key)
    deleted = len(rubbish)
    for contract_id, hashes in by_contract.items():
        for portion in photos.in_portions(hashes):
            with unit_of_work() as session:
                deleted += photos.sweep_orphans(session, store, contract_id, portion)
    with unit_of_work() as session:
        session.merge(ServerState(key=_SWEPT_AT, value=now.isoformat()))
    if deleted:
        log.event("orphans_swept", objects=deleted)


def _is_due(session: Session, now: datetime) -> bool:
    last = session.scalar(sa.select(ServerState.value).where(ServerState.key == _SWEPT_AT))
    return last is None or datetime.fromisoformat(last) + SWEEP_EVERY <= now


def register() -> None:
    """Have the worker call these ticks."""
    for tick in (
        open_rounds_by_calendar,
        force_long_held_amendments,
        remind_and_escalate,
        remind_of_quality,
        tell_of_clocks,
        tell_of_due_rounds,
        note_devices_away,
        look_at_quotes,
        tell_of_loaners,
        tell_of_team,
        tell_of_acceptance,
        send_digests,
        make_photo_copies,
        sweep_orphaned_objects,
    ):
        every_minute(tick)
