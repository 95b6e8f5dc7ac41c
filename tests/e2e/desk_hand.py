"""An engineer's phone over plain HTTP: what the supervisor's desk is to show, sent as phones send it."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import APIRequestContext, APIResponse, Page, Playwright, expect

from tests.e2e.conftest import PASSWORD

Payload = dict[str, Any]


def uid() -> str:
    """An id as phones make them."""
    text = uuid.uuid4().hex
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-8{text[17:20]}-{text[20:]}"


@dataclass
class Sender:
    """One engineer, signed in, in the demo contract."""

    request: APIRequestContext
    contract: str
    pulled: dict[str, Any]

    @classmethod
    def sign_in(
        cls, playwright: Playwright, url: str, login: str, contract: str = "DEMO"
    ) -> Sender:
        """Sign in and pull once."""
        request = playwright.request.new_context(base_url=url)
        body = {"login": login, "password": PASSWORD, "device_name": login}
        answer = request.post("/api/session", data=body)
        assert answer.ok, answer.text()
        pull = request.get(f"/api/contracts/{contract}/sync/pull?cursor=0&epoch=")
        assert pull.ok, pull.text()
        return cls(request, contract, pull.json())

    def get(self, path: str) -> Any:
        """A resource of the contract."""
        answer = self.request.get(f"/api/contracts/{self.contract}/{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Change something of the contract, as a desk does."""
        answer = self.request.post(f"/api/contracts/{self.contract}/{path}", data=body)
        assert answer.ok, answer.text()
        return answer.json() if answer.body() else None

    def waiting_task(self, kind: str) -> dict[str, Any]:
        """A task that nobody has done on a device of this kind without open items."""
        rows = self.pulled["rows"]
        kinds = {row["id"]: row["type"] for row in rows["devices"]}
        busy = {row.get("device_id") for row in rows["open_items"]}
        month = max(rows["rounds"], key=lambda row: row["month"])
        return next(
            task
            for task in rows["tasks"]
            if task["round_id"] == month["id"]
            and task.get("outcome", "todo") == "todo"
            and kinds.get(task.get("device_id")) == kind
            and task["device_id"] not in busy
        )

    def payload(self, task: dict[str, Any], readings: dict[str, Any], **more: Any) -> Payload:
        """An inspection of a task; a reading given as a pair is its value and its verdict."""
        pairs = {key: v if isinstance(v, tuple) else (v, "normal") for key, v in readings.items()}
        return {
            "uid": uid(),
            "round_id": task["round_id"],
            "room_id": task["room_id"],
            "device_id": task["device_id"],
            "checklist": self.pulled["rows"]["checklists"][-1]["number"],
            "started_at": "2026-01-05T02:00:00Z",
            "finished_at": "2026-01-05T02:06:00Z",
            "scanned_code": None,
            "bulk_ok": False,
            "dwell_seconds": 240,
            "readings": [
                {"item": key, "value": value, "verdict": verdict}
                for key, (value, verdict) in pairs.items()
            ],
            **more,
        }

    def push(self, kind: str, payload: Payload, id: str | None = None) -> dict[str, Any]:
        """Send one operation, under an id of its own where none is given; gives its result."""
        text = json.dumps(payload, ensure_ascii=False)
        operation = {
            "id": id or uid(),
            "kind": kind,
            "version": 1,
            "payload": text,
            "hash": hashlib.sha256(text.encode()).hexdigest(),
        }
        body = {
            "envelope": 1,
            "phone_id": f"phone-{self.contract}",
            "device_time": "2026-01-05T02:10:00Z",
            "unsent": {"records": 0, "photos": 0},
            "operations": [operation],
        }
        answer: APIResponse = self.request.post(
            f"/api/contracts/{self.contract}/sync/push", data=body
        )
        assert answer.ok, answer.text()
        result: dict[str, Any] = answer.json()["results"][0]
        return result

    def inspection_id(self, uid: str, task: dict[str, Any]) -> int:
        """The server's id of an inspection that was sent."""
        rows = self.get(f"inspections?device_id={task['device_id']}&page_size=200")["items"]
        return next(int(row["id"]) for row in rows if row["uid"] == uid)


DISPLAY = {
    "power": "pass",
    "panel": "ok",
    "inputs": "all",
    "sound": "pass",
    "mount": "pass",
    "remote": "ok",
}


@dataclass(frozen=True)
class Sent:
    """What :func:`send_a_pair` left behind: the task, and the record that counts."""

    task: dict[str, Any]
    inspection_id: int


def send_a_pair(playwright: Playwright, url: str) -> Sent:
    """Two engineers inspect the same display and differ; the first amends his own record."""
    first = Sender.sign_in(playwright, url, "zhang")
    second = Sender.sign_in(playwright, url, "liu")
    task = first.waiting_task("display")
    said = first.payload(task, DISPLAY)
    assert first.push("inspection", said)["result"] == "applied"
    other = second.payload(task, DISPLAY | {"panel": ("line", "abnormal")})
    other["readings"][1] |= {"remark": "左侧一条亮线"}
    assert second.push("inspection", other)["result"] == "applied"
    # An amendment sends the whole record again; only the sound has changed.
    again = first.payload(task, DISPLAY | {"sound": ("fail", "abnormal")})
    amended = said | {"readings": again["readings"], "amends": 1}
    assert first.push("amendment", amended)["result"] == "applied"
    return Sent(task, first.inspection_id(said["uid"], task))


def send_a_faulty_one(playwright: Playwright, url: str) -> Payload:
    """An inspection with an item that the checklist doesn't have: it comes to be held."""
    engineer = Sender.sign_in(playwright, url, "zhang")
    task = engineer.waiting_task("microphone")
    payload = engineer.payload(task, {"pickup": "ok", "no_such_item": "pass"})
    assert engineer.push("inspection", payload)["result"] == "quarantined"
    return payload


def sign_the_round(page: Page) -> None:
    """The final acceptance, on the screen of a month's acceptance."""
    page.get_by_role("button", name="终验通过").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("同意终验")
    sheet.get_by_role("button", name="终验通过").click()
    expect(page.locator("main")).to_contain_text("已终验")
