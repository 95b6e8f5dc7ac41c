"""English names for places that a register names in Chinese alone; pure.

Only a name that is understood whole gets one: a wrong name would be worse than none. It is a
suggestion, given when a place is made by an import, and changed like any other name.
"""

from __future__ import annotations

import re
from typing import Final

_ROOMS: Final = {
    "董事会议室": "Boardroom",
    "会议室": "Meeting Room",
    "小会议室": "Small Meeting Room",
    "大会议室": "Large Meeting Room",
    "视频会议室": "Video Conference Room",
    "洽谈室": "Discussion Room",
    "贵宾室": "VIP Room",
    "接待室": "Reception Room",
    "培训教室": "Training Room",
    "培训室": "Training Room",
    "评审室": "Review Room",
    "面试间": "Interview Room",
    "面试室": "Interview Room",
    "指挥中心": "Command Centre",
    "多功能厅": "Multi-function Hall",
    "报告厅": "Lecture Hall",
    "路演厅": "Roadshow Hall",
    "展厅": "Showroom",
    "电话间": "Phone Booth",
    "办公室": "Office",
}
_HALLS: Final = {
    "西湖": "West Lake",
    "太湖": "Taihu",
    "洞庭": "Dongting",
    "鄱阳": "Poyang",
    "长城": "Great Wall",
    "长江": "Yangtze",
    "黄河": "Yellow River",
    "泰山": "Mount Tai",
    "华山": "Mount Hua",
    "黄山": "Mount Huang",
    "衡山": "Mount Heng",
    "嵩山": "Mount Song",
    "庐山": "Mount Lu",
    "北京": "Beijing",
    "上海": "Shanghai",
    "广州": "Guangzhou",
    "深圳": "Shenzhen",
    "杭州": "Hangzhou",
    "南京": "Nanjing",
    "成都": "Chengdu",
    "武汉": "Wuhan",
    "西安": "Xi'an",
}
_BUILDINGS: Final = {
    "总部大楼": "Headquarters",
    "总部": "Headquarters",
    "研发中心": "R&D Centre",
    "研发楼": "R&D Building",
    "培训中心": "Training Centre",
    "会议中心": "Conference Centre",
    "数据中心": "Data Centre",
    "行政楼": "Administration Building",
    "办公楼": "Office Building",
    "综合楼": "Main Building",
    "主楼": "Main Building",
}
_DIGITS: Final = {digit: value for value, digit in enumerate("一二三四五六七八九", 1)}
_NUMBER = r"(?P<number>[A-Z]?\d{1,4}|[A-Z]|[一二三四五六七八九十]{1,3})"


def english_room(name: str) -> str:
    """``第一会议室`` → ``Meeting Room 1``, ``洽谈室A`` → ``Discussion Room A``; empty when unknown."""
    if name in _ROOMS:
        return _ROOMS[name]
    found = re.fullmatch(rf"第?{_NUMBER}号?(?P<kind>[^\dA-Z]+)", name) or re.fullmatch(
        rf"(?P<kind>[^\dA-Z]+?){_NUMBER}号?", name
    )
    if found and found["kind"] in _ROOMS:
        return f"{_ROOMS[found['kind']]} {_number(found['number'])}"
    hall = _HALLS.get(name.removesuffix("厅")) if name.endswith("厅") else None
    return f"{hall} Hall" if hall else ""


def english_building(name: str) -> str:
    """``上海分部`` → ``Shanghai Branch``, ``三号楼`` → ``Building 3``; empty when unknown."""
    if name in _BUILDINGS:
        return _BUILDINGS[name]
    found = re.fullmatch(rf"{_NUMBER}(号楼|栋|座|号院|楼)", name)
    if found:
        return f"Building {_number(found['number'])}"
    branch = re.fullmatch(r"(.+?)(分部|分公司|办事处)", name)
    city = _HALLS.get(branch.group(1)) if branch else None
    return f"{city} Branch" if city else ""


def _number(text: str) -> str:
    """A Chinese number below one hundred as digits; anything else as it is."""
    if text[0] not in _DIGITS and text[0] != "十":
        return text
    tens, ten, ones = text.partition("十")
    if not ten:
        return str(_DIGITS[text]) if text in _DIGITS else text
    return str(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0))
