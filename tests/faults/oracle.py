"""The judge: what phones were told, held against the server's own database and files.

Nothing here asks the product. The database is read as an auditor would read it, and the text of
every record and the bytes of every photo are hashed anew.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from webapp.storage import ObjectStore, photo_key, store_for

Hashes = dict[str, str]
KEPT_ON_PHONE = {"waiting", "refused"}


@dataclass
class Told:
    """What one phone was told, by id, with the SHA-256 of each payload and photo.

    ``saved`` was on the screen; ``acknowledged`` is what the phone takes for delivered; ``held`` is
    what its disk still has to send, hashed from the bytes themselves.
    """

    saved: Hashes = field(default_factory=dict)
    saved_photos: Hashes = field(default_factory=dict)
    acknowledged: Hashes = field(default_factory=dict)
    acknowledged_photos: Hashes = field(default_factory=dict)
    held: Hashes = field(default_factory=dict)
    held_photos: Hashes = field(default_factory=dict)

    def save(self, saved: Mapping[str, Any]) -> None:
        """Note what the phone said "saved" of."""
        self.saved[saved["operation"]["id"]] = saved["operation"]["hash"]
        self.saved_photos |= {photo["id"]: photo["sha256"] for photo in saved["photos"]}

    def look(self, report: Mapping[str, Any]) -> None:
        """Note what the phone has and believes now."""
        operations, photos = report["operations"], report["photos"]
        self.acknowledged |= {o["id"]: o["hash"] for o in operations if o["state"] == "done"}
        self.acknowledged_photos |= {p["id"]: p["sha256"] for p in photos if p["state"] == "sent"}
        self.held = {o["id"]: o["hash"] for o in operations if o["state"] in KEPT_ON_PHONE}
        self.held_photos = {p["id"]: p["held"] for p in photos if p["held"]}


@dataclass(frozen=True)
class Server:
    """What the server holds: operations and their effects by id, and each photo's real SHA-256."""

    operations: Hashes
    kept: set[tuple[str, str]]
    applied: list[str]
    photos: Hashes
    declared: Hashes
    broken: list[str]

    @property
    def hashes(self) -> set[tuple[str, str]]:
        """Every operation that the server holds with this hash, applied or in quarantine."""
        return set(self.operations.items()) | self.kept


OPERATIONS = "SELECT operation_id, hash, kind, result FROM operation WHERE contract_id = :id"
KEPT = "SELECT operation_id, hash, payload FROM quarantined WHERE contract_id = :id"
REVISIONS = """SELECT operation_id, payload FROM inspection_revision AS revision
JOIN inspection ON inspection.id = revision.inspection_id WHERE contract_id = :id"""
SCANS = "SELECT uid FROM scan WHERE contract_id = :id"
SIGNED = "SELECT uid FROM sign_off WHERE contract_id = :id AND level = 'self_check'"
OPENED = "SELECT uid FROM service_case WHERE contract_id = :id"
LINES = "SELECT uid FROM case_event WHERE contract_id = :id AND step <> 'opened'"
HOURS = "SELECT uid FROM hours_entry WHERE contract_id = :id AND voids_id IS NULL"
PHOTOS = """SELECT uid, contract_id, sha256, bytes, received_at IS NOT NULL FROM photo
WHERE contract_id = :id UNION ALL
SELECT uid, contract_id, sha256, bytes, received_at IS NOT NULL FROM case_file
WHERE contract_id = :id UNION ALL
SELECT uid, contract_id, sha256, bytes, received_at IS NOT NULL FROM kept_photo
WHERE contract_id = :id"""


def read_folder(data_dir: Path, contract: str = "HQ") -> Server:
    """What the embedded server in this folder holds of a contract."""
    database_url = f"sqlite:///{data_dir / 'roundbook.sqlite3'}"
    return read_server(database_url, store_for("", data_dir), contract)


