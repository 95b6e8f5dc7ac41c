"""Open items follow the record that counts: pairs, amendments, and a supervisor's word."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.conftest import empty_tables
from tests.rounds import made
from tests.rounds.test_recording import only, rows
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds import services
from webapp.rounds.models import Inspection, InspectionRevision, OpenItem, OpenItemAnswer, Round

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"


@pytest.fixture
def device(contract: Contract) -> Device:
    made.checklist(contract)
    return factories.device(factories.room(factories.building(contract)))


@pytest.fixture
def march(contract: Contract, device: Device) -> Round:
    return made.opened(contract, "2026-03")


def states() -> dict[int, str]:
    """Every open item's state by its number."""
    db.session.expire_all()
    return {row.number: row.state for row in rows(OpenItem)}


def sent(of: Contract, by: User, payload: dict[str, Any], hour: int = 2) -> int:
    """Send one record at an hour of the 3rd of March; its inspection's id."""
    (answer,) = made.send(of, by, payload, now=made.at("2026-03", 3, hour))
    assert answer.inspection_id, answer
    return answer.inspection_id


@pytest.fixture
def pair(
    contract: Contract, engineer: User, manager: User, device: Device, signed_in: SignIn
) -> tuple[FlaskClient, int, int]:
    """A supervisor's browser and two records of March that differ in everything.

    In February the power failed (number 1). The first record calls it solved and finds a dim image
    (number 2); the second finds the power still failing, and the screen torn (number 3).
    """
    february = made.visit(made.opened(contract, "2026-02"), device)
    made.reading(february, "power", "fail", "abnormal")
    made.send(contract, engineer, february, now=made.at("2026-02"))
    march = made.opened(contract, "2026-03")
    first = made.visit(march, device, open_items=[{"number": 1, "answer": "solved"}])
    made.reading(first, "image", "dim", "abnormal", remark="看不清")
    second = made.visit(march, device)
    made.reading(second, "power", "fail", "abnormal")
    made.reading(second, "screen", "fail", "abnormal", remark="幕布破了")
    return (
        signed_in(manager),
        sent(contract, engineer, first),
        sent(contract, manager, second, hour=4),
    )


def test_until_the_choice_both_records_of_a_pair_are_heard(
    pair: tuple[FlaskClient, int, int],
) -> None:
    assert states() == {1: "open", 2: "open", 3: "open"}


def test_picking_one_withdraws_what_only_the_other_had_found(
    pair: tuple[FlaskClient, int, int],
) -> None:
    browser, first, second = pair
    assert browser.post(f"{HQ}/inspections/{first}/pick").status_code == 200
    assert states() == {1: "solved", 2: "open", 3: "withdrawn"}
    shown = browser.get(f"{HQ}/open-items/3").get_json()
    # Nothing is deleted: the item keeps its words, and the record that was set aside its answer.
    assert (shown["text"], [said["answer"] for said in shown["answers"]]) == (
        "幕布破了",
        ["opened"],
    )
    assert [said["counts"] for said in shown["answers"]] == [False]
    assert len(rows(InspectionRevision, inspection_id=second)) == 1


def test_picking_the_other_later_turns_it_round(pair: tuple[FlaskClient, int, int]) -> None:
    browser, first, second = pair
    browser.post(f"{HQ}/inspections/{first}/pick")
    assert browser.post(f"{HQ}/inspections/{second}/pick").status_code == 200
    assert states() == {1: "open", 2: "withdrawn", 3: "open"}
    assert browser.post(f"{HQ}/inspections/{first}/pick").status_code == 200
    assert states() == {1: "solved", 2: "open", 3: "withdrawn"}


