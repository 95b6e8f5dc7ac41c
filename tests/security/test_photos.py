"""Photos as weapons (security.md 1-6, 20, 21): bombs, polyglots, other kinds, positions, names."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, digest, picture, slot
from webapp.config import Settings
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Round
from webapp.storage import object_store

PDF = b"%PDF-1.7\n" + bytes(200)
HEIC = b"\0\0\0\x18ftypheic" + bytes(200)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


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


def declared(phone: Phone, march: Round, device: Device, data: bytes) -> str:
    line = slot(data, "image")
    assert phone.send(made.visit(march, device, photos=[line])) == ["applied"]
    uid: str = line["id"]
    return uid


def stored_bytes() -> list[bytes]:
    store = object_store()
    return [store.get(key) for key, _ in store.keys("photos/")]


def png(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is that big."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def webp(width: int, height: int) -> bytes:
    """An extended WebP whose canvas is that big."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def jpeg(width: int, height: int) -> bytes:
    """A small JPEG whose frame header was changed to say that it is that big."""
    data = bytearray(picture())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.attack(1)
@pytest.mark.parametrize(
    "data", [png(40_000, 40_000), png(8000, 7501), webp(16_384, 16_384), jpeg(65_000, 65_000)]
)
def test_a_pixel_bomb_is_refused_before_a_pixel_is_decoded(
    phone: Phone, march: Round, device: Device, data: bytes
) -> None:
    uid = declared(phone, march, device, data)
    answer = phone.put(uid, data)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "photo_too_many_pixels")
    assert data not in stored_bytes()


@pytest.mark.attack(3)
@pytest.mark.parametrize(
    "data",
    [
        SVG,
        b"\xef\xbb\xbf  " + SVG,
        b"<html><script>alert(1)</script>",
        PDF,
        HEIC,
        b"GIF89a" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"BM" + bytes(100),
        b"II*\x00" + bytes(100),
    ],
)
def test_another_kind_of_file_is_415_whatever_it_says_it_is(
    phone: Phone, march: Round, device: Device, data: bytes
) -> None:
    uid = declared(phone, march, device, data)
    answer = phone.put(uid, data)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "photo_kind_unsupported")
    assert data not in stored_bytes()


@pytest.mark.attack(2)
@pytest.mark.parametrize(
    "tail", [b"<html><script>alert(1)</script></html>", b"PK\x03\x04" + b"payload" * 20]
)
def test_a_polyglot_is_kept_as_evidence_and_served_only_re_encoded(
    phone: Phone, march: Round, device: Device, tail: bytes
) -> None:
    data = picture() + tail
    uid = declared(phone, march, device, data)
    assert phone.put(uid, data).get_json()["result"] == "stored"
    for size in ("thumb", "full"):
        answer = phone.browser.get(phone.url(f"photos/{uid}/image?size={size}"))
        assert tail not in answer.data
        assert answer.content_type == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        Image.open(BytesIO(answer.data), formats=["JPEG"]).load()


@pytest.mark.attack(5)
def test_a_position_is_in_no_served_copy(phone: Phone, march: Round, device: Device) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 6.0)
    data = picture(exif=exif, comment=b"SecretComment", icc_profile=b"SecretProfile" * 20)
    assert b"SecretMaker" in data
    uid = declared(phone, march, device, data)
    phone.put(uid, data)
    for size in ("thumb", "full"):
        body = phone.browser.get(phone.url(f"photos/{uid}/image?size={size}")).data
        assert b"Exif" not in body
        assert b"Secret" not in body
        assert not Image.open(BytesIO(body)).getexif()


@pytest.mark.attack(4, 20)
@pytest.mark.parametrize(
    "name", ["../../x", "%2e%2e%2fx", "a%00b", "x" * 4096, "..", "x%0d%0aSet-Cookie:%20a=b"]
)
def test_a_name_never_reaches_the_store_or_a_header(phone: Phone, name: str) -> None:
    data = picture(333)
    answer = phone.put(name, data)
    assert answer.status_code in (404, 405, 409)
    assert data not in stored_bytes()
    for path in (f"photos/{name}", f"photos/{name}/image"):
        answer = phone.browser.get(phone.url(path))
        assert answer.status_code in (404, 405, 422)
        assert "a=b" not in str(answer.headers)


@pytest.mark.attack(20)
def test_what_the_browser_may_name_the_picture_is_the_servers_own(
    phone: Phone, march: Round, device: Device
) -> None:
    data = picture()
    uid = declared(phone, march, device, data)
    phone.put(uid, data, **{"Content-Disposition": 'attachment; filename="x.html"'})
    answer = phone.browser.get(phone.url(f"photos/{uid}/image"))
    assert "x.html" not in str(answer.headers)
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert "no-cache" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]


def test_the_size_is_one_of_two(phone: Phone, march: Round, device: Device) -> None:
    data = picture()
    uid = declared(phone, march, device, data)
    phone.put(uid, data)
    answer = phone.browser.get(phone.url(f"photos/{uid}/image?size=99999"))
    assert answer.status_code == 422


def test_a_photo_from_another_site_is_refused(phone: Phone) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = phone.put(made.uid(), picture(), **headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")


@pytest.mark.attack(19)
def test_an_endless_body_is_cut_off_at_the_cap(
    phone: Phone, march: Round, device: Device, settings: Settings
) -> None:
    data = picture()
    uid = declared(phone, march, device, data)
    served = 0

    class Endless:
        def read(self, size: int = -1) -> bytes:
            nonlocal served
            served += size
            return bytes(size if size > 0 else 65_536)

    answer = phone.browser.open(
        phone.url(f"photos/{uid}"),
        method="PUT",
        headers={"Repr-Digest": digest(data), "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": Endless(), "wsgi.input_terminated": True},
    )
    assert answer.status_code == 413
    assert served < settings.max_photo_bytes * 2


def test_what_no_column_can_hold_is_422_and_not_500(phone: Phone) -> None:
    for path in ("photos?q=%00", "photos?item=a%00", f"photos?room_id={10**30}"):
        assert phone.browser.get(phone.url(path)).status_code in (200, 422), path
    assert phone.browser.get("/api/contracts/a%00b/photos").status_code in (404, 422)
