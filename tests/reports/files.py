"""What tests of the report's files share: their source, hostile words, and how the parts are read."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from PIL import Image

from webapp.reports.documents import Source
from webapp.reports.shape import ReportContent, Words

# What breaks a file when it is taken for more than text, each in a place of its own.
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "+1+1",
    "-1",
    "a\x00b\x1bc\ud800d\ufffee",
    "مرحبا \u202eabc",
    "👩‍🔧🧯" * 50,
    "<w:p>&amp;]]></w:t>",
    "_x0041_ _x000D_",
    "一\r\n二\t三\u2028四",
    "字" * 2000,
)
TOO_LONG = "长" * 40_000


def picture(width: int = 1600, height: int = 1200, *, noisy: bool = False) -> bytes:
    """A photo as the store gives it; a ``noisy`` one is as large as a photo can be."""
    if noisy:
        image = Image.effect_noise((width, height), 90).convert("RGB")
    else:
        image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def source(
    content: Any,
    language: str = "zh",
    photo: Callable[[str], bytes | None] = lambda sha256: None,
    told: list[tuple[str, int, int]] | None = None,
) -> Source:
    """A source of plain data that went through JSON, as a frozen report did."""
    heard = [] if told is None else told
    return Source(copy.deepcopy(content), language, photo, lambda *progress: heard.append(progress))


def hostile(content: ReportContent) -> ReportContent:
    """The report with hostile words wherever a person may write."""
    made = copy.deepcopy(content)
    words = "\n".join(HOSTILE)
    for at, text in enumerate(HOSTILE):
        made["anomalies"].append(
            {**made["anomalies"][0], "seq": len(made["anomalies"]) + 1, "text": text}
        )
        made["open_items"]["items"].append({**made["open_items"]["items"][0], "remark": text})
        person = made["overview"]["people"][0]
        name: Words = {"zh": text, "en": f"{at} {text}"}
        made["overview"]["people"].append({**person, "person": {**person["person"], "name": name}})
    made["anomalies"][0]["text"] = TOO_LONG
    made["plan"]["remark"] = words
    made["cover"]["client"] = {"zh": f"&A甲方 {HOSTILE[4]}", "en": HOSTILE[0]}
    made["cover"]["contract"] = {"zh": f"&D{words}"[:200], "en": words[:200]}
    for device in made["check_sheets"][0]["devices"]:
        device["remark"] = words
        if device["device"]:
            device["device"]["name"] = HOSTILE[0]
    return made


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of an OOXML file, each well-formed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, part in parts.items():
        if name.endswith((".xml", ".rels")):
            ET.fromstring(part)
    return parts
