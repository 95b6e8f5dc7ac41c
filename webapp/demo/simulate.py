"""What an engineer would have read on a device in a month: pure, drawn from one seed.

The trends are those that a round is for: lamps age and are replaced, batteries run down, one
projector keeps its fault for months, a network loses packets for a while.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SEED = 20260110
STUBBORN_FROM = 5
LAMP_WAITS = 4
Reading = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """A device, or a room (``type`` room), as far as its readings depend on it."""

    key: str
    type: str
    register: Mapping[str, Any]
    firmware: str = ""
    stubborn: bool = False


@dataclass
class Visit:
    """What was read on one device: readings, consumables replaced, findings in words."""

    readings: list[Reading] = field(default_factory=list)
    consumables: list[dict[str, Any]] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def visit(subject: Subject, items: Sequence[Mapping[str, Any]], month_index: int) -> Visit:
    """The visit to ``subject`` in month ``month_index`` (0 is the oldest) for the items that are due."""
    rng = random.Random(f"{SEED}:{subject.key}:{month_index}")  # noqa: S311 - repeatable on purpose.
    made = Visit()
    for item in items:
        made.readings.append(_reading(subject, item, month_index, rng, made))
    if rng.random() < 0.004:
        made.findings.append(rng.choice(_FINDINGS))
    return made


_FINDINGS = (
    "桌面线缆盒盖板松动,容易夹手",
    "机柜内积尘较多,建议安排一次深度清洁",
    "幕布电机有异响",
    "会议桌下网线被踢松,已重新固定",
)


def _reading(
    subject: Subject, item: Mapping[str, Any], month_index: int, rng: random.Random, made: Visit
) -> Reading:
    special = _SPECIAL.get((subject.type, item["key"]))
    if special is not None:
        return _plain(item["key"]) | special(subject, month_index, rng, made)
    return _plain(item["key"]) | _ordinary(subject, item, rng)


def _plain(key: str) -> Reading:
    return {"item": key, "value": None, "cause": "", "action": "", "remark": "", "fixed": False}


def _ordinary(subject: Subject, item: Mapping[str, Any], rng: random.Random) -> Reading:
    wrong = rng.random() < 0.006
    if item["kind"] == "pass_fail":
        if wrong:
            return {"value": "fail", "cause": "未知", "action": "重启", "fixed": rng.random() < 0.5}
        return {"value": "pass"}
    if item["kind"] == "choice":
        return _choice(item, wrong, rng)
    if item["kind"] == "number":
        return {"value": _number(subject, item, rng)}
    if item["kind"] == "text":
        return {"value": subject.firmware or "1.0"}
    return {"value": True}


def _choice(item: Mapping[str, Any], wrong: bool, rng: random.Random) -> Reading:
    normal = list(item["normal"])
    other = [option["key"] for option in item["options"] if option["key"] not in normal]
    if wrong and other:
        return {"value": rng.choice(other), "cause": "未知", "action": "观察中"}
    return {"value": rng.choices(normal, [8] + [1] * (len(normal) - 1))[0]}


def _number(subject: Subject, item: Mapping[str, Any], rng: random.Random) -> float:
    normal: dict[str, float] = item.get("normal", {})
    named = item.get("normal", {}).get("register")
    if named:
        return float(subject.register.get(named) or 1)
    within = item.get("normal", {}).get("register_within")
    if within:
        return round(float(subject.register.get(within[0]) or 8) * rng.uniform(0.96, 1.04), 1)
    low, high = normal.get("min"), normal.get("max")
    if low is not None and high is not None:
        return round(low + (high - low) * rng.uniform(0.3, 0.7), 1)
    if high is not None:
        return (
            round(high * rng.uniform(0.1, 0.7))
            if high >= 5
            else round(high * rng.uniform(0, 0.6), 2)
        )
    return round((low or 1) * rng.uniform(1.1, 1.7), 2 if (low or 1) < 5 else 0)


def _own(subject: Subject, spread: int) -> int:
    """A number that is the device's own, the same in every month."""
    return zlib.crc32(subject.key.encode()) % spread


