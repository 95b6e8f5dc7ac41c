"""Loading the demo contract: eleven past rounds and this month's, half done."""

from __future__ import annotations

import calendar
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE, items_of
from webapp.checklists.models import ChecklistVersion
from webapp.checklists.rules import applies, device_register
from webapp.checklists.services import ensure_default
from webapp.db import now_utc, unit_of_work
from webapp.demo import payloads
from webapp.demo.acceptance import Signatures
from webapp.demo.after_hours import tell_of_after_hours
from webapp.demo.all_states import tell_all_states
from webapp.demo.case_photos import show_the_first_fault
from webapp.demo.cases import Cases
from webapp.demo.connections import tell_of_connections
from webapp.demo.knowledge import fill_the_knowledge_base
from webapp.demo.logbook import keep_the_log
from webapp.demo.people import CODE, INSPECTORS, PASSWORD, PEOPLE
from webapp.demo.pictures import draw_photo, with_comment
from webapp.demo.post import bring_the_post
from webapp.demo.quotes import settle_the_rate_card, tell_the_quotes
from webapp.demo.service_desk import tell_the_service_desk
from webapp.demo.simulate import Subject, visit
from webapp.demo.spare_parts import tell_of_spare_parts
from webapp.demo.team import gather_the_team
from webapp.demo.told import choose_for_the_demo, tell_the_demo
from webapp.estate.importing import import_register
from webapp.estate.models import Device, Label, Room
from webapp.estate.register_rows import parse_register
from webapp.identity import services as identity
from webapp.identity.models import Contract, User
from webapp.identity.rules import ROLE_RIGHTS
from webapp.rounds.models import OpenItem, Photo, Round, RoundRoom, RoundTask
from webapp.rounds.opening import open_round
from webapp.rounds.queries import round_of
from webapp.rounds.recording import Submission, record_inspections
from webapp.spares.away import record_devices_away
from webapp.storage import ObjectStore, photo_key
from webapp.sync.models import Phone

PAST_MONTHS = 11
ROOMS_A_DAY = 5
DONE_OF_A_DAY = 3
OCCUPIED_NOW = 6
WALKED_ROOMS = 24
DRAWN_MONTHS = 2
DEVICE_TAKES = timedelta(minutes=4)
FINDING_LASTS = timedelta(days=50)
# What the sample register does not say, and a provider fills in at the handover.
REGISTER_FIELDS: dict[str, dict[str, Any]] = {
    "amplifier": {"channel_count": 4, "rated_impedance": 8},
    "control": {"scene_count": 6, "controlled_count": 8},
    "camera": {"preset_count": 5},
    "dsp": {"channel_count": 12},
}
WIRELESS_MODELS = ("ULXD4",)
ZONE = ZoneInfo("Asia/Shanghai")
REGISTER = Path(__file__).parent / "asset-register.xlsx"
Say = Callable[[str], None]


def load_demo(store: ObjectStore, say: Say, now: datetime | None = None) -> None:
    """Make the demo contract; ``say`` is told how far it is. Nothing of it may exist yet."""
    now = now or now_utc()
    months = _months(now.astimezone(ZONE).date())
    # All or nothing, in one transaction although files are written in it: half a demo would be
    # taken for a database in use, and nobody else is here yet to wait for the lock.
    with ThreadPoolExecutor(os.cpu_count()) as hands, unit_of_work() as session:
        say("people, register, labels and checklist")
        contract = _make_contract(session, months, now)
        people = _make_people(session, contract, _morning(months[0], 1))
        choose_for_the_demo(session, people, _morning(months[0], 1))
        _fill_estate(session, contract, people, _morning(months[0], 1))
        teller = _Teller(contract, people, store, len(months) - 1, hands)
        for index, month in enumerate(months):
            say(f"round of {month} ({index + 1} of {len(months)})")
            teller.tell(session, month, index, now)
        say("service desk")
        tell_the_service_desk(session, contract, people, now)
        show_the_first_fault(session, store, contract, people, now)
        bring_the_post(session, store, contract, people, now)
        fill_the_knowledge_base(session, contract, people, now)
        keep_the_log(session, contract, people, now)
        gather_the_team(session, store, contract, people, now)
        settle_the_rate_card(session, contract, people, now)
        tell_of_after_hours(session, contract, people, months[0], now)
        tell_of_spare_parts(session, contract, people, now)
        record_devices_away(session, contract.id, now)
        tell_the_quotes(session, contract, people, now)
        tell_of_connections(session, contract, people, now)
        tell_all_states(session, contract, people, now)
        say("reminders")
        past, current = (round_of(session, contract.id, month) for month in months[-2:])
        tell_the_demo(session, contract, past, current, now)


