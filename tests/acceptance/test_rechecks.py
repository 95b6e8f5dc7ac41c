"""The second look: who may, at what, and what a word on it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.acceptance import signed
from tests.acceptance.walked import Walked
from tests.rounds import made
from webapp.acceptance.models import Recheck, ReturnedAnswer
from webapp.acceptance.rechecks import Check, recheck
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Photo


def inspection_of(uid: str) -> Inspection:
    db.session.rollback()
    return db.session.scalars(sa.select(Inspection).where(Inspection.uid == uid)).one()


@pytest.fixture
def east(walked: Walked) -> list[dict[str, Any]]:
    """The payloads of the east room, which is its engineer's to sign."""
    signed.sign(walked.contract, walked.engineer, "self_check", walked.east.id)
    return [visit for visit in walked.visits if visit["room_id"] == walked.east.id]


@pytest.fixture
def say(walked: Walked) -> Callable[..., list[Recheck]]:
    def do(user: User, uid: str, result: Any = "confirmed", **more: Any) -> list[Recheck]:
        row = inspection_of(uid)
        revision = more.pop("revision", row.revision)
        check = Check(row.id, revision, result, **more)
        with unit_of_work() as session:
            access = signed.access_of(walked.contract, user)
            return recheck(session, access, "2026-03", [check], signed.LATER)

    return do


def refused(work: Callable[[], Any]) -> tuple[str, Any]:
    with pytest.raises(AppError) as caught:
        work()
    return caught.value.code, caught.value.details.get("reason")


def test_risky_work_is_always_looked_at_again(walked: Walked) -> None:
    device = factories.device(walked.east, name="第四台")
    payloads = {
        "abnormal": made.visit(walked.round, device),
        "fast": made.visit(walked.round, factories.device(walked.east, name="5")),
        "reused": made.visit(
            walked.round, factories.device(walked.east, name="6"), photos=[made.photo("image")]
        ),
    }
    made.reading(payloads["abnormal"], "image", "dim", "abnormal", cause="lamp_aged")
    payloads["fast"] |= {"bulk_ok": True, "dwell_seconds": 5}
    made.send(walked.contract, walked.engineer, *payloads.values())
    with unit_of_work() as session:
        uid = payloads["reused"]["photos"][0]["id"]
        session.execute(sa.update(Photo).where(Photo.uid == uid).values(reused_of="earlier"))
    room = signed.rooms_of(walked.contract)[walked.east.id]
    why = {task.uid: room.sample.get(task.id, ()) for task in room.tasks}
    assert why[payloads["abnormal"]["uid"]] == ("abnormal",)
    assert "fast_bulk" in why[payloads["fast"]["uid"]]
    assert why[payloads["reused"]["uid"]] == ("reused_photo",)
    # And by lot one of the rest: a tenth of four, of which there is one at least.
    assert list(why.values()).count(("drawn",)) == 1


def test_the_share_is_the_contracts(walked: Walked) -> None:
    def sizes() -> list[int]:
        return [len(room.sample) for room in signed.rooms_of(walked.contract).values()]

    assert sizes() == [1, 1]
    for share, size in ((0.5, 2), (1, 4), (0, 0)):
        with unit_of_work() as session:
            of = session.get_one(Contract, walked.contract.id)
            of.settings = {"recheck_share": share}
        assert sizes() == [size, size]


def test_who_may_look_again(
    walked: Walked, east: list[dict[str, Any]], say: Any, it_lead: User, manager: User
) -> None:
    uid = east[0]["uid"]
    assert refused(lambda: say(walked.engineer, uid)) == ("recheck_refused", "own_work")
    assert refused(lambda: say(it_lead, uid))[0] == "forbidden"
    assert [row.result for row in say(walked.other, uid)] == ["confirmed"]
    assert [row.reviewer_id for row in say(manager, uid)] == [manager.id]


