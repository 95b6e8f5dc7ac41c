"""Self-checks that were signed on phones: taken as they were signed, or kept until they can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from webapp.acceptance.declared import Declared, sign_declared
from webapp.identity.rules import Right
from webapp.rounds.judging import Refused
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Recorded
from webapp.sync.rules import Received, changes_what_was_seen
from webapp.sync.wire import SelfCheckIn

Entry = tuple[int, Received]
Run = tuple[list[Entry], list[Entry]]


def sign(
    session: Session,
    contract_id: int,
    operation_id: str,
    user_id: int,
    rights: frozenset[Right],
    payload: SelfCheckIn,
    now: datetime,
) -> Recorded:
    """Sign one; the answer says why it was not, as for any record."""
    declared = Declared(
        uid=payload.uid,
        round_id=payload.round_id,
        room_id=payload.room_id,
        inspections={seen.uid: seen.revision for seen in payload.inspections},
        strokes=payload.strokes,
        name=payload.name,
        rights=rights,
    )
    try:
        sign_declared(session, contract_id, user_id, declared, now)
    except Refused as refusal:
        return Recorded(operation_id, "quarantined", refusal.code, refusal.details)
    return Recorded(operation_id, "applied")


def in_runs(fresh: Sequence[Entry]) -> Iterator[Run]:
    """Inspections and the self-checks after them, as they are to be taken.

    Usually one run: all inspections at once, then what was signed over them. Only where an engineer
    amended what he had signed, a new run begins: the signature comes between the two revisions, and
    the amendment voids it, as it happened.
    """
    inspections: list[Entry] = []
    checks: list[Entry] = []
    for position, one in fresh:
        payload = one.payload
        if isinstance(payload, SelfCheckIn):
            checks.append((position, one))
        elif isinstance(payload, InspectionIn):
            if any(_is_after(payload, check) for _, check in checks):
                yield inspections, checks
                inspections, checks = [], []
            inspections.append((position, one))
    if inspections or checks:
        yield inspections, checks


def _is_after(payload: InspectionIn, check: Received) -> bool:
    return isinstance(check.payload, SelfCheckIn) and changes_what_was_seen(payload, check.payload)
