"""Hours that were logged on a phone without a network (clauses 23-24): in the ledger once, or kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cases import made as cases
from tests.rounds import made
from tests.sync.phone import Phone, operation
from webapp.cases.models import Case
from webapp.db import db, now_utc
from webapp.hours.models import HoursEntry
from webapp.identity.models import Contract, User
from webapp.sync.models import Quarantined


@pytest.fixture
def event(contract: Contract, manager: User) -> Case:
    """A case after hours, the day before yesterday."""
    begins = ago(days=2)
    span = {"from_at": begins.isoformat(), "to_at": (begins + timedelta(hours=4)).isoformat()}
    author = cases.author(contract, manager, "project_manager")
    fields = {"occasion": "event", **span}
    return cases.opened(contract, author, "after_hours", now=begins, fields=fields)


def ago(**spans: float) -> datetime:
    return (now_utc() - timedelta(**spans)).replace(second=0, microsecond=0)


def worked(case: Case, began: datetime, minutes: int, **more: Any) -> dict[str, Any]:
    """What a phone sends of work on a case."""
    ended = began + timedelta(minutes=minutes)
    body = {"uid": made.uid(), "case": case.uid, "began_at": began.isoformat()}
    return {**body, "ended_at": ended.isoformat(), "at": ended.isoformat(), **more}


def ledger() -> list[HoursEntry]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(HoursEntry).order_by(HoursEntry.number)))


def logged(phone: Phone, payload: dict[str, Any], **more: Any) -> tuple[str, str]:
    [answer] = phone.push(operation("hours_log", payload), **more)
    return answer["result"], answer.get("code", "")


def test_what_was_worked_offline_is_in_the_ledger_once(
    phone: Phone, engineer: User, event: Case
) -> None:
    sent = operation("hours_log", worked(event, ago(days=2), 181, break_minutes=15, note="值守"))
    assert [one["result"] for one in phone.push(sent)] == ["applied"]
    assert [one["result"] for one in phone.push(sent)] == ["duplicate"]
    [line] = ledger()
    # 166 minutes: six half hours, the last one begun.
    assert (line.half_hours, line.user_id, line.note) == (6, engineer.id, "值守")
    [row] = [row for row in phone.pull()["rows"]["cases"] if row["uid"] == event.uid]
    hours = row["hours"]
    assert (hours["used"], hours["free"], hours["lines"][0]["uid"]) == (6, 160, line.uid)


def test_what_overlaps_or_belongs_to_no_case_is_kept_for_the_supervisor(
    phone: Phone, event: Case
) -> None:
    began = ago(days=2)
    assert logged(phone, worked(event, began, 60)) == ("applied", "")
    assert logged(phone, worked(event, began + timedelta(minutes=30), 60)) == (
        "quarantined",
        "hours_overlap",
    )
    nowhere = {**worked(event, began, 60), "case": made.uid()}
    assert logged(phone, nowhere) == ("quarantined", "case_unknown")
    kept = db.session.scalars(sa.select(Quarantined).order_by(Quarantined.id)).all()
    assert [row.kind for row in kept] == ["hours_log"] * 2
    assert len(ledger()) == 1


def test_what_was_worked_offline_is_taken_though_the_client_has_confirmed_meanwhile(
    phone: Phone, contract: Contract, manager: User, it_lead: User, event: Case
) -> None:
    payload = worked(event, ago(days=2), 60)
    wang = cases.author(contract, manager, "project_manager")
    cases.taken(event, wang, "finish", now=ago(days=1), done="保障完成")
    chen = cases.author(contract, it_lead, "client_it_lead")
    cases.taken(event, chen, "confirm", now=ago(hours=1))
    assert logged(phone, payload) == ("applied", "")
    assert [line.half_hours for line in ledger()] == [2]


def test_a_fast_clock_does_not_make_it_work_to_come(phone: Phone, event: Case) -> None:
    told = now_utc() + timedelta(minutes=20)
    payload = worked(event, ago(hours=1), 75)
    assert logged(phone, payload, device_time=told.isoformat()) == ("applied", "")
    [line] = ledger()
    assert line.ended_at <= now_utc()
    assert line.half_hours == 3


def test_every_line_of_the_ledger_reaches_the_phones(
    phone: Phone, contract: Contract, engineer: User, event: Case
) -> None:
    other = cases.opened(
        contract,
        cases.author(contract, engineer),
        "after_hours",
        now=ago(days=1),
        fields={
            "occasion": "meeting",
            "from_at": ago(days=1).isoformat(),
            "to_at": ago().isoformat(),
        },
    )
    first = phone.pull()
    logged(phone, worked(event, ago(days=2), 60))
    rows = phone.pull(first["head"], first["epoch"])["rows"]["cases"]
    # What is left is told with every case that is worked on.
    assert {row["uid"]: row["hours"]["used"] for row in rows} == {event.uid: 2, other.uid: 2}