def test_the_story_says_who_withdrew_it_when_and_why(
    pair: tuple[FlaskClient, int, int], manager: User
) -> None:
    browser, first, second = pair
    browser.post(f"{HQ}/inspections/{first}/pick")
    browser.post(f"{HQ}/inspections/{second}/pick")
    story = browser.get(f"{HQ}/open-items/3").get_json()["changes"]
    assert [(row["by"], row["before"], row["after"], row["why"]) for row in story] == [
        ("王建国", "open", "withdrawn", "picked"),
        ("王建国", "withdrawn", "open", "picked"),
    ]
    assert all(row["at"] for row in story)
    audited = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.entity == "open_item").order_by(AuditRow.id)
    ).all()
    assert {row.user_id for row in audited} == {manager.id}
    uids = {only(Inspection, id=one).uid for one in (first, second)}
    assert {row.diff["inspection"][1] for row in audited} == uids


def test_a_phone_hears_of_what_was_withdrawn(
    pair: tuple[FlaskClient, int, int], contract: Contract
) -> None:
    browser, first, _second = pair
    before = db.session.get_one(Contract, contract.id).head_seq
    browser.post(f"{HQ}/inspections/{first}/pick")
    db.session.expire_all()
    assert only(OpenItem, number=3).seq > before
    assert only(OpenItem, number=2).seq <= before


def test_a_record_that_is_set_aside_stays_so_when_it_is_amended(
    contract: Contract, manager: User, device: Device, pair: tuple[FlaskClient, int, int]
) -> None:
    browser, first, second = pair
    browser.post(f"{HQ}/inspections/{first}/pick")
    payload = json.loads(only(InspectionRevision, inspection_id=second).payload)
    again = made.amended(payload)
    made.reading(again, "inputs", "some", "abnormal")
    sent(contract, manager, again, hour=6)
    assert states() == {1: "solved", 2: "open", 3: "withdrawn", 4: "withdrawn"}
    browser.post(f"{HQ}/inspections/{second}/pick")
    assert states() == {1: "open", 2: "withdrawn", 3: "open", 4: "open"}


def test_when_the_picked_one_was_no_test_after_all_the_other_is_heard_again(
    contract: Contract, engineer: User, pair: tuple[FlaskClient, int, int]
) -> None:
    browser, first, second = pair
    browser.post(f"{HQ}/inspections/{first}/pick")
    payload = json.loads(only(InspectionRevision, inspection_id=first).payload)
    absent = made.amended(payload, readings=[], open_items=[], exception={"reason": "absent"})
    sent(contract, engineer, absent, hour=6)
    assert states() == {1: "open", 2: "withdrawn", 3: "open"}
    shown = browser.get(f"{HQ}/inspections/{second}").get_json()
    assert (shown["counts"], shown["pair_open"], shown["picked"]) == (True, False, False)


# Withdrawn, and an earlier inspection is amended.


def test_withdrawn_by_an_amendment_it_stays_so_until_that_record_finds_it_again(
    contract: Contract, engineer: User, manager: User, device: Device, march: Round
) -> None:
    bad = made.visit(march, device)
    made.reading(bad, "image", "dim", "abnormal")
    good = made.amended(bad)
    made.reading(good, "image", "ok", "normal")
    other = made.visit(march, None, room=db.session.get_one(Room, device.room_id))
    made.send(contract, manager, other)
    for payload, expected in (
        (bad, "open"),
        (good, "withdrawn"),
        (made.amended(good, 2, remark="再看过"), "withdrawn"),
        (made.amended(other, 1, remark="也再看过"), "withdrawn"),
        (made.amended(bad, 3), "open"),
    ):
        sent(contract, manager if payload["device_id"] is None else engineer, payload)
        assert states() == {1: expected}
    changes = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.entity == "open_item").order_by(AuditRow.id)
    )
    assert [(row.user_id, row.diff["state"], row.diff["why"][1]) for row in changes] == [
        (engineer.id, ["open", "withdrawn"], "amended"),
        (engineer.id, ["withdrawn", "open"], "amended"),
    ]


