"""A self-check that was signed on a phone: signed once, over what the server has, or kept until it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Operation, Phone, inspection, operation
from webapp import background
from webapp.acceptance.models import SignOff
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Round
from webapp.sync.models import Quarantined

Payload = dict[str, Any]
SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def visits(march: Round, devices: list[Device], room: Room) -> list[Payload]:
    """Everything in the room, as the engineer's phone will send it."""
    return [*(made.visit(march, one) for one in devices), made.visit(march, None, room=room)]


def self_check(visits: list[Payload], **fields: Any) -> Payload:
    """What the phone signs: every inspection in the revision that it holds."""
    seen = [{"uid": v["uid"], "revision": (v.get("amends") or 0) + 1} for v in visits]
    body = {
        "uid": made.uid(),
        "round_id": visits[0]["round_id"],
        "room_id": visits[0]["room_id"],
        "inspections": seen,
        "strokes": [],
        "name": "",
        "at": "2026-03-03T03:00:00Z",
    }
    return {**body, **fields}


def signed(payload: Payload) -> Operation:
    return operation("self_check", payload)


def standing() -> list[SignOff]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(SignOff).where(SignOff.voided_at.is_(None))))


def kept() -> list[tuple[str, str]]:
    """What is in the quarantine, as state and code."""
    db.session.rollback()
    rows = db.session.scalars(sa.select(Quarantined).order_by(Quarantined.id))
    return [(row.state, row.code) for row in rows]


def test_signed_in_the_field_and_sent_with_its_inspections(
    phone: Phone, engineer: User, visits: list[Payload]
) -> None:
    check = self_check(visits, strokes=[[[0.1, 0.5], [0.9, 0.25]]], name="李明")
    results = phone.push(*map(inspection, visits), signed(check))
    assert {row["result"] for row in results} == {"applied"}
    (row,) = standing()
    assert (row.uid, row.level, row.user_id, row.room_id) == (
        check["uid"],
        "self_check",
        engineer.id,
        check["room_id"],
    )
    assert (row.strokes, row.signed_name) == ([[[0.1, 0.5], [0.9, 0.25]]], "李明")
    assert sorted(entry[0] for entry in row.digests.values()) == sorted(v["uid"] for v in visits)


def test_the_same_again_signs_nothing_twice(phone: Phone, visits: list[Payload]) -> None:
    phone.send(*visits)
    check = self_check(visits)
    once = signed(check)
    assert [row["result"] for row in phone.push(once)] == ["applied"]
    assert [row["result"] for row in phone.push(once)] == ["duplicate"]
    # Under another operation's id, as after a restored backup or from a rescue file.
    assert [row["result"] for row in phone.push(signed(check))] == ["applied"]
    assert len(standing()) == 1


def test_the_author_is_the_sessions(
    contract: Contract, phone: Phone, visits: list[Payload], signed_in: SignIn
) -> None:
    phone.send(*visits)
    other = Phone(signed_in(factories.member(contract, "backup_engineer", login="other")))
    answer = other.push(signed(self_check(visits)))[0]
    assert (answer["result"], answer["code"]) == ("quarantined", "self_check_refused")
    assert answer["detail"] == {"reason": "not_inspected_here"}
    forged = self_check(visits, user_id=1)
    assert other.push(signed(forged))[0]["code"] == "payload_invalid"
    check = self_check(visits)
    phone.push(signed(check))
    assert other.push(signed(check))[0]["code"] == "sign_off_exists"
    assert [row.uid for row in standing()] == [check["uid"]]


def test_two_who_walked_a_room_may_both_sign_it(
    contract: Contract, phone: Phone, visits: list[Payload], signed_in: SignIn
) -> None:
    other = Phone(signed_in(factories.member(contract, "backup_engineer", login="other")))
    phone.send(*visits[:2])
    other.send(*visits[2:])
    assert phone.push(signed(self_check(visits)))[0]["result"] == "applied"
    assert other.push(signed(self_check(visits)))[0]["result"] == "applied"
    assert len(standing()) == 2


