"""The demo's spare parts with their movements, one of them low, and its loaners: out, overdue, and back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.opening import Opening, called
from webapp.cases.services import Author, Taking, open_case, take_step
from webapp.demo.people import PEOPLE
from webapp.estate.models import Device
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds.models import Round, RoundTask
from webapp.spares import loans, stock
from webapp.spares.loans import Lending
from webapp.spares.rules import Movement
from webapp.spares.stock import Moving

NAMESPACE = uuid.UUID("c4a5e1f0-2b7d-49e5-8a4f-3d9c7f6e1b33")
STORE = "地下一层备件间"
# Name, model, threshold, and what was moved: (days ago, kind, how many, the type of the device, note).
PARTS: tuple[tuple[str, str, int, tuple[tuple[int, Movement, int, str, str], ...]], ...] = (
    (
        "投影灯泡",
        "ELPLP96",
        2,
        (
            (200, "received", 4, "", "年度备件采购"),
            (120, "used", 1, "projector", "灯泡到寿命，会前更换"),
            (40, "used", 2, "projector", "两台同批更换"),
        ),
    ),
    (
        "无线话筒电池组",
        "SB900B",
        4,
        (
            (200, "received", 12, "", ""),
            (90, "used", 4, "microphone", "整室更换"),
            (30, "counted", 7, "", "季度盘点，少一块"),
        ),
    ),
    (
        "HDMI 线缆 10 米",
        "HD-10",
        3,
        ((150, "received", 10, "", ""), (60, "used", 2, "display", "")),
    ),
    ("摄像机备机", "PTZ-12", 1, ((180, "received", 2, "", "同级备件"),)),
    ("功放保险管", "T6.3A", 10, ((180, "received", 20, "", ""), (20, "used", 1, "amplifier", ""))),
)


def tell_of_spare_parts(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Make the demo's parts and loaners, each at its own time."""
    access = _access(contract, people, "li")
    ids: dict[str, int] = {}
    for name, model, threshold, moves in PARTS:
        first = now - timedelta(days=moves[0][0])
        given = {"name": name, "model": model, "place": STORE, "threshold": threshold}
        ids[model] = stock.add_part(session, access, _uid(model), given, first).id
        for place, (days_ago, kind, quantity, device, note) in enumerate(moves):
            device_id = _device(session, contract, device)
            uid = _uid(f"{model}-{place}")
            moving = Moving(uid, kind, quantity, device_id=device_id, note=note)
            at = now - timedelta(days=days_ago)
            stock.move_stock(session, access, ids[model], moving, at)
    _lend(session, contract, people, ids["PTZ-12"], now)
    _replace(session, contract, people, now)


def _lend(
    session: Session, contract: Contract, people: Mapping[str, int], spare: int, now: datetime
) -> None:
    """A repair long away with a loaner that is overdue, and one that is done and gave its loaner back."""
    li, zhou = _access(contract, people, "li"), _access(contract, people, "zhou")
    camera = _not_walked_yet(session, contract, "camera")
    away = _repair(session, contract, li, camera, "摄像机云台卡滞返厂", now - timedelta(days=26))
    lent = now - timedelta(days=25)
    due = (now - timedelta(days=4)).date()
    lending = Lending(_uid("lent"), "PTZ-12 摄像机备机", due, spare, text="整机替换，会议照常")
    loans.lend(session, li, away, lending, lent)
    amplifier = _device(session, contract, "amplifier")
    done = _repair(session, contract, li, amplifier, "功放通道无声", now - timedelta(days=60))
    began = now - timedelta(days=58)
    due = (began + timedelta(days=14)).date()
    loan = loans.lend(session, li, done, Lending(_uid("lent back"), "功放备机", due), began)
    later, back = due + timedelta(days=7), now - timedelta(days=40)
    loans.consent(
        session, zhou, loan.id, later, "厂家缺料，同意延期一周", began + timedelta(days=12)
    )
    author = Author(li, li.user_name)
    steps: tuple[tuple[str, dict[str, str]], ...] = (
        ("return", {"waybill": "SF1400238872"}),
        ("put_in_service", {"solution": "更换输出模块，四通道复测正常"}),
        ("take_loaner_back", {}),
        ("report", {"report": "输出模块老化，已更换并复测。"}),
    )
    for step, fields in steps:
        taking = Taking(uid=_uid(f"done-{step}"), step=step, at=back, fields=fields)
        take_step(session, contract.id, author, done, taking, back)


def _replace(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """A display beyond repair that has a new one in its place, which the next round is to verify."""
    li, zhou = _access(contract, people, "li"), _access(contract, people, "zhou")
    opened = now - timedelta(days=12)
    opening = Opening(
        uid=_uid("replaced"),
        kind="repair",
        title="显示屏主板烧毁，无修理价值",
        at=opened,
        device_id=_not_walked_yet(session, contract, "display"),
        fields={"way": "replacement", "origin": "domestic"},
    )
    author = Author(li, li.user_name)
    name = called(open_case(session, contract.id, author, opening, opened))
    new = {
        "serial": "DSP-2611-0042",
        "warranty_until": (now + timedelta(days=3 * 365)).date().isoformat(),
        "solution": "换上同型号新机，四路输入与声音正常",
    }
    steps: tuple[tuple[Access, str, int, dict[str, str]], ...] = (
        (zhou, "approve", 10, {}),
        (li, "replace", 2, new),
    )
    for who, step, days_ago, fields in steps:
        at = now - timedelta(days=days_ago)
        taking = Taking(uid=_uid(f"replaced-{step}"), step=step, at=at, fields=fields)
        take_step(session, contract.id, Author(who, who.user_name), name, taking, at)


def _repair(
    session: Session,
    contract: Contract,
    access: Access,
    device_id: int | None,
    title: str,
    at: datetime,
) -> str:
    """A repair in warranty, sent away a day later."""
    author = Author(access, access.user_name)
    opening = Opening(
        uid=_uid(title),
        kind="repair",
        title=title,
        at=at,
        device_id=device_id,
        fields={"way": "warranty", "origin": "domestic", "vendor": "华视维修中心"},
    )
    name = called(open_case(session, contract.id, author, opening, at))
    sent = at + timedelta(days=1)
    fields = {"vendor": "华视维修中心", "waybill": "SF1400238870"}
    taking = Taking(uid=_uid(f"{title}-send"), step="send", at=sent, fields=fields)
    take_step(session, contract.id, author, name, taking, sent)
    return name


def _device(session: Session, contract: Contract, kind: str) -> int | None:
    if not kind:
        return None
    statement = sa.select(Device.id).where(Device.contract_id == contract.id, Device.type == kind)
    return session.scalar(statement.order_by(Device.id).limit(1))


def _not_walked_yet(session: Session, contract: Contract, kind: str) -> int | None:
    """A device that the round under way still waits for: being away, it will be its exception."""
    return session.scalar(
        sa.select(Device.id)
        .join(RoundTask, RoundTask.device_id == Device.id)
        .join(Round, Round.id == RoundTask.round_id)
        .where(
            Device.contract_id == contract.id,
            Device.type == kind,
            Round.state == "open",
            RoundTask.outcome == "todo",
        )
        .order_by(Device.id.desc())
        .limit(1)
    )


def _access(contract: Contract, people: Mapping[str, int], login: str) -> Access:
    person = next(one for one in PEOPLE if one.login == login)
    return Access(
        user_id=people[login],
        user_name=person.name,
        session_id=None,
        contract_id=contract.id,
        contract_code=contract.code,
        role=person.role,
        rights=ROLE_RIGHTS[person.role],
    )


def _uid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))
