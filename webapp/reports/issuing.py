"""Issuing a month's report: numbered, frozen, hashed; corrected by a new number (clauses 21, 31).

Two steps, so that neither the reading of 200 rooms nor the store's disk is waited for in a
transaction: :func:`frozen` reads and makes the data durable, :func:`issue` gives it its number.
Files are made from the frozen data alone, by :mod:`webapp.reports.documents`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity import queries as identity
from webapp.identity.models import Contract, User
from webapp.identity.rules import Access
from webapp.notifications import services as notifications
from webapp.reports.changes import changes_between
from webapp.reports.content import report_content
from webapp.reports.models import Report, ReportAnswer
from webapp.reports.shape import Change, ReportContent
from webapp.rounds import queries as rounds
from webapp.rounds.models import Round
from webapp.storage import ObjectStore
from webapp.webhooks.services import emit

ACCEPTED = "accepted"
AnswerKind = Literal["confirmed", "comment"]


@dataclass(frozen=True)
class Frozen:
    """A report's data as it will stay: canonical JSON in the store, and its SHA-256."""

    content: ReportContent
    key: str
    sha256: str
    seq: int


def canonical(content: ReportContent) -> bytes:
    """The one form that is hashed: UTF-8 JSON, keys sorted, no blanks."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def frozen(
    session: Session,
    store: ObjectStore,
    access: Access,
    month: str,
    now: datetime,
    remark: str = "",
) -> Frozen:
    """Read the month's report and make it durable, outside any transaction.

    What it will be called is in it too: the next number, the issuer, what a correction changes.

    :raise AppError: ``not_found``; ``round_not_accepted``; ``nothing_to_correct`` when a report is
        issued already and its data still says the same
    """
    row = rounds.round_of(session, access.contract_id, month)
    if row.state != ACCEPTED:
        raise AppError("round_not_accepted", state=row.state)
    seq = _head_of(session, access.contract_id)
    content = report_content(session, access.contract_id, month, now, remark=remark)
    earlier = issued_of(session, row.id)
    changes = _changes(store, earlier, content)
    _fill_cover(session, access, content, earlier, changes)
    data = canonical(content)
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"reports/{access.contract_id}/{sha256}"
    session.rollback()  # the database waits for no disk
    store.put(key, data)
    return Frozen(content, key, sha256, seq)


def _head_of(session: Session, contract_id: int) -> int:
    """The sequence number of the contract's last change."""
    statement = sa.select(Contract.head_seq).where(Contract.id == contract_id)
    return session.execute(statement).scalar_one()


def _changes(store: ObjectStore, earlier: list[Report], content: ReportContent) -> list[Change]:
    if not earlier:
        return []
    changes = changes_between(data_of(store, earlier[-1]), content)
    if not changes:
        raise AppError("nothing_to_correct", number=earlier[-1].number)
    return changes


def _fill_cover(
    session: Session,
    access: Access,
    content: ReportContent,
    earlier: list[Report],
    changes: list[Change],
) -> None:
    cover = content["cover"]
    cover["number"] = number_of(access.contract_code, cover["month"], len(earlier))
    cover["sequence"] = len(earlier)
    cover["corrects"] = earlier[0].number if earlier else ""
    cover["changes"] = changes
    cover["issued"] = True
    issuer = session.get_one(User, access.user_id)
    for signature in cover["signatures"]:
        if signature["key"] == "prepared":
            signature["person"] = {"zh": issuer.name, "en": issuer.name_en or issuer.name}
            signature["signed_on"] = cover["made_at"][:10]


def number_of(contract_code: str, month: str, sequence: int) -> str:
    """A report's number: ``HQ-2026-11``, its first correction ``HQ-2026-11-C1``."""
    return f"{contract_code}-{month}" + (f"-C{sequence}" if sequence else "")


def issue(session: Session, access: Access, data: Frozen, language: str, now: datetime) -> Report:
    """Give frozen data its number: from now on it is what the client was told.

    :raise AppError: ``conflict`` when the contract's data has changed since it was read, or somebody
        else has issued meanwhile
    """
    cover = data.content["cover"]
    take_sequence(session, access.contract_id)
    row = rounds.round_of(session, access.contract_id, cover["month"])
    earlier = issued_of(session, row.id)
    unchanged = _head_of(session, access.contract_id) == data.seq + 1
    if not unchanged or len(earlier) != cover["sequence"]:
        raise AppError("conflict")
    report = Report(
        contract_id=access.contract_id,
        round_id=row.id,
        number=cover["number"],
        sequence=cover["sequence"],
        language=language,
        data_key=data.key,
        data_sha256=data.sha256,
        changes=cast(list[Any], cover["changes"]),
        remark=data.content["plan"]["remark"],
        issued_by_id=access.user_id,
        issued_at=now,
    )
    session.add(report)
    session.flush()  # its documents name the id
    diff = {"number": ["", report.number], "sha256": ["", data.sha256]}
    _audit(session, access.contract_id, access.user_id, "issue", report, diff, now)
    _emit(session, "report.issued", report, now)
    return report


