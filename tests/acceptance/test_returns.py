"""An answer sent back: open until a later revision answers it, then somebody's to close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from tests.acceptance.conftest import access_of
from tests.rounds import made
from webapp.acceptance import return_queries, returns
from webapp.acceptance.models import ReturnedAnswer
from webapp.acceptance.return_rules import STATES, state_of
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.identity.rules import Access
from webapp.rounds import services as rounds
from webapp.rounds.models import Inspection, Round, RoundTask
from webapp.rounds.rules import stands

NOW = made.at("2026-03", 5)
Do = Callable[..., ReturnedAnswer]


@pytest.fixture
def boss(contract: Contract, manager: User) -> Access:
    return access_of(contract, manager)


@pytest.fixture
def send_back(boss: Access, inspection_id: int) -> Do:
    def do(item: str | None = "lamp_hours", remark: str = "请核对", **more: Any) -> ReturnedAnswer:
        with unit_of_work() as session:
            access = more.pop("by", boss)
            return returns.return_answer(
                session, access, inspection_id, item, remark, more.pop("now", NOW), **more
            )

    return do


@pytest.fixture
def act(boss: Access) -> Do:
    def do(row: ReturnedAnswer, step: returns.Step, by: Access = boss) -> ReturnedAnswer:
        with unit_of_work() as session:
            return returns.act_on_return(session, by, row.id, step, NOW)

    return do


@pytest.fixture
def amend(contract: Contract, engineer: User, first: dict[str, Any]) -> Callable[..., None]:
    def do(revision: int = 1) -> None:
        payload = made.amended(first, revision)
        made.reading(payload, "lamp_hours", 600 + revision, "normal")
        (answer,) = made.send(contract, engineer, payload, now=made.at("2026-03", 6))
        assert answer.result == "applied"

    return do


def shown() -> dict[str | None, str]:
    """The state of every one, by item, as the rule and as the database say it."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(
            ReturnedAnswer, Inspection, RoundTask.inspection_id, return_queries.state_column()
        )
        .join(Inspection, Inspection.id == ReturnedAnswer.inspection_id)
        .join(RoundTask, RoundTask.id == Inspection.task_id)
        .order_by(ReturnedAnswer.id)
    ).all()
    said: dict[str | None, str] = {}
    for row, inspection, counting_id, state in rows:
        counts = counting_id == inspection.id
        stood = stands(inspection.verdict, inspection.choice, counts=counts)
        by_rule = state_of(row.state, row.revision, inspection.revision, stands=stood)
        assert by_rule == state
        said[row.item] = state
    return said


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(AppError) as caught:
        call()
    return caught.value.code


def trail() -> Sequence[tuple[str, dict[str, Any]]]:
    rows = db.session.execute(
        sa.select(AuditRow.action, AuditRow.diff)
        .where(AuditRow.entity == "returned_answer")
        .order_by(AuditRow.id)
    )
    return [(action, diff) for action, diff in rows]


@pytest.mark.parametrize(
    ("stored", "returned", "revision", "stood", "state"),
    [
        ("open", 1, 1, True, "open"),
        ("open", 1, 2, True, "answered"),
        ("open", 1, 1, False, "withdrawn"),
        ("open", 1, 2, False, "withdrawn"),
        ("closed", 1, 2, True, "closed"),
        ("closed", 1, 2, False, "closed"),
        ("withdrawn", 1, 1, True, "withdrawn"),
    ],
)
def test_the_state_is_reckoned(
    stored: str, returned: int, revision: int, stood: bool, state: str
) -> None:
    assert state_of(stored, returned, revision, stands=stood) == state
    assert state in STATES


def test_any_later_revision_answers_what_was_sent_back(
    send_back: Do, act: Do, amend: Callable[..., None], march: Round, engineer: User, boss: Access
) -> None:
    row = send_back()
    send_back(None, "整份记录都要再看")
    assert shown() == {"lamp_hours": "open", None: "open"}
    assert return_queries.waiting_by_author(db.session(), march.id) == [(engineer.id, 2, 0)]
    assert refused(lambda: act(row, "close")) == "return_changed"
    amend()
    assert shown() == {"lamp_hours": "answered", None: "answered"}
    waiting = return_queries.waiting_in_round(db.session(), march.id)
    assert waiting == {"answers_returned": 0, "answers_to_look_at": 2}
    assert refused(lambda: act(row, "withdraw")) == "return_changed"
    closed = act(row, "close")
    assert (closed.closed_by_id, closed.closed_at) == (boss.user_id, NOW)
    assert shown() == {"lamp_hours": "closed", None: "answered"}
    assert [action for action, _ in trail()] == ["return", "return", "close"]
    assert trail()[0][1]["remark"] == [None, "请核对"]
    assert trail()[2][1] == {"state": ["open", "closed"]}


def test_each_change_moves_the_contracts_sequence(
    send_back: Do, act: Do, contract: Contract
) -> None:
    def head() -> int:
        db.session.rollback()
        return int(db.session.scalar(sa.select(Contract.head_seq)) or 0)

    before = head()
    row = send_back()
    assert row.seq == head() == before + 1
    assert act(row, "withdraw").seq == head() == before + 2


