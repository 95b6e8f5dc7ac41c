"""Opening cases and taking their steps: the service desk's only two ways to change anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases import clock_keeping as clocks
from webapp.cases import reporters, telling
from webapp.cases.device_records import record_on_device
from webapp.cases.following import call_followers
from webapp.cases.hooks import emit_opened, emit_step
from webapp.cases.kinds import KINDS
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import Opening, called, case_named, places_of
from webapp.cases.presence import proof_of
from webapp.cases.steps import Kind, Step, checked_fields, step_of
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Membership
from webapp.identity.rules import ROLE_RIGHTS, Access

# What a step gives that has its own column, or stands in the timeline alone.
_FACTS_OF_THE_CASE = frozenset({"owner", "severity", "text"})


@dataclass(frozen=True, slots=True)
class Taking:
    """One step of a case: ``uid`` is made where it was taken, so that the same sent twice is one."""

    uid: str
    step: str
    at: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts; ``access`` is None for who has no account, and then ``name`` is all there is."""

    access: Access | None
    name: str

    @property
    def user_id(self) -> int | None:
        """The user's id, if he has an account."""
        return self.access.user_id if self.access else None


def open_case(
    session: Session, contract_id: int, author: Author, opening: Opening, now: datetime
) -> Case:
    """Open a case; the same ``uid`` again gives the case that it had become.

    :raise AppError: ``kind_unknown``; ``forbidden``; ``invalid`` (by field); ``room_unknown``,
        ``device_unknown``, ``open_item_unknown``, ``case_unknown`` where what it names isn't there
    """
    take_sequence(session, contract_id)
    known = session.scalar(
        sa.select(Case).where(Case.contract_id == contract_id, Case.uid == opening.uid)
    )
    if known is not None:
        return known
    kind = _kind_to_open(author, opening)
    facts = checked_fields(kind.opening, opening.fields)
    case = _new_case(session, contract_id, author, opening, kind, facts, now)
    session.add(case)
    session.flush()  # its events and clocks name its id
    given = {"title": case.title, "severity": case.severity, **facts}
    at = case.opened_at
    _note(session, case, author, opening.uid, "opened", "", at, now, case.text, facts)
    _audit(session, case, author, "open", audit.first_values(given), now)
    clocks.start(session, case, kind.starts, at, now)
    telling.tell_opened(session, case, now)
    emit_opened(session, case, now)
    return case


def _kind_to_open(author: Author, opening: Opening) -> Kind:
    kind = KINDS.get(opening.kind)
    if kind is None:
        raise AppError("kind_unknown", kind=opening.kind)
    if author.access is not None and not author.access.may(kind.declare):
        raise AppError("forbidden", right=kind.declare)
    return kind


def _new_case(
    session: Session,
    contract_id: int,
    author: Author,
    opening: Opening,
    kind: Kind,
    facts: dict[str, Any],
    now: datetime,
) -> Case:
    places = places_of(session, contract_id, kind, opening)
    return Case(
        contract_id=contract_id,
        uid=opening.uid,
        kind=kind.key,
        number=_next_number(session, contract_id, kind),
        state=kind.states[0],
        severity=_severity(kind, opening),
        title=_title(opening),
        text=opening.text.strip(),
        source=opening.source,
        room_id=places.room_id,
        device_id=places.device_id,
        open_item_id=places.open_item_id,
        parent_id=places.parent_id,
        # What was made can't have been made later than it came.
        opened_at=min(opening.at, now),
        received_at=now,
        opened_by_id=author.user_id,
        reporter_name=opening.reporter_name.strip(),
        reporter_contact=opening.reporter_contact.strip(),
        token_hash=opening.token_hash,
        facts=facts,
    )


def take_step(
    session: Session, contract_id: int, author: Author, name: str, taking: Taking, now: datetime
) -> CaseEvent:
    """Take one step of a case; the same ``uid`` again gives the line that it had become.

    :raise AppError: ``not_found``; ``step_unknown``; ``step_not_now``; ``forbidden``; ``invalid`` (by
        field); ``person_unknown``; ``case_unknown``, ``case_over`` for what it can't be folded into
    """
    number = take_sequence(session, contract_id)
    case = case_named(session, contract_id, name)
    known = session.scalar(
        sa.select(CaseEvent).where(
            CaseEvent.contract_id == contract_id, CaseEvent.uid == taking.uid
        )
    )
    if known is not None:
        return known
    kind = KINDS[case.kind]
    step = step_of(kind, taking.step, case.state, case.facts)
    if author.access is not None and not author.access.may(step.right):
        raise AppError("forbidden", right=step.right)
    fields = checked_fields(step.fields, taking.fields)
    _check_his(author, step, fields)
    if "code" in fields:
        fields["proof"] = proof_of(session, case, fields["code"])
    at = min(taking.at, now)
    before = _state_of(case)
    _apply(session, case, kind, step, fields, author, now)
    case.seq = number  # a phone that holds it hears of every line
    event = _note(
        session,
        case,
        author,
        taking.uid,
        step.key,
        before["state"],
        at,
        now,
        str(fields.get("text", "")),
        {key: value for key, value in fields.items() if key != "text"},
        internal=step.internal,
    )
    after = dict.fromkeys(before) | _state_of(case)
    _audit(session, case, author, step.key, audit.differences(before, after), now)
    clocks.move(session, case, step, at, now, fields)
    telling.tell_step(session, case, before, event, author.access, now)
    reporters.tell_ended(session, case, before["state"], event, now)
    call_followers(session, case, event, author, now)
    record_on_device(session, case, event)
    emit_step(session, case, event, now)
    return event


