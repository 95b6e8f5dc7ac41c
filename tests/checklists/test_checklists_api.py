"""Checklist versions over the real API: drafts, publishing, retiring, comparing, and who may."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from webapp.audit.models import AuditRow
from webapp.checklists import services
from webapp.checklists.document import default_content
from webapp.checklists.models import ChecklistVersion
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.rounds.models import Round

SignIn = Callable[[User], FlaskClient]
BASE = "/api/contracts/HQ/checklists"
ENDPOINTS = [
    ("GET", BASE, None, "view"),
    ("POST", BASE, {}, "manage_checklists"),
    ("GET", f"{BASE}/1", None, "view"),
    ("PATCH", f"{BASE}/1", {"note": "x"}, "manage_checklists"),
    ("POST", f"{BASE}/1/publish", None, "manage_checklists"),
    ("POST", f"{BASE}/1/retire", None, "manage_checklists"),
    ("GET", f"{BASE}/1/compare/1", None, "view"),
]


@pytest.fixture
def first(contract: Contract) -> ChecklistVersion:
    """The contract's version 1: the shipped default, published."""
    with unit_of_work() as session:
        return services.ensure_default(session, contract.id, now=now_utc())


@pytest.fixture
def desk(first: ChecklistVersion, manager: User, signed_in: SignIn) -> FlaskClient:
    """The project manager's browser."""
    return signed_in(manager)


def draft(desk: FlaskClient, **body: Any) -> Any:
    answer = desk.post(BASE, json=body)
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def open_round(contract: Contract, checklist: ChecklistVersion, state: str = "open") -> Round:
    with unit_of_work() as session:
        row = Round(
            contract_id=contract.id,
            month="2026-11",
            state=state,
            due_on=date(2026, 11, 10),
            checklist_id=checklist.id,
            opened_at=now_utc(),
        )
        session.add(row)
    return row


@pytest.mark.parametrize(("method", "path", "body", "right"), ENDPOINTS)
def test_every_endpoint_asks_who_it_is(
    method: str,
    path: str,
    body: Any,
    right: str,
    first: ChecklistVersion,
    client: FlaskClient,
    engineer: User,
    stranger: User,
    signed_in: SignIn,
) -> None:
    assert client.open(path, method=method, json=body).status_code == 401
    foreign = signed_in(stranger).open(path, method=method, json=body)
    assert (foreign.status_code, foreign.get_json()["code"]) == (404, "not_found")
    mine = signed_in(engineer).open(path, method=method, json=body)
    assert mine.status_code == (200 if right == "view" else 403)


def test_another_contracts_version_is_not_found(
    desk: FlaskClient, stranger: User, signed_in: SignIn
) -> None:
    browser = signed_in(stranger)
    answer = browser.get("/api/contracts/OTHER/checklists/1")
    assert answer.status_code == 404
    answer = browser.post("/api/contracts/OTHER/checklists", json={"from_number": 1})
    assert answer.status_code == 404
    assert desk.get(f"{BASE}/1/compare/2").status_code == 404
    assert desk.post(f"{BASE}/77/publish").status_code == 404
    assert desk.post(f"{BASE}/77/retire").status_code == 404
    assert desk.get(f"{BASE}/99999999999999").status_code == 404


def test_the_default_is_shown_published_and_current(desk: FlaskClient) -> None:
    (row,) = desk.get(BASE).get_json()
    assert (row["number"], row["state"], row["current"]) == (1, "published", True)
    assert (row["type_count"], row["item_count"]) == (11, 78)
    whole = desk.get(f"{BASE}/1").get_json()
    assert whole["content"] == default_content()
    assert whole["problems"] == []
    assert whole["rounds"] == []


