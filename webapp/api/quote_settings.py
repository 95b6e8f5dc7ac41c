"""A contract's settings of quotes over HTTP: currency, tax, days, and the rate card (clauses 4, 5, 24)."""

from __future__ import annotations

from typing import Any

from webapp.api.http import CONTRACT, blueprint, require
from webapp.api.quote_schemas import QuoteSettingsSchema, SettleQuotesSchema
from webapp.db import db, now_utc, unit_of_work
from webapp.quotes.settings import settle_quotes, shown_settings

bp = blueprint("quote_settings", "What quotes of a contract begin with, and its rate card")
SETTINGS = f"{CONTRACT}/quote-settings"


@bp.get(SETTINGS)
@bp.response(200, QuoteSettingsSchema)
def show_quote_settings(contract_code: str) -> dict[str, Any]:
    """Currency, default tax, how many days a quote holds, and the rate card."""
    access = require("view", contract_code)
    return shown_settings(db.session(), access.contract_id)


@bp.patch(SETTINGS)
@bp.arguments(SettleQuotesSchema)
@bp.response(200, QuoteSettingsSchema)
def settle_quote_settings(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Settle some of it; quotes that were issued keep their prices."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        settle_quotes(session, access, body, now_utc())
    return shown_settings(db.session(), access.contract_id)
