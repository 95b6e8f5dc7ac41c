"""What waits for the demo's supervisor: two pairs, a hasty record, what was sent back, what is held.

Each is made by the service that the phone or the desk would call.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.demo.payloads import photo_line, uid_of
from webapp.demo.pictures import draw_photo
from webapp.demo.sent_back import send_back
from webapp.desk.photo_review import Review, review_photo
from webapp.estate.models import Device
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds import services as rounds
from webapp.rounds.models import (
    Inspection,
    InspectionRevision,
    OpenItem,
    Photo,
    Round,
    RoundTask,
)
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Submission, record_inspections
from webapp.storage import ObjectStore, photo_key
from webapp.sync import services as sync
from webapp.sync.phones import PhoneState
from webapp.sync.rules import examine
from webapp.sync.wire import OperationIn, Unsent

BLURRED = Review(
    "returned",
    "看不清读数,请靠近一点再拍",
    ({"kind": "circle", "points": [[0.5, 0.5], [0.7, 0.6]], "text": ""},),
)
ACCEPTED_ALREADY = 6


class Cases:
    """Makes the cases of the round under way, in the hours before ``now``."""

    def __init__(
        self,
        session: Session,
        store: ObjectStore,
        contract: Contract,
        people: dict[str, int],
        now: datetime,
    ) -> None:
        self.session = session
        self.store = store
        self.contract = contract
        self.people = people
        self.now = now

    def make(self, current: Round) -> None:
        """All of them."""
        self._see_twice(current, "liu", "display", "panel", "line", "左侧一条亮线")
        picked = self._see_twice(current, "chen", "codec", "call", "audio", "对端听不到本端声音")
        rounds.pick(self.session, self._access("wang"), picked, self._ago(minutes=20))
        self._be_hasty(current)
        self._see_to_open_items()
        self._review_photos(current)
        self._hold_a_record(current)
        send_back(self.session, self._access("wang"), self.people, current, self.now)

    def _ago(self, **time: int) -> datetime:
        return self.now - timedelta(**time)

    def _access(self, login: str) -> Access:
        role = "project_manager" if login == "wang" else "inspection_engineer"
        return Access(
            user_id=self.people[login],
            user_name=login,
            session_id=None,
            contract_id=self.contract.id,
            contract_code=self.contract.code,
            role=role,
            rights=ROLE_RIGHTS[role],
        )

    def _see_twice(
        self, current: Round, first: str, kind: str, item: str, value: str, remark: str
    ) -> int:
        """A backup inspects what a colleague found normal, and finds a fault; the first one's id."""
        seen, text = self.session.execute(
            sa.select(Inspection.id, InspectionRevision.payload)
            .join(InspectionRevision, InspectionRevision.inspection_id == Inspection.id)
            .join(Device, Device.id == Inspection.device_id)
            .where(
                Inspection.round_id == current.id,
                Inspection.verdict == "normal",
                Inspection.author_id == self.people[first],
                Device.type == kind,
            )
            .order_by(Inspection.id)
            .limit(1)
        ).one()
        at = self._ago(minutes=45)
        data = draw_photo(kind, remark, item, f"again:{seen}", abnormal=True)
        found = {"value": value, "verdict": "abnormal", "remark": remark}
        payload = json.loads(text)
        payload |= {
            "uid": uid_of(f"again:{seen}", at),
            "started_at": self._ago(minutes=48).isoformat(timespec="seconds"),
            "finished_at": at.isoformat(timespec="seconds"),
            "consumables": [],
            "photos": [photo_line(data, item, at, f"again:{seen}")],
            "readings": [r | found if r["item"] == item else r for r in payload["readings"]],
        }
        self._record("zhao", payload, at, data)
        return int(seen)

    def _record(self, login: str, payload: dict[str, Any], at: datetime, photo: bytes) -> None:
        raw = json.dumps(payload, ensure_ascii=False)
        decoded = msgspec.json.decode(raw, type=InspectionIn)
        rights = ROLE_RIGHTS["backup_engineer"]
        submission = Submission(decoded.uid, self.people[login], rights, decoded, raw)
        (answer,) = record_inspections(self.session, self.contract.id, [submission], at)
        if answer.result != "applied":
            raise RuntimeError(f"the demo's own inspection was refused: {answer}")
        for line in decoded.photos:
            self.store.put(photo_key(self.contract.id, line.sha256), photo)
            self.session.execute(
                sa.update(Photo).where(Photo.uid == line.id).values(received_at=at)
            )

    def _be_hasty(self, current: Round) -> None:
        """A display is "all OK" in six seconds, unseen, with last month's photo sent once more."""
        (task_id, device_id, text) = self.session.execute(
            sa.select(RoundTask.id, RoundTask.device_id, InspectionRevision.payload)
            .join(Device, Device.id == RoundTask.device_id)
            .join(Inspection, Inspection.device_id == Device.id)
            .join(InspectionRevision, InspectionRevision.inspection_id == Inspection.id)
            .where(
                RoundTask.round_id == current.id,
                RoundTask.outcome == "todo",
                RoundTask.assignee_id == self.people["liu"],
                Device.type == "display",
                Inspection.verdict == "normal",
            )
            .order_by(RoundTask.id.desc(), Inspection.id.desc())
            .limit(1)
        ).one()
        before = json.loads(text)
        line = before["photos"][0]
        data = self.store.get(photo_key(self.contract.id, line["sha256"]))
        at = self._ago(minutes=62)
        hasty = {
            "uid": uid_of(f"hasty:{task_id}", at),
            "round_id": current.id,
            "device_id": device_id,
            "started_at": (at - timedelta(seconds=6)).isoformat(timespec="seconds"),
            "finished_at": at.isoformat(timespec="seconds"),
            "bulk_ok": True,
            "dwell_seconds": 6,
            "readings": [row | {"bulk": True} for row in before["readings"]],
            "photos": [photo_line(data, line["item"], at, f"hasty:{task_id}")],
            "consumables": [],
            "findings": [],
            "open_items": [],
        }
        self._record("liu", before | hasty, at, data)

    def _see_to_open_items(self) -> None:
        """The oldest is overdue with the on-site engineer, the newest is given to a colleague."""
        numbers = self.session.scalars(
            sa.select(OpenItem.number).where(OpenItem.state == "open").order_by(OpenItem.number)
        ).all()
        today = self.now.date()
        for number, login, due_on, remark in (
            (numbers[0], "li", today - timedelta(days=2), "已返厂,等维修报价"),
            (numbers[-1], "zhao", today + timedelta(days=12), ""),
        ):
            seen_to = {"owner_id": self.people[login], "due_on": due_on, "remark": remark}
            rounds.change_open_item(self.session, self._access("wang"), number, seen_to, self.now)

    def _review_photos(self, current: Round) -> None:
        """A few photos have been looked at, and one of them went back."""
        uids = self.session.scalars(
            sa.select(Photo.uid)
            .join(Inspection, Inspection.id == Photo.inspection_id)
            .where(
                Inspection.round_id == current.id,
                Inspection.author_id == self.people["chen"],
                Photo.received_at.is_not(None),
            )
            .order_by(Photo.id)
            .limit(ACCEPTED_ALREADY + 1)
        ).all()
        for uid in uids:
            review = BLURRED if uid == uids[-1] else Review("accepted")
            review_photo(self.session, self._access("wang"), uid, review, self._ago(minutes=15))

    def _hold_a_record(self, current: Round) -> None:
        """A device was carried to another room, and the phone reported it from there."""
        task = self.session.scalars(
            sa.select(RoundTask)
            .join(Device, Device.id == RoundTask.device_id)
            .where(
                RoundTask.round_id == current.id,
                RoundTask.outcome == "todo",
                RoundTask.assignee_id == self.people["liu"],
                Device.type == "microphone",
            )
            .order_by(RoundTask.id)
            .limit(1)
        ).one()
        elsewhere = self.session.scalar(
            sa.select(sa.func.min(RoundTask.room_id)).where(
                RoundTask.round_id == current.id, RoundTask.room_id != task.room_id
            )
        )
        at = self._ago(minutes=70)
        payload = {
            "uid": uid_of("held", at),
            "round_id": current.id,
            "room_id": elsewhere,
            "device_id": task.device_id,
            "checklist": 1,
            "started_at": self._ago(minutes=73).isoformat(timespec="seconds"),
            "finished_at": at.isoformat(timespec="seconds"),
            "readings": [{"item": "pickup", "value": "ok", "verdict": "normal"}],
            "remark": "话筒临时借到这里使用",
        }
        text = json.dumps(payload, ensure_ascii=False)
        operation = OperationIn(
            id=uid_of("held operation", at),
            kind="inspection",
            version=1,
            payload=text,
            hash=hashlib.sha256(text.encode()).hexdigest(),
        )
        phone = PhoneState(uid_of("phone liu", self.now), Unsent(), 0)
        sync.receive(self.session, self._access("liu"), phone, [examine(operation)], at)
