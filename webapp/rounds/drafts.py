"""One accepted inspection on its way into the database, with all that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from webapp.rounds.intake import InspectionFacts, RoundFacts, TaskFacts
from webapp.rounds.judging import Judged, JudgedReading, Refused, value_in_words
from webapp.rounds.open_items import Ledger, LedgerItem
from webapp.rounds.payloads import InspectionIn, OpenItemAnswerIn
from webapp.rounds.rules import DEFAULT_SEVERITY, Said, Visit, place_key, settle

# New inspections come after all that are recorded, in the order of their batch.
_NEW_RANK = 2**60


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A row to be for the device record sheet (clause 20)."""

    category: str
    result: str
    item: str | None = None
    open_item: LedgerItem | None = None
    anomaly: str = ""
    cause: str = ""
    action: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class VisitTimes:
    """When a visit was received, and what its phone said of its time and was wrong by."""

    received_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    clock_offset_seconds: int


@dataclass(eq=False, slots=True)
class Draft:
    """An inspection that was accepted; ``before`` is its row when this is an amendment.

    ``visit`` is that of its first revision: an amendment puts words right and moves no visit
    (clauses 20 and 21), unless it is the second visit to what could not be tested at the first.
    ``stands_in`` is the room where its device is now.
    """

    operation_id: str
    user_id: int
    raw: str
    payload: InspectionIn
    round: RoundFacts
    task: TaskFacts
    judged: Judged
    received_at: datetime
    visit: VisitTimes
    worked_on: date
    stands_in: int
    position: int
    before: InspectionFacts | None = None
    id: int | None = None
    choice: str = ""
    flags: list[str] = field(default_factory=list)
    said: list[tuple[LedgerItem, Said]] = field(default_factory=list)
    records: list[RecordRow] = field(default_factory=list)

    @property
    def key(self) -> Any:
        """What it is known by in memory: its id, or itself as long as it has none."""
        return self.before.id if self.before else self

    @property
    def revision(self) -> int:
        """The number of this revision."""
        return self.before.revision + 1 if self.before else 1


def follow_up(draft: Draft, ledger: Ledger) -> None:
    """Settle the task, and work out the open items and device record rows (clauses 16, 18-20).

    :raise Refused: ``open_item_unknown``, ``open_item_elsewhere``, ``open_item_twice``
    """
    place = place_key(draft.payload.room_id, draft.payload.device_id)
    answers = _check_answers(draft, ledger)
    _settle_task(draft, ledger)
    own = [item for item in ledger.open_at(place) if item.state.opened_inspection == draft.key]
    before = ledger.take_back(draft.key) if draft.before else []
    # What this very record has opened was not left to it: a correction says it again, or takes it back.
    carried = [item for item in ledger.open_at(place) if item not in own]
    fixed: set[str] = set()
    for reading in draft.judged.readings:
        if reading.makes_open_item:
            _continue_or_open(draft, ledger, reading, before, answers)
        elif reading.verdict.verdict == "abnormal":
            fixed.add(reading.given.item)
            draft.records.append(_record_of(reading, "fixed", _answered_item(reading, answers)))
    _findings(draft, ledger, before)
    _answers(draft, ledger, answers, fixed)
    for use in draft.payload.consumables:
        draft.records.append(RecordRow("replacement", "replaced", part=use.consumable))
    tested = draft.judged.verdict.verdict != "not_tested"
    if tested and any(not item.said_by(draft.key) for item in carried):
        draft.flags.append("unanswered_open_items")


def _settle_task(draft: Draft, ledger: Ledger) -> None:
    """Let the task count the inspection, or show the supervisor a pair."""
    task = draft.task
    own = Visit(
        draft.key, draft.judged.verdict.verdict, draft.before.choice if draft.before else ""
    )
    if draft.before is None:
        task.visits.append(own)
    else:
        task.visits = [own if visit.key == own.key else visit for visit in task.visits]
    settled = settle(task.visits, task.counting)
    draft.choice = settled.choices[draft.key]
    released = [v.key for v in task.visits if v.choice and not settled.choices[v.key]]
    ledger.hear_again(released, draft.key)
    task.released += [key for key in released if key != draft.key]
    task.visits = [replace(visit, choice=settled.choices[visit.key]) for visit in task.visits]
    task.counting, task.pair_open = settled.inspection, settled.pair_open
    task.outcome = settled.outcome


