"""The one line at the end of `make test` must not say more than was shown."""

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
    monkeypatch.setattr(run_tests, "run_all", lambda *_arguments: outcomes)
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
