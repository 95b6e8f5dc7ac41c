"""A mail leaves after the commit, once, whatever the server does; nothing in it becomes a header."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.notifications.smtp_server import SmtpServer
from webapp import jobs
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.jobs import Job
from webapp.mailing import _LEFT_ALONE_UNTIL
from webapp.notifications import mail as mails
from webapp.notifications import services
from webapp.notifications.mail import (
    FolderTransport,
    Outgoing,
    Sender,
    SmtpTransport,
    UnreachableError,
    message_of,
    sender_for,
    transport_for,
)
from webapp.notifications.models import Mail, Notification
from webapp.notifications.rules import MAXIMUM_SUBJECT, is_address, one_line, unique_key

SENDER = Sender("roundbook@example.com", "Roundbook", "https://rounds.example.com")
AT = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)


@pytest.fixture
def carried_by(app: Flask) -> Iterator[Callable[[object], None]]:
    """Has the app's mails carried by something else until the test ends."""
    kept = {name: app.extensions.get(name) for name in ("mail_transport", "mail_sender")}
    app.extensions["mail_sender"] = SENDER

    def carry(transport: object) -> None:
        app.extensions["mail_transport"] = transport

    yield carry
    app.extensions.update(kept)
    app.extensions.pop(_LEFT_ALONE_UNTIL, None)


def _outgoing(**fields: object) -> Outgoing:
    values = {
        "id": 1,
        "contract_id": None,
        "unique_key": "key",
        "to_address": "zhou@example.com",
        "to_name": "周敏",
        "subject": "十月巡检",
        "text": "您好",
        "reply_to": "",
        "created_at": AT,
        "useful_until": None,
        "attempts": 0,
    }
    return Outgoing(**{**values, **fields})  # type: ignore[arg-type]


def _write(to: str = "zhou@example.com", key: str = "report 10", **fields: object) -> bool:
    with unit_of_work() as session:
        return services.mail(
            session,
            to,
            "十月巡检报告 October's report",
            "请看 {here}/r/1\n\n谢谢",
            key,
            now=now_utc(),
            **fields,  # type: ignore[arg-type]
        )


def _work(app: Flask, rounds: int = 1) -> None:
    """Do what waits, as often as is said, as if every back-off were over."""
    for _ in range(rounds):
        app.extensions.pop(_LEFT_ALONE_UNTIL, None)
        with unit_of_work() as session:
            session.execute(sa.update(Job).values(not_before=now_utc() - timedelta(seconds=1)))
        while jobs.work_once("w"):
            app.extensions.pop(_LEFT_ALONE_UNTIL, None)


def _only() -> Mail:
    db.session.rollback()
    return db.session.scalars(sa.select(Mail)).one()


def _smtp(server: SmtpServer, **fields: object) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", server.port, timeout_seconds=5, **fields)  # type: ignore[arg-type]


def test_a_mail_is_sent_once_and_noted(app: Flask, carried_by: Callable) -> None:
    with SmtpServer() as server:
        carried_by(transport_for(server.url, Path("nowhere")))
        assert _write(to_name="周敏", reply_to="wang@example.com")
        _work(app, 3)
    (taken,) = server.taken
    assert (taken.sender, taken.to) == ("roundbook@example.com", ["zhou@example.com"])
    message = taken.message
    assert message["Subject"] == "十月巡检报告 October's report"
    assert str(message["To"]) == "周敏 <zhou@example.com>"
    assert message["Reply-To"] == "wang@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().split() == ["请看", "https://rounds.example.com/r/1", "谢谢"]
    assert taken.data.isascii()
    assert (_only().state, _only().attempts, _only().last_error) == ("sent", 1, "")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


def test_a_key_is_mailed_once_for_ever(app: Flask, carried_by: Callable) -> None:
    with SmtpServer() as server:
        carried_by(_smtp(server))
        assert _write()
        assert not _write()
        _work(app)
        assert not _write()
        _work(app)
    assert len(server.taken) == 1


def test_a_change_that_is_rolled_back_mails_nobody(app: Flask, carried_by: Callable) -> None:
    def write_and_fail() -> None:
        with unit_of_work() as session:
            services.mail(session, "zhou@example.com", "s", "t", "k", now=now_utc())
            raise ValueError("no")

    with SmtpServer() as server:
        carried_by(_smtp(server))
        with pytest.raises(ValueError, match="no"):
            write_and_fail()
        _work(app)
    assert server.connections == 0


def test_no_transaction_is_held_while_the_server_is_talked_to(
    app: Flask, carried_by: Callable
) -> None:
    class Looking:
        def send(self, message: object) -> None:
            self.held = db.session().in_transaction()

    looking = Looking()
    carried_by(looking)
    _write()
    _work(app)
    assert looking.held is False
    assert _only().state == "sent"


