"""The look of the text document: its styles, fonts, settings, and the mark of a list. Pure.

Fonts are named, not contained: the Chinese one comes with Windows and Office; elsewhere a program
takes the one that it has instead, told by ``altName``, character set and family what is meant.
"""

from __future__ import annotations

from typing import Final

from webapp.reports.docx.markup import ACCENT, HAIRLINE, SOFT

NAMESPACES: Final = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
LATIN, CHINESE = "Arial", "Microsoft YaHei"
INK = "14201F"


def _style(
    name: str,
    key: str,
    *,
    kind: str = "paragraph",
    based: str = "Normal",
    after: str = "",
    paragraph: str = "",
    run: str = "",
) -> str:
    custom = ' w:customStyle="1"' if key in _OWN else ""
    based_on = f'<w:basedOn w:val="{based}"/>' if based else ""
    follows = f'<w:next w:val="{after}"/>' if after else ""
    look = f"<w:pPr>{paragraph}</w:pPr>" if paragraph else ""
    look += f"<w:rPr>{run}</w:rPr>" if run else ""
    quick = "<w:qFormat/>" if kind == "paragraph" else ""
    return (
        f'<w:style w:type="{kind}" w:styleId="{key}"{custom}><w:name w:val="{name}"/>'
        f"{based_on}{follows}{quick}{look}</w:style>"
    )


_OWN = frozenset(
    {"Cell", "CellRight", "CellHead", "CellHeadRight", "End", "Second", "Soft", "Note"}
)


def _size(points: float) -> str:
    return f'<w:sz w:val="{round(points * 2)}"/><w:szCs w:val="{round(points * 2)}"/>'


def _color(color: str) -> str:
    return f'<w:color w:val="{color}"/>'


def _spacing(before: int, after: int, line: int = 0) -> str:
    height = f' w:line="{line}" w:lineRule="auto"' if line else ""
    return f'<w:spacing w:before="{before}" w:after="{after}"{height}/>'


def _heading(level: int, points: float, before: int, line: str = "") -> str:
    color = _color(ACCENT) if level == 1 else ""
    return _style(
        f"heading {level}",
        f"Heading{level}",
        after="Normal",
        paragraph=f'<w:keepNext/><w:keepLines/>{line}{_spacing(before, 120)}<w:outlineLvl w:val="{level - 1}"/>',
        run=f"<w:b/>{color}{_size(points)}",
    )


def _table_style(name: str, borders: str, head: str = "") -> str:
    return (
        f'<w:style w:type="table" w:styleId="{name}" w:customStyle="1"><w:name w:val="{name}"/>'
        '<w:basedOn w:val="TableNormal"/>'
        f"<w:tblPr><w:tblBorders>{borders}</w:tblBorders>"
        '<w:tblCellMar><w:top w:w="28" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>'
        '<w:bottom w:w="28" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"{head}</w:style>"
    )


def _border(side: str, size: int, color: str) -> str:
    return f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{color}"/>'


_RULE = f'<w:pBdr><w:bottom w:val="single" w:sz="8" w:space="2" w:color="{ACCENT}"/></w:pBdr>'
_DEFAULTS = (
    "<w:docDefaults><w:rPrDefault><w:rPr>"
    f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{CHINESE}" w:cs="{LATIN}"/>'
    f"{_color(INK)}{_size(9.5)}"
    '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
    "</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>"
    f"{_spacing(0, 80, 252)}</w:pPr></w:pPrDefault></w:docDefaults>"
)
_TABLE_NORMAL = (
    '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/>'
    '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/>'
    '<w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="108" w:type="dxa"/>'
    "</w:tblCellMar></w:tblPr></w:style>"
)


def styles_xml() -> str:
    """``word/styles.xml``."""
    styles = [*_builtin(), *_own(), *_tables()]
    return f"{DECLARATION}<w:styles {NAMESPACES}>{_DEFAULTS}{''.join(styles)}</w:styles>"


