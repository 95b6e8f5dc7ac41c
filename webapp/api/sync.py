"""What phones send and pull, over HTTP.

msgspec reads and writes the bodies, not marshmallow: these are the hot paths. Every answer carries
the server's epoch and the contract's head.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from flask import Response, request
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import Headers
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartEncoder, Preamble

from webapp import log, metrics
from webapp.api.http import CONTRACT, blueprint, came_from_here, require, settings, touch_session
from webapp.api.throttle import at_most
from webapp.db import db, now_utc, unit_of_work
from webapp.desk import photo_copies
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.rounds.rules import is_uid
from webapp.storage import object_store
from webapp.sync import photos, queries, services
from webapp.sync.phones import PhoneState, note_phone, tells_news
from webapp.sync.pull import pull
from webapp.sync.queries import Head
from webapp.sync.rules import clock_offset_seconds, read_phone_report, read_push, where_and_why
from webapp.sync.wire import (
    MissingIn,
    MissingOut,
    PhoneReport,
    PhotoOut,
    PhotosOut,
    PushIn,
    PushOut,
    TakenPhoto,
)
from webapp.taking import Taken, take_operations, take_photos

bp = blueprint("sync", "What phones send and pull")
# A phone's whole pull is a megabyte of JSON; beyond level 5 gzip costs more than it saves.
_GZIP_LEVEL = 5
_WORTH_GZIP_BYTES = 1024
_LARGEST_CURSOR = 2**62
# So many small pictures are some 300 KB: a record that is to leave a phone waits for no more.
MOST_PICTURES = 16
# So many photos are some 2.5 MB: what is lost with a body that breaks off is sent again.
MOST_PHOTOS = 8
_FILES = {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _documented(answer: str, body: str = "", **parameters: Any) -> Callable[[Any], Any]:
    """Name the wire structs of a view in the API's document."""
    doc: dict[str, Any] = {"responses": {200: {"description": "OK", "content": _json(answer)}}}
    if body:
        doc["requestBody"] = {"required": True, "content": _json(body)}
    decorate: Callable[[Any], Any] = bp.doc(**doc, **parameters)
    return decorate


def _read_body(maximum_bytes: int) -> bytes:
    db.session.rollback()  # No transaction is held while a slow phone sends.
    request.max_content_length = maximum_bytes
    return request.get_data(cache=False)


def _now_text(now: datetime) -> str:
    return now.isoformat().replace("+00:00", "Z")


