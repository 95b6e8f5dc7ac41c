"""A person's calendar as any calendar program reads it: right, his own, the same until something changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from icalendar import Calendar, Event

from tests import factories
from tests.rounds import made
from webapp.agenda.entries import Entry
from webapp.agenda.ics import as_ics
from webapp.db import now_utc, unit_of_work
from webapp.identity.models import Contract, User
from webapp.team.models import Absence

SignIn = Callable[[User], FlaskClient]
DAY = timedelta(days=1)
NOW = now_utc().replace(microsecond=0)
SOON = (NOW + 7 * DAY).replace(hour=11, minute=30, second=0)


def address_of(browser: FlaskClient) -> str:
    address: str = browser.post("/api/calendar").get_json()["address"]
    return address.removeprefix("http://localhost")


def events(client: FlaskClient, address: str) -> dict[str, Event]:
    """The events by the beginning of their UID, as icalendar reads them."""
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    calendar = Calendar.from_ical(answer.data)
    assert isinstance(calendar, Calendar)
    return {str(event["uid"]).partition("@")[0]: event for event in calendar.events}


def opened(browser: FlaskClient, kind: str, title: str, **fields: Any) -> str:
    body = {"uid": made.uid(), "kind": kind, "title": title, "fields": fields}
    answer = browser.post("/api/contracts/HQ/cases", json=body)
    assert answer.status_code == 201, answer.data
    name: str = answer.get_json()["name"]
    return name


def away(contract: Contract, who: User, stand_in: User, to_on: date | None) -> None:
    with unit_of_work() as session:
        session.add(
            Absence(
                contract_id=contract.id,
                uid=made.uid(),
                user_id=who.id,
                from_on=NOW.date(),
                to_on=to_on,
                reason="leave",
                stand_in_id=stand_in.id,
                entered_by_id=who.id,
                entered_at=NOW,
            )
        )


def test_planned_work_stands_at_its_moment_and_rounds_on_their_day(
    contract: Contract, manager: User, client: FlaskClient, signed_in: SignIn
) -> None:
    boss = signed_in(manager)
    month = NOW.strftime("%Y-%m")
    made.checklist(contract)
    round_ = made.opened(contract, month)
    training = opened(boss, "training", "双流培训", from_at=SOON.isoformat(), audience="IT")
    upgrade = opened(boss, "upgrade", "固件", version="2.1", planned_on=SOON.date().isoformat())
    span = {"from_at": SOON.isoformat(), "to_at": (SOON + timedelta(hours=3)).isoformat()}
    event = opened(boss, "after_hours", "年会保障，二楼；大厅", occasion="event", **span)
    opened(boss, "change", "还没有时间", category="function")
    cancelled = opened(boss, "training", "不办了", from_at=SOON.isoformat(), audience="IT")
    step = {"uid": made.uid(), "step": "cancel", "fields": {"text": "改期"}}
    boss.post(f"/api/contracts/HQ/cases/{cancelled}/steps", json=step)

    found = events(client, address_of(boss))
    names = {f"case-HQ-{name}" for name in (training, upgrade, event)}
    assert found.keys() == names | {f"round-HQ-{month}"}
    assert found[f"case-HQ-{training}"].start == SOON
    assert found[f"case-HQ-{event}"].end == SOON + timedelta(hours=3)
    assert found[f"case-HQ-{event}"]["summary"] == f"非工作时间: 年会保障，二楼；大厅 ({event})"
    assert found[f"case-HQ-{upgrade}"].start == SOON.date()
    due = found[f"round-HQ-{month}"]
    assert (due.start, due.end) == (round_.due_on, round_.due_on + DAY)
    assert str(due["url"]) == f"http://localhost/desk/rounds/{month}?contract=HQ"


def test_each_sees_his_own_contracts_work_and_absences(
    contract: Contract,
    manager: User,
    engineer: User,
    it_lead: User,
    stranger: User,
    client: FlaskClient,
    signed_in: SignIn,
) -> None:
    other = factories.member(contract, "backup_engineer", login="backup", name="赵强")
    away(contract, engineer, other, None)
    boss = signed_in(manager)
    event = opened(boss, "after_hours", "年会", occasion="event", from_at=SOON.isoformat(),
                   to_at=(SOON + DAY).isoformat())  # fmt: skip
    plan = {"uid": made.uid(), "user_id": engineer.id, "task": "值守", "from_at": SOON.isoformat(),
            "to_at": (SOON + timedelta(hours=2)).isoformat()}  # fmt: skip
    answer = boss.post(f"/api/contracts/HQ/cases/{event}/plan", json=plan)
    assert answer.status_code == 201, answer.data

    def kinds(person: User) -> list[str]:
        found = events(client, address_of(signed_in(person)))
        return sorted(key.partition("-")[0] for key in found)

    assert kinds(manager) == ["absence", "case"]
    assert kinds(engineer) == ["absence", "case", "work"]
    assert kinds(other) == ["absence", "case"]
    assert kinds(it_lead) == ["case"]
    assert kinds(stranger) == []


def test_a_duty_leaves_the_calendar_when_the_client_cancels_the_event(
    contract: Contract,
    manager: User,
    engineer: User,
    it_lead: User,
    client: FlaskClient,
    signed_in: SignIn,
) -> None:
    boss, theirs = signed_in(manager), signed_in(it_lead)
    span = {"from_at": SOON.isoformat(), "to_at": (SOON + timedelta(hours=2)).isoformat()}
    event = opened(theirs, "after_hours", "年会", occasion="event", **span)
    plan = {"uid": made.uid(), "user_id": engineer.id, **span}
    assert boss.post(f"/api/contracts/HQ/cases/{event}/plan", json=plan).status_code == 201
    address = address_of(signed_in(engineer))
    assert len(events(client, address)) == 2
    step = {"uid": made.uid(), "step": "cancel", "fields": {"text": "取消"}}
    assert theirs.post(f"/api/contracts/HQ/cases/{event}/steps", json=step).status_code == 200
    assert events(client, address) == {}


def test_it_is_the_same_until_something_changes(
    contract: Contract, manager: User, client: FlaskClient, signed_in: SignIn
) -> None:
    boss = signed_in(manager)
    opened(boss, "training", "培训", from_at=SOON.isoformat(), audience="IT")
    address = address_of(boss)
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    opened(boss, "training", "又一次", from_at=SOON.isoformat(), audience="IT")
    later = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200


def test_a_renewed_address_ends_the_old_one_and_a_disabled_person_has_none(
    manager: User, client: FlaskClient, signed_in: SignIn
) -> None:
    boss = signed_in(manager)
    assert boss.get("/api/calendar").get_json()["address"] is None
    old = address_of(boss)
    new = address_of(boss)
    assert boss.get("/api/calendar").get_json()["address"] == f"http://localhost{new}"
    assert client.get(old).get_json()["code"] == "link_invalid"
    assert client.get(new).status_code == 200
    assert client.get(new.replace("/calendar/", "/calendar/x")).status_code == 404
    with unit_of_work() as session:
        session.execute(sa.update(User).filter_by(id=manager.id).values(disabled_at=NOW))
    assert client.get(new).status_code == 404
    with unit_of_work() as session:
        session.execute(sa.update(User).filter_by(id=manager.id).values(disabled_at=None))
    assert boss.delete("/api/calendar").status_code == 204
    assert client.get(new).status_code == 404
    assert boss.delete("/api/calendar").status_code == 404


def test_many_entries_take_the_same_few_statements(
    contract: Contract,
    manager: User,
    client: FlaskClient,
    signed_in: SignIn,
    count_queries: Callable[[], int],
) -> None:
    boss = signed_in(manager)
    address = address_of(boss)
    counts = []
    for _ in range(2):
        for _ in range(3):
            opened(boss, "training", "培训", from_at=SOON.isoformat(), audience="IT")
        count_queries()
        assert client.get(address).status_code == 200
        counts.append(count_queries())
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "text", ["a\nBEGIN:VEVENT\nEND:VCALENDAR", "长" * 500, 'a;b,c\\d:"e"', "\r\nX:1"]
)
def test_whatever_a_title_holds_it_stays_a_title(text: str) -> None:
    entry = Entry("k", text, NOW, None, "/desk", NOW, place=text)
    data = as_ics([entry], text, "https://rounds.example.com")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    calendar = Calendar.from_ical(data)
    assert isinstance(calendar, Calendar)
    [event] = calendar.events
    assert str(event["summary"]).split() == text.split()


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, and an hour later again
    entries = [Entry(str(n), "x", begin + n * timedelta(hours=1), None, "/", NOW) for n in (0, 1)]
    calendar = Calendar.from_ical(as_ics(entries, "x", "https://h.example"))
    assert isinstance(calendar, Calendar)
    first, second = calendar.events
    assert second.start - first.start == timedelta(hours=1)
