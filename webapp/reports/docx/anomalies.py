"""三、异常明细: each anomaly a block with its photos, as it is read on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from webapp.reports import words
from webapp.reports.docx.flow import Writer
from webapp.reports.docx.markup import (
    ACCENT,
    HEAD_TINT,
    LONGEST,
    NEW_LINE,
    SOFT,
    STATE_INK,
    Cell,
    in_both,
    paragraph,
    row_xml,
    run,
    table_xml,
    twips,
)
from webapp.reports.media import Photos
from webapp.reports.outline.lists import anomaly_result, anomaly_what
from webapp.reports.outline.tables import Value, lines_of
from webapp.reports.shape import Anomaly, Words
from webapp.reports.wording import device_words, filled, place_words, severity_words

WIDTHS = twips((24, 108, 50))
PHOTO_MM = 43


def anomalies(writer: Writer, rows: Sequence[Anomaly], photos: Photos) -> Iterator[str]:
    """The section."""
    yield writer.heading(words.TITLES["anomalies"])
    if not rows:
        yield writer.say(words.LABELS["no_anomalies"], "Note")
    for row in rows:
        yield _block(writer, row, photos)
        yield paragraph("", "Cell")


def _block(writer: Writer, row: Anomaly, photos: Photos) -> str:
    """A head, the facts below it, one photo beside them or more below; held together unless it is long."""
    is_long = len(row["text"]) > LONGEST
    facts = _facts(row)
    shown = _photos(writer, row, photos)
    beside = shown[0] if len(shown) == 1 and not is_long else ""
    below = "" if beside else run(" ").join(shown)
    made = [row_xml([Cell(_head(writer, row), HEAD_TINT, over=3)], WIDTHS)]
    for at, (name, value, state) in enumerate(facts):
        keep = not is_long and (at + 1 < len(facts) or bool(below))
        told = in_both(lines_of(value, writer.wording), color=STATE_INK.get(state, ""))
        cells = [
            Cell(writer.say(name, "Cell", keep=keep)),
            Cell(paragraph(told, "Cell", keep=keep), over=1 if beside else 2),
        ]
        if beside:
            joined = "begins" if at == 0 else "goes on"
            body = paragraph(beside if at == 0 else "", "CellRight", keep=keep)
            cells.append(Cell(body, joined=joined))
        made.append(row_xml(cells, WIDTHS, may_break=is_long))
    if below:
        made.append(row_xml([Cell(paragraph(below, "Cell"), over=3)], WIDTHS))
    told = writer.wording.text(filled("anomaly_number", {"number": row["seq"]}), " / ")
    return table_xml(made, WIDTHS, told)


def _head(writer: Writer, row: Anomaly) -> str:
    """Number, device and place, and what is to be seen at once."""
    wording = writer.wording
    told = run(f"{row['seq']}.  ", bold=True, color=ACCENT)
    if row["device"]:
        told += run(wording.text(device_words(row["device"]), " ") + "  ", bold=True)
    told += run(wording.text(place_words(row["place"]), " / "), color=SOFT)
    badges = [wording.text(name, " / ") for name in _badges(row)]
    if badges:
        told += NEW_LINE + run(
            "   ".join(badges), color=STATE_INK["normal" if row["fixed"] else "abnormal"]
        )
    return paragraph(told, "Cell", keep=True)


def _badges(row: Anomaly) -> list[Words]:
    badges = [severity_words(row["severity"])] if row["severity"] is not None else []
    if row["months"] > 1:
        badges.append(filled("months_in_a_row", {"count": row["months"]}))
    return [*badges, *([anomaly_result(row)] if anomaly_result(row)["zh"] else [])]


def _facts(row: Anomaly) -> list[tuple[Words, Value, str]]:
    heads = words.HEADS
    facts: list[tuple[Words, Value, str]] = []
    if row["item"]:
        facts.append((heads["item"], row["item"], ""))
        facts.append((heads["reading"], row["reading"], "abnormal"))
        if row["normal"]["zh"]:
            facts.append((heads["normal_range"], row["normal"], ""))
    else:
        facts.append((heads["item"], anomaly_what(row), ""))
    if row["text"]:
        facts.append((heads["remark" if row["item"] else "anomaly"], row["text"], ""))
    for key in ("cause", "action"):
        value: Words = row["cause"] if key == "cause" else row["action"]
        if value["zh"] or value["en"]:
            facts.append((heads[key], value, ""))
    name, on = row["inspector"], row["inspected_on"]
    seen: Words = {"zh": f"{name['zh']}  {on}", "en": f"{name['en']}  {on}"}
    return [*facts, (heads["inspector"], seen, "")]


def _photos(writer: Writer, row: Anomaly, photos: Photos) -> list[str]:
    """A run for each of the photos."""
    wording = writer.wording
    what = f"{wording.text(device_words(row['device']), ' ')} · {wording.text(anomaly_what(row), ' / ')}"
    alt = wording.text(filled("photo_alt", {"what": what}), " / ")
    made = []
    for ref in row["photos"]:
        picture = photos.picture(ref)
        if picture is None:
            made.append(run(wording.text(words.LABELS["photo_missing"], " / "), "Soft"))
        else:
            made.append(writer.media.shown(picture, alt, PHOTO_MM))
    return made
