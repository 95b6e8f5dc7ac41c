"""What a reading means: THE verdict rule, on the server (clauses 17, 18 and 42).

Pure: no Flask, no database, no clock. The phone runs the same rules in TypeScript
(``webapp/pwa/client/src/rules``); ``tests/vectors/*.json`` hold the two together, so arithmetic
here is written in the same order as there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from webapp.checklists.content import Item

Outcome = Literal["normal", "abnormal", "not_tested"]
Register = Mapping[str, Any]

LARGEST_NUMBER = 1e12
LONGEST_TEXT = 2000
_YES = frozenset({"1", "true", "yes", "y", "是", "有", "√"})
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_BOUND = re.compile(r"(above|below)_(-?[0-9]{1,12}(?:\.[0-9]{1,6})?)")


@dataclass(frozen=True, slots=True)
class NormalRange:
    """What is normal for one device, its register fields put in.

    ``minimum`` and ``maximum`` are inclusive, in the item's unit; ``equals`` is the text that the
    register holds; ``options`` are the normal options' keys; ``unknown`` names the register fields
    that the rule needs and the device lacks.
    """

    minimum: float | None = None
    maximum: float | None = None
    equals: str | None = None
    options: tuple[str, ...] | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reading judged; ``severity`` 1..4 is suggested for an abnormal one (clause 42).

    ``reason``: ok, limit_unknown, empty, fail, option, below_min, above_max, not_equal, or one of
    the codes of :func:`value_problem`.
    """

    verdict: Outcome
    severity: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class InspectionVerdict:
    """One inspection judged; ``abnormal`` and ``unanswered`` (required) name items, in order."""

    verdict: Outcome
    severity: int | None
    abnormal: tuple[str, ...] = field(default=())
    unanswered: tuple[str, ...] = field(default=())


def device_register(register: Register, firmware: str = "") -> dict[str, Any]:
    """The register fields that rules compare with: the device's own, and its firmware column."""
    fields = {name: value for name, value in register.items() if value is not None}
    if firmware and not str(fields.get("firmware", "")).strip():
        fields["firmware"] = firmware
    return fields


def applies(item: Item, register: Register) -> bool:
    """Whether the item concerns this device: a laser projector has no lamp to read."""
    if "when_register" in item and not register_flag(register, item["when_register"]):
        return False
    return not ("unless_register" in item and register_flag(register, item["unless_register"]))


def register_flag(register: Register, name: str) -> bool:
    """A yes-or-no register field; missing is no."""
    value = register.get(name)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    return isinstance(value, str) and fold_text(value) in _YES


def register_number(register: Register, name: str) -> float | None:
    """A register field as a number; None when it is missing or is none."""
    value = register.get(name)
    if isinstance(value, str):
        text = fold_text(value).replace(",", "")
        value = float(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= LARGEST_NUMBER else None


def register_text(register: Register, name: str) -> str | None:
    """A register field as text; None when missing or empty. 4.0 reads "4" in both languages."""
    value = register.get(name)
    if isinstance(value, str):
        return value.strip(" \t\r\n\u00a0\u3000") or None
    number = register_number(register, name)
    if number is None or (number != 0 and abs(number) < 1e-4):
        return None
    return str(int(number)) if number == math.floor(number) else repr(float(number))


def fold_text(text: str) -> str:
    """Text for comparing: full-width forms made narrow, blanks folded, A-Z lowered; nothing else.

    Spelled out rather than left to a library, because both languages must fold alike.
    """
    narrow = "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text)
    lowered = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in narrow)
    return re.sub("[ \t\r\n\u00a0\u3000]+", " ", lowered).strip(" ")


def limit(value: float) -> float:
    """A computed limit at six decimals: 6 - 6 x 0.2 shall be 4.8, not 4.799999999999999."""
    return math.floor(value * 1e6 + 0.5) / 1e6


def normal_range(item: Item, register: Register) -> NormalRange:
    """What is normal for the device with this register (clause 17, 标准值)."""
    normal = item.get("normal")
    if item["kind"] == "choice":
        return NormalRange(options=tuple(normal or ()))
    if item["kind"] == "text" and normal:
        expected = register_text(register, normal["register"])
        unknown = (normal["register"],) if expected is None else ()
        return NormalRange(equals=expected, unknown=unknown)
    if item["kind"] == "number" and normal:
        return _number_range(normal, register)
    return NormalRange()


def _number_range(normal: Mapping[str, Any], register: Register) -> NormalRange:
    lows = [normal["min"]] if "min" in normal else []
    highs = [normal["max"]] if "max" in normal else []
    unknown: list[str] = []
    for rule, name, share in _register_rules(normal):
        base = register_number(register, name)
        if base is None:
            unknown.append(name)
        elif rule == "register":
            lows.append(base)
            highs.append(base)
        elif rule == "max_share_of_register":
            highs.append(limit(base * share))
        else:
            lows.append(limit(base - base * share))
            highs.append(limit(base + base * share))
    return NormalRange(
        minimum=max(lows, default=None), maximum=min(highs, default=None), unknown=tuple(unknown)
    )


