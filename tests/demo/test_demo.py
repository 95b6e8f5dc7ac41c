"""The demo contract is loaded by the product's own services, and is what the README says it is."""

from __future__ import annotations

import hashlib
import itertools
import json
import tarfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app
from flask_migrate import downgrade, upgrade

from tests.conftest import empty_tables
from tests.reports.test_content import same_numbers
from webapp.acceptance.models import Recheck, SignOff
from webapp.acceptance.return_queries import waiting_in_round
from webapp.backup import write_backup
from webapp.cases.kinds import KINDS
from webapp.cases.models import Case
from webapp.cases.register import register_word
from webapp.db import Base, db
from webapp.demo.load import PAST_MONTHS, is_empty, load_demo
from webapp.demo.people import PASSWORD, PEOPLE
from webapp.estate.models import Device, Label, Room
from webapp.identity.models import Contract, User
from webapp.making import make_document
from webapp.reports.content import device_record_content, report_content
from webapp.reports.facts import NO_WORDS
from webapp.reports.models import Document
from webapp.reports.shape import RecordRow
from webapp.rounds.models import (
    DeviceRecord,
    Inspection,
    OpenItem,
    Photo,
    Reading,
    Round,
    RoundTask,
)
from webapp.storage import object_store, photo_key
from webapp.sync.models import Quarantined

MIGRATIONS = str(Path(__file__).parents[2] / "migrations")
NOW = datetime(2026, 11, 5, 8, 0, tzinfo=UTC)


def _count(model: type, *conditions: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0


def _contract_id() -> int:
    return db.session.scalars(sa.select(Contract.id)).one()


@pytest.fixture(scope="module")
def demo(session_app: Flask) -> Iterator[Flask]:
    """The app with the demo contract, loaded once; every table is empty again after the module."""
    with session_app.app_context():
        assert is_empty(db.session())
        load_demo(object_store(), lambda _text: None, NOW)
        yield session_app
        db.session.rollback()
        empty_tables()
        db.session.remove()


@pytest.mark.slow
def test_the_demo_is_a_believable_contract(demo: Flask) -> None:
    assert not is_empty(db.session())
    assert _count(User) == len(PEOPLE)
    assert (_count(Room), _count(Device), _count(Label)) == (24, 142, 142)
    rounds = db.session.scalars(sa.select(Round).order_by(Round.month)).all()
    assert len(rounds) == PAST_MONTHS + 1
    assert {row.state for row in rounds[:-1]} == {"accepted"}
    assert (rounds[-1].month, rounds[-1].state) == ("2026-11", "open")
    assert rounds[-1].due_on.isoformat() == "2026-11-10"
    of_this_month = RoundTask.round_id == rounds[-1].id
    todo = _count(RoundTask, of_this_month, RoundTask.outcome == "todo")
    assert 0.3 < todo / _count(RoundTask, of_this_month) < 0.7
    _nothing_is_told_before_it_is_made()
    _the_lamps_age()
    _one_projector_keeps_its_fault()
    _every_photo_is_there()
    _one_photo_was_sent_before()
    _something_waits_for_the_supervisor()
    _every_state_of_every_kind()
    _changes_end_in_the_register()
    _three_people_signed(rounds)
    _no_column_of_the_record_sheet_is_always_empty()


@pytest.mark.slow
def test_its_reports_numbers_are_those_of_the_screens(demo: Flask) -> None:
    desk = demo.test_client()
    session = {"login": "wang", "password": PASSWORD}
    assert desk.post("/api/session", json=session).status_code == 200

    def ask(path: str) -> Any:
        answer = desk.get(f"/api/contracts/DEMO/{path}")
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    contract_id = db.session.execute(sa.select(Contract.id)).scalar_one()
    told = report_content(db.session(), contract_id, "2026-11", NOW)
    assert told["anomalies"]
    assert told["consumables"]["forecast"]
    assert told["status"]["repeats"]
    same_numbers(told, ask)


@pytest.mark.slow
def test_the_newest_migration_spares_what_is_there(demo: Flask) -> None:
    """Made on a database where every table is full, and not only on an empty one."""
    tables = Base.metadata.sorted_tables
    counts = sa.select(
        *(
            sa.select(sa.func.count()).select_from(table).scalar_subquery().label(table.name)
            for table in tables
        )
    )
    before = db.session.execute(counts).one()
    db.session.rollback()
    downgrade(directory=MIGRATIONS, revision="-1")
    upgrade(directory=MIGRATIONS)
    assert db.session.execute(counts).one() == before
    if db.engine.dialect.name == "sqlite":
        assert db.session.execute(sa.text("PRAGMA foreign_key_check")).all() == []


@pytest.mark.slow
def test_a_backup_takes_every_object_that_any_row_names(demo: Flask, tmp_path: Path) -> None:
    """Whatever the column is called: an object is named by its key, or by the SHA-256 in it."""
    _a_report_is_issued()
    words = _every_word()
    named = {
        key
        for key, _ in object_store().keys("")
        if _is_of_the_demo(key) and words & {key, key.rpartition("/")[2].removesuffix(".eml")}
    }
    kinds = {key.partition("/")[0] for key in named}
    assert kinds == {"photos", "incoming", "manuals", "reports", "documents"}

    path = tmp_path / "roundbook.tar"
    write_backup(db.session(), object_store(), path, lambda _text: None, {})
    with tarfile.open(path) as archive:
        names = set(archive.getnames())
    assert {name for name in names if name.startswith("objects/")} == {
        f"objects/{key}" for key in named
    }


def _a_report_is_issued() -> None:
    desk = current_app.test_client()
    session = {"login": "wang", "password": PASSWORD}
    assert desk.post("/api/session", json=session).status_code == 200
    answer = desk.post("/api/contracts/DEMO/rounds/2026-10/report", json={"language": "zh"})
    assert answer.status_code == 201, answer.get_json()
    xlsx = sa.select(Document.id).where(Document.kind == "report", Document.format == "xlsx")
    make_document({"document_id": db.session.scalars(xlsx).one()})


def _is_of_the_demo(key: str) -> bool:
    """Not a copy, which is made anew, nor what another test has left in the folder."""
    kind, owner = key.split("/")[:2]
    return kind != "renditions" and (kind == "incoming" or owner == str(_contract_id()))


def _every_word() -> set[str]:
    """Every text in the database, also those inside of JSON."""
    words: set[str] = set()
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)):
            waiting: list[Any] = list(row)
            while waiting:
                value = waiting.pop()
                if isinstance(value, str):
                    words.add(value)
                elif isinstance(value, dict):
                    waiting += value.values()
                elif isinstance(value, list):
                    waiting += value
    return words


