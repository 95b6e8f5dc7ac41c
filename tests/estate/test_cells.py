"""One cell at a time: dates however written, numbers with units, serials that stay text."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from webapp.estate import cells
from webapp.estate.cells import Cell, UnreadableError

DAY = date(2018, 2, 3)


@pytest.mark.parametrize(
    "cell",
    [
        DAY,
        datetime(2018, 2, 3, 8, 30),  # noqa: DTZ001 - a spreadsheet's time has no zone
        43134.0,
        20180203.0,
        "2018-02-03",
        "2018/2/3",
        "2018.02.03",
        "2018年2月3日",
        "2018 年 2 月 3 日",
        "２０１８年２月３日",
        "2018年2月3号",
        "20180203",
        "2018-02-03 00:00:00",
        "2018/2/3 8:30",
        "3 Feb 2018",
        "3rd February 2018",
        "Feb 3, 2018",
        "03-Feb-2018",
    ],
)
def test_a_day_in_many_spellings(cell: Cell) -> None:
    assert cells.date_of(cell) == DAY


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("2028年2月", date(2028, 2, 1), date(2028, 2, 29)),
        ("2021-12", date(2021, 12, 1), date(2021, 12, 31)),
        ("2021.4", date(2021, 4, 1), date(2021, 4, 30)),
        ("Feb 2021", date(2021, 2, 1), date(2021, 2, 28)),
        ("2021年", date(2021, 1, 1), date(2021, 12, 31)),
        (2021.0, date(2021, 1, 1), date(2021, 12, 31)),
    ],
)
def test_a_month_or_year_alone_begins_a_service_and_ends_a_warranty(
    cell: Cell, first: date, last: date
) -> None:
    assert cells.date_of(cell) == first
    assert cells.date_of(cell, end=True) == last


@pytest.mark.parametrize("cell", ["25/12/2021", "12/25/2021"])
def test_day_and_month_are_told_apart_where_they_can_be(cell: str) -> None:
    assert cells.date_of(cell) == date(2021, 12, 25)


@pytest.mark.parametrize(
    "cell",
    [
        "去年",
        "03/04/2021",
        "2018年13月",
        "2018-02-30",
        "1.5",
        5.0,
        "1018-02-03",
        "soon",
        "3 Foo 2018",
        True,
    ],
)
def test_no_date_is_guessed(cell: Cell) -> None:
    with pytest.raises(UnreadableError, match="date_unreadable"):
        cells.date_of(cell)


@pytest.mark.parametrize("cell", ["", None, " ", "-", "/", "无", "N/A", "—"])
def test_nothing_is_nothing(cell: Cell) -> None:
    assert cells.date_of(cell) is None
    assert cells.number_of(cell) is None
    assert cells.address_of(cell) == ""
    assert cells.identifier_of(cell) == ""


@pytest.mark.parametrize("cell", ["2百", "1亿", "2w小时", "两万", "-3"])
def test_a_number_that_is_not_plain_is_not_guessed(cell: Cell) -> None:
    with pytest.raises(UnreadableError, match="number_unreadable"):
        cells.number_of(cell)


def test_serials_stay_text() -> None:
    assert cells.identifier_of(123456789012.0) == "123456789012"
    assert cells.identifier_of("SN４5２5３６2４9") == "SN452536249"
    assert cells.identifier_of("  zc-2２\t01 ") == "zc-22 01"
    for lost in (12345678901234567.0, "1.23457E+16"):
        with pytest.raises(UnreadableError, match="digits_lost"):
            cells.identifier_of(lost)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (4.0, 4),
        ("4个", 4),
        ("２ 台", 2),
        ("5,000 h", 5000),
        ("3000小时", 3000),
        ("8Ω", 8),
        ("8 kΩ", 8000),
        ("2万小时", 20000),
        ("1.5 万", 15000),
        ("3千小时", 3000),
        ("20k h", 20000),
        ("20K", 20000),
        ("4 keys", 4),
        (0.5, 0.5),
    ],
)
def test_numbers_with_units(cell: Cell, number: float) -> None:
    assert cells.number_of(cell) == number


@pytest.mark.parametrize("cell", ["几个", "-3", -3.0, "4/6", "1-2", "9" * 12, float("nan"), True])
def test_no_number_is_guessed(cell: Cell) -> None:
    with pytest.raises(UnreadableError, match="number_unreadable"):
        cells.number_of(cell)


def test_a_count_is_whole() -> None:
    with pytest.raises(UnreadableError):
        cells.count_of(1.5)


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("10.1.1.1", "10.1.1.1"),
        ("１０.1.1.1/24", "10.1.1.1"),
        ("10.1.1.1、10.1.1.2", "10.1.1.1, 10.1.1.2"),
        ("fe80::1", "fe80::1"),
    ],
)
def test_addresses(cell: str, address: str) -> None:
    assert cells.address_of(cell) == address


def test_an_address_that_is_none() -> None:
    with pytest.raises(UnreadableError, match="ip_unreadable"):
        cells.address_of("10.1.1.300")


def test_yes_and_no() -> None:
    assert [cells.flag_of(cell) for cell in ("是", "√", True, "Yes", "1")] == [True] * 5
    assert [cells.flag_of(cell) for cell in ("否", "×", False, "no", 0.0)] == [False] * 5
    assert cells.flag_of("") is None
    with pytest.raises(UnreadableError, match="flag_unreadable"):
        cells.flag_of("maybe")


def test_texts_lose_what_no_screen_can_show() -> None:
    assert cells.text_of(" 洽谈室\x00Ａ\n 投影机\x07") == "洽谈室A 投影机"
    assert cells.remark_of("一\r\n二 \x00") == "一\n二"
