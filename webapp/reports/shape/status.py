"""Cover, 一 overview, 二 status and 三 anomalies."""

from __future__ import annotations

from typing import Literal, TypedDict

from webapp.reports.shape.common import (
    DeviceRef,
    Outcome,
    OutcomeCounts,
    Person,
    PhotoRef,
    Place,
    Rate,
    Words,
)

# --- cover


class Signature(TypedDict):
    """A line of the cover's sign-off block: 编制 ``prepared``, 审核 ``reviewed``, 客户确认 ``confirmed``.

    Empty until somebody has signed. ``strokes`` is a signature drawn by hand, lists of ``[x, y]`` in
    shares of a 3:1 box.
    """

    key: Literal["prepared", "reviewed", "confirmed"]
    person: Words
    signed_on: str
    strokes: list[list[list[float]]]


class Change(TypedDict):
    """What a correction changed, one line."""

    what: Words
    before: Words
    after: Words


class Cover(TypedDict):
    """Whose report of what. ``number`` is empty and ``issued`` false for a draft.

    ``sequence`` is 0 for a report, 1 and on for its corrections, whose ``corrects`` is the number of
    the report and ``changes`` what they changed. ``made_at`` is when the data was read.
    """

    client: Words
    contract: Words
    contract_code: str
    month: str
    number: str
    sequence: int
    corrects: str
    changes: list[Change]
    issued: bool
    made_at: str
    time_zone: str
    signatures: list[Signature]


# --- 一 overview


class RoomCounts(TypedDict):
    """``planned`` = ``done`` + ``partly`` + ``missed``.

    Done: everything in the room has an outcome and something was tested. Missed: nothing was tested.
    """

    planned: int
    done: int
    partly: int
    missed: int


class Missed(TypedDict):
    """What was not tested in one room for one reason: ``devices`` of the room's ``of`` tasks.

    ``outcome`` is ``not_tested`` with its reason, or ``todo``: nobody was there yet.
    """

    place: Place
    devices: int
    of: int
    names: list[str]
    outcome: Outcome
    reason: Words
    remark: str
    revisit_on: str | None
    inspector: Words


class PersonWork(TypedDict):
    """What one person did in the month: rooms and inspections that count, days on the site."""

    person: Person
    rooms: int
    inspections: int
    days: int


class Dates(TypedDict):
    """The round's dates against the 10th (clause 21).

    ``finished_on`` is when the last task got its outcome, null while there is one to do; ``days_left``
    is from it (or from today) to the due day, negative after it.
    """

    opened_on: str
    first_on: str | None
    last_on: str | None
    finished_on: str | None
    accepted_on: str | None
    due_on: str
    days_left: int


class Overview(TypedDict):
    """一、巡检概况."""

    rooms: RoomCounts
    tasks: OutcomeCounts
    missed: list[Missed]
    people: list[PersonWork]
    dates: Dates


# --- 二 status


class TypeStatus(TypedDict):
    """The month's outcomes of one device type; ``room`` is the rooms' own checklists."""

    type: str
    name: Words
    counts: OutcomeCounts
    pass_rate: Rate


class Unavailable(TypedDict):
    """A room that could not hold a meeting, with the open items that say so."""

    place: Place
    numbers: list[int]
    reasons: list[Words]


class TrendMonth(TypedDict):
    """One month of the six-month trend; ``open`` open items stood at its end."""

    month: str
    counts: OutcomeCounts
    pass_rate: Rate
    availability: Rate
    anomalies: int
    new: int
    closed: int
    open: int


class Repeat(TypedDict):
    """A repeat offender: one item abnormal ``in_a_row`` months, ``of_last`` times in the last six."""

    place: Place
    device: DeviceRef | None
    item: Words
    in_a_row: int
    of_last: int
    open_items: list[int]


class Status(TypedDict):
    """二、设备状态汇总: pass rate 合格率 of what was tested, availability 可用性 of rooms inspected.

    The figures of :mod:`webapp.desk.figures`. A room with an open item of ``disabling_severity`` or a
    graver one can't hold a meeting.
    """

    by_type: list[TypeStatus]
    total: OutcomeCounts
    pass_rate: Rate
    availability: Rate
    disabling_severity: int
    unavailable: list[Unavailable]
    trend: list[TrendMonth]
    repeats: list[Repeat]


# --- 三 anomalies


class AnomalyPlace(TypedDict):
    """Where, by whom and when an anomaly was found; ``seq`` counts from 1 through the report."""

    seq: int
    place: Place
    device: DeviceRef | None
    inspector: Words
    inspected_on: str


class Anomaly(AnomalyPlace):
    """An abnormal reading, or a finding outside the test (``item`` is then null), with its photos.

    ``fixed``: put right and retested before leaving, so it became no open item. ``months`` in a row it
    was abnormal, 1 when for the first time.
    """

    item: Words | None
    reading: Words
    normal: Words
    severity: int | None
    text: str
    cause: Words
    action: Words
    fixed: bool
    open_item: int | None
    months: int
    photos: list[PhotoRef]