def test_a_server_that_is_down_loses_nothing_and_takes_all_when_it_is_up_again(
    app: Flask, carried_by: Callable
) -> None:
    with SmtpServer() as gone:
        port = gone.port
    carried_by(SmtpTransport("127.0.0.1", port, timeout_seconds=5))
    for number in range(3):
        _write(key=f"mail {number}")
    _work(app, 2)
    rows = db.session.scalars(sa.select(Mail).execution_options(populate_existing=True)).all()
    assert {row.state for row in rows} == {"waiting"}
    assert all(row.attempts == 2 and "refused" in row.last_error for row in rows)
    with SmtpServer(port) as server:
        _work(app)
    assert len(server.taken) == 3
    assert len({taken.message["Message-ID"] for taken in server.taken}) == 3


def test_a_server_that_failed_a_moment_ago_is_left_alone(app: Flask, carried_by: Callable) -> None:
    with SmtpServer(greeting="421 too busy") as server:
        carried_by(_smtp(server))
        for number in range(5):
            _write(key=f"mail {number}")
        while jobs.work_once("w"):
            pass
        assert server.connections == 1
    waiting = db.session.scalars(sa.select(Job)).all()
    assert len(waiting) == 5
    assert all(job.not_before > now_utc() for job in waiting)


@pytest.mark.parametrize(
    "behaviour",
    [
        {"drop_at": "greeting"},
        {"drop_at": "rcpt"},
        {"drop_at": "data"},
        {"greeting": "421 too busy"},
        {"greeting": "554 not you"},
        {"mail": "550 not from this address"},
        {"rcpt": "451 greylisted, come again"},
        {"rcpt": "421 closing"},
        {"end": "452 disk full"},
    ],
)
def test_what_passes_by_is_tried_again_and_then_sent_once(
    app: Flask, carried_by: Callable, behaviour: dict[str, Any]
) -> None:
    with SmtpServer(**behaviour) as server:
        carried_by(_smtp(server))
        _write()
        _work(app, 2)
        assert server.taken == []
        assert (_only().state, _only().attempts) == ("waiting", 2)
        assert _only().last_error
        server.behaviour = type(server.behaviour)()
        _work(app, 3)
    assert len(server.taken) == 1
    assert _only().state == "sent"


@pytest.mark.parametrize(
    "behaviour", [{"rcpt": "550 5.1.1 nobody of that name"}, {"end": "554 this looks like spam"}]
)
def test_a_refusal_for_good_is_not_tried_again_and_its_words_are_kept(
    app: Flask, carried_by: Callable, behaviour: dict[str, Any]
) -> None:
    with SmtpServer(**behaviour) as server:
        carried_by(_smtp(server))
        _write()
        _work(app, 3)
        assert server.connections == 1
    assert _only().state == "failed"
    assert _only().last_error == next(iter(behaviour.values()))


def test_who_answers_for_the_report_is_told_of_a_refusal_once(
    app: Flask, carried_by: Callable, contract: Contract, manager: User, engineer: User
) -> None:
    with SmtpServer(rcpt="550 5.1.1 nobody of that name") as server:
        carried_by(_smtp(server))
        _write(contract_id=contract.id, to_name="周敏")
        _work(app, 2)
    told = db.session.scalars(sa.select(Notification)).one()
    assert (told.user_id, told.kind) == (manager.id, "mail_failed")
    assert told.details == {"to": "周敏", "reason": "550 5.1.1 nobody of that name"}
    assert told.path == "/desk/contract?view=mail&state=failed&contract=HQ"
    assert len(db.session.scalars(sa.select(Mail)).all()) == 1


@pytest.mark.parametrize("named", ["周敏", "Zhou Min"])
def test_whose_mail_was_refused_is_told_by_both_his_names(
    app: Flask, carried_by: Callable, contract: Contract, manager: User, named: str
) -> None:
    factories.user("zhou", "周敏", name_en="Zhou Min", email="zhou@example.com")
    with SmtpServer(rcpt="550 5.1.1 nobody of that name") as server:
        carried_by(_smtp(server))
        _write(contract_id=contract.id, to_name=named)
        _work(app, 1)
    told = db.session.scalars(sa.select(Notification)).one()
    assert (told.details["to"], told.details["to_en"]) == ("周敏", "Zhou Min")


def test_a_connection_that_breaks_before_the_last_answer_gives_the_same_mail_again(
    app: Flask, carried_by: Callable
) -> None:
    with SmtpServer(drop_at="end") as server:
        carried_by(_smtp(server))
        _write()
        _work(app)
        server.behaviour.drop_at = ""
        _work(app)
    first, second = server.taken
    assert first.data == second.data
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert _only().state == "sent"


