"""The mails' own words, in Chinese and English: plain text, which every mailbox shows as it is."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from webapp.notifications.rules import HERE, LINK, Language

# What blocks a report; the client's catalogues say the same (a test holds them equal).
BLOCKERS: dict[Language, dict[str, str]] = {
    "zh": {
        "todo": "待检项",
        "revisits": "待再次到访",
        "unsent": "手机上未上传",
        "photos_missing": "照片未到",
        "photos_returned": "照片已退回待补",
        "answers_returned": "读数已退回待答",
        "self_checks": "待自检的会议室",
        "peer_checks": "待互检的会议室",
        "pairs": "重复检查待裁定",
        "photos_unreviewed": "照片未审",
        "answers_to_look_at": "已答复待复看",
        "quarantine": "待处理记录",
        "acceptance": "本月巡检待终验",
        "report": "月度报告待出具",
    },
    "en": {
        "todo": "Inspections to do",
        "revisits": "Second visits due",
        "unsent": "Unsent on the phone",
        "photos_missing": "Photos not here yet",
        "photos_returned": "Returned photos to retake",
        "answers_returned": "Answers sent back, to be given again",
        "self_checks": "Rooms to self-check",
        "peer_checks": "Rooms to peer-check",
        "pairs": "Double inspections to decide",
        "photos_unreviewed": "Photos to review",
        "answers_to_look_at": "Answered, to be looked at again",
        "quarantine": "Held records",
        "acceptance": "Final acceptance of the round",
        "report": "Report to be issued",
    },
}
GROUPS: dict[Language, dict[str, str]] = {
    "zh": {
        "unassigned": "未分配",
        "peers": "另一位工程师",
        "reviewers": "主管",
        "acceptors": "项目经理",
    },
    "en": {
        "unassigned": "Not assigned",
        "peers": "Another engineer",
        "reviewers": "Supervisors",
        "acceptors": "Project manager",
    },
}
# Python's own, which are English as long as nobody sets a locale; nobody does.
_MONTHS = tuple(calendar.month_name)
_FOOT: dict[Language, str] = {
    "zh": "这封邮件由巡检簿自动发出。",
    "en": "Roundbook has sent this mail by itself.",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A mail's subject and text; ``{here}`` in the text stands for the server's address."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what blocks: how many of a kind, and whose; ``name`` is empty for the reader's own.

    ``group`` is whose it is when it has no owner.
    """

    kind: str
    count: int
    group: str
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a reminder is about: which contract's month, due when; ``days_left`` is negative after it."""

    contract_zh: str
    contract_en: str
    month: str
    due_on: date
    days_left: int


def reminder(
    occasion: Occasion,
    lines: Iterable[Line],
    *,
    name: str,
    path: str,
    by_owner: bool,
    language: Language,
) -> Message:
    """The mail of a reminder or an escalation.

    :param by_owner: whether each line says whose it is; else all of it is the reader's own
    """
    rows = list(lines)
    total = sum(line.count for line in rows)
    compose = _in_english if language == "en" else _in_chinese
    subject, opening = compose(occasion, total, by_owner=by_owner)
    told = _by_owner(rows, language) if by_owner else _plain(rows, language)
    text = letter(f"{opening}\n\n{told}", name=name, path=path, language=language)
    return Message(subject, text)


def letter(body: str, *, name: str, path: str, language: Language) -> str:
    """A mail's text: whom it greets, what it says, where that is to be seen, and who sent it.

    ``path`` may be :data:`LINK`, for who has no account; ``name`` is empty where nobody answers for it.
    """
    greetings: dict[Language, tuple[str, str]] = {
        "zh": (f"{name}，您好：", "您好："),
        "en": (f"Hello {name},", "Hello,"),
    }
    hello = greetings[language][0 if name else 1]
    look = "See it here: " if language == "en" else "打开查看："
    # What people wrote stays what it is: only our own mark stands for the server's address.
    body = body.replace(HERE, "{ here }").replace(LINK, "{ link }")
    return f"{hello}\n\n{body}\n\n{look}{HERE}{path}\n\n-- \n{_FOOT[language]}\n"


def _in_chinese(occasion: Occasion, total: int, *, by_owner: bool) -> tuple[str, str]:
    year, month = occasion.month.split("-")
    round_name = f"{year}年{int(month)}月巡检"
    due = f"{occasion.due_on.month}月{occasion.due_on.day}日 24:00"
    when = when_zh(occasion.days_left)
    what = f"{total} 项挡着报告" if by_owner else f"您还有 {total} 项待办"
    subject = f"{round_name}{when}：{what}"
    tense = "应" if occasion.days_left >= 0 else "本应"
    opening = (
        f"{occasion.contract_zh}：{round_name}{tense}于 {due} 前完成并交出报告，{when}。\n"
        + ("出具报告前还差：" if by_owner else "下面这些还在等您：")
    )
    return subject, opening


def when_zh(days_left: int) -> str:
    """How far the due day is, in Chinese; ``days_left`` is negative after it."""
    if days_left == 0:
        return "今天截止"
    return f"还剩 {days_left} 天" if days_left > 0 else f"已逾期 {-days_left} 天"


