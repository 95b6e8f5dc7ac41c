"""Who told of a case and has no account gets two mails: that we have it, and to say whether it is solved."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.cases import made
from tests.cases.test_label_reports import (  # noqa: F401 - its fixtures
    CASES,
    code,
    device,
    follow,
    labelled,
    passer,
    report,
    take,
    verdict,
)
from webapp import jobs
from webapp.cases.models import Case, CaseEvent, CaseReporter
from webapp.cases.opening import called
from webapp.cases.reporters import MOST_A_DAY, Reporter, remember
from webapp.cases.services import Author
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Room
from webapp.identity.models import Contract, User
from webapp.notifications.mail import FolderTransport
from webapp.notifications.models import Mail

SignIn = Callable[[User], FlaskClient]
ADDRESS = "chen.jing@client.example"


def mails() -> list[Mail]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Mail).order_by(Mail.id)))


def solve(browser: FlaskClient, name: str) -> None:
    take(browser, name, "arrive")
    take(browser, name, "solve", cause="线松", solution="插紧并测试")


def test_an_address_left_at_the_label_gets_the_number_and_later_the_question(
    passer: FlaskClient,  # noqa: F811
    code: str,  # noqa: F811
    engineer: User,
    signed_in: SignIn,
) -> None:
    given = report(passer, code, contact=ADDRESS.upper(), name="<b>Buy</b>", text="{link} {here}")
    [first] = mails()
    assert (first.to_address, first.link_for.split(":")[0]) == (ADDRESS, "fault")
    assert first.subject == f"[HQ {given['name']}] 已收到您的报障"
    assert "西湖厅" in first.text
    # What a stranger wrote goes to nobody by us.
    assert "Buy" not in first.text
    solve(signed_in(engineer), given["name"])
    _, second = mails()
    assert second.subject == f"[HQ {given['name']}] 故障已处理，请您评价"
    assert "插紧并测试" in second.text


def test_the_link_is_signed_when_the_mail_is_sent_and_opens_the_fault(
    app: Flask,
    passer: FlaskClient,  # noqa: F811
    code: str,  # noqa: F811
    tmp_path: object,
) -> None:
    given = report(passer, code, contact=ADDRESS, language="en")
    kept = app.extensions["mail_transport"]
    app.extensions["mail_transport"] = replace(
        kept if isinstance(kept, FolderTransport) else FolderTransport(tmp_path),  # type: ignore[arg-type]
        folder=tmp_path,  # type: ignore[arg-type]
    )
    try:
        while jobs.work_once("test"):
            pass
    finally:
        app.extensions["mail_transport"] = kept
    [file] = tmp_path.glob("*.eml")  # type: ignore[attr-defined]
    text = message_from_bytes(file.read_bytes(), policy=policy.default).get_content()
    [token] = re.findall(r"http://localhost/f/(\S+)", text)
    assert follow(passer, token)["name"] == given["name"]
    assert token not in mails()[0].text


def test_each_who_told_of_one_fault_is_asked_and_each_address_once(
    passer: FlaskClient,  # noqa: F811
    code: str,  # noqa: F811
    engineer: User,
    signed_in: SignIn,
) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(Room).values(name_en="West Lake Hall"))
    name = report(passer, code, contact=ADDRESS)["name"]
    report(passer, code, contact="li@client.example", language="en")
    report(passer, code, contact=ADDRESS)
    report(passer, code, contact="138 0000 0000")
    solve(signed_in(engineer), name)
    asked = [mail for mail in mails() if ":ended:" in mail.unique_key]
    assert sorted(mail.to_address for mail in asked) == [ADDRESS, "li@client.example"]
    # Each reads of the room by its name in his language.
    for mail in mails():
        named = "西湖厅" if mail.to_address == ADDRESS else "West Lake Hall"
        assert f"8F {named}" in mail.text


def test_who_told_of_what_was_folded_is_asked_by_what_it_became(
    contract: Contract, engineer: User
) -> None:
    author = made.author(contract, engineer)
    first, second = (made.opened(contract, author, now=now_utc()) for _ in range(2))
    told(second)
    made.taken(second, author, "fold", now_utc(), into=called(first))
    made.taken(first, author, "arrive", now_utc())
    made.taken(first, author, "solve", now_utc(), cause="线松", solution="插紧")
    assert [mail.subject for mail in mails() if ":ended:" in mail.unique_key] == [
        f"[HQ {called(first)}] 故障已处理，请您评价"
    ]


def told(case: Case, address: str = ADDRESS) -> CaseEvent:
    with unit_of_work() as session:
        line = session.scalars(sa.select(CaseEvent).where(CaseEvent.uid == case.uid)).one()
        remember(session, session.get_one(Case, case.id), line, Reporter(address, "zh"), now_utc())
    return line


@pytest.mark.parametrize(
    "address", ["", "138 0000", "a@b\nBcc: c@d.example", "x" * 300 + "@d.example"]
)
def test_what_is_no_address_is_not_kept(contract: Contract, engineer: User, address: str) -> None:
    told(made.opened(contract, made.author(contract, engineer)), address)
    assert db.session.scalars(sa.select(CaseReporter)).all() == []


def test_nobodys_mailbox_is_filled_by_us(contract: Contract, engineer: User) -> None:
    author = made.author(contract, engineer)
    for _ in range(MOST_A_DAY + 2):
        told(made.opened(contract, author, now=now_utc()))
    assert len(mails()) == MOST_A_DAY


def a_complaint(contract: Contract, app: Flask) -> tuple[Case, str]:
    """A complaint that somebody without an account made, and the link that follows it."""
    from webapp import links

    case = made.opened(contract, Author(None, "陈静"), kind="complaint", now=now_utc())
    line = told(case)
    return case, links.token_for(app.config["SECRET_KEY"], "fault", line.id)


def answered(case: Case, contract: Contract, manager: User) -> None:
    author = made.author(contract, manager, "project_manager")
    made.taken(case, author, "confirm", now_utc(), finding="属实", justified="yes")
    made.taken(case, author, "answer", now_utc(), answer="已增派人手")


def test_a_complaint_is_followed_answered_and_rated_by_the_same_link(
    app: Flask,
    contract: Contract,
    manager: User,
    passer: FlaskClient,  # noqa: F811
) -> None:
    case, token = a_complaint(contract, app)
    seen = follow(passer, token)
    assert (seen["kind"], seen["state"], seen["room_zh"], seen["asks"]) == (
        "complaint",
        "received",
        "",
        "",
    )
    assert seen["answer"] == ""
    answered(case, contract, manager)
    seen = follow(passer, token)
    assert (seen["asks"], seen["answer"]) == ("verdict", "已增派人手")
    verdict(passer, token, solved=False, text="没有改善")
    seen = follow(passer, token)
    assert (seen["state"], seen["answer"]) == ("received", ""), "another answer is to come"
    answered(case, contract, manager)
    verdict(passer, token, rating=4)
    assert follow(passer, token)["state"] == "closed"
    db.session.expire_all()
    assert db.session.get_one(Case, case.id).facts["rating"] == 4


def test_what_somebody_else_closed_takes_the_rating_once(
    app: Flask,
    contract: Contract,
    manager: User,
    passer: FlaskClient,  # noqa: F811
) -> None:
    case, token = a_complaint(contract, app)
    answered(case, contract, manager)
    made.taken(case, made.author(contract, manager, "project_manager"), "close", now_utc())
    assert follow(passer, token)["asks"] == "rating"
    verdict(passer, token, rating=2, text="太慢")
    assert follow(passer, token)["asks"] == ""
    assert verdict(passer, token, 409, rating=5)["code"] == "step_not_now"


def test_only_the_clients_own_word_is_a_rating(
    contract: Contract, manager: User, it_lead: User, signed_in: SignIn
) -> None:
    case = made.opened(contract, made.author(contract, it_lead, "client_it_lead"), kind="complaint")
    answered(case, contract, manager)
    made.taken(case, made.author(contract, manager, "project_manager"), "close", now_utc())
    name, steps = called(case), []
    for person in (manager, it_lead):
        seen = signed_in(person).get(f"{CASES}/{name}").get_json()
        steps.append([step["key"] for step in seen["steps"]])
    assert ["rate" in keys for keys in steps] == [False, True]
    assert take(signed_in(it_lead), name, "rate", rating=5)["facts"]["rating"] == 5
