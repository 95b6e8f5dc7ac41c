"""A change request ends in the asset register: devices added, changed or retired out of it, or nothing to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from tests.rounds import made as rounds
from webapp.audit.models import AuditRow
from webapp.cases.models import CaseEvent
from webapp.db import db
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import RoundTask

SignIn = Callable[[User], FlaskClient]
BASE = "/api/contracts/HQ"
WAY: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "requested": [],
    "planned": [
        ("wang", "quote", {}),
        ("chen", "approve", {}),
        (
            "wang",
            "plan",
            {"from_at": "2026-03-05T19:00:00+08:00", "to_at": "2026-03-05T22:00:00+08:00"},
        ),
    ],
    "executed": [("wang", "execute", {"done": "已安装并测试"})],
    "accepted": [("chen", "accept", {"rating": 5})],
}


class Desk:
    """The project manager's and the client's browsers, and what they do."""

    def __init__(self, wang: FlaskClient, chen: FlaskClient, room: Room) -> None:
        self.browsers = {"wang": wang, "chen": chen}
        self.wang = wang
        self.room = room

    def take(self, who: str, name: str, step: str, status: int = 200, **fields: Any) -> Any:
        given = {"uid": made.uid(), "step": step, "fields": fields}
        answer = self.browsers[who].post(f"{BASE}/cases/{name}/steps", json=given)
        assert answer.status_code == status, answer.data
        return answer.get_json()

    def change(self, state: str = "executed") -> str:
        """A change that has come so far."""
        opening = {"uid": made.uid(), "kind": "change", "title": "加装返看电视"}
        more = {"room_id": self.room.id, "fields": {"category": "installation"}}
        answer = self.browsers["chen"].post(f"{BASE}/cases", json={**opening, **more})
        assert answer.status_code == 201, answer.data
        name: str = answer.get_json()["name"]
        for reached, steps in WAY.items():
            for who, step, fields in steps:
                self.take(who, name, step, **fields)
            if reached == state:
                break
        return name

    def show(self, name: str) -> Any:
        return self.wang.get(f"{BASE}/cases/{name}").get_json()

    def add(self, case: str | None, status: int = 201, **more: Any) -> Any:
        body = {"room_id": self.room.id, "type": "display", "name": "返看电视", **more}
        answer = self.wang.post(f"{BASE}/devices", json=body | ({"case": case} if case else {}))
        assert answer.status_code == status, answer.data
        return answer.get_json()

    def patch(self, device_id: int, status: int = 200, **body: Any) -> Any:
        answer = self.wang.patch(f"{BASE}/devices/{device_id}", json=body)
        assert answer.status_code == status, answer.data
        return answer.get_json()

    def told(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """The lines of the story that tell of the register."""
        return [
            (line["step"], line["given"])
            for line in self.show(name)["timeline"]
            if line["step"].startswith("device_")
        ]


@pytest.fixture
def room(contract: Contract) -> Room:
    rounds.checklist(contract)
    return factories.room(factories.building(contract))


@pytest.fixture
def old(room: Room) -> Device:
    return factories.device(room, name="旧电视", type="display")


@pytest.fixture
def desk(room: Room, manager: User, it_lead: User, signed_in: SignIn) -> Desk:
    return Desk(signed_in(manager), signed_in(it_lead), room)


def audited(entity_id: int) -> list[str]:
    statement = sa.select(AuditRow.action).filter_by(entity="device", entity_id=str(entity_id))
    return list(db.session.scalars(statement.order_by(AuditRow.id)))


@pytest.mark.parametrize("state", ["planned", "executed", "accepted"])
def test_a_device_is_added_out_of_a_change_that_is_planned_or_done(desk: Desk, state: str) -> None:
    name = desk.change(state)
    device = desk.add(name, serial="SN-1")
    assert desk.told(name) == [("device_added", {"device": "返看电视", "device_id": device["id"]})]
    assert desk.show(name)["register"] == "changed"
    assert "register" not in desk.show(name)["facts"]
    assert device["label"] is not None
    assert audited(device["id"]) == ["create"]


def test_the_round_under_way_gets_the_new_device(
    desk: Desk, contract: Contract, old: Device
) -> None:
    rounds.opened(contract)
    device = desk.add(desk.change())
    assert device["id"] in set(db.session.scalars(sa.select(RoundTask.device_id)))


def test_the_same_request_again_adds_no_other_device_and_no_other_line(desk: Desk) -> None:
    name, uid = desk.change(), made.uid()
    first, again = desk.add(name, uid=uid), desk.add(name, uid=uid)
    assert first["id"] == again["id"]
    assert len(desk.told(name)) == 1
    # What was named after another line of the contract is not taken for it.
    assert desk.add(desk.change(), 422, uid=uid)["fields"] == {"uid": ["invalid"]}
    assert db.session.scalar(sa.select(sa.func.count(Device.id))) == 1


def test_each_change_of_a_device_is_one_line_and_what_changes_nothing_is_none(
    desk: Desk, old: Device
) -> None:
    name = desk.change()
    elsewhere = factories.room(factories.building(old_contract(old), name_zh="二号楼"))
    for body in (
        {"remark": "移位前"},
        {"remark": "移位前"},
        {"room_id": elsewhere.id},
        {"retired": True},
        {"retired": True, "remark": "移位前"},
        {"retired": False},
    ):
        desk.patch(old.id, case=name, **body)
    assert [step for step, _ in desk.told(name)] == [
        "device_changed",
        "device_moved",
        "device_retired",
        "device_restored",
    ]
    assert audited(old.id) == ["change"] * 4


def old_contract(device: Device) -> Contract:
    return db.session.get_one(Contract, device.contract_id)


@pytest.mark.parametrize("state", ["requested", "approved"])
def test_a_change_that_is_not_planned_yet_takes_nothing_and_nothing_is_stored(
    desk: Desk, old: Device, state: str
) -> None:
    name = desk.change("requested")
    if state == "approved":
        desk.take("wang", name, "quote")
        desk.take("chen", name, "approve")
    assert desk.add(name, 409)["code"] == "step_not_now"
    assert desk.patch(old.id, 409, case=name, retired=True)["code"] == "step_not_now"
    nothing_stored(old)


@pytest.mark.parametrize("kind", ["upgrade", "proposal"])
def test_only_a_change_takes_it(desk: Desk, old: Device, kind: str) -> None:
    fields = {"version": "2.0"} if kind == "upgrade" else {}
    opening = {"uid": made.uid(), "kind": kind, "title": "x", "fields": fields}
    name = desk.wang.post(f"{BASE}/cases", json=opening).get_json()["name"]
    assert desk.show(name)["register"] is None
    for wrong in (name, "G99", "xx"):
        assert desk.add(wrong, 422)["code"] == "case_unknown"
        assert desk.patch(old.id, 422, case=wrong, retired=True)["code"] == "case_unknown"
    nothing_stored(old)


def nothing_stored(old: Device) -> None:
    db.session.expire_all()
    assert list(db.session.scalars(sa.select(Device))) == [old]
    assert old.retired_at is None
    lines = sa.select(CaseEvent).where(CaseEvent.step.startswith("device_"))
    assert db.session.scalars(lines).all() == []


def test_a_refused_device_leaves_no_line_in_the_story(desk: Desk, old: Device) -> None:
    name = desk.change()
    desk.patch(old.id, asset_number="IT-1")
    assert desk.add(name, 409, asset_number="it-1")["code"] == "asset_number_taken"
    assert desk.told(name) == []
    assert desk.show(name)["register"] == "missing"


def test_nothing_to_change_is_said_with_a_reason_by_who_manages_the_register(desk: Desk) -> None:
    name = desk.change()
    assert desk.show(name)["register"] == "missing"
    assert desk.take("wang", name, "keep_register", 422)["fields"] == {"text": ["missing"]}
    assert desk.take("chen", name, "keep_register", 403, text="x")["code"] == "forbidden"
    one = desk.take("wang", name, "keep_register", text="只改了程序")
    assert (one["register"], one["state"]) == ("as_is", "executed")
    assert one["timeline"][-1]["text"] == "只改了程序"
    # A device that is added after all says more.
    desk.add(name)
    assert desk.show(name)["register"] == "changed"
    assert desk.take("wang", name, "keep_register", text="x")["register"] == "changed"


def test_it_can_be_said_after_the_acceptance_too(desk: Desk) -> None:
    name = desk.change("accepted")
    one = desk.take("wang", name, "keep_register", text="只改了程序")
    assert (one["register"], one["live"]) == ("as_is", False)


def test_a_done_change_of_which_nobody_has_said_is_found(desk: Desk) -> None:
    forgotten, told, kept, early = (
        desk.change(state) for state in ("accepted", "accepted", "executed", "planned")
    )
    desk.add(told)
    desk.take("wang", kept, "keep_register", text="只改了程序")
    found = desk.wang.get(f"{BASE}/cases?unregistered=true&state=all").get_json()
    assert [row["name"] for row in found["items"]] == [forgotten]
    assert desk.show(early)["register"] is None


def test_the_devices_page_leads_to_the_changes_that_touched_it(desk: Desk, old: Device) -> None:
    added, retired = desk.change(), desk.change()
    desk.change()
    device = desk.add(added)
    desk.patch(old.id, case=retired, retired=True)
    desk.patch(old.id, remark="与变更无关")
    for device_id, name in ((device["id"], added), (old.id, retired)):
        found = desk.wang.get(f"{BASE}/cases?device_id={device_id}&state=all").get_json()
        assert [row["name"] for row in found["items"]] == [name]


def test_without_a_case_all_is_as_before(desk: Desk) -> None:
    device = desk.add(None)
    assert desk.patch(device["id"], retired=True)["retired"]
    assert db.session.scalars(sa.select(CaseEvent)).all() == []
