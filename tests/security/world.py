"""Contracts that hold one of everything, and a browser for everybody who may come to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
import typst
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.inbox.letters import a_mail
from tests.rounds import made
from tests.sync.phone import Phone, inspection, picture, slot
from webapp import links, receiving
from webapp.acceptance.models import ReturnedAnswer
from webapp.cases.models import Case
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Building, Device
from webapp.identity import services as identity
from webapp.identity.models import Contract, Membership, User, UserSession
from webapp.identity.rules import ADMINISTRATOR, ROLE_RIGHTS, ROLES
from webapp.inbox.models import IncomingMail
from webapp.notifications import services as notifications
from webapp.notifications.models import Mail, Notification
from webapp.notifications.rules import Recipient
from webapp.reports import documents, issuing
from webapp.reports.content import report_content
from webapp.reports.models import Document, Report
from webapp.rounds.models import Inspection, Round, RoundRoom
from webapp.rounds.opening import sync_tasks_with_estate
from webapp.storage import object_store
from webapp.sync.models import Quarantined
from webapp.team.models import Absence, HandedOver

MONTH = "2026-03"
FORMER, DISABLED, NOBODY = "former_member", "disabled", "nobody"
ACTORS = (*ROLES, ADMINISTRATOR, FORMER, DISABLED, NOBODY)
PICTURE = picture(7)
ENGINEERS = ("on_site_engineer", "inspection_engineer", "backup_engineer")
_log_days = count(1)
_devices = count(1)


@dataclass
class World:
    """One contract with something behind every path, and what the paths name."""

    app: Flask
    contract: Contract
    people: dict[str, User]
    browsers: dict[str, FlaskClient] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The contract's code."""
        return self.contract.code

    def browser(self, actor: str) -> FlaskClient:
        """The browser of an actor; nobody's has no cookie."""
        if actor not in self.browsers:
            self.browsers[actor] = self.app.test_client()
            if actor != NOBODY:
                start_session(self.browsers[actor], self.people[actor])
        return self.browsers[actor]


def start_session(browser: FlaskClient, user: User) -> int:
    """Put a new session's cookie into a browser, without the password's 25 ms; the session's id."""
    with unit_of_work() as session:
        started = identity.start_session(
            session, user.id, device_name="", address="", now=now_utc()
        )
    with browser.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = started.token, True
    return started.session.id


def build(app: Flask, code: str, boss: User) -> World:
    """A contract with a room, devices, labels, checklists, a round and what phones sent of it."""
    contract = factories.contract(code)
    people = {
        role: factories.member(contract, role, login=f"{code}-{role}".lower()) for role in ROLES
    }
    people[FORMER] = factories.member(contract, "project_manager", login=f"{code}-former".lower())
    people[DISABLED] = factories.member(contract, "project_manager", login=f"{code}-off".lower())
    people[ADMINISTRATOR] = boss
    world = World(app, contract, people)
    # Both sign in while they may; what their browsers hold afterwards must open nothing.
    for gone in (FORMER, DISABLED):
        world.browser(gone)
    with unit_of_work() as session:
        left = session.scalars(sa.select(Membership).filter_by(user_id=people[FORMER].id)).one()
        left.left_at = now_utc()
        session.get_one(User, people[DISABLED].id).disabled_at = now_utc()
    _furnish(world)
    return world


