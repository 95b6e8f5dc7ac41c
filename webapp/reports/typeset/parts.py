"""A document in parts, each small enough to be compiled in bounded memory. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

PartKind = Literal["front", "sections", "check_sheets", "device_records", "service_logs", "quote"]
# A row of a table costs typst about 100 KB while it is compiled: so many of them to a part.
MOST_ROWS = 2000
# An anomaly is set as large as some rows, with its photos.
ANOMALY_ROWS = 4
# Tags of a cell take two kilobytes while parts are joined: beyond so many rows annexes go untagged.
MOST_TAGGED_ROWS = 25_000


@dataclass(frozen=True)
class Part:
    """What one compilation sets.

    ``head`` tells whether the annex's title stands before it, ``level`` on which level its own
    titles stand. A part that goes on with the one before it (``goes_on``) has its bookmarks below
    that one's last outermost.
    """

    kind: PartKind
    content: Any
    rows: int
    head: bool = False
    level: int = 1
    goes_on: bool = False


def report_parts(content: Mapping[str, Any]) -> list[Part]:
    """A report's parts after the front, in order."""
    sheets = packed(content["check_sheets"], sheet_rows)
    records = packed(content["device_records"], record_rows)
    return [
        *section_parts(content),
        *annex_parts("check_sheets", sheets),
        *annex_parts("device_records", records),
    ]


def annex_parts(kind: PartKind, slices: Sequence[tuple[list[Any], int]]) -> Iterator[Part]:
    """An annex's parts: its title stands before the first."""
    for at, (content, rows) in enumerate(slices):
        yield Part(kind, content, rows, head=at == 0, level=2, goes_on=at > 0)


def sheet_parts(kind: PartKind, contents: Sequence[Any]) -> list[Part]:
    """Sheets by themselves, without an annex's title."""
    weigh = {"check_sheets": sheet_rows, "service_logs": log_rows}.get(kind, record_rows)
    return [Part(kind, content, rows) for content, rows in packed(contents, weigh)]


def sheet_rows(sheet: Mapping[str, Any]) -> int:
    """How many rows a check sheet has, its head and blocks with them."""
    rows = sum(max(1, len(device["rows"])) for device in sheet["devices"])
    return rows + len(sheet["open_items"]) + len(sheet["findings"]) + 8


def record_rows(record: Mapping[str, Any]) -> int:
    """How many rows a device record has, its head with them."""
    return len(record["rows"]) + 7


def log_rows(log: Mapping[str, Any]) -> int:
    """How many rows one person's service log has, the heads of its days with them."""
    return sum(len(day["rows"]) + 4 for day in log["days"]) + 6


def packed(things: Sequence[Any], weigh: Any) -> list[tuple[list[Any], int]]:
    """The things in slices of at most :data:`MOST_ROWS` rows, or of one thing."""
    slices: list[tuple[list[Any], int]] = []
    for thing in things:
        rows = weigh(thing)
        if slices and slices[-1][1] + rows <= MOST_ROWS:
            slices[-1][0].append(thing)
            slices[-1] = (slices[-1][0], slices[-1][1] + rows)
        else:
            slices.append(([thing], rows))
    return slices


def section_parts(content: Mapping[str, Any]) -> Iterator[Part]:
    """The sections in as few parts as they fit in; a long list is cut between its rows."""
    piled: list[dict[str, Any]] = []
    rows = 0
    for section, weight in _pieces(content):
        if piled and rows + weight > MOST_ROWS:
            yield Part("sections", piled, rows)
            piled, rows = [], 0
        piled.append(section)
        rows += weight
    if piled:
        yield Part("sections", piled, rows)


def _pieces(content: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    """The sections, cut where their main list is long, each with its weight in rows."""
    overview, status, items = content["overview"], content["status"], content["open_items"]
    yield from _cut("overview", overview, "missed", len(overview["people"]))
    yield from _cut("status", status, "", len(status["repeats"]) + len(status["unavailable"]) + 60)
    yield from _cut("anomalies", content["anomalies"], None, 0, ANOMALY_ROWS)
    yield from _cut("open_items", items, "items", 20)
    used = content["consumables"]
    yield from _cut("consumables", used, "forecast", len(used["used"]))
    for section in content["services"]:
        yield _whole("service", section), 10 + sum(len(one["rows"]) for one in section["tables"])
    plan = content["plan"]
    yield _whole("plan", plan), 30 + len(plan["due_items"]) + len(plan["second_visits"])
    yield _whole("acceptance", content["acceptance"]), 20


def _whole(key: str, content: Any) -> dict[str, Any]:
    return {"key": key, "content": content, "first": True, "last": True}


def _cut(
    key: str, content: Any, name: str | None, beside: int, each: int = 1
) -> Iterator[tuple[dict[str, Any], int]]:
    """A section in pieces: ``name`` is its main list, None where the content itself is the list."""
    rows: Sequence[Any] = content if name is None else content[name] if name else ()
    step = max(1, MOST_ROWS // each // 2)
    starts = range(0, max(1, len(rows)), step)
    for start in starts:
        some = rows[start : start + step]
        piece = some if name is None else {**content, name: some} if name else content
        first, last = start == 0, start + step >= len(rows)
        weight = len(some) * each + (beside if first or last else 0)
        yield {"key": key, "content": piece, "first": first, "last": last}, weight
