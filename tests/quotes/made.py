"""Quotes as the tests make them."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.cases import made

HQ = "/api/contracts/HQ"
uid = made.uid
RATES = [
    {"key": "engineer", "name_zh": "工程师", "name_en": "Engineer", "unit": "hour", "price": "180"},
    {"key": "event", "name_zh": "会议保障", "unit": "day", "price": "1200.00"},
]
LABOUR = {
    "kind": "labour",
    "text": "安装调试",
    "rate": "engineer",
    "quantity": "2.5",
    "tax_rate": "6",
}
DISPLAY = {
    "kind": "equipment",
    "text": "返看电视",
    "detail": "86 寸",
    "quantity": "1",
    "unit": "台",
    "unit_price": "12800",
    "tax_rate": "13",
}


def ok(answer: Any, status: int = 200) -> Any:
    """What an answer says, which is as it should be."""
    assert answer.status_code == status, answer.data
    return answer.get_json()


def settle_rates(browser: FlaskClient, rates: Any = None) -> Any:
    """Give the contract a rate card."""
    return ok(
        browser.patch(f"{HQ}/quote-settings", json={"rates": RATES if rates is None else rates})
    )


def open_case(browser: FlaskClient, kind: str = "repair", **fields: Any) -> str:
    """A case that may cost the client something; its name."""
    asked = {
        "repair": {"way": "paid", "origin": "domestic"},
        "change": {"category": "installation"},
        "after_hours": {
            "occasion": "event",
            "from_at": "2026-03-07T09:00:00+08:00",
            "to_at": "2026-03-07T18:00:00+08:00",
        },
    }[kind]
    body = {"uid": uid(), "kind": kind, "title": "会议终端返厂", "fields": {**asked, **fields}}
    name: str = ok(browser.post(f"{HQ}/cases", json=body), 201)["name"]
    return name


def begun(browser: FlaskClient, case: str) -> Any:
    """A new draft of a case."""
    return ok(browser.post(f"{HQ}/cases/{case}/quotes", json={"uid": uid()}), 201)


def body_of(draft: Any, *lines: Any, **more: Any) -> dict[str, Any]:
    """What is saved of a draft."""
    return {
        "revision": draft["revision"],
        "lines": list(lines),
        "language": draft["language"],
        "valid_until": draft["valid_until"],
        **more,
    }


def written(browser: FlaskClient, case: str, *lines: Any, **more: Any) -> Any:
    """A draft with lines."""
    draft = begun(browser, case)
    saved = body_of(draft, *(lines or (DISPLAY, LABOUR)), **more)
    return ok(browser.patch(f"{HQ}/quotes/{draft['name']}", json=saved))


def sent(browser: FlaskClient, case: str, *lines: Any, to: str = "lead@client.example") -> Any:
    """A quote that is with the client."""
    draft = written(browser, case, *lines)
    return ok(browser.post(f"{HQ}/quotes/{draft['name']}/send", json={"to": [to]}))
