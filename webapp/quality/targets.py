"""The contract's quality targets: settled, and how they stand in a month (clause 28)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.measures import period_of
from webapp.db import take_sequence
from webapp.desk.figures.rules import Share
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.quality.measuring import NOTHING, measure
from webapp.quality.rules import (
    TARGETS,
    TargetKey,
    state_of,
    threshold_problems,
    thresholds_of,
)
from webapp.rounds.models import Round
from webapp.rounds.rules import month_of, today_in

KEY = "quality_targets"
MONTHS = 6
Row = dict[str, Any]


def settle_targets(
    session: Session, access: Access, changes: Mapping[str, float | None], now: datetime
) -> None:
    """Settle the thresholds of some targets, in per cent; null: it is no target here.

    :raise AppError: ``invalid``, by target
    """
    wrong = threshold_problems(changes)
    if wrong:
        raise AppError("invalid", fields=wrong)
    take_sequence(session, access.contract_id)
    contract = session.get_one(Contract, access.contract_id)
    before = {**thresholds_of(contract.settings.get(KEY, {}))}
    stored = contract.settings.get(KEY, {})
    diff = audit.differences({key: before[key] for key in changes if key in before}, dict(changes))
    if not diff:
        return
    contract.settings = {**contract.settings, KEY: {**stored, **changes}}
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=contract.id,
        action="change",
        entity="contract",
        entity_id=contract.id,
        diff=diff,
    )


def targets_view(session: Session, access: Access, month: str | None, now: datetime) -> Row:
    """Each target with its threshold, what it came to in the month, and in the months before.

    Without a month it is the latest that has a round, else this one. Values are per cent with one
    decimal, cut off and not rounded; ``whole`` is of how many. A fixed number of statements.
    """
    contract = session.get_one(Contract, access.contract_id)
    known = _months(session, contract.id)
    shown = month or (known[0] if known else month_of(today_in(contract.time_zone, now)))
    measured = measure(session, contract, shown, MONTHS)
    period = period_of(shown, contract.due_day, ZoneInfo(contract.time_zone))
    thresholds = thresholds_of(contract.settings.get(KEY, {}))
    return {
        "month": shown,
        "months": sorted({*known, shown}, reverse=True),
        "first_on": period.first,
        "last_on": period.last,
        "targets": [
            _target(
                key, thresholds[key], {one: measured[one].get(key, NOTHING) for one in measured}
            )
            for key in TARGETS
        ],
        "may_settle": access.may("accept"),
    }


def _months(session: Session, contract_id: int) -> list[str]:
    rows = session.scalars(
        sa.select(Round.month).where(Round.contract_id == contract_id).order_by(Round.month.desc())
    )
    return list(rows)


def _target(key: TargetKey, threshold: float | None, shares: Mapping[str, Share]) -> Row:
    share = list(shares.values())[-1]
    return {
        "key": key,
        "threshold": threshold,
        "part": share.part,
        "whole": share.whole,
        "percent": share.percent,
        "state": state_of(share.percent, threshold),
        "trend": [{"month": month, "percent": one.percent} for month, one in shares.items()],
    }