def _lamp_hours(subject: Subject, month_index: int, rng: random.Random, made: Visit) -> Reading:
    rated = float(subject.register.get("rated_lamp_hours") or 3000)
    monthly = 96 + _own(subject, 60)
    limit = rated * 0.85
    # Each comes to its limit in a month of its own, and gets its new lamp when that has come.
    reached_in = 2 + _own(subject, 11)
    replaced_in = reached_in + LAMP_WAITS
    hours = limit - monthly * (reached_in - month_index) + rng.randint(-8, 8)
    if subject.stubborn:
        return {"value": float(round(rated * 0.3 + monthly * month_index))}
    if month_index >= replaced_in:
        if month_index == replaced_in:
            made.consumables.append({"consumable": "lamp", "quantity": 1})
        return {"value": float(round(monthly * (month_index - replaced_in) + 3))}
    if hours > limit:
        return {"value": float(round(hours)), "cause": "灯泡老化", "action": "待备件"}
    return {"value": float(round(hours))}


def _image(subject: Subject, month_index: int, _rng: random.Random, _made: Visit) -> Reading:
    if subject.stubborn and month_index >= STUBBORN_FROM:
        return {
            "value": "spots",
            "cause": "光路老化",
            "action": "待报价" if month_index < STUBBORN_FROM + 2 else "返修",
            "remark": "画面右下角紫斑,逐月扩大",
        }
    return {"value": "ok"}


def _remote(_subject: Subject, _month_index: int, rng: random.Random, made: Visit) -> Reading:
    drawn = rng.random()
    if drawn < 0.08:
        made.consumables.append({"consumable": "battery", "quantity": 2})
        return {"value": "replaced"}
    if drawn < 0.09:
        return {"value": "missing", "cause": "配件丢失", "action": "待备件"}
    return {"value": "ok"}


def _battery(subject: Subject, month_index: int, rng: random.Random, made: Visit) -> Reading:
    phase = (month_index + _own(subject, 5)) % 5
    charge = 96 - phase * 13 - rng.randint(0, 6)
    if charge < 50:
        made.consumables.append({"consumable": "battery", "quantity": 2})
        return {"value": float(charge), "cause": "电量低", "action": "换电池", "fixed": True}
    return {"value": float(charge)}


def _loss(subject: Subject, month_index: int, rng: random.Random, _made: Visit) -> Reading:
    if _own(subject, 11) == 3 and 6 <= month_index <= 8:
        value = round(rng.uniform(1.4, 4.2), 1)
        return {"value": value, "cause": "网络丢包", "action": "待客户网络"}
    return {"value": round(rng.uniform(0, 0.6), 2)}


def _buttons(subject: Subject, month_index: int, _rng: random.Random, _made: Visit) -> Reading:
    count = float(subject.register.get("button_count") or 2)
    if _own(subject, 9) == 4 and month_index >= 8:
        return {"value": max(count - 1, 0), "cause": "按键丢失", "action": "补购按键"}
    return {"value": count}


def _pickup(subject: Subject, month_index: int, rng: random.Random, _made: Visit) -> Reading:
    if _own(subject, 13) == 5 and month_index in (3, 4):
        return {"value": "noise", "cause": "串频", "action": "改频点"}
    if rng.random() < 0.01:
        return {"value": "weak", "cause": "电量低", "action": "换电池", "fixed": True}
    return {"value": "ok"}


_SPECIAL = {
    ("projector", "lamp_hours"): _lamp_hours,
    ("projector", "image"): _image,
    ("projector", "remote"): _remote,
    ("display", "remote"): _remote,
    ("microphone", "battery"): _battery,
    ("microphone", "pickup"): _pickup,
    ("codec", "loss"): _loss,
    ("clickshare", "buttons_present"): _buttons,
    ("clickshare", "buttons_paired"): _buttons,
}
