"""The PDF says everything that the data says, as real text, bookmarked and tagged, whatever was typed."""

from __future__ import annotations

import copy
import io
import json
import os
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from tests.reports import pdfs
from tests.reports.conftest import NOW, Month, send_month
from webapp.db import db
from webapp.identity.models import Contract, User
from webapp.reports import pdf, words
from webapp.reports.content import check_sheets_content, device_record_content, report_content
from webapp.reports.typeset import fonts, parts
from webapp.reports.typeset.setting import FOLDER_PREFIX, sweep_folders

HOSTILE = (
    "#set page(width: 1pt) $x^2$ *bold* _em_ \\ `raw` <label> @ref [a] //comment /*c*/ "
    '=cmd|"/c calc"!A0 -1+1 "quoted" \'single\' ~ -- ... https://example.com/?a=b&c=%20'
)
NAMES = (
    "Çağlar Şımşek, Ştefan Țepeș, Nǐ Hǎo, Łukasz Żółć, Nguyễn Văn Ất, "
    "Ωμέγα, Иван Ёжиков, ひらがなカタカナ, 會議室龍鬱, naïve ß"
)
UNPRINTABLE = "김철수 محمد สมชาย राम 😀👍 𠮷"
LONG = "很长的备注，" * 333


def photo(sha256: str) -> bytes:
    """A picture such as a phone takes: 1,600 pixels, with some grain; another for each name."""
    image = ImageChops.offset(_grain(), sum(sha256.encode()))
    ImageDraw.Draw(image).ellipse((400, 300, 1200, 900), fill=(40, 90, 80))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


@cache
def _grain() -> Image.Image:
    return Image.effect_noise((1600, 1200), 24).convert("RGB")


@pytest.fixture
def content(month: Month) -> Any:
    """April's report as data."""
    return report_content(db.session(), month.contract.id, "2026-04", NOW)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_everything_is_there_as_text_in_each_language(content: Any, language: str) -> None:
    made = pdf.report_pdf(pdfs.source(content, language))
    text = pdfs.text_of(made)
    languages = ("zh", "en") if language == "both" else (language,)
    for one in languages:
        for key in ("report", "overview", "anomalies", "open_items", "plan", "acceptance"):
            title: Any = words.TITLES[key]
            assert pdfs.plain(title[one].split(". ")[-1]) in text, title
        for anomaly in content["anomalies"]:
            assert pdfs.plain(anomaly["text"]) in text
            assert pdfs.plain(anomaly["cause"][one]) in text
            assert pdfs.plain(anomaly["place"]["room"][one]) in text
        for person in content["overview"]["people"]:
            role: Any = words.ROLES[person["person"]["role"]]
            assert pdfs.plain(role[one]) in text
        for section in content["services"]:
            assert pdfs.plain(section["lines"][0][one]) in text
    assert made.pages == len(pdfs.opened(made).pages)


def test_it_has_bookmarks_tags_and_embedded_fonts(content: Any) -> None:
    made = pdf.report_pdf(pdfs.source(content))
    with pdfs.opened(made) as file:
        marks = pdfs.bookmarks(file)
        assert [title for depth, title in marks if depth == 0] == [
            *(words.TITLES[key]["zh"] for key in ("summary", "overview", "status", "anomalies")),
            *(
                words.TITLES[key]["zh"]
                for key in ("open_items", "consumables", "faults", "repairs")
            ),
            *(words.TITLES[key]["zh"] for key in ("changes", "training", "complaints", "plan")),
            *(words.TITLES[key]["zh"] for key in ("acceptance", "annex_sheets", "annex_records")),
        ]
        assert (1, "运维检查表 · 总部大楼 8F · 西湖厅") in marks
        assert (1, "设备记录表 · 投影机甲") in marks
        assert file.Root.MarkInfo.Marked
        assert str(file.Root.Lang) == "zh-CN"
        assert file.docinfo["/Title"]
        kinds = pdfs.tags(file)
        assert kinds.count("/H1") == 15
        assert {"/Table", "/THead", "/TH", "/TD", "/Figure", "/P"} <= set(kinds)
        assert pdfs.untagged_pages(file) == []
        found = pdfs.fonts(file)
        assert found
        assert all(found.values())
        assert all(name[7:8] == "+" for name in found), "a subset has six letters and a plus"
    assert len(made.data) < 1_000_000, "the whole Chinese font is eight megabytes"


