"""The list of forty faults is whole: each has a test that names its number, and a line in the README."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
FAULTS = set(range(1, 41))


def test_every_fault_has_a_test() -> None:
    marked: set[int] = set()
    for path in HERE.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        marked |= {int(number) for number in re.findall(r"mark\.fault\((\d+)\)", text)}
    assert marked == FAULTS


def test_every_fault_has_its_line_in_the_readme_that_names_where_it_is_tested() -> None:
    rows = re.findall(
        r"^\| (\d+) \|.*\| `(test_\w+)` \|$", (HERE / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [int(number) for number, _ in rows] == sorted(FAULTS)
    for number, name in rows:
        text = (HERE / f"{name}.py").read_text(encoding="utf-8")
        assert f"mark.fault({number})" in text, f"{name} does not test fault {number}"
