"""A quote's way over HTTP: written, sent, read by the link, approved; and what each side may do of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
import typst
from flask import Flask
from flask.testing import FlaskClient

from tests.quotes import made
from tests.quotes.made import DISPLAY, HQ, LABOUR, begun, body_of, ok, open_case, sent, written
from tests.reports.test_documents import work
from webapp.audit.models import AuditRow
from webapp.cases.models import CaseClock, CaseEvent
from webapp.db import db, unit_of_work
from webapp.identity.models import User
from webapp.notifications.models import Mail, Notification
from webapp.quotes.models import Quote
from webapp.reports import documents
from webapp.reports.documents import Made, Source
from webapp.reports.models import Document
from webapp.storage import object_store


@pytest.fixture
def pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small PDFs, so that what is told here is a quote's way and not how it looks."""

    def make(source: Source) -> Made:
        return Made(typst.compile(f"{source.content['name']} {source.language}".encode()), 1)

    monkeypatch.setattr(documents, "_makers", {("quote", "pdf"): make})


def link_in(mail: Mail) -> str:
    found = re.search(r"http://localhost/l/quote/(\S+)", mail.text)
    assert found
    return f"/api/links/quote/{found[1]}"


def latest_link() -> str:
    db.session.expire_all()
    return link_in(db.session.scalars(sa.select(Mail).order_by(Mail.id.desc()).limit(1)).one())


def case_of(browser: FlaskClient, name: str) -> Any:
    return ok(browser.get(f"{HQ}/cases/{name}"))


def approves() -> list[CaseEvent]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(CaseEvent).where(CaseEvent.step == "approve")))


def test_who_sent_a_quote_sees_that_its_link_was_opened_and_the_client_does_not(
    li: FlaskClient, chen: FlaskClient, app: Flask, pdf: None
) -> None:
    written(li, open_case(li))
    ok(li.post(f"{HQ}/quotes/Q1-1/send", json={"to": ["lead@client.example"]}))
    never = {"count": 0, "first_at": None, "last_at": None}
    assert ok(li.get(f"{HQ}/quotes/Q1-1"))["openings"] == never
    link = latest_link()
    # Twice within ten minutes is the same reading; who wrote the quote is no client.
    for reader in (li, app.test_client(), app.test_client(), chen):
        ok(reader.get(link))
    opened = ok(li.get(f"{HQ}/quotes/Q1-1"))["openings"]
    assert opened["count"] == 1
    assert opened["first_at"] == opened["last_at"] is not None
    assert ok(chen.get(f"{HQ}/quotes/Q1-1"))["openings"] is None


def test_an_expense_request_is_approved_by_the_link_and_the_repairs_clock_starts(
    wang: FlaskClient, li: FlaskClient, chen: FlaskClient, app: Flask, pdf: None
) -> None:
    case = open_case(li)
    draft = written(li, case, remark="含运费")
    assert (draft["kind"], draft["name"], draft["state"]) == ("expense_request", "Q1-1", "draft")
    # 12800 + 13 % and 2.5 h of 180 + 6 %, of which the rate card alone knows the price.
    assert (draft["net"], draft["tax"], draft["gross"]) == ("13250.00", "1691.00", "14941.00")
    assert draft["lines"][1]["unit_price"] == "180.00"
    assert chen.get(f"{HQ}/quotes/Q1-1").status_code == 404
    assert ok(chen.get(f"{HQ}/cases/{case}/quotes"))["quotes"] == []
    assert ok(chen.get(f"{HQ}/quotes"))["items"] == []

    given = {"to": ["lead@client.example"], "message": "请过目"}
    ok(li.post(f"{HQ}/quotes/Q1-1/send", json=given))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CaseClock)) == 0
    work()
    stranger = app.test_client()
    link = latest_link()
    shown = ok(stranger.get(link))
    assert (shown["gross"], shown["open"], shown["pages"]) == ("14941.00", True, 1)
    assert stranger.get(f"{link}/file.pdf").data.startswith(b"%PDF")
    assert stranger.get(f"{link}/pages/1.png").status_code == 200
    yes = {"decision": "approved", "name": "周敏", "text": "同意"}
    assert stranger.post(f"{link}/answers", json=yes).status_code == 204

    assert case_of(li, case)["state"] == "approved"
    [event] = approves()
    assert (event.author_name, event.text) == ("周敏", "同意")
    assert db.session.scalars(sa.select(CaseClock.name)).all() == ["repair"]
    again = stranger.post(f"{link}/answers", json=yes)
    assert (again.status_code, again.get_json()["code"]) == (409, "quote_answered")
    assert len(approves()) == 1
    quote = ok(chen.get(f"{HQ}/quotes/Q1-1"))
    assert (quote["state"], quote["answer_name"], quote["answer_via"]) == (
        "approved",
        "周敏",
        "link",
    )
    told = set(db.session.scalars(sa.select(Notification.kind)))
    assert {"quote_sent", "quote_approved"} <= told
    audited = set(db.session.scalars(sa.select(AuditRow.action)))
    assert {"quote_write", "quote_send", "quote_answer", "case_approve"} <= audited


