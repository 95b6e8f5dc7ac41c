"""The report's text document says what its data says, is built as Word asks, and bears whatever was typed."""

from __future__ import annotations

import copy
import io
import re
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.table import Table

from tests.reports.conftest import NOW, Month
from tests.reports.files import HOSTILE, TOO_LONG, hostile, parts_of, picture, source
from webapp.db import db
from webapp.reports.content import report_content
from webapp.reports.docx import report_docx
from webapp.reports.docx.markup import escaped, run
from webapp.reports.shape import ReportContent, Words
from webapp.reports.wording import Wording
from webapp.reports.words import LANGUAGES, TITLES

SECTIONS = (
    "summary",
    "overview",
    "status",
    "anomalies",
    "open_items",
    "consumables",
    "faults",
    "repairs",
    "changes",
    "training",
    "complaints",
    "plan",
    "acceptance",
    "annex_sheets",
    "annex_records",
)


@pytest.fixture
def content(month: Month) -> ReportContent:
    """April's report."""
    return report_content(db.session(), month.contract.id, "2026-04", NOW)


def opened(data: bytes) -> Document:
    """The document as another program reads it."""
    return docx.Document(io.BytesIO(data))


def headings(document: Document, level: int) -> list[str]:
    """What the navigation shows on a level."""
    name = f"Heading {level}"
    return [one.text for one in document.paragraphs if one.style and one.style.name == name]


def rows_of(table: Table) -> list[list[str]]:
    """A table's texts."""
    return [[cell.text for cell in row.cells] for row in table.rows]


def table_with(document: Document, head: str) -> list[list[str]]:
    """The first table whose head has this column."""
    return next(rows for table in document.tables if head in (rows := rows_of(table))[0])


