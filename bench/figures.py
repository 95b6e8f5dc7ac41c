"""What is measured, and how it is told: the registry, the table and ``results.json``.

A measurement is a function that yields figures; it registers itself with ``@measures``. Those of the
server share one running server; a measurement of the client needs no more than ``bench.server`` too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"


class CannotMeasure(Exception):
    """Something that a measurement needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Figure:
    """One figure; ``limit`` bounds ``ratio`` where there is one (value ÷ baseline), else ``value``.

    ``at_least`` turns the bound around, for a throughput.
    """

    name: str
    value: float
    unit: str
    limit: float
    baseline: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def holds(self) -> bool:
        measured = self.value if self.ratio is None else self.ratio
        return measured >= self.limit if self.at_least else measured <= self.limit

    def plain(self) -> dict[str, Any]:
        """As it stands in ``results.json``."""
        fields = asdict(self)
        del fields["at_least"]
        fields["value"] = _rounded(self.value)
        fields["baseline"] = None if self.baseline is None else _rounded(self.baseline)
        fields["ratio"] = None if self.ratio is None else round(self.ratio, 2)
        fields["holds"] = self.holds
        return fields


Measurement = Callable[[Any], Iterator[Figure]]
_measurements: list[Measurement] = []


def measures(measurement: Measurement) -> Measurement:
    """Register a measurement; they run in the order in which their modules are imported."""
    _measurements.append(measurement)
    return measurement


def measurements() -> list[Measurement]:
    """What is registered."""
    return list(_measurements)


def _rounded(value: float) -> float:
    return round(value, 1 if value >= 100 else 3)


def write(figures: list[Figure]) -> None:
    """Write ``results.json``."""
    text = json.dumps([figure.plain() for figure in figures], indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


def table(figures: list[Figure]) -> str:
    """The figures as a table for people."""
    head = ("", "measured", "baseline", "ratio", "limit", "")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        first, *others, last = row
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:-1], strict=True)]
        lines.append("  ".join([*cells, last]).rstrip())
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "≥" if figure.at_least else "≤"
    unit = "×" if figure.ratio is not None else figure.unit
    return (
        figure.name,
        f"{_rounded(figure.value):g} {figure.unit}",
        "" if figure.baseline is None else f"{_rounded(figure.baseline):g} {figure.unit}",
        "" if figure.ratio is None else f"{figure.ratio:.2f} ×",
        f"{sign} {figure.limit:g} {unit}",
        "holds" if figure.holds else "DOES NOT HOLD",
    )
