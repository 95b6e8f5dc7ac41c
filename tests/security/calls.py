"""A request that succeeds for whoever may make it, for each endpoint of the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.rounds import made
from tests.security.changes import new_change
from tests.security.firmware import an_upgrade
from tests.security.opened import a_webhook, of_the_open, own_passkey, own_token
from tests.security.quality import a_check, an_action, new_action, new_check, new_held_check
from tests.security.quotes import (
    a_line,
    new_quote,
    new_quote_link,
    new_repair,
    new_sent_quote,
)
from tests.security.rules import CONTRACT
from tests.security.world import (
    MONTH,
    PICTURE,
    World,
    a_log_entry,
    an_absence,
    an_article,
    another_engineer,
    good_visit,
    longer_and_longer,
    new_absence,
    new_accepted_month,
    new_article,
    new_draft,
    new_given_absence,
    new_hours,
    new_incoming,
    new_inspected_room,
    new_label,
    new_loan,
    new_log_day,
    new_log_entry,
    new_mail,
    new_manual,
    new_member,
    new_plan,
    new_quarantined,
    new_returned,
    new_solved,
    new_unapproved_manual,
    own_notification,
    own_session,
    planned,
    what_is_wrong,
    worked,
)
from tests.sync.phone import digest
from tests.sync.rescue_files import Rescue
from webapp.identity.rules import ADMINISTRATOR

Names = dict[str, Any]
# What goes with a request beside its path: json, data, headers or query_string of Werkzeug's client.
_WITH: dict[tuple[str, str], Callable[[World], Names]] = {
    ("PATCH", ""): lambda _: {"json": {"client_en": "A client"}},
    ("POST", "/members"): lambda world: {
        "json": {"login": factories.user(made.uid()).login, "role": "inspection_engineer"}
    },
    ("PATCH", "/members/{member_id}"): lambda _: {"json": {"role": "backup_engineer"}},
    ("POST", "/estate/import"): lambda _: {
        "query_string": {"filename": "r.csv", "dry_run": "1"},
        "data": "楼宇,楼层,会议室,设备名称,设备类型\n甲楼,1F,大厅,投影机,投影机\n".encode(),
        "content_type": "application/octet-stream",
    },
    ("POST", "/buildings"): lambda _: {"json": {"name_zh": made.uid()}},
    ("PATCH", "/buildings/{building_id}"): lambda _: {"json": {"name_en": "Head office"}},
    ("POST", "/rooms"): lambda world: {
        "json": {"building_id": world.names["building_id"], "name_zh": made.uid()}
    },
    ("PATCH", "/rooms/{room_id}"): lambda _: {"json": {"name_en": "West Lake"}},
    ("POST", "/devices"): lambda world: {
        "json": {
            "room_id": world.names["room_id"],
            "type": "codec",
            "name": "会议终端",
            "case": new_change(world),
            "uid": made.uid(),
        }
    },
    ("PATCH", "/devices/{device_id}"): lambda world: {
        "json": {"remark": made.uid(), "case": new_change(world)}
    },
    ("POST", "/labels/issue"): lambda _: {"json": {}},
    ("POST", "/labels/{code}/relink"): lambda world: {
        "json": {"device_id": factories.device(world.names["room"]).id}
    },
    ("POST", "/labels/{code}/revoke"): lambda _: {"json": {"reason": "lost"}},
    ("POST", "/checklists"): lambda _: {"json": {}},
    ("PATCH", "/checklists/{number}"): lambda _: {"json": {"note": "草稿"}},
    ("POST", "/rounds"): lambda _: {"json": {"month": "2026-04"}},
    ("PATCH", "/rounds/{month}/rooms"): lambda world: {
        "json": {
            "rooms": [{"room_id": world.names["room_id"], "assignee_id": another_engineer(world)}]
        }
    },
    ("POST", "/inspections/{inspection_id}/returns"): lambda _: {"json": what_is_wrong()},
    ("PATCH", "/returned-answers/{returned_id}"): lambda _: {"json": {"remark": made.uid()}},
    ("GET", "/rounds/{month}/sample"): lambda world: {
        "query_string": {"room_id": world.names["room_id"]}
    },
    ("POST", "/rounds/{month}/rechecks"): lambda world: {
        "json": {
            "checks": [
                {
                    "inspection_id": new_inspected_room(world)[1],
                    "revision": 1,
                    "result": "confirmed",
                }
            ]
        }
    },
    ("POST", "/rounds/{month}/sign-offs"): lambda world: {
        "json": {"level": "self_check", "room_ids": [new_inspected_room(world)[0]]}
    },
    ("POST", "/cases"): lambda _: {
        "json": {"uid": made.uid(), "kind": "fault", "title": "没有声音"}
    },
    ("POST", "/absences"): lambda world: {"json": an_absence(world)},
    ("PATCH", "/absences/{absence_id}"): lambda world: {"json": world.names["away"]},
    ("POST", "/manuals"): lambda _: {
        "query_string": {
            "uid": made.uid(),
            "kind": "safety",
            "title": "安全措施",
            "filename": "a.pdf",
        },
        "data": b"%PDF-1.7",
        "content_type": "application/octet-stream",
    },
    ("POST", "/manuals/{manual_id}/versions"): lambda _: {
        "query_string": {"filename": "b.pdf"},
        "data": f"%PDF-1.7 {made.uid()}".encode(),
        "content_type": "application/octet-stream",
    },
    ("PATCH", "/firmware/{device_id}"): lambda _: {"json": {"version": made.uid()}},
    ("POST", "/firmware/{device_id}/upgrades"): lambda world: {"json": an_upgrade(world)},
    ("POST", "/cases/{name}/upgrade/{device_id}"): lambda _: {
        "json": {"outcome": "failed", "reason": made.uid()}
    },
    ("PATCH", "/quality-targets"): lambda _: {"json": {"targets": {"repair": 95}}},
    ("POST", "/quality-checks"): lambda world: {"json": {"uid": made.uid(), **a_check(world)}},
    ("PATCH", "/quality-checks/{check_id}"): lambda world: {"json": a_check(world)},
    ("POST", "/quality-checks/{check_id}/result"): lambda _: {
        "json": {"held_on": f"{MONTH}-02", "month": MONTH, "conclusion": "符合要求"}
    },
    ("POST", "/quality-checks/{check_id}/actions"): lambda world: {"json": an_action(world)},
    ("POST", "/quality-actions/{action_id}/close"): lambda _: {"json": {"result": "已培训"}},
    ("POST", "/articles"): lambda _: {"json": an_article()},
    ("PATCH", "/articles/{article}"): lambda _: {
        "json": {"title": made.uid(), "solution": "打开反馈抑制", "version": 1}
    },
    ("POST", "/service-log/{day}/entries"): lambda _: {"json": a_log_entry()},
    ("PATCH", "/service-log-entries/{entry_id}"): lambda _: {
        "json": {"clock": "10:30", "done": "换电池"}
    },
    ("POST", "/service-log/{day}/signature"): lambda _: {"json": {"remark": "一切正常"}},
    ("POST", "/service-log/{day}/open"): lambda _: {"json": {"reason": "漏写了"}},
    ("POST", "/cases/{name}/quotes"): lambda _: {"json": {"uid": made.uid()}},
    ("PATCH", "/quotes/{quote}"): lambda _: {"json": a_line()},
    ("POST", "/quotes/{quote}/versions"): lambda _: {"json": {"uid": made.uid()}},
    ("POST", "/quotes/{quote}/send"): lambda _: {"json": {"to": ["lead@example.com"]}},
    ("POST", "/quotes/{quote}/answers"): lambda _: {"json": {"decision": "approved"}},
    ("POST", "/quotes/{quote}/document"): lambda _: {"json": {}},
    ("PATCH", "/quote-settings"): lambda _: {"json": {"valid_days": 21}},
    ("PATCH", "/service-terms"): lambda _: {"json": {"clocks": {"complaint": {"amount": 4}}}},
    ("POST", "/cases/{name}/steps"): lambda _: {
        "json": {"uid": made.uid(), "step": "note", "fields": {"text": "请尽快"}}
    },
    ("POST", "/hours/{entry_number}/void"): lambda _: {
        "json": {"uid": made.uid(), "reason": "记错了"}
    },
    ("POST", "/cases/{name}/hours"): lambda world: {"json": {"uid": made.uid(), **worked(world)}},
    ("POST", "/cases/{name}/plan"): lambda world: {"json": {"uid": made.uid(), **planned(world)}},
    ("POST", "/spare-parts"): lambda _: {"json": {"uid": made.uid(), "name": "灯泡"}},
    ("PATCH", "/spare-parts/{part_id}"): lambda _: {"json": {"place": "库房"}},
    ("POST", "/spare-parts/{part_id}/movements"): lambda _: {
        "json": {"uid": made.uid(), "kind": "received", "quantity": 1}
    },
    ("POST", "/loans/{loan_id}/consent"): lambda world: {
        "json": {"until_on": longer_and_longer(world)}
    },
    ("POST", "/cases/{name}/loans"): lambda _: {"json": {"uid": made.uid(), "what": "备机"}},
    ("PATCH", "/after-hours-terms"): lambda _: {"json": {"free_hours": 100}},
    ("PATCH", "/open-items/{number}"): lambda _: {"json": {"remark": "订货"}},
    ("PUT", "/photos"): lambda world: {
        "data": PICTURE,
        "query_string": {"ids": world.names["photo_uid"]},
        "headers": {"Content-Type": "application/octet-stream"},
    },
    ("PUT", "/photos/{photo_uid}"): lambda _: {
        "data": PICTURE,
        "headers": {"Repr-Digest": digest(PICTURE), "Content-Type": "image/jpeg"},
    },
    ("PUT", "/cases/{name}/photos/{file_uid}"): lambda world: {
        "data": PICTURE,
        "query_string": {"line": world.names["case_line"]},
        "headers": {"Content-Type": "image/jpeg"},
    },
    ("PATCH", "/cases/{name}/photos/{file_uid}"): lambda _: {"json": {"shown": True}},
    ("GET", "/photos/changes"): lambda _: {"query_string": {"since": "0"}},
    ("POST", "/photos/review"): lambda world: {
        "json": {"reviews": [{"uid": world.names["photo_uid"], "state": "returned"}]}
    },
    ("POST", "/photos/{photo_uid}/review"): lambda _: {"json": {"state": "accepted"}},
    ("POST", "/quarantine/{row_id}/apply"): lambda world: {
        "json": {"payload": json.dumps(good_visit(world))}
    },
    ("POST", "/quarantine/{row_id}/dismiss"): lambda _: {"json": {"remark": "double"}},
    ("POST", "/rescue"): lambda world: {
        "data": Rescue(world.people["inspection_engineer"].id, contract=world.code).pack(),
        "content_type": "application/zip",
    },
    ("POST", "/calls"): lambda _: {
        "json": {"uid": made.uid(), "kind": "wish", "caller": "陈静", "text": "请加一台话筒"}
    },
    ("POST", "/incoming-mails/{incoming_id}/assign"): lambda _: {"json": {"kind": "complaint"}},
    ("POST", "/incoming-mails/{incoming_id}/set-aside"): lambda _: {"json": {"remark": "广告"}},
    ("POST", "/documents"): lambda _: {"json": {"kind": "report", "format": "pdf", "month": MONTH}},
    ("POST", "/rounds/{month}/report"): lambda _: {"json": {"language": "zh"}},
    ("POST", "/reports/{report_id}/send"): lambda _: {"json": {"to": ["lead@example.com"]}},
    ("POST", "/reports/{report_id}/answers"): lambda _: {
        "json": {"kind": "comment", "text": "第三页看不清"}
    },
    ("POST", "/webhooks"): lambda world: {"json": a_webhook(world)},
    ("PATCH", "/webhooks/{hook_id}"): lambda _: {"json": {"name": made.uid()}},
    ("POST", "/sync/push"): lambda _: {"json": {"envelope": 1, "phone_id": "p", "operations": []}},
    ("POST", "/sync/missing"): lambda _: {"json": {}},
    ("GET", "/sync/pictures"): lambda world: {"query_string": {"photos": world.names["photo_uid"]}},
}


def a_choice(_: World) -> dict[str, Any]:
    """A person's choice of how he hears of things, with a digest hour that he has not chosen before."""
    groups = ("round", "cases", "clocks", "money", "team")
    return {
        "mail": dict.fromkeys(groups, "digest"),
        "push": dict.fromkeys(groups, True),
        "quiet_from": "22:00",
        "quiet_to": "07:00",
        "urgent_through": True,
        "digest_every": "week",
        "digest_weekday": 4,
        "digest_hour": int(made.uid()[-2:], 16) % 24,
    }


