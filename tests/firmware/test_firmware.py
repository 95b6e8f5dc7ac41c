"""Firmware over HTTP: baselines, who runs what, upgrades done, failed and rolled back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.estate.models import Device
from webapp.firmware import rules
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
FIRMWARE = f"{HQ}/firmware"


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


@pytest.fixture
def shares(contract: Contract) -> list[Device]:
    """Three of one model: old, new and unknown; and one of another."""
    room = factories.room(factories.building(contract))
    model = {"maker": "Barco", "model": "CX-30"}
    found = [
        factories.device(room, "clickshare", f"CX{number}", firmware=firmware, **model)
        for number, firmware in enumerate(("v02.18", " V02.21 ", ""))
    ]
    factories.device(room, "codec", maker="Poly", model="G7500", firmware="4.2")
    factories.device(room, "codec", name="无型号", firmware="1")
    return found


def sent(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.data
    return answer.get_json()


def baseline(browser: FlaskClient, device: Device, version: str, status: int = 200) -> Any:
    body = {"version": version, "note": "厂商建议"}
    return sent(browser.patch(f"{FIRMWARE}/{device.id}", json=body), status)


def planned(browser: FlaskClient, devices: list[Device], status: int = 201, **more: Any) -> Any:
    body = {"uid": made.uid(), "title": "CX-30 升级", "version": "v02.21"}
    ids = {"device_ids": [one.id for one in devices]}
    url = f"{FIRMWARE}/{devices[0].id}/upgrades"
    return sent(browser.post(url, json={**body, **ids, **more}), status)


def stepped(browser: FlaskClient, step: str, status: int = 200, **fields: Any) -> Any:
    body = {"uid": made.uid(), "step": step, "fields": fields}
    return sent(browser.post(f"{HQ}/cases/U1/steps", json=body), status)


def settled(
    browser: FlaskClient, device: Device, outcome: str, reason: str = "", status: int = 200
) -> Any:
    url = f"{HQ}/cases/U1/upgrade/{device.id}"
    return sent(browser.post(url, json={"outcome": outcome, "reason": reason}), status)


def runs(devices: list[Device]) -> list[str]:
    db.session.rollback()
    wanted = sa.select(Device.firmware).where(Device.id.in_([one.id for one in devices]))
    return list(db.session.scalars(wanted.order_by(Device.id)))


def states(browser: FlaskClient) -> list[str]:
    devices = sent(browser.get(f"{HQ}/cases/U1/upgrade"))["devices"]
    return [one["state"] for one in sorted(devices, key=lambda one: one["device_id"])]


def test_the_models_are_told_with_how_many_run_the_baseline(
    wang: FlaskClient, li: FlaskClient, shares: list[Device]
) -> None:
    [codec, share] = sent(li.get(FIRMWARE, query_string={"sort": "-model"}))["items"]
    assert (codec["model"], codec["state"], codec["baseline"]) == ("G7500", "no_baseline", None)
    assert (share["devices"], share["versions"], share["off"]) == (3, 2, 0)
    detail = baseline(wang, shares[2], "v02.21")
    assert [one["state"] for one in detail["runs"]] == ["off", "on", "unknown"]
    page = sent(li.get(FIRMWARE, query_string={"state": "off", "q": "barco"}))
    [share] = page["items"]
    assert (share["on"], share["off"], share["untold"]) == (1, 1, 1)
    assert page["counts"] == {"off": 1, "unknown": 0, "no_baseline": 0, "on": 0}
    # What was not changed leaves no mark; an empty version takes the baseline away.
    baseline(wang, shares[0], "v02.21")
    assert baseline(wang, shares[0], "")["baseline"] is None
    rows = db.session.scalars(
        sa.select(AuditRow).filter_by(action="set_firmware_baseline").order_by(AuditRow.id)
    )
    assert [row.diff["version"] for row in rows] == [["", "v02.21"], ["v02.21", ""]]


def test_an_upgrade_done_gives_the_register_the_version_but_of_what_failed(
    li: FlaskClient, shares: list[Device]
) -> None:
    old, _new, unknown = shares
    assert planned(li, [old, unknown], planned_on="2026-12-01") == {"name": "U1"}
    assert states(li) == ["planned", "planned"]
    runs_now = sent(li.get(f"{FIRMWARE}/{old.id}"))["runs"]
    assert [one["upgrade"] for one in runs_now] == ["U1", None, "U1"]
    assert settled(li, unknown, "failed", status=422)["code"] == "invalid"
    settled(li, unknown, "failed", "升级包校验不过")
    stepped(li, "finish", done="逐台升级并重启")
    assert states(li) == ["done", "failed"]
    assert runs(shares) == ["v02.21", " V02.21 ", ""]
    [upgrade] = sent(li.get(f"{FIRMWARE}/{old.id}"))["upgrades"]
    assert (upgrade["name"], upgrade["devices"], upgrade["failed"]) == ("U1", 2, 1)
    assert settled(li, old, "failed", "晚了", 409)["code"] == "upgrade_over"
    [change] = db.session.scalars(sa.select(AuditRow).filter_by(entity="device"))
    assert change.diff == {"firmware": ["v02.18", "v02.21"]}


def test_rolled_back_the_register_has_the_version_of_before(
    li: FlaskClient, wang: FlaskClient, shares: list[Device]
) -> None:
    planned(li, shares)
    settled(li, shares[0], "done")
    assert runs(shares) == ["v02.21", " V02.21 ", ""]
    settled(li, shares[0], "planned")
    assert runs(shares)[0] == "v02.18"
    stepped(li, "finish", done="完成")
    # What somebody put right by hand since is left to him.
    sent(wang.patch(f"{HQ}/devices/{shares[2].id}", json={"firmware": "v02.22"}))
    stepped(li, "roll_back", text="投屏花屏")
    assert states(li) == ["restored"] * 3
    assert runs(shares) == ["v02.18", " V02.21 ", "v02.22"]
    stepped(li, "plan_again", planned_on="2026-12-20")
    assert states(li) == ["planned"] * 3


def test_an_upgrade_that_was_opened_of_one_device_has_it(
    li: FlaskClient, shares: list[Device]
) -> None:
    body = {"uid": made.uid(), "kind": "upgrade", "title": "升级", "device_id": shares[0].id}
    sent(li.post(f"{HQ}/cases", json={**body, "fields": {"version": "v02.21"}}), 201)
    assert states(li) == ["planned"]
    stepped(li, "finish", done="完成")
    assert (states(li), runs(shares)[0]) == (["done"], "v02.21")


def test_what_is_wrong_is_refused(
    li: FlaskClient, wang: FlaskClient, shares: list[Device], it_lead: User, signed_in: SignIn
) -> None:
    codec = db.session.scalars(sa.select(Device).filter_by(model="G7500")).one()
    nameless = db.session.scalars(sa.select(Device).filter_by(name="无型号")).one()
    assert planned(li, [shares[0], codec], 422)["code"] == "device_unknown"
    refused: list[dict[str, Any]] = [
        {"device_ids": []},
        {"version": ""},
        {"uid": "x"},
        {"title": ""},
    ]
    for wrong in refused:
        assert planned(li, shares, 422, **wrong)["code"] == "invalid"
    uid = made.uid()
    assert [planned(li, shares, uid=uid)["name"] for _ in range(2)] == ["U1", "U1"]
    for path in (f"{FIRMWARE}/{nameless.id}", f"{FIRMWARE}/999", f"{HQ}/cases/F1/upgrade"):
        assert li.get(path).status_code == 404
    assert settled(li, codec, "done", status=404)["code"] == "not_found"
    baseline(li, shares[0], "v3", 403)
    client = signed_in(it_lead)
    assert client.get(FIRMWARE).status_code == 200
    planned(client, shares, 403)
    settled(client, shares[0], "done", status=403)


def test_another_contract_sees_none_of_it(
    li: FlaskClient, shares: list[Device], stranger: User, signed_in: SignIn
) -> None:
    theirs = signed_in(stranger)
    assert theirs.get(FIRMWARE).status_code == 404
    other = f"/api/contracts/OTHER/firmware/{shares[0].id}"
    assert theirs.get(other).status_code == 404
    assert theirs.patch(other, json={"version": "1"}).status_code == 404


def test_the_list_and_a_model_take_a_fixed_number_of_statements(
    contract: Contract, li: FlaskClient, shares: list[Device], count_queries: Callable[[], int]
) -> None:
    def asked() -> int:
        count_queries()
        for path in (FIRMWARE, f"{FIRMWARE}/{shares[0].id}", f"{HQ}/cases/U1/upgrade"):
            assert li.get(path).status_code == 200
        return count_queries()

    planned(li, shares[:2])
    before = asked()
    room = factories.room(factories.building(contract, "副楼"))
    for number in range(4):
        factories.device(room, "clickshare", f"B{number}", maker="Barco", model="CX-30")
        factories.device(room, "display", f"D{number}", maker="LG", model=f"55-{number}")
    planned(li, shares)
    assert asked() == before


@pytest.mark.parametrize(
    ("firmware", "baseline", "state"),
    [
        ("v1", None, "no_baseline"),
        ("", None, "no_baseline"),
        ("  ", "v1", "unknown"),
        (" V1", "v1 ", "on"),
        ("v1.0", "v1", "off"),
    ],
)
def test_a_version_is_compared_without_case_and_blanks(
    firmware: str, baseline: str | None, state: str
) -> None:
    assert rules.device_state(firmware, baseline) == state
