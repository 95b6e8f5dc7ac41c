"""What a supervisor sets aside of a pair stands in no list: two saw one projector, and one was wrong.

Both had noted the same new lamp; one of them reported an anomaly besides (clauses 16, 20, 31).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from tests import factories
from tests.cases.made import author, opened, taken
from tests.reports import pdfs
from tests.rounds import made
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.reports import pdf
from webapp.reports.content import device_record_content, report_content
from webapp.rounds.models import ConsumableUse, DeviceRecord

HQ = "/api/contracts/HQ"
NOW = made.at("2026-03", 6)
ALARM = "误报：画面偏暗"


@dataclass(frozen=True)
class Pair:
    """The pair as the desk sees it."""

    contract: Contract
    device: Device
    desk: FlaskClient
    alarm: int
    calm: int

    def pick(self, inspection_id: int) -> None:
        answer = self.desk.post(f"{HQ}/inspections/{inspection_id}/pick")
        assert answer.status_code == 200, answer.get_json()
        db.session.rollback()

    def get(self, path: str) -> Any:
        answer = self.desk.get(f"{HQ}/{path}")
        assert answer.status_code == 200
        return answer.get_json()

    def lines(self, path: str) -> list[dict[str, Any]]:
        """The lines of a list's two files, which say the same; by their heads."""
        text = self.desk.get(f"{HQ}/{path}.csv").data.decode("utf-8-sig")
        in_csv = list(csv.DictReader(io.StringIO(text, newline="")))
        book = CalamineWorkbook.from_filelike(io.BytesIO(self.desk.get(f"{HQ}/{path}.xlsx").data))
        assert len(book.get_sheet_by_index(0).to_python()) - 1 == len(in_csv)
        return in_csv


@pytest.fixture
def pair(
    contract: Contract,
    engineer: User,
    manager: User,
    signed_in: Callable[[User], FlaskClient],
) -> Pair:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    device = factories.device(room, name="投影机甲", register={"rated_lamp_hours": 3000})
    march = made.opened(contract)
    other = factories.member(contract, "backup_engineer", login="backup")
    lamp = [{"consumable": "lamp", "quantity": 1}]
    dim = made.visit(march, device, consumables=lamp)
    made.reading(dim, "image", "dim", "abnormal", cause="lamp_aged", remark=ALARM)
    (first,) = made.send(contract, engineer, dim)
    fine = made.visit(march, device, consumables=lamp)
    (second,) = made.send(contract, other, fine, now=made.at("2026-03", 4))
    assert first.inspection_id
    assert second.inspection_id
    return Pair(contract, device, signed_in(manager), first.inspection_id, second.inspection_id)


def test_until_he_has_chosen_both_are_listened_to(pair: Pair) -> None:
    assert pair.get("device-records")["total"] == 3
    assert pair.get("consumables")["total"] == 2


def test_the_desks_lists_and_their_files_have_what_was_picked_alone(pair: Pair) -> None:
    pair.pick(pair.calm)
    listed = pair.get("device-records")
    assert [(row["category"], row["inspection_id"]) for row in listed["items"]] == [
        ("replacement", pair.calm)
    ]
    assert (listed["total"], sum(listed["counts"].values())) == (1, 1)
    assert pair.get("device-records?q=误报")["total"] == 0
    assert [row["类别"] for row in pair.lines("device-records")] == ["更换"]
    used = pair.get("consumables")
    assert [(row["inspection_id"], row["quantity"]) for row in used["items"]] == [(pair.calm, 1)]
    assert used["total"] == 1
    assert [(row["耗材"], row["数量"]) for row in pair.lines("consumables")] == [("灯泡", "1")]


def test_the_devices_page_has_what_was_picked_alone(pair: Pair) -> None:
    pair.pick(pair.calm)
    life = pair.get(f"devices/{pair.device.id}/life")
    assert [row["inspection_id"] for row in life["records"]] == [pair.calm]
    assert [row["quantity"] for row in life["consumables"]] == [1]
    # What was set aside stays in sight where one looks for what was sent.
    assert len(life["inspections"]) == 2


def test_the_record_sheet_and_the_report_agree(pair: Pair) -> None:
    pair.pick(pair.calm)
    record = device_record_content(db.session(), pair.contract.id, pair.device.id, NOW)
    assert [(row["category"], row["part"]["zh"]) for row in record["rows"]] == [
        ("replacement", "灯泡")
    ]
    text = pdfs.text_of(pdf.device_record_pdf(pdfs.source(record)))
    assert "误报" not in text
    report = report_content(db.session(), pair.contract.id, "2026-03", NOW)
    assert [row["quantity"] for row in report["consumables"]["totals"]] == [1]
    assert report["anomalies"] == []
    assert report["device_records"] == []


def test_picking_the_other_turns_it_round_and_nothing_is_lost(pair: Pair) -> None:
    pair.pick(pair.calm)
    pair.pick(pair.alarm)
    assert {row["inspection_id"] for row in pair.get("device-records")["items"]} == {pair.alarm}
    assert pair.get("device-records?q=误报")["total"] == 1
    assert [row["inspection_id"] for row in pair.get("consumables")["items"]] == [pair.alarm]
    for model, rows in ((DeviceRecord, 3), (ConsumableUse, 2)):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == rows


def test_what_a_case_has_written_is_no_inspections_and_stays(pair: Pair, engineer: User) -> None:
    li = author(pair.contract, engineer)
    fault = opened(pair.contract, li, device_id=pair.device.id)
    taken(fault, li, "take_over")
    taken(fault, li, "solve", cause="线松", solution="重插")
    pair.pick(pair.calm)
    assert {row["category"] for row in pair.get("device-records")["items"]} == {
        "fault",
        "replacement",
    }
