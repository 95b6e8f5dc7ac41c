"""The bell: a person's own lines of the contracts that he sees, counted, read one by one or all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, Membership, User
from webapp.jobs import Job
from webapp.notifications import services
from webapp.notifications.models import Mail, Notification
from webapp.notifications.rules import Recipient
from webapp.notifications.words import Message

SignIn = Callable[[User], FlaskClient]
PATH = "/api/notifications"


def _tell(to: User, of: Contract, key: str = "a", **fields: object) -> bool:
    with unit_of_work() as session:
        return services.tell(
            session,
            Recipient(to.id, to.name, to.email, to.language),
            contract_id=of.id,
            kind="remind",
            details={"month": "2026-03"},
            path="/desk/ready/2026-03",
            key=key,
            now=now_utc(),
            **fields,  # type: ignore[arg-type]
        )


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/unread"), ("POST", "/1/read"), ("POST", "/read")],
)
def test_a_stranger_is_asked_to_sign_in(client: FlaskClient, method: str, path: str) -> None:
    assert client.open(PATH + path, method=method).status_code == 401


def test_the_latest_comes_first_with_its_contract(
    contract: Contract, manager: User, signed_in: SignIn
) -> None:
    for key in ("a", "b"):
        assert _tell(manager, contract, key, escalated=key == "b")
    page = signed_in(manager).get(PATH).get_json()
    assert page["total"] == 2
    first = page["items"][0]
    assert first["id"] > page["items"][1]["id"]
    assert (first["contract_code"], first["kind"], first["escalated"]) == ("HQ", "remind", True)
    assert (first["path"], first["details"]) == ("/desk/ready/2026-03", {"month": "2026-03"})
    assert first["read_at"] is None


def test_the_same_is_told_once_to_a_person_and_contract(
    contract: Contract, manager: User, engineer: User
) -> None:
    other = factories.contract("OTHER")
    assert _tell(manager, contract)
    assert not _tell(manager, contract)
    assert _tell(engineer, contract)
    assert _tell(manager, other)


def test_what_is_told_is_mailed_where_there_is_an_address_that_can_be_written_to(
    contract: Contract, manager: User, engineer: User
) -> None:
    words = Message("s", "t")
    with unit_of_work() as session:
        session.execute(sa.update(User).where(User.id == manager.id).values(email="w@example.com"))
        session.execute(sa.update(User).where(User.id == engineer.id).values(email="w@x\r\nBcc: y"))
    for person in (manager, engineer):
        db.session.refresh(person)
        assert _tell(person, contract, message=words, useful_for=timedelta(days=1))
        assert not _tell(person, contract, message=words)
    _tell(manager, contract, "without")
    mails = db.session.execute(sa.select(Mail.to_address, Mail.subject).order_by(Mail.id)).all()
    # Without words of its own a mail says the notice's sentence.
    assert [tuple(mail) for mail in mails] == [
        ("w@example.com", "s"),
        ("w@example.com", "2026年3月巡检：你还有 项待办"),
    ]
    assert len(db.session.scalars(sa.select(Job)).all()) == 2
    assert len(db.session.scalars(sa.select(Notification)).all()) == 3


def test_nobody_sees_or_reads_anothers(
    contract: Contract, manager: User, engineer: User, signed_in: SignIn
) -> None:
    _tell(manager, contract)
    row_id = db.session.scalars(sa.select(Notification.id)).one()
    browser = signed_in(engineer)
    assert browser.get(PATH).get_json()["items"] == []
    assert browser.get(f"{PATH}/unread").get_json() == {"unread": 0}
    answer = browser.post(f"{PATH}/{row_id}/read")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert browser.post(f"{PATH}/{row_id + 1}/read").status_code == 404
    assert browser.post(f"{PATH}/read", json={"up_to": row_id}).status_code == 204
    assert signed_in(manager).get(f"{PATH}/unread").get_json() == {"unread": 1}


def test_who_left_a_contract_sees_no_more_of_it(
    contract: Contract, engineer: User, signed_in: SignIn
) -> None:
    _tell(engineer, contract)
    browser = signed_in(engineer)
    assert browser.get(f"{PATH}/unread").get_json() == {"unread": 1}
    with unit_of_work() as session:
        session.execute(sa.update(Membership).values(left_at=now_utc()))
    assert browser.get(f"{PATH}/unread").get_json() == {"unread": 0}
    assert browser.get(PATH).get_json()["total"] == 0


def test_reading_one_and_reading_all_in_sight(
    contract: Contract, manager: User, signed_in: SignIn
) -> None:
    for key in "abc":
        _tell(manager, contract, key)
    browser = signed_in(manager)
    third, second, first = (row["id"] for row in browser.get(PATH).get_json()["items"])
    assert browser.post(f"{PATH}/{first}/read").status_code == 204
    assert browser.get(f"{PATH}/unread").get_json() == {"unread": 2}
    assert browser.post(f"{PATH}/read", json={"up_to": second}).status_code == 204
    page = browser.get(PATH).get_json()
    assert [row["id"] for row in page["items"] if row["read_at"] is None] == [third]
    read_at = page["items"][2]["read_at"]
    browser.post(f"{PATH}/{first}/read")
    assert browser.get(PATH).get_json()["items"][2]["read_at"] == read_at


@pytest.mark.parametrize("body", [{}, {"up_to": 0}, {"up_to": "x"}, {"up_to": 1, "user_id": 2}])
def test_a_body_that_says_nothing_is_refused(
    manager: User, signed_in: SignIn, body: dict[str, object]
) -> None:
    assert signed_in(manager).post(f"{PATH}/read", json=body).status_code == 422


def test_the_count_is_answered_shortly_while_it_stays_the_same(
    contract: Contract, manager: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    etag = browser.get(f"{PATH}/unread").headers["ETag"]
    same = browser.get(f"{PATH}/unread", headers={"If-None-Match": etag})
    assert (same.status_code, same.data) == (304, b"")
    _tell(manager, contract)
    assert browser.get(f"{PATH}/unread", headers={"If-None-Match": etag}).status_code == 200


def test_the_list_costs_the_same_whatever_its_length(
    contract: Contract, manager: User, signed_in: SignIn, count_queries: Callable[[], int]
) -> None:
    browser = signed_in(manager)
    _tell(manager, contract)
    browser.get(PATH)
    count_queries()
    browser.get(PATH)
    few = count_queries()
    for number in range(30):
        _tell(manager, contract, f"more {number}")
    count_queries()
    assert len(browser.get(PATH).get_json()["items"]) == 31
    assert count_queries() == few <= 7


MAILS = "/api/contracts/HQ/mails"


def _mailed(contract: Contract, key: str, state: str) -> int:
    with unit_of_work() as session:
        services.mail(
            session, "zhou@example.com", f"report {key}", "secret link", key, now=now_utc(),
            to_name="周敏", contract_id=contract.id,
        )  # fmt: skip
        row = session.scalars(sa.select(Mail).filter_by(unique_key=key)).one()
        if state == "sent":
            services.note_sent(session, row.id, now_utc())
        elif state != "waiting":
            services.note_not_sent(session, row.id, state, "550 nobody of that name")
        return row.id


def test_the_mails_of_a_contract_tell_whether_they_went_out_but_not_their_text(
    contract: Contract, manager: User, engineer: User, signed_in: SignIn
) -> None:
    for state in ("waiting", "failed", "lapsed", "sent"):
        _mailed(contract, state, state)
    browser = signed_in(manager)
    page = browser.get(MAILS).get_json()
    assert page["counts"] == {"waiting": 1, "failed": 1, "lapsed": 1, "sent": 1}
    refused = next(row for row in page["items"] if row["state"] == "failed")
    assert refused["last_error"] == "550 nobody of that name"
    assert refused["to_name"] == "周敏"
    assert b"secret link" not in browser.get(MAILS).data
    assert browser.get(f"{MAILS}?state=failed").get_json()["total"] == 1
    assert signed_in(engineer).get(MAILS).status_code == 403


@pytest.mark.parametrize(
    ("state", "status"), [("failed", 204), ("lapsed", 204), ("sent", 409), ("waiting", 409)]
)
def test_only_what_was_given_up_is_sent_again(
    contract: Contract, manager: User, signed_in: SignIn, state: str, status: int
) -> None:
    mail_id = _mailed(contract, "k", state)
    with unit_of_work() as session:
        session.execute(sa.delete(Job))
    browser = signed_in(manager)
    assert browser.post(f"{MAILS}/{mail_id}/retry").status_code == status
    db.session.rollback()
    jobs = db.session.scalars(sa.select(Job.arguments)).all()
    assert jobs == ([{"mail_id": mail_id}] if status == 204 else [])
    assert browser.post(f"{MAILS}/999/retry").status_code == 404


def test_how_mails_leave_is_told(contract: Contract, manager: User, signed_in: SignIn) -> None:
    answer = signed_in(manager).get(f"{MAILS}/transport")
    assert answer.get_json() == {"kind": "folder", "sender": "roundbook@localhost"}


def test_the_list_of_mails_costs_the_same_whatever_its_length(
    contract: Contract, manager: User, signed_in: SignIn, count_queries: Callable[[], int]
) -> None:
    browser = signed_in(manager)
    _mailed(contract, "one", "sent")
    browser.get(MAILS)
    count_queries()
    browser.get(MAILS)
    few = count_queries()
    for number in range(20):
        _mailed(contract, f"more {number}", "sent")
    count_queries()
    assert len(browser.get(MAILS).get_json()["items"]) == 21
    assert count_queries() == few <= 5
