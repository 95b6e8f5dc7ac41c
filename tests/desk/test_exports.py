"""Every list of the API as CSV and XLSX: the API's own rows, nothing that runs, whatever is in them."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from tests import factories
from tests.inbox.letters import a_mail
from tests.rounds import made
from webapp import receiving
from webapp.api.openapi import document
from webapp.cases.lists import CASES
from webapp.checklists.lists import CHECKLISTS
from webapp.db import db, now_utc, unit_of_work
from webapp.desk.inspection_list import INSPECTIONS
from webapp.desk.open_item_list import OPEN_ITEMS
from webapp.desk.other_lists import DEVICE_CHANGES, REPEAT_OFFENDERS, ROUND_ROOMS
from webapp.desk.photo_table import PHOTOS
from webapp.desk.record_list import DEVICE_RECORDS
from webapp.desk.return_list import RETURNS
from webapp.estate.lists import BUILDINGS, DEVICES, ROOMS
from webapp.estate.models import Device
from webapp.estate.queries import LABELS
from webapp.firmware.lists import MODELS
from webapp.hours.lists import HOURS
from webapp.identity.lists import CONTRACTS, MEMBERS, USERS
from webapp.identity.models import Contract, User
from webapp.inbox.lists import INCOMING
from webapp.knowledge.lists import ARTICLES
from webapp.quality.lists import CHECKS
from webapp.quotes.lists import QUOTES
from webapp.reports.issued_list import REPORTS
from webapp.rounds.lists import CONSUMABLES, ROUNDS
from webapp.rounds.models import DeviceRecord, Photo, Round
from webapp.sheets import FORMATS, LONGEST_CELL, Cell, Column, Format, Table, quoted, table_file
from webapp.spares.lists import LOANS, MOVEMENTS, PARTS
from webapp.sync.lacking import LACKING
from webapp.sync.phone_list import PHONES
from webapp.sync.quarantine_list import QUARANTINE

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
SHANGHAI = ZoneInfo("Asia/Shanghai")
TABLES: dict[str, Table] = {
    "members": MEMBERS,
    "buildings": BUILDINGS,
    "rooms": ROOMS,
    "devices": DEVICES,
    "labels": LABELS.table,
    "checklists": CHECKLISTS,
    "rounds": ROUNDS,
    "inspections": INSPECTIONS.table,
    "open-items": OPEN_ITEMS.table,
    "cases": CASES.table,
    "incoming-mails": INCOMING.table,
    "firmware": MODELS.table,
    "hours": HOURS.table,
    "articles": ARTICLES.table,
    "spare-parts": PARTS.table,
    "stock-movements": MOVEMENTS.table,
    "loans": LOANS.table,
    "quality-checks": CHECKS.table,
    "quotes": QUOTES.table,
    "consumables": CONSUMABLES,
    "device-records": DEVICE_RECORDS.table,
    "quarantine": QUARANTINE.table,
    "phones": PHONES.table,
    "missing-photos": LACKING.table,
    "photos": PHOTOS,
    "returns": RETURNS.table,
    "reports": REPORTS,
    "repeat-offenders": REPEAT_OFFENDERS,
}
# What is a list in the document and needs no file, with why.
NO_FILE = {
    "/callers": "a few names, while a caller's is typed",
    "/case-kinds": "what forms are made of, and no data",
    "/api/sessions": "a person's own, to end one",
    "/api/tokens": "a person's own, to end one",
    "/webhooks": "settings, and no data",
    "/webhooks/{hook_id}/deliveries": "a log that is kept for a month, to find out why",
    "/api/notifications": "a person's own, to read and forget",
    "/labels/presets": "five constants of the product",
}
NASTY = (
    "=cmd|' /C calc'!A0",
    "=1+1",
    "+86 21 5555",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "'=1",
    '"=1',
    "a;=1+1",
    "a,=1+1",
    '=HYPERLINK("http://evil","x")',
    "http://evil.example/",
    "<r><t>x</t></r>",
    '<r></is></c><c r="Z9"><f>1+1</f></c><c t="inlineStr"><is></r>',
    "_x0041_",
    "  spaces  ",
    "<script>alert(1)</script>",
    "00012",
    "1e5",
    "2026-01-01",
    "西湖厅 🎤",
)


@pytest.fixture
def march(contract: Contract) -> Round:
    made.checklist(contract)
    room = factories.room(factories.building(contract, "总部大楼", name_en="Head office"))
    factories.device(room, name="一号投影", register={"rated_lamp_hours": 3000})
    return made.opened(contract)


@pytest.fixture
def desk(
    contract: Contract, manager: User, engineer: User, march: Round, signed_in: SignIn
) -> FlaskClient:
    """A desk with something in every list."""
    (projector,) = db.session.scalars(sa.select(Device)).all()
    visit = made.visit(
        march,
        projector,
        consumables=[{"consumable": "lamp", "quantity": 2}],
        findings=[{"uid": made.uid(), "text": "=遥控器缺失", "severity": 3}],
        photos=[made.photo("image")],
        bulk_ok=True,
        dwell_seconds=6,
    )
    made.reading(visit, "image", "dim", "abnormal", remark="-2+3")
    made.reading(visit, "remote", "missing", "abnormal", fixed=True, cause="@x")
    made.send(contract, engineer, visit, now=made.at("2026-03", 3))
    late = made.visit(march, projector, photos=[made.photo("image")])
    made.send(contract, engineer, late, now=made.at("2026-03", 4))
    with unit_of_work() as session:
        session.get_one(Photo, 1).received_at = made.at("2026-03", 4)
    browser = signed_in(manager)
    assert browser.post(f"{HQ}/labels/issue", json={}).status_code == 200
    change = {"remark": "=1+1", "firmware": "v2", "warranty_until": "2028-02-29", "model": "=EB"}
    assert browser.patch(f"{HQ}/devices/{projector.id}", json=change).status_code == 200
    fault = {"uid": made.uid(), "kind": "fault", "title": "=黑屏", "device_id": projector.id}
    assert browser.post(f"{HQ}/cases", json=fault).status_code == 201
    log_hours(browser)
    mail = a_mail("=黑屏", sender="x@elsewhere.example", to="service+HQ@provider.example")
    assert receiving.take_message(mail, "1.eml", now_utc()) == ""
    article = {"uid": made.uid(), "title": "=黑屏", "solution": "@重启"}
    assert browser.post(f"{HQ}/articles", json=article).status_code == 201
    repair = {**fault, "uid": made.uid(), "kind": "repair", "fields": {"way": "paid"}}
    assert browser.post(f"{HQ}/cases", json=repair).status_code == 201
    draft = browser.post(f"{HQ}/cases/R1/quotes", json={"uid": made.uid()}).get_json()
    line = {
        "kind": "material",
        "text": "线",
        "quantity": "3",
        "unit_price": "3.29",
        "tax_rate": "13",
    }
    told = {key: draft[key] for key in ("revision", "language", "valid_until")}
    written = browser.patch(f"{HQ}/quotes/Q1-1", json={**told, "lines": [line]})
    assert written.status_code == 200
    lend_a_part(browser)
    check = {"title": "=季度检查", "planned_on": "2026-04-01", "holder_id": manager.id}
    planned = browser.post(f"{HQ}/quality-checks", json={"uid": made.uid(), **check})
    assert planned.status_code == 201
    return browser


def lend_a_part(browser: FlaskClient) -> None:
    """A part of the stock, lent for a repair, with names that look like formulas."""
    part = {"uid": made.uid(), "name": "=备机", "remark": "-2+3"}
    assert browser.post(f"{HQ}/spare-parts", json=part).status_code == 201
    moved = {"uid": made.uid(), "kind": "received", "quantity": 3, "note": "@x"}
    assert browser.post(f"{HQ}/spare-parts/1/movements", json=moved).status_code == 201
    way = {"way": "warranty"}
    repair = {"uid": made.uid(), "kind": "repair", "title": "=返厂", "fields": way}
    name = browser.post(f"{HQ}/cases", json=repair).get_json()["name"]
    lent = {"uid": made.uid(), "what": "=1+1", "part_id": 1, "due_on": "2026-03-20"}
    assert browser.post(f"{HQ}/cases/{name}/loans", json=lent).status_code == 201


def log_hours(browser: FlaskClient) -> None:
    """A line of the ledger, with a note that looks like a formula."""
    span = {"from_at": "2026-03-02T19:00:00+08:00", "to_at": "2026-03-02T22:00:00+08:00"}
    fields = {"occasion": "event", **span}
    event = {"uid": made.uid(), "kind": "after_hours", "title": "=年会", "fields": fields}
    assert browser.post(f"{HQ}/cases", json=event).status_code == 201
    hours = {"began_at": span["from_at"], "ended_at": span["to_at"], "note": "=1+1"}
    answer = browser.post(f"{HQ}/cases/A1/hours", json={"uid": made.uid(), **hours})
    assert answer.status_code == 201, answer.data


def saved(
    browser: FlaskClient, path: str, kind: Format, query: str = ""
) -> tuple[list[str], list[list[Any]], bytes]:
    """A file's heads and lines, and its bytes."""
    answer = browser.get(f"{path}.{kind}{query}")
    assert answer.status_code == 200, answer.get_json(silent=True)
    data = answer.data
    assert answer.headers["Content-Length"] == str(len(data))
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Cache-Control"] == "no-store"
    heads, *lines = cells_of(data, kind)
    return heads, lines, data


