"""Manuals over HTTP: brought, approved, read and understood, and who has not yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
MANUALS = f"{HQ}/manuals"


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def brought(
    browser: FlaskClient,
    status: int = 201,
    data: bytes = b"%PDF-1.7 one",
    path: str = "",
    **more: Any,
) -> Any:
    query = {"filename": "安全措施.pdf", **more}
    if not path:
        query = {"uid": made.uid(), "kind": "safety", "title": "进场安全措施"} | query
    answer = browser.post(
        f"{MANUALS}{path}",
        query_string=query,
        data=data,
        content_type="application/octet-stream",
    )
    assert answer.status_code == status, answer.data
    return answer.get_json()


def pressed(browser: FlaskClient, what: str, version: int = 1, status: int = 200) -> Any:
    answer = browser.post(f"{MANUALS}/1/versions/{version}/{what}")
    assert answer.status_code == status, answer.data
    return answer.get_json()


def unread(answer: Any) -> list[str]:
    """Who has not read the version that counts."""
    [manual] = answer["manuals"]
    return [one["name"] for one in manual["readers"] if one["read_at"] is None]


def test_a_version_counts_once_approved_and_everybody_reads_it(
    li: FlaskClient, wang: FlaskClient, it_lead: User, signed_in: SignIn
) -> None:
    [manual] = brought(wang)["manuals"]
    assert (manual["current"], manual["readers"]) == (None, [])
    assert pressed(li, "read", status=409)["code"] == "manual_not_approved"
    assert sorted(unread(pressed(wang, "approve"))) == ["李明", "王建国"]
    assert unread(pressed(li, "read")) == ["王建国"]
    assert unread(pressed(li, "read")) == ["王建国"]
    file = signed_in(it_lead).get(f"{MANUALS}/1/versions/1/file")
    assert (file.data, file.mimetype) == (b"%PDF-1.7 one", "application/pdf")
    assert file.headers["Content-Disposition"].startswith("attachment")


def test_the_next_version_is_read_anew_after_its_approval(
    li: FlaskClient, wang: FlaskClient, it_lead: User, signed_in: SignIn
) -> None:
    brought(wang)
    pressed(wang, "approve")
    pressed(li, "read")
    same = brought(wang, 409, path="/1/versions")
    assert same["code"] == "manual_unchanged"
    [manual] = brought(wang, data=b"%PDF-1.7 two", path="/1/versions", note="补充登高")["manuals"]
    assert (manual["current"], [one["number"] for one in manual["versions"]]) == (1, [2, 1])
    # What is not approved is the provider's own.
    chen = signed_in(it_lead)
    assert chen.get(f"{MANUALS}/1/versions/2/file").status_code == 404
    assert len(chen.get(MANUALS).get_json()["manuals"][0]["versions"]) == 1
    assert li.get(f"{MANUALS}/1/versions/2/file").data == b"%PDF-1.7 two"
    assert sorted(unread(pressed(wang, "approve", 2))) == ["李明", "王建国"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"data": b"<html>"}, "manual_unreadable"),
        ({"filename": "a.exe"}, "manual_unreadable"),
        ({"title": "   "}, "invalid"),
        ({"kind": "poem"}, "invalid"),
        ({"uid": "x"}, "invalid"),
    ],
)
def test_what_is_wrong_is_refused(wang: FlaskClient, more: dict[str, Any], code: str) -> None:
    assert brought(wang, 422, **more)["code"] == code
    assert wang.get(MANUALS).get_json()["manuals"] == []


def test_who_may_bring_approve_and_read(
    li: FlaskClient,
    wang: FlaskClient,
    it_lead: User,
    stranger: User,
    signed_in: SignIn,
) -> None:
    brought(li, 403)
    uid = made.uid()
    assert [len(brought(wang, uid=uid)["manuals"]) for _ in range(2)] == [1, 1]
    pressed(li, "approve", status=403)
    pressed(signed_in(it_lead), "read", status=403)
    pressed(wang, "approve", 9, status=404)
    theirs = signed_in(stranger)
    assert theirs.get(MANUALS).status_code == 404
    other = "/api/contracts/OTHER/manuals/1/versions/1"
    assert theirs.get(f"{other}/file").status_code == 404
    assert theirs.post(f"{other}/approve").status_code == 404


def test_the_manuals_take_a_fixed_number_of_statements(
    contract: Contract, wang: FlaskClient, count_queries: Callable[[], int]
) -> None:
    def asked() -> int:
        count_queries()
        assert wang.get(MANUALS).status_code == 200
        return count_queries()

    brought(wang)
    pressed(wang, "approve")
    before = asked()
    for number in range(3):
        factories.member(contract, "backup_engineer", login=f"more{number}")
        brought(wang, title=f"规程{number}")
    assert asked() == before
