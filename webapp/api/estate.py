"""The estate over HTTP: places, devices, the register in and out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from webapp.api import estate_schemas as shapes
from webapp.api.device_schemas import DeviceLifeSchema
from webapp.api.files import sent_file
from webapp.api.http import CONTRACT, Schema, blueprint, page_of, require, settings, signed_in
from webapp.api.listing import file_views
from webapp.cases import registering
from webapp.cases.placing import follow_devices
from webapp.checklists import queries as checklists
from webapp.db import db, now_utc, unit_of_work
from webapp.desk.other_lists import DEVICE_CHANGES, device_change_records
from webapp.desk.queries_device import device_life
from webapp.errors import AppError
from webapp.estate import lists, queries, services
from webapp.estate.importing import ImportReport, import_register, preview_import
from webapp.estate.models import Device, Room
from webapp.estate.problem_texts import problem_text
from webapp.estate.register_export import export_csv, export_xlsx
from webapp.estate.register_rows import parse_register
from webapp.estate.words import DEVICE_TYPES
from webapp.identity.rules import Access
from webapp.rounds.opening import sync_tasks_with_estate
from webapp.sheets import CONTENT_TYPES, Record

bp = blueprint("estate", "Buildings, rooms, devices, and the asset register")
ID = f"<int(max={shapes.MAX_ID}):"
XLSX = CONTENT_TYPES["xlsx"]
RETIRED = {"false": False, "true": True, "all": None}


@bp.get(f"{CONTRACT}/estate")
@bp.response(200, shapes.EstateSchema)
def show_estate(contract_code: str) -> dict[str, Any]:
    """Buildings, floors and rooms, with how many devices are in use in each."""
    access = require("view", contract_code)
    return {"buildings": queries.estate_tree(db.session(), access.contract_id)}


@bp.get(f"{CONTRACT}/buildings")
@bp.response(200, shapes.BuildingSchema(many=True))
def list_buildings(contract_code: str) -> list[dict[str, Any]]:
    """The buildings, in their order."""
    access = require("view", contract_code)
    rows = queries.buildings_of(db.session(), access.contract_id)
    return [queries.building_row(row) for row in rows]


@bp.post(f"{CONTRACT}/buildings")
@bp.arguments(shapes.BuildingCreateSchema)
@bp.response(201, shapes.BuildingSchema)
def create_building(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Make a building."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        row = services.create_building(session, access, body, now_utc())
        return queries.building_row(row)


@bp.patch(f"{CONTRACT}/buildings/{ID}building_id>")
@bp.arguments(shapes.BuildingPatchSchema)
@bp.response(200, shapes.BuildingSchema)
def change_building(body: dict[str, Any], contract_code: str, building_id: int) -> dict[str, Any]:
    """Change a building."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        row = services.change_building(session, access, building_id, body, now_utc())
        return queries.building_row(row)