def _furnish(world: World) -> None:
    made.checklist(world.contract)
    building = factories.building(world.contract)
    room = factories.room(building)
    devices = [
        factories.device(room, name=f"{world.code}投影{number}", model="EB-1")
        for number in range(3)
    ]
    round_ = made.opened(world.contract, MONTH)
    world.names |= {
        "contract_code": world.code,
        "building_id": building.id,
        "room": room,
        "room_id": room.id,
        "device_id": devices[0].id,
        "month": MONTH,
        "day": f"{MONTH}-02",
        "round": round_,
        "second_device": devices[1],
    }
    world.names["code"] = new_label(world)
    world.names |= _inspected(world, round_, devices[0])
    world.names["row_id"] = new_quarantined(world)
    world.names["returned_id"] = new_returned(world)
    world.names["mail_id"] = new_mail(world)
    world.names["incoming_id"] = new_incoming(world)
    world.names["name"] = new_fault(world)
    world.names |= new_case_photo(world)
    world.names["event"] = new_event(world)
    world.names["planned_id"] = new_plan(world)
    world.names["article"] = new_article(world)
    world.names["entry_id"] = new_log_entry(world, "project_manager")
    world.names["entry_number"] = new_hours(world, "project_manager")
    world.names["repair"] = new_repair(world)
    world.names["upgrade"] = new_upgrade(world)
    world.names["part_id"] = new_part(world)
    world.names["loan_id"] = new_loan(world)
    world.names |= {"manual_id": new_manual(world), "version": 1}
    world.names["fault_token"] = new_followed(world)
    world.names["fault_photo_uid"] = new_followed_photo(world)
    world.names["key"] = f"answer-{world.names['returned_id']}"
    world.names |= _reported(world, round_)


def _inspected(world: World, march: Round, device: Device) -> dict[str, Any]:
    """Two engineers inspect one device, one of them with a photo and an abnormal reading."""
    phone = engineers_phone(world)
    line = slot(PICTURE, "image")
    first = made.visit(march, device, photos=[line])
    made.reading(first, "image", "dim", "abnormal", cause="lamp_aged", remark=f"{world.code}偏暗")
    assert phone.send(first) == ["applied"]
    assert phone.put(line["id"], PICTURE).status_code == 200
    other = Phone(world.browser("backup_engineer"), world.code, "phone-2")
    second = made.visit(march, device)
    assert other.send(second) == ["applied"]
    listed = phone.browser.get(phone.url("inspections")).get_json()["items"]
    items = phone.browser.get(phone.url("open-items")).get_json()["items"]
    return {
        "inspection_id": {row["uid"]: row["id"] for row in listed}[second["uid"]],
        "photo_uid": line["id"],
        "number": items[0]["number"],
    }


def _reported(world: World, of: Round) -> dict[str, Any]:
    """An issued report with its file, and the link that leads to it."""
    now = now_utc()
    documents._makers.setdefault(("report", "pdf"), lambda _: documents.Made(b"%PDF", 1))
    content = report_content(db.session(), world.contract.id, MONTH, now)
    data, pdf = issuing.canonical(content), typst.compile(b"= Report")
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"reports/{world.contract.id}/{sha256}"
    object_store().put(key, data)
    with unit_of_work() as session:
        report = Report(
            contract_id=world.contract.id,
            round_id=of.id,
            number=f"{world.code}-{MONTH}",
            language="zh",
            data_key=key,
            data_sha256=sha256,
            issued_by_id=world.people["project_manager"].id,
            issued_at=now,
        )
        session.add(report)
        session.flush()
        document = Document(
            contract_id=world.contract.id,
            kind="report",
            format="pdf",
            language="zh",
            report_id=report.id,
            state="making",
            asked_at=now,
        )
        session.add(document)
        session.flush()
        made_file = documents.Made(pdf, 1)
        file_key = documents.keep(object_store(), world.contract.id, document.id, made_file)
        documents.note_made(session, document.id, file_key, made_file, now)
    secret: str = world.app.config["SECRET_KEY"]
    return {
        "report_id": report.id,
        "document_id": document.id,
        "token": links.token_for(secret, "report", report.id),
        "page": 1,
        "format": "pdf",
    }


def new_case_photo(world: World) -> dict[str, str]:
    """A photo of the fault that the client's IT lead has declared, and the line that it belongs to."""
    browser, uid = world.browser("client_it_lead"), made.uid()
    url = f"/api/contracts/{world.code}/cases/{world.names['name']}"
    line = browser.get(url).get_json()["timeline"][0]["uid"]
    answer = browser.put(f"{url}/photos/{uid}?line={line}", data=PICTURE)
    assert answer.status_code == 204, answer.data
    return {"file_uid": uid, "case_line": line}


