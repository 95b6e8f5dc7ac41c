"""The filtered photos as one ZIP: by folders, as shown, a picture at a time, whatever they are called."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from PIL import Image

from tests import factories
from tests.desk.test_photo_review import photographed
from tests.rounds import made
from tests.sync.phone import Phone, picture
from webapp import background
from webapp.db import now_utc, unit_of_work
from webapp.desk.photo_archive import safe_name, unique_name
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Photo, Round
from webapp.storage import object_store, rendition_key

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def projector(contract: Contract) -> Device:
    made.checklist(contract)
    room = factories.room(factories.building(contract, name_en="Head office"), name_en="West Lake")
    return factories.device(room, name="一号/投影")


@pytest.fixture
def phone(signed_in: SignIn, engineer: User) -> Phone:
    return Phone(signed_in(engineer))


@pytest.fixture
def desk(signed_in: SignIn, manager: User) -> Phone:
    return Phone(signed_in(manager))


@pytest.fixture
def march(contract: Contract, projector: Device) -> Round:
    return made.opened(contract, "2026-03")


def zipped(desk: Phone, query: str = "") -> zipfile.ZipFile:
    answer = desk.browser.get(desk.url(f"photos.zip{query}"))
    assert answer.status_code == 200, answer.get_json(silent=True)
    assert answer.headers["Content-Disposition"] == "attachment; filename=HQ-photos.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    file = zipfile.ZipFile(io.BytesIO(answer.data))
    assert file.testzip() is None
    return file


def test_pictures_lie_by_building_room_and_device_beside_their_list(
    desk: Phone, phone: Phone, march: Round, projector: Device
) -> None:
    with_place = Image.new("RGB", (40, 30), "red")
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    out = io.BytesIO()
    with_place.save(out, "JPEG", exif=exif)
    photographed(phone, march, projector, out.getvalue(), "image")
    photographed(phone, march, projector, picture(2), "image")
    photographed(phone, march, projector, picture(3), None)
    with zipped(desk) as file:
        names = file.namelist()
        folder = "总部大楼/8F 西湖厅/一号_投影"
        assert names == [
            "照片清单.csv",
            f"{folder}/2026-03 画面.jpg",
            f"{folder}/2026-03 画面 (2).jpg",
            f"{folder}/2026-03 全景.jpg",
        ]
        for info in file.infolist()[1:]:
            assert info.external_attr >> 16 == 0o644
            image = Image.open(io.BytesIO(file.read(info)))
            assert (image.format, dict(image.getexif())) == ("JPEG", {})
        lines = list(csv.reader(io.StringIO(file.read(names[0]).decode("utf-8-sig"))))
    assert len(lines) == 4
    with zipped(desk, "?language=en&item=image") as file:
        assert file.namelist()[:2] == [
            "photos.csv",
            "Head office/8F West Lake/一号_投影/2026-03 Image.jpg",
        ]
        assert len(file.namelist()) == 3
    with zipped(desk, "?month=2027-01") as file:
        assert file.namelist() == ["照片清单.csv"]


def test_what_is_unreadable_or_gone_is_left_out_and_spoils_nothing(
    desk: Phone, phone: Phone, march: Round, projector: Device, contract: Contract
) -> None:
    good = photographed(phone, march, projector, picture(1), "image")
    lost = photographed(phone, march, projector, picture(2), "image")
    bad = photographed(phone, march, projector, b"\xff\xd8\xff no picture", "image")
    background.make_photo_copies(now_utc())
    with unit_of_work() as session:
        photo = session.scalars(sa.select(Photo).where(Photo.uid == lost)).one()
        session.execute(
            sa.update(Photo)
            .where(Photo.uid == good)
            .values(device_taken_at=datetime(9000, 1, 1, tzinfo=UTC))
        )
    store = object_store()
    store.delete(rendition_key(contract.id, photo.sha256, "full"))
    store.delete(f"photos/{contract.id}/{photo.sha256[:1]}/{photo.sha256}")
    with zipped(desk) as file:
        assert len(file.namelist()) == 2
        assert bad in file.read("照片清单.csv").decode()


def test_an_archive_is_made_as_it_leaves_and_no_longer_than_allowed(
    desk: Phone,
    phone: Phone,
    march: Round,
    projector: Device,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        photographed(phone, march, projector, picture(number), "image")
    answer = desk.browser.get(desk.url("photos.zip"), buffered=False)
    parts = [part for part in answer.iter_encoded() if part]
    assert len(parts) == 4
    assert len(parts[0]) < len(b"".join(parts))
    monkeypatch.setattr("webapp.desk.photo_archive.MOST_PHOTOS", 2)
    answer = desk.browser.get(desk.url("photos.zip"))
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")
    assert desk.browser.get(desk.url("photos.zip?language=fr")).status_code == 422


def test_who_may_have_it(
    phone: Phone,
    march: Round,
    projector: Device,
    stranger: User,
    it_lead: User,
    client: FlaskClient,
    signed_in: SignIn,
) -> None:
    photographed(phone, march, projector, picture(1), "image")
    for browser, status in ((client, 401), (signed_in(stranger), 404), (signed_in(it_lead), 200)):
        assert browser.get(phone.url("photos.zip")).status_code == status


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("西湖厅", "西湖厅"),
        ("../../etc", "_.._etc"),
        ("..", "_"),
        ("", "_"),
        ("a\\b:c*?", "a_b_c__"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("x\0y\n", "x_y_"),
        (" . name . ", "name"),
        ("长" * 100, "长" * 60),
    ],
)
def test_a_name_leads_nowhere_and_opens_on_any_system(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_two_of_one_name_lie_side_by_side() -> None:
    taken: set[str] = set()
    names = [unique_name("A/x", taken), unique_name("a/X", taken), unique_name("A/x", taken)]
    assert names == ["A/x.jpg", "a/X (2).jpg", "A/x (3).jpg"]
