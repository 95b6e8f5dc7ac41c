"""A change of what was signed voids the sign-offs of its room, in its own transaction, and says what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.acceptance import signed
from tests.acceptance.walked import Walked, walk
from tests.conftest import empty_tables
from tests.rounds import made
from webapp.acceptance.models import SignOff
from webapp.acceptance.reading import room_contents
from webapp.acceptance.signing import room_hash
from webapp.audit.models import AuditRow
from webapp.checklists.models import ChecklistVersion
from webapp.db import db, unit_of_work
from webapp.desk.photo_review import Review, review_photo
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds import services as rounds
from webapp.rounds.models import Inspection, Photo
from webapp.rounds.opening import sync_tasks_with_estate

LATE = made.at("2026-03", 9)


@pytest.fixture
def peer(walked: Walked) -> User:
    return signed.sign_all_rooms(walked.contract)


def standing(walked: Walked) -> dict[int, set[str]]:
    """The levels that stand, by room."""
    rooms = signed.rooms_of(walked.contract)
    return {room.id: {row.level for row in room.standing} for room in rooms.values()}


def voided() -> list[SignOff]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(SignOff).where(SignOff.voided_at.is_not(None)).order_by(SignOff.id)
        )
    )


def amend(walked: Walked, device: Device, change: Callable[[dict[str, Any]], None]) -> None:
    payload = made.amended(walked.visit_of(device))
    change(payload)
    who = walked.engineer if device.room_id == walked.east.id else walked.other
    (answer,) = made.send(walked.contract, who, payload, now=LATE)
    assert answer.result == "applied"


def hotter(payload: dict[str, Any]) -> None:
    made.reading(payload, "lamp_hours", 2999, "abnormal", remark="快到期")


@pytest.mark.usefixtures("peer")
def test_an_amendment_voids_its_room_and_no_other(walked: Walked) -> None:
    device = walked.devices[0]
    amend(walked, device, hotter)
    assert standing(walked) == {
        walked.east.id: set(),
        walked.west.id: {"self_check", "peer_check"},
    }
    rows = voided()
    assert [row.level for row in rows] == ["self_check", "peer_check"]
    assert {row.voided_at for row in rows} == {LATE}
    (reason,) = rows[0].void_reason
    assert (reason["why"], reason["device_id"]) == ("amended", device.id)
    uid = walked.visit_of(device)["uid"]
    assert (reason["from"], reason["to"]) == ([uid, 1], [uid, 2])
    assert (reason["by"], reason["items"], reason["parts"]) == (
        walked.engineer.id,
        ["lamp_hours"],
        ["readings"],
    )
    assert {"field": "readings.lamp_hours.value", "before": 500, "after": 2999} in reason["changes"]
    assert rows[1].void_reason == rows[0].void_reason
    trail = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.action == "void").order_by(AuditRow.id)
    ).all()
    assert [row.entity_id for row in trail] == [row.uid for row in rows]
    assert trail[0].user_id == walked.engineer.id


@pytest.mark.usefixtures("peer")
def test_an_amendment_that_says_the_same_voids_nothing(walked: Walked) -> None:
    def later(payload: dict[str, Any]) -> None:
        payload["finished_at"] = "2026-03-09T01:58:00Z"
        payload["dwell_seconds"] = 999

    amend(walked, walked.devices[0], later)
    assert voided() == []


@pytest.mark.usefixtures("peer")
def test_what_is_signed_again_stands_beside_what_was_voided(walked: Walked) -> None:
    amend(walked, walked.devices[0], hotter)
    signed.sign_all_rooms(walked.contract)
    assert standing(walked)[walked.east.id] == {"self_check", "peer_check"}
    assert len(voided()) == 2


@pytest.mark.usefixtures("peer")
def test_a_photo_more_or_less_voids(walked: Walked) -> None:
    def retake(payload: dict[str, Any]) -> None:
        payload["photos"] = [made.photo("image")]

    amend(walked, walked.devices[0], retake)
    (reason, *_) = voided()[0].void_reason
    assert (reason["items"], reason["parts"]) == (["image"], ["photos"])


@pytest.mark.usefixtures("peer")
def test_neither_a_photos_arrival_nor_its_review_voids(walked: Walked, manager: User) -> None:
    with unit_of_work() as session:
        for photo in session.scalars(sa.select(Photo)):
            photo.received_at = LATE
    (uid,) = db.session.scalars(sa.select(Photo.uid).limit(1))
    access = signed.access_of(walked.contract, manager)
    with unit_of_work() as session:
        review_photo(session, access, uid, Review("returned", "看不清"), LATE)
    assert voided() == []
    # And the hash worked out anew is the one that was signed.
    with unit_of_work() as session:
        for room_id, tasks in room_contents(session, walked.round.id).items():
            now = room_hash(walked.round.id, room_id, tasks)
            rows = session.scalars(sa.select(SignOff).where(SignOff.room_id == room_id))
            assert {row.content_sha256 for row in rows} == {now}


@pytest.mark.usefixtures("peer")
def test_picking_the_other_of_a_pair_voids(walked: Walked, manager: User) -> None:
    device = walked.devices[0]
    again = made.visit(walked.round, device)
    made.reading(again, "image", "dim", "abnormal", cause="lamp_aged")
    (answer,) = made.send(walked.contract, walked.other, again, now=LATE)
    # The first keeps counting until somebody chooses: nothing that was signed has changed.
    assert voided() == []
    access = signed.access_of(walked.contract, manager)
    with unit_of_work() as session:
        rounds.pick(session, access, answer.inspection_id or 0, LATE)
    (reason,) = voided()[0].void_reason
    assert (reason["why"], reason["by"]) == ("picked", manager.id)
    assert reason["from"][0] != reason["to"][0] == again["uid"]
    assert "image" in reason["items"]


@pytest.mark.usefixtures("peer")
def test_picking_the_one_that_counts_already_voids_nothing(walked: Walked, manager: User) -> None:
    device = walked.devices[0]
    made.send(walked.contract, walked.other, made.visit(walked.round, device), now=LATE)
    uid = walked.visit_of(device)["uid"]
    first = db.session.scalars(sa.select(Inspection).where(Inspection.uid == uid)).one()
    with unit_of_work() as session:
        rounds.pick(session, signed.access_of(walked.contract, manager), first.id, LATE)
    assert voided() == []


def test_a_late_second_visit_voids(walked: Walked) -> None:
    device = factories.device(walked.east, name="锁着的投影")
    with unit_of_work() as session:
        sync_tasks_with_estate(session, walked.contract.id, signed.LATER)
    locked = made.visit(
        walked.round, device, readings=[], exception={"reason": "locked", "remark": "没有钥匙"}
    )
    made.send(walked.contract, walked.engineer, locked, now=signed.LATER)
    signed.sign_all_rooms(walked.contract)
    second = made.visit(walked.round, device)
    made.send(walked.contract, walked.engineer, second, now=LATE)
    (reason,) = voided()[0].void_reason
    assert (reason["why"], reason["to"]) == ("second_visit", [second["uid"], 1])


@pytest.mark.usefixtures("peer")
def test_a_device_that_joins_the_room_voids(walked: Walked) -> None:
    device = factories.device(walked.east, name="新投影")
    with unit_of_work() as session:
        sync_tasks_with_estate(session, walked.contract.id, LATE)
    (reason,) = voided()[0].void_reason
    assert (reason["why"], reason["device_id"], reason["by"]) == ("joined", device.id, None)
    assert standing(walked)[walked.west.id] == {"self_check", "peer_check"}


@pytest.mark.usefixtures("peer")
def test_a_change_asks_no_more_of_the_database_for_many_rooms(
    walked: Walked, count_queries: Callable[[], int]
) -> None:
    counts = []
    for devices in (walked.devices[:1], walked.devices[1:]):
        payloads = []
        for device in devices:
            payload = made.amended(walked.visit_of(device))
            hotter(payload)
            payloads.append(made.submission(payload, walked.engineer, rights=REVIEWER))
        count_queries()
        made.record(walked.contract, payloads, LATE)
        counts.append(count_queries())
    assert len(voided()) == 4
    # Two rooms have four sign-offs to void in place of two, each with its audit row.
    assert counts[1] <= counts[0] + 4


REVIEWER: frozenset[Any] = frozenset({"inspect", "review"})
ITEMS = ("lamp_hours", "image", "brightness_ok")


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    kinds = st.sampled_from(["amend", "same", "again", "pick", "sign", "join"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 5), st.integers(1, 4)), max_size=8))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=steps())
@pytest.mark.slow
def test_after_any_run_of_changes_what_stands_is_what_is_there(
    app: object, run: list[tuple[str, int, int]]
) -> None:
    """A sign-off stands exactly when it signs what its room says now, and was signed after all that."""
    empty_tables()
    of = factories.contract("HQ")
    engineer = factories.member(of, "inspection_engineer", login="engineer")
    manager = factories.member(of, "project_manager", login="manager")
    walked = walk(of, engineer)
    signed.sign_all_rooms(of)
    sent = {visit["uid"]: visit for visit in walked.visits}
    for kind, at, value in run:
        device = walked.devices[at]
        if kind in ("amend", "same"):
            row = db.session.scalars(
                sa.select(Inspection)
                .where(Inspection.device_id == device.id)
                .order_by(Inspection.id)
            ).first()
            assert row is not None
            payload = made.amended(sent[row.uid], row.revision)
            if kind == "amend":
                made.reading(payload, "lamp_hours", 500 + value, "normal")
                sent[row.uid] = payload
            made.record(of, [made.submission(payload, engineer, rights=REVIEWER)], LATE)
        elif kind == "again":
            payload = made.visit(walked.round, device)
            made.reading(payload, "lamp_hours", 600 + value, "normal")
            sent[payload["uid"]] = payload
            made.send(of, walked.other, payload, now=LATE)
        elif kind == "pick":
            tests = db.session.scalars(
                sa.select(Inspection.id)
                .where(Inspection.device_id == device.id)
                .order_by(Inspection.id)
            ).all()
            if len(tests) > 1:
                with unit_of_work() as session:
                    access = signed.access_of(of, manager)
                    rounds.pick(session, access, tests[value % len(tests)], LATE)
        elif kind == "join":
            factories.device(walked.east, name=f"新{value}")
            with unit_of_work() as session:
                sync_tasks_with_estate(session, of.id, LATE)
        elif all(not room.facts.todo for room in signed.rooms_of(of).values()):
            signed.sign_all_rooms(of)
        check_what_stands(walked)


def check_what_stands(walked: Walked) -> None:
    db.session.rollback()
    contents = room_contents(db.session(), walked.round.id)
    for row in db.session.scalars(sa.select(SignOff)):
        now = room_hash(walked.round.id, row.room_id or 0, contents[row.room_id or 0])
        if row.voided_at is None:
            assert row.content_sha256 == now
        else:
            assert row.void_reason
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ChecklistVersion)) == 1
