"""The words of the calendar, in Chinese and English."""

from __future__ import annotations

KIND_WORDS: dict[str, tuple[str, str]] = {
    "change": ("变更", "Change"),
    "upgrade": ("升级", "Upgrade"),
    "after_hours": ("非工作时间", "After hours"),
    "training": ("培训", "Training"),
}
ABSENCE_WORDS: dict[str, tuple[str, str]] = {
    "leave": ("休假", "leave"),
    "sick": ("病假", "sick"),
    "training": ("培训", "training"),
    "departure": ("离职", "departure"),
    "other": ("其他", "other"),
}
_WORDS: dict[str, tuple[str, str]] = {
    "calendar": ("巡检簿：{name}", "Roundbook: {name}"),
    "round_due": ("巡检截止 {month}（{contract}）", "Round due {month} ({contract})"),
    "round_accepted": ("巡检已终验 {month}（{contract}）", "Round accepted {month} ({contract})"),
    "my_work": ("值守：{task}（{name}）", "On duty: {task} ({name})"),
    "away": ("{name} {reason}，{other} 替班", "{name}: {reason}; {other} stands in"),
    "away_open": (
        "{name} {reason}（未定何时回来），{other} 替班",
        "{name}: {reason}, open end; {other} stands in",
    ),
}


def say(language: str, key: str, **values: str) -> str:
    """A text in the person's language."""
    return _WORDS[key][language == "en"].format(**values)