def test_the_cases_own_step_answers_its_quote_and_the_quote_takes_no_second_one(
    li: FlaskClient, chen: FlaskClient
) -> None:
    case = open_case(li)
    sent(li, case)
    step = {"uid": made.uid(), "step": "approve", "fields": {"text": "可以"}}
    ok(chen.post(f"{HQ}/cases/{case}/steps", json=step))
    quote = ok(chen.get(f"{HQ}/quotes/Q1-1"))
    assert (quote["state"], quote["answer_text"], quote["may_answer"]) == (
        "approved",
        "可以",
        False,
    )
    refused = chen.post(f"{HQ}/quotes/Q1-1/answers", json={"decision": "approved"})
    assert refused.get_json()["code"] == "quote_answered"
    assert len(approves()) == 1


def two_offers(li: FlaskClient, chen: FlaskClient) -> str:
    """A change with two offers to choose from."""
    case = open_case(chen, "change")
    sent(li, case)
    sent(li, case)
    return case


def test_of_two_offers_the_client_says_which_one_he_approves(
    li: FlaskClient, chen: FlaskClient
) -> None:
    case = two_offers(li, chen)
    step = {"uid": made.uid(), "step": "approve", "fields": {}}
    refused = chen.post(f"{HQ}/cases/{case}/steps", json=step)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "quote_choose")
    assert refused.get_json()["details"]["numbers"] == "Q1-1、Q2-1"
    assert case_of(li, case)["state"] == "quoted"
    ok(chen.post(f"{HQ}/quotes/Q2-1/answers", json={"decision": "approved"}))
    assert case_of(li, case)["state"] == "approved"


def test_an_offer_that_is_declined_leaves_the_other_to_be_approved(
    li: FlaskClient, chen: FlaskClient
) -> None:
    case = two_offers(li, chen)
    no = {"decision": "declined", "text": "要方案一"}
    ok(chen.post(f"{HQ}/quotes/Q2-1/answers", json=no))
    assert case_of(li, case)["state"] == "quoted"
    ok(chen.post(f"{HQ}/quotes/Q1-1/answers", json={"decision": "approved"}))
    assert case_of(li, case)["state"] == "approved"


def test_the_last_offer_that_is_declined_ends_the_change(
    li: FlaskClient, chen: FlaskClient
) -> None:
    case = two_offers(li, chen)
    for name in ("Q1-1", "Q2-1"):
        ok(chen.post(f"{HQ}/quotes/{name}/answers", json={"decision": "declined", "text": "不做"}))
    assert case_of(li, case)["state"] == "declined"


def test_no_work_is_approved_by_an_offer_that_has_expired(
    li: FlaskClient, chen: FlaskClient
) -> None:
    case = open_case(chen, "change")
    sent(li, case)
    with unit_of_work() as session:
        session.execute(sa.update(Quote).values(valid_until=date(2026, 1, 1)))
    step = {"uid": made.uid(), "step": "approve", "fields": {}}
    refused = chen.post(f"{HQ}/cases/{case}/steps", json=step)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "quote_none_open")
    assert case_of(li, case)["state"] == "quoted"
    assert approves() == []


