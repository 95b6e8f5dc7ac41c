"""What a mail is about, by its words alone: its kind, the cases and labels that it names. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Literal

from webapp.estate.rules import parse_label

Kind = Literal["fault", "complaint"]
_ROOT = uuid.UUID("0b2f6f0e-6d0c-5c1f-9a53-6d61696c696e")
_REPLY = re.compile(
    r"^\s*(?:(?:re|aw|fw|fwd|wg|sv|回复|答复|转发)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)
_IS_REPLY = re.compile(r"^\s*(?:re|aw|sv|回复|答复)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE)
_TAG = re.compile(r"\[([A-Za-z0-9][A-Za-z0-9_.-]{0,31}) ([A-Z][1-9][0-9]{0,8})\]")
_NAME = re.compile(r"(?<![A-Za-z0-9])([A-Z][1-9][0-9]{0,8})(?![A-Za-z0-9])")
_LINK = re.compile(r"/d/[^\s/?#<>\"']{8,20}")
_WORD = re.compile(r"(?<![A-Za-z0-9-])[A-Za-z0-9]{4}[- ]?[A-Za-z0-9]{4}(?![A-Za-z0-9-])")
_COMPLAINT = re.compile(r"投诉|\bcomplaints?\b", re.IGNORECASE)
_QUOTED = (
    re.compile(
        r"^\s*-{2,}\s*(?:original message|forwarded message|原始邮件|转发邮件)", re.IGNORECASE
    ),
    re.compile(r"^\s*on\b.{5,200}\bwrote:\s*$", re.IGNORECASE),
    re.compile(r"^.{0,120}写道\s*[:：]\s*$"),
    re.compile(r"^\s*(?:发件人|寄件者|from)\s*[:：].*[@<]", re.IGNORECASE),
    re.compile(r"^_{10,}\s*$"),
    re.compile(r"^-- ?$"),
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
# A body says enough in its first lines; what stands below is mostly what was quoted.
_LOOKED_AT = 2000
_COMPLAINTS_BOX = frozenset({"complaint", "complaints", "tousu"})


def uid_of(message_id: str, address: str) -> str:
    """What a mail is known by: nobody else's can take its place, and the same again is the same."""
    return str(uuid.uuid5(_ROOT, f"{address}\n{message_id}"))


def subject_of(subject: str, text: str) -> str:
    """What a case is called for it: the subject without Re: and Fwd:, or else the first line."""
    bare = _TAG.sub("", _REPLY.sub("", subject)).strip()
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return (bare or first)[:200]


def is_reply(subject: str) -> bool:
    """Whether its subject says that it answers another."""
    return _IS_REPLY.match(subject) is not None


def own_words(text: str) -> str:
    """A reply without what it quotes; all of it where nothing else is left."""
    kept: list[str] = []
    for line in text.splitlines():
        if any(pattern.match(line) for pattern in _QUOTED):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept).strip() or text


def kind_of(subject: str, to: Iterable[str]) -> Kind:
    """A complaint where its subject or the address that it came to says so; else a fault (clause 46)."""
    tags = {tag for address in to for tag in tags_of(address)}
    return "complaint" if tags & _COMPLAINTS_BOX or _COMPLAINT.search(subject) else "fault"


def tags_of(address: str) -> list[str]:
    """What stands in an address beside the mailbox: ``service+hq-complaint@…`` has ``hq`` and more."""
    local = address.partition("@")[0].lower()
    box, _, tag = local.partition("+")
    return [box, tag, *re.split(r"[.+_-]", tag)] if tag else [box]


def tagged_case(subject: str) -> tuple[str, str] | None:
    """The contract's code and the case's name of ``[HQ F12]``, as our own mails have it."""
    found = _TAG.search(subject)
    return (found[1], found[2]) if found else None


def case_answered(subject: str) -> str | None:
    """The case that a reply is to by its number alone, as ``Re: F12``; among other words F12 may be a room."""
    bare = subject_of(subject, "")
    return bare if is_reply(subject) and _NAME.fullmatch(bare) else None


def cases_named(subject: str, text: str) -> list[str]:
    """The names like F12 that it has, those of the subject first."""
    names = _NAME.findall(subject) + _NAME.findall(text[:_LOOKED_AT])
    return list(dict.fromkeys(names))[:10]


def labels_named(subject: str, text: str) -> list[str]:
    """The label codes in it, each with a check letter that holds."""
    said = f"{subject}\n{text[:_LOOKED_AT]}"
    found = (parse_label(word) for word in _LINK.findall(said) + _WORD.findall(said))
    return list(dict.fromkeys(code for code in found if code))[:10]


def language_of(subject: str, text: str) -> Literal["zh", "en"]:
    """The language that it is answered in."""
    return "zh" if _CHINESE.search(subject + text) else "en"
