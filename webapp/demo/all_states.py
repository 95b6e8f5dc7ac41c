"""A case of each kind in each state that the demo's others are not in; the last, so that those keep their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import registering
from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.demo.service_desk import Story, access_of, tell_stories
from webapp.identity.models import Contract
from webapp.rounds.models import Round, RoundTask
from webapp.rounds.opening import sync_tasks_with_estate

DAY = 24.0
DISPLAY = "会议室后墙加装返看电视"
Steps = tuple[tuple[float, str, str, Mapping[str, Any]], ...]


def tell_all_states(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Tell them, each at its own time; nothing of them is overdue."""
    room = _room_to_come(session, contract)
    stories = (*_faults(), *_repairs(), *_changes(now, room), *_requests(now), *_complaints())
    tell_stories(session, contract, people, now, stories, "state-")
    _put_up_the_display(session, contract, people, room, now)


def _room_to_come(session: Session, contract: Contract) -> int:
    """A room that this month's round has not come to yet."""
    done = sa.func.sum(sa.case((RoundTask.outcome != "todo", 1), else_=0))
    statement = (
        sa.select(RoundTask.room_id)
        .join(Round, Round.id == RoundTask.round_id)
        .where(Round.contract_id == contract.id, Round.state == "open")
        .group_by(RoundTask.room_id)
        .having(done == 0)
        .order_by(RoundTask.room_id.desc())
    )
    return session.scalars(statement.limit(1)).one()


def _put_up_the_display(
    session: Session, contract: Contract, people: Mapping[str, int], room: int, now: datetime
) -> None:
    """An accepted change ends with its device in the register."""
    change = session.scalars(
        sa.select(Case).where(Case.contract_id == contract.id, Case.title == DISPLAY)
    ).one()
    done = now - timedelta(days=27, hours=-1)
    values = {
        "room_id": room,
        "type": "display",
        "name": "返看电视",
        "maker": "TCL",
        "model": "55V6",
        "in_service_on": done.date(),
    }
    wang = access_of(contract, people, "wang")
    registering.add_device(session, wang, called(change), values, done)
    sync_tasks_with_estate(session, contract.id, now)


def _at(now: datetime, days: float) -> str:
    return (now + timedelta(days=days)).isoformat(timespec="minutes")


def _faults() -> tuple[Story, ...]:
    # On site within the hour, the cause within a day of it, then the cure.
    def handled(days: float) -> Steps:
        begun = days * DAY
        return (
            (begun - 0.2, "li", "take_over", {}),
            (begun - 0.6, "li", "arrive", {"text": "已到现场"}),
            (begun - 3, "li", "solve", {"cause": "HDMI 线插头松动", "solution": "更换线缆并固定"}),
        )

    closed = (19.5 * DAY, "zhou", "close", {"rating": 5, "text": "处理很快。"})
    return (
        Story(
            "fault",
            "zhou",
            0.5,
            "无线投屏连不上",
            severity=3,
            steps=((0.3, "liu", "take_over", {"text": "十分钟内到"}),),
        ),
        Story("fault", "zhou", 1.3 * DAY, "电视时有黑屏", severity=3, steps=handled(1.3)),
        Story(
            "fault", "zhou", 20 * DAY, "会议中画面闪烁", severity=2, steps=(*handled(20), closed)
        ),
        Story(
            "fault",
            "wang",
            1.7,
            "话筒啸叫，前台来电",
            severity=3,
            source="hotline",
            steps=((1.6, "wang", "fold", {"into": "F2", "text": "同一支话筒。"}),),
        ),
    )


def _repairs() -> tuple[Story, ...]:
    paid = {"way": "paid", "origin": "domestic"}
    warranty = {"way": "warranty", "origin": "domestic", "vendor": "华视维修中心"}

    def sent(days: float) -> Steps:
        return (
            (days * DAY - 20, "li", "send", {"vendor": "华视维修中心", "waybill": "SF1400240017"}),
        )

    return (
        Story(
            "repair",
            "li",
            5 * DAY,
            "旧功放电源啸叫，询价中",
            opening=paid,
            steps=((4 * DAY, "li", "ask_vendor", {"vendor": "华视维修中心"}),),
        ),
        Story(
            "repair",
            "li",
            9 * DAY,
            "备用投影机返厂校色",
            opening=warranty,
            steps=(*sent(9), (6 * DAY, "li", "arrive_factory", {})),
        ),
        Story(
            "repair",
            "li",
            13 * DAY,
            "备用摄像机云台返厂",
            opening=warranty,
            steps=(*sent(13), (1 * DAY, "li", "return", {"text": "已收到，待安装"})),
        ),
        Story(
            "repair",
            "li",
            16 * DAY,
            "无线话筒接收机返厂",
            opening=warranty,
            steps=(
                *sent(16),
                (4 * DAY, "li", "return", {}),
                (3 * DAY, "li", "put_in_service", {"solution": "更换接收模块"}),
            ),
        ),
        Story(
            "repair",
            "li",
            22 * DAY,
            "旧电视主板维修",
            opening=paid,
            steps=((21 * DAY, "li", "cancel", {"text": "设备将整体更换，不再维修。"}),),
        ),
    )


