"""Checklist documents: YAML or JSON in, normalised content and a list of problems out.

A document may hold its types as the shipped file does (an object by key) or as content does (a
list with keys). Normalising keeps what can be kept, so that a draft with problems can be saved and
mended; publishing asks for none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from webapp.checklists.content import FORMAT, Content, canonical_json
from webapp.checklists.problems import Problem, problems_of
from webapp.errors import AppError

SHIPPED = Path(__file__).parent / "default" / "checklists.yaml"
LARGEST_DOCUMENT_BYTES = 400_000
DEEPEST_DOCUMENT = 20
# libyaml's, ten times as fast, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TEXT_FIELDS = ("unit", "consumable", "when_register", "unless_register", "source")
_DEFAULTS = {"every": "month", "photo": "abnormal", "optional": False}
_ITEM_FIELDS = frozenset(
    {"key", "zh", "en", "kind", "options", "normal", "severity", "by", "skip_when_register"}
    | set(_TEXT_FIELDS)
    | set(_DEFAULTS)
)
_NORMAL_FIELDS = ("min", "max", "register", "max_share_of_register", "register_within")
_TOP_FIELDS = frozenset(
    {"version", "format", "types", "causes", "actions", "exceptions", "consumables"}
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A document's content, and every problem of shape or of sense that it has."""

    content: Content
    problems: list[Problem]

    @property
    def misshapen(self) -> list[Problem]:
        """The problems for which something of the document could not be kept."""
        return [problem for problem in self.problems if problem.lost]


@dataclass(slots=True)
class _Notes:
    """What normalising could not keep."""

    problems: list[Problem] = field(default_factory=list)

    def lose(self, path: str, code: str, **params: Any) -> None:
        self.problems.append(Problem(path, code, params, lost=True))


def read_yaml(text: str) -> Any:
    """Plain data of a YAML (or JSON) text.

    :raise checklist_invalid: it cannot be read, or is too large
    """
    if len(text.encode("utf-8", "replace")) > LARGEST_DOCUMENT_BYTES:
        raise invalid([Problem("", "too_large", {"bytes": LARGEST_DOCUMENT_BYTES}, lost=True)])
    try:
        _refuse_traps(text)
        return yaml.load(text, _LOADER)  # noqa: S506 - either is the safe one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise invalid([Problem("", "unreadable", {}, lost=True)]) from error


def _refuse_traps(text: str) -> None:
    """Refuse aliases, which can grow without end, and nesting that no checklist has."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise invalid([Problem("", "alias_not_allowed", {}, lost=True)])
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_DOCUMENT:
            raise invalid([Problem("", "too_deep", {"most": DEEPEST_DOCUMENT}, lost=True)])


def normalise(document: object) -> Normalised:
    """Bring a document into the one form, and say what is wrong with it; never raises."""
    notes = _Notes()
    if not isinstance(document, Mapping):
        notes.lose("", "not_object")
        document = {}
    for name in sorted(str(name) for name in document if name not in _TOP_FIELDS):
        notes.lose(name, "unknown_field", field=name)
    content: Content = {
        "format": FORMAT,
        "types": [
            _device_type(row, f"types.{index}", notes)
            for index, row in enumerate(_rows(document.get("types"), "types", notes))
        ],
        "causes": _pick_lists(document.get("causes"), "causes", notes),
        "actions": _pick_lists(document.get("actions"), "actions", notes),
        "exceptions": _words_list(document.get("exceptions"), "exceptions", notes),
    }
    if consumables := _words_list(document.get("consumables"), "consumables", notes):
        content["consumables"] = consumables
    if len(canonical_json(content).encode("utf-8", "replace")) > LARGEST_DOCUMENT_BYTES:
        notes.lose("", "too_large", bytes=LARGEST_DOCUMENT_BYTES)
    return Normalised(content, notes.problems + problems_of(content))


def checked_content(document: object) -> Content:
    """The content of a document that has no problems.

    :raise checklist_invalid: with the list of problems in the details
    """
    normalised = normalise(document)
    if normalised.problems:
        raise invalid(normalised.problems)
    return normalised.content


def invalid(problems: list[Problem]) -> AppError:
    """The refusal that carries the problems, and the same by path for the form's fields."""
    fields: dict[str, list[str]] = {}
    for problem in problems:
        fields.setdefault(problem.path, []).append(problem.code)
    return AppError("checklist_invalid", fields=fields, problems=[plain(p) for p in problems])


def plain(problem: Problem) -> dict[str, Any]:
    """A problem as ``{"path", "code", "params"}``."""
    data = asdict(problem)
    del data["lost"]
    return data


@cache
def _shipped() -> str:
    return json.dumps(checked_content(read_yaml(SHIPPED.read_text(encoding="utf-8"))))


def default_content() -> Content:
    """The checklists that the product ships, as a new copy each time."""
    content: Content = json.loads(_shipped())
    return content


def slug(text: str) -> str:
    """A key made of an English name: "HDMI loose" -> ``hdmi_loose``."""
    key = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40].strip("_")
    return f"n_{key}" if key[:1].isdigit() else key


