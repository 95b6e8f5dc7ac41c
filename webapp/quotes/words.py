"""The words of quotes, as files and mails say them: ``(Chinese, English)``."""

from __future__ import annotations

KIND_WORDS = {
    "quote": ("报价单", "Quote"),
    "expense_request": ("费用申请报告", "Expense request"),
}
STATE_WORDS = {
    "draft": ("草稿", "Draft"),
    "sent": ("待答复", "Waiting"),
    "approved": ("已批准", "Approved"),
    "declined": ("未批准", "Declined"),
    "superseded": ("已被取代", "Superseded"),
    "expired": ("已过期", "Expired"),
}
LINE_WORDS = {
    "equipment": ("设备", "Equipment"),
    "material": ("材料", "Materials"),
    "labour": ("人工", "Labour"),
}
UNIT_WORDS = {"hour": ("小时", "hour"), "day": ("人工日", "day")}
