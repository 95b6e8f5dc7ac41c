"""The lines of an import report as sentences, for the command line.

The client has texts of its own for the same codes.
"""

from __future__ import annotations

from typing import Final

from webapp.estate.register_line import Problem

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "duplicate_asset_number": (
        "资产编号 {value} 与第 {first_row} 行重复,本行未导入",
        "asset number {value} repeats row {first_row}; this row is left out",
    ),
    "duplicate_serial": (
        "序列号 {value} 与第 {first_row} 行重复",
        "serial number {value} repeats row {first_row}",
    ),
    "room_missing": (
        "没有会议室,本行未导入",
        "the room is missing; this row is left out",
    ),
    "building_missing": (
        "“{value}”没有楼宇和楼层,归入“楼宇未填”,请导入后补上",
        (
            "building and floor of {value} are missing; it is put under “building not stated”, "
            "to be completed afterwards"
        ),
    ),
    "unknown_type": (
        "不认识的设备类型“{value}”,本行未导入",
        "unknown device type “{value}”; this row is left out",
    ),
    "type_missing": (
        "没有设备类型,从名称“{value}”也看不出,本行未导入",
        "the device type is missing and “{value}” does not tell it; this row is left out",
    ),
    "date_unreadable": (
        "日期“{value}”无法识别,留空",
        "the date “{value}” can't be read; left empty",
    ),
    "number_unreadable": (
        "数字“{value}”无法识别,留空",
        "the number “{value}” can't be read; left empty",
    ),
    "flag_unreadable": (
        "“{value}”既不是“是”也不是“否”,留空",
        "“{value}” is neither yes nor no; left empty",
    ),
    "ip_unreadable": (
        "IP地址“{value}”无法识别,留空",
        "the IP address “{value}” can't be read; left empty",
    ),
    "digits_lost": (
        "编号“{value}”在文件中存为数字,末尾几位已丢失,留空;请改为文本格式",
        (
            "“{value}” is stored as a number and has lost its last digits; left empty. "
            "Format the column as text"
        ),
    ),
    "text_too_long": (
        "超过 {maximum} 个字,留空",
        "longer than {maximum} characters; left empty",
    ),
    "ambiguous_match": (
        "资产编号 {asset_number}、序列号 {serial} 对应不止一台设备,本行未导入",
        (
            "asset number {asset_number} and serial number {serial} stand for more than one device; "
            "this row is left out"
        ),
    ),
    "column_ignored": (
        "不认识的列“{value}”,该列未导入",
        "the column “{value}” is not known; it is not imported",
    ),
    "room_retired": (
        "会议室“{value}”已停用,本行未导入;请先恢复该会议室或改正本行",
        "the room “{value}” is retired; this row is left out. Bring the room back first, or correct the row",
    ),
    "device_retired": (
        "设备“{value}”已停用,本行未导入;如需恢复请在设备页操作",
        "the device “{value}” is retired; this row is left out. Bring it back on its own page",
    ),
}


def problem_text(problem: Problem, language: str = "zh") -> str:
    """One problem as a sentence, in ``zh`` or ``en``."""
    chinese, english = _TEXTS[problem.code]
    return (chinese if language == "zh" else english).format(**problem.details)


def known_codes() -> frozenset[str]:
    """Every problem code that has a text."""
    return frozenset(_TEXTS)
