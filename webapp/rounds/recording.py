"""Recording what phones send: inspections and their amendments (clauses 15-20).

The heart of the product, and its hottest path: a batch is read with one statement per table, judged
in memory, and written with one statement per table. One bad record never stops another: it is
answered as quarantined, with a code, and nothing of it is written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE
from webapp.db import take_sequence
from webapp.identity.rules import Right
from webapp.rounds.drafts import Draft, VisitTimes, follow_up
from webapp.rounds.intake import (
    InspectionFacts,
    Known,
    RoundFacts,
    TaskFacts,
    read_known,
    reread_tasks,
)
from webapp.rounds.judging import (
    LARGEST_ID,
    Circumstances,
    Judged,
    Refused,
    device_time,
    judge,
    worked_on,
)
from webapp.rounds.opening import sync_tasks_with_estate
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.replaced import follow_replacements
from webapp.rounds.rules import TAKING, place_key
from webapp.rounds.writing import write


@dataclass(frozen=True, slots=True)
class Submission:
    """One operation of a phone, decoded; ``raw`` is its payload's text, kept word for word.

    ``user_id`` is the session's, never the payload's; ``rights`` are his in the contract.
    ``clock_offset_seconds`` is the phone's clock minus the server's at the push. ``forced`` takes an
    amendment whose original has not come for too long, and flags it.
    """

    operation_id: str
    user_id: int
    rights: frozenset[Right]
    payload: InspectionIn
    raw: str
    clock_offset_seconds: int = 0
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a submission; ``code`` and ``details`` say why it was not applied."""

    operation_id: str
    result: Literal["applied", "quarantined"]
    code: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    inspection_id: int | None = None


def record_inspections(
    session: Session, contract_id: int, submissions: Sequence[Submission], now: datetime
) -> list[Recorded]:
    """Record a batch; the answers stand in the order of the submissions. Never raises for one record.

    Codes of refusal: ``not_inspector``, ``not_author``, ``text_invalid``, ``round_unknown``,
    ``round_closed``, ``device_unknown``, ``device_retired``, ``device_not_in_round``, ``room_unknown``,
    ``room_mismatch``, ``checklist_unknown``, ``item_unknown``, ``item_twice``, ``value_invalid``,
    ``exception_unknown``, ``finding_unknown``, ``finding_twice``, ``photo_twice``, ``photo_id_taken``,
    ``open_item_unknown``, ``open_item_elsewhere``, ``open_item_twice``, ``inspection_exists``,
    ``amendment_held``, ``amendment_conflict``, ``amendment_mismatch``.
    """
    take_sequence(session, contract_id)
    sent = [(one.payload, one.clock_offset_seconds) for one in submissions]
    payloads = follow_replacements(session, contract_id, sent, now)
    followed = [
        replace(one, payload=payload) for one, payload in zip(submissions, payloads, strict=True)
    ]
    answers: list[Recorded] = []
    for run in _runs(followed):
        answers += _record_run(session, contract_id, run, now)
    return answers


def _runs(submissions: Sequence[Submission]) -> Iterator[list[Submission]]:
    """Cut the batch where an inspection comes again: its amendment must find it written."""
    run: list[Submission] = []
    uids: set[str] = set()
    for submission in submissions:
        if submission.payload.uid in uids:
            yield run
            run, uids = [], set()
        run.append(submission)
        uids.add(submission.payload.uid)
    if run:
        yield run


def _record_run(
    session: Session, contract_id: int, run: Sequence[Submission], now: datetime
) -> list[Recorded]:
    known = read_known(session, contract_id, [submission.payload for submission in run])
    _let_new_devices_join(session, known, run, now)
    photo_owners = {uid: photo.inspection_id for uid, photo in known.photos.items()}
    outcomes: list[Draft | Refused] = []
    for position, submission in enumerate(run):
        try:
            draft = _draft(known, submission, position, photo_owners, now)
            follow_up(draft, known.ledger)
        except Refused as refusal:
            outcomes.append(refusal)
            continue
        photo_owners.update((photo.id, draft.key) for photo in draft.payload.photos)
        outcomes.append(draft)
    write(session, known, [row for row in outcomes if isinstance(row, Draft)])
    return [_answer(*pair) for pair in zip(run, outcomes, strict=True)]


def _answer(submission: Submission, outcome: Draft | Refused) -> Recorded:
    if isinstance(outcome, Refused):
        return Recorded(submission.operation_id, "quarantined", outcome.code, outcome.details)
    return Recorded(submission.operation_id, "applied", inspection_id=outcome.id)


def _let_new_devices_join(
    session: Session, known: Known, run: Sequence[Submission], now: datetime
) -> None:
    """A device may have joined the estate after the round was opened; its task is made now."""
    for submission in run:
        payload = submission.payload
        key = (payload.round_id, place_key(payload.room_id, payload.device_id))
        living = payload.device_id is None or _lives(known, payload.device_id)
        if key not in known.tasks and payload.round_id in known.rounds and living:
            if sync_tasks_with_estate(session, known.contract_id, now):
                session.flush()  # the new tasks are read back with plain statements
                reread_tasks(session, known)
            return


def _lives(known: Known, device_id: int) -> bool:
    return device_id in known.devices and not known.devices[device_id].retired


