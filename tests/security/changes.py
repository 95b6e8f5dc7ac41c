"""A change request as the attacks need it: planned, so that the asset register is changed out of it."""

from __future__ import annotations

from tests.rounds import made
from tests.security.world import World

PLAN = {"from_at": "2026-03-05T19:00:00+08:00", "to_at": "2026-03-05T22:00:00+08:00"}


def new_change(world: World) -> str:
    """One more change that the client has approved and that is planned; its name."""
    manager, client = world.browser("project_manager"), world.browser("client_it_lead")
    cases = f"/api/contracts/{world.code}/cases"
    opening = {"uid": made.uid(), "kind": "change", "title": "加装电视"}
    answer = client.post(cases, json={**opening, "fields": {"category": "installation"}})
    assert answer.status_code == 201, answer.data
    name: str = answer.get_json()["name"]
    for browser, step, fields in (
        (manager, "quote", {}),
        (client, "approve", {}),
        (manager, "plan", PLAN),
    ):
        body = {"uid": made.uid(), "step": step, "fields": fields}
        answer = browser.post(f"{cases}/{name}/steps", json=body)
        assert answer.status_code == 200, answer.data
    return name
