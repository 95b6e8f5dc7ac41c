"""How a question is taken apart and matched with articles, Chinese as well as Latin. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_WORDS = 4000
MOST_SUBJECTS = 20
# What is looked for at most; a question of a whole page is cut.
MOST_TERMS = 24
_RUN = re.compile(r"[a-z0-9]+(?:[._/+-][a-z0-9]+)*|[^\W\da-z_]+")
_LATIN = re.compile(r"[a-z0-9]")


def plain(text: str) -> str:
    """The form in which texts are compared: no case, no full-width letters, one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def terms_of(word: str) -> list[str]:
    """What one word of a question is looked for by: Latin and figures whole, other scripts in pairs.

    Chinese has no blanks: 话筒啸叫 is asked for where 话筒有啸叫 is written. In pairs of characters both
    have 话筒 and 啸叫 in common.
    """
    found: list[str] = []
    for run in _RUN.findall(plain(word)):
        if _LATIN.match(run) or len(run) < 3:
            found.append(run)
        else:
            found += [run[at : at + 2] for at in range(len(run) - 1)]
    return list(dict.fromkeys(found))


def question(text: str) -> list[list[str]]:
    """The terms of each word of a question; every word has to be found, at least half of its terms."""
    words: list[list[str]] = []
    left = MOST_TERMS
    for word in text.split():
        terms = terms_of(word)[:left]
        if terms:
            words.append(terms)
            left -= len(terms)
    return words


def needed(terms: list[str]) -> int:
    """How many of a word's terms an article has to have."""
    return (len(terms) + 1) // 2


def subjects(types: Iterable[str], models: Iterable[str]) -> str:
    """Device types and models as one text that is searched for one of them."""
    marks = [type_mark(one) for one in types] + [model_mark(one) for one in models]
    return "".join(f"|{mark}" for mark in marks) + "|" if marks else ""


def type_mark(key: str) -> str:
    """How a device type stands among the subjects."""
    return f"type:{key}"


def model_mark(model: str) -> str:
    """How a model stands among the subjects."""
    return f"model:{plain(model).replace('|', ' ')}"


def listed(texts: Iterable[str]) -> list[str]:
    """The texts without blanks around them, without empty ones and without the same twice."""
    return list(dict.fromkeys(text for one in texts if (text := " ".join(one.split()))))
