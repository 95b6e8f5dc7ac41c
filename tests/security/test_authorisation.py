"""Every endpoint × everybody × own and other contract, from the API's document (security.md 6, 7)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.security.calls import call, path_values, who_may
from tests.security.changes import new_change
from tests.security.rules import ADMINISTRATORS, ANYBODY, CONTRACT, INSIDE, OUTSIDE, RULES
from tests.security.world import (
    ACTORS,
    DISABLED,
    FORMER,
    MONTH,
    NOBODY,
    World,
    new_label,
    start_session,
)
from webapp.api.openapi import document
from webapp.db import unit_of_work
from webapp.identity.rules import ADMINISTRATOR, ROLES, rights_of
from webapp.rounds.models import Round
from webapp.rounds.rules import TRANSITIONS

METHODS = ("get", "post", "put", "patch", "delete")
OTHER_NAMES = (
    "building_id", "room_id", "device_id", "code", "inspection_id", "photo_uid", "row_id",
    "returned_id", "key",
    "document_id", "report_id", "mail_id", "incoming_id", "planned_id",
    "part_id", "loan_id", "hook_id", "delivery_id", "kept_uid",
)  # fmt: skip
# Of these the other contract has none that the first has not: a number is each contract's own.
OWN_NAMES = (
    "month", "number", "name", "other", "action", "step", "contract_code", "member_id", "entry_number",
)  # fmt: skip
NO_SUCH = {
    "building_id": 999_999,
    "room_id": 999_999,
    "device_id": 999_999,
    "code": "BCDF2GH7",
    "inspection_id": 999_999,
    "photo_uid": "01900000-0000-7000-8000-ffffffffffff",
    "row_id": 999_999,
    "returned_id": 999_999,
    "key": "answer-999999",
    "document_id": 999_999,
    "report_id": 999_999,
    "mail_id": 999_999,
    "incoming_id": 999_999,
    "planned_id": 999_999,
    "part_id": 999_999,
    "loan_id": 999_999,
    "hook_id": 999_999,
    "delivery_id": 999_999,
    "kept_uid": "01900000-0000-7000-8000-ffffffffffff",
}


def endpoints() -> set[tuple[str, str]]:
    """Every endpoint of the API's document."""
    paths = document()["paths"]
    return {(m.upper(), path) for path, item in paths.items() for m in METHODS if m in item}


def expected_inside(actor: str, right: str) -> int:
    """What an actor gets in his own contract: 401, 403, 404, or 200 for any answer to him."""
    if actor in (NOBODY, DISABLED):
        return 401
    if actor == FORMER:
        return 404
    is_admin = actor == ADMINISTRATOR
    rights = rights_of(None if is_admin else actor, is_admin=is_admin)
    return 200 if rights.intersection(right.split("|")) else 403


def expected_outside(actor: str, rule: str) -> int:
    if rule == ANYBODY:
        return 200
    if actor in (NOBODY, DISABLED):
        return 401
    return 403 if rule == ADMINISTRATORS and actor != ADMINISTRATOR else 200


def body_of(answer: TestResponse) -> Any:
    """An answer's body without the request's own id."""
    body = answer.get_json(silent=True)
    if isinstance(body, dict):
        body.pop("request_id", None)
        return body
    return answer.data


def told_as(answer: TestResponse, ids: dict[str, Any], others: dict[str, Any]) -> str:
    """The body as text, with other ids in place of those that the request itself has named."""
    text = json.dumps(body_of(answer))
    for name, value in ids.items():
        text = re.sub(rf"(?<=[\[\" ]){re.escape(str(value))}(?=[\],\"}}])", str(others[name]), text)
    return text


def let_in(answer: TestResponse) -> bool:
    """Whether the request was answered on its merits: done, or refused for another reason."""
    return answer.status_code not in (401, 403, 404)


def test_every_endpoint_has_a_rule_and_every_rule_an_endpoint(hq: World) -> None:
    assert endpoints() == set(RULES)


