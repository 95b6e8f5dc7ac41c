"""The shape of a month's report: ONE plain dict, from which every file of it is made.

It is JSON as it stands: texts, numbers, booleans, null, lists and objects. What has a name in two
languages is a :class:`Words`, so that one frozen report can be shown in Chinese, in English, or in
both; what a person typed is a text as he typed it. Keys of an enumeration (``normal``,
``carried``) stay keys: :mod:`webapp.reports.words` has the words for them.

Days are ``YYYY-MM-DD`` and months ``YYYY-MM``; times are ``YYYY-MM-DD HH:MM`` as clocks at the
contract's place show them. Ids (``room_id``) only tell places apart within one report. Photos are named,
never contained: their bytes lie in the store.

:data:`FORMAT` rises when a field changes its meaning; fields are added without.
"""

from __future__ import annotations

from typing import Any, TypedDict

from webapp.reports.shape.annexes import (
    CheckConsumable,
    CheckDevice,
    CheckFinding,
    CheckOpenItem,
    CheckRow,
    CheckSheet,
    DeviceRecord,
    RecordRow,
)
from webapp.reports.shape.common import (
    DeviceRef,
    Level,
    Outcome,
    OutcomeCounts,
    Person,
    PhotoRef,
    Place,
    Rate,
    ServiceKey,
    Words,
)
from webapp.reports.shape.status import (
    Anomaly,
    AnomalyPlace,
    Change,
    Cover,
    Dates,
    Missed,
    Overview,
    PersonWork,
    Repeat,
    RoomCounts,
    Signature,
    Status,
    TrendMonth,
    TypeStatus,
    Unavailable,
)
from webapp.reports.shape.work import (
    Acceptance,
    AcceptanceWork,
    AgeBand,
    Column,
    Consumables,
    ConsumableTotal,
    ConsumableUse,
    DueItem,
    Forecast,
    OpenItem,
    OpenItemChange,
    OpenItemCounts,
    OpenItems,
    Plan,
    Purchase,
    SecondVisit,
    ServiceSection,
    ServiceTable,
    SignOff,
    Suggestion,
)

FORMAT = 1


class ReportContent(TypedDict):
    """The whole report; see the module's docstring."""

    format: int
    cover: Cover
    overview: Overview
    status: Status
    anomalies: list[Anomaly]
    open_items: OpenItems
    consumables: Consumables
    services: list[ServiceSection]
    plan: Plan
    acceptance: Acceptance
    check_sheets: list[CheckSheet]
    device_records: list[DeviceRecord]


Json = dict[str, Any]

__all__ = [
    "FORMAT",
    "Acceptance",
    "AcceptanceWork",
    "AgeBand",
    "Anomaly",
    "AnomalyPlace",
    "Change",
    "CheckConsumable",
    "CheckDevice",
    "CheckFinding",
    "CheckOpenItem",
    "CheckRow",
    "CheckSheet",
    "Column",
    "ConsumableTotal",
    "ConsumableUse",
    "Consumables",
    "Cover",
    "Dates",
    "DeviceRecord",
    "DeviceRef",
    "DueItem",
    "Forecast",
    "Json",
    "Level",
    "Missed",
    "OpenItem",
    "OpenItemChange",
    "OpenItemCounts",
    "OpenItems",
    "Outcome",
    "OutcomeCounts",
    "Overview",
    "Person",
    "PersonWork",
    "PhotoRef",
    "Place",
    "Plan",
    "Purchase",
    "Rate",
    "RecordRow",
    "Repeat",
    "ReportContent",
    "RoomCounts",
    "SecondVisit",
    "ServiceKey",
    "ServiceSection",
    "ServiceTable",
    "SignOff",
    "Signature",
    "Status",
    "Suggestion",
    "TrendMonth",
    "TypeStatus",
    "Unavailable",
    "Words",
]