def cells_of(data: bytes, kind: Format) -> list[list[Any]]:
    """All cells, by a reader that isn't ours."""
    if kind == "csv":
        assert data.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert len(book.sheet_names) == 1
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)


def all_rows(browser: FlaskClient, path: str, query: str = "") -> list[dict[str, Any]]:
    """The API's rows, page by page where it has pages."""
    first = browser.get(f"{path}?page_size=200{query}" if _paged(path) else path).get_json()
    rows: list[dict[str, Any]] = first["items"] if _paged(path) else first
    return rows


def _paged(path: str) -> bool:
    return path.rpartition("/")[2] not in {
        "members",
        "buildings",
        "checklists",
        "rounds",
        "reports",
        "repeat-offenders",
    }


def expected(column: Column, row: dict[str, Any]) -> str:
    """What a row of the API's JSON says in a column, as a person reads it in Chinese."""
    flat = {**row, **row.get("progress", {})}
    if "room" in row:
        building, room = row["building"], row["room"]
        flat |= {"building_zh": building["name_zh"], "room_zh": room["name_zh"]}
        flat["floor"] = room["floor"]
    if "device_count" in row:
        flat |= {"building_zh": "总部大楼", "room_zh": row["name_zh"]}
    if "review" in row:
        reading = row["reading"]
        flat |= {"value": reading["value"], "value_zh": reading["value_zh"]}
        flat["outcome"] = reading["verdict"]
    if "rounds" in row:
        flat["months"] = [used["month"] for used in row["rounds"]]
    named = [flat[name] for name in (f"{column.key}_zh", column.key) if flat.get(name)]
    value = named[0] if named else flat.get(column.key)
    values = value if isinstance(value, list) else [value]
    return "; ".join(_said(column, one) for one in values)


