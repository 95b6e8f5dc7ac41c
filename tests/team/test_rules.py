"""How absences stand and collide, and which files a manual may be."""

from __future__ import annotations

from datetime import date

import pytest

from webapp.errors import AppError
from webapp.team import rules


def day(number: int) -> date:
    return date(2026, 3, number)


@pytest.mark.parametrize(
    ("span", "today", "state"),
    [
        ((2, 6), 1, "coming"),
        ((2, 6), 2, "running"),
        ((2, 6), 6, "running"),
        ((2, 6), 7, "over"),
        ((2, None), 31, "running"),
    ],
)
def test_an_absence_has_both_its_days(span: tuple[int, int | None], today: int, state: str) -> None:
    to_on = day(span[1]) if span[1] else None
    assert rules.state_of(day(span[0]), to_on, day(today), cancelled=False) == state
    assert rules.state_of(day(span[0]), to_on, day(today), cancelled=True) == "cancelled"


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ((2, 6), (6, 8), True),
        ((2, 6), (7, 8), False),
        ((2, None), (30, 31), True),
        ((2, None), (1, None), True),
        ((10, None), (1, 9), False),
    ],
)
def test_two_spans_collide_on_a_common_day(
    one: tuple[int, int | None], other: tuple[int, int | None], together: bool
) -> None:
    spans = [(day(span[0]), day(span[1]) if span[1] else None) for span in (one, other)]
    assert rules.overlap(spans[0], spans[1]) is together
    assert rules.overlap(spans[1], spans[0]) is together


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("规程.PDF", b"%PDF-1.7", rules.PDF),
        ("a.docx", b"PK\x03\x04", rules.DOCX),
        ("a.pdf", b"PK\x03\x04", None),
        ("a.html", b"<script>", None),
        ("a.pdf", b"", None),
    ],
)
def test_a_manual_is_what_its_name_and_its_first_bytes_say(
    name: str, data: bytes, kind: str | None
) -> None:
    if kind:
        assert rules.content_type_of(name, data) == kind
        return
    with pytest.raises(AppError, match="manual_unreadable"):
        rules.content_type_of(name, data)
