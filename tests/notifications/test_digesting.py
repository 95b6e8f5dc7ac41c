"""One person's digest is one mail with a section for each contract: nothing is sent twice, nothing lost."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.notifications.test_choices import EVENING, MORNING, choose, digests, tell
from webapp import digesting
from webapp.db import db, unit_of_work
from webapp.identity.models import Contract, Membership, User
from webapp.notifications import services
from webapp.notifications.models import Mail, Notification

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def wang(contract: Contract, signed_in: SignIn) -> User:
    """A project manager who wants all in his digest."""
    person = factories.member(
        contract,
        "project_manager",
        login="w",
        name="王军",
        name_en="Wang Jun",
        email="w@example.com",
    )
    choose(signed_in(person), by_mail="digest")
    return person


@pytest.fixture
def annex(wang: User) -> Contract:
    """Another contract of his, made later and before HQ by its code."""
    row = factories.contract("ANNEX", name_en="The annex")
    factories.join(row, wang, "project_manager")
    return row


def left() -> list[int]:
    db.session.rollback()
    waiting = sa.select(Notification.id).where(Notification.for_digest)
    return list(db.session.scalars(waiting))


def test_contracts_whose_moment_is_the_same_share_a_mail(
    contract: Contract, annex: Contract, wang: User
) -> None:
    for of, key in ((contract, "a"), (annex, "b"), (contract, "c")):
        tell(of, wang, key, EVENING)
    [mail] = digests(MORNING)
    assert (mail.to_address, mail.contract_id) == ("w@example.com", annex.id)
    assert mail.subject == "巡检簿摘要：3 条通知（2 份合同）"
    assert mail.text.startswith(
        "王军，您好：\n\n"
        "ANNEX会议室运维，还没有读的 1 条通知：\n\n"
        "03-05 20:00  F-7 由你负责：麦克风 { here } b\n{here}/desk/cases/F-b?contract=ANNEX\n\n"
        "---\n\n"
        "HQ会议室运维，还没有读的 2 条通知：\n\n"
        "03-05 20:00  F-7 由你负责：麦克风 { here } a\n{here}/desk/cases/F-a?contract=HQ\n\n"
        "03-05 20:00  F-7 由你负责：麦克风 { here } c\n{here}/desk/cases/F-c?contract=HQ\n\n"
        "打开查看：{here}/desk/notifications\n"
    )
    assert left() == []
    assert len(digests(MORNING + timedelta(days=1))) == 1


def test_an_english_reader_has_it_in_english(
    contract: Contract, annex: Contract, wang: User
) -> None:
    with unit_of_work() as session:
        session.get_one(User, wang.id).language = "en"
    tell(contract, wang, "a", EVENING)
    tell(annex, wang, "b", EVENING)
    [mail] = digests(MORNING)
    assert mail.subject == "Roundbook digest: 2 notifications (2 contracts)"
    assert mail.text.startswith("Hello Wang Jun,")
    assert "The annex, 1 notification that you have not read yet:" in mail.text


def test_of_one_contract_it_bears_its_name_and_leads_into_it(
    contract: Contract, annex: Contract, wang: User, signed_in: SignIn
) -> None:
    tell(annex, wang, "read", EVENING)
    signed_in(wang).post("/api/notifications/read", json={"up_to": 2**31 - 1})
    tell(contract, wang, "a", EVENING)
    [mail] = digests(MORNING)
    assert mail.subject == "巡检簿摘要：1 条通知（HQ会议室运维）"
    assert "打开查看：{here}/desk/notifications?contract=HQ\n" in mail.text
    assert "F-read" not in mail.text
    assert left() == []


def test_a_contract_in_another_time_zone_has_a_mail_of_its_own_at_its_hour(
    contract: Contract, annex: Contract, wang: User
) -> None:
    berlin = factories.contract("BERLIN", time_zone="Europe/Berlin")
    # Another name, the same hour.
    perth = factories.contract("PERTH", time_zone="Australia/Perth")
    for of in (berlin, perth):
        factories.join(of, wang, "project_manager")
    for of in (contract, annex, berlin, perth):
        tell(of, wang, of.code, EVENING)
    [here] = digests(MORNING)
    assert here.subject == "巡检簿摘要：3 条通知（3 份合同）"
    assert len(left()) == 1
    eight_there = MORNING + timedelta(hours=7)
    assert len(digests(eight_there - timedelta(minutes=1))) == 1
    _, there = digests(eight_there)
    assert there.subject == "巡检簿摘要：1 条通知（BERLIN会议室运维）"
    assert "03-05 13:00  F-7" in there.text


def test_a_server_that_was_down_over_both_hours_sends_both(
    contract: Contract, annex: Contract, wang: User
) -> None:
    with unit_of_work() as session:
        session.get_one(Contract, annex.id).time_zone = "Europe/Berlin"
    for of in (contract, annex):
        tell(of, wang, of.code, EVENING)
    assert [mail.contract_id for mail in digests(MORNING + timedelta(hours=9))] == [
        contract.id,
        annex.id,
    ]


def test_what_came_late_of_another_contract_is_not_lost(
    contract: Contract, annex: Contract, wang: User
) -> None:
    tell(contract, wang, "a", EVENING)
    digests(MORNING)
    tell(annex, wang, "late", MORNING - timedelta(seconds=1))
    _, late = digests(MORNING + timedelta(minutes=1))
    assert "F-late" in late.text
    assert "F-a?" not in late.text


def test_of_a_contract_that_he_has_left_nothing_is_told(
    contract: Contract, annex: Contract, wang: User
) -> None:
    tell(contract, wang, "a", EVENING)
    tell(annex, wang, "b", EVENING)
    with unit_of_work() as session:
        gone = sa.update(Membership).where(Membership.contract_id == annex.id)
        session.execute(gone.values(left_at=EVENING))
    [mail] = digests(MORNING)
    assert mail.contract_id == contract.id
    assert "F-b" not in mail.text
    assert left() == []


def test_each_person_has_his_own(
    contract: Contract, annex: Contract, wang: User, signed_in: SignIn
) -> None:
    li = factories.member(contract, "on_site_engineer", login="li", email="li@example.com")
    choose(signed_in(li), by_mail="digest")
    tell(contract, li, "mine", EVENING)
    tell(annex, wang, "his", EVENING)
    texts = {mail.to_address: mail.text for mail in digests(MORNING)}
    assert "F-his" in texts["w@example.com"]
    assert "F-mine" in texts["li@example.com"]
    assert "F-mine" not in texts["w@example.com"]


def test_a_long_one_shows_the_latest_of_each_contract(
    contract: Contract, annex: Contract, wang: User
) -> None:
    tell(annex, wang, "few", EVENING)
    for number in range(60):
        tell(contract, wang, f"{number:02}", EVENING + timedelta(seconds=number))
    [mail] = digests(MORNING)
    assert mail.subject == "巡检簿摘要：61 条通知（2 份合同）"
    assert "F-few" in mail.text
    assert re.findall(r"F-(\d+)\?", mail.text) == [f"{number}" for number in range(35, 60)]
    assert mail.text.count("还有 35 条") == 1


def test_two_workers_at_once_send_one_mail(
    app: Flask, contract: Contract, annex: Contract, wang: User
) -> None:
    for of in (contract, annex):
        for number in range(5):
            tell(of, wang, f"{of.code}{number}", EVENING)
    barrier = threading.Barrier(4)

    def work(_: int) -> None:
        with app.app_context():
            # All have looked before one of them writes.
            due = digesting.people_due(db.session(), MORNING)
            barrier.wait(30)
            for user_id in due:
                with unit_of_work() as session:
                    digesting.gather(session, user_id, MORNING)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    [mail] = digests(MORNING)
    assert mail.text.count("F-HQ") == mail.text.count("F-ANNEX") == 5


def test_a_second_worker_takes_only_what_the_first_has_not(
    app: Flask, contract: Contract, annex: Contract, wang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(contract, wang, "early", EVENING)
    write, writing, may_go_on = services.mail, threading.Event(), threading.Event()

    def wait(*given: Any, **more: Any) -> bool:
        if not writing.is_set():
            writing.set()
            may_go_on.wait(30)
        return write(*given, **more)

    def inside(do: Callable[[], object]) -> None:
        with app.app_context():
            do()

    monkeypatch.setattr(services, "mail", wait)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(inside, lambda: digesting.send_digests(MORNING))
        assert writing.wait(30)
        # Where one may write while another does, this is there before the first has ended.
        late = pool.submit(inside, lambda: tell(annex, wang, "late", MORNING))
        wait_for([late], timeout=1)
        second = pool.submit(inside, lambda: digesting.send_digests(MORNING))
        wait_for([second], timeout=1)
        may_go_on.set()
        for one in (first, late, second):
            one.result(30)
    texts = [mail.text for mail in digests(MORNING)]
    assert [re.findall(r"F-(\w+)\?", text) for text in texts] == [["early"], ["late"]]


def test_a_worker_that_dies_in_the_middle_leaves_all_to_the_next(
    contract: Contract, annex: Contract, wang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work() as session:
        session.get_one(Contract, annex.id).time_zone = "Europe/Berlin"
    tell(contract, wang, "a", EVENING)
    tell(annex, wang, "b", EVENING)
    write, later = services.mail, MORNING + timedelta(hours=9)

    def die(*given: Any, **more: Any) -> bool:
        write(*given, **more)
        if more["contract_id"] == annex.id:
            raise SystemExit
        return True

    with monkeypatch.context() as patched:
        patched.setattr(services, "mail", die)
        with pytest.raises(SystemExit):
            digesting.send_digests(later)
    assert len(left()) == 2
    assert db.session.scalars(sa.select(Mail)).all() == []
    assert len(digests(later)) == 2


@pytest.mark.parametrize("seed", range(3))
def test_whenever_it_is_told_and_gathered_each_notice_is_in_one_mail(
    contract: Contract, annex: Contract, wang: User, seed: int
) -> None:
    draw = random.Random(seed)
    berlin = factories.contract("BERLIN", time_zone="Europe/Berlin")
    factories.join(berlin, wang, "project_manager")
    told: list[str] = []
    now = datetime(2026, 3, 26, tzinfo=UTC)
    # Over the night in which Berlin's clocks change, too.
    while now < datetime(2026, 3, 31, tzinfo=UTC):
        now += timedelta(minutes=draw.choice([1, 59, 240, 420]))
        for of in draw.sample([contract, annex, berlin], draw.randint(0, 2)):
            told.append(f"{of.code}x{len(told)}x")
            tell(of, wang, told[-1], now - timedelta(minutes=draw.choice([0, 5])))
        if draw.random() < 0.7:
            digesting.send_digests(now)
    sent = digests(now + timedelta(days=1))
    found = [name for mail in sent for name in re.findall(r"/F-(\w+)\?", mail.text)]
    assert sorted(found) == sorted(told)
    for mail in sent:
        links = re.findall(r"/F-([A-Z]+)x\d+x\?contract=(\w+)", mail.text)
        assert links
        assert all(of == opens for of, opens in links)


def test_a_minute_in_which_nobodys_hour_has_come_asks_little(
    contract: Contract, annex: Contract, wang: User, count_queries: Callable[[], int]
) -> None:
    digesting.send_digests(MORNING)
    count_queries()
    digesting.send_digests(MORNING)
    assert count_queries() == 1
    tell(contract, wang, "a", MORNING + timedelta(minutes=1))
    tell(annex, wang, "b", MORNING + timedelta(minutes=1))
    count_queries()
    digesting.send_digests(MORNING + timedelta(minutes=2))
    assert count_queries() == 3