def _said(column: Column, value: Any) -> str:
    if value in column.words:
        return column.words[value][0]
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:.*", value):
        at = datetime.fromisoformat(value).astimezone(SHANGHAI)
        return f"{at:%Y-%m-%d %H:%M}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def as_text(cell: Any) -> str:
    """A worksheet's typed cell as a person reads it."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def lists_of_the_api() -> Iterator[str]:
    """The path of every endpoint that answers a list, or a page of one."""
    schemas = document()["components"]["schemas"]
    for path, item in document()["paths"].items():
        content = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        named = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
        if (
            schema.get("type") == "array"
            or {"items", "total"} <= named.get("properties", {}).keys()
        ):
            yield path


def test_every_list_of_the_api_has_both_files(desk: FlaskClient) -> None:
    """A new list gets them by ``list_views`` or ``file_views`` of ``webapp/api/listing.py``."""
    paths = set(document()["paths"])
    without = [
        path
        for path in lists_of_the_api()
        if not {f"{path}.{kind}" for kind in FORMATS} <= paths
        and path.replace("/api/contracts/{contract_code}", "") not in NO_FILE
    ]
    assert without == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", TABLES)
def test_a_file_holds_the_apis_rows(name: str, kind: Format, desk: FlaskClient) -> None:
    rows = all_rows(desk, f"{HQ}/{name}", "&state=all" if name == "quarantine" else "")
    heads, lines, _ = saved(desk, f"{HQ}/{name}", kind)
    columns = [column for column in TABLES[name].columns if column.key != "consumable"]
    assert heads == [column.zh for column in TABLES[name].columns]
    assert len(lines) == len(rows)
    assert rows or name in ("quarantine", "phones", "returns", "reports", "repeat-offenders")
    for row, line in zip(rows, lines, strict=True):
        said = dict(zip(heads, map(as_text, line), strict=True))
        for column in columns:
            # A case's file names the day that a term ends with; this one's ends within the day.
            value = expected(column, {"due": row.get("due_at"), **row})
            # The API names a consumable by its key.
            assert said[column.zh] in (value, quoted(value)), (name, column.key)
    english, _, _ = saved(desk, f"{HQ}/{name}", kind, "?language=en")
    assert english == [column.en for column in TABLES[name].columns]


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_part_of_a_view_is_saved_too(
    kind: Format, desk: FlaskClient, contract: Contract, manager: User
) -> None:
    heads, lines, _ = saved(desk, f"{HQ}/rounds/2026-03/rooms", kind)
    assert heads == [column.zh for column in ROUND_ROOMS.columns]
    assert [as_text(cell) for cell in lines[0]][:4] == ["2026-03", "总部大楼", "8F", "西湖厅"]
    assert int(lines[0][heads.index("异常")]) == 1
    assert desk.get(f"{HQ}/rounds/2027-01/rooms.{kind}").status_code == 404
    (device,) = db.session.scalars(sa.select(Device)).all()
    heads, lines, _ = saved(desk, f"{HQ}/devices/{device.id}/changes", kind)
    assert heads == [column.zh for column in DEVICE_CHANGES.columns]
    changed = {line[3]: as_text(line[5]) for line in lines}
    assert changed["firmware"] == "v2"
    assert changed["warranty_until"] == "2028-02-29"
    heads, lines, _ = saved(desk, "/api/contracts", kind)
    assert heads == [column.zh for column in CONTRACTS.columns]
    assert lines[0][0] == "HQ"
    assert USERS.name == "users"


def test_words_stand_for_keys_and_cells_have_their_types(desk: FlaskClient) -> None:
    heads, lines, _ = saved(desk, f"{HQ}/inspections", "xlsx", "?verdict=abnormal")
    line = dict(zip(heads, lines[0], strict=True))
    assert isinstance(line["收到时间"], datetime)
    assert line["版本"] == 1.0
    assert line["结果"] == "异常"
    assert "一键正常" in line["提示"]
    heads, lines, data = saved(desk, f"{HQ}/devices", "xlsx")
    line = dict(zip(heads, lines[0], strict=True))
    assert line["保修期至"] == date(2028, 2, 29)
    assert line["备注"] == "=1+1"
    heads, lines, _ = saved(desk, f"{HQ}/consumables", "xlsx")
    assert dict(zip(heads, lines[0], strict=True))["耗材"] == "灯泡"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert "<cols>" in sheet
    assert 'name="设备"' in names


def test_a_filter_and_an_order_hold_for_the_file(desk: FlaskClient) -> None:
    assert saved(desk, f"{HQ}/devices", "xlsx", "?q=nothing-of-the-sort")[1] == []
    _, rising, _ = saved(desk, f"{HQ}/open-items", "csv", "?sort=number")
    _, falling, _ = saved(desk, f"{HQ}/open-items", "csv", "?sort=-number")
    assert rising == falling[::-1]
    assert len(rising) > 1
    answer = desk.get(f"{HQ}/devices.xlsx?language=fr")
    assert answer.status_code == 422


@pytest.mark.attack(9)
@pytest.mark.parametrize("kind", FORMATS)
def test_whatever_is_in_a_cell_stays_a_text(
    kind: Format, desk: FlaskClient, contract: Contract
) -> None:
    room = factories.room(factories.building(contract, "副楼"), "东海厅")
    for number, text in enumerate(NASTY):
        factories.device(room, name=f"N{number:02}", maker=text, remark=text)
    heads, lines, data = saved(desk, f"{HQ}/devices", kind, "?sort=name&q=东海厅")
    makers = [line[heads.index("品牌")] for line in lines]
    if kind == "csv":
        assert [cell for cell in makers if re.match(r"[=+\-@\t\r\n＝＋－＠]", cell)] == []
    else:
        _no_formula(data)
    for text, cell in zip(NASTY, makers, strict=True):
        said = text.replace("\r", "\n")
        assert cell in (said, quoted(said), f"{said} "), text


def _no_formula(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheets = [book.read(name) for name in book.namelist() if "worksheets/" in name]
        assert not [
            name for name in book.namelist() if "externalLink" in name or "rels/sheet" in name
        ]
    assert not [sheet for sheet in sheets if re.search(rb"<f[ >]|<hyperlink", sheet)]


@pytest.mark.parametrize("kind", FORMATS)
def test_what_no_sheet_can_hold_is_left_out_and_what_is_too_long_is_cut(kind: Format) -> None:
    long = "长" * 20_000 + "🎤" * 20_000
    lines: list[list[Cell]] = [
        ["a\0b\x01c\x1bd\x7f\ufffe\uffff", "one\r\ntwo\rthree"],
        [long, 10**16],
    ]
    lines += [[float("inf"), float("nan")], [date(1850, 1, 1), None]]
    with table_file(kind, "测试", ["一", "二"], lines) as file:
        found = cells_of(file.read(), kind)
    assert found[1] == ["abcd", "one\ntwo\nthree"]
    assert found[3] == ["inf", "nan"]
    assert found[4] == ["1850-01-01", ""]
    cell, number = found[2]
    assert as_text(number) == str(10**16)
    if kind == "csv":
        assert cell == long
    else:
        assert len(cell.encode("utf-16-le")) // 2 <= LONGEST_CELL
        assert cell.endswith("🎤…")
        assert long.startswith(cell[:-1])


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_list_is_a_file_with_its_heads(kind: Format, desk: FlaskClient) -> None:
    assert saved(desk, f"{HQ}/phones", kind)[1] == []


def many_records() -> Iterator[dict[str, Any]]:
    for number in range(50_000):
        yield {
            "recorded_on": date(2026, 3, 1),
            "building_zh": "总部大楼",
            "device_name": f"设备 {number}",
            "anomaly": f"第 {number} 条：" + "异常内容 " * 10,
            "open_item_number": number,
        }


_GROWTH = """
import resource, sys
from tests.desk.test_exports import DEVICE_RECORDS, SHANGHAI, many_records
from itertools import islice

