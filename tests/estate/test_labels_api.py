"""Labels over the real API: given out, revoked, relinked, printed; a code never lives twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image

from tests import factories
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.estate.models import Building, Device, Label
from webapp.estate.rules import new_code, parse_label
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
BASE = "/api/contracts/HQ"
UNKNOWN = "D6GR34Z8"
ENDPOINTS: list[tuple[str, str, Any, str, int]] = [
    ("GET", "/labels", None, "view", 200),
    ("GET", "/labels/presets", None, "view", 200),
    ("GET", "/labels/address", None, "view", 200),
    ("GET", f"/labels/{UNKNOWN}", None, "view", 404),
    ("GET", "/labels/sheet.pdf", None, "view", 422),
    ("GET", "/devices/1/label.png", None, "view", 404),
    ("POST", "/labels/issue", {}, "manage_estate", 200),
    ("POST", "/devices/1/label", None, "manage_estate", 201),
    ("POST", f"/labels/{UNKNOWN}/revoke", {"reason": "x"}, "manage_estate", 404),
    ("POST", f"/labels/{UNKNOWN}/relink", {"device_id": 1}, "manage_estate", 404),
]


@pytest.fixture
def devices(contract: Contract) -> list[Device]:
    """Devices 1 to 3 in room 1."""
    room = factories.room(factories.building(contract, name_en="Headquarters"))
    return [factories.device(room, name=f"西湖厅投影机{number}") for number in (1, 2, 3)]


@pytest.fixture
def desk(devices: list[Device], manager: User, signed_in: SignIn) -> FlaskClient:
    """The project manager's browser."""
    return signed_in(manager)


def ask(browser: FlaskClient, method: str, path: str, body: Any = None) -> Any:
    sent = {} if body is None else {"json": body}
    return browser.open(BASE + path, method=method, **sent)


def issue(desk: FlaskClient, device_id: int) -> str:
    return str(ask(desk, "POST", f"/devices/{device_id}/label").get_json()["code"])


@pytest.mark.parametrize(("method", "path", "body", "right", "status"), ENDPOINTS)
def test_who_may(
    client: FlaskClient, engineer: User, manager: User, stranger: User, signed_in: SignIn,
    devices: list[Device], method: str, path: str, body: Any, right: str, status: int,
) -> None:  # fmt: skip
    assert ask(client, method, path, body).status_code == 401
    assert ask(signed_in(stranger), method, path, body).status_code == 404
    managing = right == "manage_estate"
    assert ask(signed_in(engineer), method, path, body).status_code == (403 if managing else status)
    assert ask(signed_in(manager), method, path, body).status_code == status


