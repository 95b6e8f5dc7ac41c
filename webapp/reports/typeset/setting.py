"""A document set in a folder of its own: parts one after the other, then joined."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from webapp import log
from webapp.estate import label_font
from webapp.reports import quote_words, words
from webapp.reports.typeset import fonts
from webapp.reports.typeset.parts import MOST_TAGGED_ROWS, Part

HERE: Final = Path(__file__).parent
# The folder of a document that is being made, in the system's folder for such; see the README.
FOLDER_PREFIX: Final = "roundbook-document-"
# It goes with its document; what a maker that was killed has left goes after a day.
LEFT_AFTER: Final = timedelta(days=1)
TEMPLATES: Final = HERE.parent / "templates"
# A part takes seconds; one that hangs must not hold the worker for ever.
MOST_SECONDS: Final = 300
# Everything is made at the moment that the data was read, so that the same data gives the same bytes.
LANGUAGE_CODES: Final = {"zh": "zh-CN", "en": "en", "both": "zh-CN"}


class SettingError(Exception):
    """A part could not be set; the message is typst's own."""


def sweep_folders(parent: Path, now: datetime) -> None:
    """Remove what makers that were killed left behind."""
    for folder in parent.glob(f"{FOLDER_PREFIX}*"):
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime < (now - LEFT_AFTER).timestamp():
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Look:
    """What all parts share; texts are printable by now, ``running`` is what stands above each page."""

    title: str
    running: tuple[str, str]
    language: str
    timestamp: int
    photos: Mapping[str, Any]
    has_lost_glyphs: bool


@dataclass
class Setting:
    """One document on its way. ``tell(done, total)`` is called between the parts."""

    folder: Path
    look: Look
    tell: Callable[[int, int], None]
    names: list[str] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)
    pages: int = 0

    def set_parts(self, parts: Sequence[Part], front: Mapping[str, Any] | None = None) -> bytes:
        """The PDF of the parts; ``front`` is the report's content where a cover stands before them."""
        self._lay_out()
        is_tagged = sum(part.rows for part in parts) <= MOST_TAGGED_ROWS
        total = len(parts) + 2
        front_pages = self._front(front, [])["pages"] if front else 0
        self.pages = front_pages
        for at, part in enumerate(parts):
            self.tell(at, total)
            # The sections are always tagged; only annexes beyond all measure are not.
            self._part(part, f"p{at:04d}", tagged=is_tagged or part.kind == "sections")
        self.tell(len(parts), total)
        if front:
            made = self._front(front, self.bookmarks)
            self.names.insert(0, "front")
            self.bookmarks = [*made["bookmarks"], *self.bookmarks]
        return self._join()

    def _lay_out(self) -> None:
        for template in TEMPLATES.glob("*.typ"):
            if template.name in (
                "lib.typ",
                "main.typ",
                "quote.typ",
                "annexes.typ",
                "service_log.typ",
                "charts.typ",
                "sections.typ",
            ):
                (self.folder / template.name).write_bytes(template.read_bytes())

    def _part(self, part: Part, name: str, *, tagged: bool) -> None:
        data = {
            "kind": part.kind,
            "content": part.content,
            "head": part.head,
            "level": part.level,
            "first_page": self.pages + 1,
        }
        made = self._compile(name, data, tagged=tagged)
        deeper = 1 if part.goes_on else 0
        for mark in made["bookmarks"]:
            self.bookmarks.append(
                {**mark, "page": mark["page"] + self.pages, "depth": mark["depth"] + deeper}
            )
        self.names.append(name)
        self.pages += made["pages"]

    def _front(self, content: Mapping[str, Any], bookmarks: Sequence[Any]) -> dict[str, Any]:
        """Cover, summary and contents; set twice, since the contents are known when all is set."""
        entries = [
            {"title": mark["title"], "page": mark["page"] + 1}
            for mark in bookmarks
            if mark["depth"] == 0
        ]
        empty = [{"title": "…", "page": 1}] * 13
        data = {
            "kind": "front",
            "content": content,
            "contents": entries or empty,
            "pages": self.pages,
            "first_page": 1,
        }
        return self._compile("front", data, tagged=True)

    def _compile(self, name: str, part: Mapping[str, Any], *, tagged: bool) -> dict[str, Any]:
        look = self.look
        data = {
            "language": look.language,
            "fonts": fonts.families(),
            "words": words.ALL | quote_words.ALL,
            "photos": look.photos,
            "title": look.title,
            "running": look.running,
            "has_lost_glyphs": look.has_lost_glyphs,
            "part": part,
        }
        asked = {
            "data": f"{name}.data.json",
            "font_folder": str(label_font.font_path().parent),
            "timestamp": look.timestamp,
            "tagged": tagged,
        }
        write_json(self.folder / f"{name}.data.json", data)
        write_json(self.folder / f"{name}.json", asked)
        made = run_script("compile_part.py", str(self.folder), name)
        if made["warnings"]:
            raise SettingError("; ".join(made["warnings"])[:500])
        (self.folder / f"{name}.data.json").unlink()
        return made

    def _join(self) -> bytes:
        asked = {
            "parts": self.names,
            "bookmarks": self.bookmarks,
            "language": LANGUAGE_CODES[self.look.language],
        }
        write_json(self.folder / "join.json", asked)
        self.pages = run_script("join_parts.py", str(self.folder))["pages"]
        return (self.folder / "joined.pdf").read_bytes()


def write_json(path: Path, data: Any) -> None:
    """Write plain data for typst or a script to read."""
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")


def run_script(script: str, *arguments: str) -> dict[str, Any]:
    """Run one of the scripts beside this file. :raise SettingError:"""
    command = [sys.executable, "-I", str(HERE / script), *arguments]
    ran = subprocess.run(  # noqa: S603 - our own script, with our own arguments
        command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False
    )
    if ran.returncode != 0:
        log.event("setting_failed", script=script, code=ran.returncode)
        raise SettingError(f"{script} ended with {ran.returncode}: {ran.stderr[-1500:]}")
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer
