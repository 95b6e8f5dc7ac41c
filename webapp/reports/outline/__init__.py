"""The report as sections of sentences and tables, from which its workbook and its text document are made.

What stands in which section is decided here once, after the PDF's; :mod:`webapp.reports.xlsx` and
:mod:`webapp.reports.docx` only say how it looks. Cover and annexes look so different in the two that
each makes its own.
"""

from __future__ import annotations

from webapp.reports.outline.figures import overview_section, status_section
from webapp.reports.outline.lists import (
    anomalies_section,
    changes_section,
    consumables_section,
    open_items_section,
)
from webapp.reports.outline.tables import Section
from webapp.reports.outline.work import acceptance_section, plan_section, service_section
from webapp.reports.shape import ReportContent


def sections_of(report: ReportContent) -> list[Section]:
    """What a correction changed, the eleven sections and the acceptance, in the order they are read."""
    changes = report["cover"]["changes"]
    return [
        *([changes_section(changes)] if changes else []),
        overview_section(report["overview"]),
        status_section(report["status"]),
        anomalies_section(report["anomalies"]),
        open_items_section(report["open_items"]),
        consumables_section(report["consumables"]),
        *(service_section(section) for section in report["services"]),
        plan_section(report["plan"]),
        acceptance_section(report["acceptance"]),
    ]