def _changes(now: datetime, room: int) -> tuple[Story, ...]:
    def until(begun: float, *more: tuple[float, str, str, Mapping[str, Any]]) -> Steps:
        return (
            (begun * DAY - 10, "wang", "survey", {"finding": "现场可行，需避开会议时间。"}),
            (begun * DAY - 30, "wang", "quote", {"text": "明细见附件。"}),
            (begun * DAY - 50, "zhou", "approve", {}),
            *more,
        )

    def plan(begun: float, days: float) -> tuple[float, str, str, Mapping[str, Any]]:
        evening = {"from_at": _at(now, days), "to_at": _at(now, days + 0.1)}
        return (begun * DAY - 60, "wang", "plan", evening)

    def done(days: float) -> tuple[float, str, str, Mapping[str, Any]]:
        return (days * DAY, "li", "execute", {"done": "已施工并测试，现场已清理。"})

    install, function = {"category": "installation"}, {"category": "function"}
    return (
        Story("change", "zhou", 1 * DAY, "洽谈室增加一路无线投屏", opening=install),
        Story("change", "zhou", 4 * DAY, "中控增加一键散会", opening=function, steps=until(4)[:1]),
        Story("change", "zhou", 6 * DAY, "培训教室更换长桌话筒", opening=install, steps=until(6)),
        Story(
            "change",
            "zhou",
            8 * DAY,
            "路演厅更换投影幕布",
            opening=install,
            steps=until(8, plan(8, 3)),
        ),
        Story(
            "change",
            "zhou",
            14 * DAY,
            "评审室加装吸顶话筒",
            opening=install,
            steps=until(14, plan(14, -2), done(2)),
        ),
        Story(
            "change",
            "zhou",
            40 * DAY,
            "长城厅调整信号切换逻辑",
            opening=function,
            steps=until(
                40,
                plan(40, -36),
                done(36),
                (35 * DAY, "zhou", "accept", {"rating": 5}),
                (34 * DAY, "wang", "keep_register", {"text": "只改了中控程序。"}),
            ),
        ),
        Story(
            "change",
            "zhou",
            25 * DAY,
            "大厅屏幕改为竖屏",
            opening={"category": "renovation"},
            steps=(
                (24 * DAY, "wang", "survey", {"finding": "墙体需加固，费用较高。"}),
                (23 * DAY, "zhou", "decline", {"text": "暂不实施。"}),
            ),
        ),
        Story(
            "change",
            "zhou",
            31 * DAY,
            DISPLAY,
            opening=install,
            room=room,
            steps=until(31, plan(31, -27), done(27), (26 * DAY, "zhou", "accept", {"rating": 5})),
        ),
    )


def _requests(now: datetime) -> tuple[Story, ...]:
    """After hours, proposals, upgrades, trainings."""
    plan = {"proposal": "分两期更换，首期覆盖总部大楼；附设备清单与预算。"}
    submitted = (9 * DAY, "wang", "submit", plan)
    return (
        Story(
            "after_hours",
            "zhou",
            6 * DAY,
            "周日彩排（已改期）",
            opening={
                "occasion": "event",
                "from_at": _at(now, 2),
                "to_at": _at(now, 2.2),
                "people": 1,
            },
            steps=((5 * DAY, "zhou", "cancel", {"text": "活动改到下月。"}),),
        ),
        Story("proposal", "wang", 2 * DAY, "会议室统一无线投屏方案"),
        Story("proposal", "wang", 10 * DAY, "话筒电池集中管理方案", steps=(submitted,)),
        Story(
            "proposal",
            "wang",
            70 * DAY,
            "投影机激光光源替换方案",
            steps=((69 * DAY, "wang", "submit", plan), (60 * DAY, "zhou", "adopt", {})),
        ),
        Story(
            "proposal",
            "wang",
            50 * DAY,
            "会议室门口预约屏方案",
            steps=(
                (49 * DAY, "wang", "submit", plan),
                (45 * DAY, "zhou", "reject", {"text": "今年没有预算。"}),
            ),
        ),
        Story(
            "upgrade",
            "wang",
            30 * DAY,
            "中控程序升级",
            opening={"version": "1.3.0"},
            steps=((29 * DAY, "li", "roll_back", {"text": "灯光联动失效，已退回 1.2.0。"}),),
        ),
        Story(
            "upgrade",
            "wang",
            12 * DAY,
            "功放固件升级",
            opening={"version": "2.4"},
            steps=((11 * DAY, "wang", "cancel", {"text": "厂商撤回了该版本。"}),),
        ),
        Story(
            "training",
            "wang",
            3 * DAY,
            "新员工会议系统培训",
            opening={"from_at": _at(now, 6), "audience": "新入职员工"},
        ),
        Story(
            "training",
            "wang",
            28 * DAY,
            "ClickShare 使用培训",
            opening={"from_at": _at(now, -18), "audience": "各部门秘书"},
            steps=((18 * DAY - 2, "li", "hold", {"people": 14, "done": "投屏、分屏与常见问题"}),),
        ),
        Story(
            "training",
            "wang",
            26 * DAY,
            "视频会议主持人培训",
            opening={"from_at": _at(now, -12), "audience": "各部门负责人"},
            steps=((20 * DAY, "wang", "cancel", {"text": "与年度会议冲突，另行安排。"}),),
        ),
    )


def _complaints() -> tuple[Story, ...]:
    found = {"finding": "巡检后未复位，属实。", "justified": "yes"}
    cured = {"measures": "巡检单增加“复位”一项，抽查一周。"}

    def begun(hours: float) -> Steps:
        return (
            (hours - 2, "wang", "acknowledge", {"text": "已收到，今天核实。"}),
            (hours - 8, "wang", "confirm", found),
        )

    answered = (4, "wang", "answer", {"answer": "已整改，请您监督。"})
    return (
        Story("complaint", "zhou", 1, "会议室钥匙无人归还"),
        Story("complaint", "zhou", 22, "巡检后投影没有复位", steps=begun(22)),
        Story(
            "complaint",
            "zhou",
            28,
            "话筒摆放位置不对",
            steps=(*begun(28), (12, "wang", "correct", cured)),
        ),
        Story(
            "complaint",
            "zhou",
            34,
            "线缆散落在地面",
            steps=(*begun(34), (20, "wang", "correct", cured), answered),
        ),
    )
