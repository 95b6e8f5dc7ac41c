"""docs/reliability.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/reliability.md"


def rows() -> list[str]:
    """The rows of the tables of promises, without their heads."""
    lines = PAGE.read_text(encoding="utf-8").split("## Measured")[0].splitlines()
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    told = [one for one, after in pairs if one.startswith("| ") and not after.startswith("| ---")]
    return [line for line in told if not line.startswith("| ---")]


def test_every_promise_links_to_a_test_that_is_there() -> None:
    assert len(rows()) > 10
    for line in rows():
        linked = re.findall(r"\]\((\.\./[^)]+)\)", line.rsplit("|", 2)[1])
        assert linked, line
        for target in linked:
            assert (PAGE.parent / target).exists(), target


def test_every_fault_that_it_names_is_tested_in_the_file_beside_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = re.findall(r"\]\((\.\./tests/faults/\w+\.py)\), faults? ([\d–and ]+)", text)
    assert named
    for target, numbers in named:
        marked = (PAGE.parent / target).read_text(encoding="utf-8")
        for number in re.findall(r"\d+", numbers):
            assert f"mark.fault({number})" in marked, (target, number)
