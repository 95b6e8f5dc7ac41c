"""Photos and documents, by one interface: a local folder, or an S3-compatible store.

An object is durable when ``put`` returns: the folder's files are fsynced with their folder, the
object store acknowledges by itself. Keys are made by the server; nothing from a phone is in them.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, unquote

from flask import current_app

from webapp.setting_values import split

if TYPE_CHECKING:
    from obstore.store import S3Store

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


# How long a store that does not answer is asked again: somebody waits for it.
_ASKED_AGAIN_FOR = timedelta(seconds=20)


class StoreAwayError(OSError):
    """The store can't be reached, or refuses; what was wanted of it may be asked again."""


class ObjectStore(Protocol):
    """What the services ask of a store. Each raises OSError where it can't be had."""

    def put(self, key: str, data: bytes) -> None:
        """Make ``data`` durable under ``key``; the same key again replaces it."""

    def get(self, key: str) -> bytes:
        """The bytes of ``key``. :raise FileNotFoundError:"""

    def delete(self, key: str) -> None:
        """Remove ``key``; a missing one is no error."""

    def keys(self, prefix: str) -> list[tuple[str, float]]:
        """The keys below ``prefix`` with the time of their last change (seconds since 1970)."""

    def check(self) -> None:
        """Raise when the store can't be reached."""


@dataclass
class FolderStore:
    """A folder on this machine's disk."""

    root: Path

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        try:
            self._write(path, data)
        except FileNotFoundError:
            self._make_folder(path.parent)
            self._write(path, data)

    def get(self, key: str) -> bytes:
        return self._path(key).read_bytes()

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> list[tuple[str, float]]:
        start = self._path(prefix) if prefix else self.root
        files = (path for path in start.rglob("*") if path.is_file())
        return [(str(path.relative_to(self.root)), path.stat().st_mtime) for path in files]

    def check(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        if ".." in key.split("/") or key.startswith("/") or "\0" in key:
            raise ValueError("a key may not leave the store")
        return self.root / key

    def _make_folder(self, folder: Path) -> None:
        missing = [folder, *(p for p in folder.parents if not p.exists())]
        folder.mkdir(parents=True, exist_ok=True)
        for made in missing:
            _sync_folder(made.parent)

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{secrets.token_hex(8)}.part")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
            os.close(descriptor)
            descriptor = -1
            temporary.rename(path)
        except BaseException:
            if descriptor >= 0:
                os.close(descriptor)
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class S3CompatibleStore:
    """A bucket of an S3-compatible store; connected at first use, after any fork."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: S3Store | None = None

    def put(self, key: str, data: bytes) -> None:
        with self._connected() as store:
            store.put(key, data)

    def get(self, key: str) -> bytes:
        with self._connected() as store:
            return bytes(store.get(key).bytes())

    def delete(self, key: str) -> None:
        with self._connected() as store:
            store.delete(key)

    def keys(self, prefix: str) -> list[tuple[str, float]]:
        with self._connected() as store:
            return [
                (item["path"], item["last_modified"].timestamp())
                for page in store.list(prefix)
                for item in page
            ]

    def check(self) -> None:
        with self._connected() as store:
            next(iter(store.list("photos/__readyz__")), None)

    @contextmanager
    def _connected(self) -> Iterator[S3Store]:
        from obstore.exceptions import BaseError, NotFoundError

        if self._store is None:
            self._store = _s3_store(self._url)
        try:
            yield self._store
        except NotFoundError as error:
            raise FileNotFoundError(str(error)) from error
        except BaseError as error:
            raise StoreAwayError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Place:
    """Where an S3-compatible store is, and as whom it is asked."""

    bucket: str
    endpoint: str
    key: str
    secret: str
    region: str
    is_virtual: bool


def place_of(url: str) -> Place:
    """What ``s3://KEY:SECRET@HOST:PORT/BUCKET?scheme=http`` says; ``region`` and ``style`` may follow.

    The library takes whatever it is given, and breaks at the first photo.

    :raise ValueError:
    """
    parts = split(url, "s3")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := query.keys() - {"scheme", "region", "style"}:
        raise ValueError(f"{min(unknown)!r} is none of scheme, region and style")
    scheme, style = query.get("scheme", "https"), query.get("style", "path")
    if scheme not in ("http", "https") or style not in ("path", "virtual"):
        raise ValueError("scheme is http or https, and style is path or virtual")
    if not parts.username or not parts.password:
        raise ValueError("it has no key or no secret")
    bucket = parts.path.strip("/")
    if not _BUCKET.fullmatch(bucket) or parts.fragment or not parts.netloc.isascii():
        raise ValueError("it names no bucket after the host")
    key, secret = unquote(parts.username), unquote(parts.password)
    region = query.get("region") or "us-east-1"
    if not f"{key}{secret}{region}".isprintable():
        raise ValueError("key, secret and region are of letters that can be seen")
    host = parts.netloc.rpartition("@")[2]
    return Place(bucket, f"{scheme}://{host}", key, secret, region, is_virtual=style == "virtual")


def _s3_store(url: str) -> S3Store:
    from obstore.store import S3Store

    place = place_of(url)
    return S3Store(
        place.bucket,
        endpoint=place.endpoint,
        access_key_id=place.key,
        secret_access_key=place.secret,
        region=place.region,
        virtual_hosted_style_request=place.is_virtual,
        client_options={"allow_http": place.endpoint.startswith("http://")},
        retry_config={"max_retries": 5, "retry_timeout": _ASKED_AGAIN_FOR},
    )


def store_for(object_store_url: str, data_dir: Path) -> ObjectStore:
    """The store that the settings name: the folder ``files`` of DATA_DIR when there is no address."""
    if not object_store_url:
        return FolderStore(data_dir / "files")
    return S3CompatibleStore(object_store_url)


def object_store() -> ObjectStore:
    """The running app's store."""
    store: ObjectStore = current_app.extensions["object_store"]
    return store


def photo_key(contract_id: int, sha256: str) -> str:
    """Where a photo's original lies; photos of the same bytes in a contract share one object.

    Sixteen folders a contract: each new one costs as much as a photo, since its parent is fsynced too.
    """
    return f"photos/{contract_id}/{sha256[:1]}/{sha256}"


def rendition_key(contract_id: int, sha256: str, size: str) -> str:
    """Where a re-encoded copy of a photo lies; ``size`` is ``full`` or ``thumb``."""
    return f"renditions/{contract_id}/{sha256[:1]}/{sha256}.{size}.jpg"
