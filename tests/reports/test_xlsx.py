"""The report's workbook says what its data says, can be reckoned with, and runs nothing."""

from __future__ import annotations

import copy
import io
import re
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from python_calamine import CalamineWorkbook

from tests.reports.conftest import NOW, Month
from tests.reports.files import HOSTILE, TOO_LONG, hostile, parts_of, picture, source
from webapp.db import db
from webapp.reports.content import report_content
from webapp.reports.shape import ReportContent, Words
from webapp.reports.wording import Wording
from webapp.reports.words import LANGUAGES, SHEETS
from webapp.reports.xlsx import check_sheets_xlsx, device_record_xlsx, report_xlsx

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def content(month: Month) -> ReportContent:
    """April's report."""
    return report_content(db.session(), month.contract.id, "2026-04", NOW)


def opened(data: bytes) -> CalamineWorkbook:
    """The workbook as another program reads it."""
    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def table(book: CalamineWorkbook, name: str, head: str) -> list[dict[str, Any]]:
    """The rows below a head of which ``head`` is one, by their heads, up to the first empty one."""
    rows = book.get_sheet_by_name(name).to_python()
    at = next(number for number, row in enumerate(rows) if head in row)
    found: list[dict[str, Any]] = []
    for row in rows[at + 1 :]:
        if not any(value != "" for value in row):
            break
        found.append({str(name): cell for name, cell in zip(rows[at], row, strict=True) if name})
    return found


