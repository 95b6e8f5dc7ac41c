"""运维检查表 and 设备记录表 as they are printed and signed: one room, or one device, under the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from webapp.reports import words
from webapp.reports.docx.flow import Writer
from webapp.reports.docx.markup import (
    HEAD_TINT,
    LONGEST,
    NEW_LINE,
    Cell,
    in_both,
    paragraph,
    row_xml,
    run,
    table_xml,
    twips,
)
from webapp.reports.media import signature
from webapp.reports.outline.annexes import (
    CheckLine,
    Fact,
    consumable_table,
    device_lines,
    finding_table,
    lines_of_sheet,
    open_item_table,
    record_columns,
    record_facts,
    record_title,
    sheet_counts,
    sheet_facts,
    sheet_title,
)
from webapp.reports.outline.tables import Table, lines_of
from webapp.reports.shape import CheckSheet, DeviceRecord, SignOff, Words
from webapp.reports.wording import named

FACTS = twips((24, 67, 24, 67))
# 序号 · 设备/编号 · 检查项目 · 标准值 · 测试数据 · 正常/异常 · 备注(原因)
READINGS = twips((9, 35, 36, 27, 27, 17, 31))
HEADS = ("seq", "device_and_number", "item", "normal_range", "reading", "verdict", "remark_reason")
FOUR = twips((45.5,) * 4)
SIGNED_MM, DRAWN_MM = 18, 27


def check_sheet(writer: Writer, sheet: CheckSheet, *, new_page: bool) -> Iterator[str]:
    """The sheet of one room."""
    yield writer.heading(sheet_title(sheet), 2, new_page=new_page)
    yield facts_table(writer, sheet_facts(sheet))
    yield writer.say(sheet_counts(sheet), "Note", keep=True)
    yield table_xml(_readings(writer, sheet), READINGS, writer.wording.heading(sheet_title(sheet)))
    blocks = (
        consumable_table(sheet["consumables"]),
        finding_table(sheet["findings"]),
        open_item_table(sheet["open_items"]),
    )
    for block in blocks:
        if block.rows:
            yield from writer.table(block, 3)
    none = [_none(writer, block) for block in blocks if not block.rows]
    if none:
        yield paragraph(run("　".join(none)), "Note")
    yield writer.heading(words.LABELS["sign_offs"], 3)
    # Nothing after it: an empty line might be all that comes on the next page.
    yield _signatures(writer, sheet["sign_offs"])


def _none(writer: Writer, table: Table) -> str:
    """That there is nothing of a kind."""
    wording = writer.wording
    return f"{wording.text(table.title, ' / ')}：{wording.text(table.empty, ' / ')}"


def facts_table(writer: Writer, facts: Sequence[Fact]) -> str:
    """Names and values, two of each a row."""
    rows = []
    for at in range(0, len(facts), 2):
        cells = []
        for name, value, kind in facts[at : at + 2]:
            head = paragraph(in_both([writer.wording.lines(name)]), "CellHead", keep=True)
            told = paragraph(in_both(writer.lines_of(value, kind)), "Cell", keep=True)
            cells += [Cell(head, HEAD_TINT), Cell(told)]
        rows.append(row_xml(cells, FACTS))
    return table_xml(rows, FACTS, writer.wording.text(words.LABELS["facts"], " / ")) + paragraph(
        "", "Cell"
    )


def _readings(writer: Writer, sheet: CheckSheet) -> Iterator[str]:
    yield writer.head([(words.HEADS[key], "text") for key in HEADS], READINGS)
    for line in lines_of_sheet(sheet):
        yield _line(writer, line)


def _line(writer: Writer, line: CheckLine) -> str:
    """A reading; a device's name stands once beside all of its own."""
    row, state = line.row, "abnormal" if line.outcome == "abnormal" else ""
    joined = "" if line.of == 1 else "begins" if line.at == 0 else "goes on"
    device = _device(writer, line) if line.at == 0 else paragraph("", "Cell")
    verdict = writer.cell(
        [writer.wording.lines(named("outcomes", line.outcome))], state=line.outcome
    )
    remark = lines_of(line.remark, writer.wording)
    is_long = sum(len(first) for first, _ in remark) > LONGEST
    cells = [
        writer.cell([(str(row["seq"]) if row else "", "")]),
        Cell(device, joined=joined),
    ]
    if row is None:
        told = paragraph(in_both(lines_of(line.reason, writer.wording)), "Cell")
        cells.append(Cell(told, over=3))
    else:
        cells += [
            writer.cell(writer.lines_of(value, "text"), state=state)
            for value in (row["item"], row["normal"], row["reading"])
        ]
    cells += [verdict, writer.cell(remark, state=state)]
    return row_xml(cells, READINGS, may_break=is_long)


def _device(writer: Writer, line: CheckLine) -> str:
    name, *others = device_lines(line.device)
    made = in_both(lines_of(name, writer.wording))
    for other in others:
        made += NEW_LINE + run(writer.wording.said(other), "Second")
    return paragraph(made, "Cell")


def _signatures(writer: Writer, signed: Sequence[SignOff]) -> str:
    """自检, 互检, 终验 and the client: who signed, or room to sign by hand."""
    levels = ("self_check", "peer_check", "final")
    names: list[Words] = [*(named("levels", key) for key in levels), words.LABELS["client_sign"]]
    heads = [
        Cell(paragraph(in_both([writer.wording.lines(name)]), "CellHead", keep=True), HEAD_TINT)
        for name in names
    ]
    boxes = [
        Cell(_signed(writer, [one for one in signed if one["level"] == key]), bottom=True)
        for key in levels
    ]
    boxes.append(Cell(paragraph("", "Cell")))
    rows = [row_xml(heads, FOUR), row_xml(boxes, FOUR, high_mm=SIGNED_MM)]
    return table_xml(rows, FOUR, writer.wording.text(words.LABELS["sign_offs"], " / "), "Boxes")


def _signed(writer: Writer, ones: Sequence[SignOff]) -> str:
    made = ""
    for one in ones:
        name = writer.wording.said(one["person"]["name"], " ")
        if one["strokes"]:
            made += paragraph(writer.media.shown(signature(one["strokes"]), name, DRAWN_MM), "Cell")
        if one["signed_name"]:
            made += paragraph(run(one["signed_name"], size=10), "Cell")
        told = run(name) + NEW_LINE
        told += run(f"{one['signed_at']}\n{one['sha256'][:16]}", "Second")
        made += paragraph(told, "Cell")
    return made or paragraph("", "Cell")


def device_record(writer: Writer, record: DeviceRecord) -> Iterator[str]:
    """The record of one device."""
    yield writer.heading(record_title(record), 2)
    yield facts_table(writer, record_facts(record))
    if record["remark"]:
        yield writer.say(record["remark"], "Note")
    table = Table(record_columns(), record["rows"], empty=words.LABELS["empty_record"])
    yield from writer.table(table)