def new_followed_photo(world: World) -> str:
    """A photo that the reporter of the followed fault has sent."""
    uid = made.uid()
    url = f"/api/links/fault/{world.names['fault_token']}/photos/{uid}"
    assert world.app.test_client().put(url, data=PICTURE).status_code == 204
    return uid


def new_followed(world: World) -> str:
    """What follows a fault that somebody reported from a label."""
    code = new_label(world)
    told = {"uid": made.uid(), "trouble": "no_picture"}
    answer = world.app.test_client().post(f"/api/links/label/{code}/faults", json=told)
    assert answer.status_code == 201, answer.data
    token: str = answer.get_json()["token"]
    return token


def new_solved(world: World) -> str:
    """What follows a fault of a device of its own that somebody reported and an engineer has solved."""
    device = factories.device(world.names["room"], name=f"设备{next(_devices)}")
    label = world.browser("project_manager").post(
        f"/api/contracts/{world.code}/devices/{device.id}/label"
    )
    told = {"uid": made.uid(), "trouble": "no_picture"}
    url = f"/api/links/label/{label.get_json()['code']}/faults"
    given: dict[str, str] = world.app.test_client().post(url, json=told).get_json()
    fields = {"cause": "线松", "solution": "插紧"}
    for step, filled in (("arrive", {}), ("solve", fields)):
        answer = world.browser("inspection_engineer").post(
            f"/api/contracts/{world.code}/cases/{given['name']}/steps",
            json={"uid": made.uid(), "step": step, "fields": filled},
        )
        assert answer.status_code == 200, answer.data
    return given["token"]


def new_accepted_month(world: World) -> str:
    """A month with an accepted round, of which no report is issued yet."""
    months = world.names.setdefault("accepted_months", count(1))
    there = set(db.session.scalars(sa.select(Round.month).filter_by(contract_id=world.contract.id)))
    named = (f"20{27 + number // 12}-{number % 12 + 1:02d}" for number in months)
    # Whoever fuzzes may have opened one of them.
    month = next(month for month in named if month not in there)
    accepted = made.opened(world.contract, month)
    with unit_of_work() as session:
        session.get_one(Round, accepted.id).state = "accepted"
    return month


def engineers_phone(world: World) -> Phone:
    """The phone of the contract's inspection engineer."""
    return Phone(world.browser("inspection_engineer"), world.code)


def good_visit(world: World) -> dict[str, Any]:
    """A payload that can be recorded."""
    return made.visit(world.names["round"], world.names["second_device"])


def new_quarantined(world: World) -> int:
    """One more record that names a room that is not there, and waits for a supervisor."""
    data = picture(7)
    line = slot(data, "image")
    sent = inspection({**good_visit(world), "room_id": 2_000_000_000, "photos": [line]})
    assert engineers_phone(world).push(sent)[0]["result"] == "quarantined"
    assert engineers_phone(world).put(line["id"], data).status_code == 200
    world.names["kept_uid"] = line["id"]
    row = db.session.scalars(sa.select(Quarantined).filter_by(operation_id=sent["id"])).one()
    return row.id


def new_returned(world: World) -> int:
    """An answer that was sent back just now, and waits; what had been before is withdrawn."""
    url = f"/api/contracts/{world.code}/inspections/{world.names['inspection_id']}/returns"
    answer = world.browser("project_manager").post(url, json=what_is_wrong())
    assert answer.status_code == 201, answer.data
    returned_id: int = answer.get_json()["returned_id"]
    return returned_id


def new_fault(world: World) -> str:
    """A fault that the client's IT lead has declared; the name that it is called by."""
    body = {"uid": made.uid(), "kind": "fault", "title": f"{world.code}没有声音"}
    answer = world.browser("client_it_lead").post(f"/api/contracts/{world.code}/cases", json=body)
    assert answer.status_code == 201, answer.data
    name: str = answer.get_json()["name"]
    return name


def a_log_entry() -> dict[str, str]:
    """The body that writes an entry of the service log."""
    return {"uid": made.uid(), "clock": "10:00", "done": "更换话筒电池"}


