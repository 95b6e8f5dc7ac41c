"""A mail that waits to be sorted is in the backup: after a restore it becomes a case, with its pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.backup.hand import SECRETS, put_back, taken
from tests.backup.test_while_it_runs import signed_in_at
from tests.inbox.letters import STRANGER, a_mail, a_photo
from tests.inbox.test_taking import take
from webapp.backup import write_backup
from webapp.cases.models import CaseFile
from webapp.db import db
from webapp.identity.models import Contract, User
from webapp.inbox.models import IncomingMail
from webapp.storage import object_store

MAILS = "/api/contracts/HQ/incoming-mails"


@pytest.fixture
def mail_id(contract: Contract) -> int:
    """A stranger's mail with a picture, which a supervisor is to sort."""
    return take(a_mail(sender=f"Someone <{STRANGER}>", pictures=(a_photo(),))).id


def assigned(browser: FlaskClient, mail_id: int) -> str:
    answer = browser.post(f"{MAILS}/{mail_id}/assign", json={})
    assert answer.status_code == 200, answer.get_json()
    return str(answer.get_json()["case"])


def test_a_waiting_mail_becomes_a_case_with_its_pictures_after_a_restore(
    mail_id: int, manager: User, other_server: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "roundbook.tar"
    assert not taken(path).lacking
    with other_server.app_context():
        assert put_back(path).lost == []
        assert assigned(signed_in_at(other_server, manager), mail_id) == "F1"
        [file] = db.session.scalars(sa.select(CaseFile)).all()
        assert file.received_at is not None


def test_a_mail_that_is_sorted_while_the_backup_is_taken_is_in_it_all_the_same(
    mail_id: int,
    manager: User,
    session_app: Flask,
    signed_in: Callable[[User], FlaskClient],
    other_server: Flask,
    tmp_path: Path,
) -> None:
    desk = signed_in(manager)
    raw_key = db.session.scalars(sa.select(IncomingMail.raw_key)).one()
    path = tmp_path / "roundbook.tar"

    def sort(table: str) -> None:
        if table == "user":
            with session_app.app_context():
                assert assigned(desk, mail_id) == "F1"

    assert not write_backup(db.session(), object_store(), path, sort, SECRETS).lacking
    assert raw_key not in {key for key, _ in object_store().keys("incoming/")}
    with other_server.app_context():
        put_back(path)
        assert assigned(signed_in_at(other_server, manager), mail_id) == "F1"


def test_a_mail_that_is_lost_can_still_be_read_and_set_aside(
    mail_id: int, manager: User, other_server: Flask, tmp_path: Path
) -> None:
    raw_key = db.session.scalars(sa.select(IncomingMail.raw_key)).one()
    object_store().delete(raw_key)
    path = tmp_path / "roundbook.tar"
    assert taken(path).words == [f"{raw_key}: missing (a mail that waits to be sorted)"]
    with other_server.app_context():
        assert put_back(path, accept_damaged=True).lost == [raw_key]
        desk = signed_in_at(other_server, manager)
        assert desk.get(f"{MAILS}/{mail_id}").get_json()["text"]
        assert desk.post(f"{MAILS}/{mail_id}/assign", json={}).status_code == 422
        aside = desk.post(f"{MAILS}/{mail_id}/set-aside", json={"remark": "-"})
        assert aside.status_code == 200
        # What is known to be lost keeps no later backup from being whole.
        assert not taken(tmp_path / "later.tar").lacking
