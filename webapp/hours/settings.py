"""The contract's terms of work after hours: read and settled (clause 24: every such number is a setting)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.hours import rules
from webapp.hours.models import HoursEntry
from webapp.identity.models import Contract
from webapp.identity.rules import Access

KEY = "after_hours"


def terms_of(contract: Contract) -> rules.HoursTerms:
    """What the contract has settled."""
    return rules.hours_terms(contract.settings.get(KEY, {}))


def starts_of(contract: Contract) -> str:
    """The ``MM-DD`` that the contract's years begin with."""
    return rules.year_starts(terms_of(contract), contract.starts_on)


def terms_shown(session: Session, contract_id: int) -> dict[str, Any]:
    """The terms that hold, and the day that a year begins with whoever has settled it."""
    contract = session.get_one(Contract, contract_id)
    return {**asdict(terms_of(contract)), "year_begins": starts_of(contract)}


def settle_terms(
    session: Session, access: Access, changes: Mapping[str, Any], now: datetime
) -> None:
    """Settle some of the terms; each entry's contract year is reckoned by them at once.

    What an entry counts stays as it was counted: only later ones are rounded by another rule.

    :raise AppError: ``invalid``, by field
    """
    wrong = rules.terms_problems(changes)
    if wrong:
        raise AppError("invalid", fields=wrong)
    take_sequence(session, access.contract_id)
    contract = session.get_one(Contract, access.contract_id)
    before = asdict(terms_of(contract))
    stored = contract.settings.get(KEY, {})
    contract.settings = {**contract.settings, KEY: {**stored, **changes}}
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=contract.id,
        action="change",
        entity="contract",
        entity_id=contract.id,
        diff=audit.differences({name: before[name] for name in changes}, dict(changes)),
    )
    _reckon_years(session, contract)


def _reckon_years(session: Session, contract: Contract) -> None:
    starts = starts_of(contract)
    days = session.scalars(
        sa.select(HoursEntry.worked_on).where(HoursEntry.contract_id == contract.id).distinct()
    )
    by_year: dict[int, list[Any]] = {}
    for day in days:
        by_year.setdefault(rules.contract_year(day, starts).year, []).append(day)
    for year, of_year in by_year.items():
        session.execute(
            sa.update(HoursEntry)
            .where(HoursEntry.contract_id == contract.id, HoursEntry.worked_on.in_(of_year))
            .values(year=year)
        )
