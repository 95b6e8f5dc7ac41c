"""What the server counts while it works, for Prometheus: requests, jobs, what phones send.

Each process counts for itself. Where there are several, ``PROMETHEUS_MULTIPROC_DIR`` names a folder that
they all write to (gunicorn.conf.py sets it before anything is imported), and a scrape adds them up.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_own = CollectorRegistry()
# When each series began would double their number, and nobody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]
_requests = Counter(
    "roundbook_requests",
    "Requests by the template of their address and the status of the answer.",
    ("method", "route", "status"),
    registry=_own,
)
_request_seconds = Histogram(
    "roundbook_request_seconds",
    "How long an answer took, by the template of its address.",
    ("method", "route"),
    buckets=_BUCKETS,
    registry=_own,
)
_jobs = Counter(
    "roundbook_jobs", "Jobs worked on, by what came of them.", ("kind", "result"), registry=_own
)
_operations = Counter(
    "roundbook_sync_operations", "What phones sent, by the answer.", ("result",), registry=_own
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """One more answer; ``route`` is a template, so that no id makes a series of its own."""
    _requests.labels(method, route, str(status)).inc()
    _request_seconds.labels(method, route).observe(max(seconds, 0.0))


def count_job(kind: str, result: str) -> None:
    """One more job that was ``done``, ``failed`` or put off until ``later``."""
    _jobs.labels(kind, result).inc()


def count_operations(results: Iterable[str]) -> None:
    """What phones sent, by the answers that they got."""
    for result in results:
        _operations.labels(result).inc()


def registry() -> CollectorRegistry:
    """All that was counted: by this process, or by all that share the folder."""
    if FOLDER not in os.environ:
        return _own
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
