"""六 to 十: what the service desk knows; one honest line each until it knows something.

None stands for a section of which nothing was ever recorded; a month without any fault is data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from webapp.reports.facts import MonthFacts
from webapp.reports.sections import case_sections
from webapp.reports.shape import ServiceKey, ServiceSection, Words

# In the report's order.
_TELLERS: Mapping[ServiceKey, Callable[[MonthFacts], ServiceSection | None]] = {
    "faults": case_sections.faults,
    "repairs": case_sections.repairs,
    "changes": case_sections.changes,
    "training": case_sections.training,
    "complaints": case_sections.complaints,
}
_NOTHING: dict[ServiceKey, Words] = {
    "faults": {
        "zh": "本系统尚未登记故障申报，本月无数据：响应时间（1 小时、24 小时、3 天）无法统计。",
        "en": "No fault reports are recorded in this system yet: there are no response times "
        "(1 h, 24 h, 3 days) to tell.",
    },
    "repairs": {
        "zh": "本系统尚未登记维修与返修，本月无数据：工期（10/20 个工作日）与同级备件无法统计。",
        "en": "No repairs are recorded in this system yet: there are no repair times (10 or 20 "
        "working days) and no loaners to tell.",
    },
    "changes": {
        "zh": "本系统尚未登记变更与非工作时间工时，本月无数据：年度免费 80 小时的余额无法统计。",
        "en": "No changes and no after-hours work are recorded in this system yet: the balance of "
        "the 80 free hours a year is not known here.",
    },
    "training": {
        "zh": "本系统尚未登记培训与升级，本月无数据。",
        "en": "No trainings and no upgrades are recorded in this system yet.",
    },
    "complaints": {
        "zh": "本系统尚未登记投诉与满意度，本月无数据。",
        "en": "No complaints and no satisfaction figures are recorded in this system yet.",
    },
}


def service_sections(facts: MonthFacts) -> list[ServiceSection]:
    """The five sections, in the report's order."""
    return [_section(key, facts) for key in _TELLERS]


def _section(key: ServiceKey, facts: MonthFacts) -> ServiceSection:
    told = _TELLERS[key](facts)
    return told or {"key": key, "has_data": False, "lines": [_NOTHING[key]], "tables": []}
