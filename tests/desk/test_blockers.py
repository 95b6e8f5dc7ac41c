"""What blocks the report, counted from real rows: each kind as many as the screen that it leads to lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, inspection, picture, slot
from webapp.acceptance.models import ReturnedAnswer, SignOff
from webapp.db import db, unit_of_work
from webapp.desk.rules import KINDS
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.reports.models import Report
from webapp.rounds.models import Inspection, Photo, Round, RoundRoom, RoundTask
from webapp.sync.models import Phone as PhoneRow

SignIn = Callable[[User], FlaskClient]
MONTH = "2026-03"
HQ = "/api/contracts/HQ"
READY = f"{HQ}/rounds/{MONTH}/ready"


class Month:
    """A round of a few rooms, and hands to do what blocks its report."""

    def __init__(self, contract: Contract, engineer: User, manager: User, sign_in: SignIn) -> None:
        self.contract, self.engineer, self.manager = contract, engineer, manager
        made.checklist(contract)
        house = factories.building(contract)
        self.rooms = [factories.room(house, f"{number}号厅") for number in range(4)]
        self.devices = [factories.device(room) for room in self.rooms]
        self.round = made.opened(contract, MONTH)
        self.phone = Phone(sign_in(engineer))
        self.desk = sign_in(manager)

    def give(self, room: Room, to: User) -> None:
        rooms = [{"room_id": room.id, "assignee_id": to.id}]
        answer = self.desk.patch(f"{HQ}/rounds/{MONTH}/rooms", json={"rooms": rooms})
        assert answer.status_code == 204

    def visit(self, device: Device | None, **fields: Any) -> dict[str, Any]:
        payload = made.visit(self.round, device, **fields)
        assert self.phone.send(payload) == ["applied"]
        return payload

    def finish(self, number: int) -> None:
        """Inspect a room whole."""
        self.visit(self.devices[number])
        self.visit(None, room=self.rooms[number])

    def sign(self, number: int | None, level: str, user: User) -> SignOff:
        with unit_of_work() as session:
            row = SignOff(
                contract_id=self.contract.id,
                uid=made.uid(),
                round_id=self.round.id,
                room_id=None if number is None else self.rooms[number].id,
                level=level,
                user_id=user.id,
                signed_at=made.at(MONTH, 5),
                content_sha256="0" * 64,
            )
            session.add(row)
        return row

    def blockers(self) -> dict[tuple[str, int | None], dict[str, Any]]:
        db.session.rollback()
        answer = self.desk.get(READY)
        assert answer.status_code == 200
        rows = answer.get_json()["blockers"]
        assert len({(row["kind"], row["owner_id"]) for row in rows}) == len(rows)
        return {(row["kind"], row["owner_id"]): row for row in rows}


@pytest.fixture
def month(contract: Contract, engineer: User, manager: User, signed_in: SignIn) -> Month:
    return Month(contract, engineer, manager, signed_in)


@pytest.fixture
def full(month: Month) -> Month:
    """A month in which every kind blocks, but the report's issue: that comes after the acceptance."""
    engineer = month.engineer
    month.give(month.rooms[0], engineer)  # The fourth stays nobody's.
    month.give(month.rooms[1], engineer)
    seen, lost, back = picture(1), picture(2), picture(3)
    lines = [slot(seen, "image"), slot(lost, "lamp_hours"), slot(back)]
    month.visit(month.devices[1], photos=lines)
    for data, line in ((seen, lines[0]), (back, lines[2])):
        assert month.phone.put(line["id"], data).status_code == 200
    sent_back = {"state": "returned", "remark": "看不清"}
    answer = month.desk.post(f"{HQ}/photos/{lines[2]['id']}/review", json=sent_back)
    assert answer.status_code == 200, answer.data
    other = Phone(month.desk, phone_id="manager")
    assert other.send(made.visit(month.round, month.devices[1])) == ["applied"]  # a pair
    month.visit(
        None,
        room=month.rooms[1],
        readings=[],
        exception={"reason": "occupied", "revisit_on": "2026-03-09"},
    )
    month.finish(2)
    month.give(month.rooms[2], engineer)
    _return_answers(month)
    month.sign(2, "self_check", engineer)  # The amendment would have voided an earlier one.
    nowhere = {**made.visit(month.round, month.devices[0]), "room_id": 2_000_000_000}
    assert month.phone.push(inspection(nowhere))[0]["result"] == "quarantined"
    with unit_of_work() as session:
        session.execute(
            sa.update(PhoneRow)
            .where(PhoneRow.user_id == engineer.id)
            .values(unsent_records=3, unsent_photos=4)
        )
    return month


