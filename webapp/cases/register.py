"""The asset register and a change request: changed out of it, nothing to change, or nobody has said (clause 22).

Only read here; :mod:`webapp.cases.registering` writes it.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp.cases.models import Case, CaseEvent
from webapp.estate.models import Device

Word = Literal["changed", "as_is", "missing"]
WORDS: tuple[Word, ...] = ("changed", "as_is", "missing")
KIND = "change"
# The fact of a change that says what became of the register.
FACT = "register"
# In these states the register is changed out of it; in the latter it should have been.
OPEN_IN = ("planned", "executed", "accepted")
DUE_IN = ("executed", "accepted")
# The lines of its story that name a device of the register.
LINES = ("device_added", "device_changed", "device_moved", "device_retired", "device_restored")


def register_word(case: Case) -> Word | None:
    """What a change has done to the register: ``missing`` where it is done and nobody has said."""
    if case.kind != KIND:
        return None
    said: Word | None = case.facts.get(FACT)
    return said or ("missing" if case.state in DUE_IN else None)


def unregistered(_asked: bool) -> sa.ColumnElement[bool]:
    """The changes that are done, and nobody has said what became of the register."""
    unsaid = Case.facts[FACT].as_string().is_(None)
    return sa.and_(Case.kind == KIND, Case.state.in_(DUE_IN), unsaid)


def has_changed(device_id: int) -> sa.ColumnElement[bool]:
    """The changes that have added, changed or retired a device."""
    contract = sa.select(Device.contract_id).where(Device.id == device_id).scalar_subquery()
    change = aliased(Case)
    lines = (
        sa.select(CaseEvent.case_id)
        .join(change, change.id == CaseEvent.case_id)
        .where(
            change.contract_id == contract,
            change.kind == KIND,
            CaseEvent.step.in_(LINES),
            CaseEvent.fields["device_id"].as_integer() == device_id,
        )
    )
    return Case.id.in_(lines)
