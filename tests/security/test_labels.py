"""Codes that are no labels of ours, and names that want to be markup (security #7, #8, #10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests import factories
from webapp.estate.label_grid import PRESETS
from webapp.estate.label_layout import LabelText
from webapp.estate.label_sheet import sheet_pages
from webapp.estate.rules import new_code, parse_label
from webapp.identity.models import Contract, User

SHARED = json.loads(
    (Path(__file__).parents[1] / "vectors" / "label_codes.json").read_text(encoding="utf-8")
)
HOSTILE = [vector["text"] for vector in SHARED["vectors"] if vector["code"] is None]


@pytest.mark.attack(10)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_label_of_ours_is_nothing(text: str) -> None:
    assert parse_label(text) is None


@pytest.mark.attack(10)
@pytest.mark.parametrize("piece", ["/d/", "/", "a/", "-", "//d/", "?", "/d/\\", "https://"])
def test_four_kilobytes_that_look_like_a_label_all_along_are_none(piece: str) -> None:
    text = (piece * 4096)[:4096]
    assert parse_label(text) is None
    assert parse_label("https://x/" + text[:4000] + "/d/D6GR34Z8!") is None


@pytest.mark.attack(7)
def test_a_code_tells_nothing_of_another_contract(
    contract: Contract, manager: User, stranger: User, signed_in: Callable[[User], FlaskClient]
) -> None:
    factories.device(factories.room(factories.building(contract)))
    owner, other = signed_in(manager), signed_in(stranger)
    code = owner.post("/api/contracts/HQ/devices/1/label").get_json()["code"]
    theirs = other.get(f"/api/contracts/OTHER/labels/{code}").get_json()
    nobodys = other.get(f"/api/contracts/OTHER/labels/{new_code()}").get_json()
    theirs.pop("request_id")
    nobodys.pop("request_id")
    assert theirs == nobodys


@pytest.mark.attack(8)
def test_a_name_on_a_label_is_never_markup() -> None:
    names = ("#panic()", '#read("/etc/passwd")', "$x$ *b* `c`", "]}//\\", "</text><script>")
    label = LabelText("D6GR34Z8", *names)
    (page,) = sheet_pages([label], PRESETS["L7163"], "https://x.example", form="png")
    assert page.startswith(b"\x89PNG")
