"""Issue, send, read by the link, confirm: both sides of the month's report, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import typst
from flask import Flask
from flask.testing import FlaskClient

from tests.reports.conftest import Month
from tests.reports.test_documents import work
from tests.reports.test_issuing import put_state
from webapp import links
from webapp.db import db, unit_of_work
from webapp.identity.models import Contract, User
from webapp.notifications.models import Mail, Notification
from webapp.reports import documents
from webapp.reports.documents import Made, Source
from webapp.reports.models import Report

HQ = "/api/contracts/HQ"
SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small PDFs, so that what is told here is the way of a report and not how it looks."""

    def make(source: Source) -> Made:
        return Made(typst.compile(source.content["cover"]["number"].encode()), 1)

    monkeypatch.setattr(documents, "_makers", {("report", "pdf"): make})


@pytest.fixture
def accepted(month: Month, pdf: None) -> Month:
    """April, accepted."""
    put_state(month, "accepted")
    return month


def issue(browser: FlaskClient, **more: object) -> dict:
    """Issue April's report; its files are made."""
    answer = browser.post(
        f"{HQ}/rounds/2026-04/report", json={"language": "zh", "remark": "", **more}
    )
    assert answer.status_code == 201, answer.get_json()
    work()
    return answer.get_json()


def link_in(mail: Mail) -> str:
    """The path that the mail leads to."""
    found = re.search(r"http://localhost/l/report/(\S+)", mail.text)
    assert found
    return f"/api/links/report/{found[1]}"


def test_a_month_goes_from_accepted_to_confirmed_without_an_account(
    accepted: Month, manager: User, it_lead: User, signed_in: SignIn, app: Flask
) -> None:
    with unit_of_work() as session:
        lead = session.get_one(User, it_lead.id)
        lead.email, lead.language, lead.name_en = "lead@client.example", "en", "Chen Jing"
    browser = signed_in(manager)
    report = issue(browser, remark="下月更换灯泡")
    assert (report["number"], report["sent_at"]) == ("HQ-2026-04", None)
    sent = browser.post(f"{HQ}/reports/{report['id']}/send", json={"message": "请查收"})
    assert sent.get_json() == {"to": ["lead@client.example"]}
    mail = db.session.scalars(sa.select(Mail)).one()
    assert "HQ-2026-04" in mail.subject
    assert mail.to_name == "Chen Jing"
    assert mail.text.startswith("请查收")

    stranger = app.test_client()
    link = link_in(mail)
    shown = stranger.get(link).get_json()
    assert (shown["number"], shown["corrected_by"]) == ("HQ-2026-04", "")
    assert shown["figures"]["rooms_planned"] == 3
    file = stranger.get(f"{link}/file.pdf")
    assert file.data == browser.get(f"{HQ}/documents/{shown['files'][0]['document_id']}/file").data
    assert stranger.get(f"{link}/pages/1.png").mimetype == "image/png"

    said = {"kind": "comment", "name": "陈静", "text": "第二页的照片偏暗"}
    assert stranger.post(f"{link}/answers", json=said).status_code == 204
    assert (
        stranger.post(f"{link}/answers", json={"kind": "confirmed", "name": "陈静"}).status_code
        == 204
    )
    notices = db.session.scalars(sa.select(Notification.kind).order_by(Notification.id)).all()
    assert notices == ["report_commented", "report_confirmed"]
    told = browser.get(f"{HQ}/reports?month=2026-04").get_json()[0]
    assert told["confirmed_at"] is not None
    assert [(one["kind"], one["name"], one["via"]) for one in told["answers"]] == [
        ("comment", "陈静", "link"),
        ("confirmed", "陈静", "link"),
    ]


def test_the_link_opens_this_report_and_nothing_else(
    accepted: Month, manager: User, signed_in: SignIn, app: Flask
) -> None:
    report = issue(signed_in(manager))
    token = links.token_for(app.config["SECRET_KEY"], "report", report["id"])
    stranger = app.test_client()
    assert stranger.get(f"/api/links/report/{token}").status_code == 200
    for path in (f"{HQ}/reports", f"{HQ}/reports/{report['id']}", "/api/contracts"):
        assert stranger.get(path).status_code == 401
    other = links.token_for(app.config["SECRET_KEY"], "report", report["id"] + 1)
    for wrong in (other, token[:-2], "x"):
        refused = stranger.get(f"/api/links/report/{wrong}")
        assert (refused.status_code, refused.get_json()["code"]) == (404, "link_invalid")


