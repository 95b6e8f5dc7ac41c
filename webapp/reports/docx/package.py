"""The parts of a .docx file, written one after the other; the body is never whole in memory.

Without a library: one that builds a tree of elements takes ten times as long for the annexes of 200
rooms; see docs/decisions/report-docx.md.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Final

from webapp.reports.docx.markup import TWIPS, drawing, escaped
from webapp.reports.docx.styles import (
    DECLARATION,
    NAMESPACES,
    fonts_xml,
    numbering_xml,
    settings_xml,
    styles_xml,
)
from webapp.reports.docx.theme import theme_xml
from webapp.reports.media import Picture

RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
# The same data gives the same bytes.
MOMENT: Final = (1980, 1, 1, 0, 0, 0)
# Left and right, top, bottom, and how far head and foot are from the paper's edge: millimetres.
MARGINS: Final = (14, 18, 15, 9, 8)
_PARTS: Final = {
    "styles": "styles",
    "settings": "settings",
    "fontTable": "fontTable",
    "numbering": "numbering",
    "header": "header1",
    "footer": "footer1",
    "theme": "theme/theme1",
}


@dataclass(frozen=True)
class About:
    """What the file says of itself; ``made_at`` is ``2026-11-26T04:26:00Z``."""

    title: str
    subject: str
    language: str
    made_at: str


@dataclass
class Media:
    """The pictures of a document, each contained once."""

    pictures: list[Picture] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)
    _shown: int = 0

    def shown(self, picture: Picture, alt: str, width_mm: float) -> str:
        """A run that shows a picture so wide."""
        name = sha256(picture.data).hexdigest()
        if name not in self._known:
            self.pictures.append(picture)
            self._known[name] = len(self.pictures)
        self._shown += 1
        high = width_mm * picture.height / picture.width
        return drawing(f"rImage{self._known[name]}", self._shown, alt, width_mm, high)


def write_package(body: Iterable[str], media: Media, head: str, foot: str, about: About) -> bytes:
    """The file. ``body`` is written as it comes, so that pictures may still be added meanwhile."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        with archive.open(_entry("word/document.xml"), "w") as part:
            part.write(f"{DECLARATION}<w:document {NAMESPACES}><w:body>".encode())
            for piece in body:
                part.write(piece.encode())
            part.write(f"{_section()}</w:body></w:document>".encode())
        parts = {
            "[Content_Types].xml": _types(),
            "_rels/.rels": _package_relations(),
            "docProps/core.xml": _core(about),
            "docProps/app.xml": _app(),
            "word/_rels/document.xml.rels": _relations(media),
            "word/styles.xml": styles_xml(),
            "word/settings.xml": settings_xml(about.language),
            "word/fontTable.xml": fonts_xml(),
            "word/numbering.xml": numbering_xml(),
            "word/theme/theme1.xml": theme_xml(),
            "word/header1.xml": f"{DECLARATION}<w:hdr {NAMESPACES}>{head}</w:hdr>",
            "word/footer1.xml": f"{DECLARATION}<w:ftr {NAMESPACES}>{foot}</w:ftr>",
        }
        for name, text in parts.items():
            archive.writestr(_entry(name), text.encode())
        for number, picture in enumerate(media.pictures, 1):
            entry = _entry(f"word/media/image{number}{_ending(picture)}")
            entry.compress_type = zipfile.ZIP_STORED
            archive.writestr(entry, picture.data)
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _ending(picture: Picture) -> str:
    return ".png" if picture.data.startswith(b"\x89PNG") else ".jpeg"


def _section() -> str:
    """A4 upright; head and foot on every page but the cover."""
    sides, top, bottom, head, foot = (round(one * TWIPS) for one in MARGINS)
    return (
        '<w:sectPr><w:headerReference w:type="default" r:id="rheader"/>'
        '<w:footerReference w:type="default" r:id="rfooter"/>'
        '<w:pgSz w:w="11906" w:h="16838"/>'
        f'<w:pgMar w:top="{top}" w:right="{sides}" w:bottom="{bottom}" w:left="{sides}"'
        f' w:header="{head}" w:footer="{foot}" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )


def _types() -> str:
    overrides = {
        "/word/document.xml": f"{WORD}.document.main+xml",
        "/word/styles.xml": f"{WORD}.styles+xml",
        "/word/settings.xml": f"{WORD}.settings+xml",
        "/word/fontTable.xml": f"{WORD}.fontTable+xml",
        "/word/numbering.xml": f"{WORD}.numbering+xml",
        "/word/theme/theme1.xml": "application/vnd.openxmlformats-officedocument.theme+xml",
        "/word/header1.xml": f"{WORD}.header+xml",
        "/word/footer1.xml": f"{WORD}.footer+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "/docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
    }
    told = "".join(
        f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides.items()
    )
    return (
        f'{DECLARATION}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="jpeg" ContentType="image/jpeg"/>'
        f'<Default Extension="png" ContentType="image/png"/>{told}</Types>'
    )


def _package_relations() -> str:
    core = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    return (
        f'{DECLARATION}<Relationships xmlns="{RELATIONS}">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="rId2" Type="{core}" Target="docProps/core.xml"/>'
        f'<Relationship Id="rId3" Type="{OFFICE}/extended-properties" Target="docProps/app.xml"/>'
        "</Relationships>"
    )


def _relations(media: Media) -> str:
    told = [
        f'<Relationship Id="r{kind}" Type="{OFFICE}/{kind}" Target="{name}.xml"/>'
        for kind, name in _PARTS.items()
    ]
    told += [
        f'<Relationship Id="rImage{number}" Type="{OFFICE}/image"'
        f' Target="media/image{number}{_ending(picture)}"/>'
        for number, picture in enumerate(media.pictures, 1)
    ]
    return f'{DECLARATION}<Relationships xmlns="{RELATIONS}">{"".join(told)}</Relationships>'


def _core(about: About) -> str:
    return (
        f"{DECLARATION}<cp:coreProperties"
        ' xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escaped(about.title)}</dc:title><dc:subject>{escaped(about.subject)}</dc:subject>"
        f"<dc:language>{'en-US' if about.language == 'en' else 'zh-CN'}</dc:language>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{about.made_at}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{about.made_at}</dcterms:modified>'
        "</cp:coreProperties>"
    )


def _app() -> str:
    return (
        f"{DECLARATION}<Properties"
        ' xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        "<Application>Roundbook</Application></Properties>"
    )
