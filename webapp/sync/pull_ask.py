"""One pull as its kinds of rows see it: whose, of which contract, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.rounds.models import Round
from webapp.rounds.rules import TAKING


@dataclass(frozen=True)
class Ask:
    """One pull: ``since`` is the cursor, 0 for everything; ``handles``: whether he handles cases."""

    session: Session
    contract_id: int
    user_id: int
    since: int
    handles: bool = False

    def rows(self, statement: sa.Select[*tuple[Any, ...]]) -> Iterable[Any]:
        """The statement's rows, as plain tuples with names."""
        return self.session.execute(statement)

    def changed(self, *seqs: InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
        """Whether one of the rows that the answer's row is made of has changed."""
        return sa.or_(*(seq > self.since for seq in seqs)) if self.since else sa.true()

    def of_rounds(self, *seqs: InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
        """What changed in the phone's rounds, and all of a round that was opened, reopened or closed."""
        mine = sa.and_(Round.contract_id == self.contract_id, self.changed(Round.seq, *seqs))
        return mine if self.since else sa.and_(mine, Round.state.in_(TAKING))


def moment(at: Any) -> str:
    """A time as phones are told it: UTC, to the second."""
    return str(at.isoformat(timespec="seconds")).replace("+00:00", "Z")
