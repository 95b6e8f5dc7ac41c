"""A quote as ONE plain dict: shown as a draft, frozen when it is sent; every file is made of it alone."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.cases.opening import called as case_called
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import Contract, User
from webapp.quotes.models import Quote
from webapp.quotes.money import (
    MONEY_PLACES,
    QUANTITY_PLACES,
    TAX_PLACES,
    short_text_of,
    text_of,
    total,
)
from webapp.quotes.rules import LINE_KINDS, Line
from webapp.quotes.services import called, lines_of


def quote_content(session: Session, quote: Quote, now: datetime) -> dict[str, Any]:
    """What the quote says, money and quantities as decimal texts; the frozen words once it is sent."""
    if quote.content:
        return quote.content
    contract = session.get_one(Contract, quote.contract_id)
    case = session.get_one(Case, quote.case_id)
    writer = session.get_one(User, quote.sent_by_id or quote.written_by_id)
    lines = lines_of(session, quote)
    return {
        "name": called(quote),
        "version": quote.version,
        "kind": quote.kind,
        "draft": quote.state == "draft",
        "client": {"zh": contract.client_zh, "en": contract.client_en or contract.client_zh},
        "contract": {"zh": contract.name_zh, "en": contract.name_en or contract.name_zh},
        "contract_code": contract.code,
        "case": {
            "name": case_called(case),
            "kind": case.kind,
            "title": case.title,
            **_place(session, case),
        },
        "currency": quote.currency,
        "made_on": now.astimezone(ZoneInfo(contract.time_zone)).date().isoformat(),
        "valid_until": quote.valid_until.isoformat(),
        "remark": quote.remark,
        "written_by": {"zh": writer.name, "en": writer.name_en or writer.name},
        **line_content(lines),
    }


def line_content(lines: list[Line]) -> dict[str, Any]:
    """The lines, what they come to by kind, and in all."""
    sums = total(line.amounts for line in lines)
    return {
        "lines": [_line(line) for line in lines],
        "kinds": [
            {"line_kind": kind, "net": text_of(net, MONEY_PLACES)}
            for kind in LINE_KINDS
            if (net := sum(line.amounts.net for line in lines if line.kind == kind))
        ],
        "net": text_of(sums.net, MONEY_PLACES),
        "tax": text_of(sums.tax, MONEY_PLACES),
        "gross": text_of(sums.gross, MONEY_PLACES),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "text": line.text,
        "detail": line.detail,
        "rate": line.rate,
        "quantity": short_text_of(line.quantity, QUANTITY_PLACES),
        "unit": line.unit,
        "unit_price": text_of(line.unit_price, MONEY_PLACES),
        "tax_rate": short_text_of(line.tax_rate, TAX_PLACES),
        "net": text_of(line.amounts.net, MONEY_PLACES),
        "tax": text_of(line.amounts.tax, MONEY_PLACES),
        "gross": text_of(line.amounts.gross, MONEY_PLACES),
    }


def _place(session: Session, case: Case) -> dict[str, Any]:
    room = session.get(Room, case.room_id) if case.room_id else None
    building = session.get(Building, room.building_id) if room else None
    device = session.get(Device, case.device_id) if case.device_id else None

    def named(language: str) -> str:
        parts: list[str] = []
        if building and room:
            names = (getattr(building, f"name_{language}"), getattr(room, f"name_{language}"))
            parts = [names[0] or building.name_zh, room.floor, names[1] or room.name_zh]
        return " · ".join(part for part in parts if part)

    return {
        "place": {"zh": named("zh"), "en": named("en")},
        "device": device.name if device else "",
    }


def frozen_hash(content: dict[str, Any]) -> str:
    """The SHA-256 of the content's canonical JSON."""
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