def _draft(
    known: Known,
    submission: Submission,
    position: int,
    photo_owners: dict[str, Any],
    now: datetime,
) -> Draft:
    payload = submission.payload
    if "inspect" not in submission.rights:
        raise Refused("not_inspector")
    # PostgreSQL's text cannot hold it, and one such record would spoil its whole batch.
    if "\\u0000" in submission.raw or "\0" in submission.raw:
        raise Refused("text_invalid")
    of_round = _round(known, payload)
    before = _before(known, submission)
    circumstances, task = _circumstances(known, submission, of_round, before)
    if before is not None:
        _check_author(before, submission, task)
    judged = judge(payload, circumstances)
    _check_photo_owners(payload, before, known, photo_owners)
    visit = _visit(submission, before, judged, now)
    device = known.devices.get(payload.device_id or 0)
    return Draft(
        operation_id=submission.operation_id,
        user_id=submission.user_id,
        raw=submission.raw,
        payload=payload,
        round=of_round,
        task=task,
        judged=judged,
        received_at=now,
        visit=visit,
        worked_on=worked_on(
            visit.finished_at,
            visit.clock_offset_seconds,
            opened_at=of_round.opened_at,
            received_at=visit.received_at,
            zone=known.zone,
        ),
        stands_in=device.room_id if device else payload.room_id,
        position=position,
        before=before,
        id=before.id if before else None,
        flags=[*judged.flags, *(["amendment_forced"] if submission.forced else [])],
    )


def _visit(
    submission: Submission, before: InspectionFacts | None, judged: Judged, now: datetime
) -> VisitTimes:
    """Those of the first revision; of an amendment only where it tests what had not been tested."""
    tested = judged.verdict.verdict != "not_tested"
    if before is not None and not (before.verdict == "not_tested" and tested):
        return VisitTimes(
            before.received_at,
            before.device_started_at,
            before.device_finished_at,
            before.clock_offset_seconds,
        )
    payload = submission.payload
    offset = max(-LARGEST_ID, min(LARGEST_ID, submission.clock_offset_seconds))
    return VisitTimes(
        now, device_time(payload.started_at), device_time(payload.finished_at), offset
    )


def _round(known: Known, payload: InspectionIn) -> RoundFacts:
    of_round = known.rounds.get(payload.round_id)
    if of_round is None:
        raise Refused("round_unknown")
    if of_round.state not in TAKING:
        raise Refused("round_closed", month=of_round.month)
    return of_round


def _before(known: Known, submission: Submission) -> InspectionFacts | None:
    """The recorded inspection that an amendment amends; None for a new one."""
    payload = submission.payload
    before = known.inspections.get(payload.uid)
    if payload.amends is None:
        if before is not None:
            raise Refused("inspection_exists")
        return None
    if before is None:
        if submission.forced:
            return None
        raise Refused("amendment_held", revision=0)
    _check_amendment(before, submission)
    return before


def _check_amendment(before: InspectionFacts, submission: Submission) -> None:
    payload = submission.payload
    amends = payload.amends or 0
    if amends < before.revision:
        raise Refused("amendment_conflict", revision=before.revision)
    if amends > before.revision and not submission.forced:
        raise Refused("amendment_held", revision=before.revision)
    same_place = place_key(before.room_id, before.device_id) == place_key(
        payload.room_id, payload.device_id
    )
    if before.round_id != payload.round_id or not same_place:
        raise Refused("amendment_mismatch")


def _check_author(before: InspectionFacts, submission: Submission, task: TaskFacts) -> None:
    """An inspection is amended by its author, by whoever took the room over, or by a reviewer.

    Clause 26: a backup takes over on sickness or departure, and so what was sent back there.
    """
    theirs = submission.user_id in (before.author_id, task.assignee_id)
    if not theirs and "review" not in submission.rights:
        raise Refused("not_author")


def _circumstances(
    known: Known, submission: Submission, of_round: RoundFacts, before: InspectionFacts | None
) -> tuple[Circumstances, TaskFacts]:
    payload = submission.payload
    kind, register = _type_and_register(known, payload, amended=before is not None)
    task = known.tasks.get((of_round.id, place_key(payload.room_id, payload.device_id)))
    if task is None:
        raise Refused("device_not_in_round" if payload.device_id else "room_unknown")
    device = known.devices[payload.device_id] if payload.device_id is not None else None
    # A device that moved while the phone was offline may be reported from where it had stood.
    if device is not None and payload.room_id not in (device.room_id, task.room_id):
        raise Refused("room_mismatch", room_id=device.room_id)
    checklist = known.checklists.get(payload.checklist)
    if checklist is None:
        raise Refused("checklist_unknown", number=str(payload.checklist))
    circumstances = Circumstances(
        checklist=checklist,
        items=checklist.items.get(kind, {}),
        register=register,
        month=of_round.month,
        task_id=task.id,
        not_due=task.not_due,
        previous=task.previous,
        clock_offset_seconds=submission.clock_offset_seconds,
        bulk_before=before is not None and before.bulk_ok,
    )
    return circumstances, task


def _type_and_register(
    known: Known, payload: InspectionIn, *, amended: bool
) -> tuple[str, dict[str, Any]]:
    if payload.room_id not in known.rooms:
        raise Refused("room_unknown")
    if payload.device_id is None:
        return ROOM_TYPE, {}
    device = known.devices.get(payload.device_id)
    if device is None:
        raise Refused("device_unknown")
    # What was recorded while it was in use may be put right.
    if device.retired and not amended:
        raise Refused("device_retired")
    return device.type, device.register


def _check_photo_owners(
    payload: InspectionIn,
    before: InspectionFacts | None,
    known: Known,
    owners: dict[str, Any],
) -> None:
    """A photo's id and bytes are for life: another inspection's, or other bytes, are refused."""
    for photo in payload.photos:
        if photo.id not in owners:
            continue
        slot = known.photos.get(photo.id)
        own = before is not None and owners[photo.id] == before.id
        if not own or slot is None or slot.sha256 != photo.sha256:
            raise Refused("photo_id_taken", photo=photo.id)
