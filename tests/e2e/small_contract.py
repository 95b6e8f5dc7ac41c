"""A second contract of a building, a room and two displays, made over plain HTTP as an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import APIRequestContext, Playwright

from tests.e2e.conftest import PASSWORD

ROOM = "分公司第一会议室"
DEVICES = ("电视 甲", "电视 乙")


def present_month() -> str:
    """The month that it is where the contracts are."""
    return f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m}"


@dataclass
class SmallContract:
    """The contract's code, and the administrator's hand on it."""

    code: str
    request: APIRequestContext

    @classmethod
    def make(cls, playwright: Playwright, url: str, code: str, members: dict[str, str]) -> Any:
        """Make it with ``members`` (login: role), its estate and this month's round."""
        request = playwright.request.new_context(base_url=url)
        contract = cls(code, request)
        who = {"login": "admin", "password": PASSWORD}
        assert request.post("/api/session", data=who).ok
        contract.post(None, {"code": code, "name_zh": f"{code} 会议室运维", "name_en": code})
        for login, role in members.items():
            contract.post("members", {"login": login, "role": role})
        building = contract.post("buildings", {"name_zh": "分公司大楼"})
        room = contract.post("rooms", {"building_id": building["id"], "name_zh": ROOM})
        for name in DEVICES:
            device = {"room_id": room["id"], "type": "display", "name": name}
            contract.post("devices", device)
        contract.post("rounds", {"month": present_month()})
        return contract

    def post(self, path: str | None, body: dict[str, Any]) -> dict[str, Any]:
        """Make something of the contract; without a path the contract itself."""
        address = f"/api/contracts/{self.code}/{path}" if path else "/api/contracts"
        answer = self.request.post(address, data=body)
        assert answer.ok, answer.text()
        made: dict[str, Any] = answer.json() if answer.body() else {}
        return made
