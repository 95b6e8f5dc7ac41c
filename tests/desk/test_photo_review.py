"""The review grid: each photo with its reading, its limits, last month's; accepted, or sent back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from PIL import Image

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, picture, slot
from webapp import background
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.desk import photo_copies
from webapp.desk.photo_copies import PhotoRef
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Photo, Round


@pytest.fixture
def projector(contract: Contract) -> Device:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    return factories.device(room, name="一号投影", register={"rated_lamp_hours": 3000})


@pytest.fixture
def phone(signed_in: Callable[[User], FlaskClient], engineer: User) -> Phone:
    return Phone(signed_in(engineer))


@pytest.fixture
def desk(signed_in: Callable[[User], FlaskClient], manager: User) -> Phone:
    return Phone(signed_in(manager))


def photographed(
    phone: Phone,
    of_round: Round,
    device: Device | None,
    data: bytes,
    item: str | None,
    **fields: Any,
) -> str:
    """An inspection with one photo that has come; its uid."""
    line = slot(data, item)
    payload = made.visit(of_round, device, photos=[line], **fields)
    for key, value in fields.pop("values", {}).items():
        made.reading(payload, key, value, "normal")
    assert phone.send(payload) == ["applied"]
    assert phone.put(line["id"], data).status_code == 200
    uid: str = line["id"]
    return uid


def listed(desk: Phone, **query: Any) -> list[dict[str, Any]]:
    answer = desk.browser.get(desk.url("photos"), query_string=query)
    assert answer.status_code == 200, answer.get_json()
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def accepted(of_round: Round) -> None:
    with unit_of_work() as session:
        session.get_one(Round, of_round.id).state = "accepted"


def test_a_photo_stands_beside_its_reading_limits_and_last_months(
    phone: Phone, desk: Phone, contract: Contract, projector: Device, engineer: User
) -> None:
    march = made.opened(contract, "2026-03")
    before = photographed(phone, march, projector, picture(1), "lamp_hours")
    accepted(march)
    april = made.opened(contract, "2026-04")
    line = slot(picture(90), "lamp_hours")
    payload = made.visit(april, projector, photos=[line])
    made.reading(payload, "lamp_hours", 2900, "normal", remark="快到了")
    phone.send(payload)
    assert listed(desk, month="2026-04") == []
    phone.put(line["id"], picture(90))
    [row] = listed(desk, month="2026-04")
    assert (row["uid"], row["device_name"], row["room_zh"]) == (line["id"], "一号投影", "西湖厅")
    assert (row["item_zh"], row["unit"], row["author"]) == ("灯泡时数", "h", engineer.name)
    assert (row["reading"]["value"], row["reading"]["verdict"]) == (2900, "abnormal")
    assert row["limits"] == {
        "minimum": 0,
        "maximum": 2550,
        "equals": None,
        "options": None,
        "lacking": [],
    }
    assert (row["previous_uid"], row["previous_month"]) == (before, "2026-03")
    [first] = listed(desk, month="2026-03")
    assert first["previous_uid"] is None


def test_an_options_words_come_with_it(
    phone: Phone, desk: Phone, contract: Contract, projector: Device
) -> None:
    march = made.opened(contract, "2026-03")
    photographed(phone, march, projector, picture(1), "image")
    [row] = listed(desk)
    assert (row["reading"]["value"], row["reading"]["value_zh"]) == ("ok", "正常")
    assert row["limits"]["options"] == ["ok"]


def test_the_filters_let_through_what_they_name(
    phone: Phone, desk: Phone, contract: Contract, projector: Device, engineer: User
) -> None:
    other_room = factories.room(factories.building(contract, "B座"), "钱塘厅")
    screen = factories.device(other_room, "display", "二号屏")
    march = made.opened(contract, "2026-03")
    one = photographed(phone, march, projector, picture(1), "image")
    two = photographed(phone, march, screen, picture(2), "panel")
    whole = photographed(phone, march, None, picture(3), None, room=other_room)
    bad = made.visit(march, projector, photos=[slot(picture(4), "image")])
    made.reading(bad, "image", "dim", "abnormal")
    phone.send(bad)
    three = bad["photos"][0]["id"]
    phone.put(three, picture(4))

    def uids(**query: Any) -> set[str]:
        return {row["uid"] for row in listed(desk, **query)}

    assert uids() == {one, two, three, whole}
    assert uids(room_id=other_room.id) == {two, whole}
    assert uids(type="display") == {two}
    assert uids(type="room") == {whole}
    assert uids(device_id=projector.id) == {one, three}
    assert uids(author_id=engineer.id + 1) == set()
    assert uids(abnormal="true") == {three}
    assert uids(item="image") == {one, three}
    assert uids(q="二号") == {two}
    assert uids(q="%") == set()
    assert uids(month="2026-02") == set()
    assert uids(review="returned") == set()
    assert len(listed(desk, page_size=3)) == 3
    assert len(listed(desk, page_size=3, page=2)) == 1
    answer = desk.browser.get(desk.url("photos?month=March"))
    assert answer.get_json()["fields"] == {"month": ["invalid_month"]}


def test_a_photo_is_accepted_or_sent_back_with_marks(
    phone: Phone, desk: Phone, contract: Contract, projector: Device, manager: User
) -> None:
    march = made.opened(contract, "2026-03")
    uid = photographed(phone, march, projector, picture(1), "image")
    mark = {"kind": "arrow", "points": [[0.1, 0.2], [0.3, 0.4]], "text": "这里"}
    review = {"state": "returned", "remark": "看不清", "marks": [mark]}
    answer = desk.post(f"photos/{uid}/review", review)
    assert answer.status_code == 200, answer.get_json()
    body = answer.get_json()
    assert (body["review"], body["review_remark"], body["reviewer"]) == (
        "returned",
        "看不清",
        manager.name,
    )
    assert body["review_marks"] == [mark]
    assert desk.post(f"photos/{uid}/review", {"state": "accepted"}).get_json()["review_marks"] == []
    audits = db.session.scalars(
        sa.select(AuditRow).filter_by(entity="photo", entity_id=uid).order_by(AuditRow.id)
    ).all()
    assert [row.diff["review"] for row in audits] == [
        ["none", "returned"],
        ["returned", "accepted"],
    ]
    accepted(march)
    answer = desk.post(f"photos/{uid}/review", {"state": "returned"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "round_not_open")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "eaten"},
        {"state": "accepted", "author": 1},
        {"state": "returned", "marks": [{"kind": "blob", "points": [[0, 0]]}]},
        {"state": "returned", "marks": [{"kind": "arrow", "points": [[0, 2]]}]},
        {"state": "returned", "marks": [{"kind": "arrow", "points": [[0]]}]},
        {"state": "returned", "marks": [{"kind": "arrow", "points": []}]},
        {"state": "returned", "marks": [{"kind": "text", "points": [[0, 0]], "text": "x" * 201}]},
        {"state": "returned", "marks": [{"kind": "text", "points": [[float("nan"), 0]]}]},
    ],
)
def test_a_review_that_is_invalid_is_refused(
    phone: Phone, desk: Phone, contract: Contract, projector: Device, body: dict[str, Any]
) -> None:
    uid = photographed(phone, made.opened(contract), projector, picture(1), "image")
    assert desk.post(f"photos/{uid}/review", body).status_code == 422


def test_a_photo_that_has_not_come_can_be_neither_seen_nor_reviewed(
    phone: Phone, desk: Phone, contract: Contract, projector: Device
) -> None:
    line = slot(picture(1), "image")
    phone.send(made.visit(made.opened(contract), projector, photos=[line]))
    for answer in (
        desk.browser.get(desk.url(f"photos/{line['id']}/image")),
        desk.post(f"photos/{line['id']}/review", {"state": "accepted"}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (404, "photo_missing")


def test_a_reused_picture_is_told_even_when_it_was_saved_anew(
    phone: Phone, desk: Phone, contract: Contract, projector: Device
) -> None:
    march = made.opened(contract, "2026-03")
    image = Image.effect_mandelbrot((400, 300), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    original, again = BytesIO(), BytesIO()
    image.save(original, "JPEG", quality=90)
    image.resize((380, 285)).save(again, "JPEG", quality=60)
    first = photographed(phone, march, projector, original.getvalue(), "image")
    background.make_photo_copies(now_utc())
    accepted(march)
    april = made.opened(contract, "2026-04")
    same = photographed(phone, april, projector, original.getvalue(), "image")
    alike = photographed(phone, april, projector, again.getvalue(), "image")
    other = photographed(phone, april, projector, picture(77), "image")
    background.make_photo_copies(now_utc())
    reused = {row["uid"]: row["reused_of"] for row in listed(desk)}
    assert reused[first] is reused[other] is None
    assert reused[same] == first
    assert reused[alike] in (first, same)
    assert db.session.query(Photo).filter(Photo.perceptual_hash == "").count() == 0


def test_the_same_bytes_are_known_for_ever_and_the_same_picture_for_a_year(
    phone: Phone, desk: Phone, contract: Contract, projector: Device
) -> None:
    march = made.opened(contract, "2026-03")
    image = Image.effect_mandelbrot((400, 300), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    original, again = BytesIO(), BytesIO()
    image.save(original, "JPEG", quality=90)
    image.resize((380, 285)).save(again, "JPEG", quality=60)
    first = photographed(phone, march, projector, original.getvalue(), "image")
    background.make_photo_copies(now_utc())
    with unit_of_work() as session:
        session.execute(sa.update(Photo).values(received_at=now_utc() - timedelta(days=420)))
    accepted(march)
    april = made.opened(contract, "2026-04")
    alike = photographed(phone, april, projector, again.getvalue(), "image")
    background.make_photo_copies(now_utc())
    same = photographed(phone, april, projector, original.getvalue(), "image")
    background.make_photo_copies(now_utc())
    reused = {row["uid"]: row["reused_of"] for row in listed(desk)}
    assert reused == {first: None, alike: None, same: first}


@pytest.mark.parametrize(
    ("bits", "here", "elsewhere"),
    [(18, True, True), (19, True, False), (24, True, False), (25, False, False)],
)
def test_a_picture_of_another_device_must_be_nearer_to_count_as_the_same(
    bits: int,
    here: bool,
    elsewhere: bool,
    phone: Phone,
    desk: Phone,
    contract: Contract,
    projector: Device,
) -> None:
    march = made.opened(contract, "2026-03")
    other = factories.device(factories.room(factories.building(contract, "B座")), name="另一台")
    first = photographed(phone, march, projector, picture(1), "image")
    again = photographed(phone, march, projector, picture(2), "image")
    away = photographed(phone, march, other, picture(3), "image")
    known = (1 << 128) - 1
    with unit_of_work() as session:
        photos = {row.uid: row for row in session.scalars(sa.select(Photo))}
        photos[first].perceptual_hash = f"{known:064x}"
    near = f"{known ^ ((1 << bits) - 1):064x}"
    found = {
        uid: photo_copies.repeated_photo(db.session(), PhotoRef.of(photos[uid]), near)
        for uid in (again, away)
    }
    assert found == {again: first if here else None, away: first if elsewhere else None}


def test_a_rooms_own_photo_is_of_another_place_than_its_devices(
    phone: Phone, desk: Phone, contract: Contract, projector: Device
) -> None:
    march = made.opened(contract, "2026-03")
    room = db.session.get_one(Room, projector.room_id)
    of_device = photographed(phone, march, projector, picture(1), None)
    of_room = photographed(phone, march, None, picture(2), None, room=room)
    known = (1 << 128) - 1
    with unit_of_work() as session:
        photos = {row.uid: row for row in session.scalars(sa.select(Photo))}
        photos[of_device].perceptual_hash = f"{known:064x}"
    ref = PhotoRef.of(photos[of_room])
    near, nearer = (f"{known ^ ((1 << bits) - 1):064x}" for bits in (24, 18))
    assert photo_copies.repeated_photo(db.session(), ref, near) is None
    assert photo_copies.repeated_photo(db.session(), ref, nearer) == of_device


def test_dark_pictures_are_not_taken_for_each_other(
    phone: Phone, desk: Phone, contract: Contract, projector: Device
) -> None:
    march = made.opened(contract, "2026-03")
    for grey in (3, 9):
        out = BytesIO()
        Image.new("RGB", (100, 100), (grey, grey, grey)).save(out, "JPEG")
        photographed(phone, march, projector, out.getvalue(), "image")
    background.make_photo_copies(now_utc())
    assert [row["reused_of"] for row in listed(desk)] == [None, None]


def test_the_list_costs_the_same_statements_whatever_its_size(
    phone: Phone,
    desk: Phone,
    contract: Contract,
    projector: Device,
    count_queries: Callable[[], int],
) -> None:
    march = made.opened(contract, "2026-03")
    photographed(phone, march, projector, picture(1), "image")
    listed(desk)
    count_queries()
    listed(desk)
    one = count_queries()
    for number in range(2, 14):
        photographed(phone, march, projector, picture(number), "image")
    count_queries()
    assert len(listed(desk)) == 13
    assert count_queries() == one


def test_who_may_look_and_who_may_review(
    phone: Phone,
    desk: Phone,
    contract: Contract,
    projector: Device,
    stranger: User,
    it_lead: User,
    client: FlaskClient,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    uid = photographed(phone, made.opened(contract), projector, picture(1), "image")
    client_side, foreign = signed_in(it_lead), signed_in(stranger)
    for path in ("photos", f"photos/{uid}", f"photos/{uid}/image"):
        assert client.get(phone.url(path)).status_code == 401
        assert foreign.get(phone.url(path)).status_code == 404
        assert client_side.get(phone.url(path)).status_code == 200
    body = {"state": "accepted"}
    path = phone.url(f"photos/{uid}/review")
    for browser, status in (
        (client, 401),
        (foreign, 404),
        (client_side, 403),
        (phone.browser, 403),
    ):
        assert browser.post(path, json=body).status_code == status
    other = Phone(foreign, contract="OTHER")
    assert other.browser.get(other.url("photos")).get_json()["total"] == 0
    for path in (f"photos/{uid}", f"photos/{uid}/image"):
        assert foreign.get(other.url(path)).status_code == 404
    assert other.post(f"photos/{uid}/review", body).status_code == 404
