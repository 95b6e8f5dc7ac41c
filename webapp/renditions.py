"""What is shown of a stored picture: its re-encoded copies, made once and kept beside it.

The original is never shown: it may carry a position, or be more than a picture.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Literal

from webapp.pictures import Copies, make_copies
from webapp.storage import ObjectStore, photo_key, rendition_key

Size = Literal["thumb", "full"]
# A picture of 60 megapixels takes half a gigabyte while it is decoded: never two of them at once.
_decoding = threading.Lock()


def shown(store: ObjectStore, contract_id: int, sha256: str, size: Size) -> bytes:
    """A copy as JPEG: the longest side 320 (``thumb``) or 1,600 pixels (``full``).

    :raise AppError: ``photo_unreadable``
    """
    with suppress(FileNotFoundError):
        return store.get(rendition_key(contract_id, sha256, size))
    copies = make(store, contract_id, sha256)
    # A full disk doesn't keep anybody from looking.
    with suppress(OSError):
        keep(store, contract_id, sha256, copies)
    return copies.thumb if size == "thumb" else copies.full


def make(store: ObjectStore, contract_id: int, sha256: str) -> Copies:
    """Both copies of a stored picture. :raise AppError: ``photo_unreadable``"""
    return of_bytes(store.get(photo_key(contract_id, sha256)))


def of_bytes(data: bytes) -> Copies:
    """Both copies of a picture's bytes. :raise AppError: ``photo_unreadable``"""
    with _decoding:
        return make_copies(data)


def keep(store: ObjectStore, contract_id: int, sha256: str, copies: Copies) -> None:
    """Keep both copies; no transaction is open meanwhile."""
    store.put(rendition_key(contract_id, sha256, "thumb"), copies.thumb)
    store.put(rendition_key(contract_id, sha256, "full"), copies.full)
