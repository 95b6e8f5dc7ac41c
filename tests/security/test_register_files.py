"""Files that are not what they say: each gets one clear code, and none a crash (security #22)."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estate.files import HEADS, TIDY, rewritten, sheet_xml, workbook
from webapp.errors import AppError
from webapp.estate.cells import Cell
from webapp.estate.import_plan import plan_import
from webapp.estate.problem_texts import problem_text
from webapp.estate.register_file import MAX_FILE_BYTES, Sheet, read_sheets
from webapp.estate.register_rows import parse_register, parse_sheets
from webapp.sheets import quoted


def refused(data: bytes) -> AppError:
    with pytest.raises(AppError) as caught:
        read_sheets(data)
    return caught.value


@pytest.mark.attack(22)
def test_a_zip_bomb_is_measured_before_it_is_opened() -> None:
    error = refused(rewritten(TIDY, "sheet1.xml", b" " * (101 * 1024 * 1024)))
    assert (error.code, error.details["limit"]) == ("import_too_large", "unpacked_bytes")


@pytest.mark.attack(22)
def test_a_zip_that_lies_about_its_sizes_is_broken() -> None:
    data = bytearray(rewritten(TIDY, "sheet1.xml", b" " * (50 * 1024 * 1024)))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        sizes = [m.file_size for m in archive.infolist() if m.filename.endswith("sheet1.xml")]
    honest = sizes[0].to_bytes(4, "little")
    assert data.count(honest) >= 2
    assert (
        refused(bytes(data.replace(honest, (1000).to_bytes(4, "little")))).code
        == "import_unreadable"
    )


@pytest.mark.attack(22)
@pytest.mark.parametrize("corner", ["A1048576", "XFD1", "XFD1048576"])
def test_one_cell_in_a_far_corner_asks_for_no_memory(corner: str) -> None:
    row = corner.lstrip("XFDA")
    content = sheet_xml(f'<row r="{row}"><c r="{corner}"><v>1</v></c></row>')
    assert refused(rewritten(TIDY, "sheet1.xml", content)).code == "import_too_large"


@pytest.mark.parametrize(
    "disguise",
    [
        '<row r="1048576"><c><v>1</v></c></row>',
        '<row r="1048576"><c r="XFD1048576" s="1"/><c r="XFD1048576"><v>1</v></c></row>',
        '<row a=">" r="1048576"><c><v>1</v></c></row>',
        "<row r='1048576'   ><c r='A1048576' s='1'   ><v>1</v></c></row>",
        '<row r="1"><c a="/>" r="XFD1048576"><v>1</v></c></row>',
    ],
)
@pytest.mark.parametrize("padding", [0, 1 << 20, (1 << 20) - 200])
def test_a_corner_with_a_value_is_found_among_those_without(disguise: str, padding: int) -> None:
    empty = '<row r="9" spans="1:9" ht="14.25"><c r="A9" s="2"/></row>'
    content = sheet_xml(empty * 3 + f"<!--{'x' * padding}-->" + disguise)
    assert refused(rewritten(TIDY, "sheet1.xml", content)).code == "import_too_large"


def test_formats_at_the_far_end_of_a_sheet_are_no_rows() -> None:
    rows = "".join(
        f'<row r="{n}" spans="1:9" ht="14.25" customHeight="1" x14ac:dyDescent="0.2">'
        f'<c r="A{n}" s="2"/><c r="XFD{n}" s="2"/></row>'
        for n in range(30_000, 60_000)
    )
    head = "".join(
        f'<c r="{"ABC"[n]}1" t="inlineStr"><is><t>{word}</t></is></c>'
        for n, word in enumerate(["会议室", "设备名称", "设备类型"])
    )
    device = (
        head.replace("会议室", "大厅").replace("设备名称", "投影机一").replace("设备类型", "投影机")
    )
    device = device.replace('1" t', '2" t')
    content = sheet_xml(f'<row r="1">{head}</row><row r="2">{device}</row>{rows}<row r="1048576"/>')
    parsed = parse_register(rewritten(TIDY, "sheet1.xml", content))
    assert [(row.room, row.type) for row in parsed.rows] == [("大厅", "projector")]


def test_a_corner_written_in_references_is_no_way_around() -> None:
    content = sheet_xml('<row><c r="&#88;FD1048576"><v>1</v></c></row>')
    assert refused(rewritten(TIDY, "sheet1.xml", content)).code == "import_unreadable"


@pytest.mark.attack(22)
def test_a_million_rows_are_too_many() -> None:
    assert refused(b"a,b\n" * 20_001).details["limit"] == "rows"
    assert refused(b"a," * 500 + b"\n").details["limit"] == "columns"
    assert refused(b"x" * (MAX_FILE_BYTES + 1)).details["limit"] == "file_bytes"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n ",
        b"PK\x03\x04 and then nothing",
        TIDY[:4000],
        rewritten(TIDY, "sheet1.xml", b"<worksheet><not closed"),
        rewritten(TIDY, "workbook.xml", b"junk"),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"%PDF-1.7\n" + bytes(range(128, 256)) * 3 + b"\xff\xff",
    ],
)
def test_what_is_no_register_is_unreadable(data: bytes) -> None:
    with pytest.raises(AppError) as caught:
        parse_register(data)
    assert caught.value.code in ("import_unreadable", "import_no_header")


@pytest.mark.attack(22)
def test_only_values_count() -> None:
    rows: list[list[Cell]] = [
        HEADS,
        ["甲楼", "1F", "大厅", "投影机", "投影机", "S1", "A1", 1, "=1+1"],
    ]
    parsed = parse_register(workbook(rows))
    assert parsed.rows[0].remark in ("", "0")  # what the writer stored as the formula's value


LINK = b"""<?xml version="1.0"?><Relationships
 xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"
 Target="http://127.0.0.1:9/evil.xlsx" TargetMode="External"/></Relationships>"""
BOMB = b"""<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY a0 "lol"><!ENTITY file SYSTEM "file:///etc/passwd">
%s]><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>&%s;</t></is></c></row></sheetData></worksheet>"""
EACH_TEN_OF_THE_LAST = b"".join(
    b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
)


@pytest.mark.attack(22)
def test_a_link_to_another_workbook_is_never_followed() -> None:
    """What its cell showed when it was saved is all that counts."""
    row: list[Cell] = ["甲楼", "1F", "大厅", "投影机", "投影机", "S1", "A1", 1, "=[1]Sheet1!A1"]
    stream = io.BytesIO(workbook([HEADS, row]))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")
        archive.writestr("xl/externalLinks/_rels/externalLink1.xml.rels", LINK)
    parsed = parse_register(stream.getvalue())
    assert [row.remark for row in parsed.rows] in ([""], ["0"])


@pytest.mark.attack(22)
@pytest.mark.parametrize("entity", [b"a9", b"file"])
def test_no_entity_of_a_sheet_is_unfolded(entity: bytes) -> None:
    """Neither a billion of them nor a file of the server's."""
    sheet = BOMB % (EACH_TEN_OF_THE_LAST, entity)
    cells = ""
    with suppress(AppError):
        cells = str([one.rows for one in read_sheets(rewritten(TIDY, "sheet1.xml", sheet))])
    assert len(cells) < 1000
    assert "root:" not in cells