def test_a_change_is_quoted_by_sending_and_declined_for_another_it_waits(
    li: FlaskClient, chen: FlaskClient
) -> None:
    case = open_case(chen, "change")
    sent(li, case)
    assert case_of(li, case)["state"] == "quoted"
    no = {"decision": "declined", "text": "太贵", "wants_another": True}
    assert chen.post(f"{HQ}/quotes/Q1-1/answers", json={"decision": "declined"}).status_code == 422
    ok(chen.post(f"{HQ}/quotes/Q1-1/answers", json=no))
    one = case_of(li, case)
    assert one["state"] == "quoted"
    assert [line["step"] for line in one["timeline"]][-2:] == ["quote_sent", "quote_declined"]

    second = ok(li.post(f"{HQ}/quotes/Q1-1/versions", json={"uid": made.uid()}), 201)
    assert (second["name"], len(second["lines"])) == ("Q1-2", 2)
    ok(li.patch(f"{HQ}/quotes/Q1-2", json=body_of(second, LABOUR)))
    ok(li.post(f"{HQ}/quotes/Q1-2/send", json={"to": ["lead@client.example"]}))
    ok(chen.post(f"{HQ}/quotes/Q1-2/answers", json={"decision": "approved"}))
    assert case_of(li, case)["state"] == "approved"
    refused = li.post(f"{HQ}/quotes/Q1-2/versions", json={"uid": made.uid()})
    assert refused.get_json()["code"] == "quote_not_replaceable"


def test_a_new_version_takes_the_place_of_the_one_that_waits(
    li: FlaskClient, chen: FlaskClient, app: Flask
) -> None:
    case = open_case(li, way="replacement")
    first = sent(li, case)
    old_link, stranger = latest_link(), app.test_client()
    body = {"uid": made.uid()}
    second = ok(li.post(f"{HQ}/quotes/{first['name']}/versions", json=body), 201)
    assert ok(li.post(f"{HQ}/quotes/{first['name']}/versions", json=body), 201) == second
    # Until it is sent, the version before it holds.
    assert ok(stranger.get(old_link))["open"] is True
    ok(li.post(f"{HQ}/quotes/{second['name']}/send", json={"to": ["lead@client.example"]}))
    shown = ok(stranger.get(old_link))
    assert (shown["state"], shown["replaced_by"], shown["open"]) == ("superseded", "Q1-2", False)
    answer = stranger.post(f"{old_link}/answers", json={"decision": "approved", "name": "周"})
    assert answer.get_json()["code"] == "quote_superseded"


def test_after_hours_are_approved_in_their_story_and_stay_where_they_are(
    li: FlaskClient, chen: FlaskClient
) -> None:
    case = open_case(chen, "after_hours")
    sent(li, case, {**LABOUR, "rate": "event", "quantity": "1"})
    ok(chen.post(f"{HQ}/quotes/Q1-1/answers", json={"decision": "approved", "text": "好"}))
    one = case_of(chen, case)
    assert one["state"] == "requested"
    assert one["timeline"][-1]["step"] == "quote_approved"
    assert one["timeline"][-1]["given"] == {"quote": "Q1-1", "total": "CNY 1272.00"}


def test_mails_tell_who_answered_and_how_much_as_their_reader_reads_it(
    li: FlaskClient, chen: FlaskClient, manager: User, it_lead: User
) -> None:
    with unit_of_work() as session:
        session.get_one(User, it_lead.id).name_en = "Chen Jing"
        boss = session.get_one(User, manager.id)
        boss.email, boss.language = "wang@example.com", "en"
    sent(li, open_case(chen, "after_hours"), {**LABOUR, "rate": "event", "quantity": "1"})
    ok(chen.post(f"{HQ}/quotes/Q1-1/answers", json={"decision": "approved"}))
    mails = {mail.to_address: mail for mail in db.session.scalars(sa.select(Mail))}
    assert mails["wang@example.com"].subject == "Chen Jing has approved Q1-1 (CNY 1,272.00)"
    assert "含税合计 CNY 1,272.00" in mails["lead@client.example"].text


