"""Reading the rescue file that a phone made: a ZIP, which may be cut, altered, foreign or a bomb.

Nothing in it is ever unpacked to a path, and no name in it is used but to find a member. Every read
is bounded: the directory, the manifest, an operation, a photo.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO, cast

import msgspec

from webapp.errors import AppError
from webapp.rounds.payloads import Count, DeviceTime, Id, Sha256, Uid
from webapp.sync.rules import Received, examine_raw

FORMAT = 1
# A batch as phones push it: so many operations, and so many bytes of them, are held at once.
_OPERATIONS_AT_ONCE = 100
_BATCH_BYTES = 1_000_000
_LARGEST_DIRECTORY_BYTES = 4 * 1024 * 1024
_LARGEST_MANIFEST_BYTES = 8 * 1024 * 1024
_LARGEST_OPERATION_BYTES = 4 * 1024 * 1024
_READ_AT_ONCE = 1024 * 1024
# What zipfile and zlib raise for an archive that was cut, damaged, or made to hurt.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    RuntimeError,
    OverflowError,
    EOFError,
    OSError,
)


class RescuedOperation(msgspec.Struct):
    """An operation of a rescue file; its envelope is ``operations/<id>.json``, word for word."""

    id: Uid
    hash: Sha256


class RescuedPhoto(msgspec.Struct):
    """A photo of a rescue file: where its bytes lie in it, and what they must equal.

    ``state`` is what the phone had it in: ``draft`` belongs to an inspection that was not finished.
    """

    id: Uid
    file: Annotated[str, msgspec.Meta(max_length=200)]
    sha256: Sha256
    bytes: Count
    inspection: str | None = None
    state: str = "waiting"


class RescueManifest(msgspec.Struct):
    """``manifest.json`` of a rescue file: whose it is, and what is in it."""

    format: int
    user_id: Id
    contract: str
    phone_id: Annotated[str, msgspec.Meta(max_length=64)]
    made_at: DeviceTime = ""
    operations: Annotated[list[RescuedOperation], msgspec.Meta(max_length=20_000)] = []
    photos: Annotated[list[RescuedPhoto], msgspec.Meta(max_length=20_000)] = []


_manifests = msgspec.json.Decoder(RescueManifest)
_drafts = msgspec.json.Decoder(list[msgspec.Raw])


class _Bounded(io.RawIOBase):
    """A file of which nobody reads more at once than a ZIP's directory may be large.

    ``zipfile`` takes the directory's size from the file, and reads so much into memory.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        most = _LARGEST_DIRECTORY_BYTES + 1
        data = self._file.read(most if size < 0 else min(size, most))
        if len(data) == most:
            raise zipfile.BadZipFile("too much is wanted at once")
        return data


@dataclass(frozen=True)
class RescuedRecord:
    """One operation of the file, examined; ``received`` is None where its envelope can't be read."""

    id: str
    received: Received | None


class RescueFile:
    """An opened rescue file: its manifest, and readers for what that lists."""

    def __init__(self, archive: zipfile.ZipFile, sha256: str, size_bytes: int) -> None:
        self.sha256 = sha256
        self.size_bytes = size_bytes
        self._archive = archive
        self.manifest = self._read_manifest()

    def drafts(self) -> int:
        """How many inspections were not finished; they stay in the file."""
        try:
            return len(_drafts.decode(self._whole("drafts.json", _LARGEST_MANIFEST_BYTES)))
        except (*_BROKEN, KeyError, msgspec.DecodeError):
            return 0

    def batches(self) -> Iterator[list[RescuedRecord]]:
        """The operations as the manifest lists them, a bounded number in memory at once."""
        batch: list[RescuedRecord] = []
        size_bytes = 0
        for listed in self.manifest.operations:
            raw = self._operation(listed.id)
            if batch and (
                len(batch) >= _OPERATIONS_AT_ONCE or size_bytes + len(raw) > _BATCH_BYTES
            ):
                yield batch
                batch, size_bytes = [], 0
            batch.append(RescuedRecord(listed.id, _examined(listed.id, listed.hash, raw)))
            size_bytes += len(raw)
        if batch:
            yield batch

    def has_photo(self, photo: RescuedPhoto) -> bool:
        """Whether the file has a member for the photo at all."""
        return photo.file in self._archive.NameToInfo

    def photo_reader(self, photo: RescuedPhoto) -> Callable[[int], bytes]:
        """Reads the photo's bytes part by part, and no more of them than one beyond its length.

        :raise AppError: ``digest_mismatch``, also at a later read, where the archive is damaged
        """
        try:
            member = self._member(photo.file)
        except _BROKEN:
            raise AppError("digest_mismatch") from None
        left = photo.bytes + 1

        def read(size: int) -> bytes:
            nonlocal left
            try:
                part = member.read(min(size, left)) if left else b""
            except _BROKEN:
                raise AppError("digest_mismatch") from None
            left -= len(part)
            return part

        return read

    def photo_is_whole(self, photo: RescuedPhoto) -> bool:
        """Whether the photo's bytes are those that the phone had hashed."""
        digest, length = hashlib.sha256(), 0
        try:
            read = self.photo_reader(photo)
            while part := read(_READ_AT_ONCE):
                digest.update(part)
                length += len(part)
        except AppError:
            return False
        return length == photo.bytes and digest.hexdigest() == photo.sha256

    def _read_manifest(self) -> RescueManifest:
        try:
            manifest = _manifests.decode(self._whole("manifest.json", _LARGEST_MANIFEST_BYTES))
        except (*_BROKEN, KeyError, msgspec.DecodeError, UnicodeDecodeError):
            raise AppError("rescue_unreadable", reason="manifest") from None
        if manifest.format != FORMAT:
            raise AppError("rescue_format_unknown", format=manifest.format)
        return manifest

    def _operation(self, operation_id: str) -> bytes:
        try:
            return self._whole(f"operations/{operation_id}.json", _LARGEST_OPERATION_BYTES)
        except (*_BROKEN, KeyError):
            return b""

    def _whole(self, name: str, most_bytes: int) -> bytes:
        data = bytearray()
        with self._member(name) as member:
            while part := member.read(_READ_AT_ONCE):
                data += part
                if len(data) > most_bytes:
                    raise zipfile.BadZipFile(f"{name} is too large")
        return bytes(data)

    def _member(self, name: str) -> BinaryIO:
        info = self._archive.getinfo(name)
        # Other methods than these unpack without a bound, or want a password.
        known = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if not known or info.flag_bits & 1:
            raise zipfile.BadZipFile(f"{name} is packed in a way that no phone packs")
        return cast(BinaryIO, self._archive.open(info))


def open_rescue_file(file: BinaryIO) -> RescueFile:
    """Open what may be a rescue file. :raise AppError: ``rescue_unreadable``, ``rescue_format_unknown``"""
    file.seek(0)
    digest = hashlib.sha256()
    while part := file.read(_READ_AT_ONCE):
        digest.update(part)
    size_bytes = file.tell()
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, _Bounded(file)))
    except _BROKEN:
        raise AppError("rescue_unreadable", reason="archive") from None
    return RescueFile(archive, digest.hexdigest(), size_bytes)


def _examined(operation_id: str, digest: str, raw: bytes) -> Received | None:
    """The operation, unless its envelope can't be read or is another than the manifest names."""
    try:
        received = examine_raw(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    operation = received.operation
    return received if (operation.id, operation.hash) == (operation_id, digest) else None