def test_it_waits_for_the_records_that_it_is_about(phone: Phone, visits: list[Payload]) -> None:
    sent = signed(self_check(visits))
    answer = phone.push(*map(inspection, visits[:2]), sent)[-1]
    assert (answer["result"], answer["code"]) == ("quarantined", "self_check_held")
    assert (standing(), kept()) == ([], [("held", "self_check_held")])
    phone.send(visits[2])
    assert (standing(), kept()) == ([], [("held", "self_check_held")])
    phone.send(visits[3])
    assert (len(standing()), kept()) == (1, [("applied", "self_check_held")])
    answer = phone.push(sent)[0]
    assert (answer["result"], answer["detail"]) == ("duplicate", {"result": "applied"})


def test_it_is_not_signed_over_what_nobody_saw(phone: Phone, visits: list[Payload]) -> None:
    phone.send(*visits)
    check = self_check(visits)
    amended = made.amended(visits[0])
    made.reading(amended, "lamp_hours", 600, "normal")
    phone.send(amended)
    answer = phone.push(signed(check))[0]
    assert (answer["result"], answer["code"]) == ("quarantined", "self_check_outdated")
    assert len(answer["detail"]["tasks"]) == 1
    assert (standing(), kept()) == ([], [("open", "self_check_outdated")])
    again = self_check([amended, *visits[1:]])
    assert phone.push(signed(again))[0]["result"] == "applied"


def test_a_room_with_something_left_to_do_is_not_signed(
    contract: Contract, phone: Phone, room: Room, visits: list[Payload]
) -> None:
    phone.send(*visits[:3])
    answer = phone.push(signed(self_check(visits[:3])))[0]
    assert (answer["result"], answer["code"]) == ("quarantined", "self_check_outdated")


def test_what_was_amended_after_the_signature_voids_it(
    phone: Phone, engineer: User, visits: list[Payload]
) -> None:
    """In one push, in the outbox's order: inspected, signed, amended, signed again."""
    first = self_check(visits)
    amended = made.amended(visits[0])
    made.reading(amended, "lamp_hours", 600, "normal")
    second = self_check([amended, *visits[1:]])
    operations = [*map(inspection, visits), signed(first), inspection(amended), signed(second)]
    results = phone.push(*operations)
    assert {row["result"] for row in results} == {"applied"}
    rows = {row.uid: row for row in db.session.scalars(sa.select(SignOff))}
    assert rows[first["uid"]].voided_at is not None
    (reason,) = rows[first["uid"]].void_reason
    assert (reason["why"], reason["items"], reason["by"]) == (
        "amended",
        ["lamp_hours"],
        engineer.id,
    )
    assert rows[second["uid"]].voided_at is None


def test_a_batch_that_is_mixed_up_comes_right(phone: Phone, visits: list[Payload]) -> None:
    amended = made.amended(visits[0])
    made.reading(amended, "lamp_hours", 600, "normal")
    check = self_check([amended, *visits[1:]])
    results = phone.push(inspection(amended), signed(check), *map(inspection, visits))
    assert {row["result"] for row in results} == {"applied"}
    assert len(standing()) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"round_id": 999}, "round_unknown"),
        ({"room_id": 999}, "room_unknown"),
        ({"inspections": []}, "payload_invalid"),
        ({"strokes": [[[0.5, 1.5]]]}, "payload_invalid"),
        ({"strokes": [[[0.5]]]}, "payload_invalid"),
        ({"strokes": [[[0.1, 0.1]] * 3001]}, "payload_invalid"),
        ({"strokes": [[[0.1, 0.1]] * 2000] * 2}, "signature_unreadable"),
        ({"name": "\u0000"}, "payload_invalid"),
        ({"level": "final"}, "payload_invalid"),
    ],
)
def test_what_cant_be_signed_is_kept_word_for_word(
    phone: Phone, visits: list[Payload], change: Payload, code: str
) -> None:
    phone.send(*visits)
    sent = signed(self_check(visits, **change))
    answer = phone.push(sent)[0]
    assert (answer["result"], answer["code"]) == ("quarantined", code)
    row = db.session.scalars(sa.select(Quarantined)).one()
    assert (row.kind, row.payload) == ("self_check", sent["payload"])


def test_an_accepted_round_takes_no_signature(
    phone: Phone, march: Round, visits: list[Payload]
) -> None:
    phone.send(*visits)
    with unit_of_work() as session:
        session.get_one(Round, march.id).state = "accepted"
    assert phone.push(signed(self_check(visits)))[0]["code"] == "round_closed"


