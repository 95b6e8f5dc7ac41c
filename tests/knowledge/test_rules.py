"""How a question is taken apart, Chinese as well as Latin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.knowledge import rules


@pytest.mark.parametrize(
    ("word", "terms"),
    [
        ("话筒", ["话筒"]),
        ("话筒啸叫", ["话筒", "筒啸", "啸叫"]),
        ("灯", ["灯"]),
        ("ClickShare", ["clickshare"]),
        ("ＣＸ－３０", ["cx-30"]),
        ("HDMI线松了", ["hdmi", "线松", "松了"]),
        ("v02.21", ["v02.21"]),
        ("话筒话筒", ["话筒", "筒话"]),
        ("，。！", []),
        ("%_\\", []),
    ],
)
def test_latin_is_taken_whole_and_chinese_in_pairs(word: str, terms: list[str]) -> None:
    assert rules.terms_of(word) == terms


def test_every_word_is_asked_for_and_a_page_is_cut() -> None:
    assert rules.question("ClickShare 断连") == [["clickshare"], ["断连"]]
    long = rules.question("会议室里的投影机画面偏黄并且有条纹 请问音箱没有声音又该怎么处理才好呢")
    assert sum(len(terms) for terms in long) == rules.MOST_TERMS


@pytest.mark.parametrize(("count", "needed"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_half_of_a_words_terms_are_needed(count: int, needed: int) -> None:
    assert rules.needed(["x"] * count) == needed


def test_subjects_are_found_whole() -> None:
    text = rules.subjects(["codec", "projector"], ["ＣＸ-30", "a|b"])
    assert text == "|type:codec|type:projector|model:cx-30|model:a b|"
    assert f"|{rules.model_mark('CX-30')}|" in text
    assert f"|{rules.model_mark('CX-3')}|" not in text
    assert rules.subjects([], []) == ""


@given(st.text(max_size=60))
def test_what_was_written_is_found_by_its_own_words(text: str) -> None:
    plain = rules.plain(text)
    for terms in rules.question(text):
        assert all(term in plain for term in terms)
