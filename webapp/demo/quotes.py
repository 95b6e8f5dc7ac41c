"""The demo's quotes and expense requests: one in each state, with the rate card that prices them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from webapp import links
from webapp.cases.models import Case
from webapp.cases.opening import Opening, called, case_named
from webapp.cases.services import Author, open_case
from webapp.demo.people import CODE, PEOPLE
from webapp.estate.models import Device
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.notifications.rules import HERE
from webapp.quotes import answering, expiring, sending, services
from webapp.quotes.models import Quote
from webapp.quotes.settings import settle_quotes
from webapp.reports.documents import ask_for_quote

NAMESPACE = uuid.UUID("5e3c1d52-7a0e-4b8c-9a51-0d6f3e2b7c12")
DAY = 24.0
RATES = [
    ("engineer", "工程师", "Engineer", "hour", "180.00"),
    ("senior", "高级工程师", "Senior engineer", "hour", "320.00"),
    ("event", "会议现场保障", "Event support on site", "day", "1200.00"),
]
Line = Mapping[str, str]


def _bought(kind: str, text: str, detail: str, quantity: str, unit: str, price: str) -> Line:
    return {
        "kind": kind,
        "text": text,
        "detail": detail,
        "quantity": quantity,
        "unit": unit,
        "unit_price": price,
        "tax_rate": "13",
    }


def _worked(text: str, rate: str, quantity: str) -> Line:
    return {"kind": "labour", "text": text, "rate": rate, "quantity": quantity, "tax_rate": "6"}


@dataclass(frozen=True)
class Told:
    """One version: written and sent so many hours ago (None: not yet), and what the client says then."""

    lines: tuple[Line, ...]
    sent: float | None = None
    answer: tuple[float, Literal["approved", "declined"], str, bool] | None = None
    remark: str = ""


@dataclass(frozen=True)
class Story:
    """A case with its versions; ``title`` alone names one that the service desk has told already."""

    title: str
    versions: tuple[Told, ...]
    kind: str = ""
    who: str = "li"
    hours_ago: float = 0
    device: str = ""
    opening: Mapping[str, Any] = field(default_factory=dict)


_DISPLAY = _bought("equipment", "返看电视 75 寸", "4K，含壁挂支架", "1", "台", "6899.00")
_CABLES = _bought("material", "HDMI 光纤线 15 m", "预埋穿管", "1", "根", "380.50")
STORIES = (
    Story(
        "二楼大会议室加装一台返看电视",
        (
            Told((_DISPLAY, _CABLES, _worked("安装与调试", "senior", "8")), sent=5 * DAY),
            Told(
                (_DISPLAY, _CABLES, _worked("安装与调试", "engineer", "8")),
                sent=4 * DAY,
                remark="安装改由工程师完成。含运费，到货后两个工作日内安装，避开会议时间。",
            ),
        ),
    ),
    Story(
        "功放输出通道维修",
        (
            Told(
                (
                    _bought("material", "功率模块", "原厂件", "1", "块", "1860.00"),
                    _worked("拆装与测试", "engineer", "3.5"),
                ),
                sent=20,
                remark="按厂商报价编制，另附检测单。保修六个月。",
            ),
        ),
        kind="repair",
        hours_ago=30,
        device="amplifier",
        opening={"way": "paid", "origin": "domestic", "vendor": "音创电子"},
    ),
    Story(
        "摄像机更换",
        (
            Told(
                (
                    _bought("equipment", "会议摄像机", "12 倍光学变焦", "1", "台", "9450.00"),
                    _worked("更换与预置位设置", "engineer", "4"),
                ),
                sent=6 * DAY,
                answer=(5 * DAY, "approved", "同意采购，请尽快到货。", False),
            ),
        ),
        kind="repair",
        hours_ago=7 * DAY,
        device="camera",
        opening={"way": "replacement", "origin": "abroad", "vendor": "视通科技"},
    ),
    Story(
        "年度发布会全天保障",
        (
            Told(
                (_worked("现场保障，3 人 2 天", "event", "6"),),
                sent=3 * DAY,
                answer=(2 * DAY, "declined", "一天两人即可，请重新报价。", True),
            ),
            Told((_worked("现场保障，2 人 1 天", "event", "2"),)),
        ),
        kind="after_hours",
        who="zhou",
        hours_ago=4 * DAY,
    ),
    Story(
        "旧投影主板返修",
        (
            Told(
                (_bought("material", "主板维修", "厂商报价", "1", "项", "2300.00"),),
                sent=40 * DAY,
            ),
        ),
        kind="repair",
        hours_ago=41 * DAY,
        device="projector",
        opening={"way": "paid", "origin": "domestic"},
    ),
)


def settle_the_rate_card(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """What an hour and a day of whom cost: of the quotes, and of the hours beyond the free ones."""
    manager = _access(contract, people, "wang")
    names = ("key", "name_zh", "name_en", "unit", "price")
    rates = [dict(zip(names, rate, strict=True)) for rate in RATES]
    settle_quotes(session, manager, {"rates": rates}, now - timedelta(hours=60 * DAY))


def tell_the_quotes(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Write, send and answer the demo's quotes, each at its own time."""
    for place, story in enumerate(STORIES):
        case = _case(session, contract, people, place, story, now)
        for at, version in enumerate(story.versions):
            _tell(session, contract, people, case, f"{place}-{at}", version, now)
    expiring.look_at_quotes(session, contract.id, now)
    session.flush()
    sent = sa.select(Quote).where(Quote.contract_id == contract.id, Quote.sent_at.is_not(None))
    for quote in session.scalars(sent):
        ask_for_quote(session, quote, quote.language, people["wang"], now)