def test_a_signature_is_never_forced(phone: Phone, visits: list[Payload]) -> None:
    phone.push(*map(inspection, visits[:2]), signed(self_check(visits)))
    background.force_long_held_amendments(now_utc() + timedelta(days=4))
    assert kept() == [("held", "self_check_held")]
    background.force_long_held_amendments(now_utc() + timedelta(days=6))
    assert (standing(), kept()) == ([], [("open", "self_check_held")])


def test_a_supervisor_takes_it_as_it_came_and_mends_nothing(
    manager: User, engineer: User, phone: Phone, visits: list[Payload], signed_in: SignIn
) -> None:
    phone.push(*map(inspection, visits[:2]), signed(self_check(visits)))
    background.force_long_held_amendments(now_utc() + timedelta(days=6))
    phone.send(*visits[2:])
    assert standing() == []
    row = db.session.scalars(sa.select(Quarantined)).one()
    url = f"/api/contracts/HQ/quarantine/{row.id}/apply"
    desk = signed_in(manager)
    mended = desk.post(url, json={"payload": row.payload.replace("2026", "2025")})
    assert (mended.status_code, mended.get_json()["code"]) == (422, "payload_invalid")
    assert desk.post(url, json={}).status_code == 200
    assert [one.user_id for one in standing()] == [engineer.id]


def test_a_supervisor_hears_why_it_still_cant_be_taken(
    manager: User, phone: Phone, visits: list[Payload], signed_in: SignIn
) -> None:
    phone.send(*visits[:3])
    phone.push(signed(self_check(visits[:3])))
    row = db.session.scalars(sa.select(Quarantined)).one()
    answer = signed_in(manager).post(f"/api/contracts/HQ/quarantine/{row.id}/apply", json={})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "quarantine_refused")
    assert answer.get_json()["details"]["reason"] == "self_check_outdated"


def rows_of(answer: Payload) -> list[Payload]:
    rows: list[Payload] = answer["rows"].get("sign_offs", [])
    return rows


def test_the_pull_tells_which_rooms_are_signed_and_what_no_longer_holds(
    contract: Contract, phone: Phone, engineer: User, visits: list[Payload], signed_in: SignIn
) -> None:
    other = Phone(signed_in(factories.member(contract, "backup_engineer", login="other")))
    check = self_check(visits)
    phone.push(*map(inspection, visits), signed(check))
    full = phone.pull()
    (row,) = rows_of(full)
    assert (row["uid"], row["level"], row["user_id"]) == (check["uid"], "self_check", engineer.id)
    assert (row["room_id"], row.get("voided", False)) == (check["room_id"], False)
    assert [one["uid"] for one in rows_of(other.pull())] == [check["uid"]]
    amended = made.amended(visits[0])
    made.reading(amended, "lamp_hours", 600, "normal")
    phone.send(amended)
    later = phone.pull(full["head"], full["epoch"])
    (row,) = rows_of(later)
    assert row["voided"]
    assert [(one["why"], one["items"], one["device_id"]) for one in row["changed"]] == [
        ("amended", ["lamp_hours"], visits[0]["device_id"])
    ]
    # His own void signature is told to him; for everybody else it is simply gone.
    answer = other.pull(full["head"], full["epoch"])
    assert (rows_of(answer), answer["gone"]["sign_offs"]) == ([], [check["uid"]])
    assert rows_of(other.pull()) == []
    with unit_of_work() as session:
        session.get_one(Round, visits[0]["round_id"]).state = "accepted"
    gone = phone.pull(later["head"], later["epoch"])["gone"]
    assert gone["sign_offs"] == [check["uid"]]


def test_a_push_of_many_rooms_signs_each(
    contract: Contract, phone: Phone, count_queries: Callable[[], int], room: Room
) -> None:
    house = factories.building(contract, "分部")
    rooms = [factories.room(house, f"{n}号厅") for n in range(4)]
    opened = made.opened(contract, "2026-04")
    walked = [made.visit(opened, None, room=one) for one in rooms]
    checks = [self_check([visit]) for visit in walked]
    results = phone.push(*map(inspection, walked), *map(signed, checks))
    assert {row["result"] for row in results} == {"applied"}
    assert len(standing()) == 4
