"""The estate over the real API: who may, what is refused, what comes back, and how many queries."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from tests import factories
from tests.estate.files import HEADS, TIDY, UNTIDY, workbook
from tests.rounds import made
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.estate.models import Building, Device, Label, Room
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
BASE = "/api/contracts/HQ"
DEVICE = {"room_id": 1, "type": "projector", "name": "投影机"}
ENDPOINTS: list[tuple[str, str, Any, str]] = [
    ("GET", "/estate", None, "view"),
    ("GET", "/buildings", None, "view"),
    ("POST", "/buildings", {"name_zh": "三号楼"}, "manage_estate"),
    ("PATCH", "/buildings/1", {"position": 3}, "manage_estate"),
    ("GET", "/rooms", None, "view"),
    ("POST", "/rooms", {"building_id": 1, "name_zh": "黄山厅"}, "manage_estate"),
    ("GET", "/rooms/1", None, "view"),
    ("PATCH", "/rooms/1", {"floor": "9F"}, "manage_estate"),
    ("GET", "/devices", None, "view"),
    ("POST", "/devices", DEVICE, "manage_estate"),
    ("GET", "/devices/1", None, "view"),
    ("PATCH", "/devices/1", {"remark": "x"}, "manage_estate"),
    ("GET", "/devices/1/life", None, "view"),
    ("POST", "/estate/import", TIDY, "manage_estate"),
    ("GET", "/estate/export.xlsx", None, "view"),
    ("GET", "/estate/export.csv", None, "view"),
]
BY_ID = [row for row in ENDPOINTS if "/1" in row[1]]


@pytest.fixture
def device(contract: Contract) -> Device:
    """Device 1 in room 1 of building 1."""
    room = factories.room(factories.building(contract, name_en="Headquarters"))
    return factories.device(
        room, name="西湖厅投影机", maker="爱普生", model="CB-L770U", serial="S1", asset_number="A1"
    )


@pytest.fixture
def desk(device: Device, manager: User, signed_in: SignIn) -> FlaskClient:
    """The project manager's browser."""
    return signed_in(manager)


def ask(browser: FlaskClient, method: str, path: str, body: Any = None) -> Any:
    file = {"data": body, "content_type": "application/octet-stream"}
    sent = file if isinstance(body, bytes) else {"json": body} if body else {}
    return browser.open(BASE + path, method=method, **sent)


