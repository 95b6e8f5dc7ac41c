"""Entries as an iCalendar file (RFC 5545); the library folds and escapes.

Moments are told in UTC, which every calendar program shows in its reader's own zone: no description of
a time zone can be wrong, and the hour that comes twice in autumn is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event

from webapp.agenda.entries import Entry

# How often a calendar program is asked to look again.
REFRESH = timedelta(hours=1)


def as_ics(entries: Iterable[Entry], name: str, base_url: str) -> bytes:
    """The calendar; the same entries always give the same bytes, so that it has an ETag."""
    calendar = Calendar()
    calendar.add("prodid", "-//Roundbook//Calendar 1//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", " ".join(name.split()))
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    host = urlsplit(base_url).hostname or "roundbook"
    for entry in entries:
        calendar.add_component(_event(entry, host, base_url))
    return bytes(calendar.to_ical())


def _event(entry: Entry, host: str, base_url: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}@{host}")
    event.add("dtstamp", entry.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", entry.summary)
    event.add("dtstart", _told(entry.start))
    if entry.end is not None:
        event.add("dtend", _told(entry.end))
    if entry.place:
        event.add("location", entry.place)
    event.add("url", base_url + entry.path)
    if not isinstance(entry.start, datetime):
        # A whole day takes nobody's time: who is asked for a meeting is free.
        event.add("transp", "TRANSPARENT")
    return event


def _told(moment: date | datetime) -> date | datetime:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment
