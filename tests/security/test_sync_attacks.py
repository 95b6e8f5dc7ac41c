"""What is pushed with ill will (security.md 6, 7, 15-19): forged fields, other contracts, floods."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, inspection, operation, picture, slot
from webapp.api import counts
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Round
from webapp.sync.models import Operation, Quarantined


@pytest.fixture
def device(contract: Contract) -> Device:
    made.checklist(contract)
    return factories.device(factories.room(factories.building(contract)))


@pytest.fixture
def march(contract: Contract, device: Device) -> Round:
    return made.opened(contract)


@pytest.fixture
def phone(signed_in: Callable[[User], FlaskClient], engineer: User, march: Round) -> Phone:
    return Phone(signed_in(engineer))


@pytest.mark.attack(16)
@pytest.mark.parametrize(
    "forged",
    [
        {"author_id": 1},
        {"role": "project_manager"},
        {"seq": 99},
        {"received_at": "2020-01-01T00:00:00Z"},
        {"verdict": "normal"},
        {"__proto__": {}},
    ],
)
def test_an_unknown_field_is_refused_and_kept_for_a_supervisor(
    phone: Phone, march: Round, device: Device, forged: dict[str, Any]
) -> None:
    [result] = phone.push(inspection(made.visit(march, device, **forged)))
    assert (result["result"], result["code"]) == ("quarantined", "payload_invalid")
    assert next(iter(forged)) in result["detail"]["reason"]
    assert db.session.query(Inspection).count() == 0


@pytest.mark.attack(16)
def test_an_unknown_field_within_a_reading_is_refused_too(
    phone: Phone, march: Round, device: Device
) -> None:
    payload = made.visit(march, device)
    payload["readings"][0]["severity"] = 1
    assert phone.push(inspection(payload))[0]["code"] == "payload_invalid"


@pytest.mark.attack(19)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"envelope":1,"phone_id":"p","operations":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"envelope":1,"phone_id":"p","operations":[],"x":' + b'{"a":' * 50_000 + b"}" * 50_000,
        b'{"envelope":NaN}',
        b"\xff\xfe\x00",
        b'{"envelope":1,"phone_id":"\xff","operations":[]}',
        b'{"envelope":1e400,"phone_id":"p","operations":[]}',
        b"",
        b"null",
    ],
)
def test_a_body_that_is_a_bomb_or_no_json_is_422(phone: Phone, body: bytes) -> None:
    for path in ("sync/push", "sync/missing"):
        answer = phone.post(path, body)
        assert answer.status_code == 422, (path, answer.data[:200])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"uid":' + "[" * 100_000,
        '{"a":' * 100_000,
        '{"round_id": 1e999}',
        '{"round_id": ' + "9" * 5000 + "}",
        '{"round_id": NaN}',
        '"\\ud800"',
    ],
)
def test_a_payload_that_is_a_bomb_is_quarantined_word_for_word(phone: Phone, text: str) -> None:
    [result] = phone.push(operation("inspection", text))
    assert (result["result"], result["code"]) == ("quarantined", "payload_invalid")
    [kept] = db.session.scalars(sa.select(Quarantined)).all()
    assert kept.payload == text


@pytest.mark.parametrize("value", ["1e400", "NaN", "Infinity", "-1e400", "1" * 400])
def test_a_number_beyond_all_numbers_is_quarantined(
    phone: Phone, march: Round, device: Device, value: str
) -> None:
    text = json.dumps(made.visit(march, device)).replace('"value": 500', f'"value": {value}')
    assert value in text
    [result] = phone.push(operation("inspection", text))
    assert result["result"] == "quarantined"


@pytest.mark.parametrize("field", ["round_id", "room_id", "device_id"])
@pytest.mark.parametrize("value", [-1, 0, 2**31, 2**63, 2**80])
def test_an_id_out_of_range_is_quarantined(
    phone: Phone, march: Round, device: Device, field: str, value: int
) -> None:
    [result] = phone.push(inspection(made.visit(march, device, **{field: value})))
    assert (result["result"], result["code"]) == ("quarantined", "payload_invalid")


def test_another_contracts_ids_are_as_unknown_as_any(
    phone: Phone,
    march: Round,
    device: Device,
    stranger: User,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    other = db.session.scalars(sa.select(Contract).filter_by(code="OTHER")).one()
    made.checklist(other)
    foreign = factories.device(factories.room(factories.building(other)))
    theirs = made.opened(other)
    codes = [
        phone.push(inspection(made.visit(theirs, foreign)))[0]["code"],
        phone.push(inspection(made.visit(march, foreign)))[0]["code"],
        phone.push(inspection(made.visit(march, device, room_id=foreign.room_id)))[0]["code"],
    ]
    unknown = [
        phone.push(inspection(made.visit(march, device, round_id=4711)))[0]["code"],
        phone.push(inspection(made.visit(march, device, room_id=4711, device_id=4712)))[0]["code"],
        phone.push(inspection(made.visit(march, device, room_id=4711)))[0]["code"],
    ]
    assert codes == unknown
    assert db.session.query(Inspection).count() == 0


@pytest.mark.attack(7)
def test_a_uid_of_another_contract_neither_collides_nor_tells(
    phone: Phone,
    march: Round,
    device: Device,
    stranger: User,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    data = picture()
    line = slot(data, "image")
    mine = made.visit(march, device, photos=[line])
    phone.send(mine)
    phone.put(line["id"], data)
    other = db.session.scalars(sa.select(Contract).filter_by(code="OTHER")).one()
    made.checklist(other)
    foreign = factories.device(factories.room(factories.building(other)))
    member = factories.member(other, "inspection_engineer", login="theirs")
    theirs = Phone(signed_in(member), contract="OTHER")
    same = made.visit(made.opened(other), foreign, uid=mine["uid"], photos=[line])
    held = {"photos": [{"id": line["id"], "sha256": line["sha256"]}]}
    assert theirs.post("sync/missing", held).get_json()["missing_photos"] == [line["id"]]
    assert theirs.send(same) == ["applied"]
    # The same bytes under the same id, but the contract's own slot and object.
    assert theirs.put(line["id"], data).get_json()["result"] == "stored"


def test_every_sync_endpoint_is_walled_off(
    march: Round,
    stranger: User,
    it_lead: User,
    client: FlaskClient,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    foreign, lead = signed_in(stranger), signed_in(it_lead)
    requests: list[tuple[str, str, int]] = [
        ("POST", "sync/push", 403),
        ("POST", "sync/missing", 403),
        ("PUT", f"photos/{made.uid()}", 403),
        ("PUT", f"photos?ids={made.uid()}", 403),
        ("GET", "sync/pull", 200),
    ]
    for method, path, for_lead in requests:
        url = f"/api/contracts/HQ/{path}"
        assert client.open(url, method=method).status_code == 401, path
        assert foreign.open(url, method=method).status_code == 404, path
        assert lead.open(url, method=method).status_code == for_lead, path
        nowhere = f"/api/contracts/NOWHERE/{path}"
        assert foreign.open(nowhere, method=method).status_code == 404, path


@pytest.mark.attack(18)
def test_a_revoked_session_replays_nothing(phone: Phone, march: Round, device: Device) -> None:
    sent = phone.envelope(inspection(made.visit(march, device)))
    assert phone.browser.delete("/api/session").status_code == 204
    assert phone.post("sync/push", sent).status_code == 401
    assert db.session.query(Operation).count() == 0


@pytest.mark.attack(15)
def test_a_push_from_another_site_is_refused(phone: Phone) -> None:
    answer = phone.browser.post(
        phone.url("sync/push"), json=phone.envelope(), headers={"Origin": "https://evil.example"}
    )
    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")


@pytest.mark.attack(19)
def test_a_flood_is_429_with_retry_after(
    phone: Phone, march: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: dict[str, list[Any]] = {"photos": [], "operations": []}
    monkeypatch.setattr(counts, "_counts", {("missing", 1): 119, ("missing", 2): 119})
    monkeypatch.setattr(counts, "_window", int(time.monotonic() // 60))
    statuses = [phone.post("sync/missing", held).status_code for _ in range(2)]
    assert statuses == [200, 429]
    answer = phone.post("sync/missing", held)
    assert answer.get_json()["code"] == "too_many_requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_a_list_that_is_too_long_is_refused(phone: Phone) -> None:
    photo = {"id": made.uid(), "sha256": "0" * 64}
    assert phone.post("sync/missing", {"photos": [photo] * 5001}).status_code == 422


@pytest.mark.attack(8)
def test_script_in_a_remark_comes_back_as_the_text_it_is(
    phone: Phone, march: Round, device: Device
) -> None:
    evil = "<script>alert(1)</script>"
    payload = made.visit(march, device)
    made.reading(payload, "power", "fail", "abnormal", remark=evil)
    assert phone.send(payload) == ["applied"]
    answer = phone.browser.get(phone.url("sync/pull?cursor=0"))
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