def _register_rules(normal: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    rules = [("register", normal["register"], 1.0)] if "register" in normal else []
    for rule in ("max_share_of_register", "register_within"):
        if rule in normal:
            name, share = normal[rule]
            rules.append((rule, name, share))
    return rules


def value_problem(item: Item, value: object) -> str | None:
    """The code of what is wrong with a value's shape, or None; an empty value is never wrong.

    Codes: value_not_number, value_too_large, value_not_option, value_not_pass_fail, value_not_text,
    value_too_long, value_not_photo. Digits in a string are no number: the form turns them into one.
    """
    if is_empty(value):
        return None
    if item["kind"] == "number":
        return _number_problem(value)
    if item["kind"] == "pass_fail":
        return None if value in ("pass", "fail") else "value_not_pass_fail"
    if item["kind"] == "choice":
        keys = [option["key"] for option in item.get("options", [])]
        return None if value in keys else "value_not_option"
    if item["kind"] == "photo":
        return None if value is True else "value_not_photo"
    if not isinstance(value, str):
        return "value_not_text"
    return "value_too_long" if len(value) > LONGEST_TEXT else None


def _number_problem(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "value_not_number"
    if isinstance(value, float) and math.isnan(value):
        return "value_not_number"
    return None if abs(value) <= LARGEST_NUMBER else "value_too_large"


def is_empty(value: object) -> bool:
    """Whether a value is no reading at all."""
    return value is None or (isinstance(value, str) and not value.strip(" \t\r\n\u00a0\u3000"))


def judge_reading(item: Item, value: Any, register: Register) -> Verdict:
    """Judge one reading; total: every value gets a verdict.

    :param value: number | option key | "pass"/"fail" | text | True (a photo is there) | None
    An empty or misshapen value is ``not_tested``, never silently normal. A limit that hangs on a
    register field which the device lacks cannot be broken: normal, with reason ``limit_unknown``.
    """
    if is_empty(value):
        return Verdict("not_tested", None, "empty")
    problem = value_problem(item, value)
    if problem:
        return Verdict("not_tested", None, problem)
    normal = normal_range(item, register)
    reason = _fault(item, value, normal)
    if reason is None:
        return Verdict("normal", None, "limit_unknown" if normal.unknown else "ok")
    return Verdict("abnormal", suggested_severity(item, value), reason)


def _fault(item: Item, value: Any, normal: NormalRange) -> str | None:
    if item["kind"] == "pass_fail":
        return "fail" if value == "fail" else None
    if item["kind"] == "choice":
        return None if value in (normal.options or ()) else "option"
    if item["kind"] == "text" and normal.equals is not None:
        return None if fold_text(value) == fold_text(normal.equals) else "not_equal"
    if item["kind"] == "number":
        return _number_fault(value, normal)
    return None


def _number_fault(value: float, normal: NormalRange) -> str | None:
    low, high = normal.minimum, normal.maximum
    if low is not None and low == high and value != low:
        return "not_equal"
    if low is not None and value < low:
        return "below_min"
    return "above_max" if high is not None and value > high else None


def suggested_severity(item: Item, value: Any) -> int | None:
    """The severity that an abnormal value suggests: by option or bound, else the item's own."""
    by = item.get("by", {})
    if item["kind"] == "choice":
        return by.get(value, item.get("severity"))
    matching = [severity for bound, severity in by.items() if _beyond(bound, value)]
    return min(matching) if matching else item.get("severity")


def _beyond(bound: str, value: Any) -> bool:
    match = _BOUND.fullmatch(bound)
    if match is None or isinstance(value, str):
        return False
    number = float(match[2])
    return bool(value > number) if match[1] == "above" else bool(value < number)


def judge_inspection(
    items: Iterable[Item], verdicts: Mapping[str, Verdict], *, exception: bool = False
) -> InspectionVerdict:
    """Judge an inspection of the ``items`` that were due and apply.

    Abnormal as soon as one reading is; otherwise not tested when there is an exception or a
    required item has no reading; normal only when everything required was read and is normal.
    Severity is the most severe (lowest number) of the abnormal readings.
    """
    items = list(items)
    judged = {key: verdict.verdict for key, verdict in verdicts.items()}
    abnormal = tuple(i["key"] for i in items if judged.get(i["key"]) == "abnormal")
    unanswered = tuple(
        item["key"]
        for item in items
        if not item.get("optional") and judged.get(item["key"], "not_tested") == "not_tested"
    )
    if abnormal:
        severities = [s for key in abnormal if (s := verdicts[key].severity) is not None]
        return InspectionVerdict("abnormal", min(severities, default=None), abnormal, unanswered)
    answered = any(outcome == "normal" for outcome in judged.values())
    whole = not exception and not unanswered and (answered or not items)
    return InspectionVerdict("normal" if whole else "not_tested", None, (), unanswered)


def photo_required(item: Item, verdict: Outcome) -> bool:
    """Whether this reading must have a photo; an abnormal one always must."""
    if item["kind"] == "photo":
        return not item.get("optional", False)
    if verdict == "not_tested":
        return False
    return item.get("photo") == "always" or verdict == "abnormal"
