"""A report that was issued stays as the client was told it; later changes have a number of their own."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.reports.conftest import NOW, Month
from tests.rounds import made
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.identity.rules import Access, rights_of
from webapp.reports import issuing
from webapp.reports.models import Report
from webapp.rounds.models import OpenItem, Round
from webapp.storage import object_store


def access_of(contract: Contract, user: User, role: str = "project_manager") -> Access:
    """What a person of the contract acts with."""
    rights = rights_of(role, is_admin=False)
    return Access(user.id, user.name, None, contract.id, contract.code, role, rights)


def put_state(month: Month, state: str) -> None:
    """Put the round into a state, as the acceptance does; it has tests of its own."""
    with unit_of_work() as session:
        session.get_one(Round, month.round.id).state = state


def issued(month: Month, access: Access, language: str = "zh", remark: str = "") -> Report:
    """Freeze and issue, as the API does."""
    data = issuing.frozen(db.session(), object_store(), access, "2026-04", NOW, remark)
    with unit_of_work() as session:
        return issuing.issue(session, access, data, language, NOW)


@pytest.fixture
def access(month: Month, manager: User) -> Access:
    """The project manager's, with the round accepted."""
    put_state(month, "accepted")
    return access_of(month.contract, manager)


def test_a_round_that_is_not_accepted_has_no_report(month: Month, manager: User) -> None:
    with pytest.raises(AppError) as refusal:
        issued(month, access_of(month.contract, manager))
    assert refusal.value.code == "round_not_accepted"


def test_it_is_numbered_and_the_hash_is_of_the_very_bytes_in_the_store(
    month: Month, access: Access
) -> None:
    report = issued(month, access, remark="下月更换两只灯泡")
    assert (report.number, report.sequence) == ("HQ-2026-04", 0)
    data = object_store().get(report.data_key)
    assert hashlib.sha256(data).hexdigest() == report.data_sha256
    content = issuing.data_of(object_store(), report)
    assert issuing.canonical(content) == data
    assert content["cover"]["number"] == "HQ-2026-04"
    assert content["plan"]["remark"] == "下月更换两只灯泡"
    signed = {line["key"]: line["person"]["zh"] for line in content["cover"]["signatures"]}
    assert signed["prepared"] == "王建国"


def test_what_changes_later_leaves_the_issued_report_as_it_was(
    month: Month, access: Access
) -> None:
    report = issued(month, access)
    before = object_store().get(report.data_key)
    with unit_of_work() as session:
        item = session.scalars(sa.select(OpenItem).order_by(OpenItem.number)).first()
        assert item is not None
        item.severity = 1
    db.session.remove()
    kept = db.session.get_one(Report, report.id)
    assert object_store().get(kept.data_key) == before
    assert hashlib.sha256(before).hexdigest() == kept.data_sha256


def test_a_second_report_without_a_change_is_refused(month: Month, access: Access) -> None:
    issued(month, access)
    with pytest.raises(AppError) as refusal:
        issued(month, access)
    assert refusal.value.code == "nothing_to_correct"


def test_a_correction_has_its_own_number_and_says_what_it_changed(
    month: Month, access: Access, engineer: User
) -> None:
    first = issued(month, access)
    put_state(month, "open")
    late = made.visit(month.round, None, room=month.rooms[2])
    made.reading(late, "overview", True, "normal")
    made.send(month.contract, engineer, late, now=made.at("2026-04", 9))
    put_state(month, "accepted")
    second = issued(month, access)
    assert (second.number, second.sequence) == ("HQ-2026-04-C1", 1)
    told = {change["what"]["en"]: change for change in second.changes}
    assert "地下室" in "".join(told)
    content = issuing.data_of(object_store(), second)
    assert content["cover"]["corrects"] == first.number
    assert content["cover"]["changes"] == second.changes


def test_two_who_issue_at_once_make_one_report(month: Month, access: Access) -> None:
    one = issuing.frozen(db.session(), object_store(), access, "2026-04", NOW)
    other = issuing.frozen(db.session(), object_store(), access, "2026-04", NOW)
    with unit_of_work() as session:
        issuing.issue(session, access, one, "zh", NOW)
    with pytest.raises(AppError) as refusal, unit_of_work() as session:
        issuing.issue(session, access, other, "zh", NOW)
    assert refusal.value.code == "conflict"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Report)) == 1


def test_data_that_changed_between_reading_and_issuing_is_not_issued(
    month: Month, access: Access
) -> None:
    data = issuing.frozen(db.session(), object_store(), access, "2026-04", NOW)
    with unit_of_work() as session:
        item = session.scalars(sa.select(OpenItem)).first()
        assert item is not None
        item.remark = "客户来电"
    with pytest.raises(AppError) as refusal, unit_of_work() as session:
        issuing.issue(session, access, data, "zh", NOW)
    assert refusal.value.code == "conflict"


def test_damaged_data_is_told_and_never_shown(month: Month, access: Access) -> None:
    report = issued(month, access)
    object_store().put(report.data_key, b'{"format": 1}')
    with pytest.raises(AppError) as refusal:
        issuing.data_of(object_store(), report)
    assert refusal.value.code == "report_damaged"


def test_data_that_the_store_has_no_more_is_told_too(month: Month, access: Access) -> None:
    report = issued(month, access)
    object_store().delete(report.data_key)
    with pytest.raises(AppError) as refusal:
        issuing.data_of(object_store(), report)
    assert refusal.value.code == "report_damaged"


def say(report: Report, kind: issuing.AnswerKind, text: str = "") -> None:
    """The client's word by the link."""
    said = issuing.Answer(kind, "陈静", text, "link", address="192.0.2.7")
    with unit_of_work() as session:
        issuing.answer(session, session.get_one(Report, report.id), said, NOW)


def test_the_client_confirms_once_and_comments_as_often_as_he_likes(
    month: Month, access: Access
) -> None:
    report = issued(month, access)
    say(report, "comment", "第三页的照片看不清")
    say(report, "confirmed")
    say(report, "comment", "谢谢")
    with pytest.raises(AppError) as refusal:
        say(report, "confirmed")
    assert refusal.value.code == "report_confirmed"
    answers = issuing.answers_of(db.session(), [report.id])[report.id]
    assert [(one.kind, one.name) for one in answers] == [
        ("comment", "陈静"),
        ("confirmed", "陈静"),
        ("comment", "陈静"),
    ]
    assert db.session.get_one(Report, report.id).confirmed_at == NOW


def test_what_was_corrected_can_no_longer_be_confirmed(
    month: Month, access: Access, engineer: User
) -> None:
    first = issued(month, access)
    put_state(month, "open")
    late = made.visit(month.round, None, room=month.rooms[2])
    made.reading(late, "overview", True, "normal")
    made.send(month.contract, engineer, late, now=NOW + timedelta(hours=1))
    put_state(month, "accepted")
    issued(month, access)
    with pytest.raises(AppError) as refusal:
        say(first, "confirmed")
    assert refusal.value.code == "report_corrected"


def test_issuing_and_answering_are_in_the_trail(month: Month, access: Access, app: Flask) -> None:
    report = issued(month, access)
    say(report, "confirmed")
    trail = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.entity == "report").order_by(AuditRow.id)
    ).all()
    assert [(row.action, row.entity_id) for row in trail] == [
        ("issue", "HQ-2026-04"),
        ("answer", "HQ-2026-04"),
    ]
