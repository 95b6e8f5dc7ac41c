"""The demo's work after hours: cases in every state, people planned, and a ledger with its free hours nearly used."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.cases.opening import Opening, called
from webapp.cases.services import Author, Taking, open_case, take_step
from webapp.demo.people import PEOPLE
from webapp.hours import services as hours
from webapp.hours.planning import Planning, plan_work
from webapp.hours.services import Logging
from webapp.hours.settings import settle_terms
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS, Access

NAMESPACE = uuid.UUID("0d8f6a10-94a3-4a8e-9f59-4f3a0d9b6c22")
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Night:
    """One case after hours: how many days ago it begins (below zero: ahead), at what time, for how long.

    ``worked`` are ``(who, minutes late, hours, break in minutes, note)``; ``planned`` who is planned for
    what. ``ends`` is the last step that was taken.
    """

    days_ago: int
    at: time
    hours: float
    occasion: str
    title: str
    planned: tuple[tuple[str, str], ...] = ()
    worked: tuple[tuple[str, int, float, int, str], ...] = ()
    ends: str = ""


NIGHTS = (
    Night(
        290,
        time(18, 30),
        4,
        "meeting",
        "董事会视频会议保障",
        worked=(("li", 0, 3, 0, "会前测试与值守"), ("zhang", 0, 4, 0, "主会场值守")),
        ends="confirmed",
    ),
    Night(
        230,
        time(13),
        9.5,
        "event",
        "公司年会直播（周末）",
        worked=(
            ("li", 0, 9.5, 30, "导播与信号"),
            ("zhang", 0, 9.5, 30, "音响"),
            ("liu", 10, 9.3, 30, "摄像机与网络"),
            ("chen", 0, 9.5, 30, "备份终端"),
        ),
        ends="confirmed",
    ),
    Night(
        150,
        time(22),
        5.5,
        "event",
        "中控程序夜间割接",
        worked=(("li", 0, 5.4, 0, "22 点到次日 3 点半，割接后逐室试机"),),
        ends="confirmed",
    ),
    Night(
        75,
        time(17, 30),
        6.5,
        "meeting",
        "投资者电话会议",
        worked=(("li", 0, 6.5, 0, ""), ("zhao", 0, 6.2, 0, "同传设备")),
        ends="confirmed",
    ),
    Night(
        20,
        time(20, 15),
        3.5,
        "emergency",
        "大厅音响突发无声",
        worked=(("zhang", 0, 3.4, 0, "功放保护，更换保险后恢复"),),
        ends="confirmed",
    ),
    Night(
        6,
        time(18),
        5.5,
        "meeting",
        "季度经营会议延时保障",
        planned=(("li", "主会场"), ("liu", "分会场")),
        worked=(("li", 0, 5.5, 0, "主会场"), ("liu", 15, 5.2, 0, "分会场")),
        ends="finish",
    ),
    Night(
        -3,
        time(19),
        4,
        "event",
        "新品发布会彩排",
        planned=(("li", "音响与话筒"), ("zhao", "大屏与双流")),
        ends="plan",
    ),
    Night(-11, time(8, 30), 8, "event", "周六客户开放日"),
)
TERMS = {"free_hours": 80, "rate_key": "engineer"}


def tell_of_after_hours(
    session: Session, contract: Contract, people: Mapping[str, int], first_month: str, now: datetime
) -> None:
    """Make the demo's work after hours; its contract year begins with ``first_month`` (``YYYY-MM``)."""
    teller = _Teller(session, contract, people, now)
    year = {"year_starts": f"{first_month[-2:]}-01"}
    settle_terms(session, teller.access("wang"), TERMS | year, now)
    for place, night in enumerate(NIGHTS):
        teller.tell(place, night)


class _Teller:
    """Tells one night after the other, each at its own time."""

    def __init__(
        self, session: Session, contract: Contract, people: Mapping[str, int], now: datetime
    ) -> None:
        self.session, self.contract, self.people, self.now = session, contract, people, now

    def access(self, login: str) -> Access:
        """What a person may do."""
        person = next(one for one in PEOPLE if one.login == login)
        return Access(
            user_id=self.people[login],
            user_name=person.name,
            session_id=None,
            contract_id=self.contract.id,
            contract_code=self.contract.code,
            role=person.role,
            rights=ROLE_RIGHTS[person.role],
        )

    def tell(self, place: int, night: Night) -> None:
        """One case with all that came of it."""
        day = self.now.astimezone(ZONE).date() - timedelta(days=night.days_ago)
        begin = datetime.combine(day, night.at, ZONE)
        asked = min(self.now, begin) - timedelta(days=2)
        fields = {
            "occasion": night.occasion,
            "from_at": begin.isoformat(),
            "to_at": (begin + timedelta(hours=night.hours)).isoformat(),
            "people": max(1, len(night.planned), len(night.worked)),
        }
        uid = self._uid(place)
        opening = Opening(uid=uid, kind="after_hours", title=night.title, at=asked, fields=fields)
        case = open_case(self.session, self.contract.id, self._author("zhou"), opening, asked)
        name = called(case)
        if night.ends:
            self._take(name, f"{place}-plan", "wang", "plan", asked, owner=self.people["li"])
        for who, task in night.planned:
            to = begin + timedelta(hours=night.hours)
            planning = Planning(self._uid(place, who), self.people[who], begin, to, task)
            plan_work(self.session, self.access("wang"), name, planning, asked)
        end = begin + timedelta(hours=night.hours + 1)
        for who, late, length, rest, note in night.worked:
            start = begin + timedelta(minutes=late)
            span = (start, start + timedelta(hours=length))
            self._log(name, f"{place}-{who}", who, span, rest, note, end)
        if night.occasion == "emergency":
            self._log_wrong(name, begin, end)
        if night.ends in ("finish", "confirmed"):
            self._take(name, f"{place}-finish", "li", "finish", end, done="按时完成，设备已复位。")
        if night.ends == "confirmed":
            later = end + timedelta(hours=12)
            self._take(name, f"{place}-confirm", "zhou", "confirm", later, rating=5)

    def _log_wrong(self, name: str, begin: datetime, end: datetime) -> None:
        """An entry of the wrong day, and the line that voids it."""
        wrong = begin - timedelta(days=1)
        span = (wrong, wrong + timedelta(hours=2))
        number = self._log(name, "wrong", "li", span, 0, "值守", end)
        access = self.access("li")
        hours.void_hours(
            self.session, access, number, self._uid("void"), "日期记错，当晚未到场", end
        )

    def _log(
        self,
        name: str,
        key: str,
        who: str,
        span: tuple[datetime, datetime],
        rest: int,
        note: str,
        at: datetime,
    ) -> int:
        logging = Logging(self._uid(key, "log"), self.people[who], *span, rest, note)
        return hours.log_hours(self.session, self.access(who), name, logging, at).number

    def _take(self, name: str, key: str, who: str, step: str, at: datetime, **fields: Any) -> None:
        taking = Taking(uid=self._uid(key), step=step, at=at, fields=fields)
        take_step(self.session, self.contract.id, self._author(who), name, taking, at)

    def _author(self, login: str) -> Author:
        access = self.access(login)
        return Author(access, access.user_name)

    @staticmethod
    def _uid(*parts: object) -> str:
        return str(uuid.uuid5(NAMESPACE, "-".join(map(str, parts))))
