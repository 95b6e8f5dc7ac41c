"""The demo's team: absences past, running and to come, and manuals read by some and by all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import typst
from sqlalchemy.orm import Session

from webapp.demo.firmware import tell_of_firmware
from webapp.demo.quality import keep_up_the_quality
from webapp.demo.service_desk import NAMESPACE, access_of
from webapp.estate import label_font
from webapp.identity.models import Contract
from webapp.reports.typeset import fonts
from webapp.storage import ObjectStore
from webapp.team.absences import Away, enter_absence
from webapp.team.manuals import approve, bring_manual, bring_version, keep_file, note_read

# Who, from and to in days from today, why, who stands in.
ABSENCES = (
    ("zhang", -24, -20, "training", "chen", "厂商会议终端认证培训"),
    ("liu", -1, 3, "sick", "chen", ""),
    ("li", 12, 16, "leave", "zhao", "年假"),
)
SAFETY = (
    "进场前登记，佩戴工牌。",
    "登高两米以上须两人，一人扶梯。",
    "断电后再拆投影机灯泡，冷却十分钟。",
)
ROUTINE = ("先扫标签，再填检查表。", "异常先拍照，再处理，再复测。", "离开前还原会议室，关灯断电。")
TEAM = ("wang", "li", "zhang", "liu", "chen", "zhao")


def gather_the_team(
    session: Session,
    store: ObjectStore,
    contract: Contract,
    people: Mapping[str, int],
    now: datetime,
) -> None:
    """Enter the absences; bring, approve and read the manuals; see to versions and quality (11, 28)."""
    wang = access_of(contract, people, "wang")
    today = now.astimezone(ZoneInfo(contract.time_zone)).date()
    for number, (who, first, last, reason, stand_in, text) in enumerate(ABSENCES):
        days = (today + timedelta(days=first), today + timedelta(days=last))
        away = Away(people[who], *days, reason, people[stand_in], text)
        enter_absence(session, wang, _uid(f"absence-{number}"), away, now - timedelta(days=25))
    _bring_manuals(session, store, contract, people, now)
    tell_of_firmware(session, contract, people, now)
    keep_up_the_quality(session, contract, people, now)


def _bring_manuals(
    session: Session,
    store: ObjectStore,
    contract: Contract,
    people: Mapping[str, int],
    now: datetime,
) -> None:
    wang, li = (access_of(contract, people, login) for login in ("wang", "li"))
    at = now - timedelta(days=30)
    texts = (("safety", "进场安全措施", SAFETY), ("manual", "会议室巡检作业手册", ROUTINE))
    for kind, title, lines in texts:
        file = keep_file(store, contract.id, f"{title}.pdf", _pdf(title, lines))
        manual = bring_manual(session, li, _uid(f"manual-{kind}"), kind, title, file, at)
        approve(session, wang, manual.id, 1, at + timedelta(hours=2))
        # The safety measures are read by all, the routine not yet by the backups.
        for login in TEAM if kind == "safety" else TEAM[:4]:
            reader = access_of(contract, people, login)
            note_read(session, reader, manual.id, 1, at + timedelta(days=1))
        if kind == "manual":
            newer = (*lines, "结束后在手机上看一眼“同步”：全部已送达。")
            file = keep_file(store, contract.id, f"{title}.pdf", _pdf(title, newer))
            bring_version(session, li, manual.id, file, "补上同步", now - timedelta(days=2))


def _pdf(title: str, lines: tuple[str, ...]) -> bytes:
    """A page with a title and numbered lines."""
    families = ", ".join(f'"{name}"' for name in fonts.families())
    body = "\n".join(f"+ {line}" for line in lines)
    source = f'#set text(font: ({families},), lang: "zh")\n= {title}\n{body}\n'
    folder = str(label_font.font_path().parent)
    shipped = typst.Fonts(include_system_fonts=False, font_paths=[folder])
    made: bytes = typst.compile(source.encode(), font_paths=shipped)
    return made


def _uid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))
