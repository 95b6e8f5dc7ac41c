"""The lists of rounds and of used consumables as files."""

from __future__ import annotations

from webapp.sheets import Column, Table

ROUND_STATES = {
    "open": ("进行中", "Open"),
    "finished": ("已完成", "Finished"),
    "accepted": ("已终验", "Accepted"),
}
ROUNDS = Table(
    "rounds",
    ("巡检", "Rounds"),
    (
        Column("month", "月份", "Month"),
        Column("state", "状态", "State", ROUND_STATES),
        Column("due_on", "截止日期", "Due"),
        Column("total", "应检", "To inspect"),
        Column("done", "已检", "Done"),
        Column("normal", "正常", "Normal"),
        Column("abnormal", "异常", "Abnormal"),
        Column("not_tested", "未检", "Not tested"),
        Column("todo", "待检", "To do"),
        Column("checklist", "检查表版本", "Checklist version"),
        Column("opened_at", "开始时间", "Opened"),
        Column("finished_at", "完成时间", "Finished"),
        Column("accepted_at", "终验时间", "Accepted"),
    ),
)
CONSUMABLES = Table(
    "consumables",
    ("耗材", "Consumables"),
    (
        Column("used_on", "更换日期", "Replaced on"),
        Column("month", "月份", "Month"),
        Column("room", "会议室", "Room"),
        Column("device_name", "设备", "Device"),
        Column("consumable", "耗材", "Consumable"),
        Column("quantity", "数量", "Quantity"),
    ),
)
