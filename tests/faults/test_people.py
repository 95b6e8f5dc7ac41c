"""What the desk does while an engineer is offline: his records are kept, and his, whatever was decided."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance import over_http
from tests.faults.conftest import OpenPhone, Serve, Site
from tests.faults.engineer import NodePhone, WirePhone, photo_bytes
from tests.faults.oracle import judge
from webapp.db import now_utc
from webapp.rounds.rules import month_of

AUTHORS = """SELECT DISTINCT login FROM inspection JOIN user ON user.id = author_id
JOIN contract ON contract.id = contract_id WHERE contract.code = :contract"""


MONTH = month_of(now_utc().date())
Act = Callable[[Site, WirePhone, NodePhone], None]


def inspect(phone: NodePhone) -> list[dict[str, Any]]:
    """Two inspections with a photo each, saved and not sent."""
    return [phone.save(task, photo_bytes(task)) for task in phone.ask("tasks")[-2:]]


def refused(phone: NodePhone, site: Site, paused: str) -> None:
    """The queue stands, the reason is said, and nothing is gone."""
    assert phone.sync()["failure"]["reason"] == "refused"
    report = phone.look()
    assert report["engine"]["phase"] == "paused"
    assert report["engine"]["paused"] == paused
    assert {one["state"] for one in report["operations"]} == {"waiting"}
    judge([phone.told], site.read(), quiet=False)


def came_to_rest(phone: NodePhone, site: Site) -> None:
    phone.settle()
    judge([phone.told], site.read())
    assert site.ask(AUTHORS) == [(site.login("li"),)]


@pytest.mark.fault(27)
def test_27_the_session_secret_is_rotated(serve: Serve, open_phone: OpenPhone) -> None:
    site = serve()
    phone = open_phone(site)
    inspect(phone)
    site.server.kill()
    site.server.settings["SECRET_KEY"] = "another secret, after the first one was given away"
    site.server.start()
    refused(phone, site, "sign_in")
    phone.sign_in(site.login("li"))
    came_to_rest(phone, site)


def user_id(site: Site, name: str) -> int:
    [(number,)] = site.ask("SELECT id FROM user WHERE login = :login", login=site.login(name))
    return int(number)


def change(phone: WirePhone, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """Something the desk does."""
    headers = {"Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    status, answer, _ = phone.ask(method, path, data, **headers)
    assert status in (200, 204), answer


@pytest.mark.fault(28)
def test_28_the_user_is_disabled_while_he_is_offline(phone: NodePhone, site: Site) -> None:
    inspect(phone)
    admin, path = site.wire("admin"), f"/api/users/{user_id(site, 'li')}"
    change(admin, "PATCH", path, {"disabled": True})
    refused(phone, site, "sign_in")
    change(admin, "PATCH", path, {"disabled": False})
    phone.sign_in(site.login("li"))
    came_to_rest(phone, site)


def rescue(phone: NodePhone, desk: WirePhone) -> None:
    """The supervisor loads what the phone has written into a file."""
    file = base64.b64decode(phone.ask("rescue")["zip"])
    zipped = {"Content-Type": "application/zip"}
    status, answer, _ = desk.ask("POST", desk.url("rescue"), file, **zipped)
    assert status == 200, answer


@pytest.mark.fault(28)
def test_28_a_disabled_users_phone_is_rescued_by_a_supervisor(phone: NodePhone, site: Site) -> None:
    inspect(phone)
    change(site.wire("admin"), "PATCH", f"/api/users/{user_id(site, 'li')}", {"disabled": True})
    refused(phone, site, "sign_in")
    rescue(phone, site.wire("manager"))
    judge([phone.told], site.read())
    assert site.ask(AUTHORS) == [(site.login("li"),)]


@pytest.mark.fault(30)
def test_30_the_right_to_the_contract_is_withdrawn(phone: NodePhone, site: Site) -> None:
    inspect(phone)
    desk = site.wire("manager")
    members = desk.ask("GET", desk.url("members"))[1]
    [member] = [row["id"] for row in members if row["login"] == site.login("li")]  # type: ignore[index]
    change(desk, "DELETE", desk.url(f"members/{member}"))
    refused(phone, site, "no_access")
    back = {"login": site.login("li"), "role": "backup_engineer"}
    change(desk, "POST", desk.url("members"), back)
    came_to_rest(phone, site)


@pytest.mark.fault(30)
def test_30_who_may_only_look_now_has_his_phone_rescued(phone: NodePhone, site: Site) -> None:
    inspect(phone)
    desk = site.wire("manager")
    members = desk.ask("GET", desk.url("members"))[1]
    [member] = [row["id"] for row in members if row["login"] == site.login("li")]  # type: ignore[index]
    change(desk, "PATCH", desk.url(f"members/{member}"), {"role": "client_it_lead"})
    refused(phone, site, "no_access")
    rescue(phone, desk)
    judge([phone.told], site.read())


def retire_devices(site: Site, desk: WirePhone, _other: NodePhone, retired: bool = True) -> None:
    rows = site.ask(
        """SELECT device.id FROM device JOIN contract ON contract.id = contract_id
        WHERE code = :contract"""
    )
    for (device,) in rows:
        change(desk, "PATCH", desk.url(f"devices/{device}"), {"retired": retired})


def publish_another_checklist(_site: Site, desk: WirePhone, _other: NodePhone) -> None:
    assert desk.post(desk.url("checklists"), {"from_number": 1})[0] == 201
    change(desk, "POST", desk.url("checklists/2/publish"))


def finish_round(_site: Site, desk: WirePhone, other: NodePhone) -> None:
    """A colleague has inspected everything meanwhile, and the month is closed."""
    for task in other.ask("tasks"):
        other.save(task)
    other.settle()
    change(desk, "POST", desk.url(f"rounds/{MONTH}/finish"), {})


class Person:
    """Somebody at the desk, who signs."""

    def __init__(self, wire: WirePhone) -> None:
        self.wire = wire

    def get(self, path: str) -> Any:
        """Read a path of the contract."""
        status, answer, _ = self.wire.ask("GET", self.wire.url(path))
        assert status == 200, answer
        return answer

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Change something there."""
        change(self.wire, "POST", self.wire.url(path), body)


