"""``word/theme/theme1.xml``: colours and fonts of the house for who goes on writing. Pure.

Nothing here refers to it, but programs ask for one, and offer its colours in their menus.
"""

from __future__ import annotations

from webapp.reports.docx.markup import ACCENT, HEAD_TINT, SOFT, STATE_INK
from webapp.reports.docx.styles import CHINESE, DECLARATION, INK, LATIN

_COLORS = {
    "dk1": INK,
    "lt1": "FFFFFF",
    "dk2": SOFT,
    "lt2": HEAD_TINT,
    "accent1": ACCENT,
    "accent2": STATE_INK["abnormal"],
    "accent3": STATE_INK["normal"],
    "accent4": STATE_INK["attention"],
    "accent5": STATE_INK["not_tested"],
    "accent6": "2F8A52",
    "hlink": ACCENT,
    "folHlink": SOFT,
}


def theme_xml() -> str:
    """The theme, with the plainest lines and fills that one may have."""
    colors = "".join(
        f'<a:{name}><a:srgbClr val="{color}"/></a:{name}>' for name, color in _COLORS.items()
    )
    fonts = "".join(
        f'<a:{name}Font><a:latin typeface="{LATIN}"/><a:ea typeface="{CHINESE}"/><a:cs typeface=""/>'
        f"</a:{name}Font>"
        for name in ("major", "minor")
    )
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="6350">{fill}</a:ln>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    return (
        f'{DECLARATION}<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        f' name="Roundbook"><a:themeElements><a:clrScheme name="Roundbook">{colors}</a:clrScheme>'
        f'<a:fontScheme name="Roundbook">{fonts}</a:fontScheme><a:fmtScheme name="Roundbook">'
        f"<a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{line * 3}</a:lnStyleLst>"
        f"<a:effectStyleLst>{effect * 3}</a:effectStyleLst>"
        f"<a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"
    )
