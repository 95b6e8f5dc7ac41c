"""How devices stand against their model's baseline, and what a step makes of an upgrade's devices. Pure."""

from __future__ import annotations

from typing import Literal

ModelState = Literal["off", "unknown", "no_baseline", "on"]
MODEL_STATES: tuple[ModelState, ...] = ("off", "unknown", "no_baseline", "on")
DeviceState = Literal["on", "off", "unknown", "no_baseline"]
DEVICE_STATES: tuple[DeviceState, ...] = ("off", "unknown", "no_baseline", "on")
UpgradeState = Literal["planned", "done", "failed", "restored"]
UPGRADE_STATES: tuple[UpgradeState, ...] = ("planned", "done", "failed", "restored")
# What an engineer says of one device while the upgrade is under way.
OUTCOMES: tuple[UpgradeState, ...] = ("done", "failed", "planned")
MOST_DEVICES = 500


def plain(version: str) -> str:
    """A version as it is compared: without regard to case and to blanks around it."""
    return version.strip().lower()


def device_state(firmware: str, baseline: str | None) -> DeviceState:
    """How a device stands against the baseline of its model."""
    if baseline is None:
        return "no_baseline"
    if not plain(firmware):
        return "unknown"
    return "on" if plain(firmware) == plain(baseline) else "off"


def after_finish(state: UpgradeState) -> UpgradeState:
    """The upgrade is done: what was still planned is done with it; what failed stays failed."""
    return "done" if state == "planned" else state


def after_roll_back(state: UpgradeState) -> UpgradeState:
    """The upgrade is taken back: what was done is restored."""
    return "restored" if state == "done" else state


def after_plan_again(state: UpgradeState) -> UpgradeState:
    """It is planned once more: for what failed and what was restored, too."""
    return state if state == "done" else "planned"