def sheet_parts(parts: dict[str, bytes]) -> dict[str, ET.Element]:
    """Each sheet's own XML by its name."""
    book = ET.fromstring(parts["xl/workbook.xml"])
    names = [sheet.get("name", "") for sheet in book.iter(f"{MAIN}sheet")]
    return {
        name: ET.fromstring(parts[f"xl/worksheets/sheet{number}.xml"])
        for number, name in enumerate(names, 1)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_sheets_are_named_in_its_language(content: ReportContent, language: Any) -> None:
    names = opened(report_xlsx(source(content, language)).data).sheet_names
    wording = Wording(language)
    assert names[0] == wording.tab(SHEETS["cover"])
    known = {wording.tab(name) for name in SHEETS.values()}
    assert set(names) <= known
    assert all(len(name) < 31 for name in known), "none is cut"
    assert len(known) == len(SHEETS)


def test_the_figures_are_the_datas(content: ReportContent) -> None:
    book = opened(report_xlsx(source(content)).data)
    rows = table(book, "二 设备状态", "设备类型")
    told = content["status"]
    assert len(rows) == len(told["by_type"]) + 1
    for row, one in zip(rows, told["by_type"], strict=False):
        counts, rate = one["counts"], one["pass_rate"]["percent"]
        assert row["设备类型"] == one["name"]["zh"]
        states = [row[name] for name in ("正常", "异常", "未检", "待检", "合计")]
        assert states == [
            counts[key] for key in ("normal", "abnormal", "not_tested", "todo", "total")
        ]
        assert row["合格率"] == ("" if rate is None else pytest.approx(rate / 100))
    assert rows[-1]["合计"] == told["total"]["total"]
    trend = table(book, "二 设备状态", "月份")
    assert [(row["月份"], row["本月异常"], row["未解决"]) for row in trend] == [
        (one["month"], one["anomalies"], one["open"]) for one in told["trend"]
    ]
    cover = [str(cell) for row in book.get_sheet_by_name("封面").to_python() for cell in row]
    rooms = content["overview"]["rooms"]
    assert f"{rooms['done']} / {rooms['planned']}" in cover
    bands = table(book, "四 账龄", "账龄")
    assert [row["合计"] for row in bands] == [
        band["count"] for band in content["open_items"]["ageing"]
    ]


def test_every_anomaly_and_open_item_is_there_typed(content: ReportContent) -> None:
    book = opened(report_xlsx(source(content)).data)
    found = table(book, "三 异常明细", "测试数据")
    assert [(row["序号"], row["备注"], row["测试数据"]) for row in found] == [
        (one["seq"], one["text"], one["reading"]["zh"]) for one in content["anomalies"]
    ]
    assert [row["日期"] for row in found] == [
        date.fromisoformat(one["inspected_on"]) for one in content["anomalies"]
    ]
    assert [row["结果"] for row in found] == ["遗留问题 #1", "现场已修复", "遗留问题 #2"]
    items = table(book, "四 遗留问题", "变化")
    assert [(row["编号"], row["账龄（月）"], row["责任人"]) for row in items] == [
        (one["number"], one["age_months"], one["owner"]["zh"])
        for one in content["open_items"]["items"]
    ]
    assert items[0]["期限"] == date(2026, 4, 6)
    assert items[0]["超期"] == "超期"


def test_every_reading_is_in_the_list_and_on_the_sheets(content: ReportContent) -> None:
    book = opened(report_xlsx(source(content)).data)
    listed = table(book, "检查数据", "标准值")
    asked = [
        (sheet["place"]["room"]["zh"], row["item"]["zh"], row["reading"]["zh"])
        for sheet in content["check_sheets"]
        for device in sheet["devices"]
        for row in device["rows"]
    ]
    assert [
        (row["会议室"], row["检查项目"], row["测试数据"]) for row in listed if row["检查项目"]
    ] == asked
    untested = [row for row in listed if not row["检查项目"]]
    assert [(row["测试数据"], row["正常/异常"], row["备注（原因）"]) for row in untested] == [
        ("会议占用", "未检", "全天有会")
    ]
    printed = book.get_sheet_by_name("运维检查表").to_python()
    titles = [row[0] for row in printed if str(row[0]).startswith("运维检查表 ·")]
    assert len(titles) == len(content["check_sheets"])
    started = next(one["started_at"] for one in content["check_sheets"] if one["started_at"])
    assert any(datetime.fromisoformat(started) in row for row in printed)
    records = table(book, "设备记录", "记录人")
    assert len(records) == sum(len(one["rows"]) for one in content["device_records"])


def test_a_second_language_stands_under_the_first(content: ReportContent) -> None:
    book = opened(report_xlsx(source(content, "both")).data)
    rows = table(book, "二 设备状态 Status", "设备类型\nType")
    assert rows[0]["设备类型\nType"] == "投影机\nProjector"
    english = opened(report_xlsx(source(content, "en")).data)
    assert table(english, "2 Status", "Type")[0]["Type"] == "Projector"


def test_hostile_words_are_words(content: ReportContent) -> None:
    made = report_xlsx(source(hostile(content), "both"))
    parts = parts_of(made.data)
    sheets = [part for name, part in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in part for part in sheets), "nothing may become a formula"
    assert any(b"_x005F_x0041_" in part for part in sheets), "no escape is read"
    book = opened(made.data)
    found = table(book, "三 异常明细 Anomalies", "测试数据\nReading")
    texts = [row["备注\nRemark"] for row in found]
    told = texts[-len(HOSTILE) :]
    assert told[:4] == list(HOSTILE[:4])
    assert told[4] == "a\ufffdb\ufffdc\ufffdd\ufffde", "what XML may not hold is seen to be missing"
    assert told[5] == "مرحبا \ufffdabc", "nothing turns round the words after it"
    assert told[6:9] == list(HOSTILE[6:9])
    assert told[9:] == ["一\n二\t三\n四", HOSTILE[10]]
    cut = texts[0]
    assert len(cut) <= 32_767
    assert cut.startswith(TOO_LONG[:30_000])
    assert "40000" in cut, "a cut is told"


def test_links_lead_to_its_own_sheets_alone(content: ReportContent) -> None:
    parts = parts_of(report_xlsx(source(hostile(content))).data)
    outward = [name for name, part in parts.items() if b'TargetMode="External"' in part]
    assert outward == []
    sheets = sheet_parts(parts)
    links = [link.get("location", "") for link in sheets["封面"].iter(f"{MAIN}hyperlink")]
    assert [link.split("!")[0].strip("'") for link in links] == list(sheets)[1:]


def test_lists_can_be_filtered_and_printed(content: ReportContent) -> None:
    sheets = sheet_parts(parts_of(report_xlsx(source(content)).data))
    for name, sheet in sheets.items():
        fit = sheet.find(f"{MAIN}sheetPr/{MAIN}pageSetUpPr")
        assert fit is not None
        assert fit.get("fitToPage") == "1", name
        setup = sheet.find(f"{MAIN}pageSetup")
        assert setup is not None
        assert setup.get("paperSize") == "9", name
        assert sheet.find(f"{MAIN}headerFooter") is not None, name
    for name in ("三 异常明细", "四 遗留问题", "检查数据", "设备记录"):
        assert sheets[name].find(f"{MAIN}autoFilter") is not None, name
        pane = sheets[name].find(f".//{MAIN}pane")
        assert pane is not None, name
        assert pane.get("state") == "frozen", name
    breaks = sheets["运维检查表"].findall(f"{MAIN}rowBreaks/{MAIN}brk")
    assert len(breaks) == len(content["check_sheets"]) - 1, "each room begins a page"


def test_each_chart_is_drawn_from_the_table_beside_it(content: ReportContent) -> None:
    parts = parts_of(report_xlsx(source(content)).data)
    charts = sorted(name for name in parts if name.startswith("xl/charts/chart"))
    assert len(charts) == 3
    drawn = parts[charts[0]].decode()
    cached = [int(value) for value in re.findall(r"<c:v>(\d+)</c:v>", drawn)]
    for one in content["status"]["by_type"]:
        assert one["counts"]["normal"] in cached
    assert "'二 设备状态'!$B$" in drawn
    alts = re.findall(r'descr="([^"]*)"', parts["xl/drawings/drawing1.xml"].decode())
    assert len(alts) == 2
    assert content["status"]["by_type"][0]["name"]["zh"] in alts[0]


def test_photos_stand_in_their_row_with_words_for_who_does_not_see_them(
    content: ReportContent,
) -> None:
    photo = picture()
    content["anomalies"][0]["photos"].append(
        {**content["anomalies"][0]["photos"][0], "sha256": "0" * 64}
    )
    made = report_xlsx(source(content, photo=lambda sha: None if sha == "0" * 64 else photo))
    parts = parts_of(made.data)
    assert [name for name in parts if name.startswith("xl/media/")], "the photo is there"
    drawing = next(part for part in parts.values() if b"xdr:pic" in part).decode()
    assert 'descr="照片：' in drawing
    assert 'editAs="oneCell"' in drawing or "twoCell" in drawing or "<xdr:twoCellAnchor>" in drawing
    found = table(opened(made.data), "三 异常明细", "测试数据")
    assert found[0]["照片"] == "照片无法显示"
    assert found[2]["照片"] == ""


def test_sixty_photos_weigh_less_than_ten_megabytes(content: ReportContent) -> None:
    noise = picture(1600, 1200, noisy=True)
    first = content["anomalies"][0]
    content["anomalies"] = [
        {**first, "seq": at + 1, "photos": [{**first["photos"][0], "sha256": f"{at:064x}"}]}
        for at in range(60)
    ]
    made = report_xlsx(source(content, photo=lambda sha: noise + sha.encode()))
    assert len(made.data) < 10_000_000


def test_a_correction_tells_first_what_it_changed(content: ReportContent) -> None:
    made: ReportContent = copy.deepcopy(content)
    made["cover"]["sequence"], made["cover"]["corrects"] = 1, "HQ-2026-04"
    made["cover"]["number"] = "HQ-2026-04-C1"
    words: Words = {"zh": "异常设备", "en": "Abnormal devices"}
    made["cover"]["changes"] = [
        {"what": words, "before": {"zh": "3", "en": "3"}, "after": {"zh": "2", "en": "2"}}
    ]
    book = opened(report_xlsx(source(made)).data)
    assert book.sheet_names[1] == "更正内容"
    assert table(book, "更正内容", "更正前") == [{"变动": "异常设备", "更正前": "3", "更正后": "2"}]
    cover = [str(cell) for row in book.get_sheet_by_name("封面").to_python() for cell in row]
    assert {"月度巡检报告（更正）", "HQ-2026-04-C1", "HQ-2026-04"} <= set(cover)


def test_the_same_data_gives_the_same_bytes(content: ReportContent) -> None:
    assert report_xlsx(source(content)).data == report_xlsx(source(content)).data


def test_it_tells_how_far_it_is(content: ReportContent) -> None:
    told: list[tuple[str, int, int]] = []
    report_xlsx(source(content, told=told))
    rooms = len(content["check_sheets"])
    assert told[-1] == ("annexes", rooms, rooms)


def test_check_sheets_and_device_records_are_workbooks_of_their_own(content: ReportContent) -> None:
    one = opened(check_sheets_xlsx(source(content["check_sheets"][:1], "en")).data)
    assert one.sheet_names == ["Check sheets", "Readings"]
    rows = table(one, "Readings", "Normal")
    assert len(rows) == sum(
        max(1, len(device["rows"])) for device in content["check_sheets"][0]["devices"]
    )
    record = content["device_records"][0]
    made = opened(device_record_xlsx(source(record, "both")).data)
    assert made.sheet_names == ["设备记录表 Device records", "设备记录 Record rows"]
    assert len(table(made, "设备记录 Record rows", "记录人\nRecorded by")) == len(record["rows"])
    head = [cell for row in made.get_sheet_by_index(0).to_python() for cell in row]
    assert record["device"]["name"] in head
