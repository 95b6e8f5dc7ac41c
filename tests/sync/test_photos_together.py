"""Several photos come in one body: each as one alone would, and what is wrong with one is told of it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.rounds import made
from tests.sync.phone import Phone, inspection, picture, sha256, slot
from tests.sync.test_cases import case_slot, fault, opened
from webapp.config import Settings
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import Photo, Round
from webapp.storage import ObjectStore, object_store, photo_key

MOST = 8
Sent = dict[str, bytes]


@pytest.fixture
def store(app: Flask) -> ObjectStore:
    """The store, empty."""
    found = object_store()
    for key, _ in found.keys("photos/"):
        found.delete(key)
    return found


@pytest.fixture
def sent(phone: Phone, march: Round, devices: list[Device], store: ObjectStore) -> Sent:
    """Three photos that an inspection has declared, by their ids."""
    return declare(phone, march, devices[0], *(picture(n) for n in (1, 2, 3)))


def declare(phone: Phone, march: Round, device: Device, *datas: bytes) -> Sent:
    """Push an inspection that declares these photos."""
    slots = [slot(data, "image") for data in datas]
    assert phone.send(made.visit(march, device, photos=slots)) == ["applied"]
    return {row["id"]: data for row, data in zip(slots, datas, strict=True)}


def received(*uids: str) -> list[bool]:
    """Whether each of the photos is noted as received."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Photo.uid, Photo.received_at.is_not(None)).where(Photo.uid.in_(uids))
    )
    known = {row[0]: bool(row[1]) for row in rows}
    return [known[uid] for uid in uids]


def test_each_is_stored_byte_for_byte_and_named_in_the_answer(
    phone: Phone, sent: Sent, store: ObjectStore
) -> None:
    before = phone.pull()["head"]
    answer = phone.put_together(sent)
    assert answer.status_code == 200, answer.get_json()
    body = answer.get_json()
    assert body["photos"] == [
        {"id": uid, "sha256": sha256(data), "bytes": len(data), "result": "stored"}
        for uid, data in sent.items()
    ]
    assert (body["envelope"], body["head"]) == (1, before + 1)
    db.session.rollback()
    for row in db.session.scalars(sa.select(Photo).where(Photo.uid.in_(sent))):
        assert store.get(photo_key(row.contract_id, row.sha256)) == sent[row.uid]
        assert (row.content_type, row.width, row.unreadable) == ("image/jpeg", 64, False)
        assert row.seq == body["head"]
    assert all(received(*sent))


def test_those_that_are_there_already_are_duplicates_and_change_nothing(
    phone: Phone, sent: Sent, store: ObjectStore
) -> None:
    uids = list(sent)
    phone.put(uids[1], sent[uids[1]])
    first, again = phone.put_together(sent).get_json(), phone.put_together(sent).get_json()
    assert [one["result"] for one in first["photos"]] == ["stored", "duplicate", "stored"]
    assert {one["result"] for one in again["photos"]} == {"duplicate"}
    assert first["head"] == again["head"]
    assert len(store.keys("photos/")) == 3


def test_what_a_case_and_a_record_in_quarantine_wait_for_comes_in_the_same_body(
    phone: Phone, sent: Sent, march: Round, devices: list[Device]
) -> None:
    of_case, of_kept = picture(4), picture(5)
    case = fault(devices[0], photos=[case_slot(of_case)])
    line = slot(of_kept, "image")
    unknown = made.visit(march, devices[1], photos=[line])
    unknown["readings"][0]["item"] = "flux_capacitor"
    results = phone.push(opened(case), inspection(unknown))
    assert [row["result"] for row in results] == ["applied", "quarantined"]
    all_of_them = {**sent, case["photos"][0]["id"]: of_case, line["id"]: of_kept}
    answer = phone.put_together(all_of_them).get_json()
    assert [one["result"] for one in answer["photos"]] == ["stored"] * 5
    held = {"photos": [{"id": uid, "sha256": sha256(data)} for uid, data in all_of_them.items()]}
    assert phone.post("sync/missing", held).get_json()["missing_photos"] == []