def _builtin() -> list[str]:
    """The styles that every program knows by their names: headings are what its navigation shows."""
    small = _color(SOFT) + _size(7.5)
    rule = f'<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="3" w:color="{HAIRLINE}"/></w:pBdr>'
    bullet = f'<w:numPr><w:numId w:val="1"/></w:numPr>{_spacing(0, 60)}'
    title = f"<w:b/>{_color(ACCENT)}{_size(26)}"
    return [
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "<w:qFormat/></w:style>",
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>',
        _TABLE_NORMAL,
        _heading(1, 15, 360, _RULE),
        _heading(2, 11, 280),
        _heading(3, 9.5, 200),
        _style("Title", "Title", after="Normal", paragraph=_spacing(60, 60), run=title),
        _style("Subtitle", "Subtitle", after="Normal", paragraph=_spacing(0, 120), run=_size(16)),
        _style("toc 1", "TOC1", paragraph=_tab(10_300, ' w:leader="dot"') + _spacing(30, 30)),
        _style("header", "Header", paragraph=rule + _tab(10_318), run=small),
        _style("footer", "Footer", paragraph='<w:jc w:val="center"/>', run=small),
        _style("List Bullet", "ListBullet", paragraph=bullet),
        _style("Hyperlink", "Hyperlink", kind="character", based="", run=_color(ACCENT)),
    ]


def _tab(at: int, more: str = "") -> str:
    return f'<w:tabs><w:tab w:val="right"{more} w:pos="{at}"/></w:tabs>'


def _own() -> list[str]:
    """Our own: cells of tables, notes, and the second language under the first."""
    head, right = "<w:b/>" + _color(ACCENT), '<w:jc w:val="right"/>'
    second = _color(SOFT) + _size(7) + '<w:lang w:val="en-US"/>'
    return [
        _style("Cell", "Cell", paragraph=_spacing(0, 0, 240), run=_size(8)),
        _style("Cell right", "CellRight", based="Cell", paragraph=right),
        _style("Cell head", "CellHead", based="Cell", run=head),
        _style("Cell head right", "CellHeadRight", based="CellHead", paragraph=right),
        _style("Note", "Note", run=_color(SOFT) + _size(8.5)),
        # After a table: so low that it never is all that comes on a next page.
        _style("End", "End", paragraph=_spacing(0, 0, 20), run=_size(1)),
        _style("Second language", "Second", kind="character", based="", run=second),
        _style("Soft", "Soft", kind="character", based="", run=_color(SOFT)),
    ]


def _tables() -> list[str]:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    hairlines = _border("bottom", 4, HAIRLINE) + _border("insideH", 4, HAIRLINE)
    return [
        _table_style("Report", _border("top", 8, ACCENT) + hairlines),
        _table_style("Boxes", "".join(_border(side, 4, HAIRLINE) for side in sides)),
        _table_style("Plain", ""),
    ]


def settings_xml(language: str) -> str:
    """``word/settings.xml``. Fields are not renewed on opening: Word would ask the reader first."""
    main = "en-US" if language == "en" else "zh-CN"
    return (
        f"{DECLARATION}<w:settings {NAMESPACES}>"
        '<w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/>'
        '<w:compat><w:compatSetting w:name="compatibilityMode"'
        ' w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        f'<w:themeFontLang w:val="{main}" w:eastAsia="zh-CN"/>'
        '<w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>'
    )


def fonts_xml() -> str:
    """``word/fontTable.xml``: what is meant by a font that a machine may not have."""
    return (
        f"{DECLARATION}<w:fonts {NAMESPACES}>"
        f'<w:font w:name="{LATIN}"><w:panose1 w:val="020B0604020202020204"/><w:charset w:val="00"/>'
        '<w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font>'
        f'<w:font w:name="{CHINESE}"><w:altName w:val="微软雅黑"/><w:panose1 w:val="020B0503020204020204"/>'
        '<w:charset w:val="86"/><w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font></w:fonts>'
    )


def numbering_xml() -> str:
    """``word/numbering.xml``: the dot before a point of a list."""
    return (
        f"{DECLARATION}<w:numbering {NAMESPACES}>"
        '<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="hybridMultilevel"/>'
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/>'
        '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="284" w:hanging="227"/></w:pPr></w:lvl>'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )
