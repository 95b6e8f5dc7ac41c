"""The photos that a filter lets through as one ZIP, by folders: building, room, device.

What is packed is what is shown: re-encoded, without position and other metadata. One photo at a time
is in memory, and no transaction is open while the archive leaves.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.desk.photo_copies import PhotoRef, copy_of
from webapp.desk.photo_dress import dress_photos
from webapp.desk.photo_list import PhotoFilter, photo_statement
from webapp.desk.photo_table import PHOTOS, count_photos, flat
from webapp.errors import AppError
from webapp.storage import ObjectStore

MOST_PHOTOS = 2000
_AT_ONCE = 200
_LONGEST_NAME = 60
# What Windows forbids in a name, and what no name may hold; a path's own signs among them.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True)
class Packed:
    """A photo and its place in the archive."""

    ref: PhotoRef
    name: str
    at: datetime


def photos_to_pack(
    session: Session, contract_id: int, wanted: PhotoFilter, language: str, zone: ZoneInfo
) -> tuple[list[Packed], bytes]:
    """Every photo with its path in the archive, and the list of them as a CSV file.

    :raise AppError: ``too_large`` beyond two thousand photos
    """
    if count_photos(session, contract_id, wanted) > MOST_PHOTOS:
        raise AppError("too_large", maximum=MOST_PHOTOS)
    packed: list[Packed] = []
    records: list[dict[str, Any]] = []
    taken: set[str] = set()
    statement = photo_statement(contract_id, wanted)
    result = session.execute(statement.execution_options(yield_per=_AT_ONCE))
    for rows in result.partitions():
        for row, photo in zip(rows, dress_photos(session, contract_id, rows), strict=True):
            records.append(flat(photo))
            if not photo["unreadable"]:
                name = unique_name(path_of(photo, language), taken)
                at = (photo["device_taken_at"] or photo["received_at"]).astimezone(zone)
                packed.append(Packed(PhotoRef.of(row.Photo), name, at))
    with PHOTOS.write("csv", records, language, zone) as file:
        return packed, file.read()


def path_of(photo: Mapping[str, Any], language: str) -> str:
    """Where a photo lies: building, floor and room, device, and what it shows."""

    def named(key: str) -> str:
        return str(photo[f"{key}_{language}"] or photo[f"{key}_zh"] or "")

    room = f"{photo['floor']} {named('room')}".strip()
    whole = ("全景", "Whole")[language == "en"]
    device = photo["device_name"] or ("会议室", "Room")[language == "en"]
    what = named("item") or photo["finding"] or photo["item"] or whole
    parts = [named("building"), room, device, f"{photo['month']} {what}"]
    return "/".join(safe_name(str(part)) for part in parts)


def safe_name(text: str) -> str:
    """``text`` as the name of a file or folder on any system."""
    name = _FORBIDDEN.sub("_", text)[:_LONGEST_NAME].strip(". ")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def unique_name(path: str, taken: set[str]) -> str:
    """The path of a picture that no other of the archive has, whatever its letters' case."""
    name, number = f"{path}.jpg", 1
    while name.casefold() in taken:
        number += 1
        name = f"{path} ({number}).jpg"
    taken.add(name.casefold())
    return name


def archive(
    store: ObjectStore, photos: Sequence[Packed], table: tuple[str, bytes]
) -> Iterator[bytes]:
    """The ZIP's bytes as they are made; a picture that can't be read any more is left out."""
    out = _Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(table[0], table[1], zipfile.ZIP_DEFLATED)
        for photo in photos:
            for part in _picture(store, photo):
                packed.writestr(_entry(photo), part)
            yield out.taken()
    yield out.taken()


def _picture(store: ObjectStore, photo: Packed) -> Iterable[bytes]:
    try:
        yield copy_of(store, photo.ref, "full")
    except (AppError, FileNotFoundError):
        return


def _entry(photo: Packed) -> zipfile.ZipInfo:
    at = photo.at
    # A ZIP knows the years from 1980 to 2107, and a phone's clock may say any.
    entry = zipfile.ZipInfo(photo.name, (min(max(at.year, 1980), 2107), *at.timetuple()[1:6]))
    entry.external_attr = 0o644 << 16  # Else nobody may read what is unpacked on Unix.
    return entry


class _Outlet(io.RawIOBase):
    """What a ZIP is written to: it can't be gone back in, and what has left is forgotten."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
