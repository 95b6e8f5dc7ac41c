"""A supervisor sorts what could not be taken by itself: to a contract, into a case, or aside with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from tests.inbox.letters import STRANGER, a_mail, a_photo
from tests.inbox.test_taking import rows, take
from webapp.audit.models import AuditRow
from webapp.cases.models import Case, CaseClock, CaseEvent, CaseFile
from webapp.db import db
from webapp.identity.models import Contract, User
from webapp.inbox.models import IncomingMail
from webapp.notifications.models import Mail, Notification

SignIn = Callable[[User], FlaskClient]
MAILS = "/api/contracts/HQ/incoming-mails"


@pytest.fixture
def desk(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def waiting(sender: str = STRANGER) -> int:
    return take(a_mail(sender=f"Someone <{sender}>", pictures=(a_photo(),))).id


def post(browser: FlaskClient, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = browser.post(f"{MAILS}/{path}", json=body)
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_mail_is_assigned_with_its_pictures_and_its_sender_is_told(
    contract: Contract, desk: FlaskClient
) -> None:
    mail_id = waiting()
    room = factories.room(factories.building(contract))
    [listed] = desk.get(MAILS).get_json()["items"]
    assert (listed["id"], listed["reason"], listed["no_contract"]) == (
        mail_id,
        "sender_unknown",
        True,
    )
    became = post(desk, f"{mail_id}/assign", room_id=room.id)
    assert (became["state"], became["case"], became["settled_by"]) == ("taken", "F1", "王建国")
    [case] = rows(Case)
    assert (case.room_id, case.source, case.reporter_contact) == (room.id, "mail", STRANGER)
    assert len(rows(CaseFile)) == 1
    assert [mail.to_address for mail in rows(Mail)] == [STRANGER]
    assert "mail_assign" in db.session.scalars(sa.select(AuditRow.action)).all()
    assert post(desk, f"{mail_id}/assign", 409)["code"] == "mail_sorted"
    assert post(desk, f"{mail_id}/set-aside", 409, remark="x")["code"] == "mail_sorted"


@pytest.mark.parametrize(
    ("kind", "name"), [("complaint", "C1"), ("question", "H1"), ("wish", "H1")]
)
def test_it_becomes_what_the_supervisor_says(
    contract: Contract, desk: FlaskClient, kind: str, name: str
) -> None:
    assert post(desk, f"{waiting()}/assign", kind=kind)["case"] == name


def test_it_becomes_a_line_of_a_case(contract: Contract, desk: FlaskClient) -> None:
    post(desk, f"{waiting()}/assign")
    second = waiting("another@elsewhere.example")
    assert post(desk, f"{second}/assign", 422, case="F9")["code"] == "case_unknown"
    assert post(desk, f"{second}/assign", case="F1")["case"] == "F1"
    assert [event.step for event in rows(CaseEvent)] == ["opened", "note"]


def test_it_is_set_aside_with_a_reason_and_assigned_all_the_same(
    contract: Contract, desk: FlaskClient
) -> None:
    mail_id = waiting()
    assert "remark" in post(desk, f"{mail_id}/set-aside", 422, remark=" ")["fields"]
    aside = post(desk, f"{mail_id}/set-aside", remark="广告")
    assert (aside["state"], aside["remark"]) == ("set_aside", "广告")
    counts = desk.get(MAILS).get_json()["counts"]
    assert counts == {"waiting": 0, "taken": 0, "set_aside": 1}
    assert post(desk, f"{mail_id}/assign")["state"] == "taken"


def test_what_could_not_be_read_is_only_set_aside(contract: Contract, desk: FlaskClient) -> None:
    row = take(b"\x00")
    assert post(desk, f"{row.id}/assign", 422)["code"] == "mail_unreadable"
    assert post(desk, f"{row.id}/set-aside", remark="乱码")["state"] == "set_aside"


def test_a_mail_whose_sender_has_no_address_is_told_and_assigned_all_the_same(
    contract: Contract, manager: User, desk: FlaskClient
) -> None:
    row = take(
        b"From: Hans\r\nTo: service+hq@p.example\r\nSubject: no sound\r\n\r\nmeeting at three"
    )
    assert (row.state, row.reason, row.subject) == ("waiting", "no_sender", "no sound")
    [told] = rows(Notification)
    assert (told.user_id, told.kind, told.details["name"]) == (manager.id, "mail_to_sort", "Hans")
    assert post(desk, f"{row.id}/assign")["case"] == "F1"
    [case] = rows(Case)
    assert (case.title, case.text, case.reporter_name) == ("no sound", "meeting at three", "Hans")
    assert rows(Mail) == []


def test_a_mail_in_the_wrong_case_is_put_into_a_fault_of_its_own_and_the_wrong_one_says_so(
    contract: Contract, engineer: User, manager: User, desk: FlaskClient
) -> None:
    made.opened(contract, made.author(contract, engineer), kind="proposal", title="扩容方案")
    mail_id = waiting()
    post(desk, f"{mail_id}/assign", case="P1")
    assert post(desk, f"{mail_id}/assign", 409, instead_of="F9")["code"] == "mail_sorted"
    assert post(desk, f"{mail_id}/assign", 409, instead_of="P1", case="P1")["code"] == "mail_sorted"
    assert post(desk, f"{mail_id}/assign", instead_of="P1")["case"] == "F1"
    assert post(desk, f"{mail_id}/assign", 409, instead_of="P1")["code"] == "mail_sorted"
    wrong, fault = rows(Case)
    # The client's words came with the mail; that they lay elsewhere takes nothing off the term.
    assert (fault.text, fault.opened_at) == (
        "三点有会，请尽快。",
        rows(IncomingMail)[0].received_at,
    )
    assert [clock.case_id for clock in rows(CaseClock)] == [fault.id]
    assert [(file.case_id, file.sha256) for file in rows(CaseFile)] == [
        (wrong.id, rows(CaseFile)[0].sha256),
        (fault.id, rows(CaseFile)[0].sha256),
    ]
    moved = [event for event in rows(CaseEvent) if event.case_id == wrong.id][-1]
    assert (moved.step, moved.fields, moved.author_id) == (
        "mail_moved",
        {"case": "F1"},
        manager.id,
    )
    assert [mail.to_address for mail in rows(Mail)] == [STRANGER]
    audited = db.session.scalars(sa.select(AuditRow).filter_by(action="mail_sort_again")).one()
    assert audited.diff == {"case": ["P1", "F1"]}


def test_a_mail_is_put_from_one_case_into_another_and_back(
    contract: Contract, engineer: User, desk: FlaskClient
) -> None:
    for title in ("甲", "乙"):
        made.opened(contract, made.author(contract, engineer), title=title)
    mail_id = waiting()
    post(desk, f"{mail_id}/assign", case="F1")
    assert (
        post(desk, f"{mail_id}/assign", 422, instead_of="F1", case="F9")["code"] == "case_unknown"
    )
    post(desk, f"{mail_id}/assign", instead_of="F1", case="F2")
    assert post(desk, f"{mail_id}/assign", instead_of="F2", case="F1")["case"] == "F1"
    first, second = rows(Case)
    story = [(event.case_id, event.step) for event in rows(CaseEvent)][2:]
    assert story == [
        (first.id, "note"),
        (second.id, "note"),
        (first.id, "mail_moved"),
        (first.id, "note"),
        (second.id, "mail_moved"),
    ]


def test_another_contracts_mails_are_not_there(
    contract: Contract, stranger: User, desk: FlaskClient, signed_in: SignIn
) -> None:
    row = take(a_mail(sender=STRANGER, to="service+hq@provider.example"))
    theirs = signed_in(stranger)
    other = "/api/contracts/OTHER/incoming-mails"
    assert theirs.get(other).get_json()["items"] == []
    for answer in (
        theirs.get(f"{other}/{row.id}"),
        theirs.post(f"{other}/{row.id}/assign", json={}),
        theirs.post(f"{other}/{row.id}/set-aside", json={"remark": "x"}),
    ):
        assert answer.status_code == 404
    assert desk.get(f"{MAILS}/{row.id}").get_json()["text"] == "三点有会，请尽快。"


def test_only_supervisors_sort(
    contract: Contract, engineer: User, it_lead: User, signed_in: SignIn
) -> None:
    for person in (engineer, it_lead):
        assert signed_in(person).get(MAILS).status_code == 403
