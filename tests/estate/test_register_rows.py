"""Registers as clients write them: the two samples, CSV in English and GBK, and the usual dirt."""

from __future__ import annotations

from datetime import date

import pytest

from tests.estate.files import DATA, HEADS, TIDY, UNTIDY, workbook
from webapp.errors import AppError
from webapp.estate import words
from webapp.estate.cells import Cell
from webapp.estate.problem_texts import known_codes, problem_text
from webapp.estate.register_line import UNKNOWN_BUILDING, RegisterRow
from webapp.estate.register_rows import ParsedRegister, parse_register


def found(parsed: ParsedRegister) -> list[tuple[int, str, str, str]]:
    return [(p.row, p.column, p.code, p.severity) for p in parsed.problems]


def by_asset(parsed: ParsedRegister, asset_number: str) -> RegisterRow:
    return next(row for row in parsed.rows if row.asset_number == asset_number)


def test_the_tidy_sample_is_read_whole() -> None:
    parsed = parse_register(TIDY)
    assert (parsed.devices, parsed.rooms, parsed.problems) == (140, 24, ())
    row = by_asset(parsed, "ZC-2022-00014")
    assert row.place == ("总部大楼", "8F", "洽谈室A")
    assert (row.type, row.maker, row.model, row.serial) == (
        "clickshare", "Barco", "CX-30", "SN270859703",
    )  # fmt: skip
    assert (row.in_service_on, row.warranty_until) == (date(2018, 4, 20), date(2023, 4, 20))
    assert (row.ip, row.firmware, row.quantity) == ("10.8.15.31", "8.14.7", 4)
    assert row.derived == {"button_count": 4}
    assert by_asset(parsed, "ZC-2021-00058").register == {"rated_lamp_hours": 20000}


def test_the_untidy_sample_gives_its_123_devices_and_a_line_for_each_bad_row() -> None:
    parsed = parse_register(UNTIDY)
    assert (parsed.devices, parsed.rooms) == (123, 18)
    assert [row.row for row in parsed.rows] == [*range(4, 27), *range(28, 128)]
    assert found(parsed) == [
        (28, "楼宇", "building_missing", "warning"),
        (128, "资产编号", "duplicate_asset_number", "error"),
        (129, "资产编号", "duplicate_asset_number", "error"),
        (130, "资产编号", "duplicate_asset_number", "error"),
        (131, "会议室", "room_missing", "error"),
        (132, "设备类型", "unknown_type", "error"),
        (132, "启用日期", "date_unreadable", "warning"),
    ]


def test_the_untidy_sample_has_each_device_in_its_room() -> None:
    parsed = parse_register(UNTIDY)
    assert all(row.name.startswith(row.room) for row in parsed.rows)
    inside_a_merged_area = by_asset(parsed, "ZC-2018-00037")
    assert inside_a_merged_area.place == ("总部大楼", "B1", "第二会议室")
    under_an_inserted_row = by_asset(parsed, "ZC-2018-00028")
    assert under_an_inserted_row.place == (UNKNOWN_BUILDING, "", "第一会议室")
    assert not under_an_inserted_row.building_known


def test_the_untidy_sample_is_put_in_order() -> None:
    parsed = parse_register(UNTIDY)
    assert by_asset(parsed, "ZC-2018-00001").serial == "SN152251367"
    assert by_asset(parsed, "ZC-2022-00005").type == "projector"
    assert by_asset(parsed, "ZC-2021-00004").type == "clickshare"  # written clickshaer
    assert by_asset(parsed, "ZC-2017-00009").type == "amplifier"  # told by its name
    assert by_asset(parsed, "ZC-2020-00003").in_service_on == date(2018, 10, 21)
    assert by_asset(parsed, "ZC-2022-00005").warranty_until == date(2023, 5, 13)
    assert by_asset(parsed, "ZC-2025-00008").in_service_on == date(2024, 2, 24)
    assert by_asset(parsed, "ZC-2023-00006").in_service_on == date(2025, 4, 1)
    assert by_asset(parsed, "ZC-2023-00051").warranty_until == date(2028, 2, 29)
    assert by_asset(parsed, "ZC-2021-00004").remark == ""  # a formula without a value
    assert by_asset(parsed, "ZC-2023-00024").register == {"rated_lamp_hours": 20000, "laser": True}
    assert by_asset(parsed, "ZC-2023-00105").register == {"wireless": True}
    assert {row.type for row in parsed.rows} == set(words.DEVICE_TYPES)


