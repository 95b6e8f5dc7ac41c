"""Rooms are signed twice and the round once, each over what the records say at that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.acceptance import signed
from tests.acceptance.walked import Walked
from tests.rounds import made
from webapp.acceptance import services
from webapp.acceptance.models import SignOff
from webapp.acceptance.rules import Level
from webapp.acceptance.signing import Signature
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Photo, Round
from webapp.rounds.queries import round_of


def refusal(work: Callable[[], Any]) -> tuple[str, Any]:
    """The code and the reason with which something is refused."""
    with pytest.raises(AppError) as caught:
        work()
    details = caught.value.details
    return caught.value.code, details.get("reason") or details.get("rooms") or details.get(
        "missing"
    )


def why(walked: Walked, user: User, level: Level, room_id: int) -> Any:
    code, rooms = refusal(lambda: signed.sign(walked.contract, user, level, room_id))
    assert code == "sign_off_refused"
    return rooms[str(room_id)]


def set_strictness(of: Contract, strictness: str) -> None:
    with unit_of_work() as session:
        session.get_one(Contract, of.id).settings = {"acceptance_strictness": strictness}


def test_three_people_sign_and_the_round_is_accepted(walked: Walked, manager: User) -> None:
    of = walked.contract
    signed.sign(of, walked.engineer, "self_check", walked.east.id)
    signed.sign(of, walked.other, "self_check", walked.west.id)
    peer = signed.colleague(of)
    assert why(walked, peer, "peer_check", walked.east.id) == "sample_left"
    assert signed.look_again(of, peer) >= 2
    rows = signed.sign(of, peer, "peer_check")
    assert [row.room_id for row in rows] == [walked.east.id, walked.west.id]
    final = signed.accept(of, manager)
    assert round_of(db.session(), of.id, "2026-03").state == "accepted"
    by_room = {
        row.room_id: row.content_sha256
        for row in db.session.scalars(sa.select(SignOff).where(SignOff.level == "peer_check"))
    }
    assert final.digests == {str(key): value for key, value in by_room.items()}
    assert {row.strictness for row in db.session.scalars(sa.select(SignOff))} == {"three"}
    trail = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.entity == "sign_off").order_by(AuditRow.id)
    ).all()
    assert [row.action for row in trail] == ["sign"] * 5
    assert trail[-1].diff["sha256"] == [None, final.content_sha256]


def test_both_levels_of_a_room_sign_the_same_hash(walked: Walked) -> None:
    peer = signed.sign_all_rooms(walked.contract)
    rows = db.session.scalars(sa.select(SignOff).where(SignOff.room_id == walked.east.id)).all()
    assert {row.level: row.user_id for row in rows} == {
        "self_check": walked.engineer.id,
        "peer_check": peer.id,
    }
    assert len({row.content_sha256 for row in rows}) == 1
    assert rows[0].digests == rows[1].digests
    uids = {visit["uid"] for visit in walked.visits if visit["room_id"] == walked.east.id}
    assert {entry[0] for entry in rows[0].digests.values()} == uids
    assert {entry[1] for entry in rows[0].digests.values()} == {1}


def test_who_may_sign_which_room(walked: Walked, manager: User, it_lead: User) -> None:
    assert why(walked, walked.other, "self_check", walked.east.id) == "not_inspected_here"
    assert why(walked, manager, "self_check", walked.east.id) == "not_inspected_here"
    code, _ = refusal(lambda: signed.sign(walked.contract, it_lead, "self_check", walked.east.id))
    assert code == "forbidden"
    assert why(walked, walked.other, "peer_check", walked.east.id) == "self_check_first"
    signed.sign(walked.contract, walked.engineer, "self_check", walked.east.id)
    assert why(walked, walked.engineer, "self_check", walked.east.id) == "signed"
    assert why(walked, walked.engineer, "peer_check", walked.east.id) == "own_work"
    signed.look_again(walked.contract, walked.other, walked.east.id)
    signed.sign(walked.contract, walked.other, "peer_check", walked.east.id)
    assert why(walked, signed.colleague(walked.contract), "peer_check", walked.east.id) == "signed"


def test_all_rooms_are_signed_or_none(walked: Walked) -> None:
    code, rooms = refusal(lambda: signed.sign(walked.contract, walked.engineer, "self_check"))
    assert (code, rooms) == ("sign_off_refused", {str(walked.west.id): "not_inspected_here"})
    assert db.session.scalars(sa.select(SignOff)).all() == []


def test_a_room_of_another_contract_or_round_is_not_there(walked: Walked) -> None:
    elsewhere = factories.room(factories.building(factories.contract("OTHER")))
    for room_id in (elsewhere.id, 999_999):
        with pytest.raises(AppError, match="not_found"):
            signed.sign(walked.contract, walked.engineer, "self_check", room_id)


def test_a_device_that_is_still_to_do_keeps_the_room_from_being_signed(walked: Walked) -> None:
    from webapp.rounds.opening import sync_tasks_with_estate

    factories.device(walked.east, name="新投影")
    with unit_of_work() as session:
        sync_tasks_with_estate(session, walked.contract.id, signed.LATER)
    assert why(walked, walked.engineer, "self_check", walked.east.id) == "todo"


def test_nothing_is_accepted_without_its_sign_offs(walked: Walked, manager: User) -> None:
    access = signed.access_of(walked.contract, manager)

    def act(action: str) -> Round:
        with unit_of_work() as session:
            return services.act_on_round(session, access, "2026-03", action, signed.LATER)

    act("finish")
    code, missing = refusal(lambda: act("accept"))
    assert code == "round_not_complete"
    assert (missing["self_checks"], missing["peer_checks"]) == (2, 0)
    signed.sign_all_rooms(walked.contract)
    with unit_of_work() as session:
        session.scalars(sa.select(Photo)).first().review = "returned"  # type: ignore[union-attr]
    code, missing = refusal(lambda: act("accept"))
    assert {kind: count for kind, count in missing.items() if count} == {"photos_returned": 1}
    with unit_of_work() as session:
        session.execute(sa.update(Photo).values(review="accepted"))
    assert act("accept").state == "accepted"
    assert act("reopen").state == "open"
    final = db.session.scalars(sa.select(SignOff).where(SignOff.level == "final")).one()
    assert final.voided_at is not None
    assert [reason["why"] for reason in final.void_reason] == ["reopened"]
    # The rooms' own sign-offs still say what is there.
    assert all(room.standing for room in signed.rooms_of(walked.contract).values())
    act("finish")
    assert act("accept").state == "accepted"


def test_strictness_says_how_many_people_it_takes(walked: Walked, manager: User) -> None:
    of = walked.contract

    def accept() -> SignOff:
        with unit_of_work() as session:
            return services.accept_round(
                session, signed.access_of(of, manager), "2026-03", Signature(), signed.LATER
            )

    signed.sign(of, walked.engineer, "self_check", walked.east.id)
    signed.sign(of, walked.other, "self_check", walked.west.id)
    signed.look_again(of, manager)
    signed.sign(of, manager, "peer_check")
    with unit_of_work() as session:
        services.act_on_round(
            session, signed.access_of(of, manager), "2026-03", "finish", signed.LATER
        )
    assert refusal(accept) == ("sign_off_refused", "own_peer_check")
    set_strictness(of, "two")
    assert accept().strictness == "two"


def test_a_team_of_one_may_sign_all(walked: Walked, manager: User) -> None:
    of = walked.contract
    set_strictness(of, "one")
    signed.sign(of, walked.engineer, "self_check", walked.east.id)
    signed.look_again(of, walked.engineer, walked.east.id)
    (row,) = signed.sign(of, walked.engineer, "peer_check", walked.east.id)
    assert (row.user_id, row.strictness) == (walked.engineer.id, "one")


def test_a_hash_that_no_longer_holds_is_never_accepted(walked: Walked, manager: User) -> None:
    """Even what changed behind the back of every service is found when the round is accepted."""
    signed.sign_all_rooms(walked.contract)
    with unit_of_work() as session:
        session.execute(
            sa.update(Inspection)
            .where(Inspection.room_id == walked.east.id)
            .values(remark="geändert")
        )
    code, missing = refusal(lambda: signed.accept(walked.contract, manager))
    assert code == "round_not_complete"
    assert (missing["self_checks"], missing["peer_checks"]) == (1, 0)


DRAWN = (((0.1, 0.5), (0.4, 0.2), (0.9, 0.8)),)


def test_where_the_client_wants_drawn_signatures(walked: Walked) -> None:
    with unit_of_work() as session:
        session.get_one(Contract, walked.contract.id).settings = {"drawn_signatures": True}

    def sign(signature: Signature) -> SignOff:
        rows = signed.sign(
            walked.contract, walked.engineer, "self_check", walked.east.id, signature=signature
        )
        return rows[0]

    assert refusal(lambda: sign(Signature()))[0] == "signature_missing"
    dot = Signature(strokes=(((0.5, 0.5),),))
    assert refusal(lambda: sign(dot))[0] == "signature_missing"
    outside = Signature(strokes=(((0.5, 0.5), (1.5, 0.5)),))
    assert refusal(lambda: sign(outside)) == ("signature_unreadable", "outside")
    row = sign(Signature(DRAWN, remark=" 无误 "))
    db.session.rollback()
    kept = db.session.get_one(SignOff, row.id)
    assert (kept.strokes, kept.remark) == ([[[0.1, 0.5], [0.4, 0.2], [0.9, 0.8]]], "无误")
    rows = signed.sign(
        walked.contract,
        walked.other,
        "self_check",
        walked.west.id,
        signature=Signature(name="赵磊"),
    )
    assert rows[0].signed_name == "赵磊"


def test_signing_takes_the_same_statements_for_one_room_and_for_many(
    contract: Contract, engineer: User, count_queries: Callable[[], int]
) -> None:
    made.checklist(contract)
    house = factories.building(contract)
    rooms = [factories.room(house, f"{n}号厅") for n in range(12)]
    opened = made.opened(contract)
    made.send(contract, engineer, *(made.visit(opened, None, room=room) for room in rooms))
    counts = []
    ids = [room.id for room in rooms]
    for chosen in (ids[:1], ids[1:]):
        access = signed.access_of(contract, engineer)
        db.session.rollback()
        count_queries()
        with unit_of_work() as session:
            services.sign_rooms(
                session,
                access,
                "2026-03",
                "self_check",
                chosen,
                Signature(),
                signed.LATER,
            )
        counts.append(count_queries())
    assert counts[1] == counts[0] <= 24