@pytest.mark.parametrize("bye", ["500 what", "not a line of smtp"])
def test_what_comes_after_the_acceptance_changes_nothing(
    app: Flask, carried_by: Callable, bye: str
) -> None:
    with SmtpServer(bye=bye) as server:
        carried_by(_smtp(server))
        _write()
        _work(app, 2)
    assert len(server.taken) == 1
    assert _only().state == "sent"


def test_a_server_that_drips_is_hung_up_on() -> None:
    with SmtpServer(drip=True) as server:
        transport = _smtp(server, conversation_seconds=0.2)
        with pytest.raises(UnreachableError):
            transport.send(message_of(_outgoing(), SENDER))


def test_a_mail_that_helps_nobody_any_more_lapses(app: Flask, carried_by: Callable) -> None:
    with SmtpServer(greeting="421 too busy") as server:
        carried_by(_smtp(server))
        _write(useful_for=timedelta(hours=1))
        _work(app)
        with unit_of_work() as session:
            past = now_utc() - timedelta(seconds=1)
            session.execute(sa.update(Mail).values(useful_until=past))
        server.behaviour.greeting = "220 ready"
        _work(app)
    assert server.taken == []
    assert _only().state == "lapsed"


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_password_goes_only_over_tls(
    encryption: str, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server_side, client_side = certificate
    tls = server_side if encryption == "tls" else None
    starttls = server_side if encryption == "starttls" else None
    with SmtpServer(tls=tls, starttls=starttls, users={"me": "p@ss"}) as server:
        transport = SmtpTransport(
            "localhost", server.port, encryption, "me", "p@ss", 5, context=client_side
        )
        transport.send(message_of(_outgoing(), SENDER))
        stranger = SmtpTransport("localhost", server.port, encryption, timeout_seconds=5)
        with pytest.raises(UnreachableError, match=r"(?i)certificate"):
            stranger.send(message_of(_outgoing(), SENDER))
        wrong = SmtpTransport(
            "localhost", server.port, encryption, "me", "x", 5, context=client_side
        )
        with pytest.raises(UnreachableError, match="535"):
            wrong.send(message_of(_outgoing(), SENDER))
    (taken,) = server.taken
    assert (taken.encrypted, taken.user) == (True, "me")


def test_a_server_that_offers_no_tls_is_given_no_mail_where_tls_is_asked_for() -> None:
    with SmtpServer() as server, pytest.raises(UnreachableError):
        _smtp(server, encryption="starttls").send(message_of(_outgoing(), SENDER))
    assert server.taken == []


def test_the_folder_holds_whole_files_and_one_of_each_mail(tmp_path: Path) -> None:
    folder = FolderTransport(tmp_path / "mail")
    folder.send(message_of(_outgoing(), SENDER))
    folder.send(message_of(_outgoing(), SENDER))
    folder.send(message_of(_outgoing(unique_key="another"), SENDER))
    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 2
    assert all(file.name.startswith("2026-10-09-") and file.suffix == ".eml" for file in files)
    assert files[0].stat().st_mode & 0o077 == 0
    message = message_from_bytes(files[0].read_bytes(), policy=policy.default)
    assert (message["Subject"], message.get_content().strip()) == ("十月巡检", "您好")


def test_a_folder_that_cannot_be_written_keeps_the_mail_waiting(
    app: Flask, carried_by: Callable, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    carried_by(FolderTransport(tmp_path / "mail"))
    _write()
    _work(app)
    assert _only().state == "waiting"
    (tmp_path / "mail").unlink()
    _work(app)
    assert _only().state == "sent"
    assert len(list((tmp_path / "mail").iterdir())) == 1


@pytest.mark.parametrize(
    ("url", "host", "port", "encryption", "user", "password"),
    [
        ("smtp://relay", "relay", 25, "none", "", ""),
        ("smtp://u:p%40s@relay:2525?starttls=1", "relay", 2525, "starttls", "u", "p@s"),
        ("smtp://u%40x.cn:p@relay?starttls=1", "relay", 587, "starttls", "u@x.cn", "p"),
        ("smtps://u:p@relay", "relay", 465, "tls", "u", "p"),
        ("smtp://u:p@127.0.0.1:2525", "127.0.0.1", 2525, "none", "u", "p"),
    ],
)
def test_smtp_url(
    url: str, host: str, port: int, encryption: str, user: str, password: str
) -> None:
    transport = transport_for(url, Path("nowhere"))
    assert isinstance(transport, SmtpTransport)
    assert (transport.host, transport.port, transport.encryption) == (host, port, encryption)
    assert (transport.user, transport.password) == (user, password)
    assert "password" not in repr(transport)


@pytest.mark.parametrize(
    "url", ["http://relay", "relay:25", "smtp://", "smtp://u:p@relay:25", "smtps://u:%C3%A4@h"]
)
def test_an_smtp_url_that_cannot_be_meant_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match=r"smtp://|host|password"):
        transport_for(url, Path("nowhere"))


@pytest.mark.parametrize(
    ("mail_from", "smtp_url", "base_url", "address", "name"),
    [
        ("", "", "http://127.0.0.1:8000", "roundbook@localhost", "Roundbook"),
        ("", "", "https://rounds.example.com", "roundbook@rounds.example.com", "Roundbook"),
        ("", "", "http://my_host:8000", "roundbook@localhost", "Roundbook"),
        ("", "smtps://me%40x.cn:p@h", "https://r.cn", "me@x.cn", "Roundbook"),
        ("a@b.cn", "smtps://me%40x.cn:p@h", "https://r.cn", "a@b.cn", "Roundbook"),
        ("巡检簿 <a@b.cn>", "", "https://r.cn", "a@b.cn", "巡检簿"),
    ],
)
def test_mail_from(mail_from: str, smtp_url: str, base_url: str, address: str, name: str) -> None:
    assert sender_for(mail_from, smtp_url, base_url) == Sender(address, name, base_url)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("wang@example.com", True),
        ("a.b+c@sub.example.com", True),
        ("li@公司.中国", True),
        ("o'brien@localhost", True),
        ("", False),
        ("wang", False),
        ("wang@", False),
        ("@example.com", False),
        ("a b@example.com", False),
        ("a@b@c", False),
        ("a@example..com", False),
        ("a@-x.com", False),
        ("a@x.com\r\nBcc: b@x.com", False),
        ("a@x.com\n", False),
        ("a@x.com, b@x.com", False),
        ("<a@x.com>", False),
        ("王@example.com", False),
        (f"{'a' * 65}@example.com", False),
        (f"a@{'b' * 64}.com", False),
        (f"a@{'b.' * 100}com", False),
    ],
)
def test_addresses(text: str, good: bool) -> None:
    assert is_address(text) is good