def test_one_that_nobody_expects_keeps_the_body_out(
    phone: Phone, sent: Sent, store: ObjectStore
) -> None:
    stray = made.uid()
    answer = phone.put_together({**sent, stray: picture(9)})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "photo_not_expected")
    assert answer.get_json()["details"]["id"] == stray
    assert not any(received(*sent))
    assert not store.keys("photos/")


def test_another_contracts_photos_are_as_unknown_as_any(
    sent: Sent, stranger: User, signed_in: Callable[[User], FlaskClient], store: ObjectStore
) -> None:
    answer = Phone(signed_in(stranger), contract="OTHER").put_together(sent)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "photo_not_expected")
    assert not store.keys("photos/")


@pytest.mark.parametrize("change", [lambda body: body[:-1], lambda body: body + b"x"])
def test_a_body_of_another_length_than_its_records_have_said_is_not_read(
    phone: Phone, sent: Sent, store: ObjectStore, change: Callable[[bytes], bytes]
) -> None:
    last = list(sent)[-1]
    answer = phone.put_together({**sent, last: change(sent[last])})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "photo_size_mismatch")
    assert not any(received(*sent))
    assert not store.keys("photos/")


def test_what_comes_whole_before_one_that_is_damaged_is_kept(phone: Phone, sent: Sent) -> None:
    first, second, third = sent
    answer = phone.put_together({**sent, second: sent[second][:-1] + b"x"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "digest_mismatch")
    assert received(first, second, third) == [True, False, False]
    results = [one["result"] for one in phone.put_together(sent).get_json()["photos"]]
    assert results == ["duplicate", "stored", "stored"]


def test_what_comes_whole_before_the_body_breaks_off_is_kept(phone: Phone, sent: Sent) -> None:
    first, *others = sent
    whole = b"".join(sent.values())
    arrived = BytesIO(whole[: len(sent[first]) + 20])
    answer = phone.browser.put(
        phone.url(f"photos?ids={','.join(sent)}"),
        input_stream=arrived,
        content_type="application/octet-stream",
        environ_overrides={"CONTENT_LENGTH": str(len(whole))},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
    assert received(first, *others) == [True, False, False]
    assert phone.put_together(sent).status_code == 200
    assert all(received(*sent))


def test_a_full_disk_keeps_what_was_durable_before_it(
    phone: Phone,
    sent: Sent,
    store: ObjectStore,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put, written = type(store).put, list[str]()

    def full_after_one(self: ObjectStore, key: str, data: bytes) -> None:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(key)
        put(self, key, data)

    monkeypatch.setattr(type(store), "put", full_after_one)
    answer = phone.put_together(sent)
    monkeypatch.undo()
    assert (answer.status_code, answer.get_json()["code"]) == (507, "disk_full")
    assert received(*sent) == [True, False, False]
    assert [key for key, _ in store.keys("photos/")] == written


@pytest.mark.parametrize(
    "ids",
    ["", "x", ",", "../../etc/passwd", ",".join(made.uid() for _ in range(MOST + 1))],
)
def test_ids_that_are_none_and_more_than_may_come_together_are_refused(
    phone: Phone, store: ObjectStore, ids: str
) -> None:
    answer = phone.browser.put(phone.url(f"photos?ids={ids}"), data=b"x")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")


def test_together_they_are_no_larger_than_one_photo_may_be(
    app: Flask,
    phone: Phone,
    sent: Sent,
    settings: Settings,
    store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = replace(settings, max_photo_bytes=len(b"".join(sent.values())) - 1)
    monkeypatch.setitem(app.extensions, "settings", small)
    answer = phone.put_together(sent)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")
    assert not store.keys("photos/")
    first = next(iter(sent))
    assert phone.put(first, sent[first]).get_json()["result"] == "stored"
