"""Sheets of labels, read back by an independent decoder: blurred, at 150 dots per inch."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from webapp.errors import AppError
from webapp.estate import label_font, label_sheet, rules
from webapp.estate.label_drawing import label_png
from webapp.estate.label_grid import PRESETS, Grid, check_grid
from webapp.estate.label_layout import PADDING, LabelText, draw_label, wrap
from webapp.estate.label_qr import QUIET_MODULES, qr_matrix

BASE_URL = "https://rounds.example.com"
NAMES = (
    ("总部大楼 8F", "洽谈室A", "洽谈室A投影机", "Meeting Room A · Headquarters, 8F", "Projector · EPSON CB-L770U"),
    ("上海分部 22F", "第一会议室", "第一会议室ClickShare", "Room 第一会议室 · 22F", "ClickShare · Barco CX-30"),
    ("研发中心三号楼东配楼 B2", "国际学术交流中心多功能报告厅(东侧备用控制室)" * 2, "激光工程投影机二号吊装" * 6,
     "International Conference Centre, East Backup Control Room " * 3, "Projector · " + "X" * 180),
)  # fmt: skip


def labels(count: int) -> list[LabelText]:
    return [LabelText(rules.new_code(), *NAMES[index % 3]) for index in range(count)]


def read(png: bytes, blur: float = 0.8) -> list[tuple[str | None, Any]]:
    picture = Image.open(io.BytesIO(png)).convert("L").filter(ImageFilter.GaussianBlur(blur))
    found = zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    return [(rules.parse_label(barcode.text), barcode.position) for barcode in found]


def codes(png: bytes) -> list[str | None]:
    return sorted((code for code, _ in read(png)), key=str)


@pytest.mark.parametrize("key", PRESETS)
def test_every_label_of_a_full_sheet_is_read_back(key: str) -> None:
    grid = PRESETS[key]
    wanted = labels(grid.per_page)
    (page,) = label_sheet.sheet_pages(wanted, grid, BASE_URL, form="png", ppi=150)
    assert codes(page) == sorted(label.code for label in wanted)


def test_labels_of_25_millimetres_with_a_long_address_are_read_back() -> None:
    grid = Grid(5, 9, 40, 28, margin_left=3, margin_top=8, gap_x=0.5, gap_y=2)
    check_grid(grid)
    wanted = labels(grid.per_page)
    drawing = draw_label(wanted[0], 40, 28, label_font.width_em)
    assert drawing.qr_size == 25.0
    base_url = "https://meeting-rooms.operations.example.com:8443"
    (page,) = label_sheet.sheet_pages(wanted, grid, base_url, form="png", ppi=150)
    assert codes(page) == sorted(label.code for label in wanted)


def test_a_used_sheet_is_begun_where_labels_are_left_and_goes_on() -> None:
    wanted = labels(20)
    pages = label_sheet.sheet_pages(wanted, PRESETS["L7160"], BASE_URL, start=10, form="png")
    assert [len(read(page)) for page in pages] == [12, 8]
    first = min(read(pages[0]), key=lambda hit: (hit[1].top_left.y, hit[1].top_left.x))
    x, y = PRESETS["L7160"].place(9)
    assert abs(first[1].top_left.y * 25.4 / 150 - y) < 10
    assert first[1].top_left.x * 25.4 / 150 > x


def test_the_pdf_is_one_whose_text_can_be_found() -> None:
    data = label_sheet.sheet_pdf(labels(30), PRESETS["L7160"], BASE_URL)
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Type /Page\n") + data.count(b"/Type/Page/") >= 1
    assert len(data) < 200_000


@pytest.mark.parametrize("key", PRESETS)
@pytest.mark.parametrize("names", NAMES)
def test_nothing_leaves_the_label(key: str, names: tuple[str, ...]) -> None:
    grid = PRESETS[key]
    label = LabelText("D6GR34Z8", *names)
    drawing = draw_label(label, grid.label_width, grid.label_height, label_font.width_em)
    assert drawing.qr_x >= 0
    assert drawing.qr_x + drawing.qr_size <= grid.label_width
    assert drawing.qr_y + drawing.qr_size <= grid.label_height
    for line in drawing.lines:
        width = label_font.width_em(line.text) * line.size
        left = line.x - width / 2 if line.centred else line.x
        assert left >= 0
        assert left + width <= grid.label_width - PADDING + 0.6
        assert line.y >= 0
        assert line.y + line.size <= grid.label_height


@pytest.mark.parametrize("key", PRESETS)
def test_code_room_and_device_stand_on_every_label_in_both_languages(key: str) -> None:
    grid = PRESETS[key]
    label = LabelText("D6GR34Z8", *NAMES[0])
    drawing = draw_label(label, grid.label_width, grid.label_height, label_font.width_em)
    text = "".join(line.text for line in drawing.lines).replace(" ", "")
    for part in ("D6GR-34Z8", "洽谈室A", "洽谈室A投", "Meeting", "Projector"):
        assert part in text


def test_the_code_is_25_millimetres_wherever_the_label_allows() -> None:
    for grid in PRESETS.values():
        drawing = draw_label(
            LabelText("D6GR34Z8", *NAMES[0]), grid.label_width, grid.label_height,
            label_font.width_em,
        )  # fmt: skip
        if min(grid.label_width, grid.label_height) >= 25 + 2 * PADDING:
            assert drawing.qr_size >= 25


def test_no_two_renderers_see_a_seam() -> None:
    """At 600 dots per inch no white hair line runs through a dark run of modules."""
    (page,) = label_sheet.sheet_pages(
        labels(1), PRESETS["ROLL-60x40"], BASE_URL, form="png", ppi=600
    )
    picture = Image.open(io.BytesIO(page)).convert("L")
    (hit,) = zxingcpp.read_barcodes(picture)
    corner = hit.position.top_left
    finder = [picture.getpixel((corner.x + 3, corner.y + offset)) for offset in range(4, 60)]
    assert max(int(str(value)) for value in finder) < 60


def test_a_picture_of_a_label_is_read_back_too() -> None:
    for label in labels(3):
        assert [code for code, _ in read(label_png(label, BASE_URL), blur=2)] == [label.code]


def test_an_address_in_capitals_saves_a_version() -> None:
    in_capitals = qr_matrix(rules.label_link(BASE_URL, "D6GR34Z8"))
    assert len(in_capitals) == 29
    assert len(qr_matrix(f"{BASE_URL}/d/D6GR34Z8x".lower())) == 33
    assert QUIET_MODULES == 4


def test_values_are_data_not_markup() -> None:
    label = LabelText(
        "D6GR34Z8", "#panic()", '$x$ *b* #read("/etc/passwd")', "\\ ] } //", "<a>", "@b"
    )
    (page,) = label_sheet.sheet_pages([label], PRESETS["L7163"], BASE_URL, form="png")
    assert codes(page) == ["D6GR34Z8"]


def test_what_the_font_cannot_show_is_marked_not_boxed() -> None:
    assert label_font.showable("会议室😀\x07A\u200b\n乙") == "会议室〓A 乙"
    assert label_font.showable("TesiraFORTÉ Ω μ ①") == "TesiraFORTÉ Ω μ ①"


def test_a_font_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(label_font.FONT_VARIABLE, "/nowhere/font.ttf")
    label_font.font_path.cache_clear()
    try:
        with pytest.raises(AppError, match="font_missing"):
            label_font.font_path()
    finally:
        label_font.font_path.cache_clear()


def test_a_font_that_the_typesetter_does_not_know_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(label_font, "family", lambda: "No Such Font")
    with pytest.raises(AppError, match="font_missing"):
        label_sheet.sheet_pdf(labels(1), PRESETS["L7160"], BASE_URL)


def test_no_labels_no_sheet() -> None:
    with pytest.raises(AppError, match="label_sheet_empty"):
        label_sheet.sheet_pdf([], PRESETS["L7160"], BASE_URL)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label_width": 19.0}, "label_width"),
        ({"label_height": 10.0}, "label_height"),
        ({"columns": 4}, "columns"),
        ({"rows": 9}, "rows"),
        ({"margin_left": 30.0}, "columns"),
        ({"page_height": 200.0}, "rows"),
    ],
)
def test_grids_that_do_not_fit(change: dict[str, Any], field: str) -> None:
    with pytest.raises(AppError) as caught:
        check_grid(replace(PRESETS["L7160"], **change))
    assert caught.value.fields == {field: ["label_sheet_does_not_fit"]}


def test_presets_fit() -> None:
    for grid in PRESETS.values():
        check_grid(grid, start=grid.per_page)
        with pytest.raises(AppError):
            check_grid(grid, start=grid.per_page + 1)


def test_wrapping() -> None:
    def count(text: str) -> float:
        return float(len(text))

    assert wrap("one two three", 7, 3, count) == ["one two", "three"]
    assert wrap("会议室投影机", 4, 2, count) == ["会议室投", "影机"]
    assert wrap("会议室投影机吊装", 4, 1, count) == ["会议室…"]
    assert wrap("ABCDEFGHIJ", 4, 3, count) == ["ABCD", "EFGH", "IJ"]
    assert wrap("", 4, 2, count) == []
