"""Cases as the tests make them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.acceptance.conftest import access_of
from tests.rounds import made as rounds
from webapp.cases import services
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import Opening, called
from webapp.cases.services import Author, Taking
from webapp.db import unit_of_work
from webapp.identity.models import Contract, User

uid = rounds.uid
# A Monday, ten o'clock in Shanghai.
MORNING = rounds.at("2026-03", 2)


def after(**spans: float) -> datetime:
    """So long after that Monday morning."""
    return MORNING + timedelta(**spans)


def author(contract: Contract, user: User, role: str = "inspection_engineer") -> Author:
    return Author(access_of(contract, user, role), user.name)


def opened(
    contract: Contract, by: Author, kind: str = "fault", now: datetime = MORNING, **more: Any
) -> Case:
    """A case that somebody opens now, unless ``at`` says when he had made it."""
    more = {"title": "投影没有画面", "uid": uid(), "at": now, **more}
    with unit_of_work() as session:
        return services.open_case(session, contract.id, by, Opening(kind=kind, **more), now)


def taken(
    case: Case,
    by: Author,
    step: str,
    now: datetime = MORNING,
    at: datetime | None = None,
    **fields: Any,
) -> CaseEvent:
    """A step of a case that somebody takes now, or has taken at ``at``."""
    given = fields.pop("uid", None) or uid()
    with unit_of_work() as session:
        return services.take_step(
            session,
            case.contract_id,
            by,
            called(case),
            Taking(uid=given, step=step, at=at or now, fields=fields),
            now,
        )
