"""A month that has everything a report tells of: normal, abnormal, fixed, found, missed, carried over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.rounds import made
from webapp.db import db, unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import OpenItem, Photo, Round

NOW = made.at("2026-04", 8)


@dataclass(frozen=True)
class Month:
    """March and April of HQ; April is the one that is told of."""

    contract: Contract
    round: Round
    rooms: tuple[Room, ...]
    projector: Device
    display: Device


def send_month(contract: Contract, manager: User, engineer: User, text: str = "画面偏暗") -> Month:
    """Three rooms: one with anomalies, one occupied, one that nobody was in yet."""
    building = factories.building(contract)
    rooms = tuple(
        factories.room(building, name, floor)
        for name, floor in (("西湖厅", "8F"), ("钱塘厅", "9F"), ("地下室", "B1"))
    )
    projector = factories.device(
        rooms[0], name="投影机甲", asset_number="AV-1", register={"rated_lamp_hours": 3000}
    )
    display = factories.device(rooms[0], "display", name="电视乙")
    microphone = factories.device(rooms[1], "microphone", name="麦克风丙")
    made.checklist(contract)
    march = made.opened(contract, "2026-03")
    dim = made.visit(march, projector)
    made.reading(dim, "image", "dim", "abnormal", remark="三月就偏暗")
    made.send(contract, engineer, dim, now=made.at("2026-03"))
    april = made.opened(contract, "2026-04")
    made.send(
        contract,
        engineer,
        _dim_again(april, projector, text),
        _fixed(april, display),
        _found(april, rooms[0], text),
        _occupied(april, microphone),
        now=made.at("2026-04", 3),
    )
    with unit_of_work() as session:
        first = session.scalars(sa.select(OpenItem).order_by(OpenItem.number)).first()
        assert first is not None
        first.owner_id, first.due_on = manager.id, date(2026, 4, 6)
        session.execute(sa.update(Photo).values(received_at=made.at("2026-04", 3)))
    db.session.remove()
    return Month(contract, april, rooms, projector, display)


def _times(day: int) -> dict[str, str]:
    return {
        "started_at": f"2026-04-{day:02d}T01:40:00Z",
        "finished_at": f"2026-04-{day:02d}T01:55:00Z",
    }


def _dim_again(april: Round, projector: Device, text: str) -> dict[str, Any]:
    visit = made.visit(
        april,
        projector,
        photos=[made.photo("image"), made.photo("power")],
        consumables=[{"consumable": "filter", "quantity": 1}],
        **_times(3),
    )
    made.reading(
        visit,
        "image",
        "dim",
        "abnormal",
        remark=text,
        cause="lamp_aged",
        action="waiting_for_a_part",
    )
    return visit


def _fixed(april: Round, display: Device) -> dict[str, Any]:
    visit = made.visit(april, display, **_times(3))
    made.reading(visit, "sound", "fail", "abnormal", remark="线松了", fixed=True)
    return visit


def _found(april: Round, room: Room, text: str) -> dict[str, Any]:
    visit = made.visit(
        april,
        None,
        room=room,
        findings=[_finding(text)],
        photos=[made.photo("overview")],
        **_times(3),
    )
    made.reading(visit, "overview", True, "normal")
    return visit


def _finding(text: str) -> dict[str, Any]:
    return {"uid": made.uid(), "text": f"地毯绊脚 {text}", "severity": 4, "fixed": False}


def _occupied(april: Round, microphone: Device) -> dict[str, Any]:
    return made.visit(
        april,
        microphone,
        readings=[],
        scanned_code=None,
        exception={"reason": "occupied", "remark": "全天有会"},
        **_times(3),
    )


@pytest.fixture
def month(contract: Contract, manager: User, engineer: User) -> Month:
    """April with everything in it."""
    return send_month(contract, manager, engineer)
