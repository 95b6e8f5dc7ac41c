"""What other programs are told of a case: that it is there, and each of its steps that the client sees."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import called
from webapp.webhooks.services import emit


def emit_opened(session: Session, case: Case, now: datetime) -> None:
    """Tell the contract's webhooks of a new case."""
    event = "fault.declared" if case.kind == "fault" else "case.opened"
    emit(session, case.contract_id, event, _told(case), now)


def emit_step(session: Session, case: Case, event: CaseEvent, now: datetime) -> None:
    """Tell the contract's webhooks of a step; nobody outside hears of a line that is internal."""
    if not event.internal:
        step = {"step": event.step, "before": event.before, "at": event.at.isoformat()}
        emit(session, case.contract_id, "case.step_taken", {**_told(case), **step}, now)


def _told(case: Case) -> dict[str, Any]:
    """Facts alone, no person's name and no address: who may know more asks the API."""
    return {
        "name": called(case),
        "kind": case.kind,
        "title": case.title,
        "state": case.state,
        "severity": case.severity,
        "room_id": case.room_id,
        "device_id": case.device_id,
        "opened_at": case.opened_at.isoformat(),
    }