def test_heads_of_tables_stand_on_every_page(content: Any) -> None:
    long = copy.deepcopy(content)
    long["open_items"]["items"] *= 60
    made = pdf.report_pdf(pdfs.source(long))
    head = pdfs.plain("".join(words.HEADS[key]["zh"] for key in ("number", "place", "what")))
    assert pdfs.text_of(made).count(head) >= 4


@pytest.mark.parametrize("language", ["zh", "both"])
def test_nothing_that_was_typed_is_read_as_markup(
    contract: Contract, manager: User, engineer: User, language: str
) -> None:
    typed = f"{HOSTILE}\n{NAMES}\n{LONG}"[:1990]
    month = send_month(contract, manager, engineer, typed)
    content = report_content(db.session(), month.contract.id, "2026-04", NOW)
    made = pdf.report_pdf(pdfs.source(content, language))
    text = pdfs.text_of(made)
    for line in typed.split("\n"):
        assert pdfs.plain(line) in text
    assert "〓" not in text
    assert pdfs.empty_boxes(made) == 0
    assert pdfs.off_the_page(made) == []


def test_what_the_font_lacks_is_replaced_visibly_and_told(
    contract: Contract, manager: User, engineer: User
) -> None:
    month = send_month(contract, manager, engineer, f"{UNPRINTABLE} \u202e反向\u0007 e\u0301")
    content = report_content(db.session(), month.contract.id, "2026-04", NOW)
    made = pdf.report_pdf(pdfs.source(content))
    text = pdfs.text_of(made)
    assert "〓〓〓" in text
    assert pdfs.plain(words.LABELS["glyph_note"]["zh"]) in text
    assert "反向é" in text
    assert pdfs.empty_boxes(made) == 0


def test_every_letter_that_is_said_to_be_shown_has_a_shape(content: Any) -> None:
    letters = [
        chr(code)
        for first, last in fonts.BUILT_IN_LETTERS
        for code in range(first, last + 1)
        if unicodedata.category(chr(code)) != "Cn"
    ]
    typed = copy.deepcopy(content)
    typed["plan"]["remark"] = " ".join(letters)
    made = pdf.report_pdf(pdfs.source(typed))
    # A reader may take a letter such as ŉ apart into what it is made of.
    shown = unicodedata.normalize("NFKC", pdfs.text_of(made))
    assert unicodedata.normalize("NFKC", pdfs.plain("".join(letters))) in shown
    assert pdfs.empty_boxes(made) == 0


def test_a_run_without_blanks_breaks_inside_its_cell(
    contract: Contract, manager: User, engineer: User
) -> None:
    month = send_month(contract, manager, engineer, "W" * 600)
    content = report_content(db.session(), month.contract.id, "2026-04", NOW)
    made = pdf.report_pdf(pdfs.source(content))
    assert pdfs.text_of(made).count("W" * 600) >= 2
    assert pdfs.off_the_page(made) == []


