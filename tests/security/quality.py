"""Quality checks as the attacks need them: each planned for, and held by, who acts."""

from __future__ import annotations

from typing import Any

from tests.rounds import made
from tests.security.world import MONTH, World
from webapp.identity.rules import ROLE_RIGHTS


def _handler(world: World, actor: str) -> int:
    """The actor himself, if he is of the provider's; a check is held, an action closed, by his own."""
    own = "handle" in ROLE_RIGHTS.get(actor, frozenset())
    return world.people[actor if own else "project_manager"].id


def a_check(world: World, actor: str = "project_manager", **more: Any) -> dict[str, Any]:
    """The body that plans a check."""
    body = {"title": made.uid(), "planned_on": f"{MONTH}-20", "every_months": 3}
    return {**body, "holder_id": _handler(world, actor), **more}


def an_action(world: World, actor: str = "project_manager") -> dict[str, Any]:
    """The body that asks for a correction."""
    body = {"uid": made.uid(), "text": "培训接线", "due_on": f"{MONTH}-28", "target": "pass_rate"}
    return {**body, "owner_id": _handler(world, actor)}


def new_check(world: World, actor: str, **more: Any) -> int:
    """One more check to be held by who acts."""
    url = f"/api/contracts/{world.code}/quality-checks"
    body = {"uid": made.uid(), **a_check(world, actor, **more)}
    answer = world.browser("project_manager").post(url, json=body)
    assert answer.status_code == 201, answer.data
    check_id: int = answer.get_json()["id"]
    return check_id


def new_held_check(world: World, actor: str) -> int:
    """A check that was held."""
    check_id = new_check(world, actor)
    url = f"/api/contracts/{world.code}/quality-checks/{check_id}/result"
    body = {"held_on": f"{MONTH}-02", "month": MONTH}
    assert world.browser("project_manager").post(url, json=body).status_code == 200
    return check_id


def new_action(world: World, actor: str) -> int:
    """An open action of who acts."""
    url = f"/api/contracts/{world.code}/quality-checks/{new_held_check(world, actor)}/actions"
    answer = world.browser("project_manager").post(url, json=an_action(world, actor))
    assert answer.status_code == 201, answer.data
    action_id: int = answer.get_json()["corrections"][0]["id"]
    return action_id