def test_an_english_csv() -> None:
    parsed = parse_register((DATA / "register-english.csv").read_bytes(), "register.csv")
    assert (parsed.devices, parsed.rooms) == (6, 2)
    assert [row.type for row in parsed.rows] == [
        "projector", "microphone", "clickshare", "display", "display", "power",
    ]  # fmt: skip
    laser, microphones, sharing, left, *_ = parsed.rows
    assert laser.register == {"rated_lamp_hours": 20000, "laser": True}
    assert (laser.in_service_on, laser.warranty_until) == (date(2021, 3, 12), date(2026, 3, 31))
    assert (microphones.serial, microphones.remark) == ("007700012", "Two spares, in the drawer")
    assert sharing.derived == {"button_count": 4}
    assert (left.remark, left.type_word, left.place) == (
        "=danger", "LCD TV", ("Annex", "", "Training Room 1"),
    )  # fmt: skip
    assert found(parsed) == [(8, "Install date", "date_unreadable", "warning")]


def test_a_gbk_csv_with_the_blanks_of_merged_cells() -> None:
    parsed = parse_register((DATA / "register-gbk.csv").read_bytes(), "台账.csv")
    assert [row.place for row in parsed.rows] == [
        ("一号楼", "3层", "301会议室"),
        ("一号楼", "3层", "301会议室"),
        ("一号楼", "4层", "401会议室"),
    ]
    first, second, third = parsed.rows
    assert (first.serial, first.asset_number, first.register) == (
        "123456",
        "ZC-1",
        {"wireless": True},
    )
    assert first.derived == {"microphone_count": 4}
    assert (second.type, second.remark) == ("amplifier", "两路，备用")
    assert third.register == {"wireless": False}
    # Its name neither repeats the room above nor is a bare type word: not put anywhere by guess.
    assert found(parsed) == [(6, "房间名称", "room_missing", "error")]


def test_merged_areas_fill_down_and_only_there() -> None:
    parsed = parse_register(
        workbook(
            [
                HEADS,
                ["甲楼", "1F", "大厅", "大厅投影机", "投影机", "S1", "A1", 1, ""],
                ["", "", "", "大厅功放", "功放", "S2", "A2", 1, ""],
                ["甲楼", "", "小厅", "小厅功放", "功放", "S3", "A3", 1, ""],
                ["乙楼", "2F", "", "功放", "功放", "S4", "A4", 1, ""],
            ],
            merged=("A2:A3", "B2:B4", "C2:C3"),
        )
    )
    assert [row.place for row in parsed.rows] == [
        ("甲楼", "1F", "大厅"),
        ("甲楼", "1F", "大厅"),
        ("甲楼", "1F", "小厅"),
    ]
    assert found(parsed) == [(5, "会议室", "room_missing", "error")]


def test_totals_notes_and_repeated_heads_are_no_devices() -> None:
    device: list[Cell] = ["甲楼", "1F", "大厅", "大厅投影机", "投影机", "S1", "A1", 1, ""]
    parsed = parse_register(
        workbook(
            [
                ["设备台账"],
                [],
                HEADS,
                device,
                ["小计:", "", "", "", "", "", "", 1, ""],
                HEADS,
                [*device[:5], "S2", "A2", 1, ""],
                ["合 计", "", "", "", "", "", "", 2, ""],
                ["制表人:王芳", "", "", "", "", "", "", "", ""],
            ]
        )
    )
    assert ([row.row for row in parsed.rows], parsed.problems) == ([4, 7], ())


