"""People, roles and contracts: who may change them, and that contracts are walled off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.identity.models import Contract, Membership, User
from webapp.identity.rules import RIGHTS, ROLES, rights_of

SignIn = Callable[[User], FlaskClient]
MEMBERS = "/api/contracts/HQ/members"
NEW = {
    "login": "Sun.Li",
    "name": "孙丽",
    "role": "backup_engineer",
    "password": "a first password",
}


def _member_id(browser: FlaskClient, login: str) -> int:
    rows = browser.get(MEMBERS).get_json()
    return next(row["id"] for row in rows if row["login"] == login)


@pytest.mark.parametrize(
    ("role", "missing"),
    [
        ("project_manager", {"confirm"}),
        ("on_site_engineer", {"accept", "confirm", "manage_checklists", "manage_people"}),
        ("inspection_engineer", set(RIGHTS) - {"view", "inspect", "handle"}),
        ("backup_engineer", set(RIGHTS) - {"view", "inspect", "handle"}),
        ("client_it_lead", set(RIGHTS) - {"view", "confirm"}),
        ("nobody", set(RIGHTS)),
    ],
)
def test_each_role_has_its_rights(role: str, missing: set[str]) -> None:
    assert rights_of(role, is_admin=False) == set(RIGHTS) - missing


def test_an_administrator_does_all_but_inspect() -> None:
    assert rights_of(None, is_admin=True) == set(RIGHTS) - {"inspect", "confirm"}
    assert rights_of("backup_engineer", is_admin=True) == set(RIGHTS) - {"confirm"}


def test_the_project_manager_takes_a_new_person_in(manager: User, signed_in: SignIn) -> None:
    browser = signed_in(manager)
    assert browser.post(MEMBERS, json=NEW).status_code == 204
    rows = {row["login"]: row for row in browser.get(MEMBERS).get_json()}
    assert rows["sun.li"]["role"] == "backup_engineer"
    newcomer = {"login": "sun.li", "password": NEW["password"]}
    answer = browser.post("/api/session", json=newcomer)
    assert (answer.status_code, answer.get_json()["user"]["language"]) == (200, "zh")


def test_a_new_person_reads_the_language_that_he_was_taken_in_with(
    manager: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    assert browser.post(MEMBERS, json={**NEW, "language": "fr"}).status_code == 422
    assert browser.post(MEMBERS, json={**NEW, "language": "en"}).status_code == 204
    newcomer = {"login": "sun.li", "password": NEW["password"]}
    answer = browser.post("/api/session", json=newcomer)
    assert answer.get_json()["user"]["language"] == "en"


def test_a_known_person_needs_no_new_password(
    manager: User, stranger: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    body = {"login": "stranger", "role": "inspection_engineer"}
    assert browser.post(MEMBERS, json=body).status_code == 204
    codes = [row["code"] for row in signed_in(stranger).get("/api/contracts").get_json()]
    assert codes == ["HQ", "OTHER"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, None),
        ({"password": None}, "password"),
        ({"name": ""}, "name"),
        ({"role": "king"}, "role"),
        ({"is_admin": True}, "is_admin"),
    ],
)
def test_a_bad_new_person_is_refused_and_nothing_is_stored(
    change: dict[str, object], field: str | None, manager: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    answer = browser.post(MEMBERS, json=NEW | change)
    assert answer.status_code == 422
    if field:
        assert field in answer.get_json()["fields"]
    assert len(browser.get(MEMBERS).get_json()) == 1


def test_somebody_who_is_in_already_is_not_taken_in_twice(
    manager: User, engineer: User, signed_in: SignIn
) -> None:
    body = {"login": "engineer", "role": "backup_engineer"}
    answer = signed_in(manager).post(MEMBERS, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_member")


def test_a_changed_role_counts_at_once(manager: User, engineer: User, signed_in: SignIn) -> None:
    boss, browser = signed_in(manager), signed_in(engineer)
    assert browser.post(MEMBERS, json=NEW).status_code == 403
    member = _member_id(boss, "engineer")
    assert boss.patch(f"{MEMBERS}/{member}", json={"role": "project_manager"}).status_code == 204
    assert browser.post(MEMBERS, json=NEW).status_code == 204


def test_nobody_moves_in_the_list_when_a_role_is_changed(
    manager: User, engineer: User, signed_in: SignIn
) -> None:
    """Else the next press would meet the person who has slipped into his place."""
    browser = signed_in(manager)
    before = [row["login"] for row in browser.get(MEMBERS).get_json()]
    own = f"{MEMBERS}/{_member_id(browser, engineer.login)}"
    for role in ROLES:
        assert browser.patch(own, json={"role": role}).status_code == 204
        assert [row["login"] for row in browser.get(MEMBERS).get_json()] == before


@pytest.mark.parametrize("role", ["project_manager", "administrator"])
def test_a_member_gets_a_new_telephone_number_and_the_history_tells_it(
    role: str, contract: Contract, engineer: User, signed_in: SignIn
) -> None:
    if role == "administrator":
        boss = factories.user("boss", is_admin=True)
    else:
        boss = factories.member(contract, role, login="boss")
    browser = signed_in(boss)
    path = f"{MEMBERS}/{_member_id(browser, 'engineer')}"
    assert browser.patch(path, json={"phone": "+86 138 0000 0042"}).status_code == 204
    rows = {row["login"]: row for row in browser.get(MEMBERS).get_json()}
    found = rows["engineer"]
    assert (found["phone"], found["role"]) == ("+86 138 0000 0042", "inspection_engineer")
    line = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert line is not None
    assert (line.user_id, line.contract_id) == (boss.id, contract.id)
    assert line.diff == {"phone": ["", "+86 138 0000 0042"]}


def test_a_telephone_number_can_be_taken_away_again(
    manager: User, engineer: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    path = f"{MEMBERS}/{_member_id(browser, 'engineer')}"
    for phone in ("0571-8888 0000-102", ""):
        assert browser.patch(path, json={"phone": phone}).status_code == 204
        rows = {row["login"]: row for row in browser.get(MEMBERS).get_json()}
        assert rows["engineer"]["phone"] == phone


def test_a_member_is_given_an_address_that_can_be_written_to(
    manager: User, engineer: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    rows = {row["login"]: row for row in browser.get(MEMBERS).get_json()}
    path = f"{MEMBERS}/{rows['engineer']['id']}"
    assert browser.patch(path, json={"email": "li@公司.中国"}).status_code == 204
    for wrong in ("li", "li@", "a@b.cn, c@d.cn", "a@b.cn\r\nBcc: c@d.cn"):
        for answer in (
            browser.patch(path, json={"email": wrong}),
            browser.post(MEMBERS, json=NEW | {"email": wrong}),
        ):
            assert answer.status_code == 422
            assert answer.get_json()["fields"] == {"email": ["address_invalid"]}
    rows = {row["login"]: row for row in browser.get(MEMBERS).get_json()}
    assert rows["engineer"]["email"] == "li@公司.中国"
    line = db.session.scalars(
        sa.select(AuditRow).filter_by(action="change", entity="membership").order_by(AuditRow.id)
    ).one()
    assert line.diff == {"email": ["", "li@公司.中国"]}


@pytest.mark.parametrize("phone", ["call me", "1234", "138 0000 0042 x", "1" * 21, "(((((", None])
def test_what_cannot_be_dialled_is_refused_and_the_field_is_named(
    phone: object, manager: User, engineer: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    path = f"{MEMBERS}/{_member_id(browser, 'engineer')}"
    for answer in (
        browser.patch(path, json={"phone": phone, "role": "backup_engineer"}),
        browser.post(MEMBERS, json=NEW | {"phone": phone}),
    ):
        assert answer.status_code == 422
        assert list(answer.get_json()["fields"]) == ["phone"]
    rows = {row["login"]: row for row in browser.get(MEMBERS).get_json()}
    assert rows["engineer"]["role"] == "inspection_engineer"
    assert "sun.li" not in rows


def test_who_has_left_finds_nothing_and_can_come_back(
    manager: User, engineer: User, signed_in: SignIn
) -> None:
    boss, browser = signed_in(manager), signed_in(engineer)
    member = _member_id(boss, "engineer")
    assert boss.delete(f"{MEMBERS}/{member}").status_code == 204
    assert browser.get(MEMBERS).status_code == 404
    assert browser.get("/api/contracts").get_json() == []
    back = {"login": "engineer", "role": "backup_engineer"}
    assert boss.post(MEMBERS, json=back).status_code == 204
    assert browser.get(MEMBERS).status_code == 200


def test_the_last_project_manager_stays(manager: User, signed_in: SignIn) -> None:
    browser = signed_in(manager)
    member = _member_id(browser, "manager")
    for answer in (
        browser.delete(f"{MEMBERS}/{member}"),
        browser.patch(f"{MEMBERS}/{member}", json={"role": "backup_engineer"}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "last_project_manager")


@pytest.mark.parametrize("role", [role for role in ROLES if role != "project_manager"])
def test_only_the_project_manager_changes_people(
    role: str, contract: Contract, manager: User, signed_in: SignIn
) -> None:
    browser = signed_in(factories.member(contract, role, login="other"))
    member = _member_id(browser, "manager")
    answers = [
        browser.post(MEMBERS, json=NEW),
        browser.patch(f"{MEMBERS}/{member}", json={"role": "backup_engineer"}),
        browser.patch(f"{MEMBERS}/{member}", json={"phone": "138 0000 0042"}),
        browser.delete(f"{MEMBERS}/{member}"),
        browser.patch("/api/contracts/HQ", json={"due_day": 9}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5


def test_another_contract_does_not_exist_for_a_stranger(
    manager: User, stranger: User, signed_in: SignIn
) -> None:
    theirs = signed_in(stranger)
    member = _member_id(signed_in(manager), "manager")
    answers = [
        theirs.get(MEMBERS),
        theirs.post(MEMBERS, json=NEW),
        theirs.patch(f"{MEMBERS}/{member}", json={"role": "backup_engineer"}),
        theirs.delete(f"{MEMBERS}/{member}"),
        theirs.patch("/api/contracts/HQ", json={"due_day": 9}),
        theirs.delete(f"/api/contracts/OTHER/members/{member}"),
        theirs.get("/api/contracts/NOWHERE/members"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 7


def test_without_signing_in_there_is_nothing(contract: Contract, client: FlaskClient) -> None:
    for path in (MEMBERS, "/api/session", "/api/sessions", "/api/contracts", "/api/users"):
        answer = client.get(path)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


def test_how_a_contract_is_accepted_and_reminded_is_a_setting_with_a_trail(
    manager: User, signed_in: SignIn
) -> None:
    browser = signed_in(manager)
    shown = browser.get("/api/contracts").get_json()[0]
    assert (shown["acceptance_strictness"], shown["remind_days_before"]) == ("three", [3, 1])
    changes = {"acceptance_strictness": "two", "remind_days_before": [5], "recheck_share": 0.25}
    assert browser.patch("/api/contracts/HQ", json=changes).status_code == 204
    shown = browser.get("/api/contracts").get_json()[0]
    assert {name: shown[name] for name in changes} == changes
    trail = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.entity == "contract").order_by(AuditRow.id)
    ).all()
    assert trail[-1].diff["acceptance_strictness"] == ["three", "two"]


def test_the_due_day_is_a_setting_of_the_contract(manager: User, signed_in: SignIn) -> None:
    browser = signed_in(manager)
    changed = {"due_day": 8, "time_zone": "Asia/Urumqi", "opens_day": 1}
    assert browser.patch("/api/contracts/HQ", json=changed).status_code == 204
    row = browser.get("/api/contracts").get_json()[0]
    assert {key: row[key] for key in changed} == changed


@pytest.mark.parametrize(
    "change", [{"due_day": 31}, {"time_zone": "Mars/Olympus"}, {"anchor_month": "2026-13"}]
)
def test_an_impossible_setting_is_refused(
    change: dict[str, object], manager: User, signed_in: SignIn
) -> None:
    answer = signed_in(manager).patch("/api/contracts/HQ", json=change)
    assert answer.status_code == 422
    assert set(answer.get_json()["fields"]) == set(change)


def test_an_administrator_makes_contracts_and_sees_all(signed_in: SignIn, stranger: User) -> None:
    root = signed_in(factories.user("root", is_admin=True))
    body = {"code": "NEW-1", "name_zh": "新合同"}
    assert root.post("/api/contracts", json=body).status_code == 201
    again = root.post("/api/contracts", json=body)
    assert (again.status_code, again.get_json()["code"]) == (409, "code_taken")
    codes = [row["code"] for row in root.get("/api/contracts").get_json()]
    assert codes == ["NEW-1", "OTHER"]
    assert signed_in(stranger).post("/api/contracts", json=body).status_code == 403
    assert signed_in(stranger).get("/api/users").status_code == 403


def test_an_administrator_cannot_lock_himself_out(signed_in: SignIn) -> None:
    root = factories.user("root", is_admin=True)
    answer = signed_in(root).patch(f"/api/users/{root.id}", json={"disabled": True})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "own_administration")


def test_every_change_of_people_is_in_the_audit_trail(
    manager: User, engineer: User, signed_in: SignIn
) -> None:
    boss = signed_in(manager)
    member = _member_id(boss, "engineer")
    boss.patch(f"{MEMBERS}/{member}", json={"role": "on_site_engineer"})
    from webapp.audit.models import AuditRow

    row = db.session.query(AuditRow).filter_by(entity="membership", action="change").one()
    assert row.user_id == manager.id
    assert row.diff == {"role": ["inspection_engineer", "on_site_engineer"]}


def test_listing_people_costs_the_same_for_many(
    contract: Contract, manager: User, signed_in: SignIn, count_queries: Callable[[], int]
) -> None:
    browser = signed_in(manager)
    browser.get(MEMBERS)
    count_queries()
    browser.get(MEMBERS)
    few = count_queries()
    for number in range(20):
        factories.member(contract, "inspection_engineer", login=f"engineer{number}")
    count_queries()
    assert len(browser.get(MEMBERS).get_json()) == 21
    assert count_queries() == few
    assert db.session.query(Membership).count() == 21
