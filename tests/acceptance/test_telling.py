"""Who is told by itself: an engineer of what was sent back, and who accepts of a round that waits for him alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.acceptance import signed
from tests.acceptance.walked import Walked
from tests.rounds import made
from webapp import background
from webapp.acceptance.returns import return_answer
from webapp.acceptance.telling import PAUSE, contracts_to_tell
from webapp.db import db, unit_of_work
from webapp.identity.models import User
from webapp.notifications.models import Notification
from webapp.rounds.models import Inspection, Photo

AT = signed.LATER
MINUTE = timedelta(minutes=1)


def told(kind: str) -> list[tuple[str, object]]:
    """Who was told, and how many or when, in the order told."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(User.login, Notification.details)
        .join(User, User.id == Notification.user_id)
        .where(Notification.kind == kind)
        .order_by(Notification.id)
    )
    return [(login, details.get("count") or details.get("at")) for login, details in rows]


def tick(now: datetime) -> None:
    db.session.rollback()
    background.tell_of_acceptance(now)


def return_photos(walked: Walked, author: User, manager: User, count: int, at: datetime) -> None:
    """A supervisor sends some of an engineer's photos back, as the review does."""
    with unit_of_work() as session:
        photos = session.scalars(
            sa.select(Photo)
            .join(Inspection, Inspection.id == Photo.inspection_id)
            .where(Inspection.author_id == author.id, Photo.review == "none")
            .order_by(Photo.id)
            .limit(count)
        ).all()
        assert len(photos) == count
        for photo in photos:
            photo.review, photo.reviewed_at, photo.reviewed_by_id = "returned", at, manager.id


def test_what_was_sent_back_is_told_once_all_together_after_a_pause(
    walked: Walked, manager: User
) -> None:
    return_photos(walked, walked.engineer, manager, 1, AT)
    tick(AT + PAUSE - MINUTE)
    return_photos(walked, walked.engineer, manager, 1, AT + PAUSE - MINUTE)
    tick(AT + PAUSE)
    assert told("sent_back") == []
    for minute in range(3):
        tick(AT + 2 * PAUSE + minute * MINUTE)
    assert told("sent_back") == [("engineer", 2)]


def test_what_is_sent_back_later_is_told_anew_and_what_was_taken_back_is_not(
    walked: Walked, manager: User
) -> None:
    return_photos(walked, walked.engineer, manager, 1, AT)
    tick(AT + PAUSE)
    return_photos(walked, walked.engineer, manager, 1, AT + 2 * PAUSE)
    return_photos(walked, walked.other, manager, 1, AT + 2 * PAUSE)
    with unit_of_work() as session:
        taken_back = (
            sa.update(Photo)
            .where(
                Photo.reviewed_at == AT + 2 * PAUSE,
                Photo.inspection_id.in_(
                    sa.select(Inspection.id).where(Inspection.author_id == walked.other.id)
                ),
            )
            .values(review="accepted")
        )
        session.execute(taken_back)
    tick(AT + 3 * PAUSE)
    assert told("sent_back") == [("engineer", 1), ("engineer", 2)]


def test_answering_the_later_of_two_tells_nobody_of_the_earlier_again(
    walked: Walked, manager: User
) -> None:
    return_photos(walked, walked.engineer, manager, 1, AT)
    return_photos(walked, walked.engineer, manager, 1, AT + MINUTE)
    tick(AT + MINUTE + PAUSE)
    with unit_of_work() as session:
        session.execute(
            sa.update(Photo).where(Photo.reviewed_at == AT + MINUTE).values(withdrawn=True)
        )
    tick(AT + 3 * PAUSE)
    assert told("sent_back") == [("engineer", 2)]


def test_what_was_sent_back_just_before_the_telling_and_came_to_light_after_it_is_told_too(
    walked: Walked, manager: User
) -> None:
    return_photos(walked, walked.engineer, manager, 1, AT)
    tick(AT + PAUSE)
    return_photos(walked, walked.engineer, manager, 1, AT + PAUSE - timedelta(seconds=1))
    tick(AT + 3 * PAUSE)
    assert told("sent_back") == [("engineer", 1), ("engineer", 2)]


