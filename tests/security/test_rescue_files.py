"""A rescue file that was cut, altered, made elsewhere or made to hurt: told, and harmless."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, inspection, picture, slot
from tests.sync.rescue_files import Rescue, packed
from webapp.api import counts
from webapp.db import db, now_utc
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rescue import load_rescue, preview_rescue
from webapp.rounds.models import Inspection, Photo, Round
from webapp.storage import object_store
from webapp.sync.models import Operation, Quarantined
from webapp.sync.rescue import Loader


@pytest.fixture
def devices(contract: Contract) -> list[Device]:
    made.checklist(contract)
    room: Room = factories.room(factories.building(contract))
    return [factories.device(room, name=name) for name in ("one", "two")]


@pytest.fixture
def march(contract: Contract, devices: list[Device]) -> Round:
    return made.opened(contract, "2026-03")


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests load more files a minute than a supervisor may."""
    monkeypatch.setattr(counts, "_counts", {})


@pytest.fixture
def desk(signed_in: Callable[[User], FlaskClient], manager: User) -> Phone:
    return Phone(signed_in(manager))


@pytest.fixture
def rescue(engineer: User, march: Round, devices: list[Device]) -> Rescue:
    data = picture(1)
    line = slot(data, "image")
    sent = inspection(made.visit(march, devices[0], photos=[line]))
    return Rescue(engineer.id, [sent], {line["id"]: data})


def post(desk: Phone, file: bytes, **query: Any) -> TestResponse:
    return desk.browser.post(
        desk.url("rescue"), data=file, query_string=query, content_type="application/zip"
    )


def assert_nothing_stored() -> None:
    for model in (Inspection, Operation, Quarantined, Photo):
        assert db.session.query(model).count() == 0, model
    db.session.rollback()


def refused(desk: Phone, file: bytes) -> str:
    """The code of the refusal, the same in the preview; nothing is stored."""
    looked, loaded = post(desk, file, dry_run=True), post(desk, file)
    assert looked.get_json()["code"] == loaded.get_json()["code"]
    assert_nothing_stored()
    code: str = loaded.get_json()["code"]
    return code