def an_absence(world: World) -> dict[str, Any]:
    """The body that enters a day's absence long ago: of who acts, if he is an engineer."""
    day = str(date(2020, 1, 1) - timedelta(days=next(_log_days)))
    acts = world.names.get("acts")
    who = acts if acts in ENGINEERS else "on_site_engineer"
    standing_in = "backup_engineer" if who == "inspection_engineer" else "inspection_engineer"
    return {
        "uid": made.uid(),
        "user_id": world.people[who].id,
        "from_on": day,
        "to_on": day,
        "reason": "leave",
        "stand_in_id": world.people[standing_in].id,
    }


def _new_engineer(world: World) -> int:
    login = f"{world.code}-{made.uid()}".lower()
    return factories.member(world.contract, "backup_engineer", login=login).id


def new_absence(world: World, actor: str, *, given: bool = False) -> int:
    """An absence that runs: the actor's own, or of a new engineer who has a case; perhaps handed over.

    ``world.names["away"]`` becomes a body that changes it.
    """
    own = actor in ENGINEERS
    who = world.people[actor].id if own else _new_engineer(world)
    body: dict[str, Any] = {
        "user_id": who,
        "reason": "leave",
        "to_on": None,
        "stand_in_id": _new_engineer(world),
    }
    now = now_utc()
    with unit_of_work() as session:
        others = sa.update(Absence).where(Absence.user_id == who)
        session.execute(others.values(cancelled_at=now))
        row = Absence(
            contract_id=world.contract.id,
            uid=made.uid(),
            from_on=now.date() - timedelta(days=2),
            entered_by_id=who,
            entered_at=now,
            **body,
        )
        session.add(row)
        session.flush()
        cases = sa.select(Case).where(Case.contract_id == world.contract.id, Case.live)
        case = session.scalars(cases.limit(1)).one()
        case.owner_id = row.stand_in_id if given else who
        if given:
            session.add(
                HandedOver(absence_id=row.id, case_id=case.id, to_id=row.stand_in_id, handed_at=now)
            )
    world.names["away"] = {**body, "from_on": str(row.from_on), "text": made.uid()}
    return row.id


def new_given_absence(world: World, actor: str) -> int:
    """An absence whose stand-in has been given a case."""
    return new_absence(world, actor, given=True)


def new_manual(world: World) -> int:
    """A manual with an approved version."""
    manual_id = new_unapproved_manual(world)
    url = f"/api/contracts/{world.code}/manuals/{manual_id}/versions/1/approve"
    assert world.browser("project_manager").post(url).status_code == 200
    return manual_id


def new_unapproved_manual(world: World) -> int:
    """A manual whose first version waits for its approval."""
    url = f"/api/contracts/{world.code}/manuals"
    query = {"uid": made.uid(), "kind": "manual", "title": "作业手册", "filename": "a.pdf"}
    boss = world.browser("project_manager")
    answer = boss.post(
        url, query_string=query, data=b"%PDF-1.7", content_type="application/octet-stream"
    )
    manual_id: int = max(row["id"] for row in answer.get_json()["manuals"])
    return manual_id


def an_article() -> dict[str, str]:
    """The body that writes an article of the knowledge base."""
    return {"uid": made.uid(), "title": "话筒有啸叫", "solution": "降低增益"}


def new_article(world: World) -> int:
    """The number of one more article."""
    url = f"/api/contracts/{world.code}/articles"
    answer = world.browser("on_site_engineer").post(url, json=an_article())
    number: int = answer.get_json()["number"]
    return number


def new_log_day(world: World, actor: str, *, signed: bool = False) -> str:
    """A day of the past in which the actor has written something, if he may, and perhaps signed it."""
    day = date(2026, 1, 1) - timedelta(days=next(_log_days))
    url = f"/api/contracts/{world.code}/service-log/{day}"
    browser = world.browser(actor)
    if browser.post(f"{url}/entries", json=a_log_entry()).status_code == 201 and signed:
        assert browser.post(f"{url}/signature", json={}).status_code == 200
    return day.isoformat()


