"""Who may read and write rounds, inspections and open items, of which contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from webapp.identity.models import User

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
READS = (
    "rounds",
    "rounds/2026-03",
    "rounds/2026-03/board",
    "inspections",
    "inspections/1",
    "open-items",
    "open-items/1",
    "consumables",
)
WRITES = (
    ("POST", "rounds", {"month": "2026-05"}),
    ("PATCH", "rounds/2026-03/rooms", {"rooms": [{"room_id": 1, "assignee_id": None}]}),
    ("POST", "rounds/2026-03/finish", None),
    ("POST", "inspections/1/pick", None),
    ("PATCH", "open-items/1", {"remark": "订货"}),
)


@pytest.mark.parametrize("path", READS)
def test_reading_takes_a_member(
    path: str, client: FlaskClient, stranger: User, signed_in: SignIn, pair: tuple[int, int]
) -> None:
    assert client.get(f"{HQ}/{path}").status_code == 401
    assert signed_in(stranger).get(f"{HQ}/{path}").status_code == 404


@pytest.mark.parametrize("path", READS)
def test_the_clients_it_lead_reads_everything(
    path: str, it_lead: User, signed_in: SignIn, pair: tuple[int, int]
) -> None:
    assert signed_in(it_lead).get(f"{HQ}/{path}").status_code == 200


@pytest.mark.parametrize("path", ["rounds/2026-03", "inspections/1", "open-items/1"])
def test_another_contracts_rows_are_not_found(
    path: str, stranger: User, signed_in: SignIn, pair: tuple[int, int]
) -> None:
    assert signed_in(stranger).get(f"/api/contracts/OTHER/{path}").status_code == 404


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_writing_takes_a_right(
    method: str,
    path: str,
    body: Any,
    client: FlaskClient,
    engineer: User,
    stranger: User,
    signed_in: SignIn,
    pair: tuple[int, int],
) -> None:
    def ask(browser: FlaskClient, code: str = "HQ") -> int:
        return browser.open(f"/api/contracts/{code}/{path}", method=method, json=body).status_code

    assert ask(client) == 401
    assert ask(signed_in(stranger)) == 404
    assert ask(signed_in(engineer)) == 403
    if path != "rounds":
        assert ask(signed_in(stranger), "OTHER") == 404
