"""How the server is served: one process with threads by default, more by WEB_CONCURRENCY."""

import gc
import os
import shutil
from pathlib import Path
from typing import Any

# Several workers count together in a folder, which has to be known before the counters are made.
# What a run before has counted is gone, as with one worker.
if int(os.environ.get("WEB_CONCURRENCY") or 1) > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _counts = Path(os.environ.get("DATA_DIR") or "var").absolute() / "metrics"
    shutil.rmtree(_counts, ignore_errors=True)
    _counts.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counts)

from prometheus_client import multiprocess

from webapp import jobs

wsgi_app = "webapp:create_app()"
bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
# One worker is the embedded default's best: its write lock is shared by threads, not by processes.
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
# gunicorn's threads, guarded against clients that hold one and send nothing.
worker_class = "webapp.serving.GuardedWorker"
# What a file's answer waits for its client is measured like any other's.
sendfile = False
threads = int(os.environ.get("WEB_THREADS") or 16)
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
certfile = os.environ.get("TLS_CERTIFICATE") or None
keyfile = os.environ.get("TLS_KEY") or None


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
