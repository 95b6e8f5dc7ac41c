"""The words of the checks' file and of the mails that remind of them: ``(Chinese, English)``."""

from __future__ import annotations

from webapp.notifications.rules import Language
from webapp.notifications.words import Message, letter

CHECK_STATES = {
    "planned": ("待检查", "Planned"),
    "acting": ("整改中", "Actions open"),
    "closed": ("已结束", "Closed"),
    "cancelled": ("已取消", "Cancelled"),
}
# Subject and sentence, by what is told.
_TEXTS: dict[str, dict[Language, tuple[str, str]]] = {
    "quality_check_soon": {
        "zh": ("质量检查 {day} 进行：{title}", "质量检查“{title}”定于 {day} 进行，由您负责。"),
        "en": (
            "Quality check on {day}: {title}",
            "The quality check “{title}” is planned for {day}, and you hold it.",
        ),
    },
    "quality_check_overdue": {
        "zh": ("质量检查未按期进行：{title}", "质量检查“{title}”本应于 {day} 进行，尚未记录结果。"),
        "en": (
            "Quality check not held: {title}",
            "The quality check “{title}” was planned for {day} and has no result yet.",
        ),
    },
    "quality_action_soon": {
        "zh": (
            "整改措施 {day} 到期：{title}",
            "整改措施“{title}”须在 {day} 24:00 前完成，由您负责。",
        ),
        "en": (
            "Corrective action due on {day}: {title}",
            "The corrective action “{title}” is due by the end of {day}, and it is yours.",
        ),
    },
    "quality_action_overdue": {
        "zh": ("整改措施已逾期：{title}", "整改措施“{title}”本应在 {day} 24:00 前完成，现已逾期。"),
        "en": (
            "Corrective action overdue: {title}",
            "The corrective action “{title}” was due by the end of {day} and is overdue.",
        ),
    },
}


def reminder(
    kind: str, words: dict[str, str], *, name: str, path: str, language: Language
) -> Message:
    """The mail that reminds ``name``; ``words`` are ``title``, ``day`` and the contract's names."""
    subject, sentence = (text.format_map(words) for text in _TEXTS[kind][language])
    contract = words["contract_en"] if language == "en" else words["contract_zh"]
    colon = ": " if language == "en" else "："
    body = f"{contract}{colon}{sentence}"
    return Message(subject, letter(body, name=name, path=path, language=language))
