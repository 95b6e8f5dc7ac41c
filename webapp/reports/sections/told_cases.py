"""The cases that a month's report tells of, each with its place and what its clocks have come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from webapp.cases.kinds import name_of
from webapp.cases.measures import Period, Run, period_of
from webapp.cases.models import Case, CaseClock
from webapp.cases.register import register_word
from webapp.cases.runs import runs_of
from webapp.cases.verifying import Verification, verifications
from webapp.cases.words import REGISTER_WORDS, STATE_WORDS, VERIFIED_WORDS
from webapp.estate.models import Building, Device, Room
from webapp.reports.facts import MonthFacts, both
from webapp.reports.shape import Words


@dataclass(frozen=True, slots=True)
class Told:
    """A case with its place, its clocks by name, and what their runs have come to, oldest first."""

    case: Case
    room: Room | None
    building: Building | None
    device: Device | None
    clocks: Mapping[str, CaseClock]
    runs: Sequence[Run]
    verification: Verification | None = None

    @property
    def name(self) -> Words:
        """What people call it."""
        return both(name_of(self.case.kind, self.case.number))

    @property
    def state(self) -> Words:
        """Its state in words, with what the next inspection said of it, or what it did to the register."""
        zh, en = STATE_WORDS[self.case.state]
        register = register_word(self.case)
        if register is not None:
            said_zh, said_en = REGISTER_WORDS[register]
            return both(f"{zh}，{said_zh}", f"{en}; {said_en}")
        found = self.verification
        if found is None:
            return both(zh, en)
        said_zh, said_en = VERIFIED_WORDS[found.word]
        at = f" {found.month}" if found.month else ""
        return both(f"{zh}，{said_zh}{at}", f"{en}; {said_en}{at}")

    def runs_of(self, name: str) -> list[Run]:
        """What one of its clocks has come to; a run that is still open is not there."""
        return [run for run in self.runs if run.name == name]

    @property
    def place(self) -> Words:
        """Its room and device."""
        zh = [self.building and self.building.name_zh, self.room and self.room.name_zh]
        en = [
            self.building and (self.building.name_en or self.building.name_zh),
            self.room and (self.room.name_en or self.room.name_zh),
        ]
        device = self.device.name if self.device else None
        joined = (" · ".join(part for part in (*parts, device) if part) for parts in (zh, en))
        return both(*joined)


def told_period(facts: MonthFacts) -> Period:
    """The days that the sections tell of."""
    return period_of(facts.month, facts.contract.due_day, facts.zone)


def read_cases(facts: MonthFacts, *kinds: str) -> list[Told] | None:
    """The period's cases of these kinds, by their opening; None where none was ever recorded.

    Six statements at the most.
    """
    ever = sa.select(Case.id).where(Case.contract_id == facts.contract.id, Case.kind.in_(kinds))
    if facts.session.scalar(ever.limit(1)) is None:
        return None
    period = told_period(facts)
    rows = facts.session.execute(
        sa.select(Case, Room, Building, Device)
        .outerjoin(Room, Room.id == Case.room_id)
        .outerjoin(Building, Building.id == Room.building_id)
        .outerjoin(Device, Device.id == Case.device_id)
        .where(
            Case.contract_id == facts.contract.id,
            Case.kind.in_(kinds),
            Case.opened_at < period.ends,
            sa.or_(Case.ended_at.is_(None), Case.ended_at >= period.begins),
        )
        .order_by(Case.opened_at, Case.id)
    ).all()
    clocks: dict[int, dict[str, CaseClock]] = defaultdict(dict)
    wanted = sa.select(CaseClock).where(CaseClock.case_id.in_([row.Case.id for row in rows]))
    for clock in facts.session.scalars(wanted):
        clocks[clock.case_id][clock.name] = clock
    verified = verifications(facts.session, [row.Case for row in rows])
    return [
        Told(
            row.Case,
            row.Room,
            row.Building,
            row.Device,
            clocks[row.Case.id],
            [
                run
                for clock in clocks[row.Case.id].values()
                for run in runs_of(facts.session, clock, row.Case)
            ],
            verified.get(row.Case.id),
        )
        for row in rows
    ]
