"""Reading issued reports with their files and the client's answers: four statements, however many."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import User
from webapp.identity.rules import Access
from webapp.openings import openings_of
from webapp.reports.issuing import answers_of
from webapp.reports.models import Document, Report
from webapp.rounds.models import Round
from webapp.sheets import Column, Table

MOST_REPORTS = 120
REPORTS = Table(
    "reports",
    ("月度巡检报告", "Monthly reports"),
    (
        Column("month", "月份", "Month"),
        Column("number", "编号", "Number"),
        Column("issued_at", "签发时间", "Issued"),
        Column("issued_by", "签发人", "Issued by"),
        Column("sent_at", "发送时间", "Sent"),
        Column("confirmed_at", "客户确认时间", "Confirmed by the client"),
        Column("latest", "最新", "Latest"),
        Column("remark", "说明", "Remark"),
        Column("data_sha256", "数据校验值", "Hash of the data"),
    ),
)


def issued_reports(session: Session, access: Access, month: str | None) -> list[dict[str, Any]]:
    """The reports of a month, or the latest of all, each month's last correction first."""
    statement = (
        sa.select(Report, Round.month, User.name, User.name_en)
        .join(Round, Round.id == Report.round_id)
        .join(User, User.id == Report.issued_by_id)
        .where(Report.contract_id == access.contract_id)
        .order_by(Round.month.desc(), Report.sequence.desc())
        .limit(MOST_REPORTS)
    )
    if month:
        statement = statement.where(Round.month == month)
    return _dressed(session, session.execute(statement).all(), access)


def report_out(session: Session, report: Report, access: Access | None = None) -> dict[str, Any]:
    """One report as plain data; without ``access`` as its link shows it."""
    statement = (
        sa.select(Report, Round.month, User.name, User.name_en)
        .join(Round, Round.id == Report.round_id)
        .join(User, User.id == Report.issued_by_id)
        .where(Report.id == report.id)
    )
    return _dressed(session, session.execute(statement).all(), access)[0]


def files_of(session: Session, report_ids: list[int]) -> dict[int, list[Document]]:
    """The files of reports, by report; of each format the latest that was asked for."""
    rows = session.scalars(
        sa.select(Document)
        .where(Document.report_id.in_(report_ids))
        .order_by(Document.report_id, Document.format, Document.id)
    )
    latest = {(row.report_id, row.format, row.language): row for row in rows}
    by_report: dict[int, list[Document]] = {report_id: [] for report_id in report_ids}
    for (report_id, _, _), row in latest.items():
        by_report[report_id or 0].append(row)
    return by_report


def _dressed(session: Session, rows: Any, access: Access | None) -> list[dict[str, Any]]:
    ids = [row.Report.id for row in rows]
    sent_by_us = access is not None and access.may("handle")
    files, answers = files_of(session, ids), answers_of(session, ids)
    last = dict(
        session.execute(
            sa.select(Report.round_id, sa.func.max(Report.sequence))
            .where(Report.round_id.in_({row.Report.round_id for row in rows}))
            .group_by(Report.round_id)
        ).all()
    )
    return [
        {
            **{name: getattr(report, name) for name in _FIELDS},
            "month": month,
            "issued_by": name,
            "issued_by_en": name_en or name,
            "openings": openings_of(report) if sent_by_us else None,
            "latest": last[report.round_id] == report.sequence,
            "files": [file_out(one) for one in files[report.id] if one.language == report.language],
            "answers": [
                {name: getattr(one, name) for name in _ANSWER_FIELDS} for one in answers[report.id]
            ],
        }
        for report, month, name, name_en in rows
    ]


_FIELDS = (
    "id",
    "number",
    "sequence",
    "language",
    "data_sha256",
    "changes",
    "remark",
    "issued_at",
    "sent_at",
    "confirmed_at",
)
_ANSWER_FIELDS = ("kind", "name", "text", "via", "answered_at")


def file_out(row: Document) -> dict[str, Any]:
    """A file of a report as plain data."""
    names = ("format", "state", "done", "total", "bytes", "pages", "sha256")
    return {"document_id": row.id, **{name: getattr(row, name) for name in names}}