def a_browser() -> dict[str, str]:
    """What a browser tells to take part in pushes; the key and the secret are the RFC's."""
    return {
        "endpoint": f"https://push.example.com/{made.uid()}",
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    }


_WITH_OUTSIDE: dict[tuple[str, str], Callable[[World], Names]] = {
    ("POST", "/api/session"): lambda world: {
        "json": {"login": world.people["project_manager"].login, "password": factories.PASSWORD}
    },
    ("POST", "/api/links/report/{token}/answers"): lambda _: {
        "json": {"kind": "comment", "name": "陈静", "text": "第三页看不清"}
    },
    ("POST", "/api/links/quote/{quote_token}/answers"): lambda _: {
        "json": {"decision": "declined", "name": "陈静", "text": "太贵", "wants_another": True}
    },
    ("POST", "/api/links/label/{code}/faults"): lambda _: {
        "json": {"uid": made.uid(), "trouble": "no_sound", "name": "陈静"}
    },
    ("PUT", "/api/links/fault/{fault_token}/photos/{fault_photo_uid}"): lambda _: {
        "data": PICTURE,
        "headers": {"Content-Type": "image/jpeg"},
    },
    ("POST", "/api/links/fault/{fault_token}/words"): lambda _: {
        "json": {"uid": made.uid(), "text": "会议在三点"}
    },
    ("POST", "/api/links/fault/{fault_token}/verdict"): lambda _: {
        "json": {"uid": made.uid(), "solved": True, "rating": 5}
    },
    ("PATCH", "/api/me"): lambda _: {"json": {"language": "en"}},
    ("POST", "/api/passkeys"): lambda _: {"json": {"credential": {}}},
    ("POST", "/api/session/passkey"): lambda _: {"json": {"credential": {}}},
    ("POST", "/api/tokens"): lambda _: {
        "json": {"name": "Excel", "scopes": ["rounds:read"], "expires_in_days": 30}
    },
    ("POST", "/api/me/notices"): lambda world: {"json": a_choice(world)},
    ("POST", "/api/me/push"): lambda _: {"json": a_browser()},
    ("POST", "/api/notifications/read"): lambda _: {"json": {"up_to": 1}},
    ("POST", "/api/contracts"): lambda _: {"json": {"code": made.uid()[-12:], "name_zh": "新合同"}},
    ("PATCH", "/api/users/{user_id}"): lambda _: {"json": {"name_en": "Wang"}},
}
WITH = _WITH_OUTSIDE | {(method, CONTRACT + path): make for (method, path), make in _WITH.items()}


