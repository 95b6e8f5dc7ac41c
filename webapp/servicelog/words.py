"""The service log's words, as its files say them: ``(Chinese, English)``."""

from __future__ import annotations

# Steps that leave a case in its state; the others are told by the state that they lead to.
STEP_WORDS = {
    "opened": ("登记", "declared"),
    "ask_vendor": ("询问厂商", "vendor asked"),
    "vendor_report": ("厂商报告", "vendor's report"),
    "hand_over": ("转二线支持", "handed to level-2 support"),
    "set_severity": ("调整级别", "severity set"),
    "lend": ("借出同级备件", "loaner lent"),
    "take_loaner_back": ("收回备件", "loaner taken back"),
    "consent": ("同意延期", "longer term agreed"),
    "move": ("改期", "moved"),
    "reopen": ("重新打开", "reopened"),
    "device_added": ("台账添加设备", "device added to the register"),
    "device_changed": ("台账更改设备", "device changed in the register"),
    "device_moved": ("台账移动设备", "device moved in the register"),
    "device_retired": ("台账停用设备", "device retired in the register"),
    "device_restored": ("台账恢复设备", "device in use again"),
    "mail_moved": ("来信改归另一单", "mail put into another case"),
    "keep_register": ("台账无需更改", "nothing to change in the register"),
}
LEVEL_WORDS = {
    "self_check": ("自检签署", "Self-check signed"),
    "peer_check": ("互检签署", "Peer check signed"),
    "final": ("终验签署", "Final acceptance signed"),
}
SIGNED_ROOMS = (" {count} 间", ": {count} rooms")
VISITED = ("巡检 {devices} 项，扫码 {scanned} 次", "Inspected {devices}, {scanned} labels scanned")
VISITED_ABNORMAL = ("，异常 {abnormal}", ", {abnormal} abnormal")
VISITED_UNTESTED = ("，未测 {not_tested}", ", {not_tested} not tested")
# Where they lie in the case, that a step was photographed.
PHOTOS = ("（照片 {count}）", " (photos: {count})")
WEEKDAYS = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)