def test_an_old_link_says_that_it_has_expired(
    accepted: Month,
    manager: User,
    signed_in: SignIn,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = issue(signed_in(manager))
    token = links.token_for(app.config["SECRET_KEY"], "report", report["id"])
    monkeypatch.setattr(links, "LIFETIME", -links.LIFETIME)
    refused = app.test_client().get(f"/api/links/report/{token}")
    assert (refused.status_code, refused.get_json()["code"]) == (410, "link_expired")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "comment", "name": "陈静", "text": "  "}, "text"),
        ({"kind": "confirmed", "name": "   "}, "name"),
        ({"kind": "confirmed"}, "name"),
        ({"kind": "approved", "name": "陈静"}, "kind"),
        ({"kind": "comment", "name": "陈" * 81, "text": "x"}, "name"),
        ({"kind": "comment", "name": "陈静", "text": "x" * 4001}, "text"),
    ],
)
def test_an_answer_without_words_is_refused_and_the_field_is_named(
    body: dict, field: str, accepted: Month, manager: User, signed_in: SignIn, app: Flask
) -> None:
    report = issue(signed_in(manager))
    token = links.token_for(app.config["SECRET_KEY"], "report", report["id"])
    refused = app.test_client().post(f"/api/links/report/{token}/answers", json=body)
    assert refused.status_code == 422
    assert field in refused.get_json()["fields"]
    assert db.session.get_one(Report, report["id"]).confirmed_at is None


def test_who_floods_a_link_has_to_wait(
    accepted: Month, manager: User, signed_in: SignIn, app: Flask
) -> None:
    report = issue(signed_in(manager))
    token = links.token_for(app.config["SECRET_KEY"], "report", report["id"])
    stranger = app.test_client()
    said = {"kind": "comment", "name": "x", "text": "y"}
    answers = [
        stranger.post(f"/api/links/report/{token}/answers", json=said).status_code
        for _ in range(25)
    ]
    assert answers.count(204) == 20
    assert answers[-1] == 429


def test_the_clients_lead_confirms_signed_in_and_nobody_else_can(
    accepted: Month, manager: User, engineer: User, it_lead: User, signed_in: SignIn
) -> None:
    with unit_of_work() as session:
        session.get_one(User, it_lead.id).name_en = "Chen Jing"
        boss = session.get_one(User, manager.id)
        boss.email, boss.language = "wang@example.com", "en"
    browser, another, lead = signed_in(manager), signed_in(engineer), signed_in(it_lead)
    report = issue(browser)
    path = f"{HQ}/reports/{report['id']}/answers"
    for other in (browser, another):
        assert other.post(path, json={"kind": "confirmed"}).status_code == 403
    confirmed = lead.post(path, json={"kind": "confirmed"})
    assert confirmed.status_code == 200
    assert confirmed.get_json()["answers"][0]["via"] == "account"
    mail = db.session.scalars(sa.select(Mail)).one()
    assert mail.subject == "Chen Jing has confirmed HQ-2026-04"
    assert "{here}/desk/report/2026-04?contract=HQ" in mail.text


def test_a_report_is_not_sent_before_its_file_is_there_nor_to_nobody(
    accepted: Month, manager: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    answer = browser.post(f"{HQ}/rounds/2026-04/report", json={"language": "zh"})
    path = f"{HQ}/reports/{answer.get_json()['id']}/send"
    early = browser.post(path, json={"to": ["a@example.com"]})
    assert (early.status_code, early.get_json()["code"]) == (409, "report_not_ready")
    work()
    nobody = browser.post(path, json={})
    assert (nobody.status_code, nobody.get_json()["code"]) == (422, "report_nobody_to_send")
    wrong = browser.post(path, json={"to": ["not an address"]})
    assert wrong.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 0


def test_the_list_costs_the_same_for_many_reports(
    accepted: Month,
    contract: Contract,
    manager: User,
    signed_in: SignIn,
    count_queries: Callable[[], int],
) -> None:
    browser = signed_in(manager)
    contract_id, manager_id = contract.id, manager.id
    report = issue(browser)
    browser.get(f"{HQ}/reports")
    count_queries()
    browser.get(f"{HQ}/reports")
    one = count_queries()
    with unit_of_work() as session:
        first = session.get_one(Report, report["id"])
        for number in range(1, 20):
            session.add(
                Report(
                    contract_id=contract_id,
                    round_id=first.round_id,
                    number=f"HQ-2026-04-C{number}",
                    sequence=number,
                    language="zh",
                    data_key=first.data_key,
                    data_sha256=first.data_sha256,
                    issued_by_id=manager_id,
                    issued_at=first.issued_at,
                )
            )
    count_queries()
    assert len(browser.get(f"{HQ}/reports").get_json()) == 20
    assert count_queries() == one


def test_the_provider_is_walled_off_from_another_contracts_reports(
    accepted: Month, manager: User, stranger: User, signed_in: SignIn
) -> None:
    theirs = signed_in(stranger)
    report = issue(signed_in(manager))
    assert theirs.get(f"/api/contracts/OTHER/reports/{report['id']}").status_code == 404
    assert theirs.get("/api/contracts/OTHER/reports").get_json() == []