def test_what_was_issued_is_never_edited(li: FlaskClient) -> None:
    quote = sent(li, open_case(li))
    refused = li.patch(f"{HQ}/quotes/Q1-1", json=body_of(quote, DISPLAY))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "quote_issued")
    again = li.post(f"{HQ}/quotes/Q1-1/send", json={"to": ["lead@client.example"]})
    assert again.get_json()["code"] == "quote_issued"


def test_a_draft_is_dropped_with_its_file_and_what_was_sent_stays(
    li: FlaskClient, chen: FlaskClient, app: Flask, pdf: None
) -> None:
    case = open_case(li)
    sent(li, case)
    written(li, case)
    made = ok(li.post(f"{HQ}/quotes/Q2-1/document", json={}), 202)
    work()
    [document] = db.session.scalars(sa.select(Document).filter_by(id=made["id"]))
    key = document.object_key
    assert app.test_client().delete(f"{HQ}/quotes/Q2-1").status_code == 401
    assert chen.delete(f"{HQ}/quotes/Q2-1").status_code == 403
    assert li.delete(f"{HQ}/quotes/Q1-1").get_json()["code"] == "quote_issued"
    assert li.delete(f"{HQ}/quotes/Q2-1").status_code == 204
    assert li.delete(f"{HQ}/quotes/Q2-1").status_code == 404
    assert [one["name"] for one in ok(li.get(f"{HQ}/quotes"))["items"]] == ["Q1-1"]
    assert li.get(f"{HQ}/documents/{made['id']}").status_code == 404
    with pytest.raises(FileNotFoundError):
        object_store().get(key)
    [row] = db.session.scalars(sa.select(AuditRow).filter_by(action="quote_drop"))
    assert row.entity_id == "Q2-1"
    assert row.diff["lines"][1] is None


def test_two_who_write_at_once_dont_lose_each_others_lines(li: FlaskClient) -> None:
    draft = begun(li, open_case(li))
    ok(li.patch(f"{HQ}/quotes/Q1-1", json=body_of(draft, DISPLAY)))
    late = li.patch(f"{HQ}/quotes/Q1-1", json=body_of(draft, LABOUR))
    assert (late.status_code, late.get_json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({**DISPLAY, "quantity": "0"}, "lines.0.quantity"),
        ({**DISPLAY, "quantity": "1.0001"}, "lines.0.quantity"),
        ({**DISPLAY, "unit_price": "12.345"}, "lines.0.unit_price"),
        ({**DISPLAY, "unit_price": "-1"}, "lines.0.unit_price"),
        ({**DISPLAY, "tax_rate": "101"}, "lines.0.tax_rate"),
        ({**DISPLAY, "text": "  "}, "lines.0.text"),
        ({**LABOUR, "rate": "nobody"}, "lines.0.rate"),
    ],
)
def test_a_line_that_cannot_be_is_named(line: Any, field: str, li: FlaskClient) -> None:
    draft = begun(li, open_case(li))
    refused = li.patch(f"{HQ}/quotes/Q1-1", json=body_of(draft, line))
    assert refused.status_code == 422
    assert field in refused.get_json()["fields"]


def test_prices_are_texts_and_no_floats(li: FlaskClient) -> None:
    draft = begun(li, open_case(li))
    refused = li.patch(f"{HQ}/quotes/Q1-1", json=body_of(draft, {**DISPLAY, "unit_price": 12.5}))
    assert refused.status_code == 422


def test_only_what_costs_the_client_is_quoted(wang: FlaskClient, li: FlaskClient) -> None:
    free = open_case(li, way="warranty")
    refused = li.post(f"{HQ}/cases/{free}/quotes", json={"uid": made.uid()})
    assert refused.get_json()["code"] == "quote_not_here"
    assert ok(li.get(f"{HQ}/cases/{free}/quotes"))["kind"] is None
    case = open_case(li)
    draft = written(li, case)
    gone = {"uid": made.uid(), "step": "cancel", "fields": {"text": "不修了"}}
    ok(li.post(f"{HQ}/cases/{case}/steps", json=gone))
    refused = li.post(f"{HQ}/quotes/{draft['name']}/send", json={"to": ["a@b.example"]})
    assert refused.get_json()["code"] == "quote_case_over"