def _return_answers(month: Month) -> None:
    """Send two answers of the third room back; the engineer has answered one of them."""
    db.session.rollback()
    ids = db.session.scalars(
        sa.select(Inspection.id)
        .where(Inspection.room_id == month.rooms[2].id)
        .order_by(Inspection.id)
    ).all()
    for inspection_id in ids:
        url = f"{HQ}/inspections/{inspection_id}/returns"
        assert month.desk.post(url, json={"remark": "再量一次"}).status_code == 201
    payload = db.session.get_one(Inspection, ids[0])
    amended = made.amended({**made.visit(month.round, month.devices[2]), "uid": payload.uid})
    assert month.phone.push(inspection(amended))[0]["result"] == "applied"


def test_every_kind_is_counted_with_its_owner_and_its_age(full: Month) -> None:
    engineer = full.engineer.id
    found = full.blockers()
    counts = {key: row["count"] for key, row in found.items()}
    assert counts == {
        ("todo", engineer): 2,
        ("todo", None): 2,
        ("revisits", engineer): 1,
        ("unsent", engineer): 7,
        ("photos_missing", engineer): 1,
        ("photos_returned", engineer): 1,
        ("answers_returned", engineer): 1,
        ("self_checks", engineer): 1,
        ("peer_checks", None): 1,
        ("pairs", None): 1,
        ("photos_unreviewed", None): 1,
        ("answers_to_look_at", None): 1,
        ("quarantine", None): 1,
        ("acceptance", None): 1,
    }
    assert {kind for kind, _owner in found} == set(KINDS) - {"report"}
    assert all(row["oldest_at"] is not None for row in found.values())
    assert found["peer_checks", None]["oldest_at"].startswith("2026-03-05")
    assert found["revisits", engineer]["oldest_at"] == "2026-03-08T16:00:00+00:00"
    owned = [row for row in found.values() if row["owner_id"]]
    assert {(row["owner_name"], row["owner_has_left"]) for row in owned} == {("李明", False)}


def _listed(month: Month, path: str) -> int:
    """How many things the screen of an address lists, asked of the API as the screen asks it."""
    parts = urlsplit(path)
    query = dict(parse_qsl(parts.query))
    screen = parts.path.removeprefix("/desk/")
    if screen.startswith("rounds/"):
        return _on_the_board(month, query)
    name = {"sync": "missing-photos" if query.pop("show", "") else "phones"}.get(screen, screen)
    answer = month.desk.get(f"{HQ}/{name}", query_string=query)
    assert answer.status_code == 200, (path, answer.data)
    items = answer.get_json()["items"]
    if name == "phones":
        return sum(row["unsent_records"] + row["unsent_photos"] for row in items)
    return sum(row["lacking"] for row in items) if name == "missing-photos" else len(items)


def _on_the_board(month: Month, query: dict[str, str]) -> int:
    """What the heat map shows: rooms of a state, and of a person when one is named."""
    buildings = month.desk.get(f"{HQ}/rounds/{MONTH}/board").get_json()["buildings"]
    rooms = [room for house in buildings for room in house["rooms"]]
    who = int(query["who"]) if "who" in query else None
    shown = [room for room in rooms if who is None or (room["assignee_id"] or 0) == who]
    return sum(room[query["state"]] for room in shown)


def test_each_leads_to_a_list_of_exactly_those(full: Month) -> None:
    led = [row for row in full.blockers().values() if "/acceptance/" not in row["path"]]
    assert len(led) == 11
    for row in led:
        assert _listed(full, row["path"]) == row["count"], (row["kind"], row["path"])


def test_the_board_and_ready_say_the_same(full: Month) -> None:
    board = full.desk.get(f"{HQ}/rounds/{MONTH}/board").get_json()
    assert board["blockers"] == full.desk.get(READY).get_json()["blockers"]


def test_ready_says_when_the_due_day_is_over_at_the_contracts_place(month: Month) -> None:
    shown = month.desk.get(READY).get_json()
    assert shown["round"]["due_on"] == "2026-03-10"
    assert shown["due_at"] == "2026-03-10T16:00:00+00:00"
    assert shown["report"] is None


def test_who_has_left_is_told_apart(full: Month, contract: Contract) -> None:
    members = full.desk.get(f"{HQ}/members").get_json()
    (member,) = [row for row in members if row["user_id"] == full.engineer.id]
    assert full.desk.delete(f"{HQ}/members/{member['id']}").status_code == 204
    owned = [row for row in full.blockers().values() if row["owner_id"] == full.engineer.id]
    assert all(row["owner_has_left"] for row in owned)


def test_a_room_is_asked_for_its_checks_one_after_the_other(month: Month) -> None:
    month.finish(0)
    assert ("self_checks", month.engineer.id) in month.blockers()
    mine = month.sign(0, "self_check", month.engineer)
    kinds = {kind for kind, _owner in month.blockers()}
    assert "self_checks" not in kinds
    assert "peer_checks" in kinds
    month.sign(0, "peer_check", month.manager)
    assert "peer_checks" not in {kind for kind, _owner in month.blockers()}
    with unit_of_work() as session:
        session.get_one(SignOff, mine.id).voided_at = made.at(MONTH, 6)
    assert ("self_checks", month.engineer.id) in month.blockers()


