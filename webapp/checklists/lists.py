"""The list of a contract's checklist versions as a file."""

from __future__ import annotations

from webapp.sheets import Column, Table

_STATES = {
    "draft": ("草稿", "Draft"),
    "published": ("已发布", "Published"),
    "retired": ("已停用", "Retired"),
}
CHECKLISTS = Table(
    "checklists",
    ("检查表版本", "Checklist versions"),
    (
        Column("number", "版本", "Version"),
        Column("state", "状态", "State", _STATES),
        Column("current", "现行", "Current"),
        Column("note", "说明", "Note"),
        Column("type_count", "设备类型数", "Device types"),
        Column("item_count", "检查项数", "Items"),
        Column("created_at", "创建时间", "Made"),
        Column("created_by", "创建人", "Made by"),
        Column("published_at", "发布时间", "Published"),
        Column("published_by", "发布人", "Published by"),
        Column("months", "使用的月份", "Used in"),
    ),
)
