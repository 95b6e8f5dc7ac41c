"""What changed from one revision to the next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webapp.rounds.revisions import changes


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({"remark": ""}, {"remark": "新"}, [("remark", None, "新")]),
        (
            {"readings": [{"item": "lamp", "value": 5.0}]},
            {"readings": [{"item": "lamp", "value": 5}]},
            [],
        ),
        (
            {"readings": [{"item": "lamp", "value": 5}, {"item": "fan", "value": "pass"}]},
            {"readings": [{"item": "fan", "value": "fail"}, {"item": "lamp", "value": 5}]},
            [("readings.fan.value", "pass", "fail")],
        ),
        (
            {"photos": [{"id": "a", "item": "lamp"}]},
            {"photos": []},
            [("photos.a", True, None), ("photos.a.item", "lamp", None)],
        ),
        (
            {"exception": None},
            {"exception": {"reason": "locked", "remark": ""}},
            [("exception", None, True), ("exception.reason", None, "locked")],
        ),
        (
            {"readings": [{"item": "errors", "value": 0}]},
            {"readings": [{"item": "errors", "value": None}]},
            [("readings.errors.value", 0, None)],
        ),
        ({"started_at": "a", "uid": "x"}, {"started_at": "b", "uid": "x", "amends": 1}, []),
    ],
)
def test_changes(before: dict[str, Any], after: dict[str, Any], expected: list[Any]) -> None:
    found = changes(json.dumps(before), json.dumps(after))
    assert [(row["field"], row["before"], row["after"]) for row in found] == expected