def test_a_draft_is_made_saved_published_and_compared(desk: FlaskClient) -> None:
    made = draft(desk, note="更严的灯泡时数")
    assert (made["number"], made["state"], made["created_by"]) == (2, "draft", "王建国")
    content = made["content"]
    lamp = content["types"][0]["items"][1]
    lamp["normal"]["max_share_of_register"] = ["rated_lamp_hours", 0.8]
    del content["types"][0]["items"][6]
    body = {"content": content, "expected_hash": made["content_hash"]}
    saved = desk.patch(f"{BASE}/2", json=body).get_json()
    assert saved["content"] == content
    assert saved["content_hash"] != made["content_hash"]
    published = desk.post(f"{BASE}/2/publish").get_json()
    assert (published["state"], published["published_by"]) == ("published", "王建国")
    assert [(r["number"], r["current"]) for r in desk.get(BASE).get_json()] == [
        (2, True),
        (1, False),
    ]
    found = desk.get(f"{BASE}/1/compare/2").get_json()
    assert (found["before"], found["after"]) == (1, 2)
    changed, removed = found["differences"]
    assert changed == {
        "area": "types",
        "type": "projector",
        "item": "lamp_hours",
        "field": "normal",
        "change": "changed",
        "before": {"min": 0, "max_share_of_register": ["rated_lamp_hours", 0.85]},
        "after": {"min": 0, "max_share_of_register": ["rated_lamp_hours", 0.8]},
    }
    assert (removed["item"], removed["change"], removed["after"]) == ("screen", "removed", None)
    assert desk.get(f"{BASE}/1/compare/1").get_json()["differences"] == []


def test_a_published_version_is_never_edited(desk: FlaskClient) -> None:
    answer = desk.patch(f"{BASE}/1", json={"note": "一处小改"})
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "checklist_published_immutable"
    answer = desk.post(f"{BASE}/1/publish")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "checklist_not_draft")


def write(checklist_id: int, **values: Any) -> None:
    with unit_of_work() as session:
        row = session.get_one(ChecklistVersion, checklist_id)
        for name, value in values.items():
            setattr(row, name, value)


@pytest.mark.parametrize(
    "values", [{"content": {}}, {"content_hash": "0" * 64}, {"state": "draft", "content": {}}]
)
def test_no_other_way_of_writing_edits_it_either(values: Any, first: ChecklistVersion) -> None:
    with pytest.raises(AppError) as refusal:
        write(first.id, **values)
    assert refusal.value.code == "checklist_published_immutable"
    assert db.session.get_one(ChecklistVersion, first.id).content == default_content()


def test_a_draft_may_have_problems_and_only_publishing_refuses_them(desk: FlaskClient) -> None:
    content = draft(desk)["content"]
    content["types"][0]["items"][0] |= {"zh": "", "severity": 9}
    content["types"][0]["items"][1]["normal"] = {"min": 5, "max": 1}
    saved = desk.patch(f"{BASE}/2", json={"content": content})
    assert saved.status_code == 200
    places = {(p["path"], p["code"]) for p in saved.get_json()["problems"]}
    assert places == {
        ("types.0.items.0.zh", "missing"),
        ("types.0.items.0.severity", "severity_out_of_range"),
        ("types.0.items.1.normal.max", "min_above_max"),
    }
    answer = desk.post(f"{BASE}/2/publish")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "checklist_invalid")
    assert answer.get_json()["fields"]["types.0.items.0.zh"] == ["missing"]
    assert len(answer.get_json()["details"]["problems"]) == 3
    assert desk.get(f"{BASE}/2").get_json()["state"] == "draft"


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"types": "none"}, "types", "not_list"),
        ({"types": [7]}, "types.0", "not_object"),
        ({"causes": {"any": [{"zh": 1, "en": "x"}]}}, "causes.any.0.zh", "not_text"),
        ({"exceptions": {"a": 1}}, "exceptions.0", "not_object"),
    ],
)
def test_what_cannot_be_kept_is_not_saved_by_halves(
    change: Any, path: str, code: str, desk: FlaskClient
) -> None:
    made = draft(desk)
    answer = desk.patch(f"{BASE}/2", json={"content": made["content"] | change})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "checklist_invalid")
    assert answer.get_json()["fields"][path] == [code]
    assert desk.get(f"{BASE}/2").get_json()["content_hash"] == made["content_hash"]


@pytest.mark.parametrize(
    "body", [{"state": "published"}, {"content": []}, {"expected_hash": "x"}, {"note": "x" * 501}]
)
def test_a_misshapen_request_is_refused(body: Any, desk: FlaskClient) -> None:
    draft(desk)
    assert desk.patch(f"{BASE}/2", json=body).status_code == 422
    assert desk.post(BASE, json=body).status_code == 422 or "note" in body


