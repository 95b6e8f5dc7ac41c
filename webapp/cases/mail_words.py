"""The words of the mails that tell of a case and of its clocks, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.cases.words import CLOCK_WORDS, KIND_WORDS
from webapp.notifications.rules import Language
from webapp.notifications.words import Message, letter

# Subject and sentence, by what is told.
_TEXTS: dict[str, dict[Language, tuple[str, str]]] = {
    "case_warning": {
        "zh": ("{name} 的{clock}快到时限：{title}", "{clock}须在 {due} 前完成。"),
        "en": ("{name}: {clock} is due soon: {title}", "{clock} is due by {due}."),
    },
    "case_breach": {
        "zh": ("{name} 的{clock}已超时：{title}", "{clock}本应在 {due} 前完成，现已超时。"),
        "en": ("{name}: {clock} is overdue: {title}", "{clock} was due by {due} and is overdue."),
    },
    "case_escalation": {
        "zh": ("{name} 的{clock}仍未完成：{title}", "{clock}本应在 {due} 前完成，至今未完成。"),
        "en": (
            "{name}: {clock} is still not done: {title}",
            "{clock} was due by {due} and is still not done.",
        ),
    },
    "case_opened": {
        "zh": ("新的{kind} {name}：{title}", "有一张新的服务单，请接手。"),
        "en": ("New case {name} ({kind}): {title}", "There is a new case to be taken over."),
    },
    "case_assigned": {
        "zh": ("{kind} {name} 由您负责：{title}", "这张服务单现在由您负责。"),
        "en": ("{name} ({kind}) is yours: {title}", "This case is yours now."),
    },
    "case_answered": {
        "zh": ("{kind} {name} 已有结果：{title}", "您提出的服务单已处理，请查看。"),
        "en": (
            "{name} ({kind}) has its answer: {title}",
            "What you told us of has been dealt with: please have a look.",
        ),
    },
    "case_said": {
        "zh": ("{name} 有新的留言：{title}", "{by}：{said}"),
        "en": ("{name}: something new was said: {title}", "{by}: {said}"),
    },
    "case_reopened": {
        "zh": ("{name} 又被打开：{title}", "{by}：{said}\n时限已重新开始计算，请接手。"),
        "en": (
            "{name} is open again: {title}",
            "{by}: {said}\nIts time runs anew: please take it over.",
        ),
    },
}


@dataclass(frozen=True, slots=True)
class About:
    """The case that a mail is about; ``clock`` and ``due`` (local time, as text) where it is one of its
    clocks, ``by`` and ``said`` where it is what somebody says of it.
    """

    contract_zh: str
    contract_en: str
    kind: str
    name: str
    title: str
    clock: str = ""
    due: str = ""
    by: str = ""
    by_en: str = ""
    said: str = ""


def message(kind: str, about: About, *, name: str, path: str, language: Language) -> Message:
    """The mail that tells ``name`` of a case: what, of which case, and where it is to be seen."""
    at = 1 if language == "en" else 0
    words = {
        "name": about.name,
        "title": about.title,
        "due": about.due,
        "by": (about.by_en if at else "") or about.by,
        "said": about.said,
        "kind": KIND_WORDS[about.kind][at],
        "clock": CLOCK_WORDS[about.clock][at] if about.clock else "",
    }
    subject, sentence = (text.format(**words) for text in _TEXTS[kind][language])
    contract = (about.contract_en or about.contract_zh) if at else about.contract_zh
    colon = ": " if at else "："
    opening = f"{contract}{colon}{about.name} {about.title}\n{sentence}"
    return Message(subject, letter(opening, name=name, path=path, language=language))
