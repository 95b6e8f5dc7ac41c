"""The words of the documents, in both languages: titles, heads of tables, and what a key stands for.

Every file of a report, whatever its format, takes its words from here, so that they agree. The
typesetter's own ``filled`` (templates/lib.typ) reads the same ``{…}`` as the one here.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from webapp.reports.log_words import LOG
from webapp.reports.shape import Words

Language = Literal["zh", "en", "both"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en", "both")
_PLURAL: Final = re.compile(r"\{(\w+)\|([^|{}]*)\|([^|{}]*)\}")


def filled(words: Words, **values: object) -> Words:
    """The words with values put in: ``{days}``, and ``{days|day|days}`` for one and for many."""

    def put(text: str) -> str:
        chosen = _PLURAL.sub(lambda found: found[2] if values[found[1]] == 1 else found[3], text)
        return chosen.format_map(values)

    return {"zh": put(words["zh"]), "en": put(words["en"])}


def _table(rows: dict[str, tuple[str, str]]) -> dict[str, Words]:
    return {key: {"zh": zh, "en": en} for key, (zh, en) in rows.items()}


TITLES: Final = _table(
    {
        "report": ("月度巡检报告", "Monthly Inspection Report"),
        "correction": ("月度巡检报告（更正）", "Monthly Inspection Report (Correction)"),
        "check_sheet": ("运维检查表", "Check Sheet"),
        "check_sheets": ("运维检查表", "Check Sheets"),
        "device_record": ("设备记录表", "Device Record"),
        "summary": ("本月概要", "At a glance"),
        "contents": ("目录", "Contents"),
        "overview": ("一、巡检概况", "1. Overview of the round"),
        "status": ("二、设备状态汇总", "2. Status of the devices"),
        "anomalies": ("三、异常明细", "3. Anomalies in detail"),
        "open_items": ("四、遗留问题清单", "4. Open items"),
        "consumables": ("五、耗材使用", "5. Consumables"),
        "faults": ("六、故障响应统计", "6. Fault response"),
        "repairs": ("七、维修与返修跟踪", "7. Repairs"),
        "changes": ("八、变更及非工作时间支持", "8. Changes and after-hours support"),
        "training": ("九、培训与升级", "9. Training and upgrades"),
        "complaints": ("十、投诉与满意度", "10. Complaints and satisfaction"),
        "plan": ("十一、建议及下月计划", "11. Suggestions and next month's plan"),
        "acceptance": ("三级验收", "Three-level acceptance"),
        "annex_sheets": ("附件一 运维检查表", "Annex 1: Check sheets"),
        "annex_records": ("附件二 设备记录表", "Annex 2: Device records"),
        "changes_list": ("更正内容", "What was corrected"),
    }
)

HEADS: Final = _table(
    {
        "seq": ("序号", "No."),
        "number": ("编号", "No."),
        "place": ("位置", "Place"),
        "room": ("会议室", "Room"),
        "device": ("设备", "Device"),
        "device_and_number": ("设备/编号", "Device / No."),
        "devices": ("设备数", "Devices"),
        "type": ("设备类型", "Type"),
        "item": ("检查项目", "Item"),
        "normal_range": ("标准值", "Normal"),
        "reading": ("测试数据", "Reading"),
        "verdict": ("正常/异常", "Result"),
        "remark_reason": ("备注（原因）", "Remark (reason)"),
        "remark": ("备注", "Remark"),
        "reason": ("原因", "Reason"),
        "cause": ("原因", "Cause"),
        "action": ("处理", "Action"),
        "severity": ("级别", "Severity"),
        "total": ("合计", "Total"),
        "pass_rate": ("合格率", "Pass rate"),
        "availability": ("可用性", "Availability"),
        "person": ("人员", "Person"),
        "role": ("角色", "Role"),
        "rooms": ("会议室数", "Rooms"),
        "inspections": ("检查数", "Inspections"),
        "days": ("到场天数", "Days on site"),
        "month": ("月份", "Month"),
        "what": ("问题", "What is open"),
        "change": ("变化", "Change"),
        "age": ("账龄（月）", "Age (months)"),
        "owner": ("责任人", "Owner"),
        "due": ("期限", "Due"),
        "consumable": ("耗材", "Consumable"),
        "quantity": ("数量", "Quantity"),
        "used_on": ("更换日期", "Replaced on"),
        "hours": ("已用时数", "Hours used"),
        "limit": ("更换时数", "Replace at"),
        "rate": ("月增（h）", "h a month"),
        "expected": ("预计更换", "Expected"),
        "confidence": ("可信度", "Confidence"),
        "count": ("数量", "Count"),
        "rechecked": ("抽样复核", "Looked at again"),
        "inspector": ("检查人", "Inspected by"),
        "date": ("日期", "Date"),
        "category": ("类别", "Category"),
        "anomaly": ("异常内容", "Anomaly"),
        "part": ("更换部件", "Part replaced"),
        "result": ("结果", "Result"),
        "recorded_by": ("记录人", "Recorded by"),
        "reviewed_by": ("复核人", "Reviewed by"),
        "revisit_on": ("复检日期", "Second visit"),
        "suggestion": ("建议", "Suggestion"),
        "buy_by": ("需备月份", "Needed by"),
        "level": ("环节", "Level"),
        "first_at": ("最早签署", "First signed"),
        "last_at": ("最晚签署", "Last signed"),
        "changed": ("变动", "Changed"),
        "before": ("更正前", "Before"),
        "after": ("更正后", "After"),
        "client": ("客户", "Client"),
        "contract": ("合同", "Contract"),
        "contract_code": ("合同编号", "Contract code"),
        "report_number": ("报告编号", "Report number"),
        "corrects": ("更正报告", "Corrects report"),
        "report_month": ("巡检月份", "Month"),
        "made_at": ("数据时间", "Data as of"),
        "extent": ("篇幅", "Extent"),
        "anomalies": ("异常数", "Anomalies"),
        "started_at": ("开始时间", "Started"),
        "ended_at": ("结束时间", "Ended"),
        "floor": ("楼层", "Floor"),
        "building": ("楼宇", "Building"),
        "asset_number": ("资产编号", "Asset number"),
        "label": ("标签码", "Label"),
        "device_name": ("设备名称", "Device name"),
        "maker": ("品牌", "Make"),
        "product": ("品牌型号", "Make and model"),
        "model": ("型号", "Model"),
        "serial": ("序列号", "Serial number"),
        "ip": ("IP 地址", "IP address"),
        "firmware": ("固件版本", "Firmware"),
        "in_service_on": ("启用日期", "In service since"),
        "warranty_until": ("保修截止", "Warranty until"),
        "vendor": ("供应商", "Vendor"),
        "signature": ("签名", "Signature"),
        "signed_on": ("日期", "Date"),
        "opened": ("新增", "New"),
        "closed": ("关闭", "Closed"),
        "open": ("未解决", "Open"),
        "item_or_finding": ("异常内容", "Anomaly"),
        "device_number": ("资产编号/标签码", "Asset no. / label"),
        "device_names": ("涉及设备", "Devices concerned"),
        "months_in_a_row": ("连续月数", "Months in a row"),
        "of_last_six": ("近六个月次数", "Of the last six"),
        "opened_month": ("发现月份", "Found in"),
        "closed_month": ("关闭月份", "Closed in"),
        "age_band": ("账龄", "Age"),
        "photos": ("照片", "Photos"),
        "figure": ("指标", "Figure"),
        "value": ("数值", "Value"),
        "note": ("说明", "Note"),
    }
)

# What the sheets of a workbook are called: at most 31 letters, both languages together, and none of []:*?/\\.
SHEETS: Final = _table(
    {
        "cover": ("封面", "Cover"),
        "overview": ("一 巡检概况", "1 Overview"),
        "missed": ("一 未检", "1 Not tested"),
        "status": ("二 设备状态", "2 Status"),
        "repeats": ("二 连续异常", "2 Repeat offenders"),
        "anomalies": ("三 异常明细", "3 Anomalies"),
        "open_items": ("四 遗留问题", "4 Open items"),
        "ageing": ("四 账龄", "4 Ageing"),
        "consumables": ("五 耗材", "5 Consumables"),
        "forecast": ("五 寿命预测", "5 Forecast"),
        "services": ("六至十 服务", "6-10 Service"),
        "plan": ("十一 计划", "11 Plan"),
        "acceptance": ("三级验收", "Acceptance"),
        "changes_list": ("更正内容", "Corrections"),
        "sheet_rows": ("检查数据", "Readings"),
        "sheets": ("运维检查表", "Check sheets"),
        "record_rows": ("设备记录", "Record rows"),
        "records": ("设备记录表", "Device records"),
    }
)

LABELS: Final = _table(
    {
        "draft": ("草稿，尚未签发", "Draft, not issued"),
        "page": ("第 {page} 页", "Page {page}"),
        "page_of": ("第 {page} 页 / 共 {pages} 页", "Page {page} of {pages}"),
        "prepared": ("编制", "Prepared"),
        "reviewed": ("审核（项目经理）", "Reviewed (project manager)"),
        "confirmed": ("客户确认（IT 负责人）", "Confirmed (client's IT lead)"),
        "client_sign": ("客户签字", "Client"),
        "rooms_done": ("会议室完成", "Rooms inspected"),
        "devices_done": ("设备检查完成", "Inspections done"),
        "open_items": ("遗留问题", "Open items"),
        "anomalies": ("本月异常", "Anomalies"),
        "anomaly_kinds": (
            "测试异常 {readings} · 非测试项目 {findings} · 现场已修复 {fixed}",
            "{readings} in tests · {findings} outside · {fixed} fixed on the spot",
        ),
        "due_in_time": ("{day} 完成，期限 {due}", "Done on {day}, due on {due}"),
        "due_late": (
            "{day} 完成，超期 {days} 天（期限 {due}）",
            "Done on {day}, {days} {days|day|days} late (due {due})",
        ),
        "due_left": ("尚未完成，距期限 {due} 还有 {days} 天", "Not done yet, {days} {days|day|days} left to {due}"),
        "due_over": (
            "尚未完成，已超期 {days} 天（期限 {due}）",
            "Not done yet, {days} {days|day|days} over (due {due})",
        ),
        "rooms": ("会议室", "Rooms"),
        "missed": ("未检或未检完", "Not tested"),
        "nothing_missed": ("全部会议室与设备均已检查。", "Every room and device was inspected."),
        "people": ("人员", "People"),
        "dates": ("时间", "Dates"),
        "opened_on": ("开始", "Opened"),
        "first_on": ("首次检查", "First inspection"),
        "last_on": ("最后检查", "Last inspection"),
        "finished_on": ("检查完成", "Inspections finished"),
        "accepted_on": ("终验", "Final acceptance"),
        "due_on": ("期限", "Due"),
        "by_type": ("按设备类型", "By type of device"),
        "trend": ("近六个月趋势", "Six-month trend"),
        "trend_caption": (
            "近六个月合格率（折线）与异常数（柱）",
            "Pass rate (line) and anomalies (bars) of six months",
        ),
        "status_caption": ("各类设备状态", "Status by type of device"),
        "ageing": ("遗留问题账龄", "Ageing of the open items"),
        "ageing_caption": ("遗留问题账龄分布", "Open items by age"),
        "unavailable": ("不能开会的会议室", "Rooms that could not hold a meeting"),
        "all_available": ("已检会议室均可开会。", "Every room inspected could hold a meeting."),
        "repeats": ("连续异常", "Repeat offenders"),
        "of_last": ("近六个月 {count} 次", "{count} of the last six months"),
        "extent": ("{pages} 页", "{pages} {pages|page|pages}"),
        "months_in_a_row": ("连续 {count} 个月", "{count} {count|month|months} in a row"),
        "no_anomalies": ("本月无异常。", "No anomalies this month."),
        "no_open_items": ("无遗留问题。", "No open items."),
        "flow": (
            "上月结转 {carried} + 本月新增 {new} − 本月关闭 {closed} − 撤回 {withdrawn} = 月末 {open}",
            "Carried over {carried} + new {new} − closed {closed} − withdrawn {withdrawn} = open {open}",
        ),
        "overdue": ("超期", "Overdue"),
        "used": ("本月更换", "Replaced this month"),
        "anomaly_number": ("异常 {number}", "Anomaly {number}"),
        "facts": ("基本信息", "Facts"),
        "used_totals": ("更换合计", "Replaced in all"),
        "more_photos": ("另有 {count} 张照片见 PDF", "{count} more {count|photo|photos}: see the PDF"),
        "cut": ("……（原文共 {count} 字，全文见系统）", "… ({count} characters in all: the rest is in the system)"),
        "none_used": ("本月未更换耗材。", "No consumables were replaced this month."),
        "forecast": ("灯泡等寿命预测", "Lamp-hour forecast"),
        "no_forecast": ("没有按时数更换的部件。", "There are no parts that are replaced by the hour."),
        "no_data": ("无数据", "No data"),
        "suggestions": ("建议", "Suggestions"),
        "no_suggestions": ("无。", "None."),
        "due_items": ("到期的遗留问题", "Open items that fall due"),
        "purchases": ("建议采购", "To be bought"),
        "second_visits": ("复检安排", "Second visits"),
        "next_round": ("下月巡检期限：{due}", "Next month's round is due on {due}"),
        "nothing_planned": ("无。", "None."),
        "months": ("{count} 个月", "{count} {count|month|months}"),
        "finding": ("非测试项目", "Outside the test"),
        "room_itself": ("会议室环境", "The room itself"),
        "fixed": ("现场已修复", "Fixed on the spot"),
        "open_item": ("遗留问题 #{number}", "Open item #{number}"),
        "photo_alt": ("照片：{what}", "Photo: {what}"),
        "photo_missing": ("照片无法显示", "The photo can't be shown"),
        "consumables": ("耗材", "Consumables"),
        "findings": ("非测试项目（新发现问题）", "Outside the test (new problems)"),
        "sign_offs": ("签字", "Signatures"),
        "none": ("无", "None"),
        "not_signed": ("未签", "Not signed"),
        "hash": ("内容校验", "Content hash"),
        "sheet_counts": (
            "正常 {normal} · 异常 {abnormal} · 未检 {not_tested} · 待检 {todo}",
            "Normal {normal} · abnormal {abnormal} · not tested {not_tested} · to do {todo}",
        ),
        "strict_three": (
            "自检、互检、终验由三名不同人员完成。",
            "Self-check, peer check and final acceptance are by three different people.",
        ),
        "strict_two": (
            "本合同验收按两人制：互检人可兼终验，未做到三人互不相同。",
            "This contract's acceptance is by two people: the peer may accept too; not three different ones.",
        ),
        "strict_one": (
            "本合同验收按一人制：三个环节可由同一人完成，无独立复核。",
            "This contract's acceptance may be by one person alone: there is no independent check.",
        ),
        "rooms_signed": ("{count} / {of} 间", "{count} of {of} rooms"),
        "rechecked": ("{count} 台", "{count} {count|inspection|inspections}"),
        "not_accepted": ("尚未终验。", "Not accepted yet."),
        "glyph_note": (
            "〓 表示字体不能显示的字符，原文见系统。",
            "〓 stands for a character that this font lacks; the original is in the system.",
        ),
        "empty_record": ("尚无记录。", "No rows yet."),
        "of": ("{count}/{of}", "{count} of {of}"),
        "rooms_figures": (
            "计划 {planned} 间，完成 {done} 间，部分完成 {partly} 间，未检 {missed} 间",
            "{planned} {planned|room|rooms} planned: {done} done, {partly} partly, {missed} not inspected",
        ),
    }
)  # fmt: skip

OUTCOMES: Final = _table(
    {
        "normal": ("正常", "Normal"),
        "abnormal": ("异常", "Abnormal"),
        "not_tested": ("未检", "Not tested"),
        "todo": ("待检", "To do"),
    }
)
SEVERITIES: Final = _table(
    {"1": ("一级", "1"), "2": ("二级", "2"), "3": ("三级", "3"), "4": ("四级", "4")}
)
CHANGES: Final = _table(
    {
        "carried": ("结转", "Carried over"),
        "new": ("新增", "New"),
        "new_closed": ("新增并关闭", "New and closed"),
        "closed": ("已关闭", "Closed"),
        "withdrawn": ("已撤回", "Withdrawn"),
    }
)
LEVELS: Final = _table(
    {
        "self_check": ("自检", "Self-check"),
        "peer_check": ("互检", "Peer check"),
        "final": ("终验", "Final acceptance"),
    }
)
CATEGORIES: Final = _table(
    {
        "inspection": ("巡检", "Inspection"),
        "fault": ("故障", "Fault"),
        "repair": ("维修", "Repair"),
        "replacement": ("更换", "Replacement"),
        "upgrade": ("升级", "Upgrade"),
    }
)
RESULTS: Final = _table(
    {
        "fixed": ("已修复", "Fixed"),
        "open_item": ("转遗留问题", "Open item"),
        "replaced": ("已更换", "Replaced"),
    }
)
ROLES: Final = _table(
    {
        "project_manager": ("项目经理", "Project manager"),
        "on_site_engineer": ("驻场工程师", "On-site engineer"),
        "inspection_engineer": ("巡检工程师", "Inspection engineer"),
        "backup_engineer": ("备份工程师", "Backup engineer"),
        "client_it_lead": ("甲方 IT 负责人", "Client's IT lead"),
        "": ("已离开", "Has left"),
    }
)
FORECAST_STATES: Final = _table(
    {
        "due": ("已到更换时数", "Due now"),
        "expected": ("预计更换", "Expected"),
        "later": ("三年以后", "In more than three years"),
        "idle": ("时数未增长", "Hours do not rise"),
        "no_rate": ("数据不足", "One reading so far"),
        "no_limit": ("登记簿缺额定时数", "Rated hours not registered"),
    }
)
CONFIDENCES: Final = _table(
    {
        "good": ("高", "Good"),
        "fair": ("中", "Fair"),
        "rough": ("低", "Rough"),
        "none": ("—", "—"),
    }
)

ALL: Final[dict[str, dict[str, Words]]] = {
    "titles": TITLES,
    "sheets": SHEETS,
    "heads": HEADS,
    "labels": LABELS,
    "outcomes": OUTCOMES,
    "severities": SEVERITIES,
    "changes": CHANGES,
    "levels": LEVELS,
    "categories": CATEGORIES,
    "results": RESULTS,
    "roles": ROLES,
    "forecast_states": FORECAST_STATES,
    "confidences": CONFIDENCES,
    "log": LOG,
}
