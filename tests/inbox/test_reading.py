"""A mail is read whatever it is: damaged, hostile or merely odd. What it says decides where it goes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inbox.letters import LEAD, a_mail, a_photo
from webapp.estate.rules import new_code, shown_code
from webapp.inbox import rules
from webapp.inbox.message import (
    LARGEST_BYTES,
    MOST_PICTURES,
    UnreadableError,
    read,
    text_of_html,
)


def test_what_a_person_wrote_is_read() -> None:
    mail = read(a_mail(pictures=(a_photo(),), In_Reply_To="<1@x.example>"))
    assert (mail.address, mail.name, mail.subject) == (LEAD, "陈静", "投影机没有画面")
    assert (mail.text, mail.references) == ("三点有会，请尽快。", ("<1@x.example>",))
    assert mail.pictures == (a_photo(),)
    assert not mail.automatic


def test_html_becomes_plain_text() -> None:
    html = "<style>p{}</style><p>没有&nbsp;声音</p><script>alert(1)</script><div>8F<br>西湖厅</div>"
    assert read(a_mail(html=html)).text == "没有 声音\n\n8F\n西湖厅"
    assert text_of_html("<b>a</b" * 2) == "aa</b"


def test_old_chinese_mails_are_read() -> None:
    raw = (
        b"From: a@b.example\r\nSubject: =?gb2312?B?" + b"zbbTsLu6" + b"?=\r\n"
        b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + "投影机坏了镕".encode("gb18030")
    )
    assert read(raw).text == "投影机坏了镕"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example>"},
        {"X_Auto_Response_Suppress": "All"},
        {"Return_Path": "<>"},
        {"sender": "MAILER-DAEMON@client.example"},
        {"sender": "no-reply@client.example"},
    ],
)
def test_what_a_machine_wrote_is_known(headers: dict[str, str]) -> None:
    assert read(a_mail(**headers)).automatic  # type: ignore[arg-type]
    assert not read(a_mail(Auto_Submitted="no")).automatic


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no_sender"),
        (b"\x00\x01", "no_sender"),
        (b"From: nobody\r\n\r\n", "no_sender"),
        (b"From: a@b.example\r\n\r\n" + b"x" * LARGEST_BYTES, "too_large"),
    ],
)
def test_what_is_no_mail_is_refused_with_a_reason(raw: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read(raw)


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("=?utf-8?Q?M=C3=BCller=2C_Hans?=", "Müller, Hans"),
        ("=?utf-8?B?546LLCDkvJ8=?=", "王, 伟"),
        ("=?utf-8?Q?=5BIT=5D_Chen=3B_Jing?=", "[IT] Chen; Jing"),
        ('"=?utf-8?Q?Chen=2C_Jing?="', "Chen, Jing"),
        ("[IT] Müller, Hans", "[IT] Müller, Hans"),
        ("=?utf-8?Q?Chen?= 静", "Chen 静"),
        ("=?utf-8?Q?eve=40elsewhere=2Eexample=2C?=", "eve@elsewhere.example,"),
    ],
)
def test_no_name_hides_the_address_behind_it(sender: str, name: str) -> None:
    raw = f"From: {sender} <{LEAD}>\r\nTo: {sender} <service+hq@p.example>\r\n\r\nx"
    mail = read(raw.encode())
    assert (mail.address, mail.name) == (LEAD, name)
    assert "service+hq@p.example" in mail.to


def test_an_address_within_an_encoded_word_is_read() -> None:
    mail = read(b"From: =?utf-8?B?546L5LyfIDxhQGIuZXhhbXBsZT4=?=\r\n\r\nx")
    assert (mail.address, mail.name) == ("a@b.example", "王伟")


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_subject_in_bare_bytes_is_read(charset: str) -> None:
    raw = b"From: a@b.example\r\nSubject: " + "没有声音，\r\n 急".encode(charset) + b"\r\n\r\nx"
    assert read(raw).subject == "没有声音， 急"


@pytest.mark.parametrize(
    "html",
    [
        "<html><head><meta charset=utf-8><body><p>没有声音</p></body></html>",
        "<head><title>T</title><style>p{}</style><p>没有声音",
        "<head><template>T<body>没有声音</body>",
    ],
)
def test_a_head_without_an_end_hides_no_words(html: str) -> None:
    assert text_of_html(html) == "没有声音"


def test_a_mail_without_a_sender_keeps_its_words() -> None:
    mail = read(b"From: nobody\r\nTo: service+hq@p.example\r\nSubject: no sound\r\n\r\nhelp")
    assert (mail.address, mail.name, mail.subject, mail.text) == ("", "nobody", "no sound", "help")


def test_a_header_brings_no_second_one() -> None:
    raw = (
        b"From: =?utf-8?q?Eve=0D=0ABcc:_x@y.example?= <eve@x.example>\r\n"
        b"Subject: =?utf-8?q?Hi=0D=0ATo:_all@client.example?=\r\n\r\nx"
    )
    mail = read(raw)
    assert mail.subject == "Hi To: all@client.example"
    assert "\n" not in mail.name


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--",
        b"From: a@b.example\r\nContent-Type: text/plain; charset=punycode\r\n\r\n" + b"x-" * 9000,
        b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%not base64",
        b"From: a@b.example\r\nContent-Type: image/jpeg\r\n\r\n<html>",
        b"From: a@b.example\r\nSubject: " + b"=?utf-8?q?" * 4000 + b"\r\n\r\nx",
        b"From: a@b.example\r\nReferences: " + b"<a@b>" * 9000 + b"\r\n\r\nx",
    ],
)
def test_damaged_and_hostile_mails_are_read_as_far_as_they_go(raw: bytes) -> None:
    mail = read(raw)
    assert mail.address == "a@b.example"
    assert mail.pictures == ()
    assert len(mail.references) <= 40


def test_mails_within_mails_within_mails_break_nothing() -> None:
    raw = b"From: a@b.example\r\n"
    for depth in range(1500):
        raw += b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (depth, depth)
    with suppress(UnreadableError):
        assert read(raw).pictures == ()


def test_pictures_are_counted_and_measured() -> None:
    many = read(a_mail(pictures=tuple(a_photo(seed) for seed in range(20))))
    assert len(many.pictures) <= MOST_PICTURES * 3


@given(st.binary(max_size=400))
def test_no_bytes_at_all_break_the_reader(raw: bytes) -> None:
    for whole in (raw, b"From: a@b.example\r\nContent-Type: multipart/mixed; " + raw):
        with suppress(UnreadableError):
            read(whole)


@pytest.mark.parametrize(
    ("subject", "to", "kind"),
    [
        ("投影机没有画面", "service@p.example", "fault"),
        ("投诉：响应太慢", "service@p.example", "complaint"),
        ("A complaint about response", "service@p.example", "complaint"),
        ("No sound", "service+hq-complaint@p.example", "complaint"),
        ("No sound", "service+hq@p.example", "fault"),
    ],
)
def test_a_complaint_says_so_by_its_subject_or_its_address(
    subject: str, to: str, kind: str
) -> None:
    assert rules.kind_of(subject, [to]) == kind


def test_cases_and_labels_are_found_in_words() -> None:
    code = new_code()
    assert rules.labels_named("坏了", f"标签 {shown_code(code)}，还有 ABCD-EFGH") == [code]
    assert rules.labels_named("", f"HTTPS://x.example/d/{code.lower()}") == [code]
    assert rules.tagged_case("回复: [HQ F12] 已收到您的报障") == ("HQ", "F12")
    assert rules.cases_named("Re: F12", "见 C3；XF9 与 F0 不是") == ["F12", "C3"]
    assert rules.case_answered("回复：Re: F12 ") == "F12"


@pytest.mark.parametrize("subject", ["F12", "Fwd: F12", "Re: F12会议室没有声音", "Re: 会议室 F12"])
def test_what_may_be_a_room_is_no_answer_to_a_case(subject: str) -> None:
    assert rules.case_answered(subject) is None


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, 5 Oct 2026 at 10:00, Roundbook wrote:\n> F9",
        "在 2026年10月5日，巡检簿 写道：\n> F9",
        "-----原始邮件-----\n发件人: x",
        "发件人: Roundbook <r@p.example>\n主题: x",
        "________________________________\nFrom: x",
        "-- \n陈静 IT",
    ],
)
def test_a_reply_keeps_its_own_words(quoted: str) -> None:
    assert rules.own_words(f"还是不行。\n{quoted}") == "还是不行。"
    assert rules.own_words("> only quoted") == "> only quoted"


def test_a_case_is_called_by_the_subject_without_its_prefixes() -> None:
    assert rules.subject_of("Re: 转发：RE[2]: 没有声音", "x") == "没有声音"
    assert rules.subject_of("Re: ", "\n第一行\n第二行") == "第一行"
