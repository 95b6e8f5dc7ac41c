"""A fault as somebody without an account reports it from a label, and how he follows it (screens.md 17).

Whoever stands before the device knows of it what its label says, and learns no more: of the case its
number, its states with their times, and his own words; of his complaint the answer too, which he judges.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import files
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import Opening, called
from webapp.cases.reporters import ASKED_IN, Reporter, is_reporters, remember
from webapp.cases.services import Author, Taking, open_case, take_step
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Building, Device, Label, Room
from webapp.estate.rules import parse_label

Trouble = Literal["no_picture", "no_sound", "no_control", "clickshare", "microphone", "other"]
Language = Literal["zh", "en"]
# What is wrong, as the case is called for it.
TROUBLES: dict[Trouble, dict[Language, str]] = {
    "no_picture": {"zh": "没有画面", "en": "No picture"},
    "no_sound": {"zh": "没有声音", "en": "No sound"},
    "no_control": {"zh": "中控无反应", "en": "Control does not respond"},
    "clickshare": {"zh": "ClickShare 无法投屏", "en": "ClickShare does not share"},
    "microphone": {"zh": "话筒故障", "en": "Microphone trouble"},
    "other": {"zh": "其他问题", "en": "Another problem"},
}
_VISITOR: dict[Language, str] = {"zh": "现场报障人", "en": "Somebody on the spot"}
_REACH: dict[Language, str] = {"zh": "联系方式", "en": "How to reach"}
# What one reporter says later shares the first half of an id that only his first line gives.
_HALF = 18
# A fault that was solved and is told again is another matter: the engineer has left.
_STILL_WAITING = ("declared", "taken", "on_site", "explained")


@dataclass(frozen=True, slots=True)
class Place:
    """The device that a label is on, and where it stands."""

    device: Device
    room: Room
    building: Building


@dataclass(frozen=True, slots=True)
class Told:
    """What was reported; ``uid`` is made on the phone, so that the same sent twice is one."""

    uid: str
    trouble: Trouble
    text: str
    name: str
    contact: str
    language: Language


def place_of(session: Session, code: str) -> Place:
    """Where a label is, whatever its contract.

    :raise AppError: ``label_unknown``; ``label_revoked``, also when it stands for no device in use
    """
    parsed = parse_label(code)
    label = session.scalar(sa.select(Label).where(Label.code == parsed)) if parsed else None
    if label is None:
        raise AppError("label_unknown")
    statement = (
        sa.select(Device, Room, Building)
        .join(Room, Room.id == Device.room_id)
        .join(Building, Building.id == Room.building_id)
        .where(Device.id == label.device_id, Device.retired_at.is_(None))
    )
    row = session.execute(statement).one_or_none()
    if label.revoked_at is not None or row is None:
        raise AppError("label_revoked")
    return Place(*row)


def report(session: Session, code: str, told: Told, now: datetime) -> tuple[Case, CaseEvent]:
    """Open a fault of the device that the label is on, or add to the one that still waits.

    The second of a pair that stand before the same dead screen adds a line to the first one's fault.

    :return: the fault, and the reporter's own line in it
    :raise AppError: ``label_unknown``, ``label_revoked``; ``conflict`` when the ``uid`` is another's
    """
    device = place_of(session, code).device
    take_sequence(session, device.contract_id)  # nobody else opens one meanwhile
    known = _line(session, device.contract_id, told.uid)
    if known is not None:
        case = session.get_one(Case, known.case_id)
        if case.device_id != device.id or known.author_id is not None:
            raise AppError("conflict")
        return case, known
    waiting = waiting_fault(session, device.contract_id, device.id)
    author = Author(None, told.name.strip() or _VISITOR[told.language])
    reporter = Reporter(told.contact, told.language)
    if waiting is not None:
        line = _add(session, waiting, author, told, now)
        remember(session, waiting, line, reporter, now)
        return waiting, line
    opening = Opening(
        uid=told.uid,
        kind="fault",
        title=TROUBLES[told.trouble][told.language],
        at=now,
        text=told.text,
        device_id=device.id,
        source="label",
        reporter_name=told.name,
        reporter_contact=told.contact,
    )
    case = open_case(session, device.contract_id, author, opening, now)
    line = opening_line(session, case)
    remember(session, case, line, reporter, now)
    return case, line


def opening_line(session: Session, case: Case) -> CaseEvent:
    """The first line of a case's story."""
    statement = sa.select(CaseEvent).where(
        CaseEvent.contract_id == case.contract_id, CaseEvent.uid == case.uid
    )
    return session.scalars(statement).one()