def add_line(
    session: Session,
    case: Case,
    author: Author,
    uid: str,
    what: str,
    text: str,
    fields: Mapping[str, Any],
    now: datetime,
) -> None:
    """A line of the story about what happened beside the case's steps, as to one of its quotes.

    It changes nothing of the case, and whoever did it has noted it in the audit trail himself.
    """
    _note(session, case, author, uid, what, case.state, now, now, text, fields)


def _check_his(author: Author, step: Step, fields: Mapping[str, Any]) -> None:
    """Who has an account says nothing that is another's to say (clause 27).

    :raise AppError: ``forbidden``
    """
    for one in step.fields:
        right = one.right if one.key in fields else None
        if right and author.access is not None and not author.access.may(right):
            raise AppError("forbidden", right=right)


def _apply(
    session: Session,
    case: Case,
    kind: Kind,
    step: Step,
    fields: Mapping[str, Any],
    author: Author,
    now: datetime,
) -> None:
    """Make the case what the step makes of it."""
    if "owner" in fields:
        _check_handler(session, case.contract_id, fields["owner"])
        case.owner_id = fields["owner"]
    elif step.owns and case.owner_id is None:
        case.owner_id = author.user_id
    if "severity" in fields:
        case.severity = fields["severity"]
    if "into" in fields:
        _fold(session, case, fields["into"])
    if step.key == "hand_over":
        case.level = 2
    case.facts = case.facts | {
        key: value for key, value in fields.items() if key not in _FACTS_OF_THE_CASE
    }
    case.facts = {key: value for key, value in case.facts.items() if key not in step.forgets}
    if step.to is None:
        return
    case.state = step.to
    case.live = step.to not in kind.ends
    case.ended_at = None if case.live else now


def _fold(session: Session, case: Case, into: str) -> None:
    """The same fault told twice becomes one: this one, a line of the other."""
    try:
        other = case_named(session, case.contract_id, into)
    except AppError as error:
        raise AppError("case_unknown", name=into) from error
    if other.id == case.id or other.kind != case.kind or other.state == "folded":
        raise AppError("case_unknown", name=into)
    if not other.live:
        raise AppError("case_over", name=into)
    case.parent_id = other.id


def _check_handler(session: Session, contract_id: int, user_id: int) -> None:
    role = session.scalar(
        sa.select(Membership.role).where(
            Membership.contract_id == contract_id,
            Membership.user_id == user_id,
            Membership.left_at.is_(None),
        )
    )
    if role is None or "handle" not in ROLE_RIGHTS.get(role, frozenset()):
        raise AppError("person_unknown", user_id=user_id)


def _next_number(session: Session, contract_id: int, kind: Kind) -> int:
    """The next free number; the contract's row is locked by its sequence."""
    last = session.scalar(
        sa.select(sa.func.max(Case.number)).where(
            Case.contract_id == contract_id, Case.kind == kind.key
        )
    )
    return (last or 0) + 1


def _severity(kind: Kind, opening: Opening) -> int | None:
    if not kind.has_severity:
        return None
    if opening.severity is None:
        return 3
    if not 1 <= opening.severity <= 4:
        raise AppError("invalid", fields={"severity": ["invalid"]})
    return opening.severity


def _title(opening: Opening) -> str:
    title = " ".join(opening.title.split())
    if not title:
        raise AppError("invalid", fields={"title": ["missing"]})
    if len(title) > 200:
        raise AppError("invalid", fields={"title": ["invalid"]})
    return title


def _state_of(case: Case) -> dict[str, Any]:
    """What a step can change of it, for the audit trail."""
    return {
        "state": case.state,
        "owner_id": case.owner_id,
        "severity": case.severity,
        "level": case.level,
        "parent_id": case.parent_id,
        **case.facts,
    }


def _note(
    session: Session,
    case: Case,
    author: Author,
    uid: str,
    step: str,
    before: str,
    at: datetime,
    now: datetime,
    text: str,
    fields: Mapping[str, Any],
    *,
    internal: bool = False,
) -> CaseEvent:
    event = CaseEvent(
        contract_id=case.contract_id,
        case_id=case.id,
        uid=uid,
        step=step,
        before=before,
        after=case.state,
        at=at,
        received_at=now,
        author_id=author.user_id,
        author_name=author.name,
        text=text,
        fields=dict(fields),
        internal=internal,
    )
    session.add(event)
    session.flush()  # files of the same request name its id
    return event


def _audit(
    session: Session,
    case: Case,
    author: Author,
    action: str,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=author.user_id,
        contract_id=case.contract_id,
        action=f"case_{action}",
        entity="case",
        entity_id=called(case),
        diff=diff,
    )
