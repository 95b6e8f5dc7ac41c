"""A person's choice is kept and followed: mails that wait for the morning, and one that gathers the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.notifications.smtp_server import SmtpServer
from webapp import digesting, jobs
from webapp.api.notices import ByGroupMailSchema, ByGroupPushSchema
from webapp.audit.models import AuditRow
from webapp.db import db, unit_of_work
from webapp.identity.models import Contract, User
from webapp.identity.queries import reachable
from webapp.jobs import Job
from webapp.mailing import _LEFT_ALONE_UNTIL
from webapp.notifications import services
from webapp.notifications.choosing import GROUPS
from webapp.notifications.mail import transport_for
from webapp.notifications.models import Mail, Notification
from webapp.notifications.words import Message

SignIn = Callable[[User], FlaskClient]
PATH = "/api/me/notices"
# Eight in the evening and eight in the morning in Shanghai, long ago: every job of then is due.
EVENING = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)


def choice(by_mail: str = "now", **fields: Any) -> dict[str, Any]:
    return {
        "mail": dict.fromkeys(GROUPS, by_mail),
        "push": dict.fromkeys(GROUPS, True),
        "quiet_from": None,
        "quiet_to": None,
        "urgent_through": True,
        "digest_every": "day",
        "digest_weekday": 0,
        "digest_hour": 8,
        **fields,
    }


@pytest.fixture
def wang(contract: Contract) -> User:
    """A project manager who can be written to."""
    return factories.member(contract, "project_manager", login="w", email="wang@example.com")


def tell(
    of: Contract, to: User, key: str, at: datetime, kind: str = "case_assigned", **more: Any
) -> bool:
    details = {"name": "F-7", "title": f"麦克风 {{here}} {key}"}
    with unit_of_work() as session:
        [one] = [one for one in reachable(session, of.id) if one.recipient.user_id == to.id]
        return services.tell(
            session,
            one.recipient,
            contract_id=of.id,
            kind=kind,
            details=details,
            path=f"/desk/cases/F-{key}",
            key=key,
            now=at,
            **more,
        )  # fmt: skip


def digests(at: datetime) -> list[Mail]:
    digesting.send_digests(at)
    db.session.rollback()
    query = sa.select(Mail).where(Mail.unique_key.startswith("digest")).order_by(Mail.id)
    return list(db.session.scalars(query))


def choose(browser: FlaskClient, **fields: Any) -> None:
    answer = browser.post(PATH, json=choice(**fields))
    assert answer.status_code == 204, answer.data


def test_without_a_word_everything_comes_at_once(
    client: FlaskClient, wang: User, signed_in: SignIn
) -> None:
    assert client.get(PATH).status_code == client.post(PATH, json=choice()).status_code == 401
    told = signed_in(wang).get(PATH).get_json()
    assert (told["choice"], told["email"]) == (choice(), "wang@example.com")


def test_a_choice_is_kept_whole_and_noted(wang: User, signed_in: SignIn) -> None:
    browser = signed_in(wang)
    chosen = choice("digest", quiet_from="22:00", quiet_to="07:30", digest_every="week")
    for _ in range(2):
        assert browser.post(PATH, json=chosen).status_code == 204
    assert browser.get(PATH).get_json()["choice"] == chosen
    [line] = db.session.scalars(sa.select(AuditRow).filter_by(entity="notice_choice"))
    assert line.user_id == wang.id
    assert line.diff["quiet_to"] == [None, "07:30"]
    assert set(line.diff) == {"mail", "quiet_from", "quiet_to", "digest_every"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": "22:00"},
        {"quiet_from": "24:00", "quiet_to": "07:00"},
        {"quiet_from": "7:00", "quiet_to": "08:00"},
        {"digest_hour": 24},
        {"digest_weekday": 7},
        {"digest_every": "hour"},
        {"mail": dict.fromkeys(GROUPS, "fax")},
        {"mail": {"round": "now"}},
        {"mail": dict.fromkeys([*GROUPS, "more"], "now")},
        {"user_id": 1},
    ],
)
def test_what_nobody_can_choose_is_refused(wang: User, signed_in: SignIn, wrong: dict) -> None:
    assert signed_in(wang).post(PATH, json=choice(**wrong)).status_code == 422


def test_who_can_be_told_and_how_is_one_statement(
    contract: Contract, wang: User, manager: User, engineer: User, count_queries: Callable
) -> None:
    count_queries()
    assert len(reachable(db.session(), contract.id)) == 3
    assert count_queries() == 1


def test_every_group_can_be_chosen() -> None:
    for schema in (ByGroupMailSchema, ByGroupPushSchema):
        assert tuple(schema().fields) == GROUPS


def test_quiet_hours_keep_a_mail_until_the_morning_and_the_app_has_it_at_once(
    contract: Contract, wang: User, signed_in: SignIn
) -> None:
    choose(signed_in(wang), quiet_from="20:00", quiet_to="08:00")
    assert tell(contract, wang, "a", EVENING, message=Message("s", "t"), useful_for=timedelta(2))
    assert tell(contract, wang, "b", EVENING, urgent=True)
    assert db.session.scalar(sa.select(sa.func.count(Notification.id))) == 2
    at = dict(
        db.session.execute(
            sa.select(Mail.unique_key, Job.not_before)
            .join(Job, Job.arguments["mail_id"].as_integer() == Mail.id)
        ).all()
    )  # fmt: skip
    assert [moment for _, moment in sorted(at.items())] == [MORNING, EVENING]
    useful = db.session.scalars(sa.select(Mail.useful_until).order_by(Mail.id)).all()
    assert useful == [MORNING + timedelta(days=2), None]


def test_a_group_that_is_off_writes_no_mail_and_others_still_do(
    contract: Contract, wang: User, signed_in: SignIn
) -> None:
    choose(signed_in(wang), mail={**choice()["mail"], "cases": "off"})
    assert tell(contract, wang, "a", EVENING)
    assert tell(contract, wang, "b", EVENING, kind="quote_expired")
    [mail] = db.session.scalars(sa.select(Mail))
    assert "F-b" in mail.text
    assert mail.text.count("{here}") == 1, "what somebody wrote never stands for the server"


def test_a_digest_gathers_what_was_not_read_once_at_its_hour(
    contract: Contract, wang: User, engineer: User, signed_in: SignIn
) -> None:
    browser = signed_in(wang)
    choose(browser, by_mail="digest")
    for key in ("a", "b", "read"):
        tell(contract, wang, key, EVENING)
    last = db.session.scalars(sa.select(Notification.id).order_by(Notification.id.desc())).first()
    browser.post(f"/api/notifications/{last}/read")
    tell(contract, engineer, "a", EVENING)
    assert digests(MORNING - timedelta(minutes=1)) == []
    [mail] = digests(MORNING)
    assert (mail.to_address, mail.contract_id) == ("wang@example.com", contract.id)
    assert mail.subject == "巡检簿摘要：2 条通知（HQ会议室运维）"
    assert "03-05 20:00  F-7 由你负责：麦克风 { here } a" in mail.text
    assert "{here}/desk/cases/F-b?contract=HQ" in mail.text
    assert "F-read" not in mail.text
    tell(contract, wang, "late", MORNING - timedelta(seconds=1))
    assert len(digests(MORNING + timedelta(minutes=1))) == 2, "what came late is not lost"
    assert len(digests(MORNING + timedelta(days=3))) == 2


def test_an_empty_digest_is_not_sent(contract: Contract, wang: User, signed_in: SignIn) -> None:
    browser = signed_in(wang)
    choose(browser, by_mail="digest")
    tell(contract, wang, "a", EVENING)
    browser.post("/api/notifications/read", json={"up_to": 2**31 - 1})
    assert digests(MORNING) == []
    assert not db.session.scalars(sa.select(Notification).where(Notification.for_digest)).all()


def test_who_has_left_gets_no_digest(contract: Contract, wang: User, signed_in: SignIn) -> None:
    choose(signed_in(wang), by_mail="digest")
    tell(contract, wang, "a", EVENING)
    with unit_of_work() as session:
        session.execute(sa.update(User).where(User.id == wang.id).values(disabled_at=EVENING))
    assert digests(MORNING) == []


def test_a_digest_outlives_a_mail_server_that_cuts_it_off(
    app: Flask, contract: Contract, wang: User, signed_in: SignIn, tmp_path: Any
) -> None:
    kept = app.extensions["mail_transport"]
    choose(signed_in(wang), by_mail="digest")
    tell(contract, wang, "a", EVENING)
    digests(MORNING)

    def work() -> Mail:
        app.extensions.pop(_LEFT_ALONE_UNTIL, None)
        with unit_of_work() as session:
            session.execute(sa.update(Job).values(not_before=MORNING))
        jobs.work_once("w")
        db.session.rollback()
        return db.session.scalars(sa.select(Mail)).one()

    try:
        with SmtpServer(drop_at="data") as server:
            app.extensions["mail_transport"] = transport_for(server.url, tmp_path)
            mail = work()
            assert (mail.state, mail.attempts) == ("waiting", 1)
            assert mail.last_error
            server.behaviour.drop_at = ""
            assert work().state == "sent"
            assert len(server.taken) == 1
            assert not jobs.work_once("w")
    finally:
        app.extensions["mail_transport"] = kept
        app.extensions.pop(_LEFT_ALONE_UNTIL, None)
