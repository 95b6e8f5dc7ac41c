/** Firmware in words: models and devices against their baseline, devices of an upgrade. */
import { pickName, t, type Key } from "../../../i18n";
import type { State } from "../../../ui/states";
import type { Model, Runs, UpgradeDevice } from "./types";

/** Of a model, of a device: the same four. */
export const BASELINE_STATES: Record<string, State> = { on: "normal", off: "attention", unknown: "not_tested", no_baseline: "todo" };

export const modelState = (state: string): string => t(`firmware.model_${state}` as Key);
export const deviceState = (state: string): string => t(`firmware.device_${state}` as Key);

export const modelName = (model: Pick<Model, "maker" | "model">): string => [model.maker, model.model].filter(Boolean).join(" ");

export const UPGRADE_STATES: Record<string, State> = { planned: "todo", done: "normal", failed: "abnormal", restored: "not_tested" };
export const upgradeState = (state: string): string => t(`firmware.upgrade_${state}` as Key);

export function placeOf(one: Pick<Runs, "room_zh" | "room_en" | "floor"> | Pick<UpgradeDevice, "room_zh" | "room_en" | "floor">): string {
  return [one.floor, pickName(one.room_zh, one.room_en)].filter(Boolean).join(" · ");
}
