"""Amendments: a chain of them leaves what the last alone would have left."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.conftest import empty_tables
from tests.rounds import made
from tests.rounds.test_recording import code_of, only, rows
from webapp.db import db, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import (
    ConsumableUse,
    DeviceRecord,
    Finding,
    Inspection,
    InspectionRevision,
    OpenItem,
    OpenItemAnswer,
    Photo,
    Reading,
    Round,
    RoundTask,
)


@pytest.fixture
def device(contract: Contract) -> Device:
    made.checklist(contract)
    return factories.device(factories.room(factories.building(contract)))


@pytest.fixture
def march(contract: Contract, device: Device) -> Round:
    return made.opened(contract, "2026-03")


def test_an_amendment_replaces_and_keeps_the_revision(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    kept, dropped, added = made.photo("image"), made.photo("power"), made.photo("filter")
    first = made.visit(march, device, photos=[kept, dropped])
    made.reading(first, "image", "dim", "abnormal")
    second = made.amended(first, photos=[added, kept])
    made.reading(second, "image", "ok", "normal")
    made.reading(second, "power", "fail", "abnormal")
    answers = made.send(contract, engineer, first, second)
    assert [a.result for a in answers] == ["applied", "applied"]
    row = only(Inspection)
    assert (row.revision, row.verdict, row.severity) == (2, "abnormal", 1)
    assert [r.number for r in rows(InspectionRevision)] == [1, 2]
    assert only(Reading, item="image").value_text == "ok"
    assert [(i.number, i.item, i.state) for i in rows(OpenItem)] == [
        (1, "image", "withdrawn"),
        (2, "power", "open"),
    ]
    assert {p.uid: p.withdrawn for p in rows(Photo)} == {
        kept["id"]: False,
        dropped["id"]: True,
        added["id"]: False,
    }
    assert [r.item for r in rows(DeviceRecord)] == ["power"]
    assert only(RoundTask, device_id=device.id).outcome == "abnormal"


def test_a_correction_answers_what_was_left_and_not_what_its_own_record_has_opened(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    first = made.visit(march, device)
    made.reading(first, "image", "dim", "abnormal")
    # A colleague has found the same: it is there even after the first takes his own word back.
    second = made.visit(march, device)
    made.reading(second, "image", "dim", "abnormal")
    made.send(contract, engineer, first, second)
    right = made.amended(first)
    made.reading(right, "image", "ok", "normal")
    made.send(contract, engineer, right)
    assert "unanswered_open_items" not in rows(Inspection)[0].flags
    april = made.opened(contract, "2026-04")
    silent = made.visit(april, device)
    made.send(contract, engineer, silent, made.amended(silent, remark="看过"))
    assert "unanswered_open_items" in rows(Inspection)[-1].flags


def test_an_item_that_comes_back_keeps_its_number(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    bad = made.visit(march, device)
    made.reading(bad, "image", "dim", "abnormal")
    good = made.amended(bad, 1)
    made.reading(good, "image", "ok", "normal")
    made.send(contract, engineer, bad, good, made.amended(bad, 2))
    item = only(OpenItem)
    assert (item.number, item.state) == (1, "open")


def test_a_solved_answer_that_is_taken_back_opens_the_item_again(
    contract: Contract, engineer: User, device: Device
) -> None:
    january, february = made.opened(contract, "2026-01"), made.opened(contract, "2026-02")
    bad = made.visit(january, device)
    made.reading(bad, "image", "dim", "abnormal")
    made.send(contract, engineer, bad, now=made.at("2026-01"))
    solved = made.visit(february, device, open_items=[{"number": 1, "answer": "solved"}])
    made.send(contract, engineer, solved, now=made.at("2026-02"))
    assert only(OpenItem).state == "solved"
    again = made.amended(solved, open_items=[{"number": 1, "answer": "still"}])
    made.send(contract, engineer, again, now=made.at("2026-02", 4))
    item = only(OpenItem)
    assert (item.state, item.closed_month, item.closed_at) == ("open", None, None)


def test_an_item_that_others_have_answered_outlives_its_opening(
    contract: Contract, engineer: User, manager: User, device: Device, march: Round
) -> None:
    first, second = made.visit(march, device), made.visit(march, device)
    for visit in (first, second):
        made.reading(visit, "image", "dim", "abnormal")
    made.send(contract, engineer, first)
    made.send(contract, manager, second)
    normal = made.amended(first)
    made.reading(normal, "image", "ok", "normal")
    made.send(contract, engineer, normal)
    item = only(OpenItem)
    other = only(Inspection, uid=second["uid"])
    assert (item.number, item.state, item.opened_inspection_id) == (1, "open", other.id)


def test_which_amendments_wait_and_which_conflict(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    first = made.visit(march, device)
    assert code_of(contract, engineer, made.amended(first, 1)) == "amendment_held"
    assert code_of(contract, engineer, first) == ""
    assert code_of(contract, engineer, made.amended(first, 2)) == "amendment_held"
    assert code_of(contract, engineer, made.amended(first, 1)) == ""
    assert code_of(contract, engineer, made.amended(first, 1)) == "amendment_conflict"
    assert only(Inspection).revision == 2


def test_a_forced_amendment_is_taken_and_flagged(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    orphan = made.amended(made.visit(march, device), 1)
    assert code_of(contract, engineer, orphan, forced=True) == ""
    row = only(Inspection)
    assert "amendment_forced" in row.flags


def test_who_may_amend_what(
    contract: Contract, engineer: User, manager: User, device: Device, march: Round
) -> None:
    colleague = factories.member(contract, "backup_engineer", login="colleague")
    first = made.visit(march, device)
    made.send(contract, engineer, first)
    assert code_of(contract, colleague, made.amended(first)) == "not_author"
    reviewer = frozenset({"view", "inspect", "review"})
    assert code_of(contract, manager, made.amended(first), rights=reviewer) == ""
    other = factories.device(factories.room(factories.building(contract, "副楼")), "codec")
    moved = made.amended(first, 2, device_id=other.id, room_id=other.room_id, readings=[])
    assert code_of(contract, engineer, moved) == "amendment_mismatch"


def test_who_takes_a_room_over_may_amend_what_was_inspected_there(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    backup = factories.member(contract, "backup_engineer", login="backup")
    first = made.visit(march, device)
    made.send(contract, engineer, first)
    with unit_of_work() as session:
        session.execute(sa.update(RoundTask).values(assignee_id=backup.id))
    assert code_of(contract, backup, made.amended(first)) == ""
    # The author stays who inspected first; each revision names who sent it.
    assert only(Inspection).author_id == engineer.id
    revisions = db.session.scalars(
        sa.select(InspectionRevision.author_id).order_by(InspectionRevision.number)
    )
    assert list(revisions) == [engineer.id, backup.id]
    assert code_of(contract, engineer, made.amended(first, 2)) == ""


def test_a_photos_bytes_are_for_life(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    photo = made.photo("image")
    first = made.visit(march, device, photos=[photo])
    made.send(contract, engineer, first)
    changed = made.amended(first, photos=[{**photo, "sha256": "f" * 64}])
    assert code_of(contract, engineer, changed) == "photo_id_taken"


def test_amending_one_of_a_pair_keeps_the_pair_open(
    contract: Contract, engineer: User, manager: User, device: Device, march: Round
) -> None:
    first, second = made.visit(march, device), made.visit(march, device)
    made.send(contract, engineer, first)
    made.send(contract, manager, second)
    made.send(contract, engineer, made.amended(first))
    assert only(RoundTask, device_id=device.id).pair_open
    absent = made.amended(first, 2, readings=[], exception={"reason": "absent"})
    made.send(contract, engineer, absent)
    task = only(RoundTask, device_id=device.id)
    counting = only(Inspection, uid=second["uid"])
    assert (task.pair_open, task.inspection_id) == (False, counting.id)


# The property: whatever is amended to whatever, the last payload alone would have left the same.

_FINDING_UIDS = [made.uid() for _ in range(2)]
_PHOTOS = [made.photo("image"), made.photo("power")]


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """What can differ between revisions: readings, answers, findings, consumables, photos."""
    fields: dict[str, Any] = {
        "changes": draw(
            st.dictionaries(
                st.sampled_from(["power", "temperature", "screen"]),
                st.tuples(st.sampled_from(["pass", "fail"]), st.booleans()),
            )
        ),
        "remark": draw(st.sampled_from(["", "备注"])),
        "open_items": [
            {"number": number, "answer": answer}
            for number, answer in draw(
                st.dictionaries(st.sampled_from([1, 2]), st.sampled_from(["still", "solved"]))
            ).items()
        ],
        "findings": [
            {"uid": uid, "text": "漏水", "fixed": fixed}
            for uid, fixed in draw(
                st.dictionaries(st.sampled_from(_FINDING_UIDS), st.booleans())
            ).items()
        ],
        "consumables": draw(st.sampled_from([[], [{"consumable": "lamp"}]])),
        "photos": draw(st.lists(st.sampled_from(_PHOTOS), unique_by=lambda p: p["id"])),
    }
    if draw(st.booleans()):
        fields["exception"] = {"reason": "occupied"}
    return fields


def _apply(bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """Record the bodies as one inspection and its amendments, on a device with two open items."""
    contract = factories.contract("CHAIN")
    user = factories.member(contract, "inspection_engineer", login="chain")
    made.checklist(contract)
    device = factories.device(factories.room(factories.building(contract)))
    february, march = made.opened(contract, "2026-02"), made.opened(contract, "2026-03")
    old = made.visit(february, device)
    made.reading(old, "power", "fail", "abnormal")
    made.reading(old, "inputs", "some", "abnormal")
    made.send(contract, user, old, now=made.at("2026-02"))
    base = made.visit(march, device)
    for number, body in enumerate(bodies):
        payload = json.loads(json.dumps(base))
        for item, (value, fixed) in body["changes"].items():
            verdict = "abnormal" if value == "fail" else "normal"
            made.reading(payload, item, value, verdict, fixed=fixed)
        payload.update({k: v for k, v in body.items() if k != "changes"})
        if number:
            payload["amends"] = number
        (answer,) = made.send(contract, user, payload)
        assert answer.result == "applied", answer
    state = _state(base["uid"], device)
    empty_tables()
    return state


def _state(uid: str, device: Device) -> dict[str, Any]:
    inspection = only(Inspection, uid=uid)
    items = {row.id: row for row in rows(OpenItem) if row.state != "withdrawn"}
    name = {key: (row.item, row.finding_uid, row.opened_month) for key, row in items.items()}
    task = only(RoundTask, device_id=device.id, round_id=inspection.round_id)
    return {
        "inspection": (
            inspection.verdict,
            inspection.severity,
            inspection.flags,
            inspection.remark,
        ),
        "task": (task.outcome, task.inspection_id == inspection.id, task.pair_open),
        "readings": sorted(
            (r.item, str(r.value_text), r.verdict, r.fixed)
            for r in rows(Reading, inspection_id=inspection.id)
        ),
        "findings": sorted((f.uid, f.fixed) for f in rows(Finding)),
        "uses": [(u.consumable, u.quantity) for u in rows(ConsumableUse)],
        "photos": sorted(p.uid for p in rows(Photo) if not p.withdrawn),
        "records": sorted(
            (r.category, r.result, str(r.item), str(name.get(r.open_item_id)), r.anomaly)
            for r in rows(DeviceRecord)
        ),
        "items": sorted(
            (str(name[key]), row.state, str(row.closed_month), row.severity, row.text)
            for key, row in items.items()
        ),
        "answers": sorted(
            (str(name[a.open_item_id]), a.month, a.answer)
            for a in db.session.scalars(sa.select(OpenItemAnswer))
        ),
    }


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chain=st.lists(bodies(), min_size=2, max_size=4))
def test_a_chain_leaves_what_its_last_payload_leaves(
    app: Flask, chain: list[dict[str, Any]]
) -> None:
    assert _apply(chain) == _apply(chain[-1:])
