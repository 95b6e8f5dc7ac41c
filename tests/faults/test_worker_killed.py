"""The server's processes die at the worst moments: what was acknowledged is there, all else is sent again."""

from __future__ import annotations

import random
import threading

import pytest

from tests.faults.conftest import OpenPhone, Serve, Site
from tests.faults.engineer import NodePhone, photo_bytes
from tests.faults.oracle import judge

KILLS = 4


def inspected(serve: Serve, open_phone: OpenPhone, point: str, path: str) -> tuple[Site, NodePhone]:
    """A phone with two inspections and a photo, that has tried to send to a server which dies."""
    site = serve(point=point, path=path)
    phone = open_phone(site)
    tasks = phone.ask("tasks")
    phone.save(tasks[0], photo_bytes(1))
    phone.save(tasks[1])
    failed = phone.sync()
    assert failed["failure"]["reason"] == "offline", failed
    phone.look()
    return site, phone


def came_to_rest(site: Site, phone: NodePhone) -> None:
    phone.settle()
    judge([phone.told], site.read())


@pytest.mark.fault(1)
def test_01_killed_after_the_commit_before_the_reply(serve: Serve, open_phone: OpenPhone) -> None:
    site, phone = inspected(serve, open_phone, "after_commit", "sync/push")
    assert len(site.read().operations) == 2
    assert phone.told.acknowledged == {}
    came_to_rest(site, phone)


@pytest.mark.fault(2)
def test_02_killed_before_the_commit(serve: Serve, open_phone: OpenPhone) -> None:
    site, phone = inspected(serve, open_phone, "before_commit", "sync/push")
    assert site.read().operations == {}
    judge([phone.told], site.read(), quiet=False)
    came_to_rest(site, phone)


@pytest.mark.fault(32)
@pytest.mark.parametrize("point", ["before_rename", "after_file"])
def test_32_killed_between_file_and_row(serve: Serve, open_phone: OpenPhone, point: str) -> None:
    site, phone = inspected(serve, open_phone, point, "/photos/")
    found = site.read()
    assert len(found.declared) == 1
    assert found.photos == {}
    files = list(
        (site.server.data_dir / "files/photos").rglob(
            "*.part" if point == "before_rename" else "?" * 64
        )
    )
    assert len(files) == 1
    came_to_rest(site, phone)


@pytest.mark.fault(32)
@pytest.mark.parametrize("point", ["before_rename", "after_file", "before_commit", "after_commit"])
def test_32_killed_among_photos_that_come_together(
    serve: Serve, open_phone: OpenPhone, point: str
) -> None:
    site = serve(point=point, path="/photos?ids")
    phone = open_phone(site)
    phone.save(phone.ask("tasks")[0], *(photo_bytes(seed) for seed in range(20)))
    assert phone.sync()["failure"]["reason"] == "offline"
    phone.look()
    judge([phone.told], site.read(), quiet=False)
    assert len(site.read().photos) < 20
    came_to_rest(site, phone)
    assert len(site.read().photos) == 20


@pytest.mark.fault(1)
@pytest.mark.fault(2)
def test_01_and_02_killed_again_and_again_while_two_phones_send(
    serve: Serve, open_phone: OpenPhone
) -> None:
    site, chance = serve(), random.Random(7)
    phones = [open_phone(site, name) for name in ("li", "wang")]
    for phone in phones:
        for task in phone.ask("tasks"):
            phone.save(task, photo_bytes(chance.getrandbits(32)))
    for _ in range(KILLS):
        killer = threading.Timer(chance.uniform(0.02, 0.3), site.server.kill)
        killer.start()
        for phone, asked in [(phone, phone.begin("sync")) for phone in phones]:
            phone.end(asked)
            phone.look()
        killer.join()
        judge([phone.told for phone in phones], site.read(), quiet=False)
        site.server.start()
    for phone in phones:
        phone.settle()
    judge([phone.told for phone in phones], site.read())
