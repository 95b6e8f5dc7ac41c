"""一、巡检概况: rooms planned, done and missed, who was there, and the dates against the 10th."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from webapp.reports.facts import NO_WORDS, MonthFacts, TaskFacts, place_of
from webapp.reports.readings import picked
from webapp.reports.shape import (
    Dates,
    Missed,
    OutcomeCounts,
    Overview,
    PersonWork,
    RoomCounts,
    Words,
)
from webapp.rounds.rules import days_left, progress

UNTESTED = ("not_tested", "todo")
CLIENT = "client_it_lead"


def overview(facts: MonthFacts) -> Overview:
    """How the month's round went."""
    return {
        "rooms": _rooms(facts),
        "tasks": counts_of(facts.tasks),
        "missed": [row for tasks in facts.rooms.values() for row in _missed(facts, tasks)],
        "people": _people(facts),
        "dates": _dates(facts),
    }


def counts_of(tasks: Iterable[TaskFacts]) -> OutcomeCounts:
    """Tasks by outcome."""
    counted = progress(Counter(row.task.outcome for row in tasks))
    return {
        "todo": counted.todo,
        "normal": counted.normal,
        "abnormal": counted.abnormal,
        "not_tested": counted.not_tested,
        "total": counted.total,
        "done": counted.done,
    }


def _rooms(facts: MonthFacts) -> RoomCounts:
    states = Counter(_state(tasks) for tasks in facts.rooms.values())
    return {
        "planned": len(facts.rooms),
        "done": states["done"],
        "partly": states["partly"],
        "missed": states["missed"],
    }


def _state(tasks: Sequence[TaskFacts]) -> str:
    outcomes = {row.task.outcome for row in tasks}
    if outcomes <= set(UNTESTED):
        return "missed"
    return "partly" if "todo" in outcomes else "done"


def _missed(facts: MonthFacts, tasks: Sequence[TaskFacts]) -> list[Missed]:
    """A room's untested devices, those of one reason in one row."""
    grouped: dict[tuple[str, str, str], list[TaskFacts]] = defaultdict(list)
    for row in tasks:
        if row.task.outcome in UNTESTED:
            seen = row.inspection
            reason = (seen.exception_reason or "") if seen else ""
            remark = seen.exception_remark if seen else ""
            grouped[row.task.outcome, reason, remark].append(row)
    return [_missed_row(facts, tasks, rows) for rows in grouped.values()]


def _missed_row(facts: MonthFacts, tasks: Sequence[TaskFacts], rows: Sequence[TaskFacts]) -> Missed:
    first = rows[0]
    seen = first.inspection
    revisits = sorted(
        row.inspection.revisit_on
        for row in rows
        if row.inspection is not None and row.inspection.revisit_on is not None
    )
    return {
        "place": place_of(first.room, first.building),
        "devices": len(rows),
        "of": len(tasks),
        "names": [row.device.name for row in rows if row.device],
        "outcome": "todo" if first.task.outcome == "todo" else "not_tested",
        "reason": reason_of(facts, first),
        "remark": seen.exception_remark if seen else "",
        "revisit_on": revisits[0].isoformat() if revisits else None,
        "inspector": facts.name_of(seen.author_id)
        if seen
        else facts.name_of(facts.assignees.get(first.room.id)),
    }


def reason_of(facts: MonthFacts, row: TaskFacts) -> Words:
    """Why a task was not tested: the exception, or that required readings are lacking."""
    if row.inspection is None:
        return {"zh": "尚未巡检", "en": "not inspected yet"}
    if not row.inspection.exception_reason:
        if row.inspection.verdict == "not_tested":
            return {"zh": "必测项未测", "en": "required items not tested"}
        return NO_WORDS
    content = facts.content_numbered(row.inspection.checklist_number)
    return picked(content["exceptions"], row.inspection.exception_reason)


def _people(facts: MonthFacts) -> list[PersonWork]:
    """Everybody of the provider's, also who did nothing: backups join every round (clause 26)."""
    rooms: dict[int, set[int]] = defaultdict(set)
    days: dict[int, set[str]] = defaultdict(set)
    inspections: Counter[int] = Counter()
    for row in facts.inspected.values():
        seen = row.inspection
        if seen is None:
            continue
        inspections[seen.author_id] += 1
        rooms[seen.author_id].add(row.room.id)
        days[seen.author_id].add(facts.day_of(facts.worked_at(seen, seen.device_finished_at)) or "")
    shown = [
        person
        for user_id, person in facts.people.items()
        if user_id in inspections or person["role"] not in ("", CLIENT)
    ]
    work: list[PersonWork] = [
        {
            "person": person,
            "rooms": len(rooms[person["id"]]),
            "inspections": inspections[person["id"]],
            "days": len(days[person["id"]]),
        }
        for person in shown
    ]
    return sorted(work, key=lambda row: -row["inspections"])


def _dates(facts: MonthFacts) -> Dates:
    found = facts.round
    days = sorted(
        day
        for row in facts.inspected.values()
        if row.inspection is not None
        and (
            day := facts.day_of(facts.worked_at(row.inspection, row.inspection.device_finished_at))
        )
    )
    todo = any(row.task.outcome == "todo" for row in facts.tasks)
    last = days[-1] if days else None
    finished = None if todo else last
    reached = facts.today if finished is None else type(facts.today).fromisoformat(finished)
    return {
        "opened_on": facts.day_of(found.opened_at) or "",
        "first_on": days[0] if days else None,
        "last_on": last,
        "finished_on": finished,
        "accepted_on": facts.day_of(found.accepted_at),
        "due_on": found.due_on.isoformat(),
        "days_left": days_left(found.due_on, reached),
    }
