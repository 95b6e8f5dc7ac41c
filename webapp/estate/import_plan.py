"""What an import would change: the register's rows against the devices that are there; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from webapp.estate.cells import text_of
from webapp.estate.register_line import Problem, RegisterRow
from webapp.estate.words import column_title

# Building, floor and room, each in the one form that `text_of` gives.
Place = tuple[str, str, str]

STATED_TEXTS: Final = (
    "name",
    "maker",
    "model",
    "serial",
    "asset_number",
    "ip",
    "firmware",
    "remark",
)


@dataclass(frozen=True)
class ExistingDevice:
    """A device as the contract has it now."""

    id: int
    place: Place
    type: str
    name: str
    maker: str
    model: str
    serial: str
    asset_number: str
    ip: str
    firmware: str
    in_service_on: date | None
    warranty_until: date | None
    quantity: int
    register: dict[str, Any]
    remark: str
    retired: bool = False


@dataclass(frozen=True)
class NewDevice:
    """A device to be made; ``values`` are its columns, ``place`` its room."""

    row: RegisterRow
    place: Place
    values: dict[str, Any]


@dataclass(frozen=True)
class Update:
    """A device to be changed; ``place`` is set when it moves to another room."""

    device_id: int
    row: RegisterRow
    values: dict[str, Any]
    place: Place | None = None


@dataclass(frozen=True)
class ExistingPlace:
    """A room as the contract has it now, with the English names of the room and its building."""

    building_en: str = ""
    room_en: str = ""
    retired: bool = False


@dataclass(frozen=True)
class NewNames:
    """English names that the register states otherwise for a place that is there; empty: as it is."""

    building_en: str = ""
    room_en: str = ""


@dataclass
class ImportPlan:
    """Everything that one import does, in the order of the file."""

    creates: list[NewDevice] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    names: dict[Place, NewNames] = field(default_factory=dict)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)


def plan_import(
    rows: tuple[RegisterRow, ...],
    devices: list[ExistingDevice],
    places: Mapping[Place, ExistingPlace],
) -> ImportPlan:
    """Match each row with a device: by asset number, then serial, then room, name and type.

    An empty cell makes no statement: it never clears what is there. ``places`` are the rooms that
    the contract has. A row whose asset number and serial belong to two devices is left out with
    ``ambiguous_match``, one whose device is retired with ``device_retired``, one that would put its
    device into a retired room with ``room_retired``.
    """
    plan = ImportPlan()
    index = _Index(devices, rows)
    matches = {id(row): index.by_numbers(row) for row in rows if row.asset_number or row.serial}
    for row in rows:
        place = _place(row, places, rows)
        found = matches.get(id(row))
        if found is None and not (row.asset_number or row.serial):
            found = _Match(index.by_place(row, place, with_numbers=True))
        elif found is not None and found.device is None and not found.ambiguous:
            found = _Match(index.by_place(row, place, with_numbers=False))
        match = found or _Match(None)
        if _is_retired(places.get(place)) and (match.device is None or match.device.place != place):
            plan.problems.append(_problem(row, "room_retired", {"value": row.room}, column="room"))
            continue
        _add(plan, row, place, match)
        _name(plan, row, place, places.get(place))
    return plan


def _is_retired(place: ExistingPlace | None) -> bool:
    return place is not None and place.retired


def _name(plan: ImportPlan, row: RegisterRow, place: Place, known: ExistingPlace | None) -> None:
    if known is None or place in plan.names:
        return
    stated = NewNames(
        building_en=row.building_en if row.building_en != text_of(known.building_en) else "",
        room_en=row.room_en if row.room_en != text_of(known.room_en) else "",
    )
    if stated != NewNames():
        plan.names[place] = stated


@dataclass(frozen=True)
class _Match:
    device: ExistingDevice | None
    ambiguous: bool = False


class _Index:
    """The devices by their numbers; each is given to one row at most."""

    def __init__(self, devices: list[ExistingDevice], rows: tuple[RegisterRow, ...]) -> None:
        self._assets = {_key(d.asset_number): d for d in devices if d.asset_number}
        self._stated = {_key(row.serial) for row in rows if row.serial}
        self._serials: dict[str, list[ExistingDevice]] = defaultdict(list)
        self._rooms: dict[tuple[Place, str, str], list[ExistingDevice]] = defaultdict(list)
        self._taken: set[int] = set()
        # Of two of one name the one in use is meant.
        for device in sorted(devices, key=lambda one: one.retired):
            if device.serial:
                self._serials[_key(device.serial)].append(device)
            self._rooms[(device.place, text_of(device.name), device.type)].append(device)

    def by_numbers(self, row: RegisterRow) -> _Match:
        """The device with the row's asset number, else the one with its serial number."""
        by_asset = self._assets.get(_key(row.asset_number)) if row.asset_number else None
        by_serial = self._serials.get(_key(row.serial), []) if row.serial else []
        if by_asset is not None:
            if by_serial and by_asset not in by_serial:
                return _Match(None, ambiguous=True)
            if by_asset.id in self._taken or self._is_anothers(by_asset, row):
                return _Match(None, ambiguous=True)
            return self._take(by_asset)
        free = [device for device in by_serial if device.id not in self._taken]
        if len(by_serial) > 1 or len(free) != len(by_serial):
            return _Match(None, ambiguous=True)
        return self._take(free[0]) if free else _Match(None)

    def _is_anothers(self, device: ExistingDevice, row: RegisterRow) -> bool:
        """Whether the device stands in another row, by its serial: this row has its old asset number."""
        serial = _key(device.serial)
        return bool(row.serial and serial) and serial != _key(row.serial) and serial in self._stated

    def by_place(
        self, row: RegisterRow, place: Place, *, with_numbers: bool
    ) -> ExistingDevice | None:
        """The next device of that room, name and type that no other row has matched."""
        for device in self._rooms.get((place, row.name, row.type), []):
            numbered = bool(device.asset_number or device.serial)
            if device.id not in self._taken and (with_numbers or not numbered):
                self._taken.add(device.id)
                return device
        return None

    def _take(self, device: ExistingDevice) -> _Match:
        self._taken.add(device.id)
        return _Match(device)