def test_what_stands_under_a_room_is_in_it_whatever_became_of_its_first_row() -> None:
    parsed = parse_register(
        workbook(
            [
                HEADS,
                ["甲楼", "1F", "大厅", "投影机", "投影机", "S1", "A1", 1, ""],
                ["甲楼", "1F", "小厅", "扫地机", "扫地机器人", "S2", "A2", 1, ""],
                ["", "", "", "麦克风", "麦克风", "S3", "A3", 1, ""],
                ["乙楼", "2F", "展厅", "", "", "", "", "", ""],
                ["", "", "", "功放", "功放", "S4", "A4", 1, ""],
            ]
        )
    )
    assert [row.place for row in parsed.rows] == [
        ("甲楼", "1F", "大厅"),
        ("甲楼", "1F", "小厅"),
        ("乙楼", "2F", "展厅"),
    ]
    assert found(parsed) == [(3, "设备类型", "unknown_type", "error")]


def test_devices_whose_words_are_those_of_heads_are_devices() -> None:
    rows: list[list[Cell]] = [
        ["Building", "Floor", "Room", "Device name", "Type", "Serial number"],
        ["Tower A", "Level 3", "Room 301", "Laser projector", "Projector", "S1"],
        ["Building", "Floor", "Room", "Device name", "Type", "Serial number"],
        ["Site B", "Level 1", "Room 2", "Wireless microphone", "Microphone", "S2"],
    ]
    parsed = parse_register(workbook(rows))
    assert ([row.serial for row in parsed.rows], parsed.problems) == (["S1", "S2"], ())


def test_a_column_that_is_not_known_is_told_of_once_unless_it_is_empty() -> None:
    parsed = parse_register(
        workbook(
            [
                [*HEADS, "责任部门", "楼管", "楼层高"],
                ["甲楼", "1F", "大厅", "投影机", "投影机", "S1", "A1", 1, "", "行政部", "", "-"],
                ["甲楼", "1F", "大厅", "功放", "功放", "S2", "A2", 1, "", "行政部", "", ""],
            ]
        )
    )
    assert found(parsed) == [(1, "责任部门", "column_ignored", "warning")]
    assert len(parsed.rows) == 2


def test_the_types_of_a_contract_s_own_checklist_are_known() -> None:
    own = {"recorder": ("录播主机", "Lecture recorder")}
    rows: list[list[Cell]] = [
        HEADS,
        ["甲楼", "1F", "大厅", "设备一", "录播主机", "S1", "A1", 1, ""],
        ["甲楼", "1F", "大厅", "设备二", "lecture recorder", "S2", "A2", 1, ""],
        ["甲楼", "1F", "大厅", "设备三", "recorder", "S3", "A3", 1, ""],
        ["甲楼", "1F", "大厅", "大厅录播主机", "", "S4", "A4", 1, ""],
        ["甲楼", "1F", "大厅", "", "录播主机", "S5", "A5", 1, ""],
    ]
    parsed = parse_register(workbook(rows), types=own)
    assert ({row.type for row in parsed.rows}, parsed.problems) == ({"recorder"}, ())
    assert (len(parsed.rows), parsed.rows[-1].name) == (5, "大厅录播主机")
    assert not parse_register(workbook(rows)).rows


def test_hidden_sheets_are_not_read() -> None:
    rows: list[list[Cell]] = [HEADS, ["甲楼", "1F", "大厅", "投影机", "投影机", "S1", "A1", 1, ""]]
    old: list[list[Cell]] = [HEADS, ["甲楼", "1F", "大厅", "投影机", "投影机", "S9", "A9", 1, ""]]
    parsed = parse_register(workbook(rows, hidden=old))
    assert [row.serial for row in parsed.rows] == ["S1"]


def test_what_repeats_a_row_of_another_sheet_names_that_sheet() -> None:
    first: list[list[Cell]] = [HEADS, ["甲楼", "1F", "大厅", "投影机", "投影机", "S1", "A1", 1, ""]]
    second: list[list[Cell]] = [
        HEADS,
        ["甲楼", "3F", "小厅", "投影机", "投影机", "S2", "A2", 1, ""],
        ["甲楼", "3F", "小厅", "功放", "功放", "S2", "A3", 1, ""],
        ["甲楼", "3F", "小厅", "中控", "中控", "S4", "A1", 1, ""],
    ]
    parsed = parse_register(workbook(first, second=second))
    told = [(p.sheet, p.row, problem_text(p)) for p in parsed.problems]
    assert [row[:2] for row in told] == [("三楼", 3), ("三楼", 4)]
    assert "与第 2 行重复" in told[0][2]
    assert "与第 Sheet1!2 行重复" in told[1][2]


