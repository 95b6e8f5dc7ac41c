"""Mails are fetched from a folder or from an IMAP server, and each is settled once it is taken."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.inbox.imap_server import ImapServer
from tests.inbox.letters import a_mail
from webapp import jobs, mailboxes, receiving
from webapp.db import db, now_utc
from webapp.inbox.models import IncomingMail
from webapp.jobs import Job
from webapp.mailboxes import DropFolder, ImapMailbox, MailboxError, mailbox_for


@pytest.fixture
def app_with(app: Flask) -> Iterator[Flask]:
    kept = app.extensions["mailbox"]
    yield app
    app.extensions["mailbox"] = kept


def subjects() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(IncomingMail.subject).order_by(IncomingMail.id)))


def test_files_are_taken_and_moved_with_a_reason_where_they_are_refused(
    app_with: Flask, tmp_path: Path
) -> None:
    app_with.extensions["mailbox"] = DropFolder(tmp_path)
    (tmp_path / "b.eml").write_bytes(a_mail("second"))
    (tmp_path / "a.eml").write_bytes(a_mail("first"))
    (tmp_path / "c.eml").write_bytes(b"no mail")
    (tmp_path / "half.eml.part").write_bytes(b"From: ")
    (tmp_path / "link.eml").symlink_to("/etc/passwd")
    receiving.look_for_mail(now_utc())
    receiving.look_for_mail(now_utc())
    assert db.session.scalars(sa.select(Job.kind)).all() == [receiving.RECEIVE_MAIL]
    assert jobs.work_once("test")
    assert subjects() == ["first", "second", "", ""]
    assert len(list((tmp_path / "done").iterdir())) == 2
    reasons = [file.read_text() for file in sorted((tmp_path / "refused").glob("c*.txt"))]
    assert reasons == ["no_sender\n"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["half.eml.part"]
    assert Path("/etc/passwd").exists()


def test_nothing_is_asked_of_a_folder_that_is_not_there(app_with: Flask, tmp_path: Path) -> None:
    app_with.extensions["mailbox"] = DropFolder(tmp_path / "none")
    receiving.look_for_mail(now_utc())
    assert db.session.scalars(sa.select(Job.kind)).all() == []


def test_unseen_messages_are_fetched_once(app_with: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "LARGEST_BYTES", 20_000)
    with ImapServer(a_mail("one"), b"junk", a_mail("big", "x" * 30_000)) as server:
        app_with.extensions["mailbox"] = mailbox_for(server.url, Path("/none"))
        receiving.receive_mail({})
        receiving.receive_mail({})
        flags = [sorted(one.flags) for one in server.messages.values()]
    refused = [r"\Flagged", r"\Seen"]
    assert flags == [[r"\Seen"], refused, refused]
    assert subjects() == ["one", "", ""]


@pytest.mark.parametrize("drop_at", ["LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE"])
def test_a_server_that_fails_is_asked_again_later(app_with: Flask, drop_at: str) -> None:
    with ImapServer(a_mail("one"), drop_at=drop_at) as server:
        app_with.extensions["mailbox"] = mailbox_for(server.url, Path("/none"))
        with pytest.raises(jobs.TryLater):
            receiving.receive_mail({})
        server.drop_at = ""
        receiving.receive_mail({})
    assert subjects() == ["one"]


def test_a_wrong_password_is_told_and_stands_nowhere(app_with: Flask) -> None:
    with ImapServer(password="other") as server:
        box = mailbox_for(server.url, Path("/none"))
        app_with.extensions["mailbox"] = box
        with pytest.raises(jobs.TryLater, match="wrong"):
            receiving.receive_mail({})
    assert "secret" not in repr(box)


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_mailbox_is_read_over_tls_of_a_server_that_is_trusted_and_of_no_other(
    encryption: str, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server_side, client_side = certificate
    tls = server_side if encryption == "tls" else None
    starttls = server_side if encryption == "starttls" else None
    with ImapServer(a_mail("sealed"), tls=tls, starttls=starttls) as server:
        port = server.server_address[1]
        known = ImapMailbox("localhost", port, encryption, "desk", "secret", context=client_side)
        [arrived] = [one.raw for one in known.arrivals()]
        assert b"sealed" in (arrived or b"")
        asked = len(server.asked)
        stranger = ImapMailbox("localhost", port, encryption, "desk", "secret")
        with pytest.raises(MailboxError, match=r"(?i)certificate"):
            list(stranger.arrivals())
        assert not [one for one in server.asked[asked:] if one.startswith("LOGIN")]


def test_no_password_goes_where_starttls_is_not_offered() -> None:
    with ImapServer() as server:
        box = ImapMailbox("localhost", server.server_address[1], "starttls", "desk", "secret")
        with pytest.raises(MailboxError):
            list(box.arrivals())
        assert not [one for one in server.asked if one.startswith("LOGIN")]


def test_what_imap_url_names() -> None:
    box = mailbox_for("imaps://me%40x.example:p%2Fw@mail.example/Service%20desk", Path("/d"))
    assert isinstance(box, ImapMailbox)
    assert (box.port, box.user, box.password) == (993, "me@x.example", "p/w")
    assert (box.folder, box.encryption) == ("Service desk", "tls")
    assert mailbox_for("", Path("/d")) == DropFolder(Path("/d/mail-in"))
    for wrong in (
        "http://x",
        "imap://host",
        "imap://u:p@mail.example",
        "imaps://u:p@mail.example/%0d%0aX",
    ):
        with pytest.raises(ValueError, match=r"imap://|user|password|folder"):
            mailbox_for(wrong, Path("/d"))
