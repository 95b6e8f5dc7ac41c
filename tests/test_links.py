"""A link in a mail opens one thing, for one purpose, until it expires."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from webapp import links
from webapp.errors import AppError

KEY = "a secret key of a test"


def test_a_link_leads_to_what_it_was_made_for() -> None:
    assert links.subject_of(KEY, "report", links.token_for(KEY, "report", 42)) == 42


@given(st.text(max_size=links.LONGEST_TOKEN + 50))
def test_whatever_else_comes_is_refused(token: str) -> None:
    with pytest.raises(AppError) as refusal:
        links.subject_of(KEY, "report", token)
    assert refusal.value.code == "link_invalid"


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_link_that_was_altered_anywhere_but_its_last_letter_is_refused(
    place: int, character: str
) -> None:
    """The last letter of a signature has bits that mean nothing: the same link, written otherwise."""
    token = links.token_for(KEY, "report", 42)
    at = place % (len(token) - 1)
    hypothesis.assume(token[at] != character)
    with pytest.raises(AppError) as refusal:
        links.subject_of(KEY, "report", token[:at] + character + token[at + 1 :])
    assert refusal.value.code == "link_invalid"


def test_a_link_of_another_key_or_another_purpose_opens_nothing() -> None:
    token = links.token_for("another key", "report", 42)
    with pytest.raises(AppError):
        links.subject_of(KEY, "report", token)
    other = URLSafeTimedSerializer(KEY, salt="roundbook.link.quote").dumps(42)
    with pytest.raises(AppError):
        links.subject_of(KEY, "report", other)


def test_a_link_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    token = links.token_for(KEY, "report", 42)
    monkeypatch.setattr(links, "LIFETIME", -links.LIFETIME)
    with pytest.raises(AppError) as refusal:
        links.subject_of(KEY, "report", token)
    assert refusal.value.code == "link_expired"