def test_long_numbers_are_taken_only_while_they_are_whole() -> None:
    parsed = parse_register(
        workbook(
            [
                HEADS,
                ["甲楼", "1F", "大厅", "投影机", "投影机", 123456789012345, "A1", 1, ""],
                ["甲楼", "1F", "大厅", "功放", "功放", 12345678901234567, "A2", 1, ""],
                ["甲楼", "1F", "大厅", "中控", "中控", "12345678901234567", "A3", 1, ""],
            ]
        )
    )
    assert [row.serial for row in parsed.rows] == ["123456789012345", "", "12345678901234567"]
    assert found(parsed) == [(3, "序列号", "digits_lost", "warning")]


def test_serials_that_repeat() -> None:
    parsed = parse_register(
        workbook(
            [
                HEADS,
                ["甲楼", "1F", "大厅", "投影机", "投影机", "S1", "A1", 1, ""],
                ["甲楼", "1F", "大厅", "功放", "功放", "s1", "A2", 1, ""],
                ["甲楼", "1F", "大厅", "中控", "中控", "S1", "", 1, ""],
            ]
        )
    )
    assert [row.row for row in parsed.rows] == [2, 3]
    assert found(parsed) == [
        (3, "序列号", "duplicate_serial", "warning"),
        (4, "序列号", "duplicate_serial", "error"),
    ]


def test_a_cell_too_long_for_its_field_is_left_out_not_cut() -> None:
    parsed = parse_register(
        workbook(
            [HEADS, ["甲楼", "1F", "大厅", "投影机", "投影机", "S" * 121, "A1", 1, "备" * 2001]]
        )
    )
    assert (parsed.rows[0].serial, parsed.rows[0].remark) == ("", "")
    assert [code for _, _, code, _ in found(parsed)] == ["text_too_long", "text_too_long"]


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("楼宇 / Building", "building"),
        ("*资产编号", "asset_number"),
        ("启用日期(年月日)", "in_service_on"),
        ("保修\n截止", "warranty_until"),
        ("Ｓ／Ｎ", "serial"),
        ("SERIAL NO.", "serial"),
        ("设备名称 Device Name", "name"),
        ("Warranty Expiry Date", "warranty_until"),
        ("#", "sequence"),
        ("天气", None),
        ("Asset #", "asset_number"),
        ("资产编号 Asset No.", "asset_number"),
        ("启用日期 年月日", "in_service_on"),
        ("质保到期时间", "warranty_until"),
        ("设备SN", "serial"),
        ("Tower A", None),
        ("Laser projector", None),
    ],
)
def test_heads(head: str, field: str | None) -> None:
    column = words.column_of(head)
    assert (column[0] if column else None) == field


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("clickshaer", "clickshare"),
        ("projecter", "projector"),
        ("视频会议终瑞", "codec"),
        ("電視", None),
        ("扫地机器人", None),
        ("mic", "microphone"),
        ("UPS", "power"),
        ("会议桌", None),
        ("Room", None),
        ("视频处理器", None),
        ("会议平板支架", None),
        ("液晶电视架", None),
        ("会议终端电源", None),
        ("UPS电池", None),
        ("数字会议主机", None),
    ],
)
def test_type_words(word: str, kind: str | None) -> None:
    assert words.type_of_word(word) == kind


def test_every_exported_word_is_read_back() -> None:
    for language in ("zh", "en"):
        for kind in words.DEVICE_TYPES:
            assert words.type_of_word(words.type_title(kind, language)) == kind
        for name in words.COLUMN_WORDS:
            column = words.column_of(words.column_title(name, language))
            assert column is not None
            assert column[0] == name


def test_every_problem_has_a_sentence_in_both_languages() -> None:
    for problem in parse_register(UNTIDY).problems:
        assert problem.code in known_codes()
        assert problem_text(problem, "zh") != problem_text(problem, "en")


def test_a_file_without_a_header_is_refused() -> None:
    with pytest.raises(AppError, match="import_no_header"):
        parse_register(workbook([["a", "b"], [1, 2]]))
    with pytest.raises(AppError, match="import_no_header"):
        parse_register("你好\n世界\n".encode())
