"""The contract's terms of work after hours: read and settled (clause 24: every such number is a setting).

What an hour beyond the free ones costs stands once, on the rate card that quotes are priced by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
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
from webapp.quotes.money import MONEY_PLACES, text_of
from webapp.quotes.rates import QuoteSettings, quote_settings

KEY = "after_hours"


def terms_of(contract: Contract) -> rules.HoursTerms:
    """What the contract has settled, the price of an hour by its rate card.

    A rate that the card no longer has, or has by the day, is none.
    """
    terms = rules.hours_terms(contract.settings.get(KEY, {}))
    card = quote_settings(contract.settings)
    if not terms.rate_key and terms.rate:
        return terms  # settled before there was a rate card, and not touched since
    price = hour_rates(card).get(terms.rate_key, "")
    return replace(terms, rate=price, currency=card.currency)


def hour_rates(card: QuoteSettings) -> dict[str, str]:
    """The card's rates of an hour: key → price as decimal text."""
    return {one.key: text_of(one.price, MONEY_PLACES) for one in card.rates if one.unit == "hour"}


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
    take_sequence(session, access.contract_id)
    contract = session.get_one(Contract, access.contract_id)
    wrong = rules.terms_problems(changes, hour_rates(quote_settings(contract.settings)))
    if wrong:
        raise AppError("invalid", fields=wrong)
    before = asdict(terms_of(contract))
    stored = dict(contract.settings.get(KEY, {}))
    if "rate_key" in changes:
        stored.pop("rate", None)
        stored.pop("currency", None)
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
