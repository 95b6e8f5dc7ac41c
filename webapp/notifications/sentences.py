"""What a notice says in one sentence: of a push, and of a line in the digest.

The client's catalogues say the same under ``notify.<kind>``; a test holds them equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webapp.notifications.rules import Language
from webapp.notifications.words import money_text, month_in_english, when_en, when_zh

SENTENCES: dict[Language, dict[str, str]] = {
    "zh": {
        "remind": "{month}巡检{when}：你还有 {count} 项待办",
        "remind_all": "{month}巡检{when}：{count} 项挡着报告",
        "escalate": "{month}巡检{when}：{count} 项挡着报告",
        "sent_back": "{month}巡检退回给你 {count} 项：请补答或重拍",
        "round_ready": "{month}巡检已于 {at} 全部自检、互检完毕，待你终验",
        "mail_failed": "发给 {to} 的邮件被拒收：{reason}",
        "report_confirmed": "{name} 已确认 {number}",
        "report_commented": "{name} 对 {number} 有意见",
        "case_warning": "{name} {title}：{clock}快到时限（{due}）",
        "case_breach": "{name} {title}：{clock}已超时（{due}）",
        "case_escalation": "{name} {title}：{clock}仍未完成（时限 {due}）",
        "case_opened": "新的服务单 {name}：{title}",
        "case_assigned": "{name} 由你负责：{title}",
        "case_answered": "{name} 已有结果：{title}",
        "case_said": "{name} {title}：{by}说“{said}”",
        "case_reopened": "{name} {title}：{by}重新打开：{said}",
        "hours_planned": "{case} {title}：您被安排 {from_at} 至 {to_at}",
        "hours_withdrawn": "{case} {title}：您 {from_at} 至 {to_at} 的安排已取消",
        "hours_after_confirming": "{case} {title} 确认之后又登记了 {hours} 小时（{person}）：请核对",
        "quality_check_soon": "质量检查 {day} 进行：{title}",
        "quality_check_overdue": "质量检查未按期进行（{day}）：{title}",
        "quality_action_soon": "整改措施 {day} 到期：{title}",
        "quality_action_overdue": "整改措施已逾期（{day}）：{title}",
        "stock_low": "备件 {part} 低于下限：还有 {stock} 件（下限 {threshold}）",
        "quote_sent": "{number} 待您批准：{title}（{total}）",
        "quote_approved": "{name} 已批准 {number}（{total}）",
        "quote_declined": "{name} 未批准 {number}（{total}）",
        "quote_ends_soon": "{number} 将于 {day} 到期，尚未答复：{title}",
        "quote_expired": "{number} 已于 {day} 到期，未获答复：{title}",
        "loan_overdue": "借出的 {what} 应于 {day} 归还，已逾期（{case}）",
        "hours_low": "{year} 合同年的免费工时已用 {used} 小时，共 {free} 小时",
        "hours_used_up": "{year} 合同年的免费工时已用完：{used} 小时，共 {free} 小时",
        "stand_in_begins": "{stand_in} 代班 {name}：{from} 至 {to}",
        "stand_in_ends": "{stand_in} 代班 {name} 已于 {to} 结束：请交还手上的工作",
        "manual_to_read": "请阅读《{title}》第 {version} 版并确认",
        "webhook_off": "推送“{name}”连日失败，已停用：{address}",
        "mail_to_sort": "来信待分拣：{name} {subject}",
        "other": "有新的通知",
    },
    "en": {
        "remind": "Round of {month}, {when}: {count} {count|thing|things} left for you to do",
        "remind_all": "Round of {month}, {when}: {count} {count|thing blocks|things block} the report",
        "escalate": "Round of {month}, {when}: {count} {count|thing blocks|things block} the report",
        "sent_back": "Round of {month}: {count} {count|answer or photo|answers or photos} sent back to you",
        "round_ready": "Round of {month}: every room was checked twice by {at}; it waits for your acceptance",
        "mail_failed": "The e-mail to {to} was refused: {reason}",
        "report_confirmed": "{name} has confirmed {number}",
        "report_commented": "{name} has commented on {number}",
        "case_warning": "{name} {title}: {clock} is due soon ({due})",
        "case_breach": "{name} {title}: {clock} is overdue ({due})",
        "case_escalation": "{name} {title}: {clock} is still not done (due {due})",
        "case_opened": "New case {name}: {title}",
        "case_assigned": "{name} is yours: {title}",
        "case_answered": "{name} has its answer: {title}",
        "case_said": "{name} {title}: {by} says “{said}”",
        "case_reopened": "{name} {title}: {by} has opened it again: {said}",
        "hours_planned": "{case} {title}: you are planned from {from_at} to {to_at}",
        "hours_withdrawn": "{case} {title}: you are not planned any more from {from_at} to {to_at}",
        "hours_after_confirming": "{case} {title}: {hours} h logged after it was confirmed ({person}); please check",
        "quality_check_soon": "Quality check on {day}: {title}",
        "quality_check_overdue": "Quality check not held ({day}): {title}",
        "quality_action_soon": "Corrective action due on {day}: {title}",
        "quality_action_overdue": "Corrective action overdue ({day}): {title}",
        "stock_low": "Spare part {part} is low: {stock} left, threshold {threshold}",
        "quote_sent": "{number} waits for your approval: {title} ({total})",
        "quote_approved": "{name} has approved {number} ({total})",
        "quote_declined": "{name} has declined {number} ({total})",
        "quote_ends_soon": "{number} ends on {day} and has no answer yet: {title}",
        "quote_expired": "{number} ended on {day} without an answer: {title}",
        "loan_overdue": "The loaner {what} was due back on {day} ({case})",
        "hours_low": "{used} of the {free} free hours of the contract year {year} are used",
        "hours_used_up": "The free hours of the contract year {year} are used up: {used} of {free}",
        "stand_in_begins": "{stand_in} stands in for {name}, {from} to {to}",
        "stand_in_ends": "{stand_in} stood in for {name} until {to}: please give back what is left",
        "manual_to_read": "Please read {title}, version {version}, and confirm it",
        "webhook_off": "The webhook “{name}” has failed for days and is switched off: {address}",
        "mail_to_sort": "A mail waits to be sorted: {name} {subject}",
        "other": "Something new",
    },
}
_PLACE = re.compile(r"\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}")


def sentence(
    kind: str,
    details: Mapping[str, Any],
    language: Language,
    clocks: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """A notice in one sentence; what somebody wrote in its details is never filled in again.

    :param clocks: what the clocks are called, ``(Chinese, English)``; notifications know no cases
    """
    words = SENTENCES[language]
    key = "remind_all" if kind == "remind" and details.get("by_owner") else kind
    values = {**details, **_spoken(details, language, clocks or {})}

    def fill(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        if match[2] is not None:
            return match[2] if value == 1 else match[3]
        return str(value)

    return _PLACE.sub(fill, words.get(key, words["other"]))


def _spoken(
    details: Mapping[str, Any], language: Language, clocks: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """What stands as data in the details and as words in the sentence.

    A person's name stands there twice, as ``name`` and ``name_en``; old notices have the first alone.
    """
    english, spoken = language == "en", {}
    if english:
        spoken = {
            key[:-3]: value for key, value in details.items() if key.endswith("_en") and value
        }
    if isinstance(month := details.get("month"), str) and month:
        year, _, number = month.partition("-")
        spoken["month"] = month_in_english(month) if english else f"{year}年{int(number)}月"
    if isinstance(left := details.get("days_left"), int):
        spoken["when"] = when_en(left) if english else when_zh(left)
    if isinstance(total := details.get("total"), str):
        spoken["total"] = money_text(total)
    if isinstance(clock := details.get("clock"), str) and clock in clocks:
        spoken["clock"] = clocks[clock][1 if english else 0]
    return spoken
