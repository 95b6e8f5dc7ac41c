"""An "all OK" that was given in seconds: allowed, and shown to the supervisor (feature 10)."""

from __future__ import annotations

import sqlalchemy as sa

from webapp.identity.contract_settings import ContractSettings
from webapp.identity.models import Contract
from webapp.rounds.models import Inspection

_DEFAULT_SECONDS = ContractSettings().fast_bulk_seconds


def given_fast() -> sa.ColumnElement[bool]:
    """Whether an inspection is an "all OK" in less than the contract's ``fast_bulk_seconds``."""
    setting = Contract.settings["fast_bulk_seconds"].as_integer()
    seconds = (
        sa.select(sa.func.coalesce(setting, _DEFAULT_SECONDS))
        .where(Contract.id == Inspection.contract_id)
        .scalar_subquery()
    )
    return sa.and_(Inspection.bulk_ok, Inspection.bulk_seconds < seconds)


def flagged(flag: str) -> sa.ColumnElement[bool]:
    """Whether an inspection carries a flag."""
    # The column holds a JSON list of codes; both databases show it as text alike.
    return sa.cast(Inspection.flags, sa.Text).contains(f'"{flag}"', autoescape=True)
