"""Reading what was sent back: its state, and how much of it waits in a round."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.models import ReturnedAnswer
from webapp.rounds.models import Inspection
from webapp.rounds.queries import stands


def state_column() -> sa.ColumnElement[str]:
    """:func:`webapp.acceptance.return_rules.state_of` in SQL, over a returned answer and its inspection."""
    stored = ReturnedAnswer.state
    return sa.case(
        (stored == "closed", "closed"),
        (stored == "withdrawn", "withdrawn"),
        (sa.not_(stands()), "withdrawn"),
        (Inspection.revision > ReturnedAnswer.revision, "answered"),
        else_="open",
    )


def waiting_by_author(session: Session, round_id: int) -> list[tuple[int, int, int]]:
    """Per author of a round's inspections: answers that he has to give, and answers that he gave.

    The latter wait for whoever sent them back to look again.
    """
    state = state_column()
    rows = session.execute(
        sa.select(
            Inspection.author_id,
            sa.func.count().filter(state == "open"),
            sa.func.count().filter(state == "answered"),
        )
        .select_from(ReturnedAnswer)
        .join(Inspection, Inspection.id == ReturnedAnswer.inspection_id)
        .where(Inspection.round_id == round_id, stands(), ReturnedAnswer.state == "open")
        .group_by(Inspection.author_id)
    )
    return [(author, asked, answered) for author, asked, answered in rows]


def waiting_in_round(session: Session, round_id: int) -> dict[str, int]:
    """What keeps a round from being accepted: ``answers_returned``, ``answers_to_look_at``."""
    rows = waiting_by_author(session, round_id)
    return {
        "answers_returned": sum(asked for _author, asked, _answered in rows),
        "answers_to_look_at": sum(answered for _author, _asked, answered in rows),
    }
