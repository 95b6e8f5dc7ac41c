"""Who looked again at what stands in a device record: its 复核人 (clauses 20, 45).

Nothing of it is stored, as with the verification of a case: a signature that is void and an inspection
that is set aside take their word back by themselves.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.models import SignOff
from webapp.cases.models import Case
from webapp.cases.verifying import verifications
from webapp.db import chunks
from webapp.identity.models import User
from webapp.rounds.models import DeviceRecord, Inspection


def reviewers(session: Session, records: Collection[DeviceRecord]) -> dict[int, User]:
    """Who looked again, by the record's id; a record that nobody has looked at is not in it.

    Of an inspection it is who has signed the peer check of its room (clause 30). Of a case it is whose
    inspection found the device right, if that is another than who put it right. Of 500 rows six statements.
    """
    return _peers(session, records) | _verifiers(session, records)


def _peers(session: Session, records: Collection[DeviceRecord]) -> dict[int, User]:
    signed: dict[int | None, User] = {}
    for some in chunks({row.inspection_id for row in records if row.inspection_id is not None}):
        statement = (
            sa.select(Inspection.id, User)
            .join(
                SignOff,
                sa.and_(
                    SignOff.round_id == Inspection.round_id,
                    SignOff.room_id == Inspection.room_id,
                    SignOff.level == "peer_check",
                    SignOff.voided_at.is_(None),
                ),
            )
            .join(User, User.id == SignOff.user_id)
            .where(Inspection.id.in_(some))
        )
        signed |= dict(session.execute(statement).all())
    return {row.id: signed[row.inspection_id] for row in records if row.inspection_id in signed}


def _verifiers(session: Session, records: Collection[DeviceRecord]) -> dict[int, User]:
    cases, last = _cases(session, {row.case_id for row in records if row.case_id is not None})
    found = {
        case: word.inspection_id
        for case, word in verifications(session, cases).items()
        if word.word == "verified" and word.inspection_id is not None
    }
    authors: dict[int, User] = {}
    for some in chunks(set(found.values())):
        statement = sa.select(Inspection.id, User).join(User, User.id == Inspection.author_id)
        authors |= dict(session.execute(statement.where(Inspection.id.in_(some))).all())
    verified = {last[case]: authors[inspection] for case, inspection in found.items()}
    return {
        row.id: verified[row.id]
        for row in records
        if row.id in verified and verified[row.id].id != row.recorded_by_id
    }


def _cases(session: Session, ids: Collection[int]) -> tuple[list[Case], dict[int, int]]:
    """The cases, and by their ids the last row of each: one that was opened again has written several."""
    cases: list[Case] = []
    last: dict[int, int] = {}
    for some in chunks(ids):
        statement = (
            sa.select(Case, sa.func.max(DeviceRecord.id))
            .join(DeviceRecord, DeviceRecord.case_id == Case.id)
            .where(Case.id.in_(some))
            .group_by(Case.id)
        )
        for case, row_id in session.execute(statement):
            cases.append(case)
            last[case.id] = row_id
    return cases, last
