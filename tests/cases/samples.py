"""Calendars and moments that the tests of the clocks share."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from webapp.calendars.contract import calendar_of
from webapp.workdays import WorkCalendar

CHINA = calendar_of({}, "Asia/Shanghai")
# With a lunch break, a Saturday morning's hotline, and somebody there on holidays.
CHINA_SPLIT = calendar_of(
    {
        "hours": {
            **{str(day): ["09:00-12:00", "13:30-18:00"] for day in range(1, 6)},
            "6": ["09:00-12:00"],
        },
        "holiday_hours": ["10:00-11:00"],
    },
    "Asia/Shanghai",
)
BERLIN = calendar_of({"country": "none"}, "Europe/Berlin")
# A night shift: the hours that a change of the clocks takes and gives.
BERLIN_NIGHTS = calendar_of(
    {
        "country": "none",
        "hours": {str(day): ["00:00-02:30", "22:00-24:00"] for day in range(1, 8)},
    },
    "Europe/Berlin",
)


def local(text: str, calendar: WorkCalendar = CHINA) -> datetime:
    """A moment in UTC, from the local time ``2026-02-13 17:40`` at the calendar's place."""
    zone = ZoneInfo(calendar.time_zone)
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def shown(at: datetime, calendar: WorkCalendar = CHINA) -> str:
    """A moment as the wall clock at the calendar's place shows it."""
    return at.astimezone(ZoneInfo(calendar.time_zone)).strftime("%Y-%m-%d %H:%M")