@pytest.mark.parametrize(
    "encoded",
    [
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("gb18030"),
        lambda text: text.replace(",", ";").encode("gbk"),
        lambda text: text.replace(",", "\t").encode("utf-16"),
    ],
)
def test_text_tables_in_the_encodings_that_spreadsheets_write(encoded) -> None:  # type: ignore[no-untyped-def]
    text = ",".join(str(head) for head in HEADS) + "\n甲楼,1F,大厅,投影机,投影机,S1,A1,1,\n"
    parsed = parse_register(encoded(text))
    assert parsed.rows[0].place == ("甲楼", "1F", "大厅")


@pytest.mark.attack(9)
@pytest.mark.parametrize(
    "text", ["=1", "+1", "-", "@x", "\tx", "'=1", "''-", "plain", "'plain", ""]
)
def test_quoting_for_csv_is_undone_when_read(text: str) -> None:
    assert not quoted(text).startswith(("=", "+", "-", "@", "\t"))
    (sheet,) = read_sheets(f'"{quoted(text)}",x\n'.encode())
    assert sheet.rows[0][0] == text


ANY_CELL = st.one_of(
    st.text(max_size=12),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.sampled_from(
        ["投影机", "合计", "大厅投影机", "", "2028年2月", "0１", "1e15", "9" * 20, "=1"]
    ),
)
ANY_HEADS: list[Cell] = [
    *HEADS,
    "启用日期",
    "保修截止",
    "IP地址",
    "灯泡额定时数",
    "无线",
    "楼宇英文名",
]
ANY_AREA = st.tuples(*[st.integers(0, 12)] * 4)


@pytest.mark.attack(22)
@given(st.lists(st.lists(ANY_CELL, max_size=16), max_size=8), st.lists(ANY_AREA, max_size=3))
def test_any_cells_give_a_report(rows: list[list[Any]], merged: list[Any]) -> None:
    parsed = parse_sheets([Sheet("x", [ANY_HEADS, *rows], merged)])
    plan = plan_import(parsed.rows, [], {})
    assert len(plan.creates) == parsed.devices <= len(rows)
    for problem in parsed.problems:
        assert problem_text(problem, "zh")
        assert problem_text(problem, "en")


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    code = ""
    try:
        parse_register(data)
    except AppError as error:
        code = error.code
    assert code in ("", "import_unreadable", "import_no_header", "import_too_large")
