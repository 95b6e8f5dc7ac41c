"""Mails as people, machines and enemies write them."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from itertools import count

from tests.sync.phone import picture

LEAD, STRANGER = "chen.jing@client.example", "someone@elsewhere.example"
_ids = count(1)


def a_mail(
    subject: str = "投影机没有画面",
    text: str = "三点有会，请尽快。",
    *,
    sender: str = f"陈静 <{LEAD}>",
    to: str = "service@provider.example",
    pictures: tuple[bytes, ...] = (),
    html: str = "",
    **headers: str,
) -> bytes:
    """A mail's bytes; ``headers`` are more of them, with ``_`` for ``-``."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    headers = {"Message_ID": f"<{next(_ids)}@client.example>", **headers}
    for name, value in headers.items():
        if value:
            message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.clear_content()
        message.set_content(html, subtype="html")
    for number, data in enumerate(pictures):
        message.add_attachment(data, maintype="image", subtype="jpeg", filename=f"{number}.jpg")
    return message.as_bytes()


def a_photo(seed: int = 1) -> bytes:
    """A picture as a phone takes it."""
    return picture(seed, side=400)
