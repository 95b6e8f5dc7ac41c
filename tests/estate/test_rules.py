"""Label codes: unambiguous, checked, read from whatever a camera or a person hands over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.estate import rules

SHARED = json.loads(
    (Path(__file__).parents[1] / "vectors" / "label_codes.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", SHARED["vectors"], ids=lambda vector: vector["why"])
def test_shared_vectors(vector: dict[str, str]) -> None:
    assert rules.parse_label(vector["text"]) == vector["code"]


def test_alphabet_has_nothing_to_mistake_and_no_vowel() -> None:
    assert SHARED["alphabet"] == rules.ALPHABET
    assert not set(rules.ALPHABET) & set("01OILAEUY")
    assert len(set(rules.ALPHABET)) == len(rules.ALPHABET) == 27


codes = st.builds(rules.new_code, st.randoms(use_true_random=False).map(lambda r: r.choice))


@given(codes)
def test_a_code_parses_however_it_is_written(code: str) -> None:
    for text in (
        code,
        code.lower(),
        rules.shown_code(code),
        rules.label_link("https://ops.example.com", code),
        rules.label_link("http://10.0.0.4:8000/rounds/", code),
        "".join(chr(ord(letter) + 0xFEE0) for letter in code),
    ):
        assert rules.parse_label(text) == code


@given(codes)
def test_every_wrong_letter_and_every_swap_is_noticed(code: str) -> None:
    for i, letter in enumerate(code):
        for other in rules.ALPHABET:
            wrong = code[:i] + other + code[i + 1 :]
            assert rules.is_code(wrong) == (other == letter)
        for j in range(i + 1, len(code)):
            swapped = code[:i] + code[j] + code[i + 1 : j] + code[i] + code[j + 1 :]
            assert rules.is_code(swapped) == (code[i] == code[j])


@given(st.text(max_size=60))
def test_any_text_gives_a_good_code_or_none(text: str) -> None:
    code = rules.parse_label(text)
    assert code is None or rules.is_code(code)


def test_codes_are_random() -> None:
    assert len({rules.new_code() for _ in range(500)}) == 500


def test_the_link_has_its_host_in_capitals_and_its_path_as_routed() -> None:
    link = rules.label_link("https://ops.example.com/rounds/", "D6GR34Z8")
    assert link == "HTTPS://OPS.EXAMPLE.COM/rounds/d/D6GR34Z8"


def test_a_scan_of_four_kilobytes_is_answered_at_once() -> None:
    for hostile in ("/d/" * 1365, "/" * 4096, "https://" + "a/" * 2044, "-" * 4096):
        assert rules.parse_label(hostile) is None


@pytest.mark.parametrize(
    ("address", "only_here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://0.0.0.0:8000", True),
        ("http://localhost", True),
        ("https://[::1]:8443", True),
        ("http://192.168.1.20:8000", False),
        ("https://rounds.example.com", False),
        ("https://localhost.example.com", False),
    ],
)
def test_an_address_that_no_phone_can_open_is_known(address: str, only_here: bool) -> None:
    assert rules.is_only_here(address) is only_here
