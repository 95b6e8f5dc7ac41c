"""Upgrades as the attacks need them."""

from __future__ import annotations

from typing import Any

from tests.rounds import made
from tests.security.world import World


def an_upgrade(world: World) -> dict[str, Any]:
    """The body that plans an upgrade of the world's device."""
    ids = [world.names["device_id"]]
    return {"uid": made.uid(), "title": "固件升级", "version": "v9", "device_ids": ids}
