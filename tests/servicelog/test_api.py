"""The service log over HTTP: half written by the system, half by hand, signed, archived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from tests.reports import pdfs
from tests.rounds import made as rounds
from webapp.audit.models import AuditRow
from webapp.cases.models import CaseEvent, CaseFile
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.reports import pdf
from webapp.reports.xlsx.service_log import service_log_xlsx
from webapp.servicelog.content import month_content
from webapp.servicelog.models import LogArchive

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
# The Monday of tests.cases.made.
DAY = "2026-03-02"
LOG = f"{HQ}/service-log/{DAY}"
MONTH = f"{HQ}/service-log-months/2026-03"


@pytest.fixture
def device(contract: Contract) -> Device:
    return factories.device(factories.room(factories.building(contract)), name="投影机甲")


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def asked(browser: FlaskClient, path: str, status: int = 200, **query: Any) -> Any:
    answer = browser.get(path, query_string=query)
    assert answer.status_code == status, answer.data
    return answer.get_json()


def written(browser: FlaskClient, status: int = 201, day: str = DAY, **more: Any) -> Any:
    body = {"uid": made.uid(), "clock": "14:05", "done": "更换话筒电池", **more}
    answer = browser.post(f"{HQ}/service-log/{day}/entries", json=body)
    assert answer.status_code == status, answer.data
    return answer.get_json()


def signed(browser: FlaskClient, status: int = 200, remark: str = "") -> Any:
    answer = browser.post(f"{LOG}/signature", json={"remark": remark})
    assert answer.status_code == status, answer.data
    return answer.get_json()


def a_day_of_work(contract: Contract, engineer: User, device: Device) -> None:
    """A fault taken and solved, and a room inspected."""
    author = made.author(contract, engineer)
    fault = made.opened(contract, author, device_id=device.id, title="没有声音")
    made.taken(fault, author, "take_over", made.after(minutes=5))
    made.taken(fault, author, "note_internal", made.after(minutes=6), text="客户很急")
    made.taken(fault, author, "solve", made.after(minutes=30), cause="静音", solution="取消静音")


def a_visit(contract: Contract, engineer: User, device: Device) -> None:
    """An inspection that was made on that Monday and came at once."""
    rounds.checklist(contract)
    march = rounds.opened(contract, "2026-03")
    visit = rounds.visit(march, device)
    rounds.send(contract, engineer, visit)


def test_the_system_writes_what_it_knows_of_the_day(
    contract: Contract, engineer: User, device: Device, li: FlaskClient
) -> None:
    a_day_of_work(contract, engineer, device)
    day = asked(li, LOG)
    assert [(line["case"], line["step"]) for line in day["lines"]] == [
        ("F1", "opened"),
        ("F1", "take_over"),
        ("F1", "solve"),
    ]
    assert day["lines"][2]["text"] == "静音\n取消静音"
    assert (day["lines"][0]["room_zh"], day["lines"][0]["device_name"]) == ("西湖厅", "投影机甲")
    assert day["may_write"]
    assert asked(li, f"{HQ}/service-log/2026-03-03")["lines"] == []


def test_the_photos_of_a_step_stand_with_it(
    contract: Contract, engineer: User, device: Device, li: FlaskClient
) -> None:
    a_day_of_work(contract, engineer, device)
    solved = db.session.scalars(sa.select(CaseEvent).filter_by(step="solve")).one()
    come, awaited = made.uid(), made.uid()
    with unit_of_work() as session:
        for uid, received_at in ((come, now_utc()), (awaited, None)):
            photo = CaseFile(
                contract_id=contract.id,
                case_id=solved.case_id,
                event_id=solved.id,
                uid=uid,
                content_type="image/jpeg",
                sha256=uid,
                bytes=9,
                added_at=now_utc(),
                received_at=received_at,
            )
            session.add(photo)
    assert [line["photos"] for line in asked(li, LOG)["lines"]] == [[], [], [come]]
    content = month_content(db.session(), contract.id, "2026-03", now_utc())
    [*_, last] = content["people"][0]["days"][0]["rows"]
    assert last["done"]["zh"].endswith("没有声音（照片 1）")


def test_a_room_inspected_is_one_line_of_the_day_that_it_was_inspected(
    contract: Contract, engineer: User, device: Device, li: FlaskClient
) -> None:
    a_visit(contract, engineer, device)
    month = asked(li, MONTH)
    [day] = [day for day in month["days"] if not day["empty"]]
    assert (day["rooms"], day["devices"]) == (1, 1)
    [line] = asked(li, f"{HQ}/service-log/{day['day']}")["lines"]
    assert (line["kind"], line["devices"], line["room_zh"]) == ("visit", 1, "西湖厅")


def test_entries_are_written_changed_and_removed_with_their_audit(
    contract: Contract, device: Device, engineer: User, li: FlaskClient
) -> None:
    made.opened(contract, made.author(contract, engineer))
    body: dict[str, Any] = {"uid": made.uid(), "device_id": device.id, "case": "F1"}
    for _ in range(2):
        day = written(li, **body)
    [entry] = day["entries"]
    assert (entry["clock"], entry["room_zh"], entry["case"]) == ("14:05", "西湖厅", "F1")
    assert entry["at"].startswith("2026-03-02T06:05")
    url = f"{HQ}/service-log-entries/{entry['id']}"
    changed = li.patch(url, json={"clock": "15:00", "done": "换电池", "result": "正常"})
    assert changed.get_json()["entries"][0]["result"] == "正常"
    assert li.delete(url).get_json()["entries"] == []
    assert li.delete(url).status_code == 404
    actions = db.session.scalars(
        sa.select(AuditRow.action)
        .where(AuditRow.entity == "service_log_entry")
        .order_by(AuditRow.id)
    )
    assert list(actions) == ["service_log_write", "service_log_change", "service_log_remove"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"clock": "25:00"}, "invalid"),
        ({"done": "   "}, "invalid"),
        ({"device_id": 99}, "device_unknown"),
        ({"room_id": 99}, "room_unknown"),
        ({"case": "F9"}, "case_unknown"),
        ({"uid": "x"}, "invalid"),
        ({"colour": "red"}, "invalid"),
    ],
)
def test_what_is_wrong_is_refused(li: FlaskClient, wrong: dict[str, Any], code: str) -> None:
    assert written(li, 422, **wrong)["code"] == code
    assert asked(li, LOG)["entries"] == []


def test_a_signed_day_is_closed_until_it_is_opened_with_a_reason(
    contract: Contract, engineer: User, li: FlaskClient, wang: FlaskClient
) -> None:
    assert signed(li, 409)["code"] == "log_day_empty"
    written(li)
    day = signed(li, remark="一切正常")
    assert (day["may_write"], day["may_reopen"], day["remark"]) == (False, True, "一切正常")
    assert written(li, 409)["code"] == "log_day_signed"
    assert signed(li, 409)["code"] == "log_day_signed"
    made.opened(contract, made.author(contract, engineer), title="签后才来")
    [late] = asked(li, LOG)["lines"]
    assert late["late"]
    url = f"{LOG}/open"
    assert wang.post(url, json={"user_id": engineer.id}).status_code == 422
    opened = wang.post(url, json={"user_id": engineer.id, "reason": "漏写了下午"}).get_json()
    assert opened["signed_at"] is None
    assert li.post(url, json={"reason": "?"}).get_json()["code"] == "log_day_not_signed"
    assert not asked(li, LOG)["lines"][0]["late"]
    assert written(li)["may_write"]


def test_nobody_writes_in_a_day_to_come_or_for_another(
    contract: Contract, engineer: User, li: FlaskClient, wang: FlaskClient
) -> None:
    tomorrow = (now_utc() + timedelta(days=2)).date().isoformat()
    assert written(li, 409, day=tomorrow)["code"] == "log_day_to_come"
    [entry] = written(li)["entries"]
    url = f"{HQ}/service-log-entries/{entry['id']}"
    assert wang.patch(url, json={"clock": "15:00", "done": "x"}).status_code == 404
    assert wang.delete(url).status_code == 404
    theirs = asked(wang, LOG, user_id=engineer.id)
    assert (len(theirs["entries"]), theirs["may_write"]) == (1, False)
    signed(li)
    other = factories.member(contract, "backup_engineer", login="other")
    assert other.id != engineer.id
    assert asked(wang, LOG)["entries"] == []


def test_only_the_person_or_the_manager_opens_a_day_again(
    contract: Contract, engineer: User, li: FlaskClient, signed_in: SignIn
) -> None:
    written(li)
    signed(li)
    other = signed_in(factories.member(contract, "backup_engineer", login="other"))
    answer = other.post(f"{LOG}/open", json={"user_id": engineer.id, "reason": "x"})
    assert answer.status_code == 403


def test_the_client_reads_the_engineers_log_and_writes_none(
    contract: Contract, engineer: User, it_lead: User, li: FlaskClient, signed_in: SignIn
) -> None:
    a_day_of_work(
        contract, engineer, factories.device(factories.room(factories.building(contract)))
    )
    written(li)
    chen = signed_in(it_lead)
    day = asked(chen, LOG)
    assert (day["user_id"], len(day["entries"]), day["may_write"]) == (engineer.id, 1, False)
    assert "客户很急" not in chen.get(LOG).text
    assert written(chen, 403)["code"] == "forbidden"
    assert signed(chen, 403)["code"] == "forbidden"
    assert chen.post(f"{MONTH}/archives").status_code == 403
    asked(chen, LOG, 404, user_id=it_lead.id)


def test_strangers_find_nothing(
    contract: Contract, engineer: User, stranger: User, signed_in: SignIn
) -> None:
    theirs = signed_in(stranger)
    for path in (LOG, MONTH):
        asked(theirs, path, 404)
    assert asked(theirs, "/api/contracts/OTHER/service-log/x", 404)["code"] == "not_found"


def test_a_month_is_archived_as_it_was_and_again_under_the_next_number(
    contract: Contract, engineer: User, li: FlaskClient, wang: FlaskClient
) -> None:
    assert wang.post(f"{MONTH}/archives").get_json()["code"] == "log_month_empty"
    written(li, done="第一次")
    [archive] = wang.post(f"{MONTH}/archives").get_json()
    written(li, done="后来补的")
    assert [row["sequence"] for row in wang.post(f"{MONTH}/archives").get_json()] == [2, 1]
    first = db.session.get_one(LogArchive, archive["id"])
    assert first.content["number"] == "HQ-LOG-202603-1"
    assert "后来补的" not in str(first.content)
    assert asked(li, MONTH)["archives"][0]["archived_by"] == "王建国"
    body = {"kind": "service_log", "format": "pdf", "archive_id": archive["id"]}
    assert li.post(f"{HQ}/documents", json=body).status_code == 202


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"month": "2026-03"}, 202),
        ({}, 422),
        ({"month": "2026-03", "user_id": 99_999}, 404),
        ({"archive_id": 99_999}, 404),
        ({"month": "2026-03", "format": "docx"}, 422),
    ],
)
def test_a_months_log_is_asked_for_as_a_document(
    li: FlaskClient, more: dict[str, Any], status: int
) -> None:
    body = {"kind": "service_log", "format": "xlsx", **more}
    assert li.post(f"{HQ}/documents", json=body).status_code == status


def test_the_documents_say_what_the_screen_says(
    contract: Contract, engineer: User, device: Device, li: FlaskClient
) -> None:
    a_day_of_work(contract, engineer, device)
    written(li, device_id=device.id, result="已恢复 " * 60)
    signed(li, remark="下午培训")
    content = month_content(db.session(), contract.id, "2026-03", now_utc())
    for language, words in (("zh", ("故障已解决", "已签署")), ("both", ("Whatwasdone", "Solved"))):
        made_pdf = pdf.service_log_pdf(pdfs.source(content, language))
        text = pdfs.text_of(made_pdf)
        for said in ("更换话筒电池", "取消静音", "投影机甲", "下午培训", "F1", *words):
            assert said in text
        assert pdfs.off_the_page(made_pdf) == []
    assert service_log_xlsx(pdfs.source(content, "en")).data.startswith(b"PK")
    nothing = month_content(db.session(), contract.id, "2026-04", now_utc())
    assert "本月无记录" in pdfs.text_of(pdf.service_log_pdf(pdfs.source(nothing)))


def test_day_and_month_take_a_fixed_number_of_statements(
    contract: Contract,
    engineer: User,
    device: Device,
    li: FlaskClient,
    count_queries: Callable[[], int],
) -> None:
    def counted() -> list[int]:
        found = []
        for path in (LOG, MONTH):
            count_queries()
            asked(li, path)
            found.append(count_queries())
        return found

    a_day_of_work(contract, engineer, device)
    written(li, device_id=device.id)
    before = counted()
    for _ in range(4):
        a_day_of_work(contract, engineer, device)
        written(li, device_id=device.id)
    assert counted() == before