def _three_people_signed(rounds: Sequence[Round]) -> None:
    """Each past month at all three levels; this one half way, with one room that changed since."""
    for past in rounds[:-1]:
        signed = {
            level: _count(SignOff, SignOff.round_id == past.id, SignOff.level == level)
            for level in ("self_check", "peer_check", "final")
        }
        rooms = db.session.scalar(
            sa.select(sa.func.count(RoundTask.room_id.distinct())).where(
                RoundTask.round_id == past.id
            )
        )
        assert signed == {"self_check": rooms, "peer_check": rooms, "final": 1}
        assert _count(Recheck, Recheck.round_id == past.id) > 0
    now = db.session.scalars(sa.select(SignOff).where(SignOff.round_id == rounds[-1].id)).all()
    voided = [row for row in now if row.voided_at is not None]
    assert {row.level for row in voided} == {"self_check", "peer_check"}
    assert len({row.room_id for row in voided}) == 1
    assert len(now) > 2 * len(voided)
    assert "network" in json.dumps(voided[0].void_reason)


def _something_waits_for_the_supervisor() -> None:
    """Every screen of the desk has something to show, and nothing that stands in its way."""
    assert _count(RoundTask, RoundTask.pair_open.is_(True)) == 1
    assert _count(Inspection, Inspection.choice == "set_aside") == 1
    assert _count(OpenItem, OpenItem.state == "withdrawn") == 1
    assert _count(OpenItem, OpenItem.state == "solved") > 0
    assert _count(OpenItem, OpenItem.owner_id.is_not(None), OpenItem.due_on < NOW.date()) == 1
    returned = db.session.scalars(sa.select(Photo).where(Photo.review == "returned")).one()
    assert returned.review_remark
    waiting = waiting_in_round(
        db.session(), db.session.scalars(sa.select(Round.id).order_by(Round.id)).all()[-1]
    )
    assert waiting == {"answers_returned": 1, "answers_to_look_at": 1}
    (hasty,) = db.session.scalars(sa.select(Inspection).where(Inspection.bulk_ok)).all()
    assert hasty.bulk_seconds == 6
    assert {"bulk_ok", "spot_check_missing"} <= set(hasty.flags)
    repeats = db.session.scalars(
        sa.select(Photo.sha256).group_by(Photo.sha256).having(sa.func.count() > 1)
    )
    assert repeats.first() is not None
    held = db.session.scalars(sa.select(Quarantined)).one()
    assert (held.state, held.code) == ("open", "room_mismatch")