@pytest.mark.parametrize(("method", "path", "body", "right"), ENDPOINTS)
def test_nobody_is_let_in_unsigned(
    client: FlaskClient, device: Device, method: str, path: str, body: Any, right: str
) -> None:
    answer = ask(client, method, path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path", "body", "right"), ENDPOINTS)
def test_another_contract_is_not_there(
    stranger: User, signed_in: SignIn, device: Device,
    method: str, path: str, body: Any, right: str,
) -> None:  # fmt: skip
    assert ask(signed_in(stranger), method, path, body).status_code == 404


@pytest.mark.parametrize(("method", "path", "body", "right"), ENDPOINTS)
def test_rights(
    engineer: User, signed_in: SignIn, device: Device,
    method: str, path: str, body: Any, right: str,
) -> None:  # fmt: skip
    answer = ask(signed_in(engineer), method, path, body)
    assert answer.status_code == (403 if right == "manage_estate" else 200)


@pytest.mark.parametrize(("method", "path", "body", "right"), BY_ID)
def test_ids_of_another_contract_are_not_there(
    stranger: User, signed_in: SignIn, device: Device,
    method: str, path: str, body: Any, right: str,
) -> None:  # fmt: skip
    browser = signed_in(stranger)
    answer = browser.open(f"/api/contracts/OTHER{path}", method=method, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/rooms", {"building_id": 1, "name_zh": "偷看"}),
        ("/devices", DEVICE),
    ],
)
def test_nothing_is_put_into_another_contract(
    stranger: User, signed_in: SignIn, device: Device, path: str, body: Any
) -> None:
    answer = signed_in(stranger).post(f"/api/contracts/OTHER{path}", json=body)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/buildings", {"name_zh": ""}, "name_zh"),
        ("POST", "/buildings", {"name_zh": "  "}, "name_zh"),
        ("POST", "/buildings", {"name_zh": "x" * 121}, "name_zh"),
        ("POST", "/buildings", {"name_zh": "a\x00b"}, "name_zh"),
        ("POST", "/buildings", {"name_zh": "x", "contract_id": 2}, "contract_id"),
        ("POST", "/rooms", {"name_zh": "x"}, "building_id"),
        ("PATCH", "/rooms/1", {"seq": 9}, "seq"),
        ("POST", "/devices", {**DEVICE, "type": "robot"}, "type"),
        ("POST", "/devices", {**DEVICE, "type": "room"}, "type"),
        ("PATCH", "/devices/1", {"name": ""}, "name"),
        ("PATCH", "/devices/1", {"quantity": -1}, "quantity"),
        ("PATCH", "/devices/1", {"in_service_on": "yesterday"}, "in_service_on"),
        ("PATCH", "/devices/1", {"register": {"BAD KEY": 1}}, "register.BAD KEY.key"),
        ("PATCH", "/devices/1", {"register": {"laser": {"a": 1}}}, "register.laser.value"),
        ("GET", "/devices?sort=password", None, "sort"),
        ("GET", "/devices?page_size=5000", None, "page_size"),
        ("GET", "/devices?page=0", None, "page"),
        ("GET", "/estate/export.csv?language=fr", None, "language"),
    ],
)
def test_what_is_invalid_is_named(
    desk: FlaskClient, method: str, path: str, body: Any, field: str
) -> None:
    answer = ask(desk, method, path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    assert field in answer.get_json()["fields"]


def test_buildings_and_rooms(desk: FlaskClient) -> None:
    building = ask(desk, "POST", "/buildings", {"name_zh": "研发中心", "name_en": "R&D"}).get_json()
    assert building == {
        "id": building["id"],
        "name_zh": "研发中心",
        "name_en": "R&D",
        "position": 1,
    }
    taken = ask(desk, "POST", "/buildings", {"name_zh": " 研发中心 "})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "building_taken")
    body = {"building_id": building["id"], "floor": "B1", "name_zh": "华山厅"}
    room = ask(desk, "POST", "/rooms", body)
    assert room.status_code == 201
    taken = ask(desk, "POST", "/rooms", body)
    assert (taken.status_code, taken.get_json()["code"]) == (409, "room_taken")
    path = f"/rooms/{room.get_json()['id']}"
    changed = ask(desk, "PATCH", path, {"name_en": "Huashan", "retired": True}).get_json()
    assert (changed["name_en"], changed["floor"], changed["retired"]) == ("Huashan", "B1", True)
    assert ask(desk, "GET", path).get_json() == {**changed, "device_count": 0}


def test_the_tree(desk: FlaskClient, contract: Contract, count_queries: Callable[[], int]) -> None:
    building = db.session.scalars(sa.select(Building)).one()
    for floor in ("12F", "2F", "B1"):
        for number in range(20):
            factories.room(building, f"{floor}会议室{number}", floor)
    ask(desk, "GET", "/estate")
    count_queries()
    (tree,) = ask(desk, "GET", "/estate").get_json()["buildings"]
    assert count_queries() <= 5
    assert tree["device_count"] == 1
    assert [floor["floor"] for floor in tree["floors"]] == ["B1", "2F", "8F", "12F"]
    assert [len(floor["rooms"]) for floor in tree["floors"]] == [20, 20, 1, 20]


