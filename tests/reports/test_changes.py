"""What a correction says it changed: everything a reader would call a change, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

from tests.reports.conftest import NOW, Month
from webapp.db import db
from webapp.reports.changes import MOST_TOLD, changes_between
from webapp.reports.content import report_content
from webapp.reports.shape import ReportContent


def content(month: Month) -> Any:
    """April's report, to be altered."""
    return copy.deepcopy(report_content(db.session(), month.contract.id, "2026-04", NOW))


def told(before: ReportContent, after: ReportContent) -> list[tuple[str, str, str]]:
    """The changes in English."""
    found = changes_between(before, after)
    return [(one["what"]["en"], one["before"]["en"], one["after"]["en"]) for one in found]


def test_the_same_data_read_again_has_no_change(month: Month) -> None:
    before, after = content(month), content(month)
    after["cover"]["made_at"] = "2026-05-01 08:00"
    after["anomalies"].reverse()
    after["check_sheets"].reverse()
    assert told(before, after) == []


def test_a_reading_that_was_amended_is_told_with_both_values(month: Month) -> None:
    before, after = content(month), content(month)
    row = after["check_sheets"][0]["devices"][0]["rows"][0]
    was = row["reading"]["en"]
    row["reading"] = {"zh": "1234 小时", "en": "1234 h"}
    ((what, old, new),) = told(before, after)
    assert row["item"]["en"] in what
    assert (was in old, "1234 h" in new) == (True, True)


def test_an_anomaly_that_appeared_and_one_that_went(month: Month) -> None:
    before, after = content(month), content(month)
    gone = before["anomalies"][0]
    after["anomalies"] = after["anomalies"][1:]
    lines = [line for line in told(before, after) if line[0].startswith("Anomaly")]
    assert [(line[1] != "—", line[2]) for line in lines] == [(True, "—")]
    assert gone["place"]["room"]["en"] in lines[0][0]
    assert [line[1] for line in told(after, before) if line[0].startswith("Anomaly")] == ["—"]


def test_an_open_item_keeps_its_number_in_what_is_told(month: Month) -> None:
    before, after = content(month), content(month)
    item = after["open_items"]["items"][0]
    item["due_on"] = "2026-05-31"
    ((what, _old, new),) = told(before, after)
    assert what == f"Open item {item['number']}"
    assert "2026-05-31" in new


def test_figures_come_first_and_more_than_can_be_read_is_counted(month: Month) -> None:
    before, after = content(month), content(month)
    after["status"]["total"]["normal"] += 1
    after["anomalies"] = [
        {**before["anomalies"][0], "text": f"another {number}"} for number in range(MOST_TOLD + 50)
    ]
    found = told(before, after)
    assert found[0][0] == "Normal devices"
    assert len(found) == MOST_TOLD + 1
    assert found[-1][0].endswith("more changes, see the annexes")
