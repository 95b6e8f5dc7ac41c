"""The ends of the months' rounds, which every figure is reckoned for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.models import ChecklistVersion
from webapp.errors import AppError
from webapp.identity.contract_settings import contract_settings
from webapp.identity.models import Contract
from webapp.rounds.models import Round
from webapp.rounds.rules import month_of, today_in


@dataclass(frozen=True, slots=True)
class RoundEnd:
    """A month's round and its end: when it was accepted, else the end of its month.

    ``id`` is 0 for what was before the first round.
    """

    id: int
    month: str
    state: str
    opened_at: datetime | None
    accepted_at: datetime | None
    checklist_id: int
    time_zone: str

    def heard(self, at: datetime | None) -> bool:
        """Whether what a supervisor did then was done before the end."""
        if at is None:
            return False
        if self.accepted_at is not None:
            return at <= self.accepted_at
        return month_of(today_in(self.time_zone, at)) <= self.month


def before_all(time_zone: str) -> RoundEnd:
    """The end of no round: nothing had been said yet."""
    return RoundEnd(0, "", "accepted", None, None, 0, time_zone)


@dataclass(frozen=True, slots=True)
class Window:
    """The last rounds up to one month's, oldest first, and the round ``before`` the first of them."""

    contract_id: int
    before: RoundEnd
    ends: tuple[RoundEnd, ...]
    disabling_severity: int

    @property
    def last(self) -> RoundEnd:
        """The round that was asked for."""
        return self.ends[-1]

    @property
    def ids(self) -> list[int]:
        """The ids of the rounds in the window."""
        return [end.id for end in self.ends]

    @property
    def months(self) -> list[str]:
        """Their months."""
        return [end.month for end in self.ends]


def window(session: Session, contract_id: int, month: str, rounds: int) -> Window:
    """The last ``rounds`` rounds up to ``month``'s; two statements.

    :raise AppError: ``not_found`` when the month has no round
    """
    found = latest_window(session, contract_id, month, rounds)
    if found is None or found.last.month != month:
        raise AppError("not_found")
    return found


def latest_window(
    session: Session, contract_id: int, month: str | None, rounds: int
) -> Window | None:
    """The last ``rounds`` rounds up to ``month``'s, or of all; None where there is none yet."""
    contract = session.get_one(Contract, contract_id)
    rows = session.scalars(
        sa.select(Round)
        .where(Round.contract_id == contract_id, *([Round.month <= month] if month else []))
        .order_by(Round.month.desc())
        .limit(rounds + 1)
    ).all()
    if not rows:
        return None
    ends = [_end(row, contract.time_zone) for row in reversed(rows)]
    before = ends.pop(0) if len(ends) > rounds else before_all(contract.time_zone)
    settings = contract_settings(contract.settings)
    return Window(contract_id, before, tuple(ends), settings.disabling_severity)


def _end(row: Round, time_zone: str) -> RoundEnd:
    return RoundEnd(
        id=row.id,
        month=row.month,
        state=row.state,
        opened_at=row.opened_at,
        accepted_at=row.accepted_at if row.state == "accepted" else None,
        checklist_id=row.checklist_id,
        time_zone=time_zone,
    )


def checklist_of(session: Session, end: RoundEnd) -> dict[str, Any]:
    """The content of the checklist version that a round works with."""
    return session.get_one(ChecklistVersion, end.checklist_id).content


def type_words(content: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The names of the device types by key, in the checklist's order."""
    return {row["key"]: {"zh": row["zh"], "en": row["en"]} for row in content["types"]}


def consumable_words(content: dict[str, Any], key: str) -> dict[str, str]:
    """The names of a consumable; one that the checklist doesn't name stands for itself."""
    rows: Sequence[dict[str, str]] = content.get("consumables", [])
    found = next((row for row in rows if row["key"] == key), {"zh": key, "en": key})
    return {"zh": found["zh"], "en": found["en"]}