def text_of(document: Document) -> str:
    """Everything that is said, paragraphs and tables alike."""
    body = document.element.body
    return "\n".join(
        "".join(
            "\n" if piece.tag == qn("w:br") else "\t" if piece.tag == qn("w:tab") else piece.text
            for piece in paragraph.iter(qn("w:t"), qn("w:br"), qn("w:tab"))
        )
        for paragraph in body.iter(qn("w:p"))
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_sections_are_headings_in_its_language(content: ReportContent, language: Any) -> None:
    document = opened(report_docx(source(content, language)).data)
    heads = headings(document, 1)
    wording = Wording(language)
    assert heads == [wording.heading(TITLES[key]) for key in SECTIONS]
    rooms = headings(document, 2)
    title = wording.lines(TITLES["check_sheet"])[0]
    assert sum(name.startswith(title) for name in rooms) == 3


def test_the_contents_lead_to_the_headings_and_ask_nobody(content: ReportContent) -> None:
    parts = parts_of(report_docx(source(content)).data)
    body = parts["word/document.xml"].decode()
    anchors = re.findall(r'w:anchor="([^"]+)"', body)
    marks = re.findall(r'<w:bookmarkStart w:id="\d+" w:name="([^"]+)"', body)
    assert anchors == marks
    assert len(marks) == len(SECTIONS)
    assert "TOC \\o &quot;1-1&quot;" in body or 'TOC \\o "1-1"' in body
    assert b"updateFields" not in parts["word/settings.xml"], "Word would ask before it opens"
    assert b"NUMPAGES" in parts["word/footer1.xml"]


def test_the_figures_are_the_datas(content: ReportContent) -> None:
    document = opened(report_docx(source(content)).data)
    rows = table_with(document, "设备类型")
    told = content["status"]["by_type"]
    assert len(rows) == len(told) + 2
    for row, one in zip(rows[1:], told, strict=False):
        counts = one["counts"]
        assert row[:6] == [
            one["name"]["zh"],
            *(str(counts[key]) for key in ("normal", "abnormal", "not_tested", "todo", "total")),
        ]
    total = content["status"]["total"]
    assert rows[-1][1:6] == [
        str(total[key]) for key in ("normal", "abnormal", "not_tested", "todo", "total")
    ]
    trend = table_with(document, "月份")
    assert [(row[0], row[3], row[-1]) for row in trend[1:]] == [
        (one["month"], str(one["anomalies"]), str(one["open"]))
        for one in content["status"]["trend"]
    ]
    items = table_with(document, "变化")
    assert [row[0] for row in items[1:]] == [
        f"#{one['number']}" for one in content["open_items"]["items"]
    ]
    rooms = content["overview"]["rooms"]
    assert f"{rooms['done']} / {rooms['planned']}" in text_of(document)


def test_every_anomaly_and_every_reading_is_there(content: ReportContent) -> None:
    document = opened(report_docx(source(content)).data)
    whole = text_of(document)
    for one in content["anomalies"]:
        block = next(
            rows
            for table in document.tables
            if (rows := rows_of(table))[0][0].startswith(f"{one['seq']}.  ")
        )
        said = "\n".join(cell for row in block for cell in row)
        assert one["text"] in said
        assert one["place"]["room"]["zh"] in said
        assert one["reading"]["zh"] in said
        assert f"{one['inspector']['zh']}  {one['inspected_on']}" in said
    sheets = [rows for table in document.tables if "标准值" in (rows := rows_of(table))[0]]
    told = [(row[2], row[4]) for rows in sheets for row in rows[1:] if row[2] != row[4]]
    asked = [
        (row["item"]["zh"], row["reading"]["zh"] or "—")
        for sheet in content["check_sheets"]
        for device in sheet["devices"]
        for row in device["rows"]
    ]
    assert told == asked
    assert "会议占用" in whole
    assert "全天有会" in whole


def test_rows_stay_whole_and_heads_come_again(content: ReportContent) -> None:
    content["anomalies"][0]["text"] = "长" * 2000
    document = opened(report_docx(source(content)).data)
    by_type = next(table for table in document.tables if "设备类型" in rows_of(table)[0])
    first = by_type.rows[0]._tr
    assert first.find(f".//{qn('w:tblHeader')}") is not None
    assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in by_type.rows)
    long = next(table for table in document.tables if rows_of(table)[0][0].startswith("1.  "))
    breakable = [row._tr.find(f".//{qn('w:cantSplit')}") is None for row in long.rows]
    assert any(breakable), "what is longer than a page may break"


def test_fonts_and_language_are_named(content: ReportContent) -> None:
    made = report_docx(source(content, "both"))
    styles = parts_of(made.data)["word/styles.xml"].decode()
    assert 'w:eastAsia="Microsoft YaHei"' in styles
    assert '<w:lang w:val="en-US" w:eastAsia="zh-CN"' in styles
    document = opened(made.data)
    assert document.core_properties.language == "zh-CN"
    assert document.core_properties.title.endswith("2026-04")
    section = document.sections[0]
    size = (section.page_width, section.page_height)
    assert [round((one or 0) / Mm(1)) for one in size] == [210, 297]
    assert section.different_first_page_header_footer, "the cover has no head"
    assert "草稿" in section.header.paragraphs[0].text
    second = next(table for table in document.tables if "设备类型" in rows_of(table)[0][0])
    assert second.rows[1].cells[0].text == "投影机\nProjector"


def test_charts_and_photos_have_words_for_who_does_not_see_them(content: ReportContent) -> None:
    photo = picture()
    first = content["anomalies"][0]["photos"][0]
    content["anomalies"][0]["photos"].append({**first, "sha256": "0" * 64})
    made = report_docx(source(content, photo=lambda sha: None if sha == "0" * 64 else photo))
    parts = parts_of(made.data)
    body = parts["word/document.xml"].decode()
    alts = re.findall(r'<wp:docPr id="\d+" name="[^"]*" descr="([^"]*)"/>', body)
    assert alts[:3] != []
    assert {"各类设备状态", "近六个月合格率（折线）与异常数（柱）", "遗留问题账龄分布"} <= set(alts)
    assert any(alt.startswith("照片：投影机甲") for alt in alts)
    assert all(alts)
    assert "照片无法显示" in text_of(opened(made.data))
    numbers = re.findall(r'<wp:docPr id="(\d+)"', body)
    assert len(numbers) == len(set(numbers))
    assert sum(name.endswith(".png") for name in parts) == 3


