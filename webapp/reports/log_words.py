"""The words of a service log's document, in both languages."""

from __future__ import annotations

from typing import Final

from webapp.reports.shape import Words

LOG: Final[dict[str, Words]] = {
    "title": {"zh": "运维日志", "en": "Service Log"},
    "sheet": {"zh": "运维日志", "en": "Service log"},
    "person": {"zh": "记录人", "en": "Kept by"},
    "month": {"zh": "月份", "en": "Month"},
    "number": {"zh": "存档编号", "en": "Archive number"},
    "made_at": {"zh": "数据时间", "en": "Data as of"},
    "not_archived": {"zh": "未存档", "en": "Not archived"},
    "day": {"zh": "日期", "en": "Date"},
    "time": {"zh": "时间", "en": "Time"},
    "place": {"zh": "位置", "en": "Place"},
    "device": {"zh": "设备", "en": "Device"},
    "done": {"zh": "工作内容", "en": "What was done"},
    "result": {"zh": "结果", "en": "Result"},
    "case": {"zh": "服务单", "en": "Case"},
    "source": {"zh": "来源", "en": "Source"},
    "by_hand": {"zh": "手工", "en": "By hand"},
    "by_system": {"zh": "系统", "en": "System"},
    "late": {"zh": "签署后补入", "en": "After the signature"},
    "signed": {"zh": "已签署", "en": "Signed"},
    "unsigned": {"zh": "未签署", "en": "Not signed"},
    "remark": {"zh": "当日小结", "en": "Of the day"},
    "empty": {"zh": "本月无记录。", "en": "Nothing was recorded in this month."},
}