def write(count):
    with DEVICE_RECORDS.table.write(sys.argv[1], islice(many_records(), count), "zh", SHANGHAI) as file:
        assert file.seek(0, 2) > count * 20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

few = write(500)
print(write(50_000) - few)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_fifty_thousand_rows_cost_no_more_memory_than_some(kind: Format) -> None:
    command = [sys.executable, "-c", _GROWTH, kind]
    root = Path(__file__).parents[2]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 10_000  # kilobytes


def test_a_long_list_is_read_and_written_by_parts(
    desk: FlaskClient, contract: Contract, engineer: User
) -> None:
    (device,) = db.session.scalars(sa.select(Device)).all()
    row = {
        "contract_id": contract.id,
        "device_id": device.id,
        "recorded_on": date(2026, 3, 1),
        "category": "repair",
        "anomaly": "异常内容 " * 1000,
        "result": "fixed",
        "recorded_by_id": engineer.id,
    }
    with unit_of_work() as session:
        session.execute(sa.insert(DeviceRecord), [row] * 3000)
    db.session.remove()
    tracemalloc.start()
    try:
        answer = desk.get(f"{HQ}/device-records.csv?category=repair", buffered=False)
        size = sum(len(part) for part in answer.iter_encoded())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 35_000_000
    assert peak < size / 2
