"""What a contract settles beside its dates: acceptance, reminders, the report. Pure.

They lie in ``contract.settings`` as JSON; what is not there has the default written here. Numbers
that the contract leaves open (its page marks them ∆) are settings, never constants in code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Strictness = Literal["three", "two", "one"]
ReportLanguage = Literal["zh", "en", "both"]
STRICTNESSES: tuple[Strictness, ...] = ("three", "two", "one")
REPORT_LANGUAGES: tuple[ReportLanguage, ...] = ("zh", "en", "both")


@dataclass(frozen=True, slots=True)
class ContractSettings:
    """A contract's settings.

    ``acceptance_strictness``: how many different people the three levels need (clause 30 ∆): three;
    two, where the peer may accept too; one, for a team of one. ``recheck_share`` (0..1) is how much of
    what is normal the peer looks at again, beside what is risky; an "all OK" given in less than
    ``fast_bulk_seconds`` is risky. A room with an open item of ``disabling_severity`` (1..4), or of a
    graver one, cannot hold a meeting (clause 10 ∆). ``remind_days_before`` and ``escalate_days_after``
    are days before and after the due day (0 is the day itself). ``drawn_signatures`` asks for one
    drawn by hand.
    """

    acceptance_strictness: Strictness = "three"
    recheck_share: float = 0.1
    fast_bulk_seconds: int = 20
    disabling_severity: int = 2
    drawn_signatures: bool = False
    remind_days_before: tuple[int, ...] = (3, 1)
    escalate_days_after: tuple[int, ...] = (0, 2)
    report_language: ReportLanguage = "zh"


NAMES = tuple(field.name for field in fields(ContractSettings))


def contract_settings(stored: Mapping[str, Any]) -> ContractSettings:
    """The settings that a contract's JSON stands for; what it doesn't name has its default."""
    known = {name: stored[name] for name in NAMES if name in stored}
    for name in ("remind_days_before", "escalate_days_after"):
        if name in known:
            known[name] = tuple(known[name])
    return ContractSettings(**known)


def as_plain(settings: ContractSettings) -> dict[str, Any]:
    """The settings as JSON holds them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(settings).items()
    }
