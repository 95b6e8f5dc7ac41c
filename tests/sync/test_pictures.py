"""The small pictures that a phone compares with come many in one answer, and one that lacks holds up none."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.rounds import made
from tests.sync.phone import Phone, picture, slot
from webapp.api.sync import MOST_PICTURES
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import Photo, Round
from webapp.storage import object_store, photo_key, rendition_key


def sent(phone: Phone, march: Round, device: Device, *datas: bytes) -> list[str]:
    """Send an inspection with these photos, and the photos after it; their ids."""
    slots = [slot(data, "image") for data in datas]
    assert phone.send(made.visit(march, device, photos=slots)) == ["applied"]
    for row, data in zip(slots, datas, strict=True):
        assert phone.put(row["id"], data).status_code == 200
    return [row["id"] for row in slots]


def ask(phone: Phone, *uids: str) -> TestResponse:
    return phone.browser.get(phone.url("sync/pictures"), query_string={"photos": ",".join(uids)})


def pictures(answer: TestResponse) -> dict[str, bytes]:
    """The parts of the answer by their names, as another reader of forms takes it apart."""
    assert answer.status_code == 200, answer.get_json()
    whole = message_from_bytes(
        b"Content-Type: " + answer.content_type.encode() + b"\r\n\r\n" + answer.data
    )
    return {
        str(part.get_param("name", header="Content-Disposition")): bytes(
            part.get_payload(decode=True) or b""
        )
        for part in whole.walk()
        if not part.is_multipart()
    }


def test_some_photos_small_pictures_come_in_one_answer(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    uids = sent(phone, march, devices[0], picture(1), picture(2, kind="PNG"))
    found = pictures(ask(phone, *uids))
    assert list(found) == uids
    for uid in uids:
        alone = phone.browser.get(phone.url(f"photos/{uid}/image?size=thumb"))
        assert found[uid] == alone.data
        with Image.open(BytesIO(found[uid])) as seen:
            assert (seen.format, max(seen.size)) == ("JPEG", 64)


def test_where_there_is_none_to_see_the_part_is_empty(
    phone: Phone,
    march: Round,
    devices: list[Device],
    stranger: User,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    """No picture, not come yet, unknown, another contract's: a phone needs not ask again."""
    unreadable, there = sent(phone, march, devices[0], bytes(1000), picture(1))
    waiting = slot(picture(3), "image")
    assert phone.send(made.visit(march, devices[1], photos=[waiting])) == ["applied"]
    unknown = made.uid()
    found = pictures(ask(phone, unreadable, waiting["id"], unknown))
    assert found == {unreadable: b"", waiting["id"]: b"", unknown: b""}
    other = Phone(signed_in(stranger), contract="OTHER")
    assert pictures(ask(other, there, unreadable)) == {there: b"", unreadable: b""}


def test_one_that_the_store_has_lost_is_left_out_and_the_others_come(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    lost, there = sent(phone, march, devices[0], picture(4), picture(5))
    row = db.session.query(Photo).filter_by(uid=lost).one()
    for key in (
        photo_key(row.contract_id, row.sha256),
        rendition_key(row.contract_id, row.sha256, "thumb"),
    ):
        object_store().delete(key)
    db.session.rollback()
    assert list(pictures(ask(phone, lost, there))) == [there]


def test_sixteen_cost_no_more_statements_than_one(
    phone: Phone,
    march: Round,
    devices: list[Device],
    count_queries: Callable[[], int],
) -> None:
    uids = sent(phone, march, devices[0], *(picture(n) for n in range(MOST_PICTURES)))
    count_queries()
    ask(phone, uids[0])
    one = count_queries()
    assert len(pictures(ask(phone, *uids))) == MOST_PICTURES
    assert count_queries() == one


@pytest.mark.parametrize("many", [0, MOST_PICTURES + 1])
def test_what_names_none_or_too_many_is_refused(phone: Phone, many: int) -> None:
    answer = ask(phone, *(made.uid() for _ in range(many)))
    assert answer.status_code == 422
    assert answer.get_json()["fields"] == {"photos": ["invalid"]}
    assert ask(phone, made.uid(), "x").status_code == 422