def test_a_mail_to_what_is_no_address_is_refused(app: Flask) -> None:
    with pytest.raises(AppError, match="address_invalid"):
        _write(to="a@x.com\r\nBcc: b@x.com")


@given(st.text(max_size=400), st.text(max_size=120), st.text(max_size=500))
def test_whatever_stands_in_it_a_mail_has_the_headers_that_we_gave_it(
    subject: str, name: str, text: str
) -> None:
    mail = _outgoing(
        subject=one_line(subject, MAXIMUM_SUBJECT), to_name=one_line(name, 80), text=text
    )
    data = message_of(mail, SENDER).as_bytes()
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    head = data.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert sorted(names) == [
        b"Auto-Submitted",
        b"Content-Transfer-Encoding",
        b"Content-Type",
        b"Date",
        b"From",
        b"MIME-Version",
        b"Message-ID",
        b"Subject",
        b"To",
    ]
    parsed = message_from_bytes(data, policy=policy.default)
    assert [a.addr_spec for a in parsed["To"].addresses] == ["zhou@example.com"]


@pytest.mark.parametrize(
    "subject",
    [
        "距离截止日还有 3 天：9 项阻塞十月月报（北京总部会议室运维）——请在 10 月 10 日 24:00 前完成",
        "3 days left: what of yours still blocks the report of October, please finish by the 10th",
        "Mixed 中文 and English 混排 with a long tail 尾巴很长很长很长很长很长很长很长很长很长很长",
        "=?utf-8?q?not_one_of_ours?=",
    ],
)
def test_a_subject_reads_as_it_was_written(subject: str) -> None:
    data = message_of(_outgoing(subject=subject), SENDER).as_bytes()
    assert data.partition(b"\r\n\r\n")[0].isascii()
    parsed = message_from_bytes(data, policy=policy.default)
    assert parsed["Subject"] == subject or subject.startswith("=?")


@pytest.mark.parametrize("field", ["to_name", "subject"])
def test_a_header_of_two_lines_never_leaves(field: str) -> None:
    mail = _outgoing(**{field: "a\r\nBcc: b@x.com"})
    if field == "to_name":  # It is made one line on the way out, too.
        assert b"\r\nBcc" not in message_of(mail, SENDER).as_bytes()
    else:
        with pytest.raises(ValueError, match="Header"):
            message_of(mail, SENDER)


def test_keys_are_told_apart_and_fit() -> None:
    assert unique_key("remind", 7, "2026-10") == "remind:7:2026-10"
    long = unique_key("x" * 200, 1)
    assert len(long) <= 120
    assert long != unique_key("x" * 200, 2)


def test_a_message_id_tells_nothing_of_its_key() -> None:
    assert "report" not in mails.message_id("report 10")
