"""A small contract of which a test tells month after month."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests import factories
from tests.rounds import made
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Round

# A visit is told before its month is opened, and gets the month's round then.
_NO_ROUND = Round(
    contract_id=0, month="", due_on=date(2026, 1, 1), checklist_id=0, opened_at=made.at("2026-01")
)


class Year:
    """A contract of two rooms: a projector and a codec in the first, a display in the second."""

    def __init__(self, contract: Contract, engineer: User) -> None:
        self.contract, self.engineer = contract, engineer
        made.checklist(contract)
        house = factories.building(contract)
        self.west, self.east = factories.room(house, "西湖厅"), factories.room(house, "东海厅")
        lamp = {"rated_lamp_hours": 5000}
        self.projector = factories.device(
            self.west, "projector", maker="NEC", model="PA653U", register=lamp
        )
        self.codec = factories.device(self.west, "codec")
        self.display = factories.device(self.east, "display")

    @property
    def devices(self) -> list[Device]:
        return [self.projector, self.codec, self.display]

    def month(self, month: str, *visits: dict[str, Any], skip: tuple[Any, ...] = ()) -> Round:
        """Open a month and inspect everything: by ``visits`` where there are any, else normal."""
        opened = made.opened(self.contract, month)
        told = {(visit["device_id"], visit["room_id"]) for visit in visits}
        rest: list[tuple[Device | None, Room | None]] = [(device, None) for device in self.devices]
        rest += [(None, room) for room in (self.west, self.east)]
        for device, room in rest:
            place = (device.id, device.room_id) if device else (None, room.id if room else 0)
            if place not in told and (device or room) not in skip:
                visits = (*visits, made.visit(opened, device, room=room))
        visits = tuple(visit | {"round_id": opened.id} for visit in visits)
        answers = made.send(self.contract, self.engineer, *visits, now=made.at(month))
        assert {answer.result for answer in answers} == {"applied"}
        return opened

    def visit(self, device: Device, item: str = "", value: Any = None, **fields: Any) -> Any:
        """A visit with one abnormal reading; the round is put in by :meth:`month`."""
        payload = made.visit(_NO_ROUND, device, **fields)
        if item:
            made.reading(payload, item, value, "abnormal", **fields.get("more", {}))
        payload.pop("more", None)
        return payload
