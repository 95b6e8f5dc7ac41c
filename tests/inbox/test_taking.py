"""A mail becomes a fault of the right contract, a line of a case, or waits for a supervisor; never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import factories
from tests.cases import made
from tests.cases.test_label_reports import labelled
from tests.inbox.letters import LEAD, STRANGER, a_mail, a_photo
from webapp import receiving
from webapp.cases.models import Case, CaseClock, CaseEvent, CaseFile, CaseReporter
from webapp.cases.opening import called
from webapp.db import db, now_utc
from webapp.estate.models import Device
from webapp.estate.rules import shown_code
from webapp.identity.models import Contract, User
from webapp.inbox.matching import MOST_A_DAY
from webapp.inbox.models import IncomingMail
from webapp.notifications.models import Mail, Notification

Take = Callable[..., IncomingMail]


@pytest.fixture
def lead(contract: Contract) -> User:
    return factories.member(
        contract, "client_it_lead", login="lead", name="陈静", email=LEAD.upper()
    )


@pytest.fixture
def device(contract: Contract) -> Device:
    return factories.device(factories.room(factories.building(contract)), name="投影机甲")


def rows(model: type[Any]) -> list[Any]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(model).order_by(model.id)))


def take(raw: bytes) -> IncomingMail:
    receiving.take_message(raw, "1.eml", now_utc())
    newest: IncomingMail = rows(IncomingMail)[-1]
    return newest


def test_a_members_mail_is_a_fault_with_its_clock_and_he_is_told_the_number_once(
    contract: Contract, lead: User
) -> None:
    raw = a_mail(pictures=(a_photo(), a_photo(), a_photo(2)))
    assert take(raw).state == "taken"
    take(raw)
    [case] = rows(Case)
    assert (case.kind, case.source, case.title) == ("fault", "mail", "投影机没有画面")
    assert (case.reporter_name, case.reporter_contact, case.opened_by_id) == ("陈静", LEAD, None)
    assert [clock.name for clock in rows(CaseClock)] == ["response"]
    [answer] = rows(Mail)
    assert (answer.to_address, answer.subject) == (LEAD, f"[HQ {called(case)}] 已收到您的报障")
    assert "直接回复" in answer.text
    # Twice the same picture is one; each is re-encoded, and shown to him.
    assert len(rows(CaseFile)) == 2


def test_a_member_who_reads_english_is_greeted_by_his_english_name(contract: Contract) -> None:
    factories.member(
        contract, "client_it_lead", login="lead", name="陈静", name_en="Chen Jing", language="en",
        email=LEAD,
    )  # fmt: skip
    take(a_mail("No picture"))
    [answer] = rows(Mail)
    assert answer.text.startswith("Hello Chen Jing,")
    assert rows(Case)[0].reporter_name == "陈静"


def test_a_logo_is_no_picture_of_a_fault(contract: Contract, lead: User) -> None:
    from tests.sync.phone import picture

    take(a_mail(pictures=(picture(1, side=64), b"\xff\xd8\xff broken", a_photo())))
    assert len(rows(CaseFile)) == 1


def test_a_complaint_is_one(contract: Contract, lead: User) -> None:
    take(a_mail("投诉：三次都没有人来"))
    assert [case.kind for case in rows(Case)] == ["complaint"]
    assert "已收到您的投诉" in rows(Mail)[0].subject


def test_the_room_that_is_named_is_its_place(
    contract: Contract, lead: User, device: Device
) -> None:
    building = factories.building(contract, name_zh="二号楼")
    factories.room(building, name_zh="西湖厅二")
    take(a_mail("西湖厅没有声音"))
    take(a_mail("西湖厅二没有声音"))
    first, second = rows(Case)
    assert first.room_id == device.room_id
    assert second.room_id != device.room_id


def test_a_label_tells_device_and_contract_whoever_writes(
    contract: Contract, device: Device
) -> None:
    code = labelled(contract, device)
    take(a_mail("No picture", f"label {shown_code(code)}", sender=STRANGER))
    take(a_mail("没有画面", f"HTTP://HOST/d/{code}", sender="b@elsewhere.example"))
    [case] = rows(Case)
    assert case.device_id == device.id
    # The same fault twice is one, and each is told its number and asked later.
    assert [event.step for event in rows(CaseEvent)] == ["opened", "note"]
    assert [mail.to_address for mail in rows(Mail)] == [STRANGER, "b@elsewhere.example"]
    assert len(rows(CaseReporter)) == 2


def test_a_reply_becomes_a_line_of_its_case_without_what_it_quotes(
    contract: Contract, lead: User
) -> None:
    first = a_mail(Message_ID="<first@client.example>")
    take(first)
    [case] = rows(Case)
    take(a_mail(f"Re: [HQ {called(case)}] 已收到您的报障", "还是黑屏。\n> 您好"))
    take(a_mail("催一下", "怎么样了？", References="<first@client.example>"))
    lines = [(event.step, event.text) for event in rows(CaseEvent)]
    assert lines[1:] == [("note", "还是黑屏。"), ("note", "怎么样了？")]
    assert len(rows(Mail)) == 1


@pytest.mark.parametrize(
    ("subject", "text", "names"),
    [
        ("F1会议室投影机黑屏", "请尽快来人", "F1"),
        ("会议室 P1 没有声音", "紧急", "P1"),
        ("Re: 会议室 P1 没有声音", "请看一下", "P1"),
        ("投影黑屏", "三点有会。\n\n陈静\n科技大厦 F1 层", "F1"),
        ("No picture", "Room 12.\n-- \nChen Jing, Tower A, Floor F1", "F1"),
        ("F1 还没修好", "已经两天", "F1"),
    ],
)
def test_a_mail_that_names_a_room_like_a_case_is_a_fault_of_its_own_that_says_so(
    contract: Contract, lead: User, engineer: User, subject: str, text: str, names: str
) -> None:
    made.opened(contract, made.author(contract, engineer), kind="proposal", title="扩容方案")
    made.opened(contract, made.author(contract, lead, "client_it_lead"), title="话筒啸叫")
    row = take(a_mail(subject, text))
    opened = rows(Case)[-1]
    assert (row.state, row.case_id, called(opened)) == ("taken", opened.id, "F2")
    assert "response" in [clock.name for clock in rows(CaseClock) if clock.case_id == opened.id]
    story = [(one.step, one.fields) for one in rows(CaseEvent) if one.case_id == opened.id]
    assert story == [("opened", {}), ("mail_names", {"case": names})]
    assert [mail.to_address for mail in rows(Mail)][-1] == LEAD


def test_a_reply_to_a_case_by_its_number_alone_is_a_line_of_it(
    contract: Contract, lead: User
) -> None:
    take(a_mail())
    take(a_mail("Re: F1", "还是黑屏。"))
    assert [event.text for event in rows(CaseEvent)][1:] == ["还是黑屏。"]


@pytest.mark.parametrize(
    ("subject", "to"),
    [
        ("投诉：F1 报了三天没有人来", "service@provider.example"),
        ("投诉 [HQ F1]", "service@provider.example"),
        ("Re: [HQ F1] 已收到您的报障", "service+hq-complaint@provider.example"),
    ],
)
def test_a_complaint_about_a_fault_is_a_case_of_its_own_that_comes_of_it(
    contract: Contract, lead: User, subject: str, to: str
) -> None:
    take(a_mail())
    take(a_mail(subject, "非常不满，请经理回复。", to=to))
    fault, complaint = rows(Case)
    assert (called(complaint), complaint.parent_id) == ("C1", fault.id)
    assert [clock.name for clock in rows(CaseClock)] == ["response", "complaint"]
    # What he says to it later is a line of it, though its subject says complaint again.
    take(a_mail("Re: [HQ C1] 已收到您的投诉", "还在等。"))
    assert [(one.case_id, one.step) for one in rows(CaseEvent)][-1] == (complaint.id, "note")
    assert len(rows(Case)) == 2


def test_a_complaint_about_what_no_complaint_comes_of_is_one_all_the_same(
    contract: Contract, lead: User, engineer: User
) -> None:
    made.opened(contract, made.author(contract, engineer), kind="proposal", title="扩容方案")
    take(a_mail("投诉：[HQ P1] 方案拖了一个月"))
    complaint = rows(Case)[-1]
    assert (called(complaint), complaint.parent_id) == ("C1", None)
    assert rows(CaseEvent)[-1].fields == {"case": "P1"}


def test_who_has_nothing_to_do_with_a_case_adds_nothing_to_it(
    contract: Contract, lead: User
) -> None:
    take(a_mail())
    [case] = rows(Case)
    row = take(a_mail(f"Re: [HQ {called(case)}]", "x", sender=STRANGER))
    assert (row.state, row.reason) == ("waiting", "sender_unknown")
    assert len(rows(CaseEvent)) == 1


def test_a_stranger_of_another_contract_reaches_no_case_of_this_one(
    contract: Contract, lead: User, device: Device
) -> None:
    take(a_mail())
    other = factories.contract("OTHER")
    factories.member(other, "client_it_lead", login="other", email=STRANGER)
    row = take(a_mail("Re: [HQ F1]", "x", sender=STRANGER))
    assert row.contract_id == other.id
    assert [case.contract_id for case in rows(Case)] == [contract.id, other.id]


def test_what_is_over_waits_for_a_supervisor(contract: Contract, lead: User, manager: User) -> None:
    take(a_mail())
    [case] = rows(Case)
    author = made.author(contract, manager, "project_manager")
    made.taken(case, author, "arrive", now_utc())
    made.taken(case, author, "solve", now_utc(), cause="x", solution="y")
    made.taken(case, author, "close", now_utc())
    row = take(a_mail(f"Re: [HQ {called(case)}]", "又坏了"))
    assert (row.state, row.reason, row.contract_id) == ("waiting", "case_over", contract.id)


def test_who_is_of_several_contracts_says_which_by_the_address(
    contract: Contract, lead: User
) -> None:
    from webapp.db import unit_of_work
    from webapp.identity import services as identity

    other = factories.contract("B2")
    with unit_of_work() as session:
        identity.add_member(
            session,
            contract_id=other.id,
            user_id=lead.id,
            role="client_it_lead",
            now=now_utc(),
            actor_id=None,
        )
    assert take(a_mail()).reason == "several_contracts"
    assert take(a_mail(to="service+b2@provider.example")).contract_id == other.id


def test_an_unknown_senders_mail_is_told_to_the_supervisors_of_whom_it_addresses(
    contract: Contract, manager: User, engineer: User
) -> None:
    row = take(a_mail(sender=STRANGER, to="service+HQ@provider.example"))
    assert (row.state, row.contract_id) == ("waiting", contract.id)
    assert [(told.user_id, told.kind) for told in rows(Notification)] == [
        (manager.id, "mail_to_sort")
    ]
    assert rows(Mail) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Return_Path": "<>"},
        {"sender": "roundbook@localhost"},
    ],
)
def test_no_machine_is_ever_answered(
    contract: Contract, lead: User, headers: dict[str, str]
) -> None:
    row = take(a_mail("Out of office: [HQ F1]", **headers))  # type: ignore[arg-type]
    assert (row.state, row.reason) == ("set_aside", "automatic")
    assert (rows(Mail), rows(Case)) == ([], [])


def test_one_sender_fills_no_list(contract: Contract, lead: User) -> None:
    for _ in range(MOST_A_DAY + 1):
        row = take(a_mail())
    assert row.reason == "too_many"
    assert len(rows(Case)) == MOST_A_DAY


def test_the_id_of_anothers_mail_keeps_nobodys_out(contract: Contract, lead: User) -> None:
    take(a_mail(sender=STRANGER, Message_ID="<same@client.example>"))
    take(a_mail(Message_ID="<same@client.example>"))
    assert len(rows(Case)) == 1


def test_what_is_no_mail_is_kept_before_the_supervisors(app: Flask) -> None:
    assert receiving.take_message(b"\x00", "1.eml", now_utc()) == "no_sender"
    assert receiving.take_message(None, "2.eml", now_utc()) == "too_large"
    assert [row.reason for row in rows(IncomingMail)] == ["no_sender", "too_large"]


def test_a_mail_that_breaks_something_blocks_no_other(
    contract: Contract, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(receiving, "match", broken)
        assert receiving.take_message(a_mail(), "1.eml", now_utc()) == "unexpected"
    assert take(a_mail()).state == "taken"


def test_a_long_mail_is_shortened_and_what_is_bad_in_it_is_left_out(
    contract: Contract, lead: User
) -> None:
    take(a_mail("x" * 900, "y" * 9000 + "\x00"))
    [case] = rows(Case)
    assert (len(case.title), len(case.text)) == (200, 4000)


def test_who_left_the_contract_is_a_stranger(contract: Contract, lead: User) -> None:
    from webapp.db import unit_of_work

    with unit_of_work() as session:
        session.get_one(User, lead.id).disabled_at = now_utc() - timedelta(days=1)
    assert take(a_mail()).reason == "sender_unknown"