def test_what_was_left_behind_by_a_killed_maker_is_swept(tmp_path: Path) -> None:
    old, new, foreign = (
        tmp_path / name for name in (f"{FOLDER_PREFIX}old", f"{FOLDER_PREFIX}new", "other")
    )
    for folder in (old, new, foreign):
        folder.mkdir()
        (folder / "p0000.pdf").write_bytes(b"%PDF")
    for folder in (old, foreign):
        os.utime(folder, (0, 0))
    sweep_folders(tmp_path, NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", new.name]


def test_the_same_data_makes_the_same_bytes(content: Any) -> None:
    first = pdf.report_pdf(pdfs.source(content)).data
    again = pdf.report_pdf(pdfs.source(json.loads(json.dumps(content)))).data
    assert first == again


def test_photos_stand_beside_their_anomaly_with_words_for_those_who_dont_see_them(
    content: Any,
) -> None:
    made = pdf.report_pdf(pdfs.source(content, photo=photo))
    with pdfs.opened(made) as file:
        images = [page.get_images() for page in file.pages]
        assert sum(len(found) for found in images) == 1
        figures = [
            str(thing.Alt)
            for thing in file.objects
            if getattr(thing, "get", None) and thing.get("/S") == "/Figure"
        ]
    assert "照片：投影机甲 · 画面" in figures


@pytest.mark.slow
def test_sixty_photos_stay_below_ten_megabytes(content: Any) -> None:
    many = copy.deepcopy(content)
    first = many["anomalies"][0]
    many["anomalies"] = [
        {
            **first,
            "seq": seq,
            "photos": [{**first["photos"][0], "uid": f"u{seq}", "sha256": "p" * seq}],
        }
        for seq in range(1, 61)
    ]
    made = pdf.report_pdf(pdfs.source(many, photo=photo))
    assert len(made.data) <= 10_000_000
    with pdfs.opened(made) as file:
        assert sum(len(page.get_images()) for page in file.pages) == 60


def test_check_sheets_of_a_month_and_of_one_room(month: Month) -> None:
    sheets = check_sheets_content(db.session(), month.contract.id, "2026-04", NOW)
    made = pdf.check_sheets_pdf(pdfs.source(sheets, "both"))
    text = pdfs.text_of(made)
    for name in ("西湖厅", "钱塘厅", "地下室", "投影机甲", "CheckSheet", "运维检查表", "会议占用"):
        assert name in text
    with pdfs.opened(made) as file:
        assert len(pdfs.bookmarks(file)) == 3
        assert pdfs.untagged_pages(file) == []
    one = check_sheets_content(
        db.session(), month.contract.id, "2026-04", NOW, room_id=month.rooms[1].id
    )
    assert "西湖厅" not in pdfs.text_of(pdf.check_sheets_pdf(pdfs.source(one)))


def test_a_device_record_by_itself(month: Month) -> None:
    record = device_record_content(db.session(), month.contract.id, month.projector.id, NOW)
    text = pdfs.text_of(pdf.device_record_pdf(pdfs.source(record)))
    for name in ("设备记录表", "投影机甲", "AV-1", "2026-03-03", "灯泡老化", "滤网", "已更换"):
        assert name in text


def test_the_sheet_alone_and_the_annex_are_the_same_sheet(content: Any, month: Month) -> None:
    sheets = check_sheets_content(db.session(), month.contract.id, "2026-04", NOW)
    assert sheets == content["check_sheets"]


def test_a_long_document_is_cut_into_parts_and_is_whole_again(
    content: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pdf.report_pdf(pdfs.source(content))
    monkeypatch.setattr(parts, "MOST_ROWS", 8)
    cut = pdf.report_pdf(pdfs.source(content))
    with pdfs.opened(whole) as one, pdfs.opened(cut) as other:
        assert pdfs.bookmarks(one) == pdfs.bookmarks(other)
        assert pdfs.untagged_pages(other) == []
        assert pdfs.tags(other).count("/H1") == pdfs.tags(one).count("/H1")
    text = pdfs.text_of(cut)
    for anomaly in content["anomalies"]:
        assert pdfs.plain(anomaly["text"]) in text
    assert pdfs.plain(f"第{cut.pages}页") in text


def test_beyond_all_measure_the_annexes_go_untagged_and_the_sections_stay(
    content: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.reports.typeset.setting.MOST_TAGGED_ROWS", 5)
    made = pdf.report_pdf(pdfs.source(content))
    with pdfs.opened(made) as file:
        lost = pdfs.untagged_pages(file)
        assert lost
        assert 0 not in lost
        assert pdfs.tags(file).count("/H1") == 13
    assert "西湖厅" in pdfs.text_of(made)