def _case(
    session: Session,
    contract: Contract,
    people: Mapping[str, int],
    place: int,
    story: Story,
    now: datetime,
) -> str:
    if not story.kind:
        wanted = sa.select(Case).where(Case.contract_id == contract.id, Case.title == story.title)
        return called(session.scalars(wanted).one())
    at = now - timedelta(hours=story.hours_ago)
    opening = dict(story.opening)
    if story.kind == "after_hours":
        begins = (now + timedelta(days=9)).replace(hour=0, minute=0, second=0, microsecond=0)
        ends = begins + timedelta(hours=12)
        opening = {
            "occasion": "event",
            "from_at": begins.isoformat(),
            "to_at": ends.isoformat(),
            "people": 3,
        }
    access = _access(contract, people, story.who)
    case = open_case(
        session,
        contract.id,
        Author(access, access.user_name),
        Opening(
            uid=_uid(f"case-{place}"),
            kind=story.kind,
            title=story.title,
            device_id=_device(session, contract, story.device),
            at=at,
            fields=opening,
        ),
        at,
    )
    return called(case)


def _tell(
    session: Session,
    contract: Contract,
    people: Mapping[str, int],
    case: str,
    uid: str,
    told: Told,
    now: datetime,
) -> None:
    li, zhou = (_access(contract, people, login) for login in ("li", "zhou"))
    at = now - timedelta(hours=1 if told.sent is None else told.sent)
    quote = _draft(session, li, case, uid, at)
    writing = services.Writing(
        quote.revision, told.lines, quote.language, quote.valid_until, told.remark
    )
    services.write_quote(session, li, services.called(quote), writing, at)
    if told.sent is None:
        return
    session.flush()  # its lines are read again
    sending.send_quote(session, li, services.called(quote), _link(quote), [], "", at)
    if told.answer is None:
        return
    hours_ago, decision, text, another = told.answer
    said = answering.Answer(decision, zhou.user_name, text, "account", zhou, "", another)
    answering.answer_quote(session, quote, said, now - timedelta(hours=hours_ago))


def _link(quote: Quote) -> str:
    """The link in its mail, whose address is filled in by who sends it."""
    secret_key: str = current_app.extensions["settings"].secret_key
    return f"{HERE}/l/quote/{links.token_for(secret_key, 'quote', quote.id)}"


def _draft(session: Session, li: Access, case: str, uid: str, at: datetime) -> Quote:
    """The first quote of a case, or the next version of the one that it has."""
    wanted = sa.select(Quote).where(Quote.case_id == case_named(session, li.contract_id, case).id)
    latest = session.scalars(wanted.order_by(Quote.version.desc())).first()
    if latest is None:
        return services.begin_quote(session, li, case, _uid(uid), at)
    return services.begin_version(session, li, services.called(latest), _uid(uid), at)


def _uid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))


def _device(session: Session, contract: Contract, kind: str) -> int | None:
    if not kind:
        return None
    statement = sa.select(Device.id).where(Device.contract_id == contract.id, Device.type == kind)
    return session.scalar(statement.order_by(Device.id.desc()).limit(1))


def _access(contract: Contract, people: Mapping[str, int], login: str) -> Access:
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
