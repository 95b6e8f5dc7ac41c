"""A month's service log as plain data, in both languages: what its files are made from (clause 14)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.cases.words import KIND_WORDS, STATE_WORDS
from webapp.identity.models import Contract
from webapp.servicelog.lines import Line, Span
from webapp.servicelog.queries import Day, people_of_log, read_days
from webapp.servicelog.rules import month_days
from webapp.servicelog.words import (
    LEVEL_WORDS,
    PHOTOS,
    SIGNED_ROOMS,
    STEP_WORDS,
    VISITED,
    VISITED_ABNORMAL,
    VISITED_UNTESTED,
    WEEKDAYS,
)

Words = dict[str, str]


def month_content(
    session: Session, contract_id: int, month: str, now: datetime, user_id: int | None = None
) -> dict[str, Any]:
    """A month's log of everybody, or of one; the same number of statements however long it is.

    :raise AppError: ``not_found``
    """
    first, last = month_days(month)
    contract = session.get_one(Contract, contract_id)
    zone = ZoneInfo(contract.time_zone)
    users = None if user_id is None else (user_id,)
    days = read_days(session, Span(contract_id, zone, first, last, users))
    people = []
    for person in people_of_log(session, contract_id):
        own = sorted(key[1] for key in days if key[0] == person.id)
        told = [
            _day(days[person.id, day], zone) for day in own if not days[person.id, day].is_empty
        ]
        if told:
            people.append({"name": both(person.name, person.name_en), "days": told})
    return {
        "client": both(contract.client_zh, contract.client_en),
        "contract": both(contract.name_zh, contract.name_en),
        "contract_code": contract.code,
        "month": month,
        "made_at": f"{now.astimezone(zone):%Y-%m-%d %H:%M}",
        "number": "",
        "people": people,
    }


def both(zh: str, en: str) -> Words:
    """A name in both languages; one that is missing is given by the other."""
    return {"zh": zh or en, "en": en or zh}


def _day(day: Day, zone: ZoneInfo) -> dict[str, Any]:
    late = day.late_marks()
    rows = [
        (line["at"], _system_row(line, zone, after))
        for line, after in zip(day.lines, late, strict=True)
    ]
    rows += [(entry["at"], _own_row(entry)) for entry in day.entries]
    signed = day.signed
    return {
        "day": day.day.isoformat(),
        "weekday": weekday(day.day),
        "signed_at": f"{signed.signed_at.astimezone(zone):%Y-%m-%d %H:%M}"
        if signed and signed.signed_at
        else "",
        "remark": signed.remark if signed else "",
        "rows": [row for _, row in sorted(rows, key=lambda pair: pair[0])],
    }


def weekday(day: date) -> Words:
    """What a day of the week is called."""
    zh, en = WEEKDAYS[day.weekday()]
    return {"zh": zh, "en": en}


def _system_row(line: Line, zone: ZoneInfo, late: bool) -> dict[str, Any]:
    done, result = _told(line)
    return {
        "time": _clock(line, zone),
        "place": _place(line),
        "device": line["device_name"] or "",
        "case": line["case"] or "",
        "done": done,
        "result": result,
        "own": False,
        "late": late,
    }


def _told(line: Line) -> tuple[Words, str]:
    """What was done, and what is said of it."""
    if line["kind"] == "visit":
        return _visited(line), ""
    if line["kind"] == "signed":
        return _signed(line), ""
    kind = KIND_WORDS[line["case_kind"]]
    step = STEP_WORDS.get(line["step"]) or STATE_WORDS.get(line["after"], (line["step"],) * 2)
    zh, en = (
        f"{kind[0]}{step[0]}：{line['case_title']}",
        f"{kind[1]}, {step[1]}: {line['case_title']}",
    )
    if line["photos"]:
        count = len(line["photos"])
        zh, en = zh + PHOTOS[0].format(count=count), en + PHOTOS[1].format(count=count)
    return {"zh": zh, "en": en}, line["text"]


def _signed(line: Line) -> Words:
    zh, en = LEVEL_WORDS[line["step"]]
    if line["step"] == "final":
        return {"zh": zh, "en": en}
    count = line["devices"]
    return {
        "zh": zh + SIGNED_ROOMS[0].format(count=count),
        "en": en + SIGNED_ROOMS[1].format(count=count),
    }


def _visited(line: Line) -> Words:
    parts = [VISITED]
    if line["abnormal"]:
        parts.append(VISITED_ABNORMAL)
    if line["not_tested"]:
        parts.append(VISITED_UNTESTED)
    zh, en = ("".join(part[at] for part in parts) for at in (0, 1))
    return {"zh": zh.format_map(line), "en": en.format_map(line)}


def _own_row(entry: Line) -> dict[str, Any]:
    return {
        "time": entry["clock"],
        "place": _place(entry),
        "device": entry["device_name"] or "",
        "case": entry["case"] or "",
        "done": both(entry["done"], ""),
        "result": entry["result"],
        "own": True,
        "late": False,
    }


def _clock(line: Line, zone: ZoneInfo) -> str:
    start = f"{line['at'].astimezone(zone):%H:%M}"
    end = f"{line['until'].astimezone(zone):%H:%M}" if line["until"] else start
    return start if start == end else f"{start}–{end}"


def _place(line: Line) -> Words:
    names = [
        [
            line[f"building_{language}"] or line["building_zh"],
            line["floor"],
            line[f"room_{language}"] or line["room_zh"],
        ]
        for language in ("zh", "en")
    ]
    zh, en = (" ".join(filter(None, parts)) for parts in names)
    return {"zh": zh, "en": en}