def followed(session: Session, line_id: int) -> dict[str, Any]:
    """How a fault or a complaint stands, for who reported it; a folded one is shown as what it became.

    ``asks`` is what he is asked: ``verdict`` while it counts as solved or answered, ``rating`` where it
    was closed without his. Nine statements at most, and one more for each fold.

    :raise AppError: ``link_invalid``
    """
    line, case = _followed(session, line_id)
    device = session.get(Device, case.device_id) if case.device_id else None
    room = session.get(Room, case.room_id) if case.room_id else None
    building = session.get_one(Building, room.building_id) if room else None
    photos = files.reporters_files(session, case, line)
    own = [file for file in photos if file.event_id == line.id]
    return {
        "name": called(case),
        "kind": case.kind,
        "title": case.title,
        "state": case.state,
        "live": case.live,
        "asks": _asks(case),
        "answer": _answer(case),
        "device_name": device.name if device else "",
        "room_zh": room.name_zh if room else "",
        "room_en": room.name_en if room else "",
        "floor": room.floor if room else "",
        "building_zh": building.name_zh if building else "",
        "building_en": building.name_en if building else "",
        "states": _states(session, case),
        "said": _said(session, line),
        "photos": [{"uid": one.uid, "at": one.added_at, "own": one in own} for one in photos],
        "more_photos": max(0, files.MOST_OF_A_REPORTER - len(own)) if case.live else 0,
    }


