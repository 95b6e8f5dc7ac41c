"""What a correction changed: two reports of one month, line by line. Pure.

Both are :class:`webapp.reports.shape.ReportContent`. Only what a reader would call a change is one:
figures, anomalies, open items, readings and who inspected; not when the data was read, nor an order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webapp.reports.shape import Change, ReportContent, Words

# More than these are counted, not told: the annexes show them.
MOST_TOLD = 200
_NONE: Words = {"zh": "—", "en": "—"}
_FIGURES = (
    ("已巡检房间", "Rooms done", ("overview", "rooms", "done")),
    ("正常设备", "Normal devices", ("status", "total", "normal")),
    ("异常设备", "Abnormal devices", ("status", "total", "abnormal")),
    ("未检设备", "Devices not tested", ("status", "total", "not_tested")),
    ("合格率", "Pass rate", ("status", "pass_rate", "percent")),
    ("可用性", "Availability", ("status", "availability", "percent")),
    ("未关闭遗留问题", "Open items still open", ("open_items", "counts", "open")),
)
Facts = dict[Any, tuple[Words, Words]]


def changes_between(before: ReportContent, after: ReportContent) -> list[Change]:
    """Every change from the frozen report to what its data says now, the figures first.

    Beyond :data:`MOST_TOLD` the last line says how many more there are.
    """
    found = [
        *_figures(before, after),
        *_compared(_anomalies(before), _anomalies(after)),
        *_compared(_open_items(before), _open_items(after)),
        *_compared(_readings(before), _readings(after)),
    ]
    if len(found) <= MOST_TOLD:
        return found
    more = len(found) - MOST_TOLD
    what: Words = {
        "zh": f"另有 {more} 处变更,见附件",
        "en": f"{more} more changes, see the annexes",
    }
    return [*found[:MOST_TOLD], {"what": what, "before": _NONE, "after": _NONE}]


def _figures(before: ReportContent, after: ReportContent) -> Iterator[Change]:
    for zh, en, path in _FIGURES:
        was, is_now = _shown(_at(before, path)), _shown(_at(after, path))
        if was != is_now:
            yield {"what": {"zh": zh, "en": en}, "before": was, "after": is_now}


def _at(content: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = content
    for key in path:
        value = value[key]
    return value


def _shown(value: Any) -> Words:
    if value is None:
        return _NONE
    text = f"{value:.1f}%" if isinstance(value, float) else str(value)
    return {"zh": text, "en": text}


def _compared(before: Facts, after: Facts) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        name, was = before.get(key, (_NONE, _NONE))
        name, is_now = after.get(key, (name, _NONE))
        if was != is_now:
            yield {"what": name, "before": was, "after": is_now}


def _anomalies(content: ReportContent) -> Facts:
    facts: Facts = {}
    for row in content["anomalies"]:
        device, item = row["device"], row["item"]
        key = (row["place"]["room_id"], device and device["id"], item and item["zh"], row["text"])
        parts = (row["reading"], row["cause"], row["action"], _severity(row["severity"]))
        facts["anomaly", *key] = (_named("异常", "Anomaly", row), _joined(*parts))
    return facts


def _open_items(content: ReportContent) -> Facts:
    facts: Facts = {}
    for row in content["open_items"]["items"]:
        name: Words = {"zh": f"遗留问题 {row['number']}", "en": f"Open item {row['number']}"}
        state = _STATES[row["change"]]
        due = row["due_on"] or ""
        said = _joined(state, row["owner"], _same(due), _severity(row["severity"]))
        facts["open_item", row["number"]] = (name, said)
    return facts


_STATES: dict[str, Words] = {
    "carried": {"zh": "结转", "en": "carried over"},
    "new": {"zh": "新增", "en": "new"},
    "closed": {"zh": "已关闭", "en": "closed"},
}


def _readings(content: ReportContent) -> Facts:
    facts: Facts = {}
    for sheet in content["check_sheets"]:
        room = sheet["place"]["room"]
        for device in sheet["devices"]:
            about = device["device"]
            named = _joined(room, _same(about["name"])) if about else room
            who = (about and about["id"], sheet["place"]["room_id"])
            facts["outcome", *who] = (
                named,
                _joined(_OUTCOMES[device["outcome"]], device["reason"], device["inspector"]),
            )
            for row in device["rows"]:
                said = _joined(row["reading"], _OUTCOMES[row["verdict"]], row["remark"])
                facts["reading", *who, row["item"]["zh"]] = (_joined(named, row["item"]), said)
    return facts


_OUTCOMES: dict[str, Words] = {
    "normal": {"zh": "正常", "en": "normal"},
    "abnormal": {"zh": "异常", "en": "abnormal"},
    "not_tested": {"zh": "未检", "en": "not tested"},
    "todo": {"zh": "待检", "en": "to do"},
}


def _named(zh: str, en: str, row: Mapping[str, Any]) -> Words:
    device, item = row["device"], row["item"]
    parts = [row["place"]["room"]]
    if device:
        parts.append(_same(device["name"]))
    parts.append(item or _same(row["text"]))
    return _joined({"zh": zh, "en": en}, *parts)


def _severity(severity: int | None) -> Words:
    return {"zh": f"{severity}级", "en": f"severity {severity}"} if severity else _same("")


def _same(text: str) -> Words:
    return {"zh": text, "en": text}


def _joined(*parts: Words) -> Words:
    return {
        "zh": " · ".join(part["zh"] for part in parts if part["zh"]),
        "en": " · ".join(part["en"] for part in parts if part["en"]),
    }
