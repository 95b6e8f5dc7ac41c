"""The demo's service log: two weeks of the on-site engineer's days, signed and not, and an archived month."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.demo.service_desk import NAMESPACE, access_of
from webapp.errors import AppError
from webapp.estate.models import Room
from webapp.identity.models import Contract
from webapp.servicelog.services import Written, archive_month, sign_day, write_entry

# What is written on a day, in turn: clock, what was done, with what result.
ENTRIES = (
    (("09:05", "开机巡视：逐间确认终端在线、话筒有声", "全部正常"),),
    (
        ("08:50", "会前支持：协助人事部入会、共享投屏", "会议准时开始"),
        ("14:20", "更换话筒电池四节，清点备用电池", "库存还剩 18 节"),
    ),
    (("10:30", "清洁投影机滤网两台", "出风温度恢复正常"),),
    (
        ("09:15", "会前支持：总部季度会议，双路视频联调", "音视频正常"),
        ("16:00", "给新入职行政人员讲解投屏与预约", "三人，现场操作通过"),
    ),
    (("15:10", "整理备件柜，登记同级备件", ""),),
)
DAYS_BACK = 12


def keep_the_log(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Write and sign the on-site engineer's last days, all but today's and one; archive last month."""
    li, wang = access_of(contract, people, "li"), access_of(contract, people, "wang")
    zone = ZoneInfo(contract.time_zone)
    today = now.astimezone(zone).date()
    rooms = list(
        session.scalars(sa.select(Room.id).where(Room.contract_id == contract.id).order_by(Room.id))
    )
    days = [today - timedelta(days=back) for back in range(DAYS_BACK, -1, -1)]
    for turn, day in enumerate(day for day in days if day.weekday() < 5 or day == today):
        evening = min(datetime.combine(day, time(18, 5), zone), now)
        for number, (clock, done, result) in enumerate(ENTRIES[turn % len(ENTRIES)]):
            if datetime.combine(day, time.fromisoformat(clock), zone) > now:
                continue
            room_id = rooms[(turn * 3 + number) % len(rooms)]
            written = Written(clock, done, result, room_id=room_id)
            write_entry(session, li, _uid(day, number), day, written, evening)
        # The last but one is forgotten, as happens.
        if (today - day).days not in (0, 1):
            remark = "本周无未决事项。" if day.weekday() == 4 else ""
            sign_day(session, li, day, remark, evening)
    last_month = (today.replace(day=1) - timedelta(days=1)).isoformat()[:7]
    try:
        archive_month(session, wang, last_month, now)
    except AppError as error:
        if error.code != "log_month_empty":
            raise


def _uid(day: date, number: int) -> str:
    return str(uuid.uuid5(NAMESPACE, f"log-{day}-{number}"))
