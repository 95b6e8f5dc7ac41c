"""The demo's post and calls: a mail that became a fault, some to be sorted, a note of each kind, a rating."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import callers, reported
from webapp.cases.models import CaseReporter
from webapp.cases.opening import Opening, called
from webapp.cases.services import Author, Taking, take_step
from webapp.demo.people import CODE
from webapp.demo.pictures import draw_photo
from webapp.demo.service_desk import access_of, uid_of
from webapp.estate.models import Room
from webapp.identity.models import Contract
from webapp.inbox import services
from webapp.inbox.applying import Photo, Sorting
from webapp.inbox.matching import match
from webapp.inbox.message import read
from webapp.inbox.models import IncomingMail
from webapp.pictures import examine
from webapp.storage import ObjectStore, photo_key


@dataclass(frozen=True)
class Post:
    """A mail that came so many hours ago; ``aside`` is why it was set aside."""

    hours_ago: float
    sender: str
    subject: str
    text: str
    to: str = "service@example.com"
    photo: str = ""
    aside: str = ""


MAILS = (
    Post(
        5,
        "周敏 <zhou@example.com>",
        "{room}投影颜色发绿",
        "今天上午开会时发现整幅画面偏绿，换了线也一样。附上照片，请安排人看一下。",
        photo="GREEN",
    ),
    Post(
        1.5,
        "吴迪 <wu.di@client.example>",
        "Help, no sound in the big room",
        "We hear nothing from the ceiling speakers since this morning. The meeting is at 3 p.m.\n\nWu Di",
        to=f"service+{CODE.lower()}@example.com",
    ),
    Post(
        3,
        "前台 <reception@client.example>",
        "请问会议室怎么预订？",
        "你们好，请问三楼会议室的预订系统打不开，找谁处理？",
    ),
    Post(
        30,
        "展会通知 <expo@news.example>",
        "诚邀参观音视频展",
        "本月底，欢迎莅临。",
        aside="广告",
    ),
)
COMPLAINT = Post(
    6 * 24,
    "何欣 <he.xin@client.example>",
    "投诉：连续两次会前无人检查",
    "上周两次重要会议前都没有人来检查设备，请给一个说法。",
    to=f"service+{CODE.lower()}@example.com",
)
# Kind, hours ago, who, how to reach him, what he said, what he was told at once.
CALLS = (
    ("fault", 4.0, "吴迪", "138 0000 0021", "二楼培训室话筒时断时续，下午两点有培训。", ""),
    ("wish", 26.0, "周敏", "138 0000 0017", "希望每间会议室门口放一张使用说明。", ""),
    (
        "care",
        50.0,
        "陈静",
        "138 0000 0022",
        "回访：上周维修后使用正常，表示满意。",
        "已记录，谢谢。",
    ),
)


def bring_the_post(
    session: Session,
    store: ObjectStore,
    contract: Contract,
    people: Mapping[str, int],
    now: datetime,
) -> None:
    """Take the demo's mails and calls in, as the worker and the desk would have."""
    room = session.scalars(
        sa.select(Room.name_zh).where(Room.contract_id == contract.id).order_by(Room.id).limit(1)
    ).one()
    for post in MAILS:
        row = _take(session, store, contract, post, room, now)
        if post.aside:
            access = access_of(contract, people, "wang")
            services.set_aside(session, access, row.id, post.aside, _ago(now, post.hours_ago - 1))
    _complain(session, store, contract, people, now)
    _call(session, contract, people, now)


def _ago(now: datetime, hours: float) -> datetime:
    return now - timedelta(hours=hours)


def _take(
    session: Session, store: ObjectStore, contract: Contract, post: Post, room: str, now: datetime
) -> IncomingMail:
    raw = _written(post, room)
    mail = read(raw)
    at = _ago(now, post.hours_ago)
    key = f"incoming/{hashlib.sha256(raw).hexdigest()}.eml"
    store.put(key, raw)
    photos = []
    for data in mail.pictures:
        sha256 = hashlib.sha256(data).hexdigest()
        store.put(photo_key(contract.id, sha256), data)
        photos.append(Photo(sha256, len(data), examine(data)))
    row = services.take_in(session, mail, match(session, mail, at), photos, key, at)
    assert row is not None  # noqa: S101 - none of them comes twice
    return row


def _written(post: Post, room: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = post.sender, post.to
    message["Subject"] = post.subject.format(room=room)
    message["Message-ID"] = f"<{uid_of(post.subject)}@client.example>"
    message.set_content(post.text)
    if post.photo:
        data = draw_photo("projector", post.photo, "", post.photo, abnormal=True)
        message.add_attachment(data, maintype="image", subtype="jpeg", filename="1.jpg")
    return message.as_bytes()


def _complain(
    session: Session,
    store: ObjectStore,
    contract: Contract,
    people: Mapping[str, int],
    now: datetime,
) -> None:
    """A complaint by mail, sorted, handled, answered, and rated by who made it."""
    row = _take(session, store, contract, COMPLAINT, "", now)
    access, mail = access_of(contract, people, "wang"), read(_written(COMPLAINT, ""))
    sorted_at = _ago(now, COMPLAINT.hours_ago - 1)
    sorting = Sorting("complaint")
    name = services.assign(session, access, row.id, sorting, mail, [], sorted_at)
    author = Author(access, access.user_name)
    steps = (
        (4.0, "acknowledge", {"text": "已收到，今天给您答复。"}),
        (20.0, "confirm", {"finding": "会前检查表当周缺两次签名，属实。", "justified": "yes"}),
        (44.0, "correct", {"measures": "重要会议前一小时检查列入值班表，由驻场工程师签名。"}),
        (46.0, "answer", {"answer": "已查实并道歉；此后重要会议前一小时必检，检查记录随附。"}),
    )
    for after, step, fields in steps:
        at = _ago(now, COMPLAINT.hours_ago - after)
        taking = Taking(uid_of(f"complaint {step}"), step, at, fields)
        take_step(session, contract.id, author, name, taking, at)
    line = session.scalars(
        sa.select(CaseReporter.event_id).where(CaseReporter.case_id == row.case_id)
    ).one()
    verdict = reported.Verdict(uid_of("complaint verdict"), True, 4, "处理得及时，希望坚持。")
    reported.settle(session, line, verdict, _ago(now, COMPLAINT.hours_ago - 50))


def _call(session: Session, contract: Contract, people: Mapping[str, int], now: datetime) -> None:
    access = access_of(contract, people, "li")
    author = Author(access, access.user_name)
    for kind, hours, caller, contact, text, answer in CALLS:
        at = _ago(now, hours)
        of_hotline = kind != "fault"
        opening = Opening(
            uid=uid_of(f"call {kind}"),
            kind="hotline" if of_hotline else kind,
            title=text,
            at=at,
            text=text,
            source="hotline",
            reporter_name=caller,
            reporter_contact=contact,
            fields={"category": kind} if of_hotline else {},
        )
        case = callers.take_call(
            session, contract.id, author, callers.Call(opening, "zh", answer), at
        )
        if kind == "fault":
            taking = Taking(uid_of("call arrive"), "arrive", at + timedelta(minutes=35), {})
            take_step(session, contract.id, author, called(case), taking, at)
