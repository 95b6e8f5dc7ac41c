"""The service desk's words, as its files and mails say them: ``(Chinese, English)``."""

from __future__ import annotations

KIND_WORDS = {
    "fault": ("故障", "Fault"),
    "repair": ("维修", "Repair"),
    "change": ("变更", "Change request"),
    "after_hours": ("非工作时间", "After hours"),
    "complaint": ("投诉", "Complaint"),
    "hotline": ("热线", "Hotline note"),
    "proposal": ("技术方案", "Proposal"),
    "upgrade": ("软件升级", "Software upgrade"),
    "training": ("培训", "Training"),
}
# By state alone: a state that two kinds share means the same in both.
STATE_WORDS = {
    "declared": ("已申报", "Declared"),
    "taken": ("已接手", "Taken over"),
    "on_site": ("响应到位", "On site"),
    "explained": ("原因已报", "Cause reported"),
    "solved": ("已解决", "Solved"),
    "closed": ("已关闭", "Closed"),
    "folded": ("已并案", "Folded into another"),
    "planned": ("已计划", "Planned"),
    "vendor_asked": ("已询厂商", "Vendor asked"),
    "approved": ("已批准", "Approved"),
    "sent": ("已寄出", "Sent"),
    "at_factory": ("在厂维修", "At the factory"),
    "returned": ("已返回", "Returned"),
    "in_service": ("已投用", "In service"),
    "reported": ("已报告", "Reported"),
    "cancelled": ("已取消", "Cancelled"),
    "requested": ("已提出", "Requested"),
    "surveyed": ("已勘查", "Surveyed"),
    "quoted": ("已报价", "Quoted"),
    "executed": ("已实施", "Executed"),
    "accepted": ("已验收", "Accepted"),
    "declined": ("未批准", "Declined"),
    "done": ("已完成", "Done"),
    "confirmed": ("已确认", "Confirmed"),
    "received": ("已受理", "Received"),
    "acknowledged": ("已告知", "Acknowledged"),
    "corrected": ("已整改", "Corrected"),
    "answered": ("已答复", "Answered"),
    "noted": ("已记录", "Noted"),
    "drafted": ("起草中", "Drafted"),
    "submitted": ("已提交", "Submitted"),
    "adopted": ("已采纳", "Adopted"),
    "rejected": ("未采纳", "Rejected"),
    "rolled_back": ("已回退", "Rolled back"),
    "held": ("已举办", "Held"),
}
CLOCK_WORDS = {
    "response": ("响应到位", "On-site response"),
    "cause_report": ("原因报告", "Cause report"),
    "vendor_report": ("厂商报告", "Vendor report"),
    "repair": ("维修或更换", "Repair or replacement"),
    "complaint": ("投诉处理", "Complaint"),
}
SOURCE_WORDS = {
    "desk": ("网页", "Desk"),
    "phone": ("手机", "Phone"),
    "label": ("扫码", "Label"),
    "mail": ("邮件", "E-mail"),
    "hotline": ("热线", "Hotline"),
    "link": ("链接", "Link"),
    "round": ("巡检", "Round"),
}
# What a change has done to the asset register, as reports say it beside its state.
REGISTER_WORDS = {
    "changed": ("台账已更新", "register updated"),
    "as_is": ("台账无需更改", "nothing to change in the register"),
    "missing": ("台账尚未更新", "register not updated yet"),
}
# What the next inspection said of it, and of which month that was.
VERIFIED_WORDS = {
    "waiting": ("待下次巡检验证", "to be verified at the next inspection"),
    "verified": ("巡检验证正常", "verified at the inspection of"),
    "still": ("巡检发现问题仍在", "still there at the inspection of"),
    "anomaly": ("之后巡检有异常", "an anomaly at the inspection of"),
}