def test_the_same_is_open_but_once(send_back: Do) -> None:
    row = send_back()
    assert refused(send_back) == "already_returned"
    send_back("image")
    send_back(None)
    assert refused(lambda: send_back(None)) == "already_returned"
    # A peer's words stand beside the supervisor's; the same words again add nothing.
    assert send_back(remark="读数与照片不符", add=True).id == row.id
    assert send_back(remark="请核对", add=True).remark == "请核对\n读数与照片不符"
    assert [action for action, _ in trail()] == ["return", "return", "return", "change"]


def test_the_database_too_holds_it_to_one(send_back: Do) -> None:
    for item in ("image", None):
        row = send_back(item)
        with pytest.raises(sa.exc.IntegrityError), unit_of_work() as session:
            session.add(
                ReturnedAnswer(
                    contract_id=row.contract_id,
                    inspection_id=row.inspection_id,
                    item=item,
                    revision=1,
                    remark="再一次",
                    returned_by_id=row.returned_by_id,
                    returned_at=NOW,
                )
            )


def test_sending_back_again_closes_what_was_answered(
    send_back: Do, amend: Callable[..., None], act: Do
) -> None:
    once = send_back()
    amend()
    again = send_back(remark="还是不对")
    assert (again.id != once.id, again.revision) == (True, 2)
    states = db.session.execute(
        sa.select(ReturnedAnswer.state, ReturnedAnswer.revision).order_by(ReturnedAnswer.id)
    ).all()
    assert [tuple(row) for row in states] == [("closed", 1), ("open", 2)]
    assert refused(lambda: act(once, "reopen")) == "already_returned"
    amend(2)
    assert shown() == {"lamp_hours": "answered"}


def test_what_was_closed_or_withdrawn_can_be_taken_back(
    send_back: Do, act: Do, amend: Callable[..., None]
) -> None:
    row = send_back()
    act(row, "withdraw")
    assert refused(lambda: act(row, "withdraw")) == "return_changed"
    back = act(row, "reopen")
    assert (back.state, back.closed_by_id, back.closed_at) == ("open", None, None)
    amend()
    act(row, "close")
    act(row, "reopen")
    assert shown() == {"lamp_hours": "answered"}


def test_words_are_wanted_and_may_be_put_better(
    send_back: Do, boss: Access, amend: Callable[..., None]
) -> None:
    assert refused(lambda: send_back(remark="  \n ")) == "invalid"
    row = send_back(remark=" 请核对 ")
    assert row.remark == "请核对"

    def change(words: str) -> ReturnedAnswer:
        with unit_of_work() as session:
            return returns.change_words(session, boss, row.id, words, NOW)

    assert change("请重测灯泡时数").remark == "请重测灯泡时数"
    assert refused(lambda: change(" ")) == "invalid"
    assert trail()[-1] == ("change", {"remark": ["请核对", "请重测灯泡时数"]})
    amend()
    assert refused(lambda: change("晚了")) == "return_changed"


def test_only_an_item_of_the_checklist_and_a_known_inspection_can_be_sent_back(
    send_back: Do, boss: Access
) -> None:
    assert refused(lambda: send_back("no_such_item")) == "invalid"
    send_back("remote")

    def unknown(inspection_id: int) -> Callable[[], object]:
        return lambda: returns.return_answer(db.session(), boss, inspection_id, None, "x", NOW)

    with unit_of_work():
        assert refused(unknown(2_000_000_000)) == "not_found"


def test_a_peer_acts_on_his_own_and_on_no_others(
    send_back: Do, act: Do, contract: Contract, engineer: User, it_lead: User
) -> None:
    peer = access_of(contract, engineer, "inspection_engineer")
    row = send_back(by=peer)
    assert row.returned_by_id == engineer.id
    others = access_of(contract, it_lead, "client_it_lead")
    assert refused(lambda: act(row, "withdraw", others)) == "forbidden"
    act(row, "withdraw", peer)
    act(row, "reopen")
    assert refused(lambda: act(send_back("image"), "withdraw", peer)) == "forbidden"


def test_what_a_round_takes_no_more_cannot_be_sent_back(
    send_back: Do, act: Do, march: Round
) -> None:
    row = send_back()
    for state, code in (("finished", ""), ("accepted", "round_not_open")):
        with unit_of_work() as session:
            session.get_one(Round, march.id).state = state
        if code:
            assert refused(lambda: send_back("image")) == code
            assert refused(lambda: act(row, "withdraw")) == code
        else:
            send_back("filter")


def test_what_was_set_aside_waits_for_nobody(
    send_back: Do,
    act: Do,
    contract: Contract,
    manager: User,
    march: Round,
    first: dict[str, Any],
    boss: Access,
    inspection_id: int,
) -> None:
    row = send_back()
    other = {**first, "uid": made.uid()}
    (second,) = made.send(contract, manager, other, now=made.at("2026-03", 4))
    assert second.inspection_id

    def pick(one: int, now: datetime = NOW) -> None:
        with unit_of_work() as session:
            rounds.pick(session, boss, one, now)

    pick(second.inspection_id)
    assert shown() == {"lamp_hours": "withdrawn"}
    assert return_queries.waiting_by_author(db.session(), march.id) == []
    assert return_queries.waiting_in_round(db.session(), march.id) == {
        "answers_returned": 0,
        "answers_to_look_at": 0,
    }
    assert refused(lambda: send_back("image")) == "inspection_set_aside"
    assert refused(lambda: act(row, "withdraw")) == "inspection_set_aside"
    # The supervisor changes his mind: what was sent back is alive again.
    pick(inspection_id)
    assert shown() == {"lamp_hours": "open"}
