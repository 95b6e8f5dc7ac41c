"""``make bench``: measure, print a table, write ``bench/results.json``. Ends within ten minutes."""

from __future__ import annotations

import importlib
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from bench import figures, server

MODULES = (
    "bench.sync",
    "bench.pull",
    "bench.board",
    "bench.client",
    "bench.photos",
    # Reports of 1,000 rooms take minutes on a slow machine: they take no other's time.
    "bench.report",
)
TIME_LIMIT_SECONDS = 585


class OutOfTime(KeyboardInterrupt):
    """The time is up, in the middle of whatever was measured; an event loop lets only such through."""


def main() -> int:
    """Measure everything; the exit code tells whether every figure was measured and holds."""
    for module in MODULES:
        importlib.import_module(module)
    began = time.monotonic()
    found: list[figures.Figure] = []
    missing = ["everything: the time was up before the server ran"]
    with suppress(OutOfTime), time_limit(TIME_LIMIT_SECONDS), server.running() as running:
        missing = measure_all(running, found, until=began + TIME_LIMIT_SECONDS)
    figures.write(found)
    print("\n" + figures.table(found))
    for name in missing:
        print(f"NOT MEASURED: {name}")
    print(f"\n{len(found)} figures in {time.monotonic() - began:.0f} s, in {figures.RESULTS}")
    return 0 if not missing and all(figure.holds for figure in found) else 1


def measure_all(running: Any, found: list[figures.Figure], *, until: float) -> list[str]:
    """Measure into ``found``, one after the other; names what could not be: it takes no other along."""
    missing = []
    began = time.monotonic()
    for measure in figures.measurements():
        try:
            if time.monotonic() >= until:
                raise OutOfTime
            for figure in measure(running):
                value = f"{figure.plain()['value']:g} {figure.unit}"
                after = f"{time.monotonic() - began:4.0f} s"
                print(f"  {after}  {figure.name}: {value}", flush=True)
                found.append(figure)
        except figures.CannotMeasure as reason:
            missing.append(measure.__name__)
            print(f"{measure.__name__} could not be measured. {reason}", flush=True)
        except OutOfTime:
            missing.append(measure.__name__)
            print(f"{measure.__name__}: the time is up", flush=True)
        except Exception:  # noqa: BLE001 - whatever a browser or a server fails with.
            missing.append(measure.__name__)
            print(f"{measure.__name__} broke down:", flush=True)
            traceback.print_exc()
    return missing


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """:raise OutOfTime: after so long, wherever the work is."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    sys.exit(main())