def test_an_amendments_author_has_work_of_his_own_in_the_room(
    walked: Walked, east: list[dict[str, Any]], say: Any, manager: User
) -> None:
    payload = made.amended(east[0])
    made.reading(payload, "lamp_hours", 777, "normal")
    rights: frozenset[Any] = frozenset({"inspect", "review"})
    made.record(walked.contract, [made.submission(payload, manager, rights=rights)])
    assert refused(lambda: say(manager, east[1]["uid"])) == ("recheck_refused", "own_work")


def test_an_answer_sent_back_comes_again_and_is_settled_by_confirming_it(
    walked: Walked, east: list[dict[str, Any]], say: Any
) -> None:
    uid = east[0]["uid"]
    with pytest.raises(AppError, match="invalid"):
        say(walked.other, uid, "returned", item="lamp_hours")
    say(walked.other, uid, "returned", item="lamp_hours", remark="请核对灯泡时间")
    (back,) = db.session.scalars(sa.select(ReturnedAnswer))
    assert (back.item, back.remark, back.revision) == ("lamp_hours", "请核对灯泡时间", 1)
    room = signed.rooms_of(walked.contract)[walked.east.id]
    assert (room.returned, "returned" in str(room.sample)) == (1, True)
    signed.look_again(walked.contract, signed.colleague(walked.contract), walked.east.id)
    with pytest.raises(AppError, match="sign_off_refused"):
        signed.sign(walked.contract, walked.other, "peer_check", walked.east.id)
    payload = made.amended(east[0])
    made.reading(payload, "lamp_hours", 777, "normal")
    made.send(walked.contract, walked.engineer, payload)
    room = signed.rooms_of(walked.contract)[walked.east.id]
    # What was sent back stays to be looked at, whoever else's lot it is.
    assert (room.returned, room.facts.sample_left > 0) == (0, True)
    say(walked.other, uid)
    db.session.rollback()
    assert db.session.scalars(sa.select(ReturnedAnswer.state)).one() == "closed"
    signed.sign(walked.contract, walked.engineer, "self_check", walked.east.id)
    signed.look_again(walked.contract, walked.other, walked.east.id)
    signed.sign(walked.contract, walked.other, "peer_check", walked.east.id)


def test_a_second_word_on_the_same_revision_takes_the_first_back(
    walked: Walked, east: list[dict[str, Any]], say: Any
) -> None:
    uid = east[0]["uid"]
    say(walked.other, uid, "returned", remark="重拍")
    say(walked.other, uid)
    db.session.rollback()
    assert [row.result for row in db.session.scalars(sa.select(Recheck))] == ["confirmed"]
    assert db.session.scalars(sa.select(ReturnedAnswer.state)).one() == "withdrawn"
    trail = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.action == "recheck").order_by(AuditRow.id)
    ).all()
    assert [row.diff["result"] for row in trail] == [
        [None, "returned"],
        ["returned", "confirmed"],
    ]


def test_one_who_sends_back_outweighs_one_who_confirms(
    walked: Walked, east: list[dict[str, Any]], say: Any, manager: User
) -> None:
    uid = east[0]["uid"]
    say(walked.other, uid)
    say(manager, uid, "returned", remark="重拍")
    room = signed.rooms_of(walked.contract)[walked.east.id]
    task = next(task for task in room.tasks if task.uid == uid)
    assert task.id in room.sample.keys() - room.checked


def test_what_was_seen_must_be_what_counts(
    walked: Walked, east: list[dict[str, Any]], say: Any
) -> None:
    uid = east[0]["uid"]
    assert refused(lambda: say(walked.other, uid, revision=2))[0] == "inspection_changed"
    device = walked.devices[0]
    pair = made.visit(walked.round, device)
    made.send(walked.contract, walked.engineer, pair)
    # The second of a pair doesn't count yet.
    assert refused(lambda: say(walked.other, pair["uid"]))[0] == "inspection_changed"
    access = signed.access_of(walked.contract, walked.other)
    nothing = [Check(999_999, 1, "confirmed")]
    with unit_of_work() as session, pytest.raises(AppError, match="not_found"):
        recheck(session, access, "2026-03", nothing, signed.LATER)