def is_empty(session: Session) -> bool:
    """Whether the server has no contract and nobody yet."""
    return session.scalar(sa.select(User.id).limit(1)) is None


def _months(today: date) -> list[str]:
    """The last eleven months and this one, as ``YYYY-MM``, the oldest first."""
    number = today.year * 12 + today.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(number - PAST_MONTHS, number + 1)]


def _morning(month: str, day: int, minutes: int = 0) -> datetime:
    """Nine o'clock on the site on a day of the month, and so many minutes later, as UTC."""
    year, number = map(int, month.split("-"))
    start = datetime.combine(date(year, number, day), time(9), ZONE)
    return (start + timedelta(minutes=minutes)).astimezone(UTC)


def _midnight(month: str) -> datetime:
    """When the calendar opens a month's round: at the beginning of its first day on the site, as UTC."""
    return _morning(month, 1, -9 * 60)


def _due_on(now: datetime) -> date:
    """This month's due day: after the 8th it moves on, so that there is a round to walk on any day."""
    today = now.astimezone(ZONE).date()
    last = calendar.monthrange(today.year, today.month)[1]
    return today.replace(day=10 if today.day <= 8 else min(today.day + 3, last))


def _make_contract(session: Session, months: list[str], now: datetime) -> Contract:
    return identity.create_contract(
        session,
        code=CODE,
        name_zh="视频会议室运维服务",
        name_en="Video conference room service",
        client_zh="某某集团",
        client_en="Sample Group",
        anchor_month=months[0],
        due_day=min(_due_on(now).day, 28),
        opens_day=1,
        now=_morning(months[0], 1),
        actor_id=None,
    )


def _make_people(session: Session, contract: Contract, now: datetime) -> dict[str, int]:
    password_hash = identity.hash_password(PASSWORD)
    ids: dict[str, int] = {}
    for person in PEOPLE:
        user = identity.create_user(
            session,
            login=person.login,
            password_hash=password_hash,
            name=person.name,
            name_en=person.name_en,
            phone=person.phone,
            # A domain that is nobody's: what is mailed there reaches no one.
            email=f"{person.login}@example.com",
            is_admin=not person.role,
            now=now,
            actor_id=None,
        )
        ids[person.login] = user.id
        if person.role:
            identity.add_member(
                session,
                contract_id=contract.id,
                user_id=user.id,
                role=person.role,
                now=now,
                actor_id=None,
            )
    return ids


def _fill_estate(
    session: Session, contract: Contract, people: dict[str, int], now: datetime
) -> None:
    parsed = parse_register(REGISTER.read_bytes(), REGISTER.name)
    import_register(session, parsed, contract_id=contract.id, actor_id=people["wang"], now=now)
    ensure_default(session, contract.id, now=now, actor_id=people["wang"])
    session.flush()  # the devices are read again to be completed
    for device in session.scalars(sa.select(Device)):
        extra = dict(REGISTER_FIELDS.get(device.type, {}))
        if device.model in WIRELESS_MODELS:
            extra["wireless"] = True
        device.register = {**extra, **device.register}


