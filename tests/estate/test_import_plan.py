"""Which row is which device: asset number, then serial, then room, name and type."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from webapp.estate.import_plan import ExistingDevice, ExistingPlace, ImportPlan, plan_import
from webapp.estate.register_line import RegisterRow

PLACE = ("甲楼", "1F", "大厅")
ROW = RegisterRow(
    row=2, building="甲楼", floor="1F", room="大厅", name="大厅投影机", type="projector",
    serial="S1", asset_number="A1", quantity=1,
)  # fmt: skip
DEVICE = ExistingDevice(
    id=1, place=PLACE, type="projector", name="大厅投影机", maker="", model="", serial="S1",
    asset_number="A1", ip="", firmware="", in_service_on=None, warranty_until=None, quantity=1,
    register={}, remark="",
)  # fmt: skip


def plan(rows: list[RegisterRow], devices: list[ExistingDevice]) -> ImportPlan:
    return plan_import(tuple(rows), devices, {d.place: ExistingPlace() for d in devices})


def counts(found: ImportPlan) -> tuple[int, int, int, list[str]]:
    codes = [problem.code for problem in found.problems]
    return len(found.creates), len(found.updates), found.unchanged, codes


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, (0, 0, 1, [])),
        ({"serial": ""}, (0, 0, 1, [])),
        ({"asset_number": "a1", "serial": "s1"}, (0, 1, 0, [])),
        ({"asset_number": ""}, (0, 0, 1, [])),
        ({"asset_number": "A9"}, (0, 1, 0, [])),
        ({"asset_number": "A9", "serial": "S9"}, (1, 0, 0, [])),
        ({"asset_number": "", "serial": ""}, (0, 0, 1, [])),
        ({"asset_number": "", "serial": "", "name": "other"}, (1, 0, 0, [])),
        ({"room": "小厅"}, (0, 1, 0, [])),
    ],
)
def test_matching(row: dict[str, str], expected: tuple[int, int, int, list[str]]) -> None:
    assert counts(plan([replace(ROW, **row)], [DEVICE])) == expected  # type: ignore[arg-type]


def test_two_numbers_of_two_devices_are_ambiguous() -> None:
    other = replace(DEVICE, id=2, serial="S2", asset_number="A2")
    found = plan([replace(ROW, serial="S2")], [DEVICE, other])
    assert counts(found) == (0, 0, 0, ["ambiguous_match"])


def test_one_serial_on_two_devices_is_ambiguous_unless_the_asset_number_decides() -> None:
    other = replace(DEVICE, id=2, asset_number="A2")
    assert counts(plan([ROW], [DEVICE, other])) == (0, 0, 1, [])
    assert counts(plan([replace(ROW, asset_number="")], [DEVICE, other]))[3] == ["ambiguous_match"]


@pytest.mark.parametrize("order", [1, -1])
def test_an_asset_number_given_to_another_device_makes_two_devices_of_one_never_one_of_two(
    order: int,
) -> None:
    retagged = replace(ROW, asset_number="A3")
    new = replace(ROW, row=3, name="新功放", type="amplifier", serial="S9", room="小厅")
    found = plan([retagged, new][::order], [DEVICE])
    assert counts(found) == (0, 1, 0, ["ambiguous_match"])
    assert (found.updates[0].values, found.problems[0].row) == ({"asset_number": "A3"}, 3)
    # With the first row done, the same file once more brings the second.
    again = plan([retagged, new], [replace(DEVICE, asset_number="A3")])
    assert counts(again) == (1, 0, 1, [])


def test_no_device_is_put_into_a_retired_room() -> None:
    places = {PLACE: ExistingPlace(), ("甲楼", "1F", "小厅"): ExistingPlace(retired=True)}
    moved = replace(ROW, room="小厅")
    made = replace(moved, row=3, serial="S2", asset_number="A2")
    found = plan_import((moved, made), [DEVICE], places)
    assert counts(found) == (0, 0, 0, ["room_retired", "room_retired"])
    there = replace(DEVICE, place=("甲楼", "1F", "小厅"))
    assert counts(plan_import((moved,), [there], places)) == (0, 0, 1, [])


def test_letters_of_a_chinese_keyboard_are_the_same_letters() -> None:
    typed = replace(DEVICE, name="投影机（新）", maker="Ｅｐｓｏｎ", serial="Ｓ１")
    row = replace(ROW, name="投影机(新)", maker="Epson")
    assert counts(plan([row], [typed])) == (0, 0, 1, [])
    bare = replace(typed, serial="", asset_number="")
    assert counts(plan([replace(row, serial="", asset_number="")], [bare])) == (0, 0, 1, [])


def test_of_two_devices_of_one_name_the_one_in_use_is_meant() -> None:
    gone = replace(DEVICE, serial="", asset_number="", retired=True)
    found = plan(
        [replace(ROW, serial="", asset_number="")], [gone, replace(gone, id=2, retired=False)]
    )
    assert counts(found) == (0, 0, 1, [])


def test_a_retired_device_is_not_brought_back_by_a_file() -> None:
    assert counts(plan([ROW], [replace(DEVICE, retired=True)])) == (0, 0, 0, ["device_retired"])


def test_devices_without_numbers_are_matched_one_to_one() -> None:
    bare = replace(ROW, serial="", asset_number="")
    first = replace(DEVICE, serial="", asset_number="")
    rows = [bare, replace(bare, row=3), replace(bare, row=4)]
    assert counts(plan(rows, [first, replace(first, id=2)])) == (1, 0, 2, [])


def test_numbers_are_added_to_a_device_that_had_none() -> None:
    found = plan([ROW], [replace(DEVICE, serial="", asset_number="")])
    assert found.updates[0].values == {"serial": "S1", "asset_number": "A1"}


def test_an_empty_cell_makes_no_statement() -> None:
    device = replace(DEVICE, firmware="2.1", warranty_until=date(2027, 1, 1), quantity=4)
    assert counts(plan([replace(ROW, quantity=None)], [device])) == (0, 0, 1, [])


def test_a_type_that_only_the_name_told_does_not_overrule_the_type_that_is_there() -> None:
    row = replace(ROW, type="display", type_stated=False)
    assert counts(plan([row], [DEVICE])) == (0, 0, 1, [])


@pytest.mark.parametrize(
    ("row", "register"),
    [
        ({"derived": {"microphone_count": 6}}, None),
        ({"quantity": 8, "derived": {"microphone_count": 8}}, {"microphone_count": 8}),
        ({"register": {"microphone_count": 5}}, {"microphone_count": 5}),
        ({"type_word": "话筒"}, {"microphone_count": 4, "type_word": "话筒"}),
    ],
)
def test_a_count_from_the_quantity_stands_back_for_one_that_was_corrected(
    row: dict[str, Any], register: dict[str, Any] | None
) -> None:
    device = replace(DEVICE, type="microphone", quantity=6, register={"microphone_count": 4})
    row = {"type": "microphone", "quantity": 6, **row}
    found = plan([replace(ROW, **row)], [device])
    assert (found.updates[0].values.get("register") if found.updates else None) == register


def test_a_lost_building_is_found_again_by_the_only_room_of_that_name() -> None:
    lost = replace(ROW, building="(楼宇未填)", floor="", building_known=False)
    assert counts(plan([lost], [DEVICE])) == (0, 0, 1, [])
    twice = [
        DEVICE,
        replace(DEVICE, id=2, place=("乙楼", "1F", "大厅"), asset_number="A2", serial=""),
    ]
    assert plan([lost], twice).updates[0].place == lost.place
