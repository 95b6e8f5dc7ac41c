"""A register into the database and out again: nothing lost, nothing twice, nothing by halves."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from python_calamine import CalamineWorkbook

from tests import factories
from tests.estate.files import DATA, HEADS, TIDY, UNTIDY, workbook
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.estate import importing, labels, queries
from webapp.estate.cells import Cell
from webapp.estate.models import Building, Device, Label, Room
from webapp.estate.register_export import Listed, export_csv, export_xlsx, register_table
from webapp.estate.register_rows import parse_register
from webapp.estate.rules import is_code
from webapp.identity.models import Contract

NOW = datetime(2026, 11, 3, 1, tzinfo=UTC)


def bring_in(contract: Contract, data: bytes, filename: str = "") -> importing.ImportReport:
    parsed = parse_register(data, filename)
    with unit_of_work() as session:
        return importing.import_register(
            session, parsed, contract_id=contract.id, actor_id=None, now=NOW
        )


def listed(contract: Contract) -> list[Listed]:
    return queries.register_devices(db.session(), contract.id)


def count(kind: type[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


@pytest.mark.parametrize(("data", "devices", "rooms"), [(TIDY, 140, 24), (UNTIDY, 123, 18)])
def test_a_sample_comes_in_once(contract: Contract, data: bytes, devices: int, rooms: int) -> None:
    report = bring_in(contract, data)
    assert (report.created, report.updated, report.rooms) == (devices, 0, rooms)
    assert (count(Device), count(Room), count(Label)) == (devices, rooms, devices)
    before = (count(AuditRow), contract_head(contract))
    again = bring_in(contract, data)
    assert (again.created, again.updated, again.unchanged) == (0, 0, devices)
    assert again.problems == report.problems
    assert (count(AuditRow), contract_head(contract)) == before


def contract_head(contract: Contract) -> int:
    statement = sa.select(Contract.head_seq).where(Contract.id == contract.id)
    return db.session.scalar(statement) or 0


def test_a_sample_comes_out_as_it_went_in(contract: Contract) -> None:
    bring_in(contract, TIDY)
    original = CalamineWorkbook.from_filelike(io.BytesIO(TIDY)).get_sheet_by_index(0).to_python()
    exported = export_xlsx(listed(contract))
    book = CalamineWorkbook.from_filelike(io.BytesIO(exported))
    assert book.get_sheet_by_index(0).to_python() == original[2:]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("write", [export_xlsx, export_csv])
@pytest.mark.parametrize("data", [TIDY, UNTIDY, (DATA / "register-english.csv").read_bytes()])
def test_an_export_changes_nothing_when_it_comes_back(
    contract: Contract, data: bytes, write: Any, language: str
) -> None:
    bring_in(contract, data)
    report = bring_in(contract, write(listed(contract), language))
    assert (report.created, report.updated, report.problems) == (0, 0, ())


@pytest.mark.parametrize("write", [export_xlsx, export_csv])
def test_an_export_makes_the_same_register_in_an_empty_contract(
    contract: Contract, write: Any
) -> None:
    bring_in(contract, UNTIDY)
    other = factories.contract("COPY")
    bring_in(other, write(listed(contract)))
    assert register_table(listed(other)) == register_table(listed(contract))


@pytest.mark.parametrize("write", [export_xlsx, export_csv])
def test_what_was_typed_on_a_chinese_keyboard_comes_back_as_the_same_place_and_device(
    contract: Contract, write: Any
) -> None:
    house = factories.building(contract, name_zh="总部（东区）")
    room = factories.room(house, name_zh="会议室（大）")
    factories.device(room, name="摄像机（后）", type="camera")
    factories.device(room, name="Ⅱ号 投影机", type="projector", serial="ＳＮ１", asset_number="A1")
    for _ in range(2):
        report = bring_in(contract, write(listed(contract)))
        assert (report.created, report.updated, report.problems) == (0, 0, ())
    assert (count(Device), count(Room), count(Building)) == (2, 1, 1)


def test_english_names_in_a_register_reach_the_rooms_that_are_there(contract: Contract) -> None:
    room = factories.room(factories.building(contract, name_zh="甲楼"), name_zh="大厅", floor="1F")
    heads: list[Cell] = [
        "楼宇",
        "楼宇英文名",
        "楼层",
        "会议室",
        "会议室英文名",
        "设备名称",
        "设备类型",
    ]
    data = workbook([heads, ["甲楼", "North Wing", "1F", "大厅", "The Hall", "投影机", "投影机"]])
    assert bring_in(contract, data).updated == 1
    named = db.session.get_one(Room, room.id, populate_existing=True)
    assert named.name_en == "The Hall"
    assert db.session.get_one(Building, named.building_id).name_en == "North Wing"
    again = bring_in(contract, data)
    assert (again.created, again.updated) == (0, 0)


def test_a_device_of_the_contract_s_own_type_comes_back(contract: Contract) -> None:
    own = {"recorder": ("录播主机", "Lecture recorder")}
    room = factories.room(factories.building(contract))
    factories.device(room, name="录播", type="recorder", serial="R1")
    for language in ("zh", "en"):
        data = export_xlsx(listed(contract), language, types=own)
        parsed = parse_register(data, types=own)
        assert [row.type for row in parsed.rows] == ["recorder"]
        report = importing.preview_import(db.session(), contract.id, parsed)
        assert (report.created, report.updated, report.problems) == (0, 0, ())


FORMULAS = ["=1+1", "+86 21 5555", "-", "@SUM(A1)", "\tx", "'=1", 'say "hi", twice', "两\n行"]


@pytest.mark.parametrize("write", [export_xlsx, export_csv])
def test_no_text_becomes_a_formula(contract: Contract, write: Any) -> None:
    room = factories.room(factories.building(contract))
    for index, text in enumerate(FORMULAS):
        factories.device(room, name=f"投影机{index}", asset_number=f"A{index}", remark=text.strip())
    data = write(listed(contract))
    if write is export_xlsx:
        assert b"<f>" not in _sheet(data)
    else:
        cells = data.decode("utf-8-sig").splitlines()
        assert not any(f",{mark}" in line for line in cells for mark in "=+-@\t")
    report = bring_in(contract, data)
    assert (report.updated, report.created, report.problems) == (0, 0, ())


def _sheet(data: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def test_a_changed_register_changes_what_differs_and_says_so(contract: Contract) -> None:
    row: list[Cell] = ["甲楼", "1F", "大厅", "大厅麦克风", "麦克风", "S1", "A1", 4, ""]
    bring_in(contract, workbook([HEADS, row]))
    moved: list[Cell] = ["甲楼", "2F", "小厅", "小厅麦克风", "麦克风", "S1", "A1", 6, ""]
    report = bring_in(contract, workbook([HEADS, moved]))
    assert (report.created, report.updated) == (0, 1)
    device = db.session.scalars(sa.select(Device)).one()
    assert (device.name, device.quantity, device.register) == (
        "小厅麦克风", 6, {"microphone_count": 6},
    )  # fmt: skip
    statement = (
        sa.select(AuditRow)
        .where(AuditRow.entity == "device", AuditRow.action == "change")
        .order_by(AuditRow.id)
    )
    diff = db.session.scalars(statement).one().diff
    assert diff["name"] == ["大厅麦克风", "小厅麦克风"]
    assert diff["quantity"] == [4, 6]
    assert diff.keys() == {"name", "quantity", "register", "room_id"}


@pytest.mark.attack(22)
def test_a_failure_leaves_nothing_behind(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(labels, "issue_labels", fail)
    with pytest.raises(RuntimeError):
        bring_in(contract, TIDY)
    assert (count(Building), count(Room), count(Device), count(AuditRow)) == (0, 0, 0, 1)


def test_contracts_do_not_see_each_other(contract: Contract) -> None:
    other = factories.contract("OTHER")
    bring_in(contract, TIDY)
    assert bring_in(other, TIDY).created == 140
    assert count(Device) == 280


def test_every_new_device_has_a_label_of_its_own(contract: Contract) -> None:
    bring_in(contract, UNTIDY)
    issued = db.session.scalars(sa.select(Label)).all()
    assert all(is_code(label.code) for label in issued)
    assert len({label.device_id for label in issued}) == 123


def test_a_preview_says_the_same_and_changes_nothing(app: Flask, contract: Contract) -> None:
    parsed = parse_register(UNTIDY)
    preview = importing.preview_import(db.session(), contract.id, parsed)
    assert count(Device) == 0
    assert preview == importing.preview_register(parsed) == bring_in(contract, UNTIDY)


def test_comparing_and_changing_two_thousand_devices_reads_them_at_once(
    contract: Contract, count_queries: Any
) -> None:
    def register(maker: str) -> bytes:
        heads = [*HEADS, "品牌"]
        rows: list[list[Cell]] = [
            [
                "甲楼",
                f"{i // 100}F",
                f"{i // 10}厅",
                "投影机",
                "投影机",
                f"S{i}",
                f"A{i}",
                1,
                "",
                maker,
            ]
            for i in range(2000)
        ]
        return workbook([heads, *rows])

    assert bring_in(contract, register("")).created == 2000
    count_queries()
    assert bring_in(contract, register("")).unchanged == 2000
    assert count_queries() < 12
    with unit_of_work() as session:
        changed = importing.preview_import(session, contract.id, parse_register(register("索尼")))
        assert changed.updated == 2000
    assert count_queries() < 12