def test_hostile_words_are_words(content: ReportContent) -> None:
    made = report_docx(source(hostile(content), "both"))
    whole = text_of(opened(made.data))
    for text in (*HOSTILE[:4], *HOSTILE[6:9], HOSTILE[10]):
        assert text in whole
    assert "a\ufffdb\ufffdc\ufffdd\ufffde" in whole, "what XML may not hold is seen to be missing"
    assert "مرحبا \ufffdabc" in whole, "nothing turns round the words after it"
    assert "一\n二\t三\n四" in whole
    assert TOO_LONG in whole, "nothing is cut here"
    for name, part in parts_of(made.data).items():
        assert b'TargetMode="External"' not in part, name


def test_signatures_are_drawn_or_room_is_left(content: ReportContent) -> None:
    made: ReportContent = copy.deepcopy(content)
    made["cover"]["signatures"][1]["strokes"] = [[[0.1, 0.5], [0.5, 0.1], [0.9, 0.5]]]
    made["cover"]["signatures"][1]["person"] = {"zh": "王建国", "en": "Wang Jianguo"}
    made["cover"]["signatures"][1]["signed_on"] = "2026-04-09"
    document = opened(report_docx(source(made)).data)
    block = table_with(document, "审核（项目经理）")
    assert "王建国" in block[1][1]
    assert "2026-04-09" in block[1][1]
    assert block[1][2] == "签名：\n日期："
    boxes = next(table for table in document.tables if "审核（项目经理）" in rows_of(table)[0])
    assert boxes.rows[1].cells[1]._tc.find(f".//{qn('w:drawing')}") is not None


def test_a_correction_tells_first_what_it_changed(content: ReportContent) -> None:
    made: ReportContent = copy.deepcopy(content)
    made["cover"]["sequence"], made["cover"]["corrects"] = 1, "HQ-2026-04"
    made["cover"]["number"] = "HQ-2026-04-C1"
    words: Words = {"zh": "异常设备", "en": "Abnormal devices"}
    made["cover"]["changes"] = [
        {"what": words, "before": {"zh": "3", "en": "3"}, "after": {"zh": "2", "en": "2"}}
    ]
    document = opened(report_docx(source(made)).data)
    heads = headings(document, 1)
    assert heads[:3] == ["本月概要", "更正内容", "一、巡检概况"]
    assert table_with(document, "更正前")[1:] == [["异常设备", "3", "2"]]


def test_the_same_data_gives_the_same_bytes(content: ReportContent) -> None:
    assert report_docx(source(content)).data == report_docx(source(content)).data


def test_it_tells_how_far_it_is(content: ReportContent) -> None:
    told: list[tuple[str, int, int]] = []
    report_docx(source(content, told=told))
    rooms = len(content["check_sheets"])
    assert told[-1] == ("annexes", rooms, rooms)


def test_sixty_photos_weigh_less_than_ten_megabytes(content: ReportContent) -> None:
    noise = picture(1600, 1200, noisy=True)
    first = content["anomalies"][0]
    content["anomalies"] = [
        {**first, "seq": at + 1, "photos": [{**first["photos"][0], "sha256": f"{at:064x}"}]}
        for at in range(60)
    ]
    made = report_docx(source(content, photo=lambda sha: noise + sha.encode()))
    assert len(made.data) < 10_000_000


def test_texts_are_escaped_and_lines_broken() -> None:
    assert escaped('<&">\x00') == "&lt;&amp;&quot;&gt;\ufffd"
    assert run("") == ""
    assert run("a\nb\tc").count("<w:br/>") == 1
    assert run("a\nb\tc").count("<w:tab/>") == 1
