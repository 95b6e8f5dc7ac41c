"""A repair that ends with another device: the register, the label and the rounds follow (clauses 32, 33, 35)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.cases.following import follows
from webapp.cases.kinds_of_repair import REPLACE
from webapp.cases.models import Case, CaseEvent
from webapp.cases.services import Author
from webapp.errors import AppError
from webapp.estate.replacing import replace_device
from webapp.identity.models import Contract
from webapp.rounds.opening import sync_tasks_with_estate

_OF_REGISTER = ("serial", "maker", "model", "asset_number")
# Characters of each of them in the register.
LONGEST = 120


@follows(REPLACE)
def _renew(session: Session, case: Case, event: CaseEvent, author: Author, now: datetime) -> None:
    """The new device takes the old one's place; the case and this line of its story lead to it.

    :raise AppError: ``case_without_device``; ``invalid`` (by field) for what is too long; see
        :func:`webapp.estate.replacing.replace_device`
    """
    if case.device_id is None:
        raise AppError("case_without_device")
    if author.access is None:
        raise AppError("forbidden", right="handle")
    given = event.fields
    # A step's line may be longer than a field of the register.
    long = {name: ["invalid"] for name in _OF_REGISTER if len(str(given.get(name, ""))) > LONGEST}
    if long:
        raise AppError("invalid", fields=long)
    zone = ZoneInfo(session.get_one(Contract, case.contract_id).time_zone)
    values: dict[str, Any] = {name: given.get(name) for name in _OF_REGISTER}
    if until := given.get("warranty_until"):
        values["warranty_until"] = date.fromisoformat(until)
    installed_on = event.at.astimezone(zone).date()
    new = replace_device(
        session,
        author.access,
        case.device_id,
        values,
        installed_on,
        event.at,
        now,
        code=str(given.get("code", "")),
    )
    case.facts = case.facts | {"new_device": new.id}
    sync_tasks_with_estate(session, case.contract_id, now)