# What is asked of a certain kind of case, by the name that the world keeps one under.
_CASES_OF = {
    "/cases/{name}/hours": "event",
    "/cases/{name}/plan": "event",
    "/cases/{name}/loans": "repair",
    "/cases/{name}/upgrade": "upgrade",
    "/cases/{name}/upgrade/{device_id}": "upgrade",
}


def path_values(world: World, path: str, actor: str, method: str = "GET") -> Names:
    """What stands for each name in a path; what a request uses up is made anew for each."""
    world.names["acts"] = actor
    values = {**world.names, "action": "finish", "step": "withdraw", "other": 1}
    if "/checklists/" in path:
        values["number"] = new_draft(world)
    made_anew = {
        "member_id": new_member,
        "code": new_label,
        "row_id": new_quarantined,
        "returned_id": new_returned,
        "mail_id": new_mail,
        "incoming_id": new_incoming,
        "planned_id": new_plan,
        "article": new_article,
        "loan_id": new_loan,
        "quote_token": new_quote_link,
        "manual_id": new_unapproved_manual if path.endswith("/approve") else new_manual,
    }
    for name, make in made_anew.items():
        if f"{{{name}}}" in path:
            values[name] = make(world)
    values["kept_uid"] = world.names["kept_uid"]  # of the row that waits now
    actors_own = {
        "entry_id": new_log_entry,
        "check_id": new_held_check if path.endswith("/actions") else new_check,
        "action_id": new_action,
        "absence_id": new_given_absence if path.endswith("give-back") else new_absence,
        "entry_number": new_hours,
        "session_id": own_session,
        "token_id": own_token,
        "passkey_id": own_passkey,
        "notification_id": own_notification,
    }
    for name, make_own in actors_own.items():
        if f"{{{name}}}" in path:
            values[name] = make_own(world, actor)
    values |= _of_the_service_desk(world, path, method)
    if path.endswith("/rounds/{month}/report"):
        values["month"] = new_accepted_month(world)
    if path.endswith(("{day}/signature", "{day}/open")):
        values["day"] = new_log_day(world, actor, signed=path.endswith("open"))
    if path.endswith("/verdict"):
        values["fault_token"] = new_solved(world)
    values |= of_the_open(world, path, actor)
    if "{user_id}" in path:
        values["user_id"] = world.people["backup_engineer"].id
    return values


