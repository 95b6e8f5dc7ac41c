"""A phone's records never go out under the session of whoever signed in after its user."""

from __future__ import annotations

from tests.rounds import made
from tests.sync.phone import Phone, inspection, picture
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import Inspection, Round


def test_a_push_meant_for_another_user_is_refused_whole(
    phone: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    body = phone.envelope(inspection(made.visit(march, devices[0])))
    url = phone.url("sync/push")
    refused = phone.browser.post(url, json=body, headers={"Roundbook-User": str(engineer.id + 1)})
    assert refused.status_code == 401
    assert refused.get_json()["details"] == {"reason": "other_user"}
    assert db.session.query(Inspection).count() == 0
    taken = phone.browser.post(url, json=body, headers={"Roundbook-User": str(engineer.id)})
    assert taken.get_json()["results"][0]["result"] == "applied"


def test_a_photo_meant_for_another_user_is_refused(phone: Phone, engineer: User) -> None:
    answer = phone.put(made.uid(), picture(), **{"Roundbook-User": str(engineer.id + 1)})
    assert answer.status_code == 401