def test_an_answer_counts_beside_the_photos_and_leads_an_engineer_to_his_phone(
    walked: Walked, manager: User
) -> None:
    return_photos(walked, walked.engineer, manager, 1, AT)
    device = walked.devices[0]
    with unit_of_work() as session:
        inspection = session.scalars(sa.select(Inspection).filter_by(device_id=device.id)).one()
        boss = signed.access_of(walked.contract, manager)
        return_answer(session, boss, inspection.id, "lamp_hours", "请再读一遍", AT)
    tick(AT + PAUSE)
    assert told("sent_back") == [("engineer", 2)]
    path = db.session.scalars(sa.select(Notification.path)).one()
    assert path == "/?phone=1&contract=HQ"


def test_who_accepts_is_told_when_the_last_room_was_checked_and_anew_after_a_void(
    walked: Walked, manager: User
) -> None:
    of = walked.contract
    signed.sign(of, walked.engineer, "self_check", walked.east.id)
    signed.sign(of, walked.other, "self_check", walked.west.id)
    peer = signed.colleague(of)
    signed.look_again(of, peer)
    signed.sign(of, peer, "peer_check", walked.east.id)
    tick(AT)
    assert told("round_ready") == []
    signed.sign(of, peer, "peer_check", walked.west.id, now=AT + MINUTE)
    for minute in range(2, 4):
        tick(AT + minute * MINUTE)
    first = ("manager", "2026-03-08 10:01")
    assert told("round_ready") == [first]
    payload = made.amended(walked.visit_of(walked.devices[0]))
    made.reading(payload, "lamp_hours", 2999, "abnormal", remark="快到期")
    assert made.send(of, walked.engineer, payload, now=AT + 4 * MINUTE)[0].result == "applied"
    tick(AT + 5 * MINUTE)
    assert told("round_ready") == [first]
    signed.sign(of, walked.engineer, "self_check", walked.east.id, now=AT + 6 * MINUTE)
    signed.look_again(of, peer, walked.east.id)
    signed.sign(of, peer, "peer_check", walked.east.id, now=AT + 7 * MINUTE)
    tick(AT + 8 * MINUTE)
    assert told("round_ready") == [first, ("manager", "2026-03-08 10:07")]


def test_a_photo_that_was_sent_back_keeps_the_round_from_being_told_as_complete(
    walked: Walked, manager: User
) -> None:
    signed.sign_all_rooms(walked.contract)
    return_photos(walked, walked.engineer, manager, 1, AT)
    tick(AT + MINUTE)
    assert told("round_ready") == []
    with unit_of_work() as session:
        session.execute(sa.update(Photo).values(review="accepted"))
    tick(AT + 2 * MINUTE)
    assert [login for login, _ in told("round_ready")] == ["manager"]


def test_an_accepted_round_tells_of_nothing(walked: Walked, manager: User) -> None:
    signed.sign_all_rooms(walked.contract)
    signed.accept(walked.contract, manager)
    tick(AT + 30 * MINUTE)
    assert told("round_ready") == []
    assert told("sent_back") == []


def test_of_who_has_left_nothing_waits_to_be_told(walked: Walked, manager: User) -> None:
    return_photos(walked, walked.engineer, manager, 1, AT)
    db.session.rollback()
    assert contracts_to_tell(db.session(), AT + PAUSE) == [walked.contract.id]
    with unit_of_work() as session:
        session.get_one(User, walked.engineer.id).disabled_at = AT
    assert contracts_to_tell(db.session(), AT + PAUSE) == []


def test_a_round_that_nobody_may_accept_waits_until_somebody_may(
    walked: Walked, manager: User
) -> None:
    signed.sign_all_rooms(walked.contract)
    with unit_of_work() as session:
        session.get_one(User, manager.id).disabled_at = AT
    assert contracts_to_tell(db.session(), AT + MINUTE) == []
    with unit_of_work() as session:
        session.get_one(User, manager.id).disabled_at = None
    tick(AT + 2 * MINUTE)
    assert [login for login, _ in told("round_ready")] == ["manager"]


@pytest.mark.usefixtures("manager")
def test_most_minutes_have_nothing_to_tell_and_cost_four_statements(
    walked: Walked, count_queries: Callable[[], int]
) -> None:
    db.session.rollback()
    count_queries()
    tick(AT)
    assert count_queries() <= 4
