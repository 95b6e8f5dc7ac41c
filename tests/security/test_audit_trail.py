"""Who did what, field by field, in the change's own transaction; and nobody can alter it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.rounds import made
from tests.security.calls import call, path_values, who_may
from tests.security.rules import ADMINISTRATORS, CONTRACT, RULES, SIGNED_IN
from tests.security.world import MONTH, World, engineers_phone, start_session
from tests.sync.phone import inspection
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.identity.rules import ADMINISTRATOR
from webapp.rounds.models import InspectionRevision, Round

# What phones send has a history of its own, word for word and never changed: operations, revisions
# with their payload, and the photo's row and object. A rescue file is noted when something was in it.
OF_PHONES = {
    ("POST", f"{CONTRACT}/sync/push"),
    ("POST", f"{CONTRACT}/sync/missing"),
    ("PUT", f"{CONTRACT}/photos"),
    ("PUT", f"{CONTRACT}/photos/{{photo_uid}}"),
    ("POST", f"{CONTRACT}/rescue"),
}
# What a person has read is his own matter, and changes nothing for anybody else.
OF_ONESELF = {
    ("POST", "/api/notifications/read"),
    ("POST", "/api/notifications/{notification_id}/read"),
}
# A file is made of what is there: it changes nothing of the contract.
OF_FILES = {
    ("POST", f"{CONTRACT}/documents"),
    ("POST", f"{CONTRACT}/quotes/{{quote}}/document"),
}
# What a browser is asked to sign changes nothing; what it signed is noted, as tests/identity/test_passkeys shows.
OF_PASSKEYS = {
    ("POST", "/api/passkeys/options"),
    ("POST", "/api/passkeys"),
    ("POST", "/api/session/passkey/options"),
    ("POST", "/api/session/passkey"),
}
UNSAID = OF_PHONES | OF_ONESELF | OF_FILES | OF_PASSKEYS
CHANGING = sorted(key for key in RULES if key[0] != "GET" and key not in UNSAID)
Line = tuple[Any, ...]


def trail() -> dict[int, Line]:
    """Every line, whole, by its id."""
    db.session.rollback()
    rows = db.session.execute(sa.select(AuditRow.__table__).order_by(AuditRow.id))
    return {row.id: tuple(map(str, row)) for row in rows}


def who(method: str, path: str) -> str:
    if (method, path) == ("POST", "/api/session"):
        return "project_manager"
    rule = RULES[method, path]
    return ADMINISTRATOR if rule in (ADMINISTRATORS, SIGNED_IN) else who_may(rule)


def put_in_place(hq: World, method: str, path: str, actor: str) -> dict[str, Any]:
    """What a change needs that the world's own requests leave out."""
    if method == "PUT" and path.endswith(("{file_uid}", "{fault_photo_uid}")):
        return dict.fromkeys(("file_uid", "fault_photo_uid"), made.uid())
    undone = {"DELETE": ("PUT", path), "POST": ("POST", path.replace("/restore", "/withdraw"))}
    if path.endswith(("/articles/{article}/restore", "{name}/articles/{article}")):
        # Made anew for each request: what is taken back must be the same one.
        same = {"article": path_values(hq, path, actor)["article"]}
        if method in undone:
            before, there = undone[method]
            answer = call(hq, hq.browser(actor), before, there, actor, **same)
            assert answer.status_code in (200, 201, 204), answer.data
        return same
    if path.startswith("/api/me/push") and (method, path) != ("POST", "/api/me/push"):
        answer = call(hq, hq.browser(actor), "POST", "/api/me/push", actor)
        assert answer.status_code == 204, answer.data
    if path.endswith("{action}"):
        with unit_of_work() as session:
            session.execute(sa.update(Round).filter_by(month=MONTH).values(state="finished"))
        return {"action": "reopen"}
    return {}