def add_words(session: Session, line_id: int, uid: str, text: str, now: datetime) -> None:
    """Add the reporter's words to his fault; the same ``uid`` again changes nothing.

    :raise AppError: ``link_invalid``; ``step_not_now`` when the fault is over
    """
    line, case = _followed(session, line_id)
    author = Author(None, _name_of(line, case))
    taking = Taking(_half_of(line) + uid[_HALF:], "note", now, {"text": text})
    take_step(session, case.contract_id, author, called(case), taking, now)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the reporter says of a fault that counts as solved; ``rating`` 1..5 is how content he is."""

    uid: str
    solved: bool
    rating: int | None
    text: str


def settle(session: Session, line_id: int, verdict: Verdict, now: datetime) -> None:
    """Close what counts as solved by its reporter's word, or open it again; the same ``uid`` changes nothing.

    What somebody else has closed meanwhile takes his rating all the same (clause 27).

    :raise AppError: ``link_invalid``; ``step_not_now`` unless he is asked; ``invalid`` without words why not
    """
    line, case = _followed(session, line_id)
    uid = _half_of(line) + verdict.uid[_HALF:]
    step = "close" if verdict.solved else "reopen"
    asked = _asks(case)
    if asked == "rating" and verdict.solved and verdict.rating is not None:
        step = "rate"
    elif asked != "verdict" and _line(session, line.contract_id, uid) is None:
        raise AppError("step_not_now", state=case.state, step=step)
    fields: dict[str, Any] = {"text": verdict.text} if verdict.text else {}
    if verdict.solved and verdict.rating is not None:
        fields["rating"] = verdict.rating
    author = Author(None, _name_of(line, case))
    taking = Taking(uid, step, now, fields)
    take_step(session, case.contract_id, author, called(case), taking, now)


def _asks(case: Case) -> str:
    """What whoever told of it is asked now: his verdict, a rating alone, or nothing."""
    if case.state == ASKED_IN.get(case.kind):
        return "verdict"
    unrated = case.state == "closed" and "rating" not in case.facts
    return "rating" if unrated and case.kind in ASKED_IN else ""


def _answer(case: Case) -> str:
    """What a complaint was answered, while that stands: one that was opened again waits for another."""
    given = case.kind == "complaint" and case.state in ("answered", "closed")
    return str(case.facts.get("answer", "")) if given else ""


def _name_of(line: CaseEvent, case: Case) -> str:
    """Who speaks by a link; what a caller said was written down by somebody of ours."""
    return line.author_name if line.author_id is None else case.reporter_name or "—"


def taking_photos(session: Session, line_id: int) -> int:
    """The contract of a reported fault to which photos can be added.

    :raise AppError: ``link_invalid``; ``step_not_now`` when the fault is over
    """
    line, case = _followed(session, line_id)
    if not case.live:
        raise AppError("step_not_now", state=case.state, step="note")
    return line.contract_id


def add_photo(session: Session, line_id: int, photo: files.Brought, now: datetime) -> None:
    """Add the reporter's photo to his line; the same ``uid`` again changes nothing.

    :raise AppError: as :func:`taking_photos`; ``too_many_photos``, ``conflict``
    """
    taking_photos(session, line_id)
    files.add(session, session.get_one(CaseEvent, line_id), photo, None, now)


def photo_of(session: Session, line_id: int, uid: str) -> files.FileRef:
    """A photo that the reporter may see. :raise AppError: ``link_invalid``; ``not_found``"""
    line, case = _followed(session, line_id)
    return files.reporters_file(session, case, line, uid)


def waiting_fault(session: Session, contract_id: int, device_id: int) -> Case | None:
    """The fault of a device that still waits: who tells of the same adds a line to it."""
    statement = (
        sa.select(Case)
        .where(
            Case.contract_id == contract_id,
            Case.kind == "fault",
            Case.device_id == device_id,
            Case.state.in_(_STILL_WAITING),
        )
        .order_by(Case.id)
        .limit(1)
    )
    return session.scalar(statement)


def _add(session: Session, case: Case, author: Author, told: Told, now: datetime) -> CaseEvent:
    """The report as a line of the fault; how to reach him is for who handles it alone."""
    words = [TROUBLES[told.trouble][told.language], told.text.strip()]
    taking = Taking(told.uid, "note", now, {"text": "\n".join(filter(None, words))})
    line = take_step(session, case.contract_id, author, called(case), taking, now)
    if told.contact.strip():
        uid = str(uuid.uuid5(uuid.UUID(told.uid), "contact"))
        text = f"{_REACH[told.language]}: {told.contact.strip()}"
        taking = Taking(uid, "note_internal", now, {"text": text})
        take_step(session, case.contract_id, author, called(case), taking, now)
    return line


def _line(session: Session, contract_id: int, uid: str) -> CaseEvent | None:
    return session.scalar(
        sa.select(CaseEvent).where(CaseEvent.contract_id == contract_id, CaseEvent.uid == uid)
    )


def _followed(session: Session, line_id: int) -> tuple[CaseEvent, Case]:
    line = session.get(CaseEvent, line_id)
    if line is None or not (line.author_id is None or is_reporters(session, line)):
        raise AppError("link_invalid")
    case = session.get_one(Case, line.case_id)
    while case.state == "folded" and case.parent_id is not None:
        case = session.get_one(Case, case.parent_id)
    return line, case


def _half_of(line: CaseEvent) -> str:
    return str(uuid.uuid5(uuid.UUID(line.uid), "words"))[:_HALF]


def _states(session: Session, case: Case) -> list[dict[str, Any]]:
    """What it came to and when, oldest first."""
    statement = (
        sa.select(CaseEvent.after, CaseEvent.at)
        .where(CaseEvent.case_id == case.id, CaseEvent.after != CaseEvent.before)
        .order_by(CaseEvent.received_at, CaseEvent.id)
    )
    return [{"state": state, "at": at} for state, at in session.execute(statement)]


def _said(session: Session, line: CaseEvent) -> list[dict[str, Any]]:
    """The reporter's own words, oldest first."""
    statement = (
        sa.select(CaseEvent.text, CaseEvent.at)
        .where(
            CaseEvent.contract_id == line.contract_id,
            sa.or_(
                CaseEvent.id == line.id, CaseEvent.uid.startswith(_half_of(line), autoescape=True)
            ),
            sa.or_(CaseEvent.author_id.is_(None), CaseEvent.id == line.id),
            ~CaseEvent.internal,
        )
        .order_by(CaseEvent.received_at, CaseEvent.id)
    )
    return [{"text": text, "at": at} for text, at in session.execute(statement) if text]
