"""March's round, walked to the end: two rooms with an engineer in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests import factories
from tests.rounds import made
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Round


@dataclass
class Walked:
    """A round that is inspected to the last room; ``visits`` are the payloads, as they were sent."""

    contract: Contract
    round: Round
    east: Room
    west: Room
    devices: list[Device]
    engineer: User
    other: User
    visits: list[dict[str, Any]]

    def visit_of(self, device: Device) -> dict[str, Any]:
        """The payload that counts for a device."""
        return next(visit for visit in self.visits if visit["device_id"] == device.id)


def walk(contract: Contract, engineer: User) -> Walked:
    """Open the round, and inspect all of it."""
    made.checklist(contract)
    house = factories.building(contract)
    east, west = factories.room(house, "东厅"), factories.room(house, "西厅")
    devices = [
        factories.device(room, name=f"{room.name_zh}投影{n}", register={"rated_lamp_hours": 3000})
        for room in (east, west)
        for n in range(3)
    ]
    other = factories.member(contract, "backup_engineer", login="other", name="赵磊")
    opened = made.opened(contract)
    visits = []
    for room, who in ((east, engineer), (west, other)):
        sent = [
            made.visit(opened, device, photos=[made.photo("image")])
            for device in devices
            if device.room_id == room.id
        ]
        sent.append(made.visit(opened, None, room=room))
        assert {row.result for row in made.send(contract, who, *sent)} == {"applied"}
        visits += sent
    return Walked(contract, opened, east, west, devices, engineer, other, visits)