def new_log_entry(world: World, actor: str) -> int:
    """An entry of the service log that the actor has written; another's where he may write none."""
    url = f"/api/contracts/{world.code}/service-log/{world.names['day']}/entries"
    answer = world.browser(actor).post(url, json=a_log_entry())
    if answer.status_code != 201:
        answer = world.browser("on_site_engineer").post(url, json=a_log_entry())
    entry_id: int = max(entry["id"] for entry in answer.get_json()["entries"])
    return entry_id


def new_event(world: World) -> str:
    """A case after hours that the client's IT lead has asked for; the name that it is called by."""
    fields = {"occasion": "event", **planned(world)}
    body = {"uid": made.uid(), "kind": "after_hours", "title": "年会保障", "fields": fields}
    url = f"/api/contracts/{world.code}/cases"
    answer = world.browser("client_it_lead").post(url, json=body)
    assert answer.status_code == 201, answer.data
    name: str = answer.get_json()["name"]
    return name


def new_upgrade(world: World) -> str:
    """An upgrade of the world's device; its name."""
    body = {"uid": made.uid(), "kind": "upgrade", "title": "固件", "fields": {"version": "v9"}}
    url = f"/api/contracts/{world.code}/cases"
    told = {**body, "device_id": world.names["device_id"]}
    answer = world.browser("project_manager").post(url, json=told)
    assert answer.status_code == 201, answer.data
    name: str = answer.get_json()["name"]
    return name


def new_hours(world: World, actor: str) -> int:
    """The number of a new line of the ledger: the actor's own where he can work, else the manager's."""
    who = world.people[actor if "handle" in ROLE_RIGHTS.get(actor, ()) else "project_manager"]
    body = {"uid": made.uid(), "user_id": who.id, **worked(world)}
    url = f"/api/contracts/{world.code}/cases/{world.names['event']}/hours"
    answer = world.browser("project_manager").post(url, json=body)
    assert answer.status_code == 201, answer.data
    number: int = answer.get_json()["entries"][-1]["number"]
    return number


def new_plan(world: World) -> int:
    """Somebody planned for the event."""
    body = {"uid": made.uid(), **planned(world)}
    url = f"/api/contracts/{world.code}/cases/{world.names['event']}/plan"
    answer = world.browser("project_manager").post(url, json=body)
    assert answer.status_code == 201, answer.data
    planned_id: int = answer.get_json()["plan"][-1]["id"]
    return planned_id


def planned(world: World) -> dict[str, str]:
    """A span of time that nobody is planned for yet."""
    begin = _next_hour(world)
    return {"from_at": begin.isoformat(), "to_at": (begin + timedelta(minutes=50)).isoformat()}


def worked(world: World) -> dict[str, str]:
    """A span of time that nobody has worked in yet."""
    begin = _next_hour(world)
    return {"began_at": begin.isoformat(), "ended_at": (begin + timedelta(minutes=50)).isoformat()}


def _next_hour(world: World) -> datetime:
    hours: count[int] = world.names.setdefault("hours", count(1))
    return made.at(MONTH, 2) + timedelta(hours=next(hours))


def new_repair(world: World) -> str:
    """A repair in warranty; the name that it is called by."""
    body = {"uid": made.uid(), "kind": "repair", "title": "返厂", "fields": {"way": "warranty"}}
    name: str = _posted(world, "cases", body)["name"]
    return name


def new_part(world: World) -> int:
    """A spare part."""
    part_id: int = _posted(world, "spare-parts", {"uid": made.uid(), "name": world.code})["id"]
    return part_id


def new_loan(world: World) -> int:
    """A loaner that is out."""
    body = {"uid": made.uid(), "what": f"{world.code}备机"}
    made_of = _posted(world, f"cases/{world.names['repair']}/loans", body)
    return max(loan["id"] for loan in made_of["loans"])


def longer_and_longer(world: World) -> str:
    """A day later than any that was named before."""
    days: count[int] = world.names.setdefault("days", count(1))
    return (date(2030, 1, 1) + timedelta(days=next(days))).isoformat()


