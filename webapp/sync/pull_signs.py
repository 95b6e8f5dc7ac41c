"""The sign-offs of the phone's rounds, so that an engineer sees which rooms are signed (clause 30).

What was voided goes to whoever had signed it, with what changed, and is gone from everybody else.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from webapp.acceptance.models import SignOff
from webapp.rounds.models import Round
from webapp.rounds.rules import TAKING
from webapp.sync import wire
from webapp.sync.pull_ask import Ask, moment

# A phone tells what changed in a line or two; the desk has the whole list.
_MOST_CHANGED = 20


def sign_offs(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    """Self-checks and peer checks; the final acceptance ends what a phone holds of a round."""
    statement = (
        sa.select(
            Round.state,
            SignOff.uid,
            SignOff.round_id,
            SignOff.room_id,
            SignOff.level,
            SignOff.user_id,
            SignOff.signed_at,
            SignOff.voided_at,
            SignOff.void_reason,
        )
        .join(Round, Round.id == SignOff.round_id)
        .where(SignOff.room_id.is_not(None), ask.of_rounds(SignOff.seq))
    )
    for row in ask.rows(statement):
        stands = row.voided_at is None or row.user_id == ask.user_id
        if row.state in TAKING and stands:
            rows.sign_offs.append(_row(row))
        else:
            gone.sign_offs.append(row.uid)


def _row(row: Any) -> wire.SignOffRow:
    return wire.SignOffRow(
        uid=row.uid,
        round_id=row.round_id,
        room_id=row.room_id,
        level=row.level,
        user_id=row.user_id,
        signed_at=moment(row.signed_at),
        voided=row.voided_at is not None,
        changed=[_changed(reason) for reason in row.void_reason[:_MOST_CHANGED]],
    )


def _changed(reason: dict[str, Any]) -> wire.ChangedRow:
    return wire.ChangedRow(
        why=reason["why"],
        task_id=reason["task_id"],
        device_id=reason.get("device_id"),
        items=reason.get("items", []),
        by=reason.get("by"),
    )
