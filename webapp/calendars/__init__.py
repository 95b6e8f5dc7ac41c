"""Published holidays by country: China's from ``cn.yaml``, others' from the library ``holidays``.

Read once from the package; otherwise pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_CHINA = Path(__file__).parent / "cn.yaml"


@dataclass(frozen=True, slots=True)
class PublishedDays:
    """Holidays and make-up working days by the key (or the words) of their name, and of which years."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    working_days: Mapping[date, str] = field(default_factory=dict)
    years: frozenset[int] = frozenset()


@cache
def china() -> PublishedDays:
    """China's days, of the years whose notice of the State Council is known; names are keys."""
    years: dict[int, Any] = yaml.safe_load(_CHINA.read_text(encoding="utf-8"))
    holidays: dict[date, str] = {}
    working_days: dict[date, str] = {}
    for blocks in (year["holidays"] for year in years.values()):
        for block in blocks:
            length = (block["to"] - block["from"]).days + 1
            days = (block["from"] + timedelta(days=n) for n in range(length))
            holidays.update(dict.fromkeys(days, block["name"]))
            working_days.update(dict.fromkeys(block.get("work", ()), block["name"]))
    return PublishedDays(holidays, working_days, frozenset(years))


def is_country(code: str) -> bool:
    """Whether :func:`of_country` knows this country (ISO 3166, ``cn`` or ``CN``)."""
    if code.upper() == "CN":
        return True
    import holidays

    return code.upper() in holidays.list_supported_countries()


def of_country(code: str, years: Collection[int] = ()) -> PublishedDays:
    """A country's days; China's are those published, for others ``years`` are worked out.

    Another country's statutory days are known in advance, but not what its government adds by decree:
    only the ``years`` that an administrator has looked at count as known.
    """
    if code.upper() == "CN":
        return china()
    # A third of a second and megabytes of the world's holidays, for the few who are not in China.
    import holidays

    found = holidays.country_holidays(code.upper(), years=list(years))
    extra = {day: "" for day in getattr(found, "weekend_workdays", ()) if day.year in years}
    return PublishedDays(dict(found.items()), extra, frozenset(years))