def _posted(world: World, path: str, body: dict[str, Any]) -> Any:
    answer = world.browser("project_manager").post(f"/api/contracts/{world.code}/{path}", json=body)
    assert answer.status_code == 201, answer.data
    return answer.get_json()


def what_is_wrong() -> dict[str, str]:
    """The body that sends an inspection back; none is any more, so that it can be again."""
    with unit_of_work() as session:
        session.execute(sa.update(ReturnedAnswer).values(state="withdrawn"))
    return {"remark": made.uid()}


def new_inspected_room(world: World) -> tuple[int, int]:
    """One more room without devices, which the inspection engineer has inspected; its inspection's id."""
    building = db.session.get_one(Building, world.names["building_id"])
    room = factories.room(building, made.uid())
    with unit_of_work() as session:
        sync_tasks_with_estate(session, world.contract.id, now_utc())
    visit = made.visit(world.names["round"], None, room=room)
    assert engineers_phone(world).send(visit) == ["applied"]
    inspection = db.session.scalars(sa.select(Inspection).filter_by(uid=visit["uid"])).one()
    return room.id, inspection.id


def new_label(world: World) -> str:
    """A new label of the device, in place of the one that it had."""
    url = f"/api/contracts/{world.code}/devices/{world.names['device_id']}/label"
    answer = world.browser("project_manager").post(url)
    assert answer.status_code == 201, answer.data
    code: str = answer.get_json()["code"]
    return code


def new_draft(world: World) -> int:
    """The number of one more draft of the checklist."""
    answer = world.browser("project_manager").post(
        f"/api/contracts/{world.code}/checklists", json={}
    )
    assert answer.status_code == 201, answer.data
    number: int = answer.get_json()["number"]
    return number


def another_engineer(world: World) -> int:
    """An engineer to give a room to, who is not the one that has it."""
    both = [world.people[role].id for role in ("inspection_engineer", "backup_engineer")]
    has_it = db.session.scalar(
        sa.select(RoundRoom.assignee_id).filter_by(room_id=world.names["room_id"])
    )
    return both[has_it == both[0]]


def new_member(world: World) -> int:
    """The membership of one more engineer, to be changed or ended."""
    login = f"{world.code}-{made.uid()}".lower()
    person = factories.member(world.contract, "inspection_engineer", login=login)
    membership = db.session.scalars(sa.select(Membership).filter_by(user_id=person.id)).one()
    return membership.id


def new_mail(world: World) -> int:
    """An e-mail that its server refused for good."""
    with unit_of_work() as session:
        key, now = made.uid(), now_utc()
        contract_id = world.contract.id
        notifications.mail(
            session, "zhou@example.com", "s", "t", key, now=now, contract_id=contract_id
        )
        row = session.scalars(sa.select(Mail).filter_by(unique_key=key)).one()
        notifications.note_not_sent(session, row.id, "failed", "550 nobody")
        return row.id


def new_incoming(world: World, subject: str = "没有画面") -> int:
    """A mail of somebody unknown to the contract's own address, which waits to be sorted."""
    sender = f"{made.uid()}@elsewhere.example"
    raw = a_mail(subject, sender=sender, to=f"service+{world.code}@provider.example")
    assert receiving.take_message(raw, "1.eml", now_utc()) == ""
    return db.session.scalars(sa.select(IncomingMail.id).filter_by(address=sender)).one()


def own_notification(world: World, actor: str) -> int:
    """A line that the actor was told; nobody's is the project manager's."""
    user = world.people.get(actor, world.people["project_manager"])
    key = made.uid()
    with unit_of_work() as session:
        told = notifications.tell(
            session,
            Recipient(user.id, user.name, "", "zh"),
            contract_id=world.contract.id,
            kind="remind",
            details={},
            path="/",
            key=key,
            now=now_utc(),
        )
        assert told
        return session.scalars(sa.select(sa.func.max(Notification.id))).one()


def own_session(world: World, actor: str) -> int:
    """One more session of the actor's own; nobody's is as good as any."""
    if actor == NOBODY:
        return db.session.scalars(sa.select(UserSession.id)).first() or 1
    return start_session(world.app.test_client(), world.people[actor])
