"""The demo's service desk: a matter of each kind, in the states that a supervisor meets them in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.opening import Opening, Source, called
from webapp.cases.services import Author, Taking, open_case, take_step
from webapp.demo.people import CODE, PEOPLE
from webapp.estate.models import Device
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS, Access

NAMESPACE = uuid.UUID("5e3c1d52-7a0e-4b8c-9a51-0d6f3e2b7c11")


@dataclass(frozen=True)
class Story:
    """One case: who opens it how many hours ago, and what is done ``(hours ago, who, step, fields)``.

    ``device`` is a type: the first of them is meant; ``room`` is an id. ``parent`` is the place of an
    earlier story.
    """

    kind: str
    who: str
    hours_ago: float
    title: str
    text: str = ""
    severity: int | None = None
    device: str = ""
    room: int | None = None
    parent: int | None = None
    source: Source = "desk"
    opening: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[tuple[float, str, str, Mapping[str, Any]], ...] = ()


STORIES = (
    Story(
        "fault",
        "zhou",
        8 * 24,
        "会议终端无法入会",
        "点入会后一直转圈，换了会议号也一样。",
        severity=2,
        device="codec",
        steps=(
            (8 * 24 - 0.2, "li", "take_over", {}),
            (8 * 24 - 0.7, "li", "arrive", {"text": "已到现场"}),
            (
                8 * 24 - 6,
                "li",
                "explain",
                {"cause": "终端主板电源故障", "plan": "返厂更换电源板", "cost": "1200"},
            ),
        ),
    ),
    Story(
        "repair",
        "li",
        7 * 24,
        "会议终端返厂维修",
        parent=0,
        opening={"way": "paid", "origin": "domestic", "vendor": "华视维修中心"},
        steps=(
            (3 * 24, "zhou", "approve", {"text": "同意，费用从运维预算出。"}),
            (2 * 24, "li", "send", {"vendor": "华视维修中心", "waybill": "SF1400238871"}),
            (2 * 24, "li", "lend", {"loaner": "CX-30 备机一台"}),
        ),
    ),
    Story(
        "fault",
        "zhou",
        2,
        "话筒有啸叫",
        "音量开大就叫，今天下午三点有重要会议。",
        severity=3,
        device="microphone",
        steps=(
            (1.8, "li", "take_over", {"text": "我马上过去"}),
            (1.5, "li", "arrive", {"text": "已到现场，先关掉一支话筒"}),
        ),
    ),
    Story("fault", "zhou", 0.05, "投影画面偏黄", severity=4, device="projector"),
    Story(
        "complaint",
        "zhou",
        26,
        "上次报障等了一个上午",
        "希望有人接电话后告诉我们几点到。",
        steps=((20, "wang", "acknowledge", {"text": "已收到，正在核实当天的出勤。"}),),
    ),
    Story(
        "change",
        "zhou",
        9 * 24,
        "二楼大会议室加装一台返看电视",
        opening={"category": "installation"},
        steps=(
            (
                7 * 24,
                "wang",
                "survey",
                {"finding": "后墙可挂，需加一路 HDMI 与一路电源。"},
            ),
            (5 * 24, "wang", "quote", {"text": "设备、材料、人工明细见报价单。"}),
        ),
    ),
    Story(
        "hotline",
        "wang",
        3 * 24,
        "如何把会议录到 U 盘",
        source="hotline",
        opening={"category": "question"},
        steps=((3 * 24, "wang", "answer", {"answer": "插入终端背面的 USB 口，按遥控器录制键。"}),),
    ),
    Story(
        "upgrade",
        "wang",
        4 * 24,
        "ClickShare 固件升级",
        device="clickshare",
        opening={"version": "v02.21"},
    ),
)


def tell_the_service_desk(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Open the demo's cases and take their steps, each at its own time."""
    tell_stories(session, contract, people, now, STORIES)


def tell_stories(
    session: Session,
    contract: Contract,
    people: Mapping[str, int],
    now: datetime,
    stories: Sequence[Story],
    ids: str = "",
) -> None:
    """Open a case for each and take its steps, each at its own time; ``ids`` begins their ids."""
    names: list[str] = []
    for place, story in enumerate(stories):
        opened_at = now - timedelta(hours=story.hours_ago)
        case = open_case(
            session,
            contract.id,
            _author(contract, people, story.who),
            Opening(
                uid=uid_of(f"{ids}{place}"),
                kind=story.kind,
                title=story.title,
                text=story.text,
                severity=story.severity,
                room_id=story.room,
                device_id=_device(session, contract, story.device),
                parent=None if story.parent is None else names[story.parent],
                source=story.source,
                at=opened_at,
                fields=story.opening,
            ),
            opened_at,
        )
        names.append(called(case))
        for step, (hours_ago, who, key, fields) in enumerate(story.steps):
            at = now - timedelta(hours=hours_ago)
            taking = Taking(uid=uid_of(f"{ids}{place}-{step}"), step=key, at=at, fields=fields)
            author = _author(contract, people, who)
            take_step(session, contract.id, author, names[place], taking, at)


def uid_of(name: str) -> str:
    """The id of something of the demo's service desk: the same at each load."""
    return str(uuid.uuid5(NAMESPACE, name))


def _device(session: Session, contract: Contract, kind: str) -> int | None:
    if not kind:
        return None
    statement = sa.select(Device.id).where(Device.contract_id == contract.id, Device.type == kind)
    return session.scalar(statement.order_by(Device.id).limit(1))


def _author(contract: Contract, people: Mapping[str, int], login: str) -> Author:
    access = access_of(contract, people, login)
    return Author(access, access.user_name)


def access_of(contract: Contract, people: Mapping[str, int], login: str) -> Access:
    """What somebody of the demo acts with."""
    person = next(one for one in PEOPLE if one.login == login)
    return Access(
        user_id=people[login],
        user_name=person.name,
        session_id=None,
        contract_id=contract.id,
        contract_code=CODE,
        role=person.role,
        rights=ROLE_RIGHTS[person.role],
    )
