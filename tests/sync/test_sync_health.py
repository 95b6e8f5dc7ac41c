"""The supervisor sees how each phone is, which fell silent, and which photos never came."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.rounds import made
from tests.sync.phone import Phone, inspection, picture, slot
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import Inspection, Photo, Round
from webapp.sync.models import Phone as PhoneRow

STORAGE = {"used_bytes": 30_000_000, "quota_bytes": 2_000_000_000, "persisted": True}


@pytest.fixture
def desk(signed_in: Callable[[User], FlaskClient], manager: User) -> Phone:
    return Phone(signed_in(manager))


def phones(desk: Phone) -> list[dict[str, Any]]:
    answer = desk.browser.get(desk.url("phones"))
    assert answer.status_code == 200, answer.get_json()
    rows: list[dict[str, Any]] = answer.get_json()["items"]
    return rows


def lacking(desk: Phone, **query: Any) -> list[dict[str, Any]]:
    answer = desk.browser.get(desk.url("missing-photos"), query_string=query)
    assert answer.status_code == 200, answer.get_json()
    rows: list[dict[str, Any]] = answer.get_json()["items"]
    return rows


def pull(phone: Phone, told: Any, **headers: str) -> int:
    text = told if isinstance(told, str) else json.dumps(told)
    return phone.browser.get(
        phone.url("sync/pull"), query_string={"cursor": 0, "phone": text}, headers=headers
    ).status_code


def silence(days: float) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(PhoneRow).values(last_seen_at=now_utc() - timedelta(days=days)))


def test_a_push_tells_how_the_phone_is(phone: Phone, desk: Phone, engineer: User) -> None:
    phone.push(unsent={"records": 3, "photos": 5, "lost": 1}, app_version="1.4.0", storage=STORAGE)
    [row] = phones(desk)
    assert (row["user_name"], row["user_state"]) == (engineer.name, "member")
    assert (row["unsent_records"], row["unsent_photos"], row["lost_photos"]) == (3, 5, 1)
    assert row["app_version"] == "1.4.0"
    assert row["storage_used_bytes"] == STORAGE["used_bytes"]
    assert row["storage_quota_bytes"] == STORAGE["quota_bytes"]
    assert row["storage_persisted"] is True
    assert row["silent"] is False


def test_a_phone_of_before_tells_less_and_forgets_nothing(phone: Phone, desk: Phone) -> None:
    phone.push(unsent={"records": 1, "photos": 0}, app_version="1.4.0", storage=STORAGE)
    phone.push(unsent={"records": 0, "photos": 0})
    [row] = phones(desk)
    assert (row["unsent_records"], row["app_version"]) == (0, "1.4.0")
    assert row["storage_quota_bytes"] == STORAGE["quota_bytes"]


def test_a_misshapen_operation_spoils_not_what_the_phone_tells(phone: Phone, desk: Phone) -> None:
    body = phone.envelope(app_version="1.4.0", storage=STORAGE)
    body["operations"] = [{"id": made.uid(), "hash": "0" * 64, "strange": 1}]
    assert phone.post("sync/push", body).status_code == 200
    assert phones(desk)[0]["app_version"] == "1.4.0"


def test_a_pull_tells_it_when_there_is_nothing_to_push(phone: Phone, desk: Phone) -> None:
    phone.push(unsent={"records": 0, "photos": 9})
    told = {
        "phone_id": phone.phone_id,
        "unsent": {"records": 0, "photos": 0},
        "app_version": "1.4.0",
        "storage": STORAGE,
    }
    assert pull(phone, told) == 200
    [row] = phones(desk)
    assert (row["unsent_photos"], row["app_version"]) == (0, "1.4.0")


def test_what_is_no_news_is_not_written_at_every_pull(
    phone: Phone, desk: Phone, count_queries: Callable[[], int]
) -> None:
    told: dict[str, Any] = {"phone_id": phone.phone_id, "storage": STORAGE}
    pull(phone, told)
    [first] = phones(desk)
    pull(phone, told | {"storage": STORAGE | {"used_bytes": 31_000_000}})
    assert phones(desk) == [first]
    silence(1)
    pull(phone, told)
    [heard] = phones(desk)
    assert heard["last_seen_at"] >= first["last_seen_at"]


@pytest.mark.parametrize("told", ["{", "[]", '{"phone_id":""}', '{"phone_id":5}', "\x00", "[" * 99])
def test_a_pull_never_fails_by_what_it_tells(phone: Phone, desk: Phone, told: str) -> None:
    assert pull(phone, told) == 200
    assert phones(desk) == []


def test_another_sites_link_tells_nothing(phone: Phone, desk: Phone) -> None:
    assert pull(phone, {"phone_id": "forged"}, **{"Sec-Fetch-Site": "cross-site"}) == 200
    assert phones(desk) == []


@pytest.mark.parametrize(
    ("days", "records", "silent"), [(1.9, 2, False), (2.1, 2, True), (30, 0, False), (90, 1, True)]
)
def test_a_phone_that_is_silent_for_days_with_something_unsent_is_marked(
    phone: Phone, desk: Phone, days: float, records: int, silent: bool
) -> None:
    phone.push(unsent={"records": records, "photos": 0})
    silence(days)
    assert [row["silent"] for row in phones(desk)] == [silent]
    counts = desk.browser.get(desk.url("phones")).get_json()["counts"]
    state = "silent" if silent else "unsent" if records else "sent"
    assert counts == {"silent": 0, "unsent": 0, "sent": 0, state: 1}


def test_a_phone_whose_owner_may_send_no_more_is_told(
    phone: Phone, desk: Phone, engineer: User
) -> None:
    phone.push(unsent={"records": 2, "photos": 0})
    with unit_of_work() as session:
        session.get_one(User, engineer.id).disabled_at = now_utc()
    assert [row["user_state"] for row in phones(desk)] == ["disabled"]


def test_declared_photos_that_never_came_are_listed_with_their_inspection(
    phone: Phone, desk: Phone, march: Round, devices: list[Device], engineer: User, manager: User
) -> None:
    datas = [picture(1), picture(2)]
    slots = [slot(data, "image") for data in datas]
    phone.push(inspection(made.visit(march, devices[0], photos=slots)))
    phone.push(inspection(made.visit(march, devices[1])))
    phone.put(slots[0]["id"], datas[0])
    [row] = lacking(desk)
    assert (row["device_name"], row["month"]) == (devices[0].name, "2026-03")
    assert (row["declared"], row["lacking"], row["author"]) == (2, 1, engineer.name)
    assert lacking(desk, author_id=engineer.id) == [row]
    assert lacking(desk, author_id=manager.id) == []
    assert (len(lacking(desk, state="under_way")), lacking(desk, state="late")) == (1, [])
    with unit_of_work() as session:
        session.execute(sa.update(Inspection).values(received_at=now_utc() - timedelta(days=3)))
    assert len(lacking(desk, state="late")) == 1
    phone.put(slots[1]["id"], datas[1])
    assert lacking(desk) == []


def test_a_photo_that_an_amendment_withdrew_is_not_lacking(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    phone.push(inspection(made.visit(march, devices[0], photos=[slot(picture(1), "image")])))
    with unit_of_work() as session:
        session.execute(sa.update(Photo).values(withdrawn=True))
    db.session.expire_all()
    assert lacking(desk) == []


def test_only_who_manages_the_round_sees_it(
    phone: Phone,
    it_lead: User,
    stranger: User,
    client: FlaskClient,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    phone.push(unsent={"records": 1, "photos": 0})
    for path in ("phones", "phones.csv", "missing-photos", "missing-photos.csv"):
        for browser, status in (
            (client, 401),
            (phone.browser, 403),
            (signed_in(it_lead), 403),
            (signed_in(stranger), 404),
        ):
            assert browser.get(phone.url(path)).status_code == status, path
    other = Phone(signed_in(stranger), contract="OTHER")
    assert phones(other) == []
    assert lacking(other) == []


def test_the_lists_cost_the_same_statements_whatever_their_size(
    phone: Phone,
    desk: Phone,
    march: Round,
    devices: list[Device],
    count_queries: Callable[[], int],
) -> None:
    def look() -> int:
        count_queries()
        phones(desk)
        lacking(desk)
        return count_queries()

    phone.push(inspection(made.visit(march, devices[0], photos=[slot(picture(1), "image")])))
    one = look()
    for number, device in enumerate(devices[1:]):
        phone.phone_id = f"another-{number}"
        phone.push(inspection(made.visit(march, device, photos=[slot(picture(number), "image")])))
    assert (len(phones(desk)), len(lacking(desk))) == (3, 3)
    assert look() == one