def _of_the_service_desk(world: World, path: str, method: str) -> Names:
    """The case, and the quote, that a path of the service desk asks for."""
    if path.endswith("/cases/{name}/quotes"):
        return {"name": new_repair(world)}
    if "{quote}" in path:
        draft = method in ("PATCH", "DELETE") or path.endswith("/send")
        return {"quote": new_quote(world) if draft else new_sent_quote(world)}
    kept = next((kept for end, kept in _CASES_OF.items() if path.endswith(end)), "name")
    return {"name": world.names[kept]}


def call(
    world: World,
    browser: FlaskClient,
    method: str,
    path: str,
    actor: str,
    values: Names | None = None,
    **others: Any,
) -> TestResponse:
    """Make the request; ``others`` stand for names of the path in place of the world's own.

    Where it can't succeed, what it would use up is there for the next: ``values`` are used again.
    """
    values = path_values(world, path, actor, method) if values is None else values
    url = path.format_map({**values, **others})
    make = WITH.get((method, path))
    return browser.open(url, method=method, **(make(world) if make else {}))


def who_may(right: str) -> str:
    """The first who holds the right, to show that the request is one that can succeed."""
    named = {
        "inspect": "inspection_engineer",
        "confirm": "client_it_lead",
        "administrators": ADMINISTRATOR,
    }
    return named.get(right, "project_manager")
