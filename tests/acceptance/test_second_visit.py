"""A colleague goes again: what was sent back of the first visit, "go again", waits for nobody any more.

The room was occupied when the engineer came; the supervisor sent that back, with its photo. Whoever makes
the second visit has done what was asked (clauses 26 and 30), and every screen and phone says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.acceptance import signed
from tests.acceptance.test_telling import told
from tests.rounds import made
from tests.sync.phone import Phone, picture, slot
from webapp import background
from webapp.acceptance import return_queries
from webapp.acceptance.models import ReturnedAnswer
from webapp.acceptance.telling import PAUSE
from webapp.db import db, now_utc
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds import queries as rounds
from webapp.rounds.models import Inspection, Round

SignIn = Callable[[User], FlaskClient]
MONTH = "2026-03"
OCCUPIED = {"reason": "occupied", "remark": "", "revisit_on": None}


@dataclass
class Story:
    """Who takes part: the first visitor, his colleague, and the desk that sent the first visit back."""

    contract: Contract
    round: Round
    device: Device
    first: Phone
    colleague: Phone
    colleague_user: User
    desk: Phone
    occupied: dict[str, Any]
    inspection_id: int

    def go_again(self, **fields: Any) -> dict[str, Any]:
        """The second visit, by the colleague."""
        payload = made.visit(self.round, self.device, **fields)
        assert self.colleague.send(payload) == ["applied"]
        db.session.rollback()
        return payload

    def get(self, path: str) -> Any:
        answer = self.desk.browser.get(self.desk.url(path))
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    def waiting(self) -> dict[str, int]:
        """How much of what was sent back waits, as each reader of it says."""
        db.session.rollback()
        session = db.session()
        blocked = {
            row["kind"]: row["count"] for row in self.get(f"rounds/{MONTH}/board")["blockers"]
        }
        pulled = self.first.pull()["rows"]
        return {
            "acceptance": return_queries.waiting_in_round(session, self.round.id)[
                "answers_returned"
            ],
            "acceptance, photos": rounds.what_is_missing(session, self.round.id)["photos_returned"],
            "the room's signatures": sum(
                room.returned for room in signed.rooms_of(self.contract).values()
            ),
            "the board": blocked.get("answers_returned", 0),
            "the board, photos": blocked.get("photos_returned", 0),
            "the list": self.get("returns?state=open&kind=answer")["total"],
            "the list, photos": self.get("returns?state=open&kind=photo")["total"],
            "the photo review": self.get("photos?review=returned")["total"],
            "the phone": len(pulled.get("returned_answers", [])),
            "the phone, photos": len(pulled.get("returned_photos", [])),
        }


@pytest.fixture
def story(
    contract: Contract,
    engineer: User,
    manager: User,
    march: Round,
    device: Device,
    signed_in: SignIn,
) -> Story:
    other = factories.member(contract, "backup_engineer", login="other", name="赵磊")
    phone, desk = Phone(signed_in(engineer)), Phone(signed_in(manager), phone_id="desk")
    line = slot(picture(1))
    occupied = made.visit(march, device, readings=[], exception=OCCUPIED, photos=[line])
    room = db.session.get_one(Room, device.room_id)
    assert phone.send(occupied) == ["applied"]
    assert phone.put(line["id"], picture(1)).status_code == 200
    inspection_id = db.session.scalar(sa.select(Inspection.id))
    assert inspection_id
    sent = desk.post(f"inspections/{inspection_id}/returns", {"item": None, "remark": "请再去一次"})
    assert sent.status_code == 201
    back = desk.post(f"photos/{line['id']}/review", {"state": "returned", "remark": "看不清"})
    assert back.status_code == 200
    colleague = Phone(signed_in(other), phone_id="colleague")
    assert colleague.send(made.visit(march, None, room=room)) == ["applied"]
    return Story(*(contract, march, device, phone, colleague, other, desk, occupied, inspection_id))


def test_until_somebody_has_gone_again_it_waits(story: Story) -> None:
    assert set(story.waiting().values()) == {1}


def test_a_second_visit_by_a_colleague_answers_it_for_every_reader(story: Story) -> None:
    story.go_again()
    assert story.waiting() == dict.fromkeys(story.waiting(), 0)
    shown = {row["kind"]: row["state"] for row in story.get("returns")["items"]}
    assert shown == {"answer": "withdrawn", "photo": "withdrawn"}
    # What was said of them is kept, and the photo is still among all photos.
    assert db.session.scalar(sa.select(ReturnedAnswer.state)) == "open"
    assert [row["review"] for row in story.get("photos")["items"]] == ["returned"]


def test_the_first_visitors_phone_is_told_by_its_next_pull(story: Story) -> None:
    before = story.first.pull()
    (answer,) = before["rows"]["returned_answers"]
    (photo,) = before["rows"]["returned_photos"]
    theirs = story.colleague.pull()
    story.go_again()
    after = story.first.pull(before["head"], before["epoch"])
    assert after["gone"]["returned_answers"] == [answer["id"]]
    assert after["gone"]["returned_photos"] == [photo["id"]]
    rows = story.colleague.pull(theirs["head"], theirs["epoch"])["rows"]
    assert not {"returned_answers", "returned_photos"} & rows.keys()


def test_the_room_can_be_signed_and_the_round_accepted(story: Story, manager: User) -> None:
    with pytest.raises(AppError, match="sign_off_refused"):
        signed.accept(story.contract, manager)
    story.go_again()
    signed.accept(story.contract, manager)
    db.session.rollback()
    assert rounds.round_of(db.session(), story.contract.id, MONTH).state == "accepted"


def test_nothing_more_of_the_first_visit_goes_back_or_forth(story: Story) -> None:
    (row,) = story.get("returns?kind=answer")["items"]
    story.go_again()
    assert story.get(f"inspections/{story.inspection_id}")["returnable"] is False
    for path, body in (
        (f"inspections/{story.inspection_id}/returns", {"item": None, "remark": "再去"}),
        (f"returned-answers/{row['returned_id']}/withdraw", {}),
    ):
        refused = story.desk.post(path, body)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "inspection_set_aside")


def test_nobody_is_told_of_it(story: Story) -> None:
    story.go_again()
    background.tell_of_acceptance(now_utc() + 2 * PAUSE)
    assert told("sent_back") == []


def test_a_second_visit_that_finds_it_occupied_again_is_what_goes_back_next(story: Story) -> None:
    story.go_again(readings=[], exception=OCCUPIED)
    assert story.waiting() == dict.fromkeys(story.waiting(), 0)
    latest = db.session.scalar(
        sa.select(sa.func.max(Inspection.id)).where(Inspection.verdict == "not_tested")
    )
    again = story.desk.post(f"inspections/{latest}/returns", {"item": None, "remark": "第三次"})
    assert again.status_code == 201
    waiting = return_queries.waiting_by_author(db.session(), story.round.id)
    assert waiting == [(story.colleague_user.id, 1, 0)]


def test_the_first_visitor_may_go_again_himself_in_either_way(story: Story) -> None:
    fresh = made.visit(story.round, story.device)
    assert story.first.send(fresh) == ["applied"]
    assert story.waiting() == dict.fromkeys(story.waiting(), 0)
    # Or, late, he amends the first one to a test: then it stands beside the other, and is looked at.
    tested = made.amended(story.occupied, exception=None, readings=fresh["readings"])
    assert story.first.send(tested) == ["applied"]
    assert return_queries.waiting_in_round(db.session(), story.round.id) == {
        "answers_returned": 0,
        "answers_to_look_at": 1,
    }


def test_what_was_tested_and_sent_back_is_not_answered_by_another_record(story: Story) -> None:
    """Two tests of one device are a pair, and a pair is the supervisor's to settle."""
    payload = story.go_again()
    tested = db.session.scalar(sa.select(Inspection.id).where(Inspection.uid == payload["uid"]))
    sent = story.desk.post(f"inspections/{tested}/returns", {"item": "image", "remark": "再看"})
    assert sent.status_code == 201
    assert story.first.send(made.visit(story.round, story.device)) == ["applied"]
    waiting = return_queries.waiting_by_author(db.session(), story.round.id)
    assert waiting == [(story.colleague_user.id, 1, 0)]
