"""Pass rate, availability, ageing and repeat offenders (clauses 10, 18, 44 and 45). Pure: no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp.rounds.rules import ItemState, Said, item_state

# An open item's age in months, from and to; the last band has no end.
AGE_BANDS: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 1), (2, 2), (3, 5), (6, None))
SEVERITIES = (1, 2, 3, 4)
# A repeat offender: abnormal so often in a row, or so often among the last rounds.
IN_A_ROW = 2
OFTEN, OF_LAST = 3, 6


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, both counted."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """In per cent with one decimal, cut off and not rounded: 100 is said of the whole only.

        None where there is nothing to take a part of.
        """
        return self.part * 1000 // self.whole / 10 if self.whole else None


def pass_rate(normal: int, abnormal: int) -> Share:
    """合格率 (clause 44): the normal ones of those that were tested.

    What was not tested, or not inspected yet, counts on neither side and is told apart.
    """
    return Share(normal, normal + abnormal)


def disabled_rooms(
    inspected: Collection[int], items: Iterable[tuple[int, int]], disabling_severity: int
) -> set[int]:
    """The inspected rooms that cannot hold a meeting at the end of the round (clause 10 ∆).

    A room can't while an open item stands in it, on one of its devices or on the room itself, whose
    severity is ``disabling_severity`` or a graver (lower) one. What was found and put right before the
    engineer left is no open item, and disables nothing.

    :param inspected: rooms in which at least one inspection of the round was a test
    :param items: room and severity of each open item that stood at the end of the round
    """
    grave = {room for room, severity in items if severity <= disabling_severity}
    return grave & set(inspected)


def availability(inspected: Collection[int], disabled: Collection[int]) -> Share:
    """可用性 (clause 10 ∆): the rooms able to hold a meeting of those that were inspected."""
    return Share(len(set(inspected)) - len(set(disabled)), len(set(inspected)))


def state_at_end(
    sayings: Sequence[Said], month: str, withdrawn_at: datetime | None = None
) -> ItemState | None:
    """What an open item was at the end of a month's round, whatever was said of it later.

    :param withdrawn_at: when a supervisor took it off the list, where that was before the end
    """
    return item_state([said for said in sayings if said.month <= month], withdrawn_at)


@dataclass(frozen=True, slots=True)
class Flow:
    """How the list of open items changed in a round: carried + new - closed - withdrawn = standing.

    ``carried`` stood at the end of the round before; ``new`` came in this one, be it solved in it too.
    """

    carried: int = 0
    new: int = 0
    closed: int = 0
    withdrawn: int = 0
    standing: int = 0


def kind_of_change(before: ItemState | None, after: ItemState | None, month: str) -> str:
    """How an open item came through a month's round, from its states at both ends.

    ``carried`` (stood before and stands), ``new``, ``new_closed`` (found and solved in the month),
    ``closed``, ``withdrawn`` (stood before, and was taken off the list), or nothing.
    """
    stood = before is not None and before.state == "open"
    if after is None or after.state == "withdrawn":
        return "withdrawn" if stood else ""
    if after.state == "open":
        return "carried" if stood else "new"
    if stood:
        return "closed"
    return "new_closed" if after.opened_month == month else ""


def flow(kinds: Iterable[str]) -> Flow:
    """The month's flow from the kind of change of each open item."""
    count = dict.fromkeys(("carried", "new", "new_closed", "closed", "withdrawn", ""), 0)
    for kind in kinds:
        count[kind] += 1
    return Flow(
        carried=count["carried"] + count["closed"] + count["withdrawn"],
        new=count["new"] + count["new_closed"],
        closed=count["closed"] + count["new_closed"],
        withdrawn=count["withdrawn"],
        standing=count["carried"] + count["new"],
    )


def ageing(items: Iterable[tuple[int, int]]) -> list[dict[int, int]]:
    """Open items by age band, in the order of :data:`AGE_BANDS`, and by severity.

    :param items: age in months (0 in the month of the opening) and severity of each
    """
    bands = [dict.fromkeys(SEVERITIES, 0) for _ in AGE_BANDS]
    for age, severity in items:
        bands[age_band(age)][severity] += 1
    return bands


def age_band(age_months: int) -> int:
    """The place in :data:`AGE_BANDS` of an age."""
    return next(
        place for place, (_low, high) in enumerate(AGE_BANDS) if high is None or age_months <= high
    )


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often one item of one device was abnormal: ``in_a_row`` up to its last reading, and
    ``of_last`` times in the contract's last :data:`OF_LAST` rounds."""

    in_a_row: int
    of_last: int

    @property
    def offends(self) -> bool:
        """Whether it is a repeat offender."""
        return self.in_a_row >= IN_A_ROW or self.of_last >= OFTEN


def repeat(readings: Iterable[tuple[str, bool]], months: Sequence[str]) -> Repeat:
    """How an item repeats itself.

    A month in which it was not read, being not due or not testable, says nothing: it neither makes
    nor breaks a row.

    :param readings: month and whether it was abnormal, one for each month in which it was read
    :param months: the contract's rounds so far, in any order
    """
    ordered = sorted(readings, reverse=True)
    last = set(sorted(months)[-OF_LAST:])
    good = next((place for place, (_month, bad) in enumerate(ordered) if not bad), len(ordered))
    return Repeat(good, sum(bad for month, bad in ordered if month in last))
