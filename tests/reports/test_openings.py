"""Who sent a report sees whether the client has opened it, and nothing else counts as that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.reports.conftest import Month
from tests.reports.test_issuing import put_state
from tests.reports.test_reports_api import HQ, accepted, issue, link_in, pdf  # noqa: F401 - fixtures
from tests.rounds import made
from webapp import links
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import User
from webapp.notifications.models import Mail
from webapp.openings import SAME_READING, count_opening
from webapp.reports.models import Report

SignIn = Callable[[User], FlaskClient]
NEVER = {"count": 0, "first_at": None, "last_at": None}


@pytest.fixture
def wang(accepted: Month, manager: User, signed_in: SignIn) -> FlaskClient:  # noqa: F811
    """The project manager."""
    return signed_in(manager)


@pytest.fixture
def link(wang: FlaskClient) -> str:
    """Where the script of the sent report's page reads it."""
    report = issue(wang)
    to = {"to": ["lead@client.example"]}
    assert wang.post(f"{HQ}/reports/{report['id']}/send", json=to).status_code == 200
    return link_in(db.session.scalars(sa.select(Mail)).one())


def openings(browser: FlaskClient) -> Any:
    """What the desk's report screen is told."""
    return browser.get(f"{HQ}/reports?month=2026-04").get_json()[0]["openings"]


def an_hour_passes() -> None:
    """What was opened was so an hour ago."""
    hour = timedelta(hours=1)
    with unit_of_work() as session:
        report = session.scalars(sa.select(Report)).one()
        assert report.first_opened_at is not None
        assert report.last_opened_at is not None
        report.first_opened_at -= hour
        report.last_opened_at -= hour


def test_the_first_and_last_opening_are_told_and_how_many(
    wang: FlaskClient, link: str, app: Flask
) -> None:
    stranger = app.test_client()
    assert openings(wang) == NEVER
    assert stranger.get(link).status_code == 200
    first = openings(wang)
    assert first["count"] == 1
    assert first["first_at"] == first["last_at"]
    assert stranger.get(link).status_code == 200
    assert openings(wang) == first, "the same reading"
    an_hour_passes()
    assert stranger.get(link).status_code == 200
    later = openings(wang)
    assert later["count"] == 2
    assert later["first_at"] < first["first_at"] <= later["last_at"]
    one = wang.get(f"{HQ}/reports/1").get_json()
    assert one["openings"] == later


def test_of_two_readings_at_once_one_is_counted(wang: FlaskClient, link: str) -> None:
    now = now_utc()
    for after in (timedelta(), SAME_READING / 2, SAME_READING):
        with unit_of_work() as session:
            count_opening(session, session.scalars(sa.select(Report)).one(), now + after)
    assert openings(wang)["count"] == 2


def test_what_a_mail_scanner_fetches_counts_for_nothing(
    wang: FlaskClient, link: str, app: Flask
) -> None:
    scanner = app.test_client()
    with scanner.get(link.replace("/api/links/", "/l/")) as page:
        assert (page.status_code, page.mimetype) == (200, "text/html")
    assert scanner.head(link).status_code == 200
    assert scanner.get(f"{link}/file.pdf").status_code == 200
    assert openings(wang) == NEVER


def test_a_link_that_opens_nothing_counts_for_nothing(
    wang: FlaskClient, link: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = app.test_client()
    report_id = wang.get(f"{HQ}/reports").get_json()[0]["id"]
    revoked = links.token_for("the secret key before this one", "report", report_id)
    for_another_thing = links.token_for(app.config["SECRET_KEY"], "fault", report_id)
    for token in (revoked, for_another_thing, "cut-off"):
        assert stranger.get(f"/api/links/report/{token}").status_code == 404
    with monkeypatch.context() as later:
        later.setattr(links, "LIFETIME", -links.LIFETIME)
        assert stranger.get(link).status_code == 410
    assert openings(wang) == NEVER


def test_who_sent_it_and_his_colleagues_are_no_client_but_the_clients_lead_is(
    wang: FlaskClient, link: str, engineer: User, it_lead: User, signed_in: SignIn
) -> None:
    for browser in (wang, signed_in(engineer)):
        assert browser.get(link).status_code == 200
    assert openings(wang) == NEVER
    chen = signed_in(it_lead)
    assert chen.get(link).status_code == 200
    assert openings(wang)["count"] == 1
    assert openings(chen) is None, "the client is not told how often he looks"


def test_another_contract_sees_nothing_of_it(
    wang: FlaskClient, link: str, stranger: User, signed_in: SignIn, app: Flask
) -> None:
    theirs = signed_in(stranger)
    # To this contract he is nobody: he may have the link from its client.
    assert theirs.get(link).status_code == 200
    assert openings(wang)["count"] == 1
    assert theirs.get("/api/contracts/OTHER/reports").get_json() == []
    assert theirs.get(f"{HQ}/reports").status_code == 404


def test_a_correction_is_opened_by_itself(
    wang: FlaskClient, link: str, month: Month, engineer: User, app: Flask
) -> None:
    app.test_client().get(link)
    put_state(month, "open")
    late = made.visit(month.round, None, room=month.rooms[2])
    made.reading(late, "overview", True, "normal")
    made.send(month.contract, engineer, late, now=made.at("2026-04", 9))
    put_state(month, "accepted")
    issue(wang)
    correction, report = wang.get(f"{HQ}/reports").get_json()
    assert (correction["openings"], report["openings"]["count"]) == (NEVER, 1)