def test_a_code_of_another_contract_is_unknown(
    desk: FlaskClient, stranger: User, signed_in: SignIn
) -> None:
    code = issue(desk, 1)
    elsewhere = signed_in(stranger)
    for method, path, body in (
        ("GET", f"/labels/{code}", None),
        ("POST", f"/labels/{code}/revoke", {"reason": "x"}),
        ("POST", f"/labels/{code}/relink", {"device_id": 1}),
    ):
        sent: dict[str, Any] = {} if body is None else {"json": body}
        answer = elsewhere.open(f"/api/contracts/OTHER{path}", method=method, **sent)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "label_unknown")
    answer = elsewhere.get("/api/contracts/OTHER/labels/sheet.pdf?device_id=1")
    assert answer.get_json()["code"] == "label_sheet_empty"
    assert elsewhere.get("/api/contracts/OTHER/devices/1/label.png").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/labels/x/revoke", {}, "reason"),
        ("POST", "/labels/x/revoke", {"reason": " "}, "reason"),
        ("POST", "/labels/x/revoke", {"reason": "x" * 201}, "reason"),
        ("POST", "/labels/x/relink", {"device_id": "a"}, "device_id"),
        ("POST", "/labels/issue", {"floor": "8F"}, "floor"),
        ("GET", "/labels?state=lost", None, "state"),
        ("GET", "/labels/sheet.pdf?preset=L0000", None, "preset"),
        ("GET", "/labels/sheet.pdf?preset=custom&columns=99", None, "columns"),
        ("GET", "/labels/sheet.pdf?label_width=nan", None, "label_width"),
    ],
)
def test_what_is_invalid_is_named(
    desk: FlaskClient, method: str, path: str, body: Any, field: str
) -> None:
    answer = ask(desk, method, path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    assert field in answer.get_json()["fields"]


def test_a_code_is_read_however_it_is_typed(desk: FlaskClient) -> None:
    code = issue(desk, 1)
    for text in (code, code.lower(), f"{code[:4]}-{code[4:]}", f"{code[:4]} {code[4:]}"):
        assert ask(desk, "GET", f"/labels/{text}").get_json()["device_id"] == 1
    answer = ask(desk, "GET", "/labels/" + "A" * 5000)
    assert answer.status_code == 404


def test_a_replaced_label_is_revoked_and_says_so(desk: FlaskClient) -> None:
    first = issue(desk, 1)
    second = issue(desk, 1)
    assert first != second
    old = ask(desk, "GET", f"/labels/{first}").get_json()
    assert (old["state"], old["reason"], old["device_id"]) == ("revoked", "replaced", 1)
    assert ask(desk, "GET", "/devices/1").get_json()["label"] == second


def test_a_revoked_code_is_never_used_again(
    desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = issue(desk, 1)
    revoked = ask(desk, "POST", f"/labels/{code}/revoke", {"reason": "掉落"}).get_json()
    assert (revoked["state"], revoked["reason"]) == ("revoked", "掉落")
    for path, body in (("revoke", {"reason": "x"}), ("relink", {"device_id": 2})):
        answer = ask(desk, "POST", f"/labels/{code}/{path}", body)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "label_revoked")
    fresh = new_code()
    drawn = iter([code, code, fresh])
    monkeypatch.setattr("webapp.estate.labels.new_code", lambda: next(drawn))
    assert issue(desk, 1) == fresh
    assert ask(desk, "GET", f"/labels/{code}").get_json()["state"] == "revoked"


@pytest.mark.attack(11)
def test_swapped_labels_are_put_right_in_two_steps(desk: FlaskClient) -> None:
    first, second = issue(desk, 1), issue(desk, 2)
    moved = ask(desk, "POST", f"/labels/{first}/relink", {"device_id": 2}).get_json()
    assert (moved["device_id"], moved["device_name"]) == (2, "西湖厅投影机2")
    assert ask(desk, "GET", f"/labels/{second}").get_json()["state"] == "unlinked"
    ask(desk, "POST", f"/labels/{second}/relink", {"device_id": 1})
    labels = [ask(desk, "GET", f"/devices/{number}").get_json()["label"] for number in (1, 2)]
    assert labels == [second, first]
    statement = (
        sa.select(AuditRow)
        .where(AuditRow.entity == "label", AuditRow.action == "relink")
        .order_by(AuditRow.id)
    )
    diffs = [row.diff["device_id"] for row in db.session.scalars(statement.order_by(AuditRow.id))]
    assert diffs == [[2, None], [1, 2], [None, 1]]


def test_relinking_to_the_same_or_to_no_device(desk: FlaskClient) -> None:
    code = issue(desk, 1)
    assert ask(desk, "POST", f"/labels/{code}/relink", {"device_id": 1}).status_code == 200
    assert ask(desk, "POST", f"/labels/{code}/relink", {"device_id": 99}).status_code == 404


def test_labels_for_all_that_have_none(desk: FlaskClient, devices: list[Device]) -> None:
    issue(desk, 1)
    other = factories.room(db.session.scalars(sa.select(Building)).one(), "华山厅")
    factories.device(other)
    assert ask(desk, "POST", "/labels/issue", {"room_id": other.id}).get_json() == {"issued": 1}
    assert ask(desk, "POST", "/labels/issue", {}).get_json() == {"issued": 2}
    assert ask(desk, "POST", "/labels/issue", {}).get_json() == {"issued": 0}
    codes = db.session.scalars(sa.select(Label.code)).all()
    assert len(set(codes)) == len(codes) == 4


def test_lists(desk: FlaskClient, count_queries: Callable[[], int]) -> None:
    first = issue(desk, 1)
    issue(desk, 1)
    issue(desk, 2)
    count_queries()
    assert ask(desk, "GET", "/labels").get_json()["total"] == 3
    assert count_queries() <= 6
    for query, total in (
        ("state=revoked", 1),
        ("state=active", 2),
        ("state=unlinked", 0),
        ("device_id=2", 1),
        (f"q={first[:4]}-{first[4:]}", 1),
        ("q=投影机1", 2),
        ("q=西湖厅", 3),
        ("q=%25", 0),
    ):
        assert ask(desk, "GET", f"/labels?{query}").get_json()["total"] == total, query


def test_the_address_on_the_labels_is_told_before_they_are_printed(desk: FlaskClient) -> None:
    told = ask(desk, "GET", "/labels/address").get_json()
    assert told == {"base_url": "http://localhost", "only_here": True}


def test_presets_are_listed_with_their_measures(desk: FlaskClient) -> None:
    presets = ask(desk, "GET", "/labels/presets").get_json()
    first = next(preset for preset in presets if preset["key"] == "L7160")
    assert (first["columns"], first["rows"], first["label_width"]) == (3, 7, 63.5)
    assert (first["page_width"], first["page_height"]) == (210.0, 297.0)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?preset=L7651&start=60",
        "?preset=custom&columns=4&rows=8&label_width=48&label_height=34&margin_top=10&margin_left=9",
        "?preset=ROLL-60x40&outlines=1",
        "?device_id=1&device_id=3",
        "?room_id=1",
        "?building_id=1",
    ],
)
def test_a_sheet_is_a_pdf(desk: FlaskClient, query: str) -> None:
    ask(desk, "POST", "/labels/issue", {})
    answer = desk.get(f"{BASE}/labels/sheet.pdf{query}")
    assert answer.status_code == 200, answer.get_json()
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=HQ-labels.pdf"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (
            "?preset=custom&columns=3&rows=1&label_width=80&label_height=30",
            "label_sheet_does_not_fit",
        ),
        ("?preset=custom", "label_sheet_does_not_fit"),
        ("?preset=L7160&start=22", "label_sheet_does_not_fit"),
        ("?room_id=99", "label_sheet_empty"),
    ],
)
def test_sheets_that_cannot_be(desk: FlaskClient, query: str, code: str) -> None:
    ask(desk, "POST", "/labels/issue", {})
    answer = desk.get(f"{BASE}/labels/sheet.pdf{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_a_label_as_a_picture_is_read_back(desk: FlaskClient) -> None:
    code = issue(desk, 2)
    answer = desk.get(f"{BASE}/devices/2/label.png")
    assert answer.headers["Content-Type"] == "image/png"
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.data)))
    assert found.text == f"HTTP://LOCALHOST/d/{code}"
    assert parse_label(found.text) == code


def test_retired_devices_get_no_label_on_a_sheet(desk: FlaskClient) -> None:
    ask(desk, "POST", "/labels/issue", {})
    ask(desk, "PATCH", "/devices/1", {"retired": True})
    answer = desk.get(f"{BASE}/labels/sheet.pdf?device_id=1")
    assert answer.get_json()["code"] == "label_sheet_empty"