def test_a_device_is_made_with_a_label_and_changed(desk: FlaskClient) -> None:
    body = {**DEVICE, "asset_number": "A9", "warranty_until": "2027-01-31",
            "register": {"rated_lamp_hours": 3000}}  # fmt: skip
    answer = ask(desk, "POST", "/devices", body)
    assert answer.status_code == 201
    made_device = answer.get_json()
    assert made_device["label"]
    assert made_device["room"]["name_zh"] == "西湖厅"
    path = f"/devices/{made_device['id']}"
    changes = {"warranty_until": None, "register": {"laser": True, "rated_lamp_hours": None}}
    changed = ask(desk, "PATCH", path, {**changes, "retired": True}).get_json()
    assert (changed["warranty_until"], changed["register"]) == (None, {"laser": True})
    assert changed["retired"]
    assert changed["asset_number"] == "A9"
    diffs = db.session.scalars(
        sa.select(AuditRow.diff).where(AuditRow.action == "change").order_by(AuditRow.id)
    ).all()
    assert diffs[0]["warranty_until"] == ["2027-01-31", None]
    assert not ask(desk, "PATCH", path, {"retired": False}).get_json()["retired"]


def test_a_change_that_changes_nothing_leaves_no_trace(desk: FlaskClient) -> None:
    before = db.session.scalar(sa.select(Contract.head_seq))
    ask(desk, "PATCH", "/devices/1", {"name": "西湖厅投影机", "register": {}})
    ask(desk, "PATCH", "/devices/1", {})
    db.session.rollback()
    assert db.session.scalar(sa.select(Contract.head_seq)) == before
    assert not db.session.scalars(
        sa.select(AuditRow).where(AuditRow.entity == "device").order_by(AuditRow.id)
    ).all()


def test_an_asset_number_stands_for_one_device(desk: FlaskClient) -> None:
    taken = ask(desk, "POST", "/devices", {**DEVICE, "asset_number": "a1"})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "asset_number_taken")
    assert taken.get_json()["details"] == {"device_id": 1}
    assert ask(desk, "POST", "/devices", DEVICE).status_code == 201
    assert ask(desk, "POST", "/devices", DEVICE).status_code == 201


def test_a_type_of_the_contracts_own_checklist_is_known(
    desk: FlaskClient, contract: Contract
) -> None:
    content = made.shipped()
    lights: Any = {"key": "lights", "zh": "灯光", "en": "Lights", "items": []}
    made.checklist(contract, {**content, "types": [*content["types"], lights]})
    assert ask(desk, "POST", "/devices", {**DEVICE, "type": "lights"}).status_code == 201


@pytest.fixture
def many(contract: Contract, device: Device) -> None:
    """Two thousand more devices in twenty rooms."""
    building = db.session.scalars(sa.select(Building)).one()
    rooms = [factories.room(building, f"{number}会议室", "3F") for number in range(20)]
    with unit_of_work() as session:
        session.add_all(
            Device(
                contract_id=contract.id,
                room_id=rooms[number % 20].id,
                type="camera" if number % 2 else "display",
                name=f"设备{number}",
                serial=f"N{number}",
                warranty_until=date(2026, 1, 1 + number % 28) if number % 3 else None,
            )
            for number in range(2000)
        )


LISTS: list[tuple[str, int | None, str | None]] = [
    ("", 2001, None),
    ("q=N1999", 1, "设备1999"),
    ("q=7会议室 设备7", None, None),
    ("q=100%25", 0, None),
    ("q=_", 0, None),
    ("q=8f 西湖", 1, "西湖厅投影机"),
    ("q=headquarters epson", 0, None),
    ("q=headquarters 爱普生", 1, "西湖厅投影机"),
    ("type=camera", 1000, None),
    ("room_id=1", 1, "西湖厅投影机"),
    ("room_id=1&type=camera", 0, None),
    ("building_id=1&sort=-name", 2001, None),
    ("building_id=2", 0, None),
    ("sort=warranty_until", 2001, "设备28"),
    ("sort=-warranty_until", 2001, "设备55"),
    ("retired=true", 0, None),
    ("retired=all", 2001, None),
    ("unlabelled=true", 2001, None),
]


def test_lists_are_filtered_sorted_and_paged_by_the_server(desk: FlaskClient, many: None) -> None:
    for query, total, first in LISTS:
        answer = ask(desk, "GET", f"/devices?page_size=20&{query}").get_json()
        assert total is None or answer["total"] == total, query
        assert len(answer["items"]) == min(20, answer["total"])
        assert first is None or answer["items"][0]["name"] == first, query


