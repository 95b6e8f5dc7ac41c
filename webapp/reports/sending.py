"""The report's mail to the client's IT lead (clause 21), and word of his answer to the provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import links
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.identity.rules import Access
from webapp.notifications import services as notifications
from webapp.reports import issuing
from webapp.reports.models import Document, Report
from webapp.rounds.models import Round


def send_report(
    session: Session,
    access: Access,
    report: Report,
    link: str,
    to: Sequence[str],
    message: str,
    now: datetime,
) -> list[str]:
    """Mail a link to the report; the addresses that it goes to.

    :param to: empty for the contract's IT leads who have an address
    :param link: whole, with the server's address; see :mod:`webapp.links`
    :raise AppError: ``report_not_ready`` before its PDF is made; ``report_nobody_to_send``
    """
    ready = sa.select(Document.id).where(
        Document.report_id == report.id, Document.format == "pdf", Document.state == "ready"
    )
    if session.scalar(ready.limit(1)) is None:
        raise AppError("report_not_ready")
    people = [(address, "") for address in dict.fromkeys(to)] or _it_leads(session, access)
    if not people:
        raise AppError("report_nobody_to_send")
    contract = session.get_one(Contract, access.contract_id)
    month = session.execute(sa.select(Round.month).where(Round.id == report.round_id)).scalar_one()
    subject = _subject(contract, report, month)
    text = _text(contract, report, month, link, message)
    for address, name in people:
        notifications.mail(
            session,
            address,
            subject,
            text,
            f"report:{report.id}:{now.isoformat()}:{address}"[:120],
            now=now,
            to_name=name,
            contract_id=contract.id,
            useful_for=links.LIFETIME,
        )
    addresses = [address for address, _ in people]
    issuing.note_sent(session, access, report, addresses, now)
    return addresses


def _it_leads(session: Session, access: Access) -> list[tuple[str, str]]:
    return [
        (one.recipient.email, one.recipient.name)
        for one in reachable(session, access.contract_id)
        if one.role == "client_it_lead" and one.recipient.email
    ]


def _subject(contract: Contract, report: Report, month: str) -> str:
    name = contract.name_zh if report.language != "en" else contract.name_en or contract.name_zh
    kind = ("月度巡检报告", "Monthly inspection report")
    if report.sequence:
        kind = ("月度巡检报告更正", "Correction of the monthly inspection report")
    if report.language == "en":
        return f"{kind[1]} {month} · {name} · {report.number}"
    return f"{kind[0]} {month} · {name} · {report.number}"


def _text(contract: Contract, report: Report, month: str, link: str, message: str) -> str:
    days = links.LIFETIME.days
    zh = (
        f"您好：\n\n{contract.name_zh} {month} 月度巡检报告（编号 {report.number}）已出具。\n"
        f"请点开下面的链接查看全文，并在页面上确认或提出意见（无需登录）：\n\n{link}\n\n"
        f"链接 {days} 天内有效。请勿转发：持有链接者即可代您确认。\n"
    )
    en = (
        f"Hello,\n\nthe monthly inspection report of {contract.name_en or contract.name_zh} for"
        f" {month} (number {report.number}) has been issued.\nOpen this link to read it, and to"
        f" confirm it or comment on it; no account is needed:\n\n{link}\n\n"
        f"The link works for {days} days. Please don't pass it on: whoever has it can confirm in"
        " your place.\n"
    )
    hash_line = f"SHA-256 {report.data_sha256}\n"
    parts = [zh] if report.language == "zh" else [en] if report.language == "en" else [zh, en]
    own = f"{message.strip()}\n\n---\n\n" if message.strip() else ""
    return own + "\n---\n\n".join(parts) + "\n" + hash_line
