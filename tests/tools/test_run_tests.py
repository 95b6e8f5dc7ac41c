"""The one line at the end of `make test` must not say more than was shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import run_tests
from tools.run_tests import Outcome

REPORT = """<testsuites><testsuite>
<testcase classname="a" name="works"/>
<testcase classname="a" name="fails"><failure>no</failure></testcase>
<testcase classname="a" name="breaks"><error>no</error></testcase>
<testcase classname="a" name="left"><skipped/></testcase>
<testcase classname="a" name="barred"><skipped message="not allowed here: mounting"/></testcase>
</testsuite></testsuites>"""


def test_a_report_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    outcome = run_tests.read_report(report, 1)
    assert (outcome.passed, outcome.failed) == (1, 2)
    assert (outcome.skipped, outcome.forbidden) == ({"a::left", "a::barred"}, {"a::barred"})


def test_a_run_that_breaks_down_is_a_failure(tmp_path: Path) -> None:
    assert run_tests.read_report(tmp_path / "none.xml", 4).failed == 1


def summary(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcomes: list[Outcome],
) -> tuple[int, str]:
    monkeypatch.setattr(run_tests, "run_all", lambda *_arguments, **_options: outcomes)
    code = run_tests.main([])
    return code, capsys.readouterr().out.strip().splitlines()[-1]


def test_the_last_line_adds_the_runs_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [Outcome(passed=3, ran={"a"}), Outcome(passed=2, failed=1, ran={"b"})]
    assert summary(monkeypatch, capsys, outcomes) == (1, "roundbook: 5 passed, 1 failed")


def test_a_test_that_never_ran_anywhere_fails_where_all_services_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [
        Outcome(passed=1, ran={"a"}, skipped={"b", "c"}),
        Outcome(passed=1, ran={"b"}, skipped={"a", "c"}),
    ]
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    assert summary(monkeypatch, capsys, outcomes) == (0, "roundbook: 2 passed, 0 failed")
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://")
    assert summary(monkeypatch, capsys, outcomes) == (1, "roundbook: 2 passed, 1 failed")


def test_what_the_machine_forbids_is_told_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [Outcome(passed=1, ran={"a"}, skipped={"b", "c"}, forbidden={"c"})]
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://")
    assert summary(monkeypatch, capsys, outcomes) == (1, "roundbook: 1 passed, 1 failed")
    outcomes[0].skipped = {"c"}
    assert summary(monkeypatch, capsys, outcomes) == (0, "roundbook: 1 passed, 0 failed")


def test_nothing_passed_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert summary(monkeypatch, capsys, [Outcome()]) == (1, "roundbook: 0 passed, 0 failed")


def suite(folder: Path, name: str, source: str) -> run_tests.Suite:
    """A suite of one small file."""
    test = folder / f"test_{name}.py"
    test.write_text(source)
    arguments = ["-q", "-p", "no:cacheprovider", str(test)]
    return run_tests.Suite(name, arguments, dict(os.environ), folder / f"{name}.xml")


def test_two_lanes_run_at_once_and_both_are_counted_and_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each waits for what the other one does."""
    meet = """
import pathlib, time
def test_meets_the_other():
    here = pathlib.Path(__file__).parent
    (here / "{0}.there").touch()
    ends_at = time.monotonic() + 30
    while not (here / "{1}.there").exists():
        assert time.monotonic() < ends_at
        time.sleep(0.05)
"""
    first = suite(tmp_path, "first", meet.format("first", "second"))
    second = suite(tmp_path, "second", meet.format("second", "first"))
    third = suite(tmp_path, "third", "def test_fails(): assert 0")
    outcomes = run_tests.side_by_side([[first], [second, third]], tmp_path)
    assert [(one.passed, one.failed) for one in outcomes] == [(1, 0), (1, 0), (0, 1)]
    said = capfd.readouterr().out
    heads = [
        line[3:] for line in said.splitlines() if line in ("== first", "== second", "== third")
    ]
    assert heads == ["first", "second", "third"]


def test_a_run_that_a_signal_ended_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "import os\ndef test_dies(): os.kill(os.getpid(), 9)"
    assert suite(tmp_path, "killed", source)().failed == 1
    assert "ended by signal 9" in capfd.readouterr().out


def test_of_the_scaled_out_services_only_that_is_asked_which_asks_them() -> None:
    files = ["tests/rounds/test_rules.py", "tests/tools/test_checks.py", "tests/api/test_jobs.py"]
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *files],
        cwd=run_tests.ROOT,
        env={**os.environ, "TEST_DATABASE_URL": "postgresql://nobody.asks/it"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert "test_jobs.py" in told
    assert "test_rules.py" not in told
    assert "test_checks.py" not in told