def _key(number: str) -> str:
    return text_of(number).casefold()


def _place(
    row: RegisterRow, places: Mapping[Place, ExistingPlace], rows: tuple[RegisterRow, ...]
) -> Place:
    """The row's room; where its building is lost, the one room of that name if there is just one."""
    if row.building_known:
        return row.place
    named = {place for place in places if place[2] == row.room and place != row.place}
    named |= {other.place for other in rows if other.room == row.room and other.building_known}
    return named.pop() if len(named) == 1 else row.place


def _add(plan: ImportPlan, row: RegisterRow, place: Place, match: _Match) -> None:
    if match.ambiguous:
        details = {"asset_number": row.asset_number or "—", "serial": row.serial or "—"}
        plan.problems.append(_problem(row, "ambiguous_match", details))
    elif match.device is None:
        plan.creates.append(NewDevice(row, place, _new_values(row)))
    elif match.device.retired:
        details = {"value": match.device.name}
        plan.problems.append(_problem(row, "device_retired", details))
    else:
        _compare(plan, row, place, match.device)


def _problem(row: RegisterRow, code: str, details: dict[str, Any], *, column: str = "") -> Problem:
    column = column or ("asset_number" if row.asset_number else "serial")
    return Problem(row.row, column_title(column, "zh"), code, sheet=row.sheet, details=details)


def _compare(plan: ImportPlan, row: RegisterRow, place: Place, device: ExistingDevice) -> None:
    values = {
        name: value
        for name, value in _stated(row).items()
        if _as_read(name, getattr(device, name)) != value
    }
    register = {**device.register, **row.register}
    if "quantity" in values:
        register.update(row.derived)
    if row.type_word and (row.type_stated and row.type == values.get("type", device.type)):
        register["type_word"] = row.type_word
    elif "type" in values:
        register.pop("type_word", None)
    if register != device.register:
        values["register"] = register
    moved = place if place != device.place else None
    if values or moved:
        plan.updates.append(Update(device.id, row, values, moved))
    else:
        plan.unchanged += 1


def _as_read(name: str, value: Any) -> Any:
    """What an import would read of a value that stands there, as typed on a Chinese keyboard."""
    return text_of(value) if name in STATED_TEXTS and name != "remark" else value


def _stated(row: RegisterRow) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: getattr(row, name) for name in STATED_TEXTS if getattr(row, name)
    }
    if row.type_stated:
        values["type"] = row.type
    for name in ("in_service_on", "warranty_until", "quantity"):
        if getattr(row, name) is not None:
            values[name] = getattr(row, name)
    return values


def _new_values(row: RegisterRow) -> dict[str, Any]:
    register = {**row.register, **row.derived}
    if row.type_word:
        register["type_word"] = row.type_word
    values = _stated(row)
    return {**values, "type": row.type, "quantity": values.get("quantity", 1), "register": register}
