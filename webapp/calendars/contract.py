"""The calendar that a contract's settings stand for, and what is wrong with such settings. Pure.

The settings lie in the contract's JSON under ``calendar``; what is not there has the default::

    {"country": "cn",                        # ISO 3166, or "none": no holidays at all
     "weekdays": [1, 2, 3, 4, 5],            # ISO weekdays that are working days
     "hours": {"1": ["09:00-12:00", "13:00-18:00"], …},   # service hours by weekday
     "make_up_hours": ["09:00-18:00"],       # default: those of the first working weekday
     "holiday_hours": [],                    # default: none
     "days": [{"on": "2027-02-05", "kind": "holiday", "name": "春节"}, …],   # kind: holiday | working
     "known_years": [2027]}                  # years that the contract's own days settle
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from webapp.calendars import is_country, of_country
from webapp.workdays import Hours, WorkCalendar

NAMES = ("country", "weekdays", "hours", "make_up_hours", "holiday_hours", "days", "known_years")
OWN_KINDS = ("holiday", "working")
LONGEST_NAME = 40
MOST_DAYS = 400
YEARS = range(2000, 2101)
DEFAULT_HOURS = ("09:00-18:00",)

_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def calendar_of(settings: Mapping[str, Any], time_zone: str) -> WorkCalendar:
    """The calendar of settings without problems (:func:`calendar_problems`).

    The contract's own days win over the country's: a holiday that the contract works on is a working
    day, and the other way round. A weekday outside a holiday that is named ``working`` is one anyway.
    """
    country = settings.get("country", "cn")
    own_years = frozenset(settings.get("known_years", ()))
    weekdays = frozenset(settings.get("weekdays", range(1, 6)))
    hours = _weekly(settings.get("hours"), weekdays)
    holidays: dict[date, str] = {}
    working: dict[date, str] = {}
    known: frozenset[int] | None = None
    if country != "none":
        published = of_country(country, own_years)
        holidays.update(published.holidays)
        working.update(published.working_days)
        known = published.years | own_years
    for own in settings.get("days", ()):
        on = date.fromisoformat(own["on"])
        here, there = (holidays, working) if own["kind"] == "holiday" else (working, holidays)
        there.pop(on, None)
        here[on] = own.get("name", "")
    make_up = settings.get("make_up_hours")
    return WorkCalendar(
        time_zone=time_zone,
        weekdays=weekdays,
        hours=hours,
        holidays=holidays,
        working_days=working,
        make_up_hours=_usual(hours, weekdays) if make_up is None else _parse(make_up),
        holiday_hours=_parse(settings.get("holiday_hours", ())),
        known_years=known,
    )


def calendar_problems(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a contract's calendar settings: path → codes; empty when nothing is.

    Codes: ``unknown_field``, ``country_unknown``, ``weekdays_wrong``, ``hours_wrong``, ``hours_overlap``,
    ``hours_missing``, ``days_wrong``, ``day_twice``, ``too_many``, ``years_wrong``.
    """
    found: dict[str, list[str]] = {
        str(name): ["unknown_field"] for name in settings if name not in NAMES
    }
    country = settings.get("country", "cn")
    if not isinstance(country, str) or not (country == "none" or is_country(country)):
        found["country"] = ["country_unknown"]
    if not _whole(settings.get("weekdays", [1]), range(1, 8)) or settings.get("weekdays") == []:
        found["weekdays"] = ["weekdays_wrong"]
    if not _whole(settings.get("known_years", []), YEARS):
        found["known_years"] = ["years_wrong"]
    found |= _hours_problems(settings)
    found |= _day_problems(settings.get("days", []))
    return found


def _hours_problems(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    weekly = settings.get("hours")
    if weekly is not None:
        if not isinstance(weekly, dict):
            return {"hours": ["hours_wrong"]}
        if not any(weekly.values()):
            found["hours"] = ["hours_missing"]
    texts = {f"hours.{weekday}": value for weekday, value in (weekly or {}).items()}
    for name in ("make_up_hours", "holiday_hours"):
        if settings.get(name) is not None:
            texts[name] = settings[name]
    for path, value in texts.items():
        prefix, _, weekday = path.partition(".")
        if prefix == "hours" and weekday not in {"1", "2", "3", "4", "5", "6", "7"}:
            found[path] = ["weekdays_wrong"]
        elif code := _hours_problem(value):
            found[path] = [code]
    return found


def _hours_problem(value: Any) -> str:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        return "hours_wrong"
    try:
        hours = _parse(value)
    except ValueError:
        return "hours_wrong"
    return "hours_overlap" if any(b.start < a.until for a, b in pairwise(hours)) else ""


def _day_problems(days: Any) -> dict[str, list[str]]:
    if not isinstance(days, list):
        return {"days": ["days_wrong"]}
    if len(days) > MOST_DAYS:
        return {"days": ["too_many"]}
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    for index, own in enumerate(days):
        if not _is_own_day(own):
            found[f"days.{index}"] = ["days_wrong"]
        elif own["on"] in seen:
            found[f"days.{index}"] = ["day_twice"]
        else:
            seen.add(own["on"])
    return found


def _is_own_day(own: Any) -> bool:
    if not isinstance(own, dict) or own.keys() - {"on", "kind", "name"}:
        return False
    name = own.get("name", "")
    if own.get("kind") not in OWN_KINDS or not isinstance(name, str) or len(name) > LONGEST_NAME:
        return False
    try:
        # 2026-W01-1 and 20260101 are ISO too, and nobody means them.
        return str(date.fromisoformat(own["on"])) == str(own["on"])
    except (KeyError, TypeError, ValueError):
        return False


def _whole(values: Any, allowed: range) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and value in allowed for value in values
    )


def _weekly(
    stored: Mapping[str, list[str]] | None, weekdays: Iterable[int]
) -> dict[int, tuple[Hours, ...]]:
    if stored is None:
        return dict.fromkeys(sorted(weekdays), _parse(DEFAULT_HOURS))
    return {int(weekday): _parse(texts) for weekday, texts in stored.items()}


def _usual(hours: Mapping[int, tuple[Hours, ...]], weekdays: Iterable[int]) -> tuple[Hours, ...]:
    """The hours of the first working weekday that has any: what a make-up day is worked like."""
    return next((hours[day] for day in sorted(weekdays) if hours.get(day)), ())


def _parse(texts: Iterable[str]) -> tuple[Hours, ...]:
    """Hours from ``HH:MM-HH:MM``, in order of the day.

    :raise ValueError: for another form, or an end that is not after its start
    """
    parsed = []
    for text in texts:
        match = _HOURS.fullmatch(text)
        if match is None:
            raise ValueError(f"no hours: {text}")
        start_hour, start_minute, hour, minute = map(int, match.groups())
        parsed.append(Hours(start_hour * 60 + start_minute, hour * 60 + minute))
    return tuple(sorted(parsed))
