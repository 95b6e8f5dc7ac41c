"""The words of the firmware's files: ``(Chinese, English)``."""

from __future__ import annotations

MODEL_STATES = {
    "off": ("有设备未达基线", "Off the baseline"),
    "unknown": ("版本不详", "Versions unknown"),
    "no_baseline": ("未设基线", "No baseline"),
    "on": ("均达基线", "On the baseline"),
}
