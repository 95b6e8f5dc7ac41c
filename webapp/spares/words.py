"""The words of the stock's files and of the mail that a stock is low: ``(Chinese, English)``."""

from __future__ import annotations

from webapp.notifications.rules import Language
from webapp.notifications.words import Message, letter

PART_STATES = {
    "enough": ("充足", "Enough"),
    "low": ("低于下限", "Low"),
    "retired": ("停用", "Retired"),
}
MOVEMENT_WORDS = {
    "received": ("入库", "Received"),
    "used": ("领用", "Used"),
    "returned": ("退回", "Returned"),
    "lent": ("借出", "Lent"),
    "counted": ("盘点", "Counted"),
}
LOAN_STATES = {"out": ("借出中", "Out"), "returned": ("已归还", "Returned")}
_LOW: dict[Language, tuple[str, str]] = {
    "zh": (
        "备件 {part} 低于下限：还有 {stock} 件",
        "{contract}：备件 {part} 还有 {stock} 件，低于下限 {threshold} 件，请补货。",
    ),
    "en": (
        "Spare part {part} is low: {stock} left",
        "{contract}: of the spare part {part} {stock} are left, below the threshold of {threshold}. Please restock.",
    ),
}


def low_message(words: dict[str, object], *, name: str, path: str, language: Language) -> Message:
    """The mail that tells ``name`` that a stock is low; ``words`` fill it in."""
    subject, text = _LOW[language]
    body = letter(text.format_map(words), name=name, path=path, language=language)
    return Message(subject.format_map(words), body)