def test_a_file_that_was_cut_anywhere_is_told(desk: Phone, rescue: Rescue) -> None:
    whole = rescue.pack()
    for length in (0, 1, 30, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        assert refused(desk, whole[:length]) == "rescue_unreadable", length


@pytest.mark.parametrize(
    "members",
    [
        {"readme.txt": b"not ours"},
        {"manifest.json": b"{"},
        {"manifest.json": b"[]"},
        {"manifest.json": b'{"format":1}'},
        {"manifest.json": b"[" * 200_000},
        {"manifest.json": b"\xff\xfe"},
    ],
)
def test_a_foreign_archive_is_told(desk: Phone, members: dict[str, bytes]) -> None:
    assert refused(desk, packed(members)) == "rescue_unreadable"


def test_what_is_of_another_contract_person_or_format_is_told(
    desk: Phone, rescue: Rescue, stranger: User
) -> None:
    assert refused(desk, replace(rescue, contract="OTHER").pack()) == "rescue_other_contract"
    assert refused(desk, replace(rescue, user_id=stranger.id).pack()) == "rescue_author_unknown"
    assert refused(desk, replace(rescue, user_id=4711).pack()) == "rescue_author_unknown"
    assert refused(desk, replace(rescue, format=2).pack()) == "rescue_format_unknown"


def test_an_altered_record_or_photo_is_left_out_and_told(desk: Phone, rescue: Rescue) -> None:
    uid = next(iter(rescue.photos))
    name = f"operations/{rescue.operations[0]['id']}.json"
    changed = rescue.operations[0]["payload"].replace("480", "481")
    for altered in (
        {name: json.dumps(rescue.operations[0] | {"payload": changed}).encode()},
        {name: b"{"},
        {name: json.dumps(rescue.operations[0] | {"id": made.uid()}).encode()},
    ):
        answer = post(desk, packed(rescue.members() | altered)).get_json()
        assert [row["result"] for row in answer["records"]] == ["damaged"]
        assert answer["photos"] == {"waiting": 1}
        assert_nothing_stored()
    for other in (picture(2), rescue.photos[uid][:-1], rescue.photos[uid] + b"x", b""):
        file = packed(rescue.members() | {f"photos/{uid}.jpg": other})
        assert post(desk, file, dry_run=True).get_json()["photos"] == {"damaged": 1}
        assert post(desk, file).get_json()["photos"] == {"damaged": 1}
    absent = rescue.members()
    del absent[f"photos/{uid}.jpg"]
    assert post(desk, packed(absent)).get_json()["photos"] == {"damaged": 1}
    assert post(desk, rescue.pack()).get_json()["photos"] == {"stored": 1}


def test_bytes_that_rotted_inside_the_archive_spoil_only_their_own_member(
    desk: Phone, rescue: Rescue
) -> None:
    file = bytearray(rescue.pack())
    at = file.index(next(iter(rescue.photos.values()))) + 40
    file[at] ^= 0xFF
    answer = post(desk, bytes(file)).get_json()
    assert [row["result"] for row in answer["records"]] == ["applied"]
    assert answer["photos"] == {"damaged": 1}


def test_an_archive_that_a_computer_packed_again_is_taken(desk: Phone, rescue: Rescue) -> None:
    answer = post(desk, packed(rescue.members(), zipfile.ZIP_DEFLATED)).get_json()
    assert [row["result"] for row in answer["records"]] == ["applied"]
    assert answer["photos"] == {"stored": 1}


def test_names_that_lead_out_of_the_archive_lead_nowhere(
    desk: Phone, rescue: Rescue, tmp_path: Path
) -> None:
    members = rescue.members()
    manifest = json.loads(members["manifest.json"])
    outside = tmp_path / "outside.jpg"
    data = members[manifest["photos"][0]["file"]]
    manifest["photos"][0]["file"] = str(outside)
    outside.write_bytes(data)
    assert post(
        desk, packed(members | {"manifest.json": json.dumps(manifest).encode()})
    ).get_json()["photos"] == {"damaged": 1}
    members["../../escaped.txt"] = members[f"{tmp_path}/escaped.txt"] = b"x"
    assert post(desk, packed(members)).status_code == 200
    assert [path.name for path in tmp_path.iterdir()] == ["outside.jpg"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_no_phone_packs_is_not_unpacked(desk: Phone, rescue: Rescue, method: int) -> None:
    assert refused(desk, packed(rescue.members(), method)) == "rescue_unreadable"


def _bomb(rescue: Rescue, name: str, size: int) -> bytes:
    return packed(rescue.members() | {name: b" " * size}, zipfile.ZIP_DEFLATED)


def _huge_directory(rescue: Rescue) -> bytes:
    return packed(rescue.members() | {f"{number:06d}" + "x" * 900: b"" for number in range(6000)})


def _peak_bytes(work: Callable[..., Any], *arguments: Any) -> tuple[int, Any]:
    """The most memory that Python held meanwhile, and what came of the work."""
    tracemalloc.start()
    try:
        outcome = work(*arguments)
        return tracemalloc.get_traced_memory()[1], outcome
    finally:
        tracemalloc.stop()


def test_a_bomb_costs_no_memory_and_stores_nothing(app: Flask, desk: Phone, rescue: Rescue) -> None:
    mega = 1024 * 1024
    uid, operation = next(iter(rescue.photos)), rescue.operations[0]["id"]
    bombs = {
        "manifest": _bomb(rescue, "manifest.json", 200 * mega),
        "directory": _huge_directory(rescue),
        "operation": _bomb(rescue, f"operations/{operation}.json", 200 * mega),
        "photo": _bomb(rescue, f"photos/{uid}.jpg", 200 * mega),
        "drafts": _bomb(rescue, "drafts.json", 200 * mega),
    }
    for name, file in bombs.items():
        peak, answer = _peak_bytes(post, desk, file)
        assert peak < 40 * mega, (name, peak)
        if name in ("manifest", "directory"):
            assert answer.get_json()["code"] == "rescue_unreadable"
            assert_nothing_stored()
        if name == "photo":
            assert answer.get_json()["photos"] == {"damaged": 1}


def test_a_file_over_the_limit_is_refused_before_it_is_read(
    desk: Phone, rescue: Rescue, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rescue.pack()
    smaller = replace(app.extensions["settings"], max_rescue_bytes=len(file) - 1)
    monkeypatch.setitem(app.extensions, "settings", smaller)
    answer = post(desk, file)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "rescue_too_large")
    assert_nothing_stored()


def test_many_photos_are_never_in_memory_together(
    app: Flask,
    rescue: Rescue,
    contract: Contract,
    march: Round,
    devices: list[Device],
    tmp_path: Path,
) -> None:
    mega = 1024 * 1024
    photos = [picture(number) + bytes([number]) * 2 * mega for number in range(40)]
    slots = [slot(data, "image") for data in photos]
    rescue.operations = [inspection(made.visit(march, devices[0], photos=slots))]
    rescue.photos = {line["id"]: data for line, data in zip(slots, photos, strict=True)}
    path = tmp_path / "large.zip"
    path.write_bytes(rescue.pack())
    del photos
    rescue.photos = {}
    loader = Loader(None, "a test", contract.id, contract.code)

    def work() -> None:
        with path.open("rb") as file:
            counts = {photo.result for photo in preview_rescue(loader, file).photos}
            assert counts == {"new"}
            load_rescue(loader, file, object_store(), 12 * mega, now_utc())

    assert path.stat().st_size > 80 * mega
    assert _peak_bytes(work)[0] < 20 * mega
    assert db.session.query(Photo).filter(Photo.received_at.is_not(None)).count() == 40
