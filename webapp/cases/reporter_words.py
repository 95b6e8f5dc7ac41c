"""The two mails to who told of a fault or a complaint and has no account, in Chinese and English.

Nothing that a stranger wrote stands in the first: whoever gives another's address sends him no words of
his own by us.
"""

from __future__ import annotations

from dataclasses import dataclass

from webapp.notifications.rules import LINK, Language
from webapp.notifications.words import Message, letter


@dataclass(frozen=True, slots=True)
class Told:
    """What a mail is about: ``place`` is where the device stands; ``answer`` what was done about it."""

    contract_code: str
    contract_zh: str
    contract_en: str
    kind: str
    name: str
    place: str = ""
    answer: str = ""
    by_mail: bool = False


_WHAT = {"fault": ("故障", "fault"), "complaint": ("投诉", "complaint")}
_RECEIVED = {
    "fault": ("已收到您的报障", "we have your fault report"),
    "complaint": ("已收到您的投诉", "we have your complaint"),
}
_ENDED = {
    "fault": ("故障已处理，请您评价", "solved? Please tell us"),
    "complaint": ("投诉已答复，请您评价", "answered. Are you content?"),
}


def received(about: Told, *, name: str, language: Language) -> Message:
    """The acknowledgement: the number, and the link to follow it by."""
    at = 1 if language == "en" else 0
    what, place = _WHAT[about.kind][at], _place(about, language)
    if language == "en":
        body = (
            f"Your {what} has been recorded as {about.name} ({about.contract_en or about.contract_zh}"
            f"{place}).\n"
            "The link below shows how it stands, and takes more words and photos; no account is needed."
        )
        reply = "\nYou can also answer this mail; please leave the number in its subject."
    else:
        body = (
            f"您的{what}已登记，编号 {about.name}（{about.contract_zh}{place}）。\n"
            "打开下面的链接可查看进展、补充说明和照片，无需登录。"
        )
        reply = "\n直接回复这封邮件也可以补充，请保留主题中的编号。"
    text = letter(body + (reply if about.by_mail else ""), name=name, path=LINK, language=language)
    return Message(f"{_tag(about)} {_RECEIVED[about.kind][at]}", text)


def ended(about: Told, *, name: str, language: Language) -> Message:
    """It counts as solved, or is answered: what was done, and the link to say whether it is so."""
    at = 1 if language == "en" else 0
    what = _WHAT[about.kind][at]
    if language == "en":
        done = "solved" if about.kind == "fault" else "answered"
        body = (
            f"Your {what} {about.name}{_place(about, language)} counts as {done}:\n\n{about.answer}\n\n"
            "Please tell us by the link below whether that is so, and how content you are (1 to 5)."
            " If it is not, it will be opened again."
        )
    else:
        done = "已处理完毕" if about.kind == "fault" else "已答复"
        body = (
            f"您的{what} {about.name}{_place(about, language)} {done}：\n\n{about.answer}\n\n"
            "请打开下面的链接告诉我们是否属实、是否满意（1 至 5 分）。如果没有解决，我们会重新处理。"
        )
    text = letter(body, name=name, path=LINK, language=language)
    return Message(f"{_tag(about)} {_ENDED[about.kind][at]}", text)


def _tag(about: Told) -> str:
    """What a reply's subject is known by."""
    return f"[{about.contract_code} {about.name}]"


def _place(about: Told, language: Language) -> str:
    if not about.place:
        return ""
    return f", {about.place}" if language == "en" else f"，{about.place}"