class _Teller:
    """Tells the months one by one: opens the round, sends the visits, settles the photos."""

    def __init__(
        self,
        contract: Contract,
        people: dict[str, int],
        store: ObjectStore,
        last: int,
        hands: Executor,
    ) -> None:
        self.contract = contract
        self.people = people
        self.store = store
        self.last = last
        self.hands = hands
        self.pool: dict[tuple[str, bool], bytes] = {}

    def tell(self, session: Session, month: str, index: int, now: datetime) -> None:
        """One month: all rooms of a past one, half of this month's."""
        opened = open_round(session, None, self.contract.id, month, _midnight(month))
        if index == self.last:
            opened.due_on = _due_on(now)
        session.flush()  # the tasks are read by room below
        checklist = session.get_one(ChecklistVersion, opened.checklist_id)
        rooms = self._rooms(session, opened)
        self._assign(session, opened, rooms)
        for number, (_room_id, targets) in enumerate(rooms):
            # This month every engineer has walked about half of his rooms.
            if index == self.last and number % ROOMS_A_DAY >= DONE_OF_A_DAY:
                continue
            at = self._walked_at(month, number, index, now - DEVICE_TAKES * (len(targets) + 1))
            self._walk(session, opened, checklist, targets, number, index, at)
        signatures = Signatures(session, self.contract, self.people)
        if index < self.last:
            signatures.accept(opened, _morning(month, 9, 240), _morning(month, 10, 60))
        else:
            self._phones_out_there(session, now)
            Cases(session, self.store, self.contract, self.people, now).make(opened)
            signatures.half_way(opened, now)

    def _phones_out_there(self, session: Session, now: datetime) -> None:
        """This month's phones as last heard of; one of them still holds something."""
        for login, minutes, records, photos in (("li", 6, 0, 0), ("zhang", 95, 4, 9)):
            session.add(
                Phone(
                    contract_id=self.contract.id,
                    phone_id=payloads.uid_of(f"phone {login}", now),
                    user_id=self.people[login],
                    unsent_records=records,
                    unsent_photos=photos,
                    app_version="0.1.0",
                    storage_used_bytes=(14 + photos) * 1024 * 1024,
                    storage_quota_bytes=2_000_000_000,
                    storage_persisted=True,
                    last_seen_at=now - timedelta(minutes=minutes),
                )
            )

    def _rooms(self, session: Session, opened: Round) -> list[tuple[int, list[payloads.Target]]]:
        linked = sa.select(Label.device_id, Label.code).where(Label.revoked_at.is_(None))
        labels = dict(session.execute(linked).all())
        devices = {row.id: row for row in session.scalars(sa.select(Device))}
        projectors = [row.id for row in devices.values() if row.type == "projector"]
        stubborn = projectors[len(projectors) // 2]
        by_room: dict[int, list[payloads.Target]] = defaultdict(list)
        tasks = session.scalars(
            sa.select(RoundTask)
            .join(Room, Room.id == RoundTask.room_id)
            .where(RoundTask.round_id == opened.id)
            .order_by(Room.building_id, Room.floor, Room.id, RoundTask.id)
        )
        for task in tasks:
            device = devices.get(task.device_id or 0)
            subject = (
                Subject(
                    device.asset_number,
                    device.type,
                    device_register(device.register, device.firmware),
                    device.firmware,
                    stubborn=device.id == stubborn,
                )
                if device
                else Subject(f"room-{task.room_id}", ROOM_TYPE, {})
            )
            code = labels.get(task.device_id)
            by_room[task.room_id].append(
                payloads.Target(opened.id, task.room_id, task.device_id, subject, code)
            )
        return list(by_room.items())

    def _assign(
        self, session: Session, opened: Round, rooms: list[tuple[int, list[payloads.Target]]]
    ) -> None:
        for number, (room_id, _targets) in enumerate(rooms):
            engineer = self.people[INSPECTORS[number // ROOMS_A_DAY % len(INSPECTORS)]]
            for table in (RoundRoom, RoundTask):
                session.execute(
                    sa.update(table)
                    .where(table.round_id == opened.id, table.room_id == room_id)
                    .values(assignee_id=engineer)
                )

    def _walked_at(self, month: str, number: int, index: int, now: datetime) -> datetime:
        at = _morning(month, 3 + number // ROOMS_A_DAY, number % ROOMS_A_DAY * 55)
        if index < self.last:
            return at
        # This month's rooms were walked in the last days, whatever day it is, and never later than now.
        days_ago = (WALKED_ROOMS - number) // ROOMS_A_DAY
        then = at.replace(year=now.year, month=now.month, day=now.day) - timedelta(days=days_ago)
        earliest = min(_morning(month, 1, 5 + number), now)
        return max(earliest, min(then, now - timedelta(minutes=200 - 8 * number)))

    def _walk(
        self,
        session: Session,
        opened: Round,
        checklist: ChecklistVersion,
        targets: list[payloads.Target],
        number: int,
        index: int,
        at: datetime,
    ) -> None:
        """One room by its engineer: everything in it, or the reason why not."""
        engineer = self.people[INSPECTORS[number // ROOMS_A_DAY % len(INSPECTORS)]]
        visits = self._visits(session, checklist, targets, number, index, at)
        # Pillow draws on every core at once; what is drawn from the pool is there already.
        each = self.hands.map if self._is_drawn(index) else map
        sent = list(each(lambda make: make(), visits))
        submissions = [
            Submission(
                operation_id=one.payload.uid,
                user_id=engineer,
                rights=ROLE_RIGHTS["inspection_engineer"],
                payload=one.payload,
                raw=one.raw,
            )
            for one in sent
        ]
        # The phone sends a room when it is done.
        received = at + DEVICE_TAKES * len(sent)
        for answer in record_inspections(session, self.contract.id, submissions, received):
            if answer.result != "applied":
                raise RuntimeError(f"the demo's own inspection was refused: {answer}")
        self._settle_photos(session, sent, index, received)

    def _visits(
        self,
        session: Session,
        checklist: ChecklistVersion,
        targets: list[payloads.Target],
        number: int,
        index: int,
        at: datetime,
    ) -> Iterator[Callable[[], payloads.Sent]]:
        """The room's visits, still to be made up: none of them asks the database for anything."""
        # A room or two a month is occupied; this month's waits for its second visit.
        if (number * 7 + index * 5) % 53 == 0 or (index == self.last and number == OCCUPIED_NOW):
            for target in targets:
                yield partial(
                    payloads.not_tested,
                    target,
                    "occupied",
                    "全天有会",
                    checklist=checklist.number,
                    at=at,
                )
            return
        open_numbers, over = self._open_numbers(session, targets, at)
        tasks = self._not_due(session, targets)
        for step, target in enumerate(targets):
            subject = target.subject
            items = [
                item
                for item in items_of(checklist.content, subject.type)
                if applies(item, subject.register) and item["key"] not in tasks[target.device_id]
            ]
            yield partial(
                payloads.sent_by_phone,
                target,
                visit(subject, items, index),
                checklist.content,
                checklist=checklist.number,
                at=at + DEVICE_TAKES * step,
                open_numbers=open_numbers[target.device_id],
                over=over,
                draw=self._draw if self._is_drawn(index) else self._draw_from_pool,
            )

    def _open_numbers(
        self, session: Session, targets: list[payloads.Target], at: datetime
    ) -> tuple[dict[int | None, dict[str, int]], frozenset[str]]:
        """The room's open items by device, and the findings that were put right by now."""
        numbers: dict[int | None, dict[str, int]] = defaultdict(dict)
        over: set[str] = set()
        open_here = sa.select(OpenItem).where(
            OpenItem.room_id == targets[0].room_id, OpenItem.state == "open"
        )
        for row in session.scalars(open_here):
            key = row.item or f"finding:{row.finding_uid}"
            numbers[row.device_id][key] = row.number
            if row.item is None and at - row.opened_at > FINDING_LASTS:
                over.add(key)
        return numbers, frozenset(over)

    def _not_due(
        self, session: Session, targets: list[payloads.Target]
    ) -> dict[int | None, list[str]]:
        rows = session.execute(
            sa.select(RoundTask.device_id, RoundTask.not_due).where(
                RoundTask.round_id == targets[0].round_id,
                RoundTask.room_id == targets[0].room_id,
            )
        )
        return dict(rows.all())

    def _is_drawn(self, index: int) -> bool:
        """Whether each photo of the month is a picture of its own."""
        return index > self.last - DRAWN_MONTHS

    def _draw(self, kind: str, caption: str, tag: str, seed: str, abnormal: bool) -> bytes:
        return draw_photo(kind, caption, tag, seed, abnormal=abnormal)

    def _draw_from_pool(
        self, kind: str, caption: str, tag: str, seed: str, abnormal: bool
    ) -> bytes:
        """Older months share a picture a type, so that the demo loads in seconds."""
        name = (kind, abnormal)
        if name not in self.pool:
            self.pool[name] = draw_photo(kind, caption, kind, kind, abnormal=abnormal)
        return with_comment(self.pool[name], f"{tag} {caption} {seed}")

    def _settle_photos(
        self, session: Session, sent: list[payloads.Sent], index: int, at: datetime
    ) -> None:
        """Store the bytes and fill the slots; past months' photos were reviewed."""
        uids: list[str] = []
        for one in sent:
            for sha256, data in one.photos.items():
                self.store.put(photo_key(self.contract.id, sha256), data)
            uids += [photo.id for photo in one.payload.photos]
        values: dict[str, Any] = {
            "received_at": at,
            "review": "accepted" if index < self.last else "none",
        }
        if not self._is_drawn(index):
            # The shared pictures would be found to repeat each other; each stands for one of its own.
            values["perceptual_hash"] = Photo.sha256
        session.execute(sa.update(Photo).where(Photo.uid.in_(uids)).values(**values))