def _check_answers(draft: Draft, ledger: Ledger) -> list[tuple[LedgerItem, OpenItemAnswerIn]]:
    """The answers with their items; refused before anything is changed."""
    place = place_key(draft.payload.room_id, draft.payload.device_id)
    found: list[tuple[LedgerItem, OpenItemAnswerIn]] = []
    seen: set[int] = set()
    for answer in draft.payload.open_items:
        item = ledger.numbered(answer.number)
        if item is None:
            raise Refused("open_item_unknown", number=str(answer.number))
        # What it spoke of has gone over to the device that stands there now, if its own was replaced.
        if item.place != place and not item.said_by(draft.key):
            raise Refused("open_item_elsewhere", number=answer.number)
        if answer.number in seen:
            raise Refused("open_item_twice", number=answer.number)
        seen.add(answer.number)
        found.append((item, answer))
    return found


def _answered_item(
    reading: JudgedReading, answers: Iterable[tuple[LedgerItem, OpenItemAnswerIn]]
) -> LedgerItem | None:
    return next((item for item, _answer in answers if item.item == reading.given.item), None)


def _continue_or_open(
    draft: Draft,
    ledger: Ledger,
    reading: JudgedReading,
    before: list[LedgerItem],
    answers: Iterable[tuple[LedgerItem, OpenItemAnswerIn]],
) -> None:
    payload, given = draft.payload, reading.given
    place = place_key(payload.room_id, payload.device_id)
    item = _answered_item(reading, answers)
    if item is None:
        item = ledger.find(place, given.item, draft.round.month, before)
    if item is None:
        item = ledger.make(
            draft.stands_in,
            payload.device_id,
            month=draft.round.month,
            at=draft.visit.received_at,
            item=given.item,
        )
    _say(
        draft,
        ledger,
        item,
        "still" if item.sayings else "opened",
        severity=reading.verdict.severity or DEFAULT_SEVERITY,
        cause=given.cause,
        action=given.action,
        remark=given.remark,
    )
    draft.records.append(_record_of(reading, "open_item", item))


def _record_of(reading: JudgedReading, result: str, item: LedgerItem | None) -> RecordRow:
    given = reading.given
    words = (value_in_words(reading.item, given.value), given.remark)
    return RecordRow(
        "inspection",
        result,
        item=given.item,
        open_item=item,
        anomaly="；".join(word for word in words if word),
        cause=given.cause,
        action=given.action,
    )


def _findings(draft: Draft, ledger: Ledger, before: list[LedgerItem]) -> None:
    payload = draft.payload
    for finding in payload.findings:
        item = None
        if not finding.fixed:
            item = ledger.found_as(finding.uid, before) or ledger.make(
                draft.stands_in,
                payload.device_id,
                month=draft.round.month,
                at=draft.visit.received_at,
                finding_uid=finding.uid,
            )
            answer = "still" if item.sayings else "opened"
            _say(draft, ledger, item, answer, severity=finding.severity, remark=finding.text)
        result = "fixed" if finding.fixed else "open_item"
        draft.records.append(RecordRow("inspection", result, open_item=item, anomaly=finding.text))


def _answers(
    draft: Draft,
    ledger: Ledger,
    answers: Iterable[tuple[LedgerItem, OpenItemAnswerIn]],
    fixed: set[str],
) -> None:
    for item, answer in answers:
        solved = answer.answer == "solved"
        if item.said_by(draft.key):
            # Its item was read abnormal just now and not fixed: the reading stands, not the word.
            if solved:
                draft.flags.append("solved_but_abnormal")
            continue
        _say(draft, ledger, item, answer.answer, remark=answer.remark)
        if solved and item.item not in fixed:
            draft.records.append(
                RecordRow(
                    "inspection",
                    "fixed",
                    item=item.item,
                    open_item=item,
                    anomaly=item.state.text,
                    cause=item.state.cause,
                    action=answer.remark[:200],
                )
            )


def _say(
    draft: Draft,
    ledger: Ledger,
    item: LedgerItem,
    answer: str,
    *,
    severity: int | None = None,
    cause: str = "",
    action: str = "",
    remark: str = "",
) -> None:
    rank = draft.before.id if draft.before else _NEW_RANK + draft.position
    said = Said(
        answer=answer,
        month=draft.round.month,
        at=draft.visit.received_at,
        inspection=draft.key,
        rank=rank,
        choice=draft.choice,
        severity=severity,
        cause=cause,
        action=action,
        remark=remark,
    )
    # A device that has moved takes its open items along.
    if item.device_id == draft.payload.device_id:
        item.room_id = draft.stands_in
    ledger.say(item, said)
    draft.said.append((item, said))
