"""``make bench``: measure, print a table, write ``bench/results.json``. Ends within ten minutes."""

from __future__ import annotations

import importlib
import sys
import time

from bench import figures, server

MODULES = ("bench.sync", "bench.pull", "bench.client")
TIME_LIMIT_SECONDS = 540


def main() -> int:
    """Measure everything; the exit code tells whether every figure was measured and holds."""
    for module in MODULES:
        if importlib.util.find_spec(module):
            importlib.import_module(module)
    began = time.monotonic()
    found: list[figures.Figure] = []
    missing = 0
    with server.running() as running:
        for measure in figures.measurements():
            if time.monotonic() - began > TIME_LIMIT_SECONDS:
                missing += 1
                print(f"no time left for {measure.__name__}")
                continue
            try:
                for figure in measure(running):
                    print(f"  {figure.name}: {figure.plain()['value']:g} {figure.unit}", flush=True)
                    found.append(figure)
            except figures.CannotMeasure as reason:
                missing += 1
                print(f"{measure.__name__} could not be measured. {reason}", flush=True)
    figures.write(found)
    print("\n" + figures.table(found))
    print(f"\n{len(found)} figures in {time.monotonic() - began:.0f} s, in {figures.RESULTS}")
    return 0 if not missing and all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
