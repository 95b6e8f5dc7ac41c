"""How the server is served: one process with threads by default, more by WEB_CONCURRENCY."""

import gc
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

# Several workers count together in a folder, which has to be known before the counters are made.
# What a run before has counted is gone, as with one worker.
if int(os.environ.get("WEB_CONCURRENCY") or 1) > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _counts = Path(os.environ.get("DATA_DIR") or "var").absolute() / "metrics"
    with suppress(OSError):  # What is wrong with DATA_DIR is told below.
        shutil.rmtree(_counts, ignore_errors=True)
        _counts.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counts)

from prometheus_client import multiprocess

from webapp import jobs
from webapp.config import settings_or_exit

# Here, where one sentence ends it: each worker would fail with a traceback of its own.
_settings = settings_or_exit()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
wsgi_app = "webapp:create_app()"
bind = f"{_host}:{_settings.port}"
# One worker is the embedded default's best: its write lock is shared by threads, not by processes.
workers = _settings.workers
# gunicorn's threads, guarded against clients that hold one and send nothing.
worker_class = "webapp.serving.GuardedWorker"
# What a file's answer waits for its client is measured like any other's.
sendfile = False
threads = _settings.threads
# The object store's and the PDF maker's libraries hang in a child forked after their first use.
preload_app = False
# Phones come back every few seconds while they sync; a kept connection spares them the handshake.
keepalive = 30
graceful_timeout = 20
# The heart beats in memory: on a disk that is busy with photos the loop would wait for it.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# The app logs each request itself, with its id.
accesslog = None
loglevel = "warning"
control_socket_disable = True
certfile = _settings.tls_certificate or None
keyfile = _settings.tls_key or None


def post_worker_init(worker: Any) -> None:
    """Embedded, the web process works the queue itself; scaled out, the Procfile's worker does."""
    # What a worker starts with lives as long as it does. Left to the collector, all of it is walked
    # through again and again: a tenth of a second each time, in which nobody is answered.
    gc.collect()
    gc.freeze()
    if worker.wsgi.extensions["settings"].run_jobs_in_process:
        jobs.start_in_process(worker.wsgi)


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that has ended counts no more; what it has counted stays."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def when_ready(_server: Any) -> None:
    """Print where to go, once somebody can."""
    host, port = bind.rsplit(":", 1)
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    scheme = "https" if certfile else "http"
    print(f"\nRoundbook is ready: {scheme}://{shown}:{port}   (Ctrl-C ends it)\n", flush=True)