def _answer(struct: msgspec.Struct) -> Response:
    body = msgspec.json.encode(struct)
    response = Response(body, mimetype="application/json")
    if len(body) > _WORTH_GZIP_BYTES and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.set_data(gzip.compress(body, _GZIP_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    # Data only: nothing may come of it, and the short policy keeps an empty pull under 1 KB.
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response


def _head(contract_id: int) -> Head:
    """The contract's head; the very first answer of a database makes its epoch."""
    head = queries.head(db.session(), contract_id)
    if head is None:
        with unit_of_work() as session:
            services.ensure_epoch(session)
        head = queries.head(db.session(), contract_id)
    if head is None:
        raise AppError("busy", headers={"Retry-After": "1"})
    return head


@bp.post(f"{CONTRACT}/sync/push")
@at_most(1200)
@_documented("PushOut", "PushIn")
def push(contract_code: str) -> Response:
    """Take a batch of operations: one answer each, the same answer for the same operation."""
    access = require("inspect", contract_code)
    push_in, received = read_push(_read_body(settings().max_push_bytes))
    if len(received) > settings().max_operations_per_push:
        raise AppError("too_many_operations", maximum=settings().max_operations_per_push)
    touch_session()
    now = now_utc()
    phone = _phone(push_in, now)
    results = take_operations(
        lambda session, some: services.receive(session, access, phone, some, now), received
    )
    metrics.count_operations(result.result for result in results)
    head = _head(access.contract_id)
    answer = PushOut(epoch=head.epoch, head=head.seq, server_time=_now_text(now), results=results)
    return _answer(answer)


def _phone(push_in: PushIn | PhoneReport, now: datetime) -> PhoneState:
    return PhoneState(
        phone_id=push_in.phone_id,
        unsent=push_in.unsent,
        clock_offset_seconds=clock_offset_seconds(push_in.device_time, now),
        app_version=push_in.app_version,
        storage=push_in.storage,
    )


@bp.post(f"{CONTRACT}/sync/missing")
@at_most(120)
@_documented("MissingOut", "MissingIn")
def missing(contract_code: str) -> Response:
    """Tell a phone which of the photos and operations that it holds the server lacks."""
    access = require("inspect", contract_code)
    try:
        held = msgspec.json.decode(_read_body(settings().max_push_bytes), type=MissingIn)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        path, reason = where_and_why(error)
        raise AppError("invalid", fields={path: ["invalid"]}, reason=reason) from None
    lacking_photos, lacking_operations = queries.missing(db.session(), access.contract_id, held)
    head = _head(access.contract_id)
    return _answer(
        MissingOut(
            epoch=head.epoch,
            head=head.seq,
            missing_photos=lacking_photos,
            missing_operations=lacking_operations,
        )
    )


@bp.get(f"{CONTRACT}/sync/pull")
@_documented(
    "PullOut",
    parameters=[
        {"in": "query", "name": "cursor", "schema": {"type": "integer", "minimum": 0}},
        {"in": "query", "name": "epoch", "schema": {"type": "string"}},
        {
            "in": "query",
            "name": "phone",
            "content": _json("PhoneReport"),
            "description": "How the phone is, noted when it is news.",
        },
    ],
)
def pull_changes(contract_code: str) -> Response:
    """What changed since the phone's cursor; everything for a cursor of another epoch."""
    access = require("view", contract_code)
    cursor = request.args.get("cursor", default=0, type=int)
    _note_phone(access, request.args.get("phone", ""))
    _head(access.contract_id)
    session = db.session()
    session.rollback()
    if db.engine.dialect.name == "postgresql":
        # One snapshot for the head and every row; SQLite's read transactions are that already.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    answer = pull(
        session,
        access,
        _head(access.contract_id),
        cursor=min(cursor, _LARGEST_CURSOR),
        epoch=request.args.get("epoch", ""),
        now=now_utc(),
    )
    session.rollback()
    return _answer(answer)


@bp.get(f"{CONTRACT}/sync/pictures")
@bp.doc(
    parameters=[
        {
            "in": "query",
            "name": "photos",
            "required": True,
            "schema": {"type": "string"},
            "description": f"The ids of up to {MOST_PICTURES} photos, with commas between them.",
        }
    ],
    responses={200: {"description": "OK", "content": {"multipart/form-data": {"schema": _FILES}}}},
)
def show_pictures(contract_code: str) -> Response:
    """The small pictures of some photos, a part named by each: an empty one where there is none to see.

    A phone asks for hundreds of them after a round was opened. One that can't be given just now is
    left out, and asked for again.
    """
    access = require("view", contract_code)
    asked = list(dict.fromkeys(request.args.get("photos", "").split(",")))
    if len(asked) > MOST_PICTURES or not all(map(is_uid, asked)):
        raise AppError("invalid", fields={"photos": ["invalid"]})
    found = photo_copies.find_photos(db.session(), access.contract_id, asked)
    db.session.rollback()
    parts = {uid: _small(found[uid]) if uid in found else b"" for uid in asked}
    return _form({uid: data for uid, data in parts.items() if data is not None})


def _small(photo: photo_copies.PhotoRef) -> bytes | None:
    """The small picture; nothing of what is no picture, None where the store lacks it."""
    try:
        return photo_copies.copy_of(object_store(), photo, "thumb")
    except AppError:
        return b""
    except OSError:
        log.failure("picture_not_given", photo=photo.uid)
        return None


def _form(files: dict[str, bytes]) -> Response:
    """Some JPEGs as multipart/form-data, which a browser takes apart by itself."""
    boundary = secrets.token_hex(16)
    encoder = MultipartEncoder(boundary.encode())
    body = encoder.send_event(Preamble(data=b""))
    for name, data in files.items():
        headers = Headers([("Content-Type", "image/jpeg")])
        body += encoder.send_event(File(name=name, filename=f"{name}.jpg", headers=headers))
        body += encoder.send_event(Data(data=data, more_data=False))
    body += encoder.send_event(Epilogue(data=b""))
    return Response(body, content_type=f"multipart/form-data; boundary={boundary}")


def _note_phone(access: Access, told: str) -> None:
    """Note how the phone is, when it is news; a link that somebody was lured to follow notes nothing."""
    report = read_phone_report(told) if told and came_from_here() else None
    if report is None:
        return
    now = now_utc()
    phone = _phone(report, now)
    if not tells_news(db.session(), access.contract_id, access.user_id, phone, now):
        return
    try:
        with unit_of_work() as session:
            queries.lock_contract(session, access.contract_id)
            note_phone(session, access.contract_id, access.user_id, phone, now)
    except OperationalError:
        # The database is locked or full: the pull, which only reads, is answered all the same.
        log.event("phone_not_noted")


@bp.put(f"{CONTRACT}/photos/<photo_uid>")
@at_most(6000)
@bp.doc(
    parameters=[
        {
            "in": "header",
            "name": "Repr-Digest",
            "required": True,
            "schema": {"type": "string"},
            "description": "RFC 9530: sha-256=:<base64 of the SHA-256 of the bytes>:",
        }
    ],
    requestBody={
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/jpeg", "image/png", "image/webp")
        },
    },
    responses={200: {"description": "OK", "content": _json("PhotoOut")}},
)
def put_photo(contract_code: str, photo_uid: str) -> Response:
    """Take a photo that an inspection has declared; answered once bytes and row are durable."""
    access = require("inspect", contract_code)
    sha256 = photos.digest_in(request.headers.get("Repr-Digest"))
    slot = photos.find_slot(db.session(), access.contract_id, photo_uid, sha256)
    taken = Taken() if slot.received else _store(access.contract_id, slot)
    head = _head_after(access.contract_id, taken, slot.epoch)
    return _answer(
        PhotoOut(
            epoch=head.epoch,
            head=head.seq,
            id=photo_uid,
            sha256=sha256,
            bytes=slot.bytes,
            result="stored" if taken.stored else "duplicate",
        )
    )


