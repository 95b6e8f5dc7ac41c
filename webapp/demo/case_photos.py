"""Photos of the demo's first fault: what the engineer saw on the spot, and where the device was opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.files import Brought, add
from webapp.cases.models import Case, CaseEvent
from webapp.demo.pictures import draw_photo
from webapp.demo.service_desk import uid_of
from webapp.estate.models import Device
from webapp.identity.models import Contract
from webapp.pictures import examine
from webapp.storage import ObjectStore, photo_key

# The step that they belong to, and what the device's display says.
_PHOTOS = (("arrive", "NO SIGNAL"), ("explain", "PSU"), ("explain", "24V 0.3"))


def show_the_first_fault(
    session: Session,
    store: ObjectStore,
    contract: Contract,
    people: Mapping[str, int],
    now: datetime,
) -> None:
    """Add photos to the lines of the first story, by who wrote them."""
    case = session.scalars(
        sa.select(Case).where(Case.contract_id == contract.id, Case.uid == uid_of("0"))
    ).one()
    device = session.get_one(Device, case.device_id)
    lines = {
        event.step: event
        for event in session.scalars(sa.select(CaseEvent).where(CaseEvent.case_id == case.id))
    }
    for step, caption in _PHOTOS:
        data = draw_photo(device.type, caption, device.asset_number, caption, abnormal=True)
        sha256 = hashlib.sha256(data).hexdigest()
        store.put(photo_key(contract.id, sha256), data)
        photo = Brought(uid_of(f"photo {caption}"), sha256, len(data), examine(data))
        add(session, lines[step], photo, people["li"], now)
