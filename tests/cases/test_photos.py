"""Photos of a case: who may add one, what is kept of it, and who sees it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests import factories
from tests.cases import made
from tests.cases.test_label_reports import labelled
from tests.sync.phone import picture
from webapp import background
from webapp.cases.models import CaseFile
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, User
from webapp.storage import object_store, photo_key, rendition_key
from webapp.sync import photos

SignIn = Callable[[User], FlaskClient]
CASES = "/api/contracts/HQ/cases"


@pytest.fixture
def engineer_there(signed_in: SignIn, engineer: User) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def case(engineer_there: FlaskClient) -> dict[str, Any]:
    body = {"uid": made.uid(), "kind": "fault", "title": "没有画面"}
    opened: dict[str, Any] = engineer_there.post(CASES, json=body).get_json()
    return opened


@pytest.fixture
def fault(app: Flask, contract: Contract) -> str:
    """The link of a fault that somebody without an account has reported."""
    room = factories.room(factories.building(contract))
    code = labelled(contract, factories.device(room))
    told = {"uid": made.uid(), "trouble": "no_picture"}
    answer = app.test_client().post(f"/api/links/label/{code}/faults", json=told)
    return f"/api/links/fault/{answer.get_json()['token']}"


def put(
    browser: FlaskClient, case: dict[str, Any], data: bytes, uid: str = "", line: str = ""
) -> Any:
    uid, line = uid or made.uid(), line or case["timeline"][0]["uid"]
    return browser.put(f"{CASES}/{case['name']}/photos/{uid}?line={line}", data=data), uid


def with_position() -> bytes:
    image = Image.new("RGB", (64, 48), "teal")
    exif = Image.Exif()
    exif[0x010E] = "made in a secret place"
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_photo_stands_in_the_timeline_and_is_shown_without_what_its_camera_wrote(
    engineer_there: FlaskClient, case: dict[str, Any]
) -> None:
    data = with_position()
    answer, uid = put(engineer_there, case, data)
    assert answer.status_code == 204
    assert put(engineer_there, case, data, uid)[0].status_code == 204
    [file] = engineer_there.get(f"{CASES}/{case['name']}").get_json()["timeline"][0]["files"]
    assert (file["uid"], file["received"], file["shown"]) == (uid, True, False)
    for size in ("full", "thumb"):
        shown = engineer_there.get(f"{CASES}/{case['name']}/photos/{uid}/image?size={size}")
        assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
        assert b"secret place" not in shown.data
        assert Image.open(BytesIO(shown.data)).getexif() == {}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "photo_empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "photo_kind_unsupported"),
        (b"\xff\xd8\xff no picture", 422, "photo_unreadable"),
        (b"x" * 13_000_000, 413, "too_large"),
    ],
)
def test_what_is_no_photo_is_refused(
    engineer_there: FlaskClient, case: dict[str, Any], data: bytes, status: int, code: str
) -> None:
    answer, _ = put(engineer_there, case, data)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert db.session.query(CaseFile).count() == 0


def test_to_anothers_line_adds_only_who_handles_cases(
    signed_in: SignIn, contract: Contract, engineer_there: FlaskClient, case: dict[str, Any]
) -> None:
    client = signed_in(factories.member(contract, "client_it_lead", login="c"))
    assert put(client, case, picture())[0].status_code == 404
    note: dict[str, Any] = {"uid": made.uid(), "step": "note", "fields": {"text": "还是没有"}}
    client.post(f"{CASES}/{case['name']}/steps", json=note)
    assert put(client, case, picture(1), line=note["uid"])[0].status_code == 204
    assert put(engineer_there, case, picture(2), line=note["uid"])[0].status_code == 204
    # What the provider keeps to itself keeps its photos to itself.
    own: dict[str, Any] = {
        "uid": made.uid(),
        "step": "note_internal",
        "fields": {"text": "备件不够"},
    }
    engineer_there.post(f"{CASES}/{case['name']}/steps", json=own)
    answer, uid = put(engineer_there, case, picture(3), line=own["uid"])
    assert answer.status_code == 204
    assert client.get(f"{CASES}/{case['name']}/photos/{uid}/image").status_code == 404


def test_a_uid_is_one_photo_and_a_line_holds_ten(
    engineer_there: FlaskClient, case: dict[str, Any]
) -> None:
    _, uid = put(engineer_there, case, picture())
    answer, _ = put(engineer_there, case, picture(1), uid)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")
    for number in range(9):
        assert put(engineer_there, case, picture(number + 2))[0].status_code == 204
    answer, _ = put(engineer_there, case, picture(20))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "too_many_photos")


def test_who_has_no_account_sends_three_and_only_their_copies_are_kept(
    app: Flask, fault: str, contract: Contract
) -> None:
    passer = app.test_client()
    uids = [made.uid() for _ in range(4)]
    for uid in uids[:3]:
        assert passer.put(f"{fault}/photos/{uid}", data=with_position()).status_code == 204
    refused = passer.put(f"{fault}/photos/{uids[3]}", data=picture())
    assert (refused.status_code, refused.get_json()["code"]) == (422, "too_many_photos")
    seen = passer.get(fault).get_json()
    assert [(one["uid"], one["own"]) for one in seen["photos"]] == [(uid, True) for uid in uids[:3]]
    assert seen["more_photos"] == 0
    kept = object_store().get(
        photo_key(contract.id, db.session.query(CaseFile.sha256).limit(1).scalar())
    )
    assert b"secret place" not in kept


def test_who_reported_sees_his_own_and_what_is_marked_for_him(
    app: Flask, fault: str, engineer_there: FlaskClient
) -> None:
    passer = app.test_client()
    name = passer.get(fault).get_json()["name"]
    case = engineer_there.get(f"{CASES}/{name}").get_json()
    engineer_there.post(
        f"{CASES}/{name}/steps", json={"uid": made.uid(), "step": "take_over", "fields": {}}
    )
    _, uid = put(engineer_there, case, picture(), line=case["timeline"][0]["uid"])
    line = engineer_there.get(f"{CASES}/{name}").get_json()["timeline"][-1]
    _, other = put(engineer_there, case, picture(1), line=line["uid"])
    image = f"{fault}/photos/{other}/image"
    assert [one["uid"] for one in passer.get(fault).get_json()["photos"]] == [uid]
    assert passer.get(image).status_code == 404
    mark = f"{CASES}/{name}/photos/{other}"
    assert engineer_there.patch(mark, json={"shown": True}).status_code == 204
    assert passer.get(image).status_code == 200
    assert engineer_there.patch(mark, json={"shown": False}).status_code == 204
    assert passer.get(image).status_code == 404


def test_the_tick_makes_the_copies_and_the_sweep_spares_what_a_case_names(
    engineer_there: FlaskClient, case: dict[str, Any], contract: Contract
) -> None:
    # A picture that no other test has looked at: the store outlives them.
    put(engineer_there, case, picture(211))
    file = db.session.query(CaseFile).one()
    with pytest.raises(FileNotFoundError):
        object_store().get(rendition_key(contract.id, file.sha256, "thumb"))
    background.make_photo_copies(now_utc())
    assert object_store().get(rendition_key(contract.id, file.sha256, "thumb"))
    db.session.rollback()
    assert db.session.get_one(CaseFile, file.id).copied
    with unit_of_work() as session:
        swept = photos.sweep_orphans(session, object_store(), contract.id, [file.sha256])
    assert swept == 0
