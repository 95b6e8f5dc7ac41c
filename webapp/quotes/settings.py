"""The contract's settings of quotes: currency, tax, how long one holds, the rate card (clauses 4, 5, 24)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.quotes.money import MONEY_PLACES, TAX_PLACES, short_text_of, text_of
from webapp.quotes.rates import QuoteSettings, quote_settings, settings_problems


def shown_settings(session: Session, contract_id: int) -> dict[str, Any]:
    """What holds, the defaults with what the contract has settled, money as decimal texts."""
    return as_plain(quote_settings(session.get_one(Contract, contract_id).settings))


def as_plain(settings: QuoteSettings) -> dict[str, Any]:
    """The settings as JSON holds them."""
    return {
        "currency": settings.currency,
        "tax_rate": short_text_of(settings.tax_rate, TAX_PLACES),
        "valid_days": settings.valid_days,
        "rates": [
            {
                "key": rate.key,
                "name_zh": rate.name_zh,
                "name_en": rate.name_en,
                "unit": rate.unit,
                "price": text_of(rate.price, MONEY_PLACES),
            }
            for rate in settings.rates
        ],
    }


def settle_quotes(
    session: Session, access: Access, changes: Mapping[str, Any], now: datetime
) -> None:
    """Settle some of it; what is left out stays. Quotes that were issued keep their prices.

    :raise AppError: ``invalid``, by path
    """
    wrong = settings_problems(changes)
    if wrong:
        raise AppError("invalid", fields=wrong)
    take_sequence(session, access.contract_id)
    contract = session.get_one(Contract, access.contract_id)
    before = as_plain(quote_settings(contract.settings))
    after = as_plain(quote_settings({"quotes": {**before, **changes}}))
    contract.settings = {**contract.settings, "quotes": after}
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=contract.id,
        action="change",
        entity="contract",
        entity_id=contract.id,
        diff=audit.differences(before, after),
    )
