"""Documents are made in the background, once for the same data, whatever happens to the worker."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import typst
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests.reports.conftest import Month
from webapp import jobs, making
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import User
from webapp.jobs import Job
from webapp.reports import documents
from webapp.reports.documents import Made, Source
from webapp.reports.models import Document
from webapp.storage import object_store

HQ = "/api/contracts/HQ"
SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    """A maker of small PDFs in the place of the product's own; what it was given."""
    seen: list[Source] = []

    def make(source: Source) -> Made:
        seen.append(source)
        for number in range(3):
            source.progress("rooms", number, 3)
        name = source.content["cover"]["contract_code"]
        pages = "\n#pagebreak()\n".join(f"{name} {number}" for number in range(2))
        return Made(typst.compile(pages.encode()), 2)

    monkeypatch.setitem(documents._makers, ("report", "pdf"), make)
    return seen


def ask(browser: FlaskClient, **more: object) -> dict[str, object]:
    """Ask for April's report."""
    body = {"kind": "report", "format": "pdf", "month": "2026-04", **more}
    answer = browser.post(f"{HQ}/documents", json=body)
    assert answer.status_code == 202, answer.get_json()
    return answer.get_json()


def work() -> int:
    """Do what is queued; how many jobs there were."""
    count = 0
    while jobs.work_once("test"):
        count += 1
    return count


def test_it_is_asked_for_made_and_fetched_byte_for_byte(
    month: Month, manager: User, signed_in: SignIn, tried: list[Source]
) -> None:
    browser = signed_in(manager)
    asked = ask(browser)
    assert (asked["state"], asked["bytes"]) == ("queued", 0)
    path = f"{HQ}/documents/{asked['id']}"
    assert browser.get(f"{path}/file").status_code == 409
    assert work() == 1
    made = browser.get(path).get_json()
    assert (made["state"], made["pages"]) == ("ready", 2)
    file = browser.get(f"{path}/file")
    assert file.data.startswith(b"%PDF")
    assert hashlib.sha256(file.data).hexdigest() == made["sha256"]
    assert "filename*=UTF-8''HQ-%E6%9C%88" in file.headers["Content-Disposition"]


def test_a_page_is_drawn_from_the_very_file(
    month: Month, manager: User, signed_in: SignIn, tried: list[Source]
) -> None:
    browser = signed_in(manager)
    path = f"{HQ}/documents/{ask(browser)['id']}"
    work()
    picture = Image.open(io.BytesIO(browser.get(f"{path}/pages/2.png").data))
    assert picture.size[0] in (909, 910, 911)
    for page in (0, 3):
        refused = browser.get(f"{path}/pages/{page}.png")
        assert (refused.status_code, refused.get_json()["code"]) == (404, "page_unknown")


def test_the_same_again_is_not_made_again_until_something_changes(
    month: Month, manager: User, signed_in: SignIn, tried: list[Source]
) -> None:
    browser = signed_in(manager)
    first = ask(browser)
    assert ask(browser)["id"] == first["id"]
    work()
    assert ask(browser)["id"] == first["id"]
    assert ask(browser, language="en")["id"] != first["id"]
    work()
    browser.patch(f"{HQ}/open-items/1", json={"remark": "客户来电"})
    assert ask(browser)["id"] != first["id"]
    assert work() == 1
    assert [source.language for source in tried] == ["zh", "en", "zh"]


def test_a_worker_that_was_killed_leaves_the_document_to_the_next(
    month: Month, manager: User, signed_in: SignIn, tried: list[Source]
) -> None:
    browser = signed_in(manager)
    asked = ask(browser)
    # What is left of a worker that was killed in the middle: the job leased, the document begun.
    with unit_of_work() as session:
        job = session.query(Job).filter_by(kind=documents.MAKE_DOCUMENT).one()
        job.worker, job.leased_until = "killed", now_utc() - timedelta(seconds=1)
        documents.begin(session, int(str(asked["id"])))
    assert work() == 1
    assert browser.get(f"{HQ}/documents/{asked['id']}").get_json()["state"] == "ready"


def test_what_breaks_its_maker_is_tried_again_and_then_called_failed(
    month: Month, manager: User, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_source: Source) -> Made:
        raise RuntimeError("a maker that breaks")

    monkeypatch.setitem(documents._makers, ("report", "pdf"), broken)
    browser = signed_in(manager)
    asked = ask(browser)
    for _ in range(documents.MOST_TRIES + 1):
        with unit_of_work() as session:
            session.query(Job).update({"not_before": now_utc()})
        work()
    assert browser.get(f"{HQ}/documents/{asked['id']}").get_json()["state"] == "failed"
    assert db.session.query(Job).count() == 0
    # Asked for again, it is tried again.
    assert ask(browser)["id"] != asked["id"]


def test_a_long_one_keeps_its_lease(app: Flask, month: Month) -> None:
    with unit_of_work() as session:
        jobs.enqueue(session, "long", {}, now=now_utc())
    seen: list[bool] = []

    def long_work(_arguments: dict[str, object]) -> None:
        with unit_of_work() as session:
            session.query(Job).update({"leased_until": now_utc() - timedelta(seconds=5)})
        with unit_of_work() as session:
            jobs.keep_lease(session, now_utc())
        seen.append(jobs.work_once("another"))

    jobs.handles("long")(long_work)
    assert jobs.work_once("one")
    assert seen == [False]
    assert db.session.query(Job).count() == 0


def test_old_ones_go_and_their_files_with_them(
    month: Month,
    manager: User,
    signed_in: SignIn,
    tried: list[Source],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Told that it is days later, it would take the folders that others work in just now for old ones.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked = ask(signed_in(manager))
    work()
    key = db.session.get_one(Document, asked["id"]).object_key
    making.drop_old_documents(now_utc())
    assert object_store().get(key)
    making.drop_old_documents(now_utc() + documents.KEPT_FOR + timedelta(minutes=1))
    assert db.session.query(Document).count() == 0
    with pytest.raises(FileNotFoundError):
        object_store().get(key)


def test_what_is_not_named_or_not_there_is_refused(
    month: Month, manager: User, signed_in: SignIn, tried: list[Source]
) -> None:
    browser = signed_in(manager)
    wrong = (
        ({"month": None}, 422),
        ({"month": "2031-01"}, 404),
        ({"kind": "device_record", "month": None}, 422),
        ({"kind": "device_record"}, 422),
        ({"room_id": 999_999}, 404),
        ({"language": "fr"}, 422),
    )
    for more, status in wrong:
        body = {"kind": "report", "format": "pdf", "month": "2026-04", **more}
        assert browser.post(f"{HQ}/documents", json=body).status_code == status, more
    assert db.session.query(Document).count() == 0


@pytest.mark.parametrize(("kind", "format"), [("report", "docx"), ("check_sheets", "xlsx")])
def test_other_formats_are_made_by_the_same_job(
    month: Month, manager: User, signed_in: SignIn, kind: str, format: str
) -> None:
    browser = signed_in(manager)
    asked = ask(browser, kind=kind, format=format, language="both")
    assert work() == 1
    made = browser.get(f"{HQ}/documents/{asked['id']}").get_json()
    assert (made["state"], made["pages"]) == ("ready", 0)
    file = browser.get(f"{HQ}/documents/{asked['id']}/file")
    assert file.content_type == documents.CONTENT_TYPES[format]
    assert f".{format}" in file.headers["Content-Disposition"]
    assert zipfile.is_zipfile(io.BytesIO(file.data))
