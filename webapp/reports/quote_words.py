"""The words of a quote's PDF, in both languages."""

from __future__ import annotations

from typing import Final

from webapp.quotes.words import KIND_WORDS, LINE_WORDS, UNIT_WORDS
from webapp.reports.shape import Words


def _table(rows: dict[str, tuple[str, str]]) -> dict[str, Words]:
    return {key: {"zh": zh, "en": en} for key, (zh, en) in rows.items()}


QUOTE: Final = _table(
    {
        "draft": ("草稿，尚未发出", "Draft, not sent yet"),
        "client": ("客户", "Client"),
        "contract": ("合同", "Contract"),
        "number": ("编号", "Number"),
        "case": ("服务单", "Case"),
        "place": ("位置", "Place"),
        "device": ("设备", "Device"),
        "made_on": ("报价日期", "Date"),
        "valid_until": ("有效期至", "Valid until"),
        "written_by": ("编制", "Written by"),
        "currency": ("币种", "Currency"),
        "seq": ("序号", "No."),
        "what": ("内容", "What"),
        "quantity": ("数量", "Quantity"),
        "unit": ("单位", "Unit"),
        "unit_price": ("未税单价", "Unit price"),
        "tax_rate": ("税率", "Tax"),
        "net": ("未税金额", "Without tax"),
        "tax": ("税额", "Tax"),
        "gross": ("含税合计", "Total with tax"),
        "remark": ("说明", "Remarks"),
        "rounding": (
            "每行未税金额与税额各四舍五入至分；合计为各行之和。",
            "Price and tax of each line are rounded half up to a hundredth; totals are the sums of the lines.",
        ),
        "written_sign": ("编制（服务方）", "Written by (provider)"),
        "approved_sign": ("批准（客户）", "Approved by (client)"),
        "none": ("尚无内容。", "No lines yet."),
    }
)
ALL: Final[dict[str, dict[str, Words]]] = {
    "quote": QUOTE,
    "quote_kinds": _table(KIND_WORDS),
    "quote_lines": _table(LINE_WORDS),
    "quote_units": _table(UNIT_WORDS),
}