def test_every_address_of_the_api_is_in_the_document(hq: World) -> None:
    """But for the document's own two."""
    addresses = {
        re.sub(r"<(?:[^:<>]*(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
        for rule in hq.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("openapi.")
    }
    assert addresses == {path for _, path in endpoints()}


@pytest.mark.parametrize(("method", "path"), sorted(OUTSIDE))
def test_outside_of_contracts_each_gets_what_the_rule_says(
    method: str, path: str, hq: World
) -> None:
    rule = RULES[method, path]
    for actor in ACTORS:
        browser = hq.app.test_client()  # its session may end, or become another's
        if actor != NOBODY:
            start_session(browser, hq.people[actor])
        answer = call(hq, browser, method, path, actor)
        expected = expected_outside(actor, rule)
        if expected == 200:
            assert let_in(answer), (actor, answer.data)
        else:
            assert answer.status_code == expected, (actor, answer.data)


@pytest.mark.attack(6)
@pytest.mark.parametrize(("method", "path"), sorted(INSIDE))
def test_in_a_contract_each_gets_what_his_role_allows(
    method: str, path: str, hq: World, branch: World
) -> None:
    right = RULES[method, path]
    first = call(hq, hq.browser(who_may(right)), method, path, who_may(right))
    complete = path.endswith("{action}")  # nothing is finished while devices wait
    assert first.status_code in ((409,) if complete else (200, 201, 202, 204)), first.data
    for_refused = path_values(hq, path, who_may(right), method)
    for actor in ACTORS:
        expected = expected_inside(actor, right)
        values = None if expected == 200 else for_refused
        answer = call(hq, hq.browser(actor), method, path, actor, values)
        if expected == 200:
            assert let_in(answer), (actor, answer.status_code, answer.data)
        else:
            assert answer.status_code == expected, (actor, answer.data)


@pytest.mark.attack(6)
@pytest.mark.parametrize(("method", "path"), sorted(INSIDE))
def test_another_contract_is_not_there_and_looks_like_none(
    method: str, path: str, hq: World, branch: World
) -> None:
    values = path_values(branch, path, who_may(RULES[method, path]), method)
    for actor in (*ROLES, FORMER):
        browser = hq.browser(actor)
        theirs = call(branch, browser, method, path, actor, values)
        nowhere = call(branch, browser, method, path, actor, values, contract_code="NOWHERE")
        assert theirs.status_code == nowhere.status_code == 404, (actor, theirs.data)
        assert body_of(theirs) == body_of(nowhere)
    for actor in (NOBODY, DISABLED):
        theirs = call(branch, hq.browser(actor), method, path, actor, values)
        assert theirs.status_code == 401, (actor, theirs.data)


@pytest.mark.attack(6)
@pytest.mark.parametrize(
    ("method", "path"),
    sorted(key for key in INSIDE if any(f"{{{name}}}" in key[1] for name in OTHER_NAMES)),
)
def test_another_contracts_ids_are_as_unknown_as_any(
    method: str, path: str, hq: World, branch: World
) -> None:
    actor = who_may(RULES[method, path])
    browser = hq.browser(actor)
    names = [name for name in OTHER_NAMES if f"{{{name}}}" in path]
    theirs = {name: branch.names[name] for name in names}
    nobodys = {name: NO_SUCH[name] for name in names}
    values = path_values(hq, path, actor, method)
    one = call(hq, browser, method, path, actor, values, **theirs)
    other = call(hq, browser, method, path, actor, values, **nobodys)
    not_there = 409 if path.endswith("/photos/{photo_uid}") and method == "PUT" else 404
    assert one.status_code == other.status_code == not_there, (one.data, other.data)
    assert told_as(one, theirs, nobodys) == json.dumps(body_of(other))


@pytest.mark.attack(6)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/rooms", lambda n: {"building_id": n["building_id"], "name_zh": "新"}),
        ("PATCH", "/rooms/{room_id}", lambda n: {"building_id": n["building_id"]}),
        ("POST", "/devices", lambda n: {"room_id": n["room_id"], "type": "codec", "name": "新"}),
        ("PATCH", "/devices/{device_id}", lambda n: {"room_id": n["room_id"]}),
        ("POST", "/labels/{code}/relink", lambda n: {"device_id": n["device_id"]}),
        ("POST", "/labels/issue", lambda n: {"room_id": n["room_id"]}),
        ("POST", "/labels/issue", lambda n: {"building_id": n["building_id"]}),
        (
            "PATCH",
            "/rounds/{month}/rooms",
            lambda n: {"rooms": [{"room_id": n["room_id"], "assignee_id": None}]},
        ),
        (
            "PATCH",
            "/rounds/{month}/rooms",
            lambda n: {"rooms": [{"room_id": n["own_room"], "assignee_id": n["user_id"]}]},
        ),
        ("PATCH", "/open-items/{number}", lambda n: {"owner_id": n["user_id"]}),
        (
            "POST",
            "/rounds/{month}/sign-offs",
            lambda n: {"level": "peer_check", "room_ids": [n["room_id"]]},
        ),
        (
            "POST",
            "/rounds/{month}/rechecks",
            lambda n: {
                "checks": [
                    {"inspection_id": n["inspection_id"], "revision": 1, "result": "confirmed"}
                ]
            },
        ),
    ],
)
def test_another_contracts_ids_in_a_body_are_as_unknown_as_any(
    method: str, path: str, body: Any, hq: World, branch: World
) -> None:
    url = (CONTRACT + path).format_map({**hq.names, "code": new_label(hq)})
    browser = hq.browser("project_manager")
    users = branch.people["backup_engineer"].id
    theirs = {name: branch.names[name] for name in OTHER_NAMES} | {"user_id": users}
    nobodys = {**NO_SUCH, "user_id": 999_999}
    own = {"own_room": hq.names["room_id"]}
    one = browser.open(url, method=method, json=body(theirs | own))
    other = browser.open(url, method=method, json=body(nobodys | own))
    assert one.status_code == other.status_code
    assert told_as(one, theirs, nobodys) == json.dumps(body_of(other))
    assert one.status_code in (404, 422) or body_of(one) == {"issued": 0}