def test_a_rate_that_moved_is_saved_anew_before_it_is_sent(
    wang: FlaskClient, li: FlaskClient
) -> None:
    empty = begun(li, open_case(li))
    to = {"to": ["lead@client.example"]}
    assert li.post(f"{HQ}/quotes/Q1-1/send", json=to).get_json()["code"] == "quote_empty"
    ok(li.patch(f"{HQ}/quotes/Q1-1", json=body_of(empty, LABOUR)))
    made.settle_rates(wang, [{**made.RATES[0], "price": "200"}])
    refused = li.post(f"{HQ}/quotes/Q1-1/send", json=to)
    assert refused.get_json()["code"] == "quote_rate_changed"
    saved = ok(li.patch(f"{HQ}/quotes/Q1-1", json={**body_of(empty, LABOUR), "revision": 2}))
    assert saved["net"] == "500.00"


def test_without_anybody_to_send_to_nothing_is_issued(li: FlaskClient) -> None:
    written(li, open_case(li))
    refused = li.post(f"{HQ}/quotes/Q1-1/send", json={})
    assert refused.get_json()["code"] == "quote_nobody_to_send"


def test_a_drafts_file_is_the_providers_own(li: FlaskClient, chen: FlaskClient, pdf: None) -> None:
    written(li, open_case(li))
    draft = ok(li.post(f"{HQ}/quotes/Q1-1/document", json={"language": "en"}), 202)
    work()
    path = f"{HQ}/documents/{draft['id']}"
    assert li.get(f"{path}/file").status_code == 200
    for what in ("", "/file", "/pages/1.png"):
        assert chen.get(path + what).status_code == 404
    assert chen.post(f"{HQ}/quotes/Q1-1/document", json={}).status_code == 404
    ok(li.post(f"{HQ}/quotes/Q1-1/send", json={"to": ["lead@client.example"]}))
    issued = ok(chen.post(f"{HQ}/quotes/Q1-1/document", json={"language": "en"}), 202)
    assert issued["id"] != draft["id"]
    assert chen.get(path).status_code == 404


def test_the_list_counts_filters_and_becomes_a_file(li: FlaskClient, chen: FlaskClient) -> None:
    sent(li, open_case(li))
    written(li, open_case(li, way="replacement"))
    page = ok(li.get(f"{HQ}/quotes"))
    assert [one["name"] for one in page["items"]] == ["Q2-1", "Q1-1"]
    assert (page["counts"]["draft"], page["counts"]["sent"]) == (1, 1)
    assert [one["name"] for one in ok(li.get(f"{HQ}/quotes?q=Q1"))["items"]] == ["Q1-1"]
    assert ok(chen.get(f"{HQ}/quotes"))["total"] == 1
    text = chen.get(f"{HQ}/quotes.csv?language=en").data.decode("utf-8-sig")
    assert "14941.00" in text
    assert "Q2-1" not in text
    assert chen.get(f"{HQ}/quotes.xlsx").status_code == 200


def test_the_quotes_of_a_case_cost_the_same_however_many_there_are(
    li: FlaskClient, count_queries: Callable[[], int]
) -> None:
    case = open_case(li)
    written(li, case)
    counts = []
    for _ in range(2):
        count_queries()
        ok(li.get(f"{HQ}/cases/{case}/quotes"))
        counts.append(count_queries())
        written(li, case)
    assert counts[0] == counts[1]


def test_a_rate_card_is_settled_by_who_manages_the_contract(
    wang: FlaskClient, li: FlaskClient, chen: FlaskClient
) -> None:
    given = {"currency": "HKD", "tax_rate": "9", "valid_days": 14}
    told = ok(wang.patch(f"{HQ}/quote-settings", json=given))
    assert {key: told[key] for key in given} == given
    assert [one["price"] for one in told["rates"]] == ["180.00", "1200.00"]
    assert ok(chen.get(f"{HQ}/quote-settings")) == told
    assert li.patch(f"{HQ}/quote-settings", json=given).status_code == 403
    twice = [made.RATES[0], made.RATES[0]]
    refused = wang.patch(f"{HQ}/quote-settings", json={"rates": twice})
    assert "rates.1.key" in refused.get_json()["fields"]
    assert begun(li, open_case(li))["currency"] == "HKD"
