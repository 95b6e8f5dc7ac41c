"""A thousand photos of one round to review: with real pictures, made without a phone and a worker."""

from __future__ import annotations

import io
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import sqlalchemy as sa
from flask_migrate import upgrade
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from bench import estate
from webapp import create_app
from webapp.config import settings_from_env
from webapp.db import db, now_utc, unit_of_work
from webapp.identity import services as identity
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS
from webapp.pictures import make_copies
from webapp.rounds.models import Photo
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Submission, record_inspections
from webapp.storage import rendition_key

CODE, LOGIN = "WHOLE", "whole-manager"
PHOTOS = 1000
# Enough of them that a screen never shows one twice.
PICTURES = 24
_BATCH = 200


def seed(data_dir: Path) -> None:
    """A database with two rounds, this month's with a photo of each of a thousand devices."""
    app = create_app(settings_from_env({"DATA_DIR": str(data_dir)}))
    with app.app_context():
        upgrade(directory=str(Path(__file__).parent.parent / "migrations"))
        site = estate.make_site(CODE, past=True)
        hashes = _record(site, now_utc())
        _add_manager()
        db.session.remove()
        db.engine.dispose()
    _keep_pictures(data_dir / "files", _contract_id(data_dir), hashes)


def _contract_id(data_dir: Path) -> int:
    engine = sa.create_engine(f"sqlite:///{data_dir / 'roundbook.sqlite3'}")
    with engine.connect() as connection:
        found: int = connection.execute(
            sa.text("SELECT id FROM contract WHERE code = :code"), {"code": CODE}
        ).scalar_one()
    engine.dispose()
    return found


def _record(site: estate.Site, now: datetime) -> list[str]:
    """Inspections with their photos, every tenth abnormal; the photos' hashes."""
    rights = ROLE_RIGHTS["inspection_engineer"]
    with unit_of_work() as session:
        contract = session.scalars(sa.select(Contract).where(Contract.code == CODE)).one()
        user_id = _identity_of(session, site.logins[0])
    hashes: list[str] = []
    submissions: list[Submission] = []
    for number, place in enumerate(site.places[:PHOTOS]):
        line = estate.photo_line(estate.uid().encode(), estate.items(place)[0]["key"], 300_000)
        hashes.append(line["sha256"])
        body = estate.inspection(site.round_id, place, [line], abnormal=number % 10 == 0)
        text = json.dumps(body)
        payload = msgspec.json.decode(text, type=InspectionIn)
        submissions.append(Submission(estate.uid(), user_id, rights, payload, text))
    for start in range(0, len(submissions), _BATCH):
        with unit_of_work() as session:
            part = submissions[start : start + _BATCH]
            answers = record_inspections(session, contract.id, part, now)
            refused = {answer.code for answer in answers if answer.result != "applied"}
            if refused:
                raise RuntimeError(f"the seed was refused: {refused}")
    seen = {"received_at": now - timedelta(minutes=1), "perceptual_hash": "f0" * 32}
    with unit_of_work() as session:
        session.execute(sa.update(Photo).where(Photo.sha256.in_(hashes)).values(**seen))
    return hashes


def _identity_of(session: Session, login: str) -> int:
    """The id of a person."""
    user_id: int = session.execute(
        sa.text('SELECT id FROM "user" WHERE login = :login'), {"login": login}
    ).scalar_one()
    return user_id


def _add_manager() -> None:
    now = now_utc()
    with unit_of_work() as session:
        contract = session.scalars(sa.select(Contract).where(Contract.code == CODE)).one()
        user = identity.create_user(
            session,
            login=LOGIN,
            password_hash=identity.hash_password(estate.PASSWORD),
            name="王建国",
            now=now,
            actor_id=None,
        )
        identity.add_member(
            session,
            contract_id=contract.id,
            user_id=user.id,
            role="project_manager",
            now=now,
            actor_id=None,
        )


def _keep_pictures(store: Path, contract_id: int, hashes: list[str]) -> None:
    """The copies that the worker would have made: a few pictures, under a thousand names."""
    originals = [make_copies(_picture(number)) for number in range(PICTURES)]
    pool = store / "bench"
    pool.mkdir(parents=True, exist_ok=True)
    for number, copies in enumerate(originals):
        (pool / f"{number}.full").write_bytes(copies.full)
        (pool / f"{number}.thumb").write_bytes(copies.thumb)
    for number, sha256 in enumerate(hashes):
        for size in ("full", "thumb"):
            path = store / rendition_key(contract_id, sha256, size)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(pool / f"{number % PICTURES}.{size}", path)


def _picture(number: int) -> bytes:
    """A picture as heavy as a phone's: some hundreds of kilobytes at 1,600 by 1,200 pixels."""
    grain = Image.effect_noise((1600, 1200), 60 + number)
    image = Image.merge(
        "RGB", (grain, grain.rotate(180), grain.transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    )
    image = image.resize((800, 600)).resize((1600, 1200), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    draw.rectangle((200 + 20 * number, 200, 1200, 900), outline="white", width=20)
    draw.text((300, 300), f"{number}", fill="white", font_size=400)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()
