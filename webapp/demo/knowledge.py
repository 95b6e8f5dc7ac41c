"""The demo's knowledge base: a few articles, one with two versions, one withdrawn, one linked with a fault."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.demo.service_desk import NAMESPACE, access_of
from webapp.identity.models import Contract
from webapp.knowledge.services import (
    Draft,
    change_article,
    link_article,
    set_state,
    write_article,
)

ARTICLES = (
    Draft(
        title="话筒有啸叫",
        problem="音量开大就叫，靠近扬声器时更响。",
        cause="增益过高，扬声器正对话筒；反馈抑制没有打开。",
        solution="1. 把话筒增益降 6 dB\n2. 打开处理器的反馈抑制\n3. 转开扬声器或换近讲话筒",
        device_types=["microphone", "dsp"],
    ),
    Draft(
        title="会议终端无法入会，一直转圈",
        problem="点入会后一直转圈，换会议号也一样；网页能打开。",
        cause="终端时间差了几分钟，证书校验失败。",
        solution="把时间同步服务器设为内网地址，重启终端后再入会。",
        device_types=["codec"],
    ),
    Draft(
        title="ClickShare 投屏十分钟后断开",
        problem="投屏正常，约十分钟后断开，指示灯变红。",
        cause="旧固件的省电缺陷。",
        solution="升级固件；来不及时在设置里关闭省电。",
        device_types=["clickshare"],
    ),
    Draft(
        title="投影画面偏黄",
        problem="整幅画面偏黄，换信号源也一样。",
        cause="灯泡接近寿命，或色轮积尘。",
        solution="先看灯泡时数：超过更换时数就换灯并清零；否则清洁色轮，再做一次白平衡。",
        device_types=["projector"],
    ),
    Draft(
        title="电视遥控器失灵",
        problem="按键没有反应。",
        solution="先换电池，再用手机相机看有没有红外光。",
        device_types=["display"],
    ),
)


def fill_the_knowledge_base(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Write the articles over some weeks; link the first with the fault that it helped."""
    li, wang = access_of(contract, people, "li"), access_of(contract, people, "wang")
    for number, draft in enumerate(ARTICLES, 1):
        at = now - timedelta(days=40 - 6 * number)
        write_article(session, li, str(uuid.uuid5(NAMESPACE, f"article-{number}")), draft, at)
    better = Draft(
        title=ARTICLES[1].title,
        problem=ARTICLES[1].problem,
        cause=f"{ARTICLES[1].cause}另一种可能：主板电源故障，开机后几分钟断线。",
        solution=f"{ARTICLES[1].solution}仍不行就测电源板电压，返厂更换。",
        device_types=["codec"],
    )
    at = now - timedelta(days=6)
    change_article(session, wang, 2, better, at, version=1, note="补上电源故障")
    set_state(session, wang, 5, "withdrawn", now - timedelta(days=3))
    fault = session.scalars(
        sa.select(Case)
        .where(Case.contract_id == contract.id, Case.kind == "fault")
        .order_by(Case.number)
    ).first()
    if fault is not None:
        link_article(session, wang, called(fault), 2, now - timedelta(days=6))
