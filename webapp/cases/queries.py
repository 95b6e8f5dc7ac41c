"""One case with its whole story: timeline, clocks, what it came of and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.cases.kinds import CAME_OF, KINDS, name_of
from webapp.cases.lists import CASES, clock_line
from webapp.cases.models import Case, CaseClock, CaseEvent, CaseFile
from webapp.cases.opening import case_named
from webapp.cases.register import FACT as REGISTER
from webapp.cases.steps import Field, Step, possible_steps
from webapp.cases.verifying import Verification, verifications
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.identity.rules import Access
from webapp.rounds.models import OpenItem

Row = sa.Row[*tuple[Any, ...]]
# Facts that the detail tells in a place of their own.
_TOLD_APART = frozenset({"new_device", REGISTER})


def case_detail(session: Session, access: Access, name: str, now: datetime) -> dict[str, Any]:
    """A case, the steps that the reader can take now, and its story, oldest first.

    What is the provider's own is left out for who doesn't handle cases. Eleven statements at the most,
    however long the story.

    :raise AppError: ``not_found``
    """
    case = case_named(session, access.contract_id, name)
    row = session.execute(CASES.select.where(Case.id == case.id)).one()
    [line] = CASES.dress(session, access.contract_id, [row], now)
    handles = access.may("handle")
    kind = KINDS[case.kind]
    steps = possible_steps(kind, case.state, case.facts, access.rights)
    return {
        **line,
        "text": case.text,
        "received_at": case.received_at,
        "reporter_contact": case.reporter_contact if handles else "",
        "facts": {key: value for key, value in case.facts.items() if key not in _TOLD_APART},
        "open_item": session.scalar(
            sa.select(OpenItem.number).where(OpenItem.id == case.open_item_id)
        )
        if case.open_item_id
        else None,
        "steps": [step_line(step) for step in steps],
        "states": list(kind.states),
        "may_come": [key for key, parents in CAME_OF.items() if case.kind in parents]
        if handles
        else [],
        "clocks": [clock_line(clock) for clock in _clocks(session, case)],
        "timeline": _timeline(session, case, access.user_id, handles),
        "parent": _relative(session, case.parent_id),
        "children": [_short(one) for one in _children(session, case)],
        "verification": verification_line(verifications(session, [case]).get(case.id)),
        "new_device": _new_device(session, case),
    }


def verification_line(found: Verification | None) -> dict[str, Any] | None:
    """What the next inspection said, as screens show it."""
    return asdict(found) if found else None


def _new_device(session: Session, case: Case) -> dict[str, Any] | None:
    """The device that has replaced the case's."""
    device = session.get(Device, case.facts["new_device"]) if "new_device" in case.facts else None
    return {"id": device.id, "name": device.name, "serial": device.serial} if device else None


def step_line(step: Step) -> dict[str, Any]:
    """A step as a form is made of it."""
    return {"key": step.key, "to": step.to, "fields": [field_line(one) for one in step.fields]}


def field_line(field: Field) -> dict[str, Any]:
    """A field as a form is made of it."""
    return {
        "key": field.key,
        "kind": field.kind,
        "required": field.required,
        "choices": list(field.choices),
        "longest": field.longest,
    }


def _clocks(session: Session, case: Case) -> list[CaseClock]:
    statement = (
        sa.select(CaseClock)
        .where(CaseClock.case_id == case.id)
        .order_by(CaseClock.started_at, CaseClock.id)
    )
    return list(session.scalars(statement))


def _timeline(session: Session, case: Case, user_id: int, handles: bool) -> list[dict[str, Any]]:
    author = aliased(User)
    statement = (
        sa.select(CaseEvent, author.name, author.name_en)
        .outerjoin(author, author.id == CaseEvent.author_id)
        .where(CaseEvent.case_id == case.id)
        .order_by(CaseEvent.received_at, CaseEvent.id)
    )
    if not handles:
        statement = statement.where(~CaseEvent.internal)
    files = _files(session, case)
    return [
        {
            "id": event.id,
            "uid": event.uid,
            "own": event.author_id is not None and event.author_id == user_id,
            "step": event.step,
            "before": event.before,
            "after": event.after,
            "at": event.at,
            "received_at": event.received_at,
            "author": name or event.author_name,
            "author_en": name_en or "",
            "text": event.text,
            "fields": event.fields,
            "internal": event.internal,
            "files": files.get(event.id, []),
        }
        for event, name, name_en in session.execute(statement)
    ]


def _files(session: Session, case: Case) -> dict[int | None, list[dict[str, Any]]]:
    found: dict[int | None, list[dict[str, Any]]] = {}
    statement = sa.select(CaseFile).where(CaseFile.case_id == case.id).order_by(CaseFile.id)
    for file in session.scalars(statement):
        line = {
            "uid": file.uid,
            "name": file.name,
            "content_type": file.content_type,
            "bytes": file.bytes,
            "received": file.received_at is not None,
            "unreadable": file.unreadable,
            "shown": file.shown,
        }
        found.setdefault(file.event_id, []).append(line)
    return found


def _children(session: Session, case: Case) -> list[Case]:
    statement = sa.select(Case).where(Case.parent_id == case.id).order_by(Case.id)
    return list(session.scalars(statement))


def _relative(session: Session, case_id: int | None) -> dict[str, Any] | None:
    case = session.get(Case, case_id) if case_id is not None else None
    return _short(case) if case else None


def _short(case: Case) -> dict[str, Any]:
    return {
        "name": name_of(case.kind, case.number),
        "kind": case.kind,
        "state": case.state,
        "live": case.live,
        "title": case.title,
    }
