"""Photos re-encoded for print, into the folder of a document that is being set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from webapp.reports import media
from webapp.reports.documents import PhotoBytes


def photos_of(content: Any) -> dict[str, str]:
    """The SHA-256 of every photo that a report shows, by its uid."""
    return {
        photo["uid"]: photo["sha256"]
        for anomaly in content["anomalies"]
        for photo in anomaly["photos"]
    }


def print_photos(
    folder: Path, wanted: dict[str, str], read: PhotoBytes, tell: Callable[[int, int], None]
) -> dict[str, dict[str, Any]]:
    """Write the photos into the folder; file, width and height of each by its uid.

    One that can't be shown is left out.
    """
    hashes = list(dict.fromkeys(wanted.values()))
    (folder / "photos").mkdir()
    found = dict(_written(folder, hashes, read, tell))
    return {uid: found[sha256] for uid, sha256 in wanted.items() if sha256 in found}


def _written(
    folder: Path, hashes: Sequence[str], read: PhotoBytes, tell: Callable[[int, int], None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    most_bytes = media.budget(len(hashes))
    for at, sha256 in enumerate(hashes):
        tell(at, len(hashes))
        data = read(sha256)
        picture = media.small(data, most_bytes) if data is not None else None
        if picture is not None:
            name = f"photos/{at}.jpg"
            (folder / name).write_bytes(picture.data)
            yield sha256, {"file": name, "width": picture.width, "height": picture.height}
