"""English names are suggested only where a Chinese one is understood whole."""

from __future__ import annotations

import pytest

from tests.estate.files import TIDY, UNTIDY
from webapp.estate.english_names import english_building, english_room
from webapp.estate.register_rows import parse_register


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("第一会议室", "Meeting Room 1"),
        ("第十二会议室", "Meeting Room 12"),
        ("第二十会议室", "Meeting Room 20"),
        ("301会议室", "Meeting Room 301"),
        ("会议室B2", "Meeting Room B2"),
        ("洽谈室A", "Discussion Room A"),
        ("董事会议室", "Boardroom"),
        ("西湖厅", "West Lake Hall"),
        ("神仙厅", ""),
        ("第一会议室(大)", ""),
        ("Boardroom", ""),
        ("", ""),
    ],
)
def test_rooms(name: str, english: str) -> None:
    assert english_room(name) == english


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("总部大楼", "Headquarters"),
        ("上海分部", "Shanghai Branch"),
        ("三号楼", "Building 3"),
        ("B座", "Building B"),
        ("上海", ""),
        ("某某大厦", ""),
        ("Annex", ""),
    ],
)
def test_buildings(name: str, english: str) -> None:
    assert english_building(name) == english


def test_every_place_of_the_samples_has_one() -> None:
    for data in (TIDY, UNTIDY):
        for row in parse_register(data).rows:
            assert english_room(row.room), row.room
            assert english_building(row.building) or not row.building_known
