"""Runs every test and ends with one line: `roundbook: N passed, N failed`.

The client's rules, the whole suite on the embedded default (SQLite and a folder) with real browsers,
and then, where TEST_DATABASE_URL names a PostgreSQL, the server's suite again on it.
`--fast` leaves out the browsers and what is marked slow. Further arguments go to pytest.

On two cores or more the suites run side by side, what computes giving way to what drives a browser
and waits for it. They share no port, folder or service. `--one-lane` runs one after another.
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

from tools import find_browser

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("TEST_DATABASE_URL", "TEST_OBJECT_STORE_URL", "TEST_REDIS_URL")
# How a skip's reason begins where the machine's owner forbids what the test needs (mounting a disk,
# tracing a process): told in the end, and no failure, because nothing can be installed against it.
FORBIDDEN = "not allowed here: "
# What computes gives way to what drives a browser; among it, what has been shown on SQLite already.
SECOND, LAST = 5, 10
LEFT_OUT_WHEN_FAST = ("-m", "not browser and not slow", "--ignore=tests/e2e")


@dataclass
class Outcome:
    """What one run came to; `skipped` names the tests that it left out, `forbidden` those of them
    that this machine doesn't allow."""

    passed: int = 0
    failed: int = 0
    ran: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)


Run = Callable[..., Outcome]


def read_report(report: Path, exit_code: int) -> Outcome:
    """Count a JUnit report; a run that broke down without one failed test counts as one failure."""
    outcome = Outcome()
    # The report was written a moment ago by the run that we started.
    cases = ET.parse(report).iter("testcase") if report.exists() else ()  # noqa: S314
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif (skipped := case.find("skipped")) is not None:
            outcome.skipped.add(name)
            if skipped.get("message", "").startswith(FORBIDDEN):
                outcome.forbidden.add(name)
            continue
        else:
            outcome.passed += 1
        outcome.ran.add(name)
    if exit_code and not outcome.failed:
        outcome.failed = 1
    return outcome


@dataclass(frozen=True)
class Suite:
    """One run of pytest: what it is called, its arguments and variables, where it reports, and how
    far it gives way to the others (the nice command's number)."""

    title: str
    arguments: list[str]
    environment: dict[str, str]
    report: Path
    gives_way: int = 0

    def __call__(self, output: TextIO | None = None) -> Outcome:
        """Run it; what it says goes to ``output``, or at once to the terminal."""
        command = [sys.executable, "-m", "pytest", f"--junitxml={self.report}", *self.arguments]
        if self.gives_way:
            command = ["nice", "-n", str(self.gives_way), *command]
        return run(self.title, command, self.environment, self.report, output)


def run(
    title: str,
    command: list[str],
    environment: dict[str, str],
    report: Path,
    output: TextIO | None = None,
) -> Outcome:
    """Run one suite under a header and count it."""
    print(f"\n== {title}", file=output, flush=True)
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output and subprocess.STDOUT,
        check=False,
    )
    outcome = read_report(report, done.returncode)
    seconds = time.monotonic() - began
    # A run that was ended by a signal leaves no report: its number is all there is to go by.
    ended = f", ended by signal {-done.returncode}" if done.returncode < 0 else ""
    print(
        f"== {title}: {outcome.passed} passed, {outcome.failed} failed, {seconds:.0f} s{ended}",
        file=output,
        flush=True,
    )
    return outcome


def run_client(folder: Path, output: TextIO | None = None) -> Outcome:
    """Run the client's own tests."""
    report = folder / "vitest.xml"
    command = [sys.executable, "-m", "tools.client", "npm", "run", "test", "--"]
    command += ["--reporter=default", "--reporter=junit", f"--outputFile.junit={report}"]
    return run("The client's rules (vitest)", command, dict(os.environ), report, output)


def scaled_out(folder: Path, extra: list[str]) -> list[Suite]:
    """The server's suite on the services that the variables name, if they name any."""
    if not os.environ.get("TEST_DATABASE_URL"):
        return []
    # Of the rest, tests/conftest.py chooses what asks them.
    left_out = ["--ignore=tests/e2e", "-m", "not browser"]
    title = "The server on PostgreSQL, an S3-compatible store and Redis"
    report = folder / "postgresql.xml"
    return [Suite(title, [*left_out, *extra], dict(os.environ), report, LAST)]


def side_by_side(lanes: list[list[Run]], folder: Path) -> list[Outcome]:
    """Run all lanes at once; what the others say is told when the first has ended, one after another."""
    first, *others = lanes

    def beside(number: int) -> list[Outcome]:
        with (folder / f"lane-{number}.txt").open("w", encoding="utf-8") as output:
            return [suite(output) for suite in others[number]]

    with ThreadPoolExecutor(max(1, len(others))) as pool:
        begun = [pool.submit(beside, number) for number in range(len(others))]
        outcomes = [suite() for suite in first]
        for number, other in enumerate(begun):
            outcomes += other.result()
            said = (folder / f"lane-{number}.txt").read_text(encoding="utf-8", errors="replace")
            print(said, flush=True)
    return outcomes


def run_all(folder: Path, fast: bool, extra: list[str], *, one_lane: bool = False) -> list[Outcome]:
    """Run every suite that this machine and these variables allow."""
    embedded = {name: value for name, value in os.environ.items() if name not in SERVICES}
    if not fast:
        browser = find_browser.find_or_install()
        if browser is None:
            sys.exit(find_browser.NONE_FOUND)
        embedded["CHROMIUM"] = browser
    client: Run = partial(run_client, folder)

    def on_sqlite(title: str, name: str, *arguments: str) -> Suite:
        gives_way = SECOND if arguments == ("-m", "not browser") else 0
        return Suite(title, [*arguments, *extra], embedded, folder / f"{name}.xml", gives_way)

    postgres = scaled_out(folder, extra)
    # A choice of tests may leave a lane without any.
    if fast or extra or one_lane or (os.cpu_count() or 1) < 2:
        title = "The server on SQLite" + ("" if fast else ", and real browsers")
        narrowed = LEFT_OUT_WHEN_FAST if fast else ()
        server = on_sqlite(title, "sqlite", *narrowed)
        runs: list[Run] = [client, server, *postgres]
        outcomes = [one() for one in runs]
    else:
        browsers = on_sqlite("Real browsers", "browsers", "-m", "browser")
        server = on_sqlite("The server on SQLite", "sqlite", "-m", "not browser")
        lanes: list[list[Run]] = [[client, browsers], [server]]
        lanes += [[one] for one in postgres]
        outcomes = side_by_side(lanes, folder)
    if not postgres:
        print(
            "\nPostgreSQL, the S3-compatible store and Redis were not tested here: "
            ".ci/run starts them and runs the server's suite on them too."
        )
    return outcomes


def main(arguments: list[str]) -> int:
    """Run, add up, and print the one line that says how it went."""
    fast = "--fast" in arguments
    one_lane = "--one-lane" in arguments
    extra = [argument for argument in arguments if argument not in ("--fast", "--one-lane")]
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run_all(Path(folder), fast, extra, one_lane=one_lane)
    ran = set().union(*(outcome.ran for outcome in outcomes))
    never = set().union(*(outcome.skipped for outcome in outcomes)) - ran
    forbidden = set().union(*(outcome.forbidden for outcome in outcomes))
    for name in sorted(never):
        why = " (not allowed on this machine)" if name in forbidden else ""
        print(f"left out: {name}{why}")
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    if os.environ.get("TEST_DATABASE_URL"):
        # With every service here, a test that still was left out never runs anywhere.
        failed += len(never - forbidden)
    print(f"\nroundbook: {passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
