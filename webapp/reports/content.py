"""A month's report as ONE plain dict (clauses 3, 17-21): see :mod:`webapp.reports.shape`.

Everything a file of the report shows is in it, in both languages, and nothing else is asked of the
database afterwards: so a frozen report can be shown again, word for word, years later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.estate import queries as estate
from webapp.reports.facts import NO_WORDS, MonthFacts, both, read_contract, read_month
from webapp.reports.figures import read_figures, read_open_items
from webapp.reports.sections.acceptance import acceptance, read_sign_offs
from webapp.reports.sections.anomalies import anomalies
from webapp.reports.sections.check_sheets import check_sheets
from webapp.reports.sections.consumables import consumables
from webapp.reports.sections.device_records import device_records, end_of
from webapp.reports.sections.open_items import items_of_month, open_items
from webapp.reports.sections.overview import overview
from webapp.reports.sections.plan import plan
from webapp.reports.sections.service_desk import service_sections
from webapp.reports.sections.status import status
from webapp.reports.shape import (
    FORMAT,
    Acceptance,
    Anomaly,
    CheckSheet,
    Cover,
    DeviceRecord,
    ReportContent,
    Signature,
)


def report_content(
    session: Session, contract_id: int, month: str, now: datetime, *, remark: str = ""
) -> ReportContent:
    """The report of a month as its data stands: a draft, which issuing makes a report of.

    A fixed number of statements, however many rooms there are.

    :param remark: what the issuer adds to suggestions and plan in his own words
    :raise AppError: ``not_found``
    """
    facts = read_month(session, contract_id, month, now)
    signed = read_sign_offs(facts)
    found = anomalies(facts)
    went = overview(facts)
    figures = read_figures(facts)
    states = status(facts, figures)
    items = open_items(facts, figures)
    accepted = acceptance(facts, signed)
    return {
        "format": FORMAT,
        "cover": _cover(facts, accepted),
        "overview": went,
        "status": states,
        "anomalies": found,
        "open_items": items,
        "consumables": consumables(facts, figures),
        "services": service_sections(facts),
        "plan": plan(facts, states, items["items"], went["missed"], figures.forecast, remark),
        "acceptance": accepted,
        "check_sheets": list(check_sheets(facts, items["items"], signed)),
        "device_records": list(device_records(facts, _with_anomalies(found), end_of(month))),
    }


def check_sheets_content(
    session: Session, contract_id: int, month: str, now: datetime, *, room_id: int | None = None
) -> list[CheckSheet]:
    """The check sheets of a month, of every room or of one. :raise AppError: ``not_found``"""
    facts = read_month(session, contract_id, month, now, room_id=room_id)
    return list(
        check_sheets(facts, items_of_month(facts, read_open_items(facts)), read_sign_offs(facts))
    )


def device_record_content(
    session: Session, contract_id: int, device_id: int, now: datetime
) -> DeviceRecord:
    """The record of one device, whole. :raise AppError: ``not_found``"""
    estate.device_with_place(session, contract_id, device_id)
    return next(device_records(read_contract(session, contract_id, now), [device_id]))


def _with_anomalies(found: Sequence[Anomaly]) -> set[int]:
    return {row["device"]["id"] for row in found if row["device"]}


def _cover(facts: MonthFacts, accepted: Acceptance) -> Cover:
    contract = facts.contract
    return {
        "client": both(contract.client_zh, contract.client_en),
        "contract": both(contract.name_zh, contract.name_en),
        "contract_code": contract.code,
        "month": facts.month,
        "number": "",
        "sequence": 0,
        "corrects": "",
        "changes": [],
        "issued": False,
        "made_at": facts.clock_of(facts.now),
        "time_zone": contract.time_zone,
        "signatures": _signatures(accepted),
    }


def _signatures(accepted: Acceptance) -> list[Signature]:
    """编制 and 客户确认 are signed when the report is issued and answered; 审核 is the final acceptance."""
    final = accepted["final"]
    reviewed: Signature = {
        "key": "reviewed",
        "person": final["person"]["name"] if final else NO_WORDS,
        "signed_on": final["signed_at"][:10] if final else "",
        "strokes": final["strokes"] if final else [],
    }
    return [_unsigned("prepared"), reviewed, _unsigned("confirmed")]


def _unsigned(key: Any) -> Signature:
    return {"key": key, "person": NO_WORDS, "signed_on": "", "strokes": []}
