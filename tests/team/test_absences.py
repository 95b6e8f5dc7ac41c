"""Absences over HTTP: entered, handed over with one press, given back after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from tests.rounds import made as rounds
from webapp.audit.models import AuditRow
from webapp.cases.models import Case
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, User
from webapp.rounds.models import RoundRoom, RoundTask

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


@pytest.fixture
def backup(contract: Contract) -> User:
    return factories.member(contract, "backup_engineer", login="backup", name="陈晨")


def today() -> date:
    """The day that it is where the contract is."""
    return now_utc().astimezone(ZoneInfo("Asia/Shanghai")).date()


def entered(browser: FlaskClient, who: User, stand_in: User, status: int = 201, **more: Any) -> Any:
    body = {
        "uid": made.uid(),
        "user_id": who.id,
        "from_on": str(today() - timedelta(days=1)),
        "to_on": str(today() + timedelta(days=5)),
        "reason": "sick",
        "stand_in_id": stand_in.id,
        **more,
    }
    answer = browser.post(f"{HQ}/absences", json=body)
    assert answer.status_code == status, answer.data
    return answer.get_json()


def pressed(browser: FlaskClient, absence: int, what: str, status: int = 200) -> Any:
    answer = browser.post(f"{HQ}/absences/{absence}/{what}")
    assert answer.status_code == status, answer.data
    return answer.get_json()


def work(contract: Contract, person: User) -> None:
    """Two rooms of the round with a device each, and a live case, all the person's."""
    building = factories.building(contract)
    for name in ("西湖厅", "东湖厅"):
        factories.device(factories.room(building, name))
    rounds.checklist(contract)
    march = rounds.opened(contract, "2026-03")
    with unit_of_work() as session:
        session.execute(sa.update(RoundRoom).values(assignee_id=person.id))
        session.execute(sa.update(RoundTask).values(assignee_id=person.id))
    author = made.author(contract, person)
    made.taken(made.opened(contract, author), author, "take_over")
    made.opened(contract, author)
    assert march.state == "open"


def owners() -> tuple[set[int | None], list[int | None]]:
    """Who has the rooms of the round, and who the cases."""
    db.session.rollback()
    return (
        set(db.session.scalars(sa.select(RoundRoom.assignee_id))),
        list(db.session.scalars(sa.select(Case.owner_id).order_by(Case.id))),
    )


def test_one_press_hands_over_and_one_gives_back(
    contract: Contract, engineer: User, backup: User, wang: FlaskClient
) -> None:
    work(contract, engineer)
    [absence] = entered(wang, engineer, backup)["absences"]
    assert (absence["state"], absence["rooms"], absence["cases"]) == ("running", 2, 1)
    team = pressed(wang, absence["id"], "hand-over")
    assert owners() == ({backup.id}, [backup.id, None])
    [absence] = team["absences"]
    assert (absence["rooms"], absence["given_rooms"], absence["given_cases"]) == (0, 2, 1)
    people = {person["user_id"]: person for person in team["people"]}
    assert people[engineer.id]["absent"]
    assert (people[backup.id]["stands_in_for"], people[backup.id]["rooms"]) == ([engineer.id], 2)
    assert pressed(wang, absence["id"], "hand-over", 409)["code"] == "nothing_to_hand_over"
    # What the stand-in has finished or passed on meanwhile stays where it is.
    with unit_of_work() as session:
        case = session.get_one(Case, 1)
        case.live = False
    [absence] = pressed(wang, absence["id"], "give-back")["absences"]
    assert absence["given_rooms"] == 0
    assert owners() == ({engineer.id}, [backup.id, None])
    assert pressed(wang, absence["id"], "give-back", 409)["code"] == "nothing_to_give_back"
    done = list(
        db.session.scalars(
            sa.select(AuditRow.action).where(AuditRow.entity == "absence").order_by(AuditRow.id)
        )
    )
    assert done == ["absence_enter", "absence_hand_over", "absence_give_back"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"to_on": "2000-01-01"}, "invalid"),
        ({"reason": "holiday"}, "invalid"),
        ({"stand_in_id": 99_999}, "person_unknown"),
        ({"uid": "x"}, "invalid"),
    ],
)
def test_what_is_wrong_is_refused(
    engineer: User, backup: User, wang: FlaskClient, more: dict[str, Any], code: str
) -> None:
    assert entered(wang, engineer, backup, 422, **more)["code"] == code
    assert wang.get(f"{HQ}/team").get_json()["absences"] == []


def test_nobody_is_away_twice_and_no_stand_in_is_away(
    engineer: User, manager: User, backup: User, wang: FlaskClient
) -> None:
    entered(wang, engineer, backup)
    assert entered(wang, engineer, manager, 409)["code"] == "absence_overlaps"
    assert entered(wang, manager, engineer, 409)["code"] == "stand_in_absent"
    assert entered(wang, engineer, engineer, 422)["code"] == "invalid"
    later: dict[str, Any] = {"from_on": str(today() + timedelta(days=9)), "to_on": None}
    found = entered(wang, engineer, backup, **later)["absences"]
    assert [one["state"] for one in found] == ["running", "coming"]
    assert pressed(wang, found[1]["id"], "hand-over", 409)["code"] == "absence_not_running"


def test_everybody_enters_his_own_and_a_manager_anybodys(
    contract: Contract, engineer: User, backup: User, li: FlaskClient, wang: FlaskClient
) -> None:
    work(contract, engineer)
    [absence] = entered(li, engineer, backup)["absences"]
    assert entered(li, backup, engineer, 403)["code"] == "forbidden"
    pressed(li, absence["id"], "hand-over", 403)
    url = f"{HQ}/absences/{absence['id']}"
    body = {
        "user_id": engineer.id,
        "from_on": str(today()),
        "to_on": str(today()),
        "reason": "leave",
        "stand_in_id": backup.id,
    }
    assert li.patch(url, json=body).get_json()["absences"][0]["reason"] == "leave"
    pressed(wang, absence["id"], "hand-over")
    assert li.delete(url).get_json()["code"] == "absence_handed_over"
    pressed(wang, absence["id"], "give-back")
    assert li.delete(url).get_json()["absences"][0]["state"] == "cancelled"


def test_the_client_and_strangers_see_nothing_of_it(
    contract: Contract, it_lead: User, stranger: User, signed_in: SignIn
) -> None:
    assert signed_in(it_lead).get(f"{HQ}/team").status_code == 403
    theirs = signed_in(stranger)
    assert theirs.get(f"{HQ}/team").status_code == 404
    assert theirs.post("/api/contracts/OTHER/absences/1/hand-over").status_code == 404


def test_the_team_takes_a_fixed_number_of_statements(
    contract: Contract,
    engineer: User,
    backup: User,
    wang: FlaskClient,
    count_queries: Callable[[], int],
) -> None:
    def asked() -> int:
        count_queries()
        assert wang.get(f"{HQ}/team").status_code == 200
        return count_queries()

    work(contract, engineer)
    entered(wang, engineer, backup)
    before = asked()
    for number in range(3):
        factories.member(contract, "backup_engineer", login=f"more{number}")
        start = today() + timedelta(days=10 * (number + 1))
        entered(wang, engineer, backup, from_on=str(start), to_on=str(start))
    assert asked() == before
