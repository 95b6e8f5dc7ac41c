"""Several reviewers of the same photos: nothing is overwritten silently, and all see what was said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.desk.test_photo_review import listed, photographed
from tests.rounds import made
from tests.sync.phone import Phone, picture, slot
from webapp import background
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Photo, Round

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def projector(contract: Contract) -> Device:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    return factories.device(room, name="一号投影", register={"rated_lamp_hours": 3000})


@pytest.fixture
def phone(signed_in: SignIn, engineer: User) -> Phone:
    return Phone(signed_in(engineer))


@pytest.fixture
def wang(signed_in: SignIn, manager: User) -> Phone:
    return Phone(signed_in(manager))


@pytest.fixture
def li(signed_in: SignIn, contract: Contract) -> Phone:
    other = factories.member(contract, "on_site_engineer", login="li", name="李强")
    return Phone(signed_in(other))


@pytest.fixture
def march(contract: Contract, projector: Device) -> Round:
    return made.opened(contract, "2026-03")


@pytest.fixture
def uid(phone: Phone, march: Round, projector: Device) -> str:
    return photographed(phone, march, projector, picture(1), "image")


def say(desk: Phone, uid: str, state: str, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = desk.post(f"photos/{uid}/review", {"state": state, **more})
    return answer.status_code, answer.get_json()


def said(desk: Phone, uid: str) -> tuple[str, str | None]:
    body = desk.browser.get(desk.url(f"photos/{uid}")).get_json()
    return body["review"], body["reviewer"]


def test_a_word_on_a_review_that_was_not_seen_is_refused_and_told_whose_it_is(
    wang: Phone, li: Phone, uid: str
) -> None:
    assert say(wang, uid, "accepted", seen_at=None)[0] == 200
    status, body = say(li, uid, "returned", remark="看不清", seen_at=None)
    assert (status, body["code"]) == (409, "photo_reviewed")
    assert body["details"] == {"review": "accepted", "reviewer": "王建国"}
    assert said(wang, uid) == ("accepted", "王建国")
    seen_at = listed(li)[0]["reviewed_at"]
    assert say(li, uid, "returned", remark="看不清", seen_at=seen_at)[0] == 200
    assert said(wang, uid) == ("returned", "李强")
    # His own undo, which speaks of what he had said, comes too late.
    assert say(wang, uid, "none", seen_at=seen_at)[1]["code"] == "photo_reviewed"
    assert said(li, uid) == ("returned", "李强")


def test_the_same_word_twice_is_no_quarrel_and_leaves_the_first_reviewers_name(
    wang: Phone, li: Phone, uid: str
) -> None:
    say(wang, uid, "accepted", seen_at=None)
    status, body = say(li, uid, "accepted", seen_at=None)
    assert (status, body["reviewer"]) == (200, "王建国")
    assert db.session.query(AuditRow).filter_by(entity="photo").count() == 1


def test_who_does_not_say_what_he_saw_replaces_only_his_own_word(
    wang: Phone, li: Phone, uid: str
) -> None:
    assert say(wang, uid, "returned", remark="暗")[0] == 200
    assert say(wang, uid, "accepted")[0] == 200
    assert say(li, uid, "returned", remark="糊")[1]["code"] == "photo_reviewed"


def test_two_at_the_same_moment_leave_one_word_and_one_refusal(
    app: Flask, wang: Phone, li: Phone, uid: str
) -> None:
    answers: dict[str, int] = {}
    ready = threading.Barrier(2)

    def speak(name: str, desk: Phone, state: str) -> None:
        ready.wait()
        body = {"state": state, "remark": name, "seen_at": None}
        answers[name] = desk.post(f"photos/{uid}/review", body).status_code

    threads = [
        threading.Thread(target=speak, args=args)
        for args in (("wang", wang, "accepted"), ("li", li, "returned"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [200, 409]
    assert db.session.query(AuditRow).filter_by(entity="photo").count() == 1


def many(phone: Phone, march: Round, projector: Device, count: int) -> list[str]:
    uids = [slot(picture(number), "image") for number in range(count)]
    visit = made.visit(march, projector, photos=uids)
    assert phone.send(visit) == ["applied"]
    with unit_of_work() as session:
        session.execute(sa.update(Photo).values(received_at=made.at("2026-03", 4)))
    return [line["id"] for line in uids]


def test_many_are_reviewed_at_once_and_each_has_its_answer(
    wang: Phone,
    li: Phone,
    phone: Phone,
    contract: Contract,
    march: Round,
    projector: Device,
    count_queries: Callable[[], int],
) -> None:
    uids = many(phone, march, projector, 12)
    say(li, uids[0], "returned", remark="暗", seen_at=None)
    say(li, uids[1], "accepted", seen_at=None)
    with unit_of_work() as session:
        session.execute(sa.update(Photo).where(Photo.uid == uids[2]).values(received_at=None))

    def ask(chosen: list[str]) -> list[dict[str, Any]]:
        reviews = [{"uid": uid, "state": "accepted", "seen_at": None} for uid in chosen]
        answer = wang.post("photos/review", {"reviews": reviews})
        assert answer.status_code == 200, answer.get_json()
        results: list[dict[str, Any]] = answer.get_json()["results"]
        return results

    count_queries()
    results = ask([*uids[:6], made.uid(), uids[3]])
    few = count_queries()
    assert [row["result"] for row in results] == [
        "photo_reviewed",
        "unchanged",
        "photo_missing",
        "done",
        "done",
        "done",
        "not_found",
        "unchanged",
    ]
    assert results[0]["shown"]["reviewer"] == "李强"
    assert results[3]["shown"]["review"] == "accepted"
    assert results[3]["shown"]["reviewer"] == "王建国"
    assert said(li, uids[0]) == ("returned", "李强")
    assert said(li, uids[4]) == ("accepted", "王建国")
    count_queries()
    ask(uids[6:])
    assert count_queries() <= few
    audits = db.session.query(AuditRow).filter_by(entity="photo").count()
    assert audits == 2 + 9
    undone = [
        {"uid": row["uid"], "state": "none", "seen_at": row["shown"]["reviewed_at"]}
        for row in results[3:6]
    ]
    answer = wang.post("photos/review", {"reviews": undone}).get_json()
    assert {row["result"] for row in answer["results"]} == {"done"}
    assert said(wang, uids[4])[0] == "none"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reviews": []},
        {"reviews": [{"uid": "x", "state": "accepted"}]},
        {"reviews": [{"uid": "0" * 36, "state": "eaten"}]},
        {"reviews": [{"uid": "0" * 36, "state": "accepted", "seen_at": "yesterday"}]},
        {"reviews": [{"uid": "0" * 36, "state": "accepted"}] * 501},
    ],
)
def test_a_misshapen_request_says_nothing_of_any_photo(
    wang: Phone, uid: str, body: dict[str, Any]
) -> None:
    assert wang.post("photos/review", body).status_code == 422


def test_many_are_refused_to_whom_one_is(
    phone: Phone, uid: str, it_lead: User, stranger: User, client: FlaskClient, signed_in: SignIn
) -> None:
    body = {"reviews": [{"uid": uid, "state": "accepted"}]}
    path = phone.url("photos/review")
    asked = (
        (client, 401),
        (signed_in(stranger), 404),
        (signed_in(it_lead), 403),
        (phone.browser, 403),
    )
    for browser, status in asked:
        assert browser.post(path, json=body).status_code == status
    other = Phone(signed_in(stranger), contract="OTHER")
    (row,) = other.post("photos/review", body).get_json()["results"]
    assert row == {"uid": uid, "result": "not_found", "shown": None}
    assert other.browser.get(other.url("photos/changes?since=0")).get_json()["photos"] == []


def test_what_a_colleague_says_is_told_to_whoever_asks_again(
    wang: Phone, li: Phone, phone: Phone, march: Round, projector: Device, uid: str
) -> None:
    page = li.browser.get(li.url("photos")).get_json()
    path = f"photos/changes?since={page['head']}"
    quiet = li.browser.get(li.url(path))
    assert quiet.get_json() == {"head": page["head"], "photos": []}
    again = li.browser.get(li.url(path), headers={"If-None-Match": quiet.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    say(wang, uid, "returned", remark="看不清", seen_at=None)
    answer = li.browser.get(li.url(path), headers={"If-None-Match": quiet.headers["ETag"]})
    told = answer.get_json()
    assert told["head"] > page["head"]
    (row,) = told["photos"]
    assert (row["uid"], row["review"], row["reviewer"]) == (uid, "returned", "王建国")
    late = photographed(phone, march, projector, picture(9), "image")
    told = li.browser.get(li.url(f"photos/changes?since={told['head']}")).get_json()
    (row,) = told["photos"]
    assert (row["uid"], row["review"]) == (late, "none")
    assert row["received_at"] > page["listed_at"]
    assert li.browser.get(li.url("photos/changes")).status_code == 422


def test_more_changes_than_one_answer_holds_come_one_after_the_other(
    li: Phone, phone: Phone, march: Round, projector: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.desk.photo_list._MOST_CHANGES", 2)
    uids = [photographed(phone, march, projector, picture(number), "image") for number in range(5)]
    since, told = 0, []
    for _ in range(4):
        answer = li.browser.get(li.url(f"photos/changes?since={since}")).get_json()
        since = answer["head"]
        told += [row["uid"] for row in answer["photos"]]
    assert told == uids


def test_the_filters_of_doubt_let_through_what_they_name(
    li: Phone, phone: Phone, contract: Contract, march: Round, projector: Device
) -> None:
    slow = photographed(phone, march, projector, picture(1), "image", bulk_ok=True)
    fast = photographed(phone, march, projector, picture(2), "image", bulk_ok=True, dwell_seconds=6)
    by_hand = photographed(phone, march, projector, picture(3), "image", dwell_seconds=6)
    with unit_of_work() as session:
        session.execute(sa.update(Photo).where(Photo.uid == slow).values(reused_of=by_hand))

    def uids(**query: Any) -> set[str]:
        return {row["uid"] for row in listed(li, **query)}

    assert uids() == {slow, fast, by_hand}
    assert uids(fast="true") == {fast}
    assert uids(reused="true") == {slow}
    rows = {row["uid"]: row for row in listed(li)}
    assert (rows[fast]["bulk_ok"], rows[fast]["dwell_seconds"]) == (True, 6)
    missing = {row["uid"] for row in rows.values() if "spot_check_missing" in row["flags"]}
    assert uids(spot_missing="true") == missing
    inspections = li.browser.get(li.url("inspections?fast=true&sort=dwell")).get_json()["items"]
    assert [(row["bulk_ok"], row["dwell_seconds"]) for row in inspections] == [(True, 6)]
    settings = {"fast_bulk_seconds": 5}
    with unit_of_work() as session:
        session.get_one(Contract, contract.id).settings = settings
    assert uids(fast="true") == set()


def test_the_repeated_photo_is_shown_whatever_device_it_was_of(
    li: Phone, phone: Phone, contract: Contract, march: Round, projector: Device
) -> None:
    other = factories.device(
        factories.room(factories.building(contract, "B座"), "钱塘厅"), "display", "二号屏"
    )
    first = photographed(phone, march, other, picture(5), "panel")
    again = photographed(phone, march, projector, picture(5), "image")
    background.make_photo_copies(now_utc())
    rows = {row["uid"]: row for row in listed(li)}
    assert rows[first]["reused"] is None
    reused = rows[again]["reused"]
    assert (reused["uid"], reused["device_name"], reused["room_zh"]) == (first, "二号屏", "钱塘厅")
    assert (reused["month"], reused["same_bytes"], reused["item"]) == ("2026-03", True, "panel")
