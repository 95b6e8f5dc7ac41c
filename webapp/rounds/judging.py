"""Judging one inspection that a phone sent: refusals, the server's own verdict, flags. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from webapp.checklists.content import Item
from webapp.checklists.due import bulk_value, plausible, unseen_spot_checks
from webapp.checklists.rules import (
    InspectionVerdict,
    Verdict,
    applies,
    judge_inspection,
    judge_reading,
    photo_required,
    value_problem,
)
from webapp.rounds.payloads import InspectionIn, ReadingIn
from webapp.rounds.rules import months_between

LARGEST_ID = 2**31 - 1
LARGEST_CLOCK_OFFSET_SECONDS = 300
_HOURS_PER_MONTH = 31 * 24
# Counts have a Chinese word, "1" is no unit, and measures are written alike in every language.
UNITS_ZH = {"pcs": "个", "times": "次", "days": "天", "months": "个月", "years": "年", "1": ""}
# These follow their figure without a blank.
CLOSE_UNITS = frozenset({"%", "°"})


class Refused(Exception):
    """This record cannot be applied; it goes to quarantine with ``code``, word for word."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code = code
        self.details = details
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version made ready for judging: items by type and key, and the reasons for not testing."""

    items: Mapping[str, Mapping[str, Item]]
    exceptions: frozenset[str]


@dataclass(frozen=True, slots=True)
class JudgedReading:
    """A reading with the server's verdict; ``question`` is the first doubt about its plausibility."""

    given: ReadingIn
    item: Item
    verdict: Verdict
    question: str

    @property
    def makes_open_item(self) -> bool:
        """Abnormal, and not fixed and retested before leaving (clause 18 ∆)."""
        return self.verdict.verdict == "abnormal" and not self.given.fixed


@dataclass(frozen=True, slots=True)
class Judged:
    """An inspection with the server's verdict, and what a supervisor should look at."""

    verdict: InspectionVerdict
    phone_verdict: str
    readings: list[JudgedReading]
    flags: list[str]
    revisit_on: date | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What judging needs to know besides the payload; ``not_due`` and ``previous`` are the task's.

    ``bulk_before`` is whether an earlier revision was answered by "all OK": an amendment mends one
    answer, and the others were not looked at by that.
    """

    checklist: Checklist
    items: Mapping[str, Item]
    register: Mapping[str, Any]
    month: str
    task_id: int
    not_due: frozenset[str]
    previous: Mapping[str, Any]
    clock_offset_seconds: int
    bulk_before: bool = False


def ready_checklist(content: Mapping[str, Any]) -> Checklist:
    """Index a version's content."""
    return Checklist(
        items={
            device_type["key"]: {item["key"]: item for item in device_type["items"]}
            for device_type in content["types"]
        },
        exceptions=frozenset(words["key"] for words in content["exceptions"]),
    )


def judge(payload: InspectionIn, at: Circumstances) -> Judged:
    """Judge a payload by the server's own rules (clauses 17-19).

    :raise Refused: ``item_unknown``, ``item_twice``, ``value_invalid``, ``exception_unknown``,
        ``finding_unknown``, ``finding_twice``, ``photo_twice``
    """
    revisit_on = _check_shape(payload, at)
    replaced = {use.consumable for use in payload.consumables}
    pictured = {photo.item for photo in payload.photos if photo.item is not None}
    readings = [_judge_reading(given, at, replaced, pictured) for given in payload.readings]
    answered = {row.given.item for row in readings if row.verdict.verdict != "not_tested"}
    expected = [
        item
        for key, item in at.items.items()
        if key in answered or (key not in at.not_due and applies(item, at.register))
    ]
    exception = payload.exception is not None
    verdict = judge_inspection(
        expected, {row.given.item: row.verdict for row in readings}, exception=exception
    )
    by_phone = {row.given.item: Verdict(row.given.verdict, None, "") for row in readings}
    phone_verdict = judge_inspection(expected, by_phone, exception=exception).verdict
    flags = _flags(payload, at, readings, verdict, expected, answered, pictured)
    return Judged(verdict, phone_verdict, readings, flags, revisit_on)


def _check_shape(payload: InspectionIn, at: Circumstances) -> date | None:
    keys = [reading.item for reading in payload.readings]
    if len(set(keys)) != len(keys):
        raise Refused("item_twice")
    findings = [finding.uid for finding in payload.findings]
    if len(set(findings)) != len(findings):
        raise Refused("finding_twice")
    _check_photos(payload, at, set(findings))
    exception = payload.exception
    if exception is None:
        return None
    if exception.reason not in at.checklist.exceptions:
        raise Refused("exception_unknown", reason=exception.reason)
    try:
        return date.fromisoformat(exception.revisit_on) if exception.revisit_on else None
    except ValueError:
        raise Refused("value_invalid", field="exception.revisit_on") from None


