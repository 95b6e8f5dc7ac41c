/** Quality in words: targets, what they come to, how often a check is held. */
import { formatNumber, t, type Key } from "../../../i18n";
import type { State } from "../../../ui/states";
import type { Check, Correction, Target } from "./types";

export const targetText = (key: string): string => t(`quality.target_${key}` as Key);
export const targetWords = (key: string): string => t(`quality.about_${key}` as Key);

export const stateText = (state: string): string => t(`quality.state_${state}` as Key);

export const TARGET_STATES: Record<string, State> = { met: "normal", missed: "abnormal", no_data: "todo", no_target: "not_tested" };

export function thresholdText(threshold: Target["threshold"]): string {
  return threshold === null ? t("quality.no_threshold") : t("quality.at_least", { percent: formatNumber(threshold, { maximumFractionDigits: 1 }) });
}

const CHECK_STATES: Record<string, State> = { planned: "todo", acting: "attention", closed: "normal", cancelled: "not_tested" };

export function checkState(check: Pick<Check, "state" | "overdue">): State {
  return check.overdue ? "abnormal" : (CHECK_STATES[check.state] ?? "todo");
}

export const checkStateText = (state: string): string => t(`quality.check_${state}` as Key);

export function everyText(months: number): string {
  return months === 0 ? t("quality.once") : t("quality.every", { count: months });
}

export function actionState(one: Correction): State {
  if (one.closed_at) return "normal";
  return one.overdue ? "abnormal" : "attention";
}