@bp.get(f"{CONTRACT}/rooms")
@bp.arguments(shapes.RoomArgs, location="query")
@bp.response(200, shapes.RoomPageSchema)
def list_rooms(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Rooms, by building and floor."""
    access = require("view", contract_code)
    page, page_size = args.pop("page"), args.pop("page_size")
    found = page_of(queries.rooms_statement(access.contract_id, **args), page, page_size)
    items = [{**queries.room_row(room), "device_count": count} for room, count in found["items"]]
    return {**found, "items": items}


@bp.post(f"{CONTRACT}/rooms")
@bp.arguments(shapes.RoomCreateSchema)
@bp.response(201, shapes.RoomSchema)
def create_room(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Make a room."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        row = services.create_room(session, access, body, now_utc())
        _let_all_follow(session, access)
        return queries.room_row(row)


@bp.get(f"{CONTRACT}/rooms/{ID}room_id>")
@bp.response(200, shapes.RoomListedSchema)
def show_room(contract_code: str, room_id: int) -> dict[str, Any]:
    """One room."""
    access = require("view", contract_code)
    queries.belonging(db.session(), Room, access.contract_id, room_id)
    statement = queries.rooms_statement(access.contract_id).where(Room.id == room_id)
    room, count = db.session.execute(statement).one()
    return {**queries.room_row(room), "device_count": count}


@bp.patch(f"{CONTRACT}/rooms/{ID}room_id>")
@bp.arguments(shapes.RoomPatchSchema)
@bp.response(200, shapes.RoomSchema)
def change_room(body: dict[str, Any], contract_code: str, room_id: int) -> dict[str, Any]:
    """Change a room, move it, or take it out of use."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        row = services.change_room(session, access, room_id, body, now_utc())
        if "retired" in body:
            _let_all_follow(session, access)
        return queries.room_row(row)


@bp.get(f"{CONTRACT}/devices")
@bp.arguments(shapes.DeviceArgs, location="query")
@bp.response(200, shapes.DevicePageSchema)
def list_devices(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Devices by page; ``q`` finds every word in names, numbers, addresses, rooms or labels."""
    access = require("view", contract_code)
    page, page_size, sort = args.pop("page"), args.pop("page_size"), args.pop("sort")
    wanted = queries.DeviceFilter(**{**args, "retired": RETIRED[args["retired"]]})
    statement = queries.devices_statement(access.contract_id, wanted, sort)
    found = page_of(statement, page, page_size)
    return {**found, "items": [queries.device_row(*row) for row in found["items"]]}


@bp.post(f"{CONTRACT}/devices")
@bp.arguments(shapes.DeviceCreateSchema)
@bp.response(201, shapes.DeviceSchema)
def create_device(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Make a device; it gets a label of its own. With ``case`` it is added out of that change request,
    and the same ``uid`` again gives the device that it became.
    """
    access = require("manage_estate", contract_code)
    _check_type(access, body)
    change, uid = body.pop("case", None), body.pop("uid", None)
    with unit_of_work() as session:
        if change is None:
            made = services.create_device(session, access, body, now_utc())
        else:
            made = registering.add_device(session, access, change, body, now_utc(), uid=uid)
        device_id = made.id
        _let_all_follow(session, access)
    return _device(access, device_id)


@bp.get(f"{CONTRACT}/devices/{ID}device_id>")
@bp.response(200, shapes.DeviceSchema)
def show_device(contract_code: str, device_id: int) -> dict[str, Any]:
    """One device."""
    return _device(require("view", contract_code), device_id)


@bp.patch(f"{CONTRACT}/devices/{ID}device_id>")
@bp.arguments(shapes.DevicePatchSchema)
@bp.response(200, shapes.DeviceSchema)
def change_device(body: dict[str, Any], contract_code: str, device_id: int) -> dict[str, Any]:
    """Change a device, move it to another room, or take it out of use; with ``case`` out of that change
    request, whose story gets a line where anything was changed.
    """
    access = require("manage_estate", contract_code)
    queries.belonging(db.session(), Device, access.contract_id, device_id)
    _check_type(access, body)
    change = body.pop("case", None)
    with unit_of_work() as session:
        if change is None:
            services.change_device(session, access, device_id, body, now_utc())
        else:
            registering.change_device(session, access, change, device_id, body, now_utc())
        if body.keys() & {"room_id", "retired"}:
            _let_all_follow(session, access)
    return _device(access, device_id)


def _let_all_follow(session: Session, access: Access) -> None:
    """Rounds under way get and lose tasks with the estate (clause 15: every device); cases go along."""
    sync_tasks_with_estate(session, access.contract_id, now_utc())
    follow_devices(session, access.contract_id, now_utc())


def _device(access: Access, device_id: int) -> dict[str, Any]:
    found = queries.device_with_place(db.session(), access.contract_id, device_id)
    return queries.device_row(*found)


def _check_type(access: Access, body: dict[str, Any]) -> None:
    """A type is one of the product's own, or of the contract's current checklist."""
    kind = body.get("type")
    if kind is None or kind in DEVICE_TYPES:
        return
    if kind not in checklists.own_types(db.session(), access.contract_id):
        raise AppError("invalid", fields={"type": ["unknown_type"]})


@bp.get(f"{CONTRACT}/devices/{ID}device_id>/life")
@bp.response(200, DeviceLifeSchema)
def show_device_life(contract_code: str, device_id: int) -> dict[str, Any]:
    """A device's whole life: record sheet, trends, open items, photos, labels, changes (20)."""
    access = require("view", contract_code)
    return {**device_life(db.session(), access.contract_id, device_id)}


@bp.post(f"{CONTRACT}/estate/import")
@bp.arguments(shapes.ImportArgs, location="query")
@bp.response(200, shapes.ImportReportSchema)
@bp.doc(
    requestBody={
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
)
def import_estate(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Bring a register (XLSX or CSV, the raw body) in: all good rows or nothing.

    With ``dry_run`` it only says what would happen.
    """
    access = require("manage_estate", contract_code)
    types = checklists.own_types(db.session(), access.contract_id)
    parsed = parse_register(_body(), args["filename"], types)
    if args["dry_run"]:
        report = preview_import(db.session(), access.contract_id, parsed)
        return _report(report, dry_run=True)
    with unit_of_work() as session:
        report = import_register(
            session,
            parsed,
            contract_id=access.contract_id,
            actor_id=access.user_id,
            now=now_utc(),
        )
        _let_all_follow(session, access)
    return _report(report, dry_run=False)


def _body() -> bytes:
    limit = settings().max_import_bytes
    if (request.content_length or 0) > limit:
        raise AppError("import_too_large", limit="file_bytes", maximum=limit)
    request.max_content_length = limit
    return request.get_data(cache=False)


def _report(report: ImportReport, *, dry_run: bool) -> dict[str, Any]:
    language = signed_in().user.language
    return {
        "dry_run": dry_run,
        "rooms": report.rooms,
        "devices": report.devices,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "problems": [
            {
                "row": problem.row,
                "column": problem.column,
                "code": problem.code,
                "severity": problem.severity,
                "sheet": problem.sheet,
                "details": problem.details,
                "message": problem_text(problem, language),
            }
            for problem in report.problems
        ],
    }


@bp.get(f"{CONTRACT}/estate/export.xlsx")
@bp.arguments(shapes.ExportArgs, location="query")
@bp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
def export_workbook(args: dict[str, Any], contract_code: str) -> Response:
    """The register of the devices in use, as a workbook without formulas."""
    access = require("view", contract_code)
    devices = queries.register_devices(db.session(), access.contract_id)
    types = checklists.own_types(db.session(), access.contract_id)
    data = export_xlsx(devices, args["language"], title=access.contract_code, types=types)
    return sent_file(data, XLSX, f"{access.contract_code}-asset-register.xlsx")


@bp.get(f"{CONTRACT}/estate/export.csv")
@bp.arguments(shapes.ExportArgs, location="query")
@bp.response(200, {"type": "string", "format": "binary"}, content_type="text/csv")
def export_text(args: dict[str, Any], contract_code: str) -> Response:
    """The register of the devices in use, as UTF-8 CSV that runs no formula."""
    access = require("view", contract_code)
    devices = queries.register_devices(db.session(), access.contract_id)
    types = checklists.own_types(db.session(), access.contract_id)
    data = export_csv(devices, args["language"], types)
    return sent_file(data, "text/csv; charset=utf-8", f"{access.contract_code}-asset-register.csv")


def _buildings(access: Access) -> Iterable[Record]:
    return lists.building_records(db.session(), access.contract_id)


def _rooms(access: Access, **wanted: Any) -> Iterable[Record]:
    return lists.room_records(db.session(), access.contract_id, **wanted)


def _devices(access: Access, sort: str, retired: str, **wanted: Any) -> Iterable[Record]:
    narrowed = queries.DeviceFilter(retired=RETIRED[retired], **wanted)
    return lists.device_records(db.session(), access.contract_id, narrowed, sort)


def _changes(access: Access, device_id: int) -> Iterable[Record]:
    return device_change_records(db.session(), access.contract_id, device_id)


file_views(bp, "buildings", lists.BUILDINGS, Schema, _buildings)
file_views(bp, "rooms", lists.ROOMS, shapes.RoomArgs, _rooms)
file_views(bp, "devices", lists.DEVICES, shapes.DeviceArgs, _devices)
file_views(bp, f"devices/{ID}device_id>/changes", DEVICE_CHANGES, Schema, _changes)