def _check_photos(payload: InspectionIn, at: Circumstances, findings: set[str]) -> None:
    seen = set()
    for photo in payload.photos:
        if photo.id in seen:
            raise Refused("photo_twice", photo=photo.id)
        seen.add(photo.id)
        if photo.item is not None and photo.item not in at.items:
            raise Refused("item_unknown", item=photo.item)
        if photo.finding is not None and photo.finding not in findings:
            raise Refused("finding_unknown", finding=photo.finding)
        if photo.open_item is not None and not 0 < photo.open_item <= LARGEST_ID:
            raise Refused("open_item_unknown", number=str(photo.open_item))


def _judge_reading(
    given: ReadingIn, at: Circumstances, replaced: set[str], pictured: set[str]
) -> JudgedReading:
    item = at.items.get(given.item)
    if item is None:
        raise Refused("item_unknown", item=given.item)
    # A photo item's value is its picture, which stands in the manifest.
    photo = item["kind"] == "photo"
    value = (True if given.item in pictured else None) if photo else given.value
    problem = value_problem(item, value)
    if problem:
        raise Refused("value_invalid", item=given.item, problem=problem)
    verdict = judge_reading(item, value, at.register)
    question = ""
    if "consumable" in item and item["kind"] == "number":
        question = _question(item, value, at, replaced)
    return JudgedReading(given, item, verdict, question)


def _question(item: Item, value: object, at: Circumstances, replaced: set[str]) -> str:
    before = at.previous.get("readings", {}).get(item["key"])
    if before is None:
        return ""
    # The longest time that can lie between a day of that month and a day of this one.
    hours = (months_between(at.previous["month"], at.month) + 1) * _HOURS_PER_MONTH
    doubts = plausible(item, value, before, hours, item["consumable"] in replaced)
    return doubts[0] if doubts else ""


def _flags(
    payload: InspectionIn,
    at: Circumstances,
    readings: list[JudgedReading],
    verdict: InspectionVerdict,
    expected: list[Item],
    answered: set[str],
    pictured: set[str],
) -> list[str]:
    judged = {row.given.item: row.verdict.verdict for row in readings}
    drawable = [item for item in expected if bulk_value(item) is not None]
    given = {row.given.item: row.given.bulk for row in readings if row.given.item in answered}
    bulk = payload.bulk_ok or at.bulk_before
    found = {
        "verdict_differs": any(row.given.verdict != row.verdict.verdict for row in readings),
        "required_unanswered": payload.exception is None and bool(verdict.unanswered),
        "photo_missing": payload.exception is None
        and any(
            photo_required(item, judged.get(item["key"], "not_tested"))
            and item["key"] not in pictured
            for item in expected
        ),
        "question": any(row.question for row in readings),
        "not_scanned": payload.device_id is not None
        and payload.exception is None
        and not payload.scanned_code,
        "bulk_ok": bulk,
        "spot_check_missing": bulk
        and payload.exception is None
        and bool(unseen_spot_checks(at.task_id, drawable, given, pictured)),
        "clock_off": abs(at.clock_offset_seconds) > LARGEST_CLOCK_OFFSET_SECONDS,
    }
    return [flag for flag, holds in found.items() if holds]


def device_time(text: str) -> datetime | None:
    """A phone's time, for information: None when it is no time with a zone."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def worked_at(
    at: datetime | None,
    clock_offset_seconds: int,
    *,
    opened_at: datetime,
    received_at: datetime,
) -> datetime:
    """A phone's time, its clock set right; else the time of receipt.

    A phone may sync days later; but a time outside the round's can only be a wrong clock.
    """
    if at is None:
        return received_at
    try:
        corrected = at - timedelta(seconds=clock_offset_seconds)
    except OverflowError:
        return received_at
    return corrected if opened_at <= corrected <= received_at else received_at


def worked_on(
    finished_at: datetime | None,
    clock_offset_seconds: int,
    *,
    opened_at: datetime,
    received_at: datetime,
    zone: ZoneInfo,
) -> date:
    """The day for the record sheets; see :func:`worked_at`."""
    at = worked_at(finished_at, clock_offset_seconds, opened_at=opened_at, received_at=received_at)
    return at.astimezone(zone).date()


def value_in_words(item: Item, value: float | str | None) -> str:
    """A value as the Chinese record sheet shows it: the number with its unit, the option's name."""
    if value is None or item["kind"] in ("pass_fail", "photo"):
        return ""
    if isinstance(value, str):
        names = {option["key"]: option["zh"] for option in item.get("options", [])}
        return names.get(value, value)
    number = str(int(value)) if value == int(value) else repr(value)
    unit = item.get("unit", "")
    gap = "" if unit in CLOSE_UNITS else " "
    return f"{number}{gap}{UNITS_ZH.get(unit, unit)}".strip()
