"""Photos come in: durable before they are noted, equal to the byte, refused without a trace."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.rounds import made
from tests.sync.phone import Phone, digest, picture, sha256, slot
from webapp import background
from webapp.config import Settings
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import Photo, Round
from webapp.storage import ObjectStore, object_store, photo_key
from webapp.sync.models import ServerState
from webapp.sync.photos import orphan_candidates, sweep_orphans


@pytest.fixture
def store(app: Flask) -> ObjectStore:
    """The store, empty."""
    found = object_store()
    for prefix in ("photos/", "renditions/"):
        for key, _ in found.keys(prefix):
            found.delete(key)
    return found


def declare(phone: Phone, march: Round, device: Device, *datas: bytes) -> list[str]:
    """Push an inspection that declares these photos, and give their ids."""
    slots = [slot(data, "image") for data in datas]
    assert phone.send(made.visit(march, device, photos=slots)) == ["applied"]
    return [row["id"] for row in slots]


def photo_row(uid: str) -> Photo:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Photo).filter_by(uid=uid)).one()


def keys(store: ObjectStore) -> list[str]:
    return sorted(key for key, _ in store.keys("photos/"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_stored_byte_for_byte(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore, kind: str
) -> None:
    data = picture(7, kind=kind)
    [uid] = declare(phone, march, devices[0], data)
    answer = phone.put(uid, data)
    assert answer.status_code == 200, answer.get_json()
    body = answer.get_json()
    assert (body["result"], body["sha256"], body["bytes"]) == ("stored", sha256(data), len(data))
    row = photo_row(uid)
    assert row.received_at is not None
    assert (row.content_type, row.width, row.height) == (f"image/{kind.lower()}", 64, 64)
    assert store.get(photo_key(row.contract_id, row.sha256)) == data


def test_the_same_photo_again_is_a_duplicate(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore
) -> None:
    data = picture()
    [uid] = declare(phone, march, devices[0], data)
    first, again = phone.put(uid, data).get_json(), phone.put(uid, data).get_json()
    assert (first["result"], again["result"]) == ("stored", "duplicate")
    assert first["head"] == again["head"]
    assert len(keys(store)) == 1


def test_the_same_bytes_in_two_slots_share_an_object(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore
) -> None:
    data = picture()
    uids = declare(phone, march, devices[0], data, data)
    assert [phone.put(uid, data).get_json()["result"] for uid in uids] == ["stored", "stored"]
    assert len(keys(store)) == 1


def test_a_photo_before_its_inspection_is_not_expected(phone: Phone, store: ObjectStore) -> None:
    answer = phone.put(made.uid(), picture())
    assert (answer.status_code, answer.get_json()["code"]) == (409, "photo_not_expected")
    assert not keys(store)


def test_another_contracts_photo_is_as_unknown_as_any(
    phone: Phone,
    march: Round,
    devices: list[Device],
    stranger: User,
    signed_in: Callable[[User], FlaskClient],
    store: ObjectStore,
) -> None:
    data = picture()
    [uid] = declare(phone, march, devices[0], data)
    answer = Phone(signed_in(stranger), contract="OTHER").put(uid, data)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "photo_not_expected")
    assert not keys(store)


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"", {}, 422, "photo_empty"),
        (picture()[:-9], {}, 422, "photo_size_mismatch"),
        (picture() + b"x", {}, 422, "photo_size_mismatch"),
        (picture()[:-1] + b"x", {}, 422, "digest_mismatch"),
        (picture(), {"Repr-Digest": ""}, 422, "digest_missing"),
        (picture(), {"Repr-Digest": "sha-256=:AAAA:"}, 422, "digest_missing"),
        (picture(), {"Repr-Digest": "sha-256=:%%%:"}, 422, "digest_missing"),
        (picture(), {"Repr-Digest": digest(b"other")}, 422, "digest_mismatch"),
    ],
)
def test_what_is_cut_short_or_damaged_is_refused_and_leaves_nothing(
    phone: Phone,
    march: Round,
    devices: list[Device],
    store: ObjectStore,
    data: bytes,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    good = picture()
    [uid] = declare(phone, march, devices[0], good)
    answer = phone.put(uid, data, **{"Repr-Digest": digest(good), **headers})
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert photo_row(uid).received_at is None
    assert not keys(store)
    assert phone.put(uid, good).get_json()["result"] == "stored"


def test_too_large_is_413(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore, settings: Settings
) -> None:
    data = picture() + bytes(settings.max_photo_bytes)
    [uid] = declare(phone, march, devices[0], data)
    answer = phone.put(uid, data)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")
    assert not keys(store)


@pytest.mark.parametrize("data", [picture()[:300], b"\xff\xd8\xff" + bytes(500), bytes(1000)])
def test_unreadable_bytes_that_equal_the_manifest_are_kept_but_never_shown(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore, data: bytes
) -> None:
    [uid] = declare(phone, march, devices[0], data)
    assert phone.put(uid, data).get_json()["result"] == "stored"
    row = photo_row(uid)
    assert store.get(photo_key(row.contract_id, row.sha256)) == data
    answer = phone.browser.get(phone.url(f"photos/{uid}/image"))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "photo_unreadable")
    background.make_photo_copies(now_utc())
    assert photo_row(uid).unreadable


def test_a_full_disk_is_507_with_no_row_and_no_orphan(
    phone: Phone,
    march: Round,
    devices: list[Device],
    store: ObjectStore,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = picture()
    [uid] = declare(phone, march, devices[0], data)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if not settings.object_store_url:
        monkeypatch.setattr("os.fsync", full)
    else:
        monkeypatch.setattr(type(store), "put", full)
    answer = phone.put(uid, data)
    monkeypatch.undo()
    assert (answer.status_code, answer.get_json()["code"]) == (507, "disk_full")
    assert photo_row(uid).received_at is None
    assert not store.keys("photos/")
    assert phone.put(uid, data).get_json()["result"] == "stored"


def test_a_worker_killed_between_file_and_row_loses_nothing(
    phone: Phone,
    march: Round,
    devices: list[Device],
    store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = picture()
    [uid] = declare(phone, march, devices[0], data)

    def killed(*_: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("webapp.sync.photos.note_received", killed)
    with pytest.raises(KeyboardInterrupt):
        phone.put(uid, data)
    monkeypatch.undo()
    held = {"photos": [{"id": uid, "sha256": sha256(data)}]}
    assert phone.post("sync/missing", held).get_json()["missing_photos"] == [uid]
    assert phone.put(uid, data).get_json()["result"] == "stored"
    assert phone.post("sync/missing", held).get_json()["missing_photos"] == []


def test_missing_tells_a_photo_with_other_bytes_from_the_one_that_came(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore
) -> None:
    data = picture()
    [uid] = declare(phone, march, devices[0], data)
    phone.put(uid, data)
    held = {"photos": [{"id": uid, "sha256": sha256(b"other")}]}
    assert phone.post("sync/missing", held).get_json()["missing_photos"] == [uid]
    answer = phone.post("sync/missing", {"photos": [{"id": uid}]})
    assert answer.status_code == 422


def test_the_sweep_deletes_what_nobody_names_and_spares_what_is_expected(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore
) -> None:
    received, expected, nobodys = picture(1), picture(2), picture(3)
    [uid, _] = declare(phone, march, devices[0], received, expected)
    phone.put(uid, received)
    contract_id = photo_row(uid).contract_id
    for data in (expected, nobodys):
        store.put(photo_key(contract_id, sha256(data)), data)
    with unit_of_work() as session:
        session.execute(sa.delete(ServerState).where(ServerState.key == "orphans_swept_at"))
    assert orphan_candidates(store, now_utc()) == ({}, [])  # the grace period
    background.sweep_orphaned_objects(now_utc() + timedelta(hours=25))
    assert keys(store) == sorted(
        photo_key(contract_id, sha256(data)) for data in (received, expected)
    )
    background.sweep_orphaned_objects(now_utc() + timedelta(hours=26))  # once a day


def test_a_slow_store_holds_the_lock_of_a_contract_for_no_longer_than_one_deletion(
    phone: Phone, march: Round, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = iter(range(0, 360_000, 3600))
    monkeypatch.setattr("webapp.sync.photos.time.monotonic", lambda: float(next(hours)))
    hashes = [sha256(picture(number)) for number in range(3)]
    for one in hashes:
        store.put(photo_key(march.contract_id, one), b"nobody's")
    with unit_of_work() as session:
        assert sweep_orphans(session, store, march.contract_id, hashes) == 1
    monkeypatch.undo()
    with unit_of_work() as session:
        assert sweep_orphans(session, store, march.contract_id, hashes[1:]) == 2


def test_the_sweep_removes_what_a_killed_worker_left_half_written(
    store: ObjectStore, settings: Settings, app: Flask
) -> None:
    if settings.object_store_url:
        return
    part = Path(settings.data_dir) / "files/photos/1/a/.0123456789abcdef.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half")
    later = now_utc() + timedelta(hours=25)
    assert orphan_candidates(store, later) == ({}, ["photos/1/a/.0123456789abcdef.part"])
    part.unlink()


def test_copies_are_made_once_upright_and_small(
    phone: Phone, march: Round, devices: list[Device], store: ObjectStore
) -> None:
    from PIL import Image

    image = Image.new("RGB", (2000, 1000), "teal")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    [uid] = declare(phone, march, devices[0], out.getvalue())
    phone.put(uid, out.getvalue())
    for size, expected in (("full", (800, 1600)), ("thumb", (160, 320))):
        answer = phone.browser.get(phone.url(f"photos/{uid}/image?size={size}"))
        assert answer.content_type == "image/jpeg"
        assert Image.open(BytesIO(answer.data)).size == expected
    background.make_photo_copies(now_utc())
    assert photo_row(uid).perceptual_hash
    etag = answer.headers["ETag"]
    again = phone.browser.get(
        phone.url(f"photos/{uid}/image?size=thumb"), headers={"If-None-Match": etag}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