def read_server(database_url: str, store: ObjectStore, contract: str) -> Server:
    """What a server's database and store hold of a contract, read behind its back."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.connect() as database:
        of = {
            "id": database.scalar(
                sa.text("SELECT id FROM contract WHERE code = :c"), {"c": contract}
            )
        }
        operations, kept, revisions, scans, signed, opened, lines, hours, photos = (
            database.execute(sa.text(query), of).all()
            for query in (OPERATIONS, KEPT, REVISIONS, SCANS, SIGNED, OPENED, LINES, HOURS, PHOTOS)
        )
    engine.dispose()
    came = {row[0]: _hash_of(store, row[1], row[2], row[3]) for row in photos if row[4]}
    declared = {row[0]: row[2] for row in photos}
    return Server(
        operations={row[0]: row[1] for row in operations},
        kept={(row[0], row[1]) for row in kept},
        applied=[row[0] for row in revisions],
        photos=came,
        declared=declared,
        broken=[uid for uid, sha256 in came.items() if sha256 != declared[uid]]
        + _without_effect(operations, revisions, kept)
        + _other_words(operations, kept, revisions)
        + _astray("scan", operations, scans)
        + _astray("self_check", operations, signed)
        + _astray("case_open", operations, opened)
        + _astray("case_step", operations, lines)
        + _astray("hours_log", operations, hours),
    )


def _hash_of(store: ObjectStore, contract_id: int, sha256: str, length: int) -> str:
    try:
        data = store.get(photo_key(contract_id, sha256))
    except FileNotFoundError:
        return "no bytes"
    return hashlib.sha256(data).hexdigest() if len(data) == length else f"{len(data)} bytes"


def _without_effect(
    operations: Sequence[Any], revisions: Sequence[Any], kept: Sequence[Any]
) -> list[str]:
    """Records that were answered as applied or as kept, and are nowhere to be found."""
    there = {row[0] for row in revisions}
    aside = {(row[0], row[1]) for row in kept}
    return [
        row[0]
        for row in operations
        if (row[2] in ("inspection", "amendment") and row[3] == "applied" and row[0] not in there)
        or (row[3] == "quarantined" and (row[0], row[1]) not in aside)
    ]


def _other_words(
    operations: Sequence[Any], kept: Sequence[Any], revisions: Sequence[Any]
) -> list[str]:
    """Records whose text on the server isn't the text that was answered; none was mended here."""
    known = {(row[0], row[1]) for row in (*operations, *kept)}
    texts = [(row[0], _hash(row[1])) for row in revisions]
    texts += [(row[0], _hash(row[2])) for row in kept]
    return [uid for uid, found in texts if (uid, found) not in known]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _astray(kind: str, operations: Sequence[Any], effects: Sequence[Any]) -> list[str]:
    """Says so where there are fewer effects of a kind than were applied, or more than were sent."""
    sent = [row for row in operations if row[2] == kind]
    applied = [row for row in sent if row[3] == "applied"]
    # What is signed at the desk is no operation of a phone.
    most = len(sent) if kind == "scan" else len(effects)
    fits = len(applied) <= len(effects) <= most
    return [] if fits else [f"{len(effects)} {kind}s of {len(applied)} applied, {len(sent)} sent"]


def judge(phones: Iterable[Told], server: Server, *, quiet: bool = True) -> None:
    """Nothing lost, nothing twice, every byte the same.

    ``quiet`` says that the phones have come to rest: then the server has all that was saved, and
    nothing else. Before that what was saved may still be on the phone.
    """
    phones = list(phones)
    twice = [what for what, times in Counter(server.applied).items() if times > 1]
    assert twice == [], f"applied twice: {twice}"
    assert server.broken == [], f"answered, but not there or not the same bytes: {server.broken}"
    for told in phones:
        _judge_phone(told, server)
    if quiet:
        _judge_rest(phones, server)


def _judge_phone(told: Told, server: Server) -> None:
    lost = set(told.acknowledged.items()) - server.hashes
    assert not lost, f"acknowledged, but the server lacks them: {lost}"
    lost_photos = told.acknowledged_photos.items() - server.photos.items()
    assert not lost_photos, f"acknowledged photos that the server lacks: {lost_photos}"
    nowhere = set(told.saved.items()) - server.hashes - set(told.held.items())
    assert not nowhere, f"saved, but neither on the server nor on the phone: {nowhere}"
    gone = told.saved_photos.items() - server.photos.items() - told.held_photos.items()
    assert not gone, f"saved photos that are nowhere: {gone}"


def _judge_rest(phones: list[Told], server: Server) -> None:
    saved = {one for told in phones for one in told.saved.items()}
    photos = {one for told in phones for one in told.saved_photos.items()}
    assert server.hashes == saved, f"in and out differ: {server.hashes ^ saved}"
    assert set(server.photos.items()) == photos, f"photos differ: {server.photos.items() ^ photos}"
