"""The phone's own disk: spoiled bytes, photos that are gone, an app that is killed, a second user."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Site
from tests.faults.engineer import NodePhone, photo_bytes
from tests.faults.oracle import judge
from tests.faults.proxy import Fault, Proxy


@pytest.mark.parametrize(
    ("how", "state"),
    [
        pytest.param("flipped", "damaged", marks=pytest.mark.fault(25)),
        pytest.param("gone", "gone", marks=pytest.mark.fault(26)),
    ],
)
def test_25_and_26_bytes_that_are_not_what_was_taken_are_never_called_sent(
    phone: NodePhone, site: Site, how: str, state: str
) -> None:
    tasks = phone.ask("tasks")
    saved = phone.save(tasks[0], photo_bytes(1), photo_bytes(2), photo_bytes(3))
    phone.save(tasks[1], photo_bytes(4))
    lost = saved["photos"][1]["id"]
    phone.ask("damage", photo=lost, how=how)
    for _ in range(3):
        phone.sync()
        report = phone.look()
        [photo] = [one for one in report["photos"] if one["id"] == lost]
        assert photo["state"] == state
        states = {record["uid"]: record["state"] for record in report["records"]}
        assert states.pop(saved["uid"]) == "incomplete"
        assert set(states.values()) == {"accepted"}
        assert phone.ask("unsent")["lost"] == 1
    sha256 = phone.told.saved_photos.pop(lost)
    found = site.read()
    assert found.declared[lost] == sha256  # The server waits for it, for ever.
    judge([phone.told], found)
    phone.ask("crash")
    phone.ask("open")
    phone.sync()
    assert site.read().photos.keys() == phone.told.saved_photos.keys()


@pytest.mark.fault(16)
def test_16_an_app_that_is_killed_in_the_middle_of_sending_sends_the_rest(
    phone: NodePhone, site: Site, network: Proxy
) -> None:
    tasks = phone.ask("tasks")
    for number, task in enumerate(tasks[:5]):
        phone.save(task, photo_bytes(number))
        held = network.add(Fault(["sync/push", "/photos/"][number % 2], delay_seconds=0.3))
        phone.begin("sync")
        while not held.met:
            phone.look()
        phone.ask("crash")
        phone.ask("open")
        phone.look()
        judge([phone.told], site.read(), quiet=False)
    phone.settle()
    judge([phone.told], site.read())


@pytest.mark.fault(36)
def test_36_a_second_user_of_the_phone_neither_sees_nor_sends_the_firsts_records(
    phone: NodePhone, site: Site
) -> None:
    tasks = phone.ask("tasks")
    phone.save(tasks[0], photo_bytes(1))
    mine = phone.told
    phone.look()
    phone.sign_in(site.login("wang"))
    assert phone.sync()["ok"]
    phone.ask("worker")
    assert phone.ask("report")["operations"] == []
    assert site.read().operations == {}
    judge([mine], site.read(), quiet=False)
    phone.sign_in(site.login("li"))
    phone.settle()
    judge([mine], site.read())
    authors = "SELECT login FROM inspection JOIN user ON user.id = author_id WHERE uid = :uid"
    [uid] = [record["uid"] for record in phone.ask("report")["records"]]
    assert site.ask(authors, uid=uid) == [(site.login("li"),)]


@pytest.mark.fault(36)
def test_36_anothers_session_beside_an_open_app_sends_nothing(
    phone: NodePhone, site: Site, network: Proxy
) -> None:
    """Wang signs in in a tab beside Li's, whose page is still open."""
    first = phone.sign_in(site.login("li"))
    phone.save(phone.ask("tasks")[0], photo_bytes(1))
    phone.sign_in(site.login("wang"))
    phone.ask("open", user=first["user"])
    pushed = network.count("sync/push")
    assert phone.sync()["failure"]["code"] == "other_user"
    phone.ask("worker")
    report = phone.look()
    assert report["engine"]["paused"] == "other_user"
    assert network.count("sync/push") == pushed
    judge([phone.told], site.read(), quiet=False)
    phone.sign_in(site.login("li"))
    phone.settle()
    judge([phone.told], site.read())
