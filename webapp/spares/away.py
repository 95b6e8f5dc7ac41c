"""A device that is away for repair says so in the round by itself (clauses 15, 33-34).

Nobody need go and look for what is known to be at the factory: its task gets the exception "away for
repair" by the service that records every inspection, in the name of who sent the device away.
"""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import log
from webapp.cases.kinds import name_of
from webapp.cases.models import Case, CaseEvent
from webapp.checklists.models import ChecklistVersion
from webapp.identity.models import Contract, Membership, User
from webapp.identity.rules import ROLE_RIGHTS
from webapp.rounds.models import Inspection, Round, RoundTask
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Submission, record_inspections
from webapp.rounds.rules import today_in

# Where it is tells the last of these steps of its repair, whatever was said of the plan since.
_LEAVES = ("send", "arrive_factory")
_COMES_BACK = ("return", "put_in_service", "replace")
REASON = "in_repair"
_NAMESPACE = uuid.UUID("a1e7c4de-3a5b-4f0c-9c4f-6f2b1d9e8a77")
Row = sa.Row[*tuple[Any, ...]]


def contracts_with_devices_away(session: Session) -> list[int]:
    """The contracts whose open round waits for a device that is away for repair."""
    return sorted({row.RoundTask.contract_id for row in session.execute(_waiting())})


def record_devices_away(session: Session, contract_id: int, now: datetime) -> int:
    """Give the tasks of devices that are away for repair their exception; how many got it.

    Only a task that nobody has said anything of yet; a later inspection of it is the second visit.
    """
    rows = session.execute(_waiting().where(RoundTask.contract_id == contract_id)).all()
    # One device may have two repairs; its task is told of once.
    tasks = {row.RoundTask.id: row for row in rows}.values()
    submissions = [found for row in tasks if (found := _submission(session, row, now)) is not None]
    if not submissions:
        return 0
    answers = record_inspections(session, contract_id, submissions, now)
    applied = sum(answer.result == "applied" for answer in answers)
    log.event("devices_away_recorded", contract=contract_id, devices=applied)
    return applied


def _waiting() -> sa.Select[*tuple[Any, ...]]:
    last = (
        sa.select(CaseEvent.step)
        .where(CaseEvent.case_id == Case.id, CaseEvent.step.in_(_LEAVES + _COMES_BACK))
        .order_by(CaseEvent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa.select(RoundTask, Case, Round, ChecklistVersion)
        .join(Round, Round.id == RoundTask.round_id)
        .join(ChecklistVersion, ChecklistVersion.id == Round.checklist_id)
        .join(Case, Case.device_id == RoundTask.device_id)
        .where(
            Case.kind == "repair",
            Case.live,
            last.in_(_LEAVES),
            Round.state == "open",
            RoundTask.outcome == "todo",
            RoundTask.removed.is_(False),
            ~sa.exists().where(Inspection.task_id == RoundTask.id),
        )
        .order_by(RoundTask.id, Case.id)
    )


def _submission(session: Session, row: Row, now: datetime) -> Submission | None:
    """What is recorded of one task; nothing where its checklist has no such reason, or nobody can say it."""
    task, case, round_, checklist = row
    reasons = {words["key"] for words in checklist.content.get("exceptions", ())}
    who = _who_sent_it(session, case)
    if REASON not in reasons or who is None:
        return None
    sent, user_id, role, time_zone = who
    uid = str(uuid.uuid5(_NAMESPACE, f"{task.id}-{case.id}"))
    exception: dict[str, Any] = {"reason": REASON, "remark": _remark(case, sent.at, time_zone)}
    back = _expected(case)
    if back is not None and back >= today_in(time_zone, now):
        exception["revisit_on"] = back.isoformat()
    payload = {
        "uid": uid,
        "round_id": round_.id,
        "room_id": task.room_id,
        "device_id": task.device_id,
        "checklist": checklist.number,
        "started_at": now.isoformat(timespec="seconds"),
        "finished_at": now.isoformat(timespec="seconds"),
        "exception": exception,
    }
    raw = json.dumps(payload, ensure_ascii=False)
    decoded = msgspec.json.decode(raw, type=InspectionIn)
    return Submission(uid, user_id, ROLE_RIGHTS[role], decoded, raw)


def _who_sent_it(session: Session, case: Case) -> tuple[CaseEvent, int, str, str] | None:
    """The step that sent it away, who took it, as long as he may inspect, and the contract's zone."""
    found = session.execute(
        sa.select(CaseEvent, Membership.user_id, Membership.role, Contract.time_zone)
        .join(Membership, Membership.user_id == CaseEvent.author_id)
        .join(User, User.id == Membership.user_id)
        .join(Contract, Contract.id == CaseEvent.contract_id)
        .where(
            CaseEvent.case_id == case.id,
            CaseEvent.step == "send",
            Membership.contract_id == case.contract_id,
            Membership.left_at.is_(None),
        )
        .order_by(CaseEvent.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None or "inspect" not in ROLE_RIGHTS.get(found.role, frozenset()):
        return None
    event, user_id, role, time_zone = found
    return event, user_id, role, time_zone


def _remark(case: Case, sent_at: datetime, time_zone: str) -> str:
    vendor = str(case.facts.get("vendor", ""))
    sent_on = sent_at.astimezone(ZoneInfo(time_zone)).date()
    parts = (f"维修单 {name_of(case.kind, case.number)}", f"{sent_on} 送修", vendor)
    return " · ".join(part for part in parts if part)


def _expected(case: Case) -> date | None:
    text = case.facts.get("expected_on")
    return date.fromisoformat(str(text)) if text else None
