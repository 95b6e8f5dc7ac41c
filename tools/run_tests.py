"""Runs every test and ends with one line: `roundbook: N passed, N failed`.

First the client's rules, then the whole suite on the embedded default (SQLite and a folder) with
real browsers, then, where TEST_DATABASE_URL names a PostgreSQL, the server's suite again on it.
`--fast` leaves out the browsers and what is marked slow. Further arguments go to pytest.
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from tools import find_browser

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("TEST_DATABASE_URL", "TEST_OBJECT_STORE_URL", "TEST_REDIS_URL")
# Its servers are the embedded ones; the storm alone takes what it is given.
EMBEDDED_ONLY = [
    f"--ignore={path}"
    for path in sorted((ROOT / "tests/faults").glob("test_*.py"))
    if path.name != "test_storm.py"
]
# How a skip's reason begins where the machine's owner forbids what the test needs (mounting a disk,
# tracing a process): told in the end, and no failure, because nothing can be installed against it.
FORBIDDEN = "not allowed here: "
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


def run(title: str, command: list[str], environment: dict[str, str], report: Path) -> Outcome:
    """Run one suite under a header and count it."""
    print(f"\n== {title}", flush=True)
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
    outcome = read_report(report, done.returncode)
    seconds = time.monotonic() - began
    print(f"== {title}: {outcome.passed} passed, {outcome.failed} failed, {seconds:.0f} s")
    return outcome


def run_client(folder: Path) -> Outcome:
    """Run the client's own tests."""
    report = folder / "vitest.xml"
    command = [sys.executable, "-m", "tools.client", "npm", "run", "test", "--"]
    command += ["--reporter=default", "--reporter=junit", f"--outputFile.junit={report}"]
    return run("The client's rules (vitest)", command, dict(os.environ), report)


def run_pytest(title: str, report: Path, arguments: list[str], env: dict[str, str]) -> Outcome:
    """Run the server's suite with these arguments."""
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *arguments]
    return run(title, command, env, report)


def run_all(folder: Path, fast: bool, extra: list[str]) -> list[Outcome]:
    """Run every suite that this machine and these variables allow."""
    embedded = {name: value for name, value in os.environ.items() if name not in SERVICES}
    if not fast:
        browser = find_browser.find_or_install()
        if browser is None:
            sys.exit(find_browser.NONE_FOUND)
        embedded["CHROMIUM"] = browser
    narrowed = [*LEFT_OUT_WHEN_FAST] if fast else []
    title = "The server on SQLite" + ("" if fast else ", and real browsers")
    outcomes = [
        run_client(folder),
        run_pytest(title, folder / "sqlite.xml", [*narrowed, *extra], embedded),
    ]
    if os.environ.get("TEST_DATABASE_URL"):
        outcomes.append(
            run_pytest(
                "The server on PostgreSQL, an S3-compatible store and Redis",
                folder / "postgresql.xml",
                ["--ignore=tests/e2e", *EMBEDDED_ONLY, "-m", "not browser", *extra],
                dict(os.environ),
            )
        )
    else:
        print(
            "\nPostgreSQL, the S3-compatible store and Redis were not tested here: "
            ".ci/run starts them and runs the server's suite on them too."
        )
    return outcomes


def main(arguments: list[str]) -> int:
    """Run, add up, and print the one line that says how it went."""
    fast = "--fast" in arguments
    extra = [argument for argument in arguments if argument != "--fast"]
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run_all(Path(folder), fast, extra)
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
