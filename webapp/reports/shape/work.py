"""四 open items, 五 consumables, 六 to 十 service desk, 十一 plan, and the acceptance."""

from __future__ import annotations

from typing import Literal, TypedDict

from webapp.reports.shape.common import (
    DeviceRef,
    Level,
    Person,
    Place,
    ServiceKey,
    Words,
)

OpenItemChange = Literal["carried", "new", "new_closed", "closed", "withdrawn"]


# --- 四 open items


class OpenItem(TypedDict):
    """An open item as the month left it.

    ``change``: ``carried`` over from an earlier month, ``new``, ``closed`` in the month, ``new_closed``
    (found and closed in it), or ``withdrawn``. ``text`` is the words of whoever found it; ``age_months``
    is its age in the report's month, or when it was closed.
    """

    number: int
    change: OpenItemChange
    place: Place
    device: DeviceRef | None
    item: Words | None
    text: str
    cause: Words
    action: Words
    severity: int
    opened_month: str
    closed_month: str | None
    age_months: int
    owner: Words
    due_on: str | None
    overdue: bool
    remark: str


class OpenItemCounts(TypedDict):
    """``carried`` (there at the beginning) + ``new`` − ``closed`` − ``withdrawn`` = ``open`` (at the end).

    What was found and closed in the same month is both new and closed.
    """

    carried: int
    new: int
    closed: int
    withdrawn: int
    open: int
    overdue: int


class AgeBand(TypedDict):
    """How many of those open are ``least`` to ``most`` months old; ``most`` is null for the last.

    ``severities`` are the counts by severity ``"1"`` to ``"4"``.
    """

    least: int
    most: int | None
    count: int
    severities: dict[str, int]


class OpenItems(TypedDict):
    """四、遗留问题清单: the oldest of the gravest first, the closed ones last."""

    counts: OpenItemCounts
    items: list[OpenItem]
    ageing: list[AgeBand]


# --- 五 consumables


class ConsumableUse(TypedDict):
    """A consumable that was replaced."""

    consumable: Words
    place: Place
    device: DeviceRef | None
    quantity: int
    used_on: str


class ConsumableTotal(TypedDict):
    """How many of a consumable were used in the month, on how many devices."""

    consumable: Words
    quantity: int
    devices: int


class Forecast(TypedDict):
    """When a device's counter of hours comes to its limit.

    ``hours`` of ``limit`` on the part that runs now, rising by ``rate`` a month; ``month`` of
    replacement, null where none can be told. ``state`` and ``confidence`` as in
    :class:`webapp.desk.forecast.rules.Forecast`.
    """

    place: Place
    device: DeviceRef
    item: Words
    consumable: Words
    hours: float | None
    limit: float | None
    rate: float | None
    month: str | None
    state: str
    confidence: str


class Consumables(TypedDict):
    """五、耗材使用: what was replaced, and the counters of hours, the soonest first."""

    used: list[ConsumableUse]
    totals: list[ConsumableTotal]
    forecast: list[Forecast]


# --- 六 to 十: what the service desk knows


class Column(TypedDict):
    """A column of a service table; ``number`` ones are set to the right."""

    title: Words
    number: bool


class ServiceTable(TypedDict):
    """A table of a service section; a cell is a text in both languages."""

    title: Words
    columns: list[Column]
    rows: list[list[Words]]


class ServiceSection(TypedDict):
    """One of 六 faults, 七 repairs, 八 changes and after hours, 九 training, 十 complaints.

    ``has_data`` false: nothing is recorded yet, and ``lines`` say so in one honest line.
    """

    key: ServiceKey
    has_data: bool
    lines: list[Words]
    tables: list[ServiceTable]


# --- 十一 plan


class Suggestion(TypedDict):
    """A suggestion that the figures make, in a sentence."""

    kind: str
    text: Words


class DueItem(TypedDict):
    """An open item that falls due up to the end of next month, or is overdue."""

    number: int
    place: Place
    what: Words
    owner: Words
    due_on: str | None
    overdue: bool


class Purchase(TypedDict):
    """Something to buy: ``quantities`` by month of the plan's ``buy_months``; of any make where none."""

    consumable: Words
    maker: str
    model: str
    quantities: list[int]
    quantity: int


class SecondVisit(TypedDict):
    """A room with devices to be visited again."""

    place: Place
    devices: int
    reason: Words
    revisit_on: str | None


class Plan(TypedDict):
    """十一、建议及下月计划; ``remark`` is what the issuer adds in his own words."""

    month: str
    due_on: str
    suggestions: list[Suggestion]
    due_items: list[DueItem]
    buy_months: list[str]
    purchases: list[Purchase]
    second_visits: list[SecondVisit]
    remark: str


# --- acceptance


class SignOff(TypedDict):
    """One person's word: on a room (self-check, peer check) or the whole round (final).

    Signed by hand with ``strokes``, with a typed ``signed_name``, or with neither.
    """

    level: Level
    person: Person
    signed_at: str
    sha256: str
    strokes: list[list[list[float]]]
    signed_name: str
    remark: str


class Acceptance(TypedDict):
    """三级验收: ``strictness`` is how many different people the contract asks for.

    ``rooms`` counts the rooms with both sign-offs and with each, of those planned.
    """

    strictness: Literal["three", "two", "one"]
    rooms: int
    self_checked: int
    peer_checked: int
    rechecked: int
    final: SignOff | None
    people: list[AcceptanceWork]


class AcceptanceWork(TypedDict):
    """How many rooms one person signed on one level, and when first and last."""

    level: Level
    person: Person
    rooms: int
    first_at: str
    last_at: str
