"""The words of the ledger's files and of the mail to somebody who is planned: ``(Chinese, English)``."""

from __future__ import annotations

from webapp.notifications.rules import Language
from webapp.notifications.words import Message, letter

STATE_WORDS = {"counted": ("有效", "Counted"), "voided": ("已冲销", "Voided")}
_TEXTS: dict[Language, tuple[str, str]] = {
    "zh": (
        "{case} 非工作时间安排：{from_at} 至 {to_at}",
        "{contract}：{case} {title}\n您被安排在 {from_at} 至 {to_at} 到场。{task}",
    ),
    "en": (
        "{case}: you are planned after hours, {from_at} to {to_at}",
        "{contract}: {case} {title}\nYou are planned from {from_at} to {to_at}. {task}",
    ),
}


def planned_message(words: dict[str, str], *, name: str, path: str, language: Language) -> Message:
    """The mail that tells ``name`` when and for what he is planned; ``words`` fill it in."""
    subject, text = _TEXTS[language]
    body = text.format_map(words).rstrip()
    return Message(subject.format_map(words), letter(body, name=name, path=path, language=language))