@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_every_change_writes_a_line_and_changes_none(method: str, path: str, hq: World) -> None:
    actor = who(method, path)
    browser = hq.app.test_client() if path.startswith("/api/session") else hq.browser(actor)
    if path.startswith("/api/session") and method == "DELETE":
        start_session(browser, hq.people[actor])
    others = put_in_place(hq, method, path, actor)
    if path.endswith("estate/import"):
        text = "楼宇,楼层,会议室,设备名称,设备类型\n乙楼,1F,大厅,投影机,投影机\n"
        before = trail()
        url = f"{CONTRACT.format_map(hq.names)}/estate/import?filename=r.csv"
        answer = browser.post(url, data=text.encode(), content_type="text/csv")
    else:
        before = trail()
        answer = call(hq, browser, method, path, actor, **others)
    assert answer.status_code in (200, 201, 204), answer.data
    after = trail()
    assert {number: after[number] for number in before} == before
    request_id = answer.headers["X-Request-Id"]
    rows = db.session.scalars(
        sa.select(AuditRow).filter_by(request_id=request_id).order_by(AuditRow.id)
    ).all()
    assert rows, "no line"
    user_ids = {row.user_id for row in rows} - {None}
    # Whoever came by a link in a mail has no account; the line tells his name, and that it was the link.
    by_link = path.startswith("/api/links/")
    assert user_ids == (set() if by_link else {hq.people[actor].id})
    if method == "PATCH":
        assert any(row.diff for row in rows)
    for row in rows:
        # Counts of what an import made stand alone; every field is a pair of old and new.
        pairs = [value for value in row.diff.values() if not isinstance(value, int)]
        assert all(isinstance(pair, list) and len(pair) == 2 for pair in pairs), row.diff
        assert all(old != new for old, new in pairs), row.diff


def test_a_change_says_what_each_field_was_and_is(hq: World) -> None:
    device = f"{CONTRACT}/devices/{{device_id}}".format_map(hq.names)
    manager = hq.browser("project_manager")
    manager.patch(device, json={"serial": "S-1", "remark": "旧"})
    answer = manager.patch(device, json={"serial": "S-2", "remark": "旧"})
    request_id = answer.headers["X-Request-Id"]
    line = db.session.scalars(
        sa.select(AuditRow).filter_by(request_id=request_id).order_by(AuditRow.id)
    ).one()
    assert line.diff == {"serial": ["S-1", "S-2"]}
    assert (line.entity, line.entity_id) == ("device", str(hq.names["device_id"]))


def test_a_new_device_is_noted_with_what_it_began_with(hq: World) -> None:
    url = f"{CONTRACT}/devices".format_map(hq.names)
    body = {"room_id": hq.names["room_id"], "type": "codec", "name": "新终端", "serial": "N1"}
    answer = hq.browser("project_manager").post(url, json=body)
    query = sa.select(AuditRow).filter_by(
        entity="device", entity_id=str(answer.get_json()["id"]), action="create"
    )
    line = db.session.scalars(query).one()
    assert {name: line.diff[name] for name in body} == {
        name: [None, value] for name, value in body.items()
    }


def test_what_a_phone_sends_is_kept_word_for_word_and_never_again_changed(hq: World) -> None:
    phone = engineers_phone(hq)
    payload = made.visit(hq.names["round"], hq.names["second_device"])
    sent = inspection(payload)
    phone.push(sent)
    phone.push(inspection(made.amended(payload, remark="更正")))
    revisions = db.session.scalars(
        sa.select(InspectionRevision.payload).filter(InspectionRevision.operation_id == sent["id"])
    ).all()
    assert revisions == [sent["payload"]]


def test_no_address_of_the_api_leads_to_the_trail(hq: World) -> None:
    writing = [path for method, path in RULES if method != "GET"]
    assert not [path for path in writing if "audit" in path or "trail" in path]


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(AuditRow).values(user_id=None),
        sa.update(AuditRow).values(diff={}),
        sa.delete(AuditRow),
    ],
    ids=["another author", "another difference", "deleted"],
)
def test_the_database_itself_refuses_to_alter_the_trail(statement: Any, hq: World) -> None:
    before = trail()
    with (
        pytest.raises(sa.exc.DBAPIError, match="the audit trail is never changed"),
        unit_of_work() as session,
    ):
        session.execute(statement)
    assert trail() == before