@pytest.mark.attack(6)
def test_a_change_of_another_contract_takes_no_device(hq: World, branch: World) -> None:
    manager, device = hq.browser("project_manager"), hq.names["device_id"]
    theirs = new_change(branch)
    url = f"{CONTRACT}/devices/{device}".format_map(hq.names)
    one, other = (
        manager.patch(url, json={"remark": "x", "case": name}) for name in (theirs, "G99999")
    )
    assert (one.status_code, one.get_json()["code"]) == (422, "case_unknown")
    assert told_as(one, {"case": theirs}, {"case": "G99999"}) == json.dumps(body_of(other))
    assert manager.get(url).get_json()["remark"] != "x"


@pytest.mark.parametrize(
    ("method", "path"), sorted(key for key, right in INSIDE.items() if right == "view")
)
def test_what_a_contract_shows_holds_nothing_of_another(
    method: str, path: str, hq: World, branch: World
) -> None:
    answer = call(hq, hq.browser("project_manager"), method, path, "project_manager")
    for foreign in ("BRANCH", branch.names["photo_uid"], branch.names["code"]):
        assert foreign.encode() not in answer.data


@pytest.mark.attack(19)
@pytest.mark.parametrize(
    ("method", "path"), sorted(key for key, rule in RULES.items() if rule != ANYBODY)
)
def test_of_a_strangers_body_not_a_byte_is_read(method: str, path: str, hq: World) -> None:
    class Untouchable:
        def read(self, _size: int = -1) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    url = path.format_map(path_values(hq, path, NOBODY))
    answer = hq.app.test_client().open(
        url,
        method=method,
        content_type="application/json",
        environ_overrides={"wsgi.input": Untouchable(), "CONTENT_LENGTH": "1000"},
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(("state", "action"), sorted(TRANSITIONS))
def test_a_rounds_actions_take_the_right_of_its_state(state: str, action: str, hq: World) -> None:
    _, right = TRANSITIONS[state, action]
    for actor in (*ROLES, ADMINISTRATOR):
        with unit_of_work() as session:
            session.query(Round).filter_by(month=MONTH).update({"state": state})
        url = f"/api/contracts/HQ/rounds/{MONTH}/{action}"
        answer = hq.browser(actor).post(url)
        expected = expected_inside(actor, right)
        assert (answer.status_code == 403) == (expected == 403), (actor, answer.data)
    with unit_of_work() as session:
        session.query(Round).filter_by(month=MONTH).update({"state": "open"})