def _changes_end_in_the_register() -> None:
    """Of those that are done one has added a device, of one nothing was to change, of one nobody has said."""
    changes = db.session.scalars(sa.select(Case).where(Case.kind == "change"))
    words = {word for case in changes if (word := register_word(case))}
    assert words == {"changed", "as_is", "missing"}


def _no_column_of_the_record_sheet_is_always_empty() -> None:
    """Over all devices each column is filled somewhere: one that never is, nobody writes."""
    rows = [
        row
        for device_id in db.session.scalars(sa.select(DeviceRecord.device_id).distinct())
        for row in device_record_content(db.session(), _contract_id(), device_id, NOW)["rows"]
    ]
    filled = {
        key for row in rows for key, value in row.items() if value not in (None, "", NO_WORDS)
    }
    assert filled == set(RecordRow.__annotations__)


def _nothing_is_told_before_it_is_made() -> None:
    """Nor was anything done after the demo was loaded."""
    for kind in (Inspection, Photo):
        assert _count(kind, kind.received_at > NOW) == 0
    assert _count(Inspection, Inspection.device_finished_at > Inspection.received_at) == 0
    assert _count(Photo, Photo.device_taken_at > Photo.received_at) == 0
    assert _count(Round, Round.opened_at > NOW) == 0


def _the_lamps_age() -> None:
    rows = db.session.execute(
        sa.select(Reading.device_id, Reading.value_number)
        .join(Inspection, Inspection.id == Reading.inspection_id)
        .where(Reading.item == "lamp_hours")
        .order_by(Reading.device_id, Inspection.received_at)
    ).all()
    rises = [
        later.value_number > earlier.value_number
        for earlier, later in itertools.pairwise(rows)
        if earlier.device_id == later.device_id
    ]
    assert sum(rises) > 0.8 * len(rises) > 0


def _one_projector_keeps_its_fault() -> None:
    oldest = db.session.scalars(
        sa.select(OpenItem).where(OpenItem.item == "image", OpenItem.state == "open")
    ).one()
    assert oldest.opened_month == "2026-05"


def _one_photo_was_sent_before() -> None:
    """Months that share their pictures would find each other; one is meant to be found."""
    older = Photo.perceptual_hash != ""
    assert _count(Photo, older) > _count(Photo) / 2
    assert _count(Photo, older, Photo.perceptual_hash != Photo.sha256) == 0
    assert _count(Photo, older, Photo.review != "accepted") == 0
    twice = sa.select(Photo.sha256).group_by(Photo.sha256).having(sa.func.count() > 1)
    assert len(db.session.scalars(twice).all()) == 1


def _every_photo_is_there() -> None:
    photos = db.session.scalars(sa.select(Photo)).all()
    assert len(photos) > 1000
    for photo in photos[::40]:
        data = object_store().get(photo_key(photo.contract_id, photo.sha256))
        assert hashlib.sha256(data).hexdigest() == photo.sha256
        assert len(data) == photo.bytes


def _every_state_of_every_kind() -> None:
    there = {(kind, state) for kind, state in db.session.execute(sa.select(Case.kind, Case.state))}
    assert {(kind.key, state) for kind in KINDS.values() for state in kind.states} == there
