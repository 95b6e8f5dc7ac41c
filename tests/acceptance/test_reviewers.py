"""复核人: who looked again at what a device record says, read from signatures and later inspections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.acceptance import signed
from tests.acceptance.walked import Walked
from tests.cases import made as cases
from tests.rounds import made
from webapp.cases.models import Case
from webapp.cases.reviewing import reviewers
from webapp.cases.services import Author
from webapp.db import db, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.reports.content import device_record_content
from webapp.rounds.models import DeviceRecord, Inspection


def hot(walked: Walked, device: Device, hours: int = 2999) -> None:
    """The device's lamp is found to be near its end: a row of its record."""
    payload = made.amended(walked.visit_of(device))
    made.reading(payload, "lamp_hours", hours, "abnormal", remark="快到期")
    who = walked.engineer if device.room_id == walked.east.id else walked.other
    (answer,) = made.send(walked.contract, who, payload, now=signed.LATER)
    assert answer.result == "applied"


def names(of: Contract) -> list[tuple[str, str | None]]:
    """Of each row of the contract's device records what it tells of, and who looked again."""
    db.session.expire_all()
    rows = db.session.scalars(
        sa.select(DeviceRecord).filter_by(contract_id=of.id).order_by(DeviceRecord.id)
    ).all()
    found = reviewers(db.session(), rows)
    return [(row.anomaly[:2], found[row.id].name if row.id in found else None) for row in rows]


def test_of_an_inspection_it_is_who_signed_the_peer_check_of_its_room(walked: Walked) -> None:
    hot(walked, walked.devices[0])
    hot(walked, walked.devices[3])
    of = walked.contract
    assert [name for _, name in names(of)] == [None, None]
    signed.sign(of, walked.engineer, "self_check", walked.east.id)
    assert [name for _, name in names(of)] == [None, None]
    peer = signed.colleague(of)
    signed.look_again(of, peer, walked.east.id)
    signed.sign(of, peer, "peer_check", walked.east.id)
    assert [name for _, name in names(of)] == ["李互检", None]


def test_a_signature_that_is_void_takes_its_word_back_until_somebody_signs_again(
    walked: Walked,
) -> None:
    hot(walked, walked.devices[0])
    of = walked.contract
    signed.sign_all_rooms(of)
    assert [name for _, name in names(of)] == ["李互检"]
    payload = made.amended(walked.visit_of(walked.devices[1]))
    made.reading(payload, "lamp_hours", 2998, "abnormal", remark="也快到期")
    assert made.send(of, walked.engineer, payload, now=signed.LATER)[0].result == "applied"
    assert {name for _, name in names(of)} == {None}
    signed.sign_all_rooms(of)
    assert {name for _, name in names(of)} == {"李互检"}


def after_the_round(**spans: float) -> datetime:
    return cases.after(days=7, **spans)


def solved(of: Contract, by: Author, device: Device) -> Case:
    """A fault of a device that comes after March's round, and is put right."""
    case = cases.opened(of, by, device_id=device.id, now=after_the_round())
    cases.taken(case, by, "take_over", after_the_round(hours=1))
    cases.taken(case, by, "solve", after_the_round(hours=2), cause="线松", solution="重插")
    return case


def seen(walked: Walked, device: Device, who: User) -> int:
    """The device is inspected in April, and is well; the inspection's id."""
    april = made.opened(walked.contract, "2026-04")
    [answer] = made.send(
        walked.contract,
        who,
        made.visit(april, device, finished_at="2026-04-03T01:58:00Z"),
        now=made.at("2026-04", 3),
    )
    assert answer.result == "applied"
    assert answer.inspection_id is not None
    return answer.inspection_id


def test_of_a_case_it_is_whose_inspection_found_the_device_right_again(walked: Walked) -> None:
    device = walked.devices[0]
    of = walked.contract
    solved(of, cases.author(of, walked.engineer), device)
    assert names(of) == [("F1", None)]
    inspection_id = seen(walked, device, walked.other)
    assert names(of) == [("F1", "赵磊")]
    with unit_of_work() as session:
        session.get_one(Inspection, inspection_id).choice = "set_aside"
    assert names(of) == [("F1", None)]


def test_nobody_reviews_his_own_repair(walked: Walked) -> None:
    device = walked.devices[0]
    solved(walked.contract, cases.author(walked.contract, walked.engineer), device)
    seen(walked, device, walked.engineer)
    assert names(walked.contract) == [("F1", None)]


def test_of_a_fault_that_was_opened_again_the_last_solution_alone_was_verified(
    walked: Walked,
) -> None:
    device = walked.devices[0]
    of = walked.contract
    by = cases.author(of, walked.engineer)
    case = solved(of, by, device)
    cases.taken(case, by, "reopen", after_the_round(hours=3), text="又没有画面")
    cases.taken(case, by, "take_over", after_the_round(hours=4))
    cases.taken(case, by, "solve", after_the_round(hours=5), cause="接口坏", solution="换接口")
    seen(walked, device, walked.other)
    assert names(of) == [("F1", None), ("F1", "赵磊")]


def test_the_device_page_the_list_and_the_sheet_name_the_reviewer_and_the_case(
    walked: Walked, manager: User, signed_in: Callable[[User], FlaskClient]
) -> None:
    device = walked.devices[0]
    of = walked.contract
    hot(walked, device)
    signed.sign_all_rooms(of)
    solved(of, cases.author(of, walked.engineer), device)
    desk = signed_in(manager)
    life: Any = desk.get(f"/api/contracts/HQ/devices/{device.id}/life").get_json()
    assert {(row["case_name"], row["reviewed_by"]) for row in life["records"]} == {
        (None, "李互检"),
        ("F1", None),
    }
    listed: Any = desk.get(f"/api/contracts/HQ/device-records?device_id={device.id}").get_json()
    assert {(row["case_name"], row["reviewed_by"]) for row in listed["items"]} == {
        (None, "李互检"),
        ("F1", None),
    }
    sheet = device_record_content(db.session(), of.id, device.id, signed.LATER)
    assert {(row["category"], row["reviewed_by"]["zh"]) for row in sheet["rows"]} == {
        ("inspection", "李互检"),
        ("fault", ""),
    }
