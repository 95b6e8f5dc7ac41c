"""The guides' pictures: each that a text refers to is there, small, and can be taken anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import screenshots

ROOT = Path(__file__).parents[2]
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")


def referred_to() -> list[Path]:
    """Every picture that a text shows, as a path."""
    return [
        (text.parent / target).resolve()
        for text in TEXTS
        for target in REFERENCE.findall(text.read_text(encoding="utf-8"))
    ]


def test_the_texts_show_pictures() -> None:
    assert len(referred_to()) >= 10


@pytest.mark.parametrize("path", referred_to(), ids=lambda path: path.name)
def test_a_picture_that_a_text_shows_is_there_and_small(path: Path) -> None:
    assert path.is_file()
    assert path.stat().st_size <= screenshots.LARGEST_BYTES
    assert path.name in screenshots.NAMES


def test_no_picture_is_taken_that_nobody_shows() -> None:
    assert {path.name for path in referred_to()} == screenshots.NAMES