def _in_english(occasion: Occasion, total: int, *, by_owner: bool) -> tuple[str, str]:
    month = month_in_english(occasion.month)
    due = f"{occasion.due_on.day} {_MONTHS[occasion.due_on.month]}"
    when = when_en(occasion.days_left)
    things = "thing" if total == 1 else "things"
    verb = "blocks" if total == 1 else "block"
    if by_owner:
        what = f"{total} {things} {verb} the report"
    else:
        what = f"{total} {things} left for you to do"
    tense = "is" if occasion.days_left >= 0 else "was"
    opening = (
        f"{occasion.contract_en or occasion.contract_zh}: the round of {month} {tense} to be finished, "
        f"and its report handed over, by the end of {due} ({when}).\n"
        + ("Before the report is out:" if by_owner else "This still waits for you:")
    )
    return f"Round of {month}, {when}: {what}", opening


def month_in_english(month: str) -> str:
    """``2026-10`` as "October 2026"."""
    year, _, number = month.partition("-")
    return f"{_MONTHS[int(number)]} {year}"


def when_en(days_left: int) -> str:
    """How far the due day is, in English; ``days_left`` is negative after it."""
    if days_left == 0:
        return "due today"
    days = f"{abs(days_left)} day" if abs(days_left) == 1 else f"{abs(days_left)} days"
    return f"{days} left" if days_left > 0 else f"{days} overdue"


def money_text(text: str) -> str:
    """A sum as both languages group it: ``CNY 1234.50`` as ``CNY 1,234.50``; never a float."""
    return re.sub(r"\B(?=(?:\d{3})+\.)", ",", text)


def _plain(lines: Iterable[Line], language: Language) -> str:
    words = BLOCKERS[language]
    colon = "：" if language == "zh" else ": "
    return "\n".join(f"- {words.get(line.kind, line.kind)}{colon}{line.count}" for line in lines)


def _by_owner(lines: Iterable[Line], language: Language) -> str:
    owners: dict[str, list[Line]] = {}
    for line in lines:
        owners.setdefault(owner_name(line, language), []).append(line)
    return "\n\n".join(f"{owner}\n{_plain(rows, language)}" for owner, rows in owners.items())


def owner_name(line: Line, language: Language) -> str:
    """Whose a line is: the owner's name in the reader's language, or what a group is called."""
    named: Mapping[Language, str] = {"zh": line.name, "en": line.name_en or line.name}
    return named[language] or GROUPS[language].get(line.group, line.group)


def notice(sentence: str, contract: str, *, name: str, path: str, language: Language) -> Message:
    """The mail of a notice that has no longer text of its own: its sentence, and of which contract."""
    return Message(
        sentence, letter(f"{contract}\n{sentence}", name=name, path=path, language=language)
    )


@dataclass(frozen=True, slots=True)
class Section:
    """What a digest says of one contract.

    ``count`` is how many notices there are in all; ``lines`` are of those that are shown when (local, as
    text), the sentence, and the path that it leads to.
    """

    contract: str
    count: int
    lines: Sequence[tuple[str, str, str]]


# The subject of one contract's and of several, a section's first line, and what is not shown of it.
_DIGEST: dict[Language, tuple[str, str, str, str]] = {
    "zh": (
        "巡检簿摘要：{count} 条通知（{contract}）",
        "巡检簿摘要：{count} 条通知（{contracts} 份合同）",
        "{contract}，还没有读的 {count} 条通知：",
        "还有 {count} 条，请到应用中查看。",
    ),
    "en": (
        "Roundbook digest: {count} {things} ({contract})",
        "Roundbook digest: {count} {things} ({contracts} contracts)",
        "{contract}, {count} {things} that you have not read yet:",
        "And {count} more, which the app shows.",
    ),
}


def digest(sections: Sequence[Section], *, name: str, path: str, language: Language) -> Message:
    """The mail that gathers what was not urgent, a section for each contract."""
    of_one, of_several, _, _ = _DIGEST[language]
    count = sum(one.count for one in sections)
    subject = (of_one if len(sections) == 1 else of_several).format(
        count=count,
        things=_things(count),
        contract=sections[0].contract,
        contracts=len(sections),
    )
    body = "\n\n---\n\n".join(_section(one, language) for one in sections)
    text = letter("\0", name=name, path=path, language=language)
    return Message(subject, text.replace("\0", body))


def _section(one: Section, language: Language) -> str:
    _, _, opening, more = _DIGEST[language]
    head = opening.format(
        count=one.count,
        things=_things(one.count),
        contract=one.contract.replace(HERE, "{ here }"),
    )
    lines = [
        f"{at}  {sentence.replace(HERE, '{ here }')}\n{HERE}{to}" for at, sentence, to in one.lines
    ]
    left = one.count - len(lines)
    return "\n\n".join([head, *lines, *([more.format(count=left)] if left else [])])


def _things(count: int) -> str:
    return "notification" if count == 1 else "notifications"