def issued_of(session: Session, round_id: int) -> list[Report]:
    """The report of a round and its corrections, in order."""
    return list(
        session.scalars(
            sa.select(Report).where(Report.round_id == round_id).order_by(Report.sequence)
        )
    )


def data_of(store: ObjectStore, report: Report) -> ReportContent:
    """The frozen data. :raise AppError: ``report_damaged``"""
    return cast(ReportContent, json.loads(bytes_of(store, report)))


def bytes_of(store: ObjectStore, report: Report) -> bytes:
    """The frozen data, byte for byte.

    :raise AppError: ``report_damaged`` when the store has them no more, as after a restore that did without
        them, or has others
    """
    try:
        data = store.get(report.data_key)
    except FileNotFoundError as error:
        raise AppError("report_damaged", number=report.number) from error
    if hashlib.sha256(data).hexdigest() != report.data_sha256:
        raise AppError("report_damaged", number=report.number)
    return data


def report_of(session: Session, contract_id: int, report_id: int) -> Report:
    """An issued report of a contract. :raise AppError: ``not_found``"""
    report = session.get(Report, report_id)
    if report is None or report.contract_id != contract_id:
        raise AppError("not_found")
    return report


@dataclass(frozen=True)
class Answer:
    """What the client says of a report; ``name`` in his own words when he came by the link."""

    kind: AnswerKind
    name: str
    text: str
    via: Literal["link", "account"]
    user_id: int | None = None
    address: str = ""


def answer(session: Session, report: Report, said: Answer, now: datetime) -> ReportAnswer:
    """Note the client's confirmation 客户确认 of a report, or his comment on it.

    :raise AppError: ``report_confirmed`` when it is confirmed already; ``report_corrected`` when a
        correction has taken its place
    """
    take_sequence(session, report.contract_id)
    if said.kind == "confirmed":
        session.refresh(report, with_for_update=True)
        latest = issued_of(session, report.round_id)[-1]
        if latest.id != report.id:
            raise AppError("report_corrected", number=latest.number)
        if report.confirmed_at is not None:
            raise AppError("report_confirmed")
        report.confirmed_at = now
    row = ReportAnswer(
        report_id=report.id,
        kind=said.kind,
        name=said.name,
        text=said.text,
        via=said.via,
        user_id=said.user_id,
        address=said.address,
        answered_at=now,
    )
    session.add(row)
    session.flush()  # what is told of it names the id
    _tell_acceptors(session, report, row, now)
    diff = {"answer": ["", said.kind], "name": ["", said.name], "via": ["", said.via]}
    _audit(session, report.contract_id, said.user_id, "answer", report, diff, now)
    if said.kind == "confirmed":
        _emit(session, "report.confirmed", report, now)
    return row


def _emit(session: Session, event: str, report: Report, now: datetime) -> None:
    data = {"report_id": report.id, "number": report.number, "sha256": report.data_sha256}
    emit(session, report.contract_id, event, data, now)


def _tell_acceptors(session: Session, report: Report, row: ReportAnswer, now: datetime) -> None:
    """Who accepted the round hears at once what the client says of its report."""
    month = session.execute(sa.select(Round.month).where(Round.id == report.round_id)).scalar_one()
    kind = "report_confirmed" if row.kind == "confirmed" else "report_commented"
    contract = session.get_one(Contract, report.contract_id)
    name_en = identity.english_name(session, row.user_id)
    details = {"name": row.name, "name_en": name_en, "number": report.number}
    for person in identity.reachable(session, report.contract_id):
        if "accept" in person.rights:
            notifications.tell(
                session,
                person.recipient,
                contract_id=report.contract_id,
                kind=kind,
                details=details,
                path=f"/desk/report/{month}?contract={contract.code}",
                key=f"report_answer:{row.id}",
                now=now,
            )


def answers_of(session: Session, report_ids: list[int]) -> dict[int, list[ReportAnswer]]:
    """The client's words on reports, by report, the oldest first."""
    rows = session.scalars(
        sa.select(ReportAnswer)
        .where(ReportAnswer.report_id.in_(report_ids))
        .order_by(ReportAnswer.id)
    )
    by_report: dict[int, list[ReportAnswer]] = {report_id: [] for report_id in report_ids}
    for row in rows:
        by_report[row.report_id].append(row)
    return by_report


def note_sent(
    session: Session, access: Access, report: Report, to: list[str], now: datetime
) -> None:
    """The report's mail is on its way to these addresses."""
    report.sent_at = now
    diff = {"sent_to": ["", ", ".join(to)]}
    _audit(session, access.contract_id, access.user_id, "send", report, diff, now)


def _audit(
    session: Session,
    contract_id: int,
    user_id: int | None,
    action: str,
    report: Report,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=contract_id,
        action=action,
        entity="report",
        entity_id=report.number,
        diff=diff,
    )