def test_what_nobody_found_any_more_is_withdrawn_even_if_it_was_called_solved(
    contract: Contract, engineer: User, manager: User, device: Device
) -> None:
    bad = made.visit(made.opened(contract, "2026-02"), device)
    made.reading(bad, "image", "dim", "abnormal")
    made.send(contract, engineer, bad, now=made.at("2026-02"))
    march = made.opened(contract, "2026-03")
    solved = made.visit(march, device, open_items=[{"number": 1, "answer": "solved"}])
    sent(contract, manager, solved)
    assert states() == {1: "solved"}
    good = made.amended(bad)
    made.reading(good, "image", "ok", "normal")
    sent(contract, engineer, good, hour=5)
    assert states() == {1: "withdrawn"}


def test_a_supervisors_word_outlives_amendments_of_what_came_before_it(
    contract: Contract, engineer: User, manager: User, device: Device, signed_in: SignIn
) -> None:
    """Formerly the item came back as soon as any inspection that had spoken of it was amended."""
    bad = made.visit(made.opened(contract, "2026-02"), device)
    made.reading(bad, "image", "dim", "abnormal")
    made.send(contract, engineer, bad, now=made.at("2026-02"))
    browser = signed_in(manager)
    browser.patch(f"{HQ}/open-items/1", json={"state": "withdrawn"})
    sent(contract, engineer, made.amended(bad, remark="再看过"))
    assert states() == {1: "withdrawn"}
    assert only(OpenItem).text == ""
    # An engineer who finds it again opens it anew, under a number of its own.
    march = made.opened(contract, "2026-03")
    found = made.visit(march, device)
    made.reading(found, "image", "dim", "abnormal")
    sent(contract, engineer, found, hour=8)
    assert states() == {1: "withdrawn", 2: "open"}
    assert browser.patch(f"{HQ}/open-items/1", json={"state": "open"}).status_code == 200
    assert states() == {1: "open", 2: "open"}


def test_an_engineer_who_stands_before_it_later_puts_it_back(
    contract: Contract, engineer: User, manager: User, device: Device
) -> None:
    bad = made.visit(made.opened(contract, "2026-02"), device)
    made.reading(bad, "image", "dim", "abnormal")
    made.send(contract, engineer, bad, now=made.at("2026-02"))
    _change(contract, manager, 1, "withdrawn", hours=24)
    still = made.visit(
        made.opened(contract, "2026-03"), device, open_items=[{"number": 1, "answer": "still"}]
    )
    made.reading(still, "image", "dim", "abnormal")
    sent(contract, engineer, still)
    assert states() == {1: "open"}
    row = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert row
    assert row.diff["why"] == ["", "found_again"]


# The property: whatever comes in whatever order, the rows are what a naive reading of all that is
# recorded makes of them.


def _access(of: Contract, user: User) -> Access:
    return Access(
        user_id=user.id,
        user_name=user.name,
        session_id=0,
        contract_id=of.id,
        contract_code=of.code,
        role="project_manager",
        rights=ROLE_RIGHTS["project_manager"],
    )


def _change(of: Contract, user: User, number: int, state: str, *, hours: int) -> None:
    moment = made.at("2026-02") + timedelta(hours=hours)
    with unit_of_work() as session:
        services.change_open_item(session, _access(of, user), number, {"state": state}, moment)


_BODIES = st.fixed_dictionaries(
    {
        "fails": st.sets(st.sampled_from(["power", "temperature"])),
        "answers": st.dictionaries(st.integers(1, 4), st.sampled_from(["still", "solved"])),
        "absent": st.sampled_from([False, False, False, True]),
    }
)
_MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("visit"), st.sampled_from(["2026-02", "2026-03"]), _BODIES),
        st.tuples(st.just("amend"), st.integers(0, 5), _BODIES),
        st.tuples(st.just("pick"), st.integers(0, 5)),
        st.tuples(st.just("withdrawn"), st.integers(1, 4)),
        st.tuples(st.just("open"), st.integers(1, 4)),
    ),
    min_size=3,
    max_size=9,
)