def test_second_visits_after_the_due_day_do_not_block(month: Month) -> None:
    exception = {"reason": "renovation", "revisit_on": "2126-03-20"}
    month.visit(month.devices[0], readings=[], exception=exception)
    assert "revisits" not in {kind for kind, _owner in month.blockers()}
    with unit_of_work() as session:
        session.execute(sa.update(Inspection).values(revisit_on=date(2026, 3, 10)))
    assert month.blockers()["revisits", None]["count"] == 1
    month.visit(month.devices[0])  # The second visit.
    assert "revisits" not in {kind for kind, _owner in month.blockers()}


def test_acceptance_leaves_the_report_and_the_issued_report_nothing(month: Month) -> None:
    for number in range(4):
        month.finish(number)
    with unit_of_work() as session:
        row = session.get_one(Round, month.round.id)
        row.state, row.accepted_at = "accepted", made.at(MONTH, 9)
    assert set(month.blockers()) == {("report", None)}
    _issue(month)
    shown = month.desk.get(READY).get_json()
    assert shown["blockers"] == []
    assert shown["report"]["number"] == "HQ-2026-03"


def _issue(month: Month) -> None:
    with unit_of_work() as session:
        session.add(
            Report(
                contract_id=month.contract.id,
                round_id=month.round.id,
                number="HQ-2026-03",
                language="zh",
                data_key="k",
                data_sha256="0" * 64,
                issued_by_id=month.manager.id,
                issued_at=made.at(MONTH, 10),
            )
        )


def _change(month: Month, what: str) -> None:
    with unit_of_work() as session:
        one = session.scalars(sa.select(Inspection).order_by(Inspection.id)).first()
        assert one is not None
        match what:
            case "returned":
                session.add(
                    ReturnedAnswer(
                        contract_id=month.contract.id,
                        inspection_id=one.id,
                        revision=1,
                        remark="再量一次",
                        returned_by_id=month.manager.id,
                        returned_at=made.at(MONTH, 6),
                    )
                )
            case "pair":
                session.get_one(RoundTask, one.task_id).pair_open = True
            case "photo":
                session.scalars(sa.select(Photo)).first().review = "accepted"  # type: ignore[union-attr]
            case "unsent":
                session.execute(sa.update(PhoneRow).values(unsent_records=9))
            case "state":
                session.get_one(Round, month.round.id).state = "finished"


@pytest.mark.parametrize(
    "what",
    [
        "visit",
        "sign",
        "voided",
        "returned",
        "pair",
        "photo",
        "unsent",
        "quarantine",
        "state",
        "issued",
    ],
)
@pytest.mark.parametrize("path", ["board", "ready"])
def test_an_unchanged_answer_is_304_and_any_change_ends_that(
    month: Month, what: str, path: str
) -> None:
    month.visit(month.devices[0], photos=[made.photo("image")])
    signed = month.sign(0, "self_check", month.engineer)
    url = f"{HQ}/rounds/{MONTH}/{path}"
    etag = month.desk.get(url).headers["ETag"]
    again = month.desk.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    if what == "visit":
        month.visit(month.devices[1])
    elif what == "sign":
        month.sign(0, "peer_check", month.manager)
    elif what == "voided":
        with unit_of_work() as session:
            session.get_one(SignOff, signed.id).voided_at = made.at(MONTH, 6)
    elif what == "quarantine":
        month.phone.push(
            inspection({**made.visit(month.round, month.devices[1]), "room_id": 2_000_000_000})
        )
    elif what == "issued":
        _issue(month)
    else:
        _change(month, what)
    db.session.rollback()
    assert month.desk.get(url, headers={"If-None-Match": etag}).status_code == 200


def test_ready_costs_the_same_whatever_the_rooms(
    month: Month, count_queries: Callable[[], int]
) -> None:
    month.desk.get(READY)
    count_queries()
    month.desk.get(READY)
    few = count_queries()
    with unit_of_work() as session:
        house = month.rooms[0].building_id
        rooms = [
            Room(contract_id=month.contract.id, building_id=house, floor="9F", name_zh=f"{n}室")
            for n in range(20)
        ]
        session.add_all(rooms)
        session.flush()
        for room in rooms:
            session.add(RoundRoom(round_id=month.round.id, room_id=room.id))
            session.add(
                RoundTask(
                    contract_id=month.contract.id,
                    round_id=month.round.id,
                    room_id=room.id,
                    device_id=None,
                )
            )
    count_queries()
    assert month.desk.get(READY).get_json()["blockers"][0]["count"] == 28
    assert count_queries() == few <= 20


@pytest.mark.parametrize("path", ["ready", "board"])
def test_a_month_without_a_round_is_not_found(month: Month, path: str) -> None:
    assert month.desk.get(f"{HQ}/rounds/2026-04/{path}").status_code == 404
