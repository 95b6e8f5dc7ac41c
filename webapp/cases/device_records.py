"""What a case has done to a device stands in that device's record sheet (clause 20)."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.cases.kinds import name_of
from webapp.cases.models import Case, CaseEvent
from webapp.identity.models import Contract
from webapp.rounds.models import DeviceRecord

# By kind and step: the sheet's category, and the step's field that says what was done.
_RECORDED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("fault", "solve"): ("fault", "solution"),
    ("repair", "put_in_service"): ("repair", "solution"),
    ("repair", "replace"): ("replacement", "solution"),
    ("upgrade", "finish"): ("upgrade", "done"),
}
_LONGEST = 200


def record_on_device(session: Session, case: Case, event: CaseEvent) -> None:
    """Write the row that a step makes, if it makes one and the case names a device."""
    known = _RECORDED.get((case.kind, event.step))
    if known is None or case.device_id is None or event.author_id is None:
        return
    category, action = known
    replaced = "replacement" in (category, case.facts.get("way"))
    zone = ZoneInfo(session.get_one(Contract, case.contract_id).time_zone)
    session.add(
        DeviceRecord(
            contract_id=case.contract_id,
            device_id=case.device_id,
            inspection_id=None,
            open_item_id=case.open_item_id,
            recorded_on=event.at.astimezone(zone).date(),
            category="replacement" if replaced else category,
            anomaly=f"{name_of(case.kind, case.number)} {case.title}",
            cause=_cut(case.facts.get("cause", "")),
            action=_cut(event.fields.get(action, "")),
            part=_cut(event.fields.get("part", "")),
            result="replaced" if replaced else "fixed",
            recorded_by_id=event.author_id,
            case_id=case.id,
        )
    )


def _cut(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
