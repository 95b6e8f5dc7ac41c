"""六 to 十: what the service desk knows; one honest line each until it knows something.

A domain that records faults, repairs, changes, trainings or complaints registers how it tells of a
month, and the report has it from then on::

    @service_section("faults")
    def faults(facts: MonthFacts) -> ServiceSection | None: ...

None stands for a month of which nothing is known; a month without any fault is data.
"""

from __future__ import annotations

from collections.abc import Callable

from webapp.reports.facts import MonthFacts
from webapp.reports.shape import ServiceKey, ServiceSection, Words

Tell = Callable[[MonthFacts], ServiceSection | None]
KEYS: tuple[ServiceKey, ...] = ("faults", "repairs", "changes", "training", "complaints")
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
_tellers: dict[ServiceKey, Tell] = {}


def service_section(key: ServiceKey) -> Callable[[Tell], Tell]:
    """Register what tells of a section's month."""

    def register(tell: Tell) -> Tell:
        _tellers[key] = tell
        return tell

    return register


def service_sections(facts: MonthFacts) -> list[ServiceSection]:
    """The five sections, in the report's order."""
    return [_section(key, facts) for key in KEYS]


def _section(key: ServiceKey, facts: MonthFacts) -> ServiceSection:
    told = _tellers[key](facts) if key in _tellers else None
    if told is not None:
        return told
    return {"key": key, "has_data": False, "lines": [_NOTHING[key]], "tables": []}