def _filled(payload: dict[str, Any], body: dict[str, Any], numbers: set[int]) -> dict[str, Any]:
    filled: dict[str, Any] = json.loads(json.dumps(payload))
    for item in ("power", "temperature"):
        failed = item in body["fails"]
        made.reading(filled, item, *(("fail", "abnormal") if failed else ("pass", "normal")))
    filled["open_items"] = [
        {"number": n, "answer": a} for n, a in body["answers"].items() if n in numbers
    ]
    filled["exception"] = {"reason": "absent"} if body["absent"] else None
    return filled


def _play(moves: list[tuple[Any, ...]]) -> None:
    """Make every move that can be made; a refused one leaves nothing behind."""
    contract = factories.contract("PLAY")
    user = factories.member(contract, "project_manager", login="play")
    made.checklist(contract)
    device = factories.device(factories.room(factories.building(contract)))
    rounds = {month: made.opened(contract, month) for month in ("2026-02", "2026-03")}
    payloads: list[dict[str, Any]] = []
    for hours, (move, which, *more) in enumerate(moves, 1):
        now = made.at("2026-03") + timedelta(hours=hours)
        if move == "visit":
            payloads.append(_filled(made.visit(rounds[which], device), more[0], set(states())))
            made.send(contract, user, payloads[-1], now=now)
        elif move == "amend" and which < len(payloads):
            revision = only(Inspection, uid=payloads[which]["uid"]).revision
            again = _filled(payloads[which], more[0], set(states()))
            made.send(contract, user, made.amended(again, revision), now=now)
        elif move in ("pick", "withdrawn", "open"):
            _supervise(contract, user, move, which, hours)


def _supervise(of: Contract, user: User, move: str, which: int, hours: int) -> None:
    moment = made.at("2026-03") + timedelta(hours=hours)
    try:
        with unit_of_work() as session:
            if move == "pick":
                services.pick(session, _access(of, user), which + 1, moment)
            else:
                services.change_open_item(
                    session, _access(of, user), which, {"state": move}, moment
                )
    except AppError as refused:
        assert refused.code in ("not_found", "pair_required", "conflict")  # noqa: PT017 - any of them


def _naively(row: OpenItem) -> str:
    """What is to be thought of an open item by reading everything that is recorded of it."""
    heard = [
        (answer.month, inspection.choice == "picked", answer.answered_at, inspection.id, answer)
        for answer, inspection in db.session.execute(
            sa.select(OpenItemAnswer, Inspection)
            .join(Inspection, Inspection.id == OpenItemAnswer.inspection_id)
            .where(OpenItemAnswer.open_item_id == row.id, Inspection.choice != "set_aside")
        )
    ]
    found_at = [entry[2] for entry in heard if entry[-1].answer in ("opened", "still")]
    if not found_at or (row.withdrawn_at is not None and max(found_at) <= row.withdrawn_at):
        return "withdrawn"
    return "solved" if max(heard, key=lambda entry: entry[:4])[-1].answer == "solved" else "open"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=_MOVES)
def test_open_items_are_what_all_records_that_count_make_of_them(
    app: Flask, moves: list[tuple[Any, ...]]
) -> None:
    _play(moves)
    db.session.expire_all()
    items = rows(OpenItem)
    assert [row.state for row in items] == [_naively(row) for row in items]
    name = {row.id: row.item for row in items}
    for inspection in rows(Inspection):
        last = rows(InspectionRevision, inspection_id=inspection.id)[-1]
        failed = {r["item"] for r in json.loads(last.payload)["readings"] if r["value"] == "fail"}
        found = rows(OpenItemAnswer, inspection_id=inspection.id)
        assert failed <= {
            name[answer.open_item_id] for answer in found if answer.answer != "solved"
        }
    empty_tables()
