"""The words of real asset registers: column names and device-type words, in Chinese and English.

A word is compared after :func:`plain`: full-width forms, case, spaces and punctuation don't count.
The first word of each column is the one that an export writes (Chinese, then English).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

COLUMN_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "sequence": ("序号", "No.", "#", "行号", "Seq", "Item no"),
    "building": (
        "楼宇", "Building", "楼栋", "大楼", "建筑", "建筑物", "楼宇名称", "所在楼宇", "所在大楼",
        "办公楼", "栋", "楼", "楼号", "所属楼宇", "园区", "Building name", "Block", "Tower", "Site",
    ),
    "building_en": ("楼宇英文名", "Building (English)", "楼宇英文", "大楼英文名"),
    "floor": ("楼层", "Floor", "层", "所在楼层", "层数", "Level", "Storey", "Story"),
    "room": (
        "会议室", "Room", "房间", "会议室名称", "房间名称", "房间号", "所在会议室", "所属会议室",
        "所在房间", "会议室房间", "使用房间", "安装位置", "使用地点", "存放地点", "安装地点",
        "场所", "位置", "Meeting room", "Room name", "Conference room", "Venue", "Location",
        "Room no", "会议室编号", "房间编号",
    ),
    "room_en": ("会议室英文名", "Room (English)", "会议室英文", "房间英文名"),
    "name": (
        "设备名称", "Device name", "名称", "资产名称", "设备", "Device", "Name", "Asset name",
        "Equipment", "Equipment name", "Description", "Asset description",
    ),
    "type": (
        "设备类型", "Type", "设备类别", "类型", "类别", "设备分类", "资产类别", "资产类型",
        "分类", "设备种类", "Device type", "Category", "Asset type", "Equipment type",
        "Device category", "Class", "Kind",
    ),
    "maker": (
        "品牌", "Maker", "厂家", "厂商", "制造商", "生产厂家", "生产厂商", "品牌厂家",
        "品牌厂商", "设备品牌", "Manufacturer", "Brand", "Make", "Vendor",
    ),
    "model": (
        "型号", "Model", "规格型号", "型号规格", "设备型号", "设备型号规格", "规格", "产品型号", "品牌型号",
        "Model no", "Model number", "Model name", "Part number",
    ),
    "serial": (
        "序列号", "Serial number", "设备序列号", "产品序列号", "出厂编号", "出厂序列号",
        "机身编号", "SN", "S/N", "SN码", "SN号", "设备SN", "产品SN", "Serial", "Serial no",
    ),
    "asset_number": (
        "资产编号", "Asset number", "资产编码", "资产号", "固定资产编号", "固定资产编码",
        "固资编号", "固定资产号", "资产条码", "资产标签号", "设备编号", "设备编码", "Asset no", "Asset tag",
        "Asset ID", "Asset code", "Tag", "Inventory number",
    ),
    "in_service_on": (
        "启用日期", "In service since", "启用时间", "投用日期", "投入使用日期", "使用日期",
        "安装日期", "安装时间", "上线日期", "购置日期", "购置时间", "购买日期", "购入日期",
        "采购日期", "In service", "In service date", "In use since", "Commissioned",
        "Commissioning date", "Installed", "Installation date", "Install date", "Installed on",
        "Start date", "Purchase date", "Purchased", "Date of purchase", "Acquired",
    ),
    "warranty_until": (
        "保修截止", "Warranty until", "保修截止日期", "保修到期", "保修到期日", "保修到期日期",
        "质保到期", "质保到期日", "质保到期日期", "质保截止", "质保截止日期", "保修期至",
        "质保期至", "保修到期时间", "质保到期时间", "保修截止时间", "质保截止时间", "保修截至",
        "质保截至", "保修截至日期", "质保截至日期",
        "维保到期", "维保截止", "过保日期", "过保时间", "保修期限", "质保期",
        "保修期", "Warranty", "Warranty end", "Warranty ends", "Warranty expiry",
        "Warranty expires", "Warranty expiration", "Warranty end date", "Warranty expiry date",
        "Warranty to", "End of warranty",
    ),
    "ip": ("IP地址", "IP address", "IP", "设备IP", "设备IP地址", "网络地址", "IPv4", "管理IP"),
    "firmware": (
        "固件版本", "Firmware", "软件版本", "固件", "版本", "版本号", "系统版本", "固件版本号", "固件软件版本",
        "Firmware version", "Software version", "Software", "Version", "FW",
    ),
    "quantity": (
        "数量", "Quantity", "台数", "个数", "数目", "Qty", "Count", "Number of units", "Pcs",
    ),
    "rated_lamp_hours": (
        "灯泡额定时数", "Rated lamp hours", "灯泡额定寿命", "灯泡寿命", "额定灯时", "额定时数",
        "光源额定时数", "光源寿命", "Lamp life", "Lamp hours (rated)", "Rated lamp life",
        "Rated hours",
    ),
    "button_count": ("按键数量", "Button count", "按键数", "发射器数量", "投屏按键数", "Buttons"),
    "microphone_count": (
        "话筒数量", "Microphone count", "麦克风数量", "话筒数", "Microphones", "Mics",
    ),
    "wireless": ("无线", "Wireless", "是否无线"),
    "laser": ("激光光源", "Laser", "激光", "是否激光", "Laser light source"),
    "channel_count": ("声道数", "Channel count", "通道数", "声道数量", "通道数量", "Channels"),
    "rated_impedance": (
        "额定阻抗", "Rated impedance", "音箱阻抗", "负载阻抗", "阻抗", "Impedance", "Load",
    ),
    "scene_count": ("场景数", "Scene count", "场景数量", "宏数量", "Scenes", "Macros"),
    "controlled_count": (
        "受控设备数", "Controlled devices", "受控设备数量", "受控数量", "Devices controlled",
    ),
    "preset_count": (
        "预置位数", "Preset count", "预置位数量", "预置位", "Presets", "Camera presets",
    ),
    "remark": (
        "备注", "Remarks", "备注说明", "说明", "Remark", "Notes", "Note", "Comment", "Comments",
    ),
}  # fmt: skip

REGISTER_NUMBERS: Final = (
    "rated_lamp_hours",
    "button_count",
    "microphone_count",
    "channel_count",
    "rated_impedance",
    "scene_count",
    "controlled_count",
    "preset_count",
)
REGISTER_FLAGS: Final = ("wireless", "laser")
REGISTER_FIELDS: Final = (*REGISTER_NUMBERS, *REGISTER_FLAGS)

# The first two words are those that an export writes, in Chinese and in English.
TYPE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "projector": (
        "投影机", "Projector", "投影", "投影仪", "激光投影机", "激光投影仪", "激光投影",
        "工程投影机", "短焦投影机", "灯泡投影机", "Laser projector", "Video projector", "Beamer",
    ),
    "display": (
        "液晶电视", "Display", "电视", "电视机", "显示屏", "会议平板", "智能会议平板",
        "交互平板", "触摸一体机", "显示器", "液晶显示器", "液晶屏", "大屏", "LED屏", "LED显示屏",
        "LED大屏", "拼接屏", "电视显示屏", "会议大屏", "TV", "Television", "LCD TV", "LCD",
        "LED TV", "Monitor", "Screen", "Flat panel", "TV or display", "Interactive display",
        "Interactive whiteboard", "Display screen",
    ),
    "clickshare": (
        "ClickShare", "ClickShare", "无线投屏", "无线投屏器", "投屏器", "投屏", "无线投屏设备",
        "无线演示", "无线传屏", "传屏器", "可立享", "Wireless presentation",
        "Wireless presenter", "Wireless presentation system", "Wireless sharing",
    ),
    "microphone": (
        "麦克风", "Microphone", "话筒", "无线麦克风", "无线话筒", "鹅颈话筒", "鹅颈麦克风",
        "会议话筒", "会议麦克风", "阵列麦克风", "吊麦", "吸顶麦克风", "界面话筒", "手持话筒",
        "手持麦克风", "领夹麦", "全向麦", "全向麦克风", "拾音器", "Mic", "Wireless microphone",
        "Wireless mic", "Gooseneck microphone", "Gooseneck mic", "Boundary microphone",
        "Ceiling microphone", "Microphone array", "Table microphone",
    ),
    "codec": (
        "会议终端", "Video codec", "视频会议终端", "视频终端", "视讯终端", "视频会议主机",
        "会议主机", "编解码器", "高清终端", "Codec", "Video conferencing codec",
        "Video conference codec", "VC codec", "Video endpoint", "Endpoint", "Video terminal",
        "Room system", "VC endpoint",
    ),
    "amplifier": (
        "功放", "Amplifier", "功率放大器", "功放机", "扩音机", "音频功放", "数字功放",
        "定阻功放", "Power amplifier", "Power amp", "Amp",
    ),
    "control": (
        "中控", "Control processor", "中央控制主机", "中控主机", "中央控制", "中央控制器",
        "中央控制系统", "中控系统", "集控主机", "Control system", "Controller",
        "Room controller", "Central control", "Central controller", "Control unit",
    ),
    "camera": (
        "摄像机", "Camera", "摄像头", "会议摄像头", "会议摄像机", "高清摄像机", "云台摄像机",
        "跟踪摄像机", "视频会议摄像机", "PTZ camera", "PTZ", "Webcam", "Conference camera",
        "Video camera",
    ),
    "dsp": (
        "音频处理器", "Audio processor", "DSP", "调音台", "数字音频处理器", "音频矩阵", "混音器",
        "数字调音台", "音频处理器调音台", "反馈抑制器", "Audio DSP", "Mixer", "Audio mixer",
        "Digital signal processor", "Audio processor or mixer", "Sound mixer", "Mixing console",
    ),
    "power": (
        "UPS", "UPS", "时序电源", "电源时序器", "时序器", "不间断电源", "UPS电源", "UPS时序电源",
        "Power sequencer", "Uninterruptible power supply", "UPS and power sequencer",
        "Sequencer",
    ),
}  # fmt: skip

DEVICE_TYPES: Final = tuple(TYPE_WORDS)
COUNTED_BY_QUANTITY: Final = {"clickshare": "button_count", "microphone": "microphone_count"}
TOTAL_WORDS: Final = frozenset(
    {
        "合计",
        "总计",
        "小计",
        "共计",
        "总数",
        "汇总",
        "total",
        "totals",
        "subtotal",
        "grandtotal",
        "sum",
    }
)

# The device types that a contract's checklist adds: key to its names, Chinese and English.
OwnTypes = Mapping[str, tuple[str, str]]
NO_TYPES: Final[OwnTypes] = MappingProxyType({})

_JUNK = re.compile(r"[\W_]+")
_NEAR_ENOUGH = 0.8
_SHORTEST_TYPO = 5
# In Chinese one letter of five is another device: 视频处理器 is no 音频处理器.
_SHORTEST_CHINESE_TYPO = 6
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def plain(text: str) -> str:
    """``text`` for comparing words: NFKC, lower case, letters and digits only."""
    return _JUNK.sub("", unicodedata.normalize("NFKC", text).casefold())


def _lookup(words: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, int]]:
    table: dict[str, tuple[str, int]] = {}
    for key, spellings in words.items():
        for rank, spelling in enumerate(spellings):
            table.setdefault(plain(spelling) or spelling, (key, rank))
    return table


_COLUMNS = _lookup(COLUMN_WORDS)
_TYPES = _lookup(TYPE_WORDS)
_SUFFIXES = sorted(_TYPES, key=len, reverse=True)


def column_of(header: str) -> tuple[str, int] | None:
    """The field that a header names, and the rank of its word (0 is best); None when unknown.

    Handles bilingual heads (``楼宇 / Building``, ``楼宇 Building``), units and hints in brackets,
    stars, and ``#`` for "number".
    """
    text = unicodedata.normalize("NFKC", header).strip()
    text = re.sub(r"(?<=[a-z])\s*#$", " no", text, flags=re.IGNORECASE)
    tries = [text, re.sub(r"[(\[【].*?[)\]】]", "", text), *re.split(r"[/\n()|,;:、]+", text)]
    tries += [_CHINESE.sub(" ", text), "".join(_CHINESE.findall(text))]
    tries += [token for token in text.split(" ") if _CHINESE.search(token)]
    for attempt in tries:
        found = _COLUMNS.get(plain(attempt) or attempt.strip())
        if found:
            return found
    return None


def type_of_word(word: str, own: OwnTypes = NO_TYPES) -> str | None:
    """The device type that a word names, forgiving a typing slip (``clickshaer``); else None.

    What the contract calls a type of its own goes before the product's words.
    """
    key = plain(word)
    for name, spellings in own.items():
        if key and key in {plain(spelling) for spelling in (name, *spellings)}:
            return name
    if key in _TYPES:
        return _TYPES[key][0]
    return _with_a_slip(key)


def _with_a_slip(key: str) -> str | None:
    if _CHINESE.search(key):
        if len(key) < _SHORTEST_CHINESE_TYPO:
            return None
        near = [one for one in _TYPES if len(one) == len(key) and _letters_apart(one, key) == 1]
        return _TYPES[near[0]][0] if near else None
    if len(key) < _SHORTEST_TYPO:
        return None
    near = difflib.get_close_matches(key, _TYPES, n=1, cutoff=_NEAR_ENOUGH)
    return _TYPES[near[0]][0] if near else None


def _letters_apart(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def known_type_word(word: str) -> str | None:
    """``word`` as the client writes it when it is a known word other than the standard one."""
    tidy = unicodedata.normalize("NFKC", word).strip()
    found = _TYPES.get(plain(tidy))
    if found is None:
        return None
    standard = {plain(spelling) for spelling in TYPE_WORDS[found[0]][:2]}
    return None if plain(tidy) in standard else tidy


def type_at_end(name: str, own: OwnTypes = NO_TYPES) -> tuple[str, str] | None:
    """``(type, what stands before the type word)`` of a device name such as ``洽谈室A投影机``."""
    tidy = unicodedata.normalize("NFKC", name).strip()
    lowered = tidy.casefold()
    for kind, spellings in own.items():
        for spelling in spellings:
            ending = unicodedata.normalize("NFKC", spelling).strip().casefold()
            if ending and lowered.endswith(ending):
                return kind, tidy[: len(tidy) - len(ending)].strip(" -_·/")
    for suffix in _SUFFIXES:
        if lowered.endswith(suffix):
            return _TYPES[suffix][0], tidy[: len(tidy) - len(suffix)].strip(" -_·/")
    found = re.search(r"[\w]+(?: [\w]+)?$", lowered)
    known = _TYPES.get(plain(found.group())) if found else None
    return (known[0], tidy[: found.start()].strip(" -_·/")) if found and known else None


def is_wireless_word(word: str) -> bool:
    """Whether a type word says that the microphone is wireless."""
    return "无线" in word or "wireless" in word.casefold()


def is_laser_word(word: str) -> bool:
    """Whether a type word says that the projector has a laser (no lamp to run down)."""
    return "激光" in word or "laser" in word.casefold()


def column_title(field: str, language: str) -> str:
    """The header that an export writes for a field."""
    return COLUMN_WORDS[field][0 if language == "zh" else 1]


def type_title(kind: str, language: str, own: OwnTypes = NO_TYPES) -> str:
    """The word that an export writes for a device type; the key itself for one that has no name."""
    words = own.get(kind) or TYPE_WORDS.get(kind)
    return (words[0 if language == "zh" else 1] if words else "") or kind