def accept_round(site: Site, desk: WirePhone, other: NodePhone) -> None:
    finish_round(site, desk, other)
    over_http.self_check(Person(site.wire("wang")), MONTH)
    over_http.peer_check(Person(site.wire("li")), MONTH)
    change(desk, "POST", desk.url(f"rounds/{MONTH}/accept"), {})


def put_back(site: Site, desk: WirePhone, other: NodePhone) -> None:
    retire_devices(site, desk, other, retired=False)


def reopen_round(_site: Site, desk: WirePhone, _other: NodePhone) -> None:
    change(desk, "POST", desk.url(f"rounds/{MONTH}/reopen"), {})


@pytest.mark.fault(29)
@pytest.mark.parametrize("act", [publish_another_checklist, finish_round])
def test_29_what_comes_late_is_taken_all_the_same(
    phone: NodePhone, site: Site, open_phone: OpenPhone, act: Act
) -> None:
    other = open_phone(site, "wang")
    saved = inspect(phone)
    act(site, site.wire("manager"), other)
    phone.amend(saved[0]["uid"], "离线时修改")
    report = phone.settle()
    assert {record["state"] for record in report["records"]} == {"accepted"}
    judge([phone.told, other.told], site.read())


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("act", "undo"), [(retire_devices, put_back), (accept_round, reopen_round)]
)
def test_29_what_nobody_can_take_now_waits_for_the_supervisor(
    phone: NodePhone, site: Site, open_phone: OpenPhone, act: Act, undo: Act
) -> None:
    other, desk = open_phone(site, "wang"), site.wire("manager")
    saved = inspect(phone)
    act(site, desk, other)
    assert phone.sync()["ok"]
    report = phone.look()
    assert [record["state"] for record in report["records"]] == ["quarantined"] * len(saved)
    judge([phone.told, other.told], site.read(), quiet=False)
    undo(site, desk, other)
    for row in desk.ask("GET", desk.url("quarantine"))[1]["items"]:
        change(desk, "POST", desk.url(f"quarantine/{row['id']}/apply"), {})
    phone.settle()
    judge([phone.told, other.told], site.read())
