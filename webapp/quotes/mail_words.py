"""The mail by which a quote goes to the client, in the quote's own language or in both."""

from __future__ import annotations

from webapp import links
from webapp.cases.models import Case
from webapp.cases.opening import called as case_called
from webapp.identity.models import Contract
from webapp.notifications.rules import HERE
from webapp.notifications.words import Message, money_text
from webapp.quotes.models import Quote
from webapp.quotes.services import called
from webapp.quotes.story import amount_of
from webapp.quotes.words import KIND_WORDS


def sent(quote: Quote, contract: Contract, case: Case, link: str, message: str) -> Message:
    """What it is of, what it comes to, until when it holds, and the link that answers it."""
    language = quote.language
    texts = {"zh": _in_chinese, "en": _in_english}
    parts = [
        make(quote, contract, case, link)
        for key, make in texts.items()
        if language in (key, "both")
    ]
    # What people wrote stays what it is: only our own mark stands for the server's address.
    said = message.strip().replace(HERE, "{ here }")
    own = f"{said}\n\n---\n\n" if said else ""
    hash_line = f"SHA-256 {quote.content_sha256}\n"
    return Message(
        _subject(quote, contract, case), own + "\n---\n\n".join(parts) + "\n" + hash_line
    )


def _subject(quote: Quote, contract: Contract, case: Case) -> str:
    at = 1 if quote.language == "en" else 0
    name = (contract.name_en or contract.name_zh) if at else contract.name_zh
    return f"{KIND_WORDS[quote.kind][at]} {called(quote)} · {case.title} · {name}"


def _in_chinese(quote: Quote, contract: Contract, case: Case, link: str) -> str:
    return (
        f"您好：\n\n{contract.name_zh} 的服务单 {case_called(case)}“{_plain(case.title)}”"
        f"需要您批准费用：{KIND_WORDS[quote.kind][0]} {called(quote)}，"
        f"含税合计 {money_text(amount_of(quote))}，{quote.valid_until} 前有效。\n"
        f"请点开下面的链接查看明细，并批准或退回（无需登录）：\n\n{link}\n\n"
        f"链接 {links.LIFETIME.days} 天内有效。请勿转发：持有链接者即可代您批准。\n"
    )


def _in_english(quote: Quote, contract: Contract, case: Case, link: str) -> str:
    return (
        f"Hello,\n\n{case_called(case)} ({_plain(case.title)}) of"
        f" {contract.name_en or contract.name_zh} needs your approval of its cost:"
        f" {KIND_WORDS[quote.kind][1].lower()} {called(quote)}, {money_text(amount_of(quote))}"
        f" with tax, valid until {quote.valid_until}.\n"
        "Open this link to see its lines, and to approve or decline it; no account is needed:"
        f"\n\n{link}\n\nThe link works for {links.LIFETIME.days} days. Please don't pass it on:"
        " whoever has it can approve in your place.\n"
    )


def _plain(text: str) -> str:
    return text.replace(HERE, "{ here }")