def test_two_editors_do_not_overwrite_each_other(desk: FlaskClient) -> None:
    made = draft(desk)
    mine, theirs = copy.deepcopy(made["content"]), copy.deepcopy(made["content"])
    mine["exceptions"][0]["en"] = "in use"
    theirs["exceptions"][0]["en"] = "busy"
    seen = made["content_hash"]
    first = desk.patch(f"{BASE}/2", json={"content": theirs, "expected_hash": seen})
    assert first.status_code == 200
    second = desk.patch(f"{BASE}/2", json={"content": mine, "expected_hash": seen})
    assert (second.status_code, second.get_json()["code"]) == (409, "conflict")
    assert desk.get(f"{BASE}/2").get_json()["content"] == theirs


def test_a_version_that_a_round_works_with_is_not_retired(
    desk: FlaskClient, contract: Contract, first: ChecklistVersion
) -> None:
    draft(desk)
    desk.post(f"{BASE}/2/publish")
    row = open_round(contract, first)
    used = desk.get(f"{BASE}/1").get_json()["rounds"]
    assert used == [{"id": row.id, "month": "2026-11", "state": "open"}]
    answer = desk.post(f"{BASE}/1/retire")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "checklist_in_use")
    assert answer.get_json()["details"]["months"] == ["2026-11"]
    with unit_of_work() as session:
        session.get_one(Round, row.id).state = "accepted"
    retired = desk.post(f"{BASE}/1/retire").get_json()
    assert (retired["state"], retired["current"]) == ("retired", False)
    assert desk.post(f"{BASE}/1/retire").status_code == 200


def test_the_last_published_version_stays_and_a_draft_can_be_put_away(desk: FlaskClient) -> None:
    draft(desk)
    answer = desk.post(f"{BASE}/1/retire")
    assert (answer.status_code, answer.get_json()["details"]["last_published"]) == (409, True)
    assert desk.post(f"{BASE}/2/retire").get_json()["state"] == "retired"
    again = desk.post(f"{BASE}/2/publish")
    assert (again.status_code, again.get_json()["code"]) == (409, "checklist_not_draft")


def test_a_draft_begins_with_the_version_that_is_named(desk: FlaskClient) -> None:
    content = draft(desk)["content"]
    content["exceptions"] = content["exceptions"][:2]
    desk.patch(f"{BASE}/2", json={"content": content})
    desk.post(f"{BASE}/2/publish")
    assert draft(desk)["content"]["exceptions"] == content["exceptions"]
    assert draft(desk, from_number=1)["content"] == default_content()
    assert desk.post(BASE, json={"from_number": 44}).status_code == 404


def test_every_change_leaves_an_audit_row_field_by_field(desk: FlaskClient, manager: User) -> None:
    content = draft(desk)["content"]
    content["types"][0]["items"][0]["severity"] = 2
    content["exceptions"].reverse()
    desk.patch(f"{BASE}/2", json={"content": content, "note": "改"})
    desk.patch(f"{BASE}/2", json={"content": content, "note": "改"})
    desk.post(f"{BASE}/2/publish")
    statement = sa.select(AuditRow).where(AuditRow.entity == "checklist").order_by(AuditRow.id)
    rows = [row for row in db.session.scalars(statement) if row.entity_id == "2"]
    actions = [row.action for row in rows]
    assert actions == ["create", "change", "publish"]
    assert {row.user_id for row in rows} == {manager.id}
    saved = rows[1].diff
    assert saved["note"] == ["", "改"]
    assert saved["types.projector.power.severity"] == [1, 2]
    assert saved["exceptions.order"][0][0] == "occupied"


def test_the_list_takes_as_many_queries_for_ten_versions_as_for_one(
    desk: FlaskClient, count_queries: Callable[[], int]
) -> None:
    count_queries()
    desk.get(BASE)
    one = count_queries()
    for _ in range(9):
        draft(desk)
    count_queries()
    assert len(desk.get(BASE).get_json()) == 10
    assert count_queries() == one


def test_a_new_contract_has_the_shipped_checklists(app: object, signed_in: SignIn) -> None:
    browser = signed_in(factories.user("root", is_admin=True))
    body = {"code": "NEW", "name_zh": "新合同", "anchor_month": "2026-01"}
    assert browser.post("/api/contracts", json=body).status_code == 201
    (row,) = browser.get("/api/contracts/NEW/checklists").get_json()
    assert (row["number"], row["state"], row["current"]) == (1, "published", True)