def _store(contract_id: int, slot: queries.Slot) -> Taken:
    """Make the photo durable and note it."""
    maximum = settings().max_photo_bytes
    if (request.content_length or 0) > maximum:
        raise AppError("too_large", maximum=maximum)
    request.max_content_length = maximum
    coming = [(slot, request.stream.read)]
    return take_photos(object_store(), contract_id, coming, maximum, now_utc())


def _head_after(contract_id: int, taken: Taken, epoch: str | None) -> Head:
    return Head(epoch, taken.head) if epoch and taken.head else _head(contract_id)


@bp.put(f"{CONTRACT}/photos")
@at_most(6000)
@bp.doc(
    parameters=[
        {
            "in": "query",
            "name": "ids",
            "required": True,
            "schema": {"type": "string"},
            "description": f"The ids of up to {MOST_PHOTOS} photos, with commas between them.",
        }
    ],
    requestBody={
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    responses={200: {"description": "OK", "content": _json("PhotosOut")}},
)
def put_photos(contract_code: str) -> Response:
    """Take photos that inspections have declared, one after the other in one body.

    Each is as long as its record has said, and is held against the hash that it has said. Answered
    once all are durable; what came whole before the first that is not as declared is kept too.
    """
    access = require("inspect", contract_code)
    uids = list(dict.fromkeys(request.args.get("ids", "").split(",")))
    if len(uids) > MOST_PHOTOS or not all(map(is_uid, uids)):
        raise AppError("invalid", fields={"ids": ["invalid"]})
    slots = photos.find_slots(db.session(), access.contract_id, uids)
    maximum, expected = settings().max_photo_bytes, sum(slot.bytes for slot in slots)
    if expected > maximum:
        raise AppError("too_large", maximum=maximum)
    if request.content_length != expected:
        raise AppError(
            "photo_size_mismatch", expected=expected, received=request.content_length or 0
        )
    request.max_content_length = maximum
    read = request.stream.read
    coming = [(slot, photos.portion(read, slot.bytes)) for slot in slots]
    taken = take_photos(object_store(), access.contract_id, coming, maximum, now_utc())
    head = _head_after(access.contract_id, taken, slots[0].epoch)
    return _answer(
        PhotosOut(
            epoch=head.epoch,
            head=head.seq,
            photos=[
                TakenPhoto(
                    id=slot.uid,
                    sha256=slot.sha256,
                    bytes=slot.bytes,
                    result="stored" if slot.uid in taken.stored else "duplicate",
                )
                for slot in slots
            ],
        )
    )
