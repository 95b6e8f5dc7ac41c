"""The forty faults and the twenty-three attacks go first, and the run says how long they took.

Whoever broke what Roundbook promises hears it in the first minutes of `make test`, not in its last.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

MARKS = ("fault", "attack")
_BEGAN = time.monotonic()


class Promised:
    """Counts the tests of faults and attacks as they end."""

    def __init__(self) -> None:
        self.ran = self.failed = 0
        self.seconds = 0.0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one step of one test; ``seconds`` is since this run of pytest began."""
        if not any(mark in report.keywords for mark in MARKS):
            return
        self.ran += report.when == "call" and not report.skipped
        self.failed += report.failed
        self.seconds = time.monotonic() - _BEGAN

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say it in one line, where there was one of them."""
        if self.ran or self.failed:
            minutes, seconds = divmod(round(self.seconds), 60)
            terminalreporter.write_line(
                f"Faults and attacks, which go first: {self.ran} tests, {self.failed} failed, "
                f"through after {minutes} min {seconds:02d} s"
            )


def first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests that bear one of the marks, then the others, each in the order they had."""
    return sorted(items, key=lambda item: not any(map(item.get_closest_marker, MARKS)))
