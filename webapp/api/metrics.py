"""``/metrics`` for Prometheus: what was counted, and what waits in the database now.

With ``METRICS_TOKEN`` whoever shows it is answered; without it only this very machine, asked directly.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa
from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from webapp import metrics
from webapp.api.http import settings
from webapp.cases.models import Case
from webapp.db import db, now_utc
from webapp.jobs import Job
from webapp.notifications.models import Mail
from webapp.webhooks.models import WebhookDelivery

bp = Blueprint("metrics", __name__)
# A proxy that sets one of these stands between: then it is not this machine that asks.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@bp.get("/metrics")
def show_metrics() -> Response:
    """Everything that is counted, in Prometheus' own text."""
    if not _may_look():
        raise NotFound
    waiting = CollectorRegistry()
    waiting.register(_Waiting())
    text = generate_latest(metrics.registry()) + generate_latest(waiting)
    response = Response(text, content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def _may_look() -> bool:
    token = settings().metrics_token
    if token:
        shown = request.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in _FORWARDED):
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    return False


class _Waiting:
    """What waits now: a few counts of indexed rows, none of which grows with the years."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges, read at this moment."""
        session, now = db.session(), now_utc()
        yield from _jobs(session, now)
        yield _gauge("roundbook_mails_waiting", "E-mails that wait to be sent.", _mails(session))
        waits = sa.select(sa.func.count()).where(WebhookDelivery.state == "waiting")
        text = "Events that wait to be taken by a webhook."
        yield _gauge("roundbook_webhooks_waiting", text, session.scalar(waits) or 0)
        yield _faults(session)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _jobs(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    rows = session.execute(
        sa.select(Job.kind, sa.func.count(), sa.func.min(Job.not_before))
        .group_by(Job.kind)
        .order_by(Job.kind)
    ).all()
    waiting = GaugeMetricFamily("roundbook_jobs_waiting", "Jobs in the queue.", labels=["kind"])
    for kind, count, _ in rows:
        waiting.add_metric([kind], count)
    yield waiting
    late = max(((now - first).total_seconds() for _, _, first in rows), default=0.0)
    text = "How long the job that has been due longest has been due."
    yield _gauge("roundbook_jobs_late_seconds", text, max(late, 0.0))


def _mails(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).where(Mail.state == "waiting")) or 0


def _faults(session: Session) -> GaugeMetricFamily:
    rows = session.execute(
        sa.select(Case.severity, sa.func.count())
        # In so many words, as the partial index has them.
        .where(Case.live, Case.kind == sa.literal_column("'fault'"))
        .group_by(Case.severity)
    )
    counts = dict[int | None, int](iter(rows.all()))
    text = "Open faults by severity, of all contracts."
    family = GaugeMetricFamily("roundbook_faults_open", text, labels=["severity"])
    for severity in (1, 2, 3, 4):
        family.add_metric([str(severity)], counts.get(severity, 0))
    return family