def test_a_page_costs_the_same_queries_whatever_its_size(
    desk: FlaskClient, many: None, count_queries: Callable[[], int]
) -> None:
    ask(desk, "GET", "/devices?page_size=10")
    count_queries()
    ask(desk, "GET", "/devices?page_size=10")
    small = count_queries()
    ask(desk, "GET", "/devices?page_size=200&page=3")
    assert count_queries() == small <= 6
    ask(desk, "GET", "/rooms?page_size=10")
    small = count_queries()
    ask(desk, "GET", "/rooms?page_size=200")
    assert count_queries() == small <= 6


def test_pages_follow_each_other_without_a_gap(desk: FlaskClient, many: None) -> None:
    seen: list[int] = []
    for page in range(1, 12):
        answer = ask(desk, "GET", f"/devices?page_size=200&page={page}&sort=type").get_json()
        seen.extend(item["id"] for item in answer["items"])
    assert len(seen) == len(set(seen)) == 2001


def test_a_label_code_finds_its_device(desk: FlaskClient) -> None:
    code = ask(desk, "POST", "/devices/1/label").get_json()["code"]
    answer = ask(desk, "GET", f"/devices?q={code[:4]}-{code[4:].lower()}").get_json()
    assert [item["id"] for item in answer["items"]] == [1]


def test_an_import_is_previewed_then_done_then_changes_nothing(desk: FlaskClient) -> None:
    path = "/estate/import?filename=台账.xlsx"
    preview = ask(desk, "POST", f"{path}&dry_run=1", UNTIDY).get_json()
    assert db.session.scalar(sa.select(sa.func.count(Device.id))) == 1
    done = ask(desk, "POST", path, UNTIDY).get_json()
    assert done == {**preview, "dry_run": False}
    assert (done["devices"], done["rooms"], done["created"]) == (123, 18, 123)
    error = next(problem for problem in done["problems"] if problem["row"] == 128)
    assert error == {
        "row": 128, "column": "资产编号", "code": "duplicate_asset_number", "severity": "error",
        "sheet": "设备台账", "details": {"value": "ZC-2023-00033", "first_row": 37},
        "message": "资产编号 ZC-2023-00033 与第 37 行重复,本行未导入",
    }  # fmt: skip
    again = ask(desk, "POST", path, UNTIDY).get_json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 123)
    imported = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.action == "import").order_by(AuditRow.id)
    ).one()
    assert imported.user_id is not None


