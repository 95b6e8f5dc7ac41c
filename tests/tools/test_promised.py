"""Faults and attacks go first in every run, and it says how long they took."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import promised

CONFTEST = """
from tests import promised

def pytest_configure(config):
    config.pluginmanager.register(promised.Promised())

def pytest_collection_modifyitems(items):
    items[:] = promised.first(items)
"""
# The marks under other names: the lists of what is tested read every file of the suite.
TESTS = """
import pytest

fault, attack = pytest.mark.fault, pytest.mark.attack

def test_other(): pass

@fault(3)
def test_cut(): pass

@attack(6, 7)
def test_stranger(): assert False

@fault(31)
def test_barred(): pytest.skip("not allowed here: mounting")
"""
ROOT = Path(promised.__file__).parent.parent


@pytest.mark.parametrize(
    ("chosen", "ran", "said"),
    [
        ("test", ["cut", "stranger", "barred", "other"], "2 tests, 1 failed, through after 0 min"),
        ("other", ["other"], ""),
    ],
)
def test_a_run_begins_with_what_is_promised(
    tmp_path: Path, chosen: str, ran: list[str], said: str
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  fault(n): a\n  attack(*n): b\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-k", chosen, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    in_turn = [line for line in lines if "::test_" in line and "%]" in line]
    assert [line.split("::test_")[1].split()[0] for line in in_turn] == ran
    told = [line for line in lines if line.startswith("Faults and attacks, which go first: ")]
    assert [said in line for line in told] == [True] * bool(said), done.stdout
