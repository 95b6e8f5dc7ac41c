"""Records that come twice, out of order, with strange clocks, or that nobody can deal with."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.faults.conftest import Site
from tests.faults.engineer import NodePhone, WirePhone, photo_bytes, told_of
from tests.faults.oracle import judge
from tests.faults.proxy import Answer, Fault, Proxy
from tests.rounds import made
from tests.sync.phone import Operation, inspection, operation, slot

DAY_MS = 86_400_000
TIMES = 10


def visit(site: Site, number: int = 0, **fields: Any) -> dict[str, Any]:
    """What a phone sends of the contract's nth device."""
    [(round_id, room_id, device_id)] = site.ask(
        """SELECT task.round_id, task.room_id, task.device_id FROM round_task AS task
        JOIN contract ON contract.id = task.contract_id
        WHERE contract.code = :contract AND device_id IS NOT NULL LIMIT 1 OFFSET :number""",
        number=number,
    )
    return {
        "uid": made.uid(),
        "round_id": round_id,
        "room_id": room_id,
        "device_id": device_id,
        "checklist": 1,
        "started_at": "2026-03-03T01:50:00Z",
        "finished_at": "2026-03-03T01:58:00Z",
        "dwell_seconds": 480,
        "readings": [],
        "photos": [],
        **fields,
    }


@pytest.fixture
def wire(site: Site) -> WirePhone:
    """Li's phone as a plain client."""
    return site.wire()


@pytest.mark.fault(3)
def test_03_the_same_push_and_photo_ten_times_at_once(site: Site, wire: WirePhone) -> None:
    data = photo_bytes(3)
    line = slot(data)
    sent = [inspection(visit(site, 0, photos=[line])), inspection(visit(site, 1))]
    with ThreadPoolExecutor(TIMES) as pool:
        pushed = list(pool.map(lambda _: wire.results(*sent), range(TIMES)))
        stored = list(pool.map(lambda _: wire.put(line["id"], data), range(TIMES)))
    assert sorted(pushed) == [["applied"] * 2] + [["duplicate"] * 2] * (TIMES - 1)
    assert {status for status, _, _ in stored} == {200}
    judge([told_of(sent, {line["id"]: data})], site.read())


@pytest.mark.fault(4)
def test_04_an_amendment_that_comes_before_its_original(site: Site, wire: WirePhone) -> None:
    original = visit(site)
    sent = [inspection(made.amended(original, number, remark=f"{number}")) for number in (2, 1)]
    sent.append(inspection(original))
    assert [wire.results(one) for one in sent] == [["quarantined"]] * 2 + [["applied"]]
    # What was held went in behind its original; asked again, the phone hears so.
    answers = wire.push(*sent)[1]["results"]
    assert [row.get("detail", {}).get("result") for row in answers] == ["applied"] * 3
    assert site.ask(
        "SELECT revision, remark FROM inspection WHERE uid = :uid", uid=original["uid"]
    ) == [(3, "2")]
    judge([told_of(sent, {})], site.read())


@pytest.mark.fault(10)
def test_10_a_500_on_one_record_of_a_batch_holds_no_other_up(
    phone: NodePhone, site: Site, network: Proxy
) -> None:
    tasks = phone.ask("tasks")
    saved = [phone.save(task, photo_bytes(task), remark=f"记录{task}") for task in tasks[:6]]
    ill = Answer(500, {"Content-Type": "text/html"}, b"<h1>Internal Server Error</h1>")
    network.add(Fault("sync/push", text=saved[3]["operation"]["id"], answer=ill, times=99))
    phone.sync()
    report = phone.look()
    waiting = [one["id"] for one in report["operations"] if one["state"] == "waiting"]
    assert waiting == [saved[3]["operation"]["id"]]
    assert len(site.read().photos) == 5
    judge([phone.told], site.read(), quiet=False)
    network.heal()
    phone.settle()
    judge([phone.told], site.read())