def test_a_type_of_the_contract_s_own_checklist_comes_in_and_out(
    contract: Contract, desk: FlaskClient
) -> None:
    own: Any = {"key": "recorder", "zh": "录播主机", "en": "Lecture recorder", "items": []}
    content = made.shipped().copy()
    content["types"] = [*content["types"], own]
    made.checklist(contract, content)
    data = workbook([HEADS, ["甲楼", "1F", "大厅", "录播", "录播主机", "S7", "A7", 1, ""]])
    first = ask(desk, "POST", "/estate/import", data).get_json()
    assert (first["created"], first["problems"]) == (1, [])
    for language in ("zh", "en"):
        for ending in ("xlsx", "csv"):
            file = ask(desk, "GET", f"/estate/export.{ending}?language={language}").data
            back = ask(desk, "POST", f"/estate/import?filename=x.{ending}", file).get_json()
            assert (back["created"], back["updated"], back["problems"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "import_unreadable"),
        (b"PK\x03\x04 broken", 422, "import_unreadable"),
        (b"hello,world\n1,2\n", 422, "import_no_header"),
        (b"x" * (10 * 1024 * 1024 + 1), 413, "import_too_large"),
        (b"a,b\n" * 20_001, 413, "import_too_large"),
    ],
)
def test_files_that_are_refused(desk: FlaskClient, body: bytes, status: int, code: str) -> None:
    answer = ask(desk, "POST", "/estate/import", body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert db.session.scalar(sa.select(sa.func.count(Device.id))) == 1


def test_a_script_in_a_name_is_only_text(desk: FlaskClient) -> None:
    name = "<script>alert(1)</script>"
    data = workbook([HEADS, ["甲楼", "1F", name, name, "投影机", "S9", "A9", 1, "=cmd|' /C'!A0"]])
    ask(desk, "POST", "/estate/import", data)
    found = ask(desk, "GET", "/devices?q=S9").get_json()["items"][0]
    assert (found["name"], found["room"]["name_zh"]) == (name, name)


def test_the_export_is_the_register(desk: FlaskClient, contract: Contract) -> None:
    with unit_of_work() as session:
        session.execute(sa.delete(Label))
        session.execute(sa.delete(Device))
        session.execute(sa.delete(Room))
    ask(desk, "POST", "/estate/import", TIDY)
    answer = desk.get(f"{BASE}/estate/export.xlsx")
    assert answer.headers["Content-Disposition"] == "attachment; filename=HQ-asset-register.xlsx"
    assert answer.headers["Cache-Control"] == "no-store"
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert len(book.get_sheet_by_index(0).to_python()) == 141
    back = ask(desk, "POST", "/estate/import", answer.data).get_json()
    assert (back["created"], back["updated"], back["problems"]) == (0, 0, [])
    text = desk.get(f"{BASE}/estate/export.csv?language=en").data
    assert text.startswith(b'\xef\xbb\xbf"No.","Building","Floor","Room","Device name","Type"')
    back = ask(desk, "POST", "/estate/import?filename=x.csv", text).get_json()
    assert (back["created"], back["updated"], back["problems"]) == (0, 0, [])


def test_a_devices_whole_life(
    desk: FlaskClient, contract: Contract, device: Device, engineer: User,
    count_queries: Callable[[], int],
) -> None:  # fmt: skip
    made.checklist(contract)
    ask(desk, "PATCH", "/devices/1", {"register": {"rated_lamp_hours": 3000}})
    ask(desk, "POST", "/devices/1/label")
    device = db.session.get_one(Device, 1)
    for month, hours in (("2026-01", 2300), ("2026-02", 2450), ("2026-03", 2600)):
        payload = made.visit(made.opened(contract, month), device)
        verdict = "abnormal" if hours > 2550 else "normal"
        made.reading(payload, "lamp_hours", hours, verdict, cause="灯泡老化", action="待备件")
        payload["consumables"] = [{"consumable": "battery", "quantity": 2}]
        made.send(contract, engineer, payload, now=made.at(month))
    ask(desk, "GET", "/devices/1/life")
    count_queries()
    life = ask(desk, "GET", "/devices/1/life").get_json()
    assert count_queries() <= 16
    assert life["device"]["name"] == "西湖厅投影机"
    assert [row["month"] for row in life["inspections"]] == ["2026-03", "2026-02", "2026-01"]
    assert life["inspections"][0]["verdict"] == "abnormal"
    assert life["inspections"][0]["author"] == "李明"
    (trend,) = life["trends"]
    assert (trend["item"], trend["minimum"], trend["maximum"]) == ("lamp_hours", 0, 2550)
    assert [point["value"] for point in trend["points"]] == [2300, 2450, 2600]
    assert (trend["forecast"]["state"], trend["forecast"]["rate"]) == ("due", 150)
    assert trend["replaced"] == []
    assert trend["points"][0]["month"] == "2026-01"
    assert [row["item"] for row in life["open_items"]] == ["lamp_hours"]
    record = next(row for row in life["records"] if row["item"] == "lamp_hours")
    assert (record["cause"], record["recorded_by"]) == ("灯泡老化", "李明")
    assert record["open_item_number"] == life["open_items"][0]["number"]
    assert [row["quantity"] for row in life["consumables"]] == [2, 2, 2]
    assert [row["state"] for row in life["labels"]] == ["active"]
    assert life["changes"][0]["by"] == "王建国"
    assert "lamp_hours" in [item["key"] for item in life["items"]]
