"""The contract's terms of service and its calendar: read, settled, and what runs reckoned again.

They lie in ``contract.settings`` under ``clocks`` and ``calendar`` (clauses 38-42, 48: every such number
is a setting).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.calendars.contract import calendar_of, calendar_problems
from webapp.cases import clock_keeping
from webapp.cases.terms import DEFAULTS, KINDS, SEVERITIES, terms_of, terms_problems
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.rules import Access


def service_terms(session: Session, contract_id: int, now: datetime) -> dict[str, Any]:
    """What holds: each clock's terms with what differs by severity, and what was settled of the calendar.

    ``standard`` are the contract's own terms, before anything was settled. ``known_years`` are the years
    whose working days are published or settled; null where no country's holidays are counted.
    ``days`` are the holidays and make-up working days of this year and the next, as the calendar has them.
    """
    contract = session.get_one(Contract, contract_id)
    clocks = contract.settings.get("clocks", {})
    calendar = contract.settings.get("calendar", {})
    reckoned_by = calendar_of(calendar, contract.time_zone)
    known = reckoned_by.known_years
    this_year = reckoned_by.local_day(now).year
    terms = []
    for kind in KINDS:
        special = clocks.get(kind, {}).get("by_severity", {})
        line: dict[str, Any] = asdict(terms_of(clocks, kind))
        line["by_severity"] = {
            severity: asdict(terms_of(clocks, kind, int(severity)))
            for severity in SEVERITIES
            if severity in special
        }
        terms.append(line)
    return {
        "terms": terms,
        "standard": [asdict(DEFAULTS[kind]) for kind in KINDS],
        "clocks": clocks,
        "calendar": calendar,
        "known_years": None if known is None else sorted(known),
        "days": [
            {"on": day.on, "kind": day.kind, "name": day.name}
            for day in reckoned_by.named_days(range(this_year, this_year + 2))
        ],
    }


def settle_terms(
    session: Session, access: Access, changes: Mapping[str, dict[str, Any]], now: datetime
) -> int:
    """Settle ``clocks``, ``calendar`` or both; every clock that runs is reckoned by them at once.

    :returns: how many clocks moved
    :raise AppError: ``invalid``, by ``clocks.<path>`` and ``calendar.<path>``
    """
    judges = {"clocks": terms_problems, "calendar": calendar_problems}
    wrong = {
        f"{name}.{path}": codes
        for name, value in changes.items()
        for path, codes in judges[name](value).items()
    }
    if wrong:
        raise AppError("invalid", fields=wrong)
    take_sequence(session, access.contract_id)
    contract = session.get_one(Contract, access.contract_id)
    before = {name: contract.settings.get(name, {}) for name in changes}
    contract.settings = {**contract.settings, **changes}
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=contract.id,
        action="change",
        entity="contract",
        entity_id=contract.id,
        diff=audit.differences(before, dict(changes)),
    )
    session.flush()  # the clocks are reckoned by what the contract's row says
    return clock_keeping.reckon_again(session, contract.id, now)