def _rows(value: object, path: str, notes: _Notes) -> list[Mapping[str, Any]]:
    """The objects of a list, or of an object by key; what is neither is noted as lost."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        value = [
            {"key": key, **row} if isinstance(row, Mapping) else row for key, row in value.items()
        ]
    if not isinstance(value, list):
        notes.lose(path, "not_list")
        return []
    for index, row in enumerate(value):
        if not isinstance(row, Mapping):
            notes.lose(f"{path}.{index}", "not_object")
    return [row for row in value if isinstance(row, Mapping)]


def _device_type(row: Mapping[str, Any], path: str, notes: _Notes) -> Any:
    _refuse_unknown(row, {"key", "zh", "en", "items"}, path, notes)
    items = [
        _item(item, f"{path}.items.{index}", notes)
        for index, item in enumerate(_rows(row.get("items"), f"{path}.items", notes))
    ]
    return {**_words(row, path, notes), "items": items}


def _item(row: Mapping[str, Any], path: str, notes: _Notes) -> dict[str, Any]:
    _refuse_unknown(row, _ITEM_FIELDS, path, notes)
    item: dict[str, Any] = _words(row, path, notes)
    item["kind"] = _text(row.get("kind"), f"{path}.kind", notes)
    if "skip_when_register" in row:
        if "unless_register" in row:
            notes.lose(f"{path}.skip_when_register", "said_twice")
        row = {"unless_register": row["skip_when_register"], **row}
    for name in _TEXT_FIELDS:
        if row.get(name) not in (None, ""):
            item[name] = _text(row[name], f"{path}.{name}", notes)
    for name, default in _DEFAULTS.items():
        if row.get(name) not in (None, default):
            item[name] = _scalar(row[name], f"{path}.{name}", notes)
    for name, read in _STRUCTURED.items():
        if row.get(name):
            item[name] = read(row[name], f"{path}.{name}", notes)
    return {name: value for name, value in item.items() if value is not None}


def _normal(value: object, path: str, notes: _Notes) -> Any:
    if isinstance(value, list):
        return [_text(key, f"{path}.{index}", notes) for index, key in enumerate(value)]
    if not isinstance(value, Mapping):
        notes.lose(path, "not_object")
        return None
    _refuse_unknown(value, set(_NORMAL_FIELDS), path, notes)
    normal: dict[str, Any] = {}
    for name in _NORMAL_FIELDS:
        if value.get(name) is None:
            continue
        if name == "register":
            normal[name] = _text(value[name], f"{path}.{name}", notes)
        elif name in ("min", "max"):
            normal[name] = _number(value[name], f"{path}.{name}", notes)
        else:
            normal[name] = _share(value[name], f"{path}.{name}", notes)
    return {name: part for name, part in normal.items() if part is not None} or None


def _share(value: object, path: str, notes: _Notes) -> list[Any] | None:
    if not isinstance(value, list) or len(value) != 2:
        notes.lose(path, "not_field_and_share")
        return None
    name, share = _text(value[0], f"{path}.0", notes), _number(value[1], f"{path}.1", notes)
    return None if share is None else [name, share]


def _numbers_by_key(value: object, path: str, notes: _Notes) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        notes.lose(path, "not_object")
        return {}
    numbers = {str(key): _number(n, f"{path}.{key}", notes) for key, n in value.items()}
    return {key: number for key, number in numbers.items() if number is not None}


def _pick_lists(value: object, path: str, notes: _Notes) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        notes.lose(path, "not_object")
        return {}
    lists = {str(key): _words_list(rows, f"{path}.{key}", notes) for key, rows in value.items()}
    return {key: rows for key, rows in lists.items() if rows}


def _words_list(value: object, path: str, notes: _Notes) -> list[Any]:
    """Options, causes and the like; one without a key gets one made of its English name."""
    taken: set[str] = set()
    made = []
    for index, row in enumerate(_rows(value, path, notes)):
        _refuse_unknown(row, {"key", "zh", "en"}, f"{path}.{index}", notes)
        words = _words(row, f"{path}.{index}", notes)
        if not words["key"]:
            words["key"] = _free_key(slug(words["en"]), taken)
        taken.add(words["key"])
        made.append(words)
    return made


def _free_key(key: str, taken: set[str]) -> str:
    number = 2
    free = key
    while free and free in taken:
        free, number = f"{key}_{number}", number + 1
    return free


def _words(row: Mapping[str, Any], path: str, notes: _Notes) -> dict[str, Any]:
    return {name: _text(row.get(name), f"{path}.{name}", notes) for name in ("key", "zh", "en")}


def _text(value: object, path: str, notes: _Notes) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        notes.lose(path, "not_text")
        return ""
    return value.strip()


def _scalar(value: object, path: str, notes: _Notes) -> Any:
    if isinstance(value, str | bool):
        return value
    notes.lose(path, "not_text")
    return None


def _number(value: object, path: str, notes: _Notes) -> float | None:
    """A finite number; whole ones become integers, so that 1 and 1.0 have one hash."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e12:
        notes.lose(path, "not_number")
        return None
    return int(value) if value == int(value) else value


_STRUCTURED: dict[str, Callable[[object, str, _Notes], Any]] = {
    "severity": _number,
    "options": _words_list,
    "by": _numbers_by_key,
    "normal": _normal,
}


def _refuse_unknown(
    row: Mapping[str, Any], known: set[str] | frozenset[str], path: str, notes: _Notes
) -> None:
    for name in sorted(str(name) for name in row if name not in known):
        notes.lose(f"{path}.{name}", "unknown_field", field=name)
