"""The demo's quality: targets of its own, checks past and to come, and what is still to be corrected."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.demo.service_desk import NAMESPACE, access_of
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.quality.checks import (
    Acting,
    Holding,
    Planning,
    cancel_check,
    close_action,
    hold_check,
    plan_check,
)
from webapp.quality.models import QualityAction
from webapp.quality.rules import Finding
from webapp.quality.targets import settle_targets
from webapp.rounds.rules import add_months

TARGETS = {"availability": 98.0, "pass_rate": 95.0, "satisfaction": 95.0, "cause_report": 98.0}


def keep_up_the_quality(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Settle targets; a check that is over, one with an action open, one to come, one that was cancelled."""
    wang, li = (access_of(contract, people, login) for login in ("wang", "li"))
    today = now.astimezone(ZoneInfo(contract.time_zone)).date()
    month = today.strftime("%Y-%m")
    settle_targets(session, wang, TARGETS, now - timedelta(days=170))

    at = now - timedelta(days=104)
    quarter = Planning("季度质量检查", at.date(), people["wang"], 3)
    first = plan_check(session, wang, _uid("quarter"), quarter, at - timedelta(days=20))
    acting = Acting(
        _uid("lamps"), "灯泡到 85% 即列入采购", people["li"], (at + timedelta(14)).date()
    )
    found = Holding(
        held_on=at.date(),
        month=add_months(month, -4),
        findings=[Finding("pass_rate", "投影机灯泡老化占异常的一半，更换太晚。")],
        conclusion="巡检记录完整，抽查 12 份检查表与现场相符；灯泡须提前更换。",
        actions=[acting],
    )
    hold_check(session, wang, first.id, found, at)
    _close(session, li, first.id, "已设提醒，备灯泡四只。", at + timedelta(days=9))

    at = now - timedelta(days=20)
    spot = Planning("现场作业与安全抽查", at.date(), people["wang"], 6)
    second = plan_check(session, wang, _uid("spot"), spot, at - timedelta(days=12))
    hold_check(session, wang, second.id, _spot(people, month, at), at)
    _close(session, li, second.id, "已补贴标签 9 张。", at + timedelta(days=5))

    manual = Planning("作业手册阅读抽查", today + timedelta(days=40), people["li"])
    third = plan_check(session, wang, _uid("manual"), manual, now - timedelta(days=9))
    cancel_check(session, wang, third.id, now - timedelta(days=3))


def _spot(people: Mapping[str, int], month: str, at: datetime) -> Holding:
    due = (at + timedelta(days=26)).date()
    return Holding(
        held_on=at.date(),
        month=add_months(month, -1),
        findings=[
            Finding("round", "两间会议室全天有会，二次到访排得太晚。"),
            Finding("availability", "一号投影反复偏暗，影响开会。"),
        ],
        conclusion="登高作业两人到位，防护齐全；标签缺损与二次到访须整改。",
        actions=[
            Acting(_uid("labels"), "补贴缺损的设备标签", people["li"], due, "round"),
            Acting(
                _uid("visits"),
                "每月 5 日前与行政确认会议室空档，二次到访排在 8 日前",
                people["wang"],
                due,
                "round",
            ),
        ],
    )


def _close(session: Session, access: Access, check_id: int, result: str, at: datetime) -> None:
    """Close the first action of a check."""
    first = sa.select(QualityAction.id).where(QualityAction.check_id == check_id)
    action_id = session.scalars(first.order_by(QualityAction.id).limit(1)).one()
    close_action(session, access, action_id, result, at)


def _uid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"quality-{name}"))