@pytest.mark.fault(13)
def test_13_the_phones_clock_orders_and_refuses_nothing(phone: NodePhone, site: Site) -> None:
    tasks = phone.ask("tasks")
    days = [1, -1, 3650, -3650, 0]
    uids = []
    for task, offset in zip(tasks, days, strict=False):
        phone.ask("set_clock", offset_ms=offset * DAY_MS)
        uids.append(phone.save(task, photo_bytes(offset))["uid"])
        phone.settle()
        judge([phone.told], site.read())
    for offset, uid in zip(days, uids, strict=True):
        [(seconds,)] = site.ask(
            "SELECT clock_offset_seconds FROM inspection WHERE uid = :uid", uid=uid
        )
        assert abs(seconds - offset * DAY_MS / 1000) < 3600
    order = """SELECT uid FROM inspection JOIN contract ON contract.id = contract_id
    WHERE code = :contract ORDER BY inspection.seq"""
    assert [uid for (uid,) in site.ask(order)] == uids


@pytest.mark.fault(13)
def test_13_a_clock_that_jumps_while_records_wait_sends_them_all(
    phone: NodePhone, site: Site, network: Proxy
) -> None:
    tasks = phone.ask("tasks")
    network.add(Fault("/photos/", "PUT", empty=True, times=3))
    phone.ask("set_clock", offset_ms=3650 * DAY_MS)
    uid = phone.save(tasks[0], *map(photo_bytes, range(3)))["uid"]
    phone.sync()
    phone.ask("set_clock", offset_ms=-3650 * DAY_MS)
    phone.amend(uid, "时钟已校准")
    phone.settle()
    judge([phone.told], site.read())


@pytest.mark.fault(37)
def test_37_a_poison_record_is_kept_word_for_word_and_blocks_no_other(
    phone: NodePhone, site: Site
) -> None:
    """One of the batch makes the database itself throw, whenever its row is to be written."""
    tasks = phone.ask("tasks")
    saved = [phone.save(task, photo_bytes(task)) for task in tasks[:4]]
    trigger = f"""CREATE TRIGGER poison BEFORE INSERT ON inspection
    WHEN NEW.uid = '{saved[1]["uid"]}' BEGIN SELECT RAISE(ABORT, 'poison'); END"""
    with sqlite3.connect(site.server.data_dir / "roundbook.sqlite3") as database:
        database.execute(trigger)
    assert phone.sync()["ok"]
    report = phone.look()
    with sqlite3.connect(site.server.data_dir / "roundbook.sqlite3") as database:
        database.execute("DROP TRIGGER poison")
    database.close()
    states = {record["uid"]: record["state"] for record in report["records"]}
    assert states.pop(saved[1]["uid"]) == "quarantined"
    assert set(states.values()) == {"accepted"}
    judge([phone.told], site.read(), quiet=False)
    applied_by_the_supervisor(site, "unexpected")
    phone.settle()
    judge([phone.told], site.read())


def applied_by_the_supervisor(site: Site, code: str) -> None:
    desk = site.wire("manager")
    [row] = desk.ask("GET", desk.url("quarantine"))[1]["items"]
    assert row["code"] == code
    status, answer, _ = desk.post(desk.url(f"quarantine/{row['id']}/apply"), {})
    assert status == 200, answer


@pytest.mark.fault(37)
def test_37_a_misshapen_record_among_others_is_kept_and_blocks_no_other(
    site: Site, wire: WirePhone
) -> None:
    strange: list[Operation] = [
        inspection({"uid": "no uid"}),
        operation("dance", visit(site)),
        inspection(visit(site), version=99),
        inspection(visit(site, device_id=999_999)),
    ]
    good = [inspection(visit(site, number)) for number in range(3)]
    sent = [good[0], *strange[:2], good[1], *strange[2:], good[2]]
    assert wire.results(*sent) == [
        "applied",
        *["quarantined"] * 2,
        "applied",
        *["quarantined"] * 2,
        "applied",
    ]
    judge([told_of(sent, {})], site.read())


@pytest.mark.fault(38)
def test_38_the_same_photo_twice_in_one_record(phone: NodePhone, site: Site) -> None:
    tasks, data = phone.ask("tasks"), photo_bytes(38)
    phone.save(tasks[0], data, data, photo_bytes(39))
    phone.save(tasks[1], data)
    phone.settle()
    found = site.read()
    assert len(found.photos) == 4
    assert len(set(found.photos.values())) == 2
    judge([phone.told], found)
